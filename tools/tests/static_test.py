#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Programs that are linked with libonload_ext.a. Each function's answers are looked at by //tests/abi."""

import functools
import unittest

import scratch

SPIN = """
#include <errno.h>
#include <stdio.h>
#include <onload/extensions.h>

int main(void)
{
	unsigned state;

	errno = 0;
	printf("%d", onload_thread_get_spin(&state));
	printf(" %d", onload_thread_get_spin(&state));
	printf(" %d\\n", errno);
	return 0;
}
"""

# What programs take for Onload: with the version that it is compiled with, or with none.
LIBONLOAD = """
int onload_thread_get_spin(unsigned *state)
{
	(void)state;
	return 77;
}
#ifdef VERSION
unsigned onload_lib_ext_version[3] = {VERSION};
#endif
"""


def archive():
    env = scratch.environment(PKG_CONFIG_PATH=scratch.prefix() / "lib/pkgconfig")
    flags = ("--cflags", "lk_onload_stub"), ("--variable=archive", "lk_onload_stub")
    words = [word for flag in flags for word in scratch.must("pkg-config", *flag, env=env).stdout.split()]
    return [*words, "-ldl"]


@functools.lru_cache()
def program():
    return scratch.compiled("statically", SPIN, *archive())


class Static(unittest.TestCase):
    def test_it_needs_no_library(self):
        self.assertNotIn("onload", scratch.must("readelf", "--dynamic", program()).stdout)

    def test_without_onload(self):
        self.assertEqual(scratch.must(program()).stdout, "-38 -38 0\n")

    def test_with_the_library(self):
        done = scratch.lkos("run", "--log", "-", program())
        self.assertEqual(done.stdout, "-38 -38 0\n")
        self.assertIn("lk_onload_stub: onload_thread_get_spin: ", done.stderr)

    def test_under_an_onload_of_each_version(self):
        for number, (version, fits) in enumerate(
            ((None, True), ("1,2,0", True), ("1,3,9", True), ("1,1,0", False), ("2,0,0", False))
        ):
            with self.subTest(version=version):
                define = [f"-DVERSION={version}"] if version else []
                library = scratch.compiled(f"libonload{number}.so", LIBONLOAD, "-shared", "-fPIC", *define)
                done = scratch.must(program(), env=scratch.environment(LD_PRELOAD=library))
                self.assertEqual(done.stdout, "77 77 0\n" if fits else "-38 -38 0\n")
                said = "" if fits else f"linked for API 1.2, preloaded is {version[:3].replace(',', '.')}"
                self.assertIn(said, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 0 if fits else 1)  # once for all functions

    def test_without_any_loader(self):
        alone = scratch.compiled("alone", SPIN, *archive(), "-static", "-Wl,--no-warnings")
        self.assertEqual(scratch.must(alone).stdout, "-38 -38 0\n")


if __name__ == "__main__":
    scratch.main()
