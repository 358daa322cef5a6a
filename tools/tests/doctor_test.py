#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lkos doctor: says that all is well where it is, and what to do where it is not."""

import shutil
import unittest

import scratch

TRIED = (
    "the loader takes the library",
    "an extension function is answered",
    "libonload_ext.so.1 and .so.2 can be loaded",
    "receive timestamp, UDP over loopback: in the hardware slot",
    "receive timestamp, TCP over loopback: in the hardware slot",
    "send timestamp, UDP over loopback: in the hardware slot",
    "send timestamp, TCP over loopback: in the hardware slot",
    "getsockopt gives the flags",
    "a send with ONLOAD_MSG_WARM sends nothing",
    "the log works",
    "lkos check can read programs",
)


def broken(name):
    """An installation of its own, to be broken."""
    where = scratch.folder() / name
    scratch.must("cp", "-a", scratch.prefix(), where)
    return where


class Doctor(unittest.TestCase):
    def failed(self, done, what, remedy):
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, rf"FAILED   {what}[^\n]*\n         To do: [^\n]*{remedy}")
        self.assertTrue(done.stdout.endswith("Not all is well.\n"))
        self.assertEqual(done.stderr, "")

    def test_all_is_well_here(self):
        done = scratch.lkos("doctor")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].startswith("ok       Linux "), lines[0])
        for what in TRIED:
            self.assertTrue(any(line.startswith(f"ok       {what}") for line in lines), what)
        self.assertEqual(lines[-1], "All is well: lkos run ./app")

    def test_library_that_the_loader_refuses(self):
        where = broken("refused")
        (where / "lib/liblk_onload_stub.so").write_bytes(b"not a library")
        self.failed(scratch.run(where / "bin/lkos", "doctor"), "the loader takes the library", "glibc")

    def test_library_that_does_nothing(self):
        where = broken("idle")
        library = scratch.compiled("idle.so", "int onload_is_present(void) { return 1; }", "-shared", "-fPIC")
        shutil.copy(library, where / "lib/liblk_onload_stub.so")
        done = scratch.run(where / "bin/lkos", "doctor")
        self.failed(
            done, "an extension function is answered: onload_is_present.. is not 0", "unset LD_PRELOAD"
        )
        for what in (
            "receive timestamp, UDP",
            "send timestamp, TCP",
            "a send with ONLOAD_MSG_WARM",
            "the log works",
        ):
            self.assertIn(f"FAILED   {what}", done.stdout)

    def test_missing_link_library(self):
        where = broken("unlinked")
        (where / "lib/lk_onload_stub/libonload_ext.so.2").unlink()
        done = scratch.run(where / "bin/lkos", "doctor")
        self.failed(done, "libonload_ext.so.1 and .so.2 can be loaded: one is missing", "install")

    def test_missing_library(self):
        where = broken("empty")
        (where / "lib/liblk_onload_stub.so").unlink()
        done = scratch.run(where / "bin/lkos", "doctor")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no such file", done.stderr)

    def test_no_loopback(self):
        unshare = ["unshare", "--net", "--user", "--map-root-user"]
        if scratch.run(*unshare, "true").returncode != 0:
            print("not run: this machine lets us make no network namespace")
            self.skipTest("no network namespace")
        done = scratch.run(*unshare, scratch.prefix() / "bin/lkos", "doctor")
        self.failed(done, "receive timestamp, UDP over loopback", "ip link set lo up")


if __name__ == "__main__":
    scratch.main()
