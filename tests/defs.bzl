# SPDX-License-Identifier: GPL-2.0-only
"""Tests that run a probe with and without the library."""

load("@rules_cc//cc:defs.bzl", "cc_test")
load("//:defs.bzl", "LKOS_CXXOPTS")

def preload_test(name, probe, env = {}, data = [], **kwargs):
    """preload_PROBE_test.cc, told where things are.

    Args:
      name: of the test.
      probe: of the probe that it runs, without `probe_`.
      env: more of its environment.
      data: more of its files.
      **kwargs: passed on to cc_test.
    """
    cc_test(
        name = name,
        size = "medium",
        srcs = ["preload_%s_test.cc" % probe],
        copts = LKOS_CXXOPTS,
        data = data + [
            ":early_%s.so" % probe,
            ":probe_" + probe,
            "//:liblk_onload_stub.so",
            "//:libonload_ext.so.1",
            "//:libonload_ext.so.2",
        ],
        env = dict(
            env,
            LKOS_TEST_EARLY = "$(rootpath :early_%s.so)" % probe,
            LKOS_TEST_EXT_1 = "$(rootpath //:libonload_ext.so.1)",
            LKOS_TEST_EXT_2 = "$(rootpath //:libonload_ext.so.2)",
            LKOS_TEST_LIBRARY = "$(rootpath //:liblk_onload_stub.so)",
            LKOS_TEST_PROBE = "$(rootpath :probe_%s)" % probe,
        ),
        deps = [":run"],
        **kwargs
    )
