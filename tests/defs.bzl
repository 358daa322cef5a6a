# SPDX-License-Identifier: GPL-2.0-only
"""Tests that run a probe with and without the library."""

load("@rules_cc//cc:defs.bzl", "cc_test")
load("//:defs.bzl", "LKOS_CXXOPTS")

STUB = ["//:liblk_onload_stub.so"]
EMULATION = ["//:liblk_onload_emulation.so"] + STUB

def preload_test(name, probe, libraries = STUB, env = {}, data = [], **kwargs):
    """preload_PROBE_test.cc, told where things are.

    Args:
      name: of the test.
      probe: of the probe that it runs, without `probe_`.
      libraries: what is preloaded, in this order.
      env: more of its environment.
      data: more of its files.
      **kwargs: passed on to cc_test.
    """
    cc_test(
        name = name,
        size = "medium",
        srcs = ["preload_%s_test.cc" % probe],
        copts = LKOS_CXXOPTS,
        data = data + libraries + [
            ":early_%s.so" % probe,
            ":probe_" + probe,
            "//:libonload_ext.so.1",
            "//:libonload_ext.so.2",
        ],
        env = dict(
            env,
            LKOS_TEST_EARLY = "$(rootpath :early_%s.so)" % probe,
            LKOS_TEST_EXT_1 = "$(rootpath //:libonload_ext.so.1)",
            LKOS_TEST_EXT_2 = "$(rootpath //:libonload_ext.so.2)",
            LKOS_TEST_LIBRARY = ":".join(["$(rootpath %s)" % library for library in libraries]),
            LKOS_TEST_PROBE = "$(rootpath :probe_%s)" % probe,
        ),
        deps = [":run"],
        **kwargs
    )
