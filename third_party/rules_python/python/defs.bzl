# SPDX-License-Identifier: GPL-2.0-only
"""rules_python for Bazel 4.2.3: the rules that are built into it, under the names that newer Bazel loads.

Cures: Bazel 9 has no Python rules of its own, so BUILD files must load them, and there is no network to
fetch rules_python from.
"""

load("@bazel_tools//tools/python:toolchain.bzl", _py_runtime_pair = "py_runtime_pair")

py_binary = native.py_binary
py_library = native.py_library
py_runtime = native.py_runtime
py_runtime_pair = _py_runtime_pair
py_test = native.py_test
