# SPDX-License-Identifier: GPL-2.0-only
"""rules_cc for Bazel 4.2.3: the rules that are built into it, under the names that newer Bazel loads.

Cures two traps: Bazel would download rules_cc, and Debian's bazel-rules-cc is too new for this Bazel
("does not contain symbol use_cpp_toolchain"). The list is what Bazel itself and our BUILD files load.
"""

cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = native.fdo_prefetch_hints
fdo_profile = native.fdo_profile
objc_import = native.objc_import
objc_library = native.objc_library
