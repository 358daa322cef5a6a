#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lkos doctor: says that all is well where it is, and what to do where it is not."""

import shutil
import sys
import unittest

import scratch

sys.path.insert(0, str(scratch.TOOLS))

from lkos import doctor  # noqa: E402  (the path comes first)

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
        where = scratch.broken("refused")
        (where / "lib/liblk_onload_stub.so").write_bytes(b"not a library")
        done = scratch.run(where / "bin/lkos", "doctor")
        words = "the loader takes the library from LD_PRELOAD: file too short"
        self.failed(done, words, "install lk_onload_stub again")
        self.assertRegex(done.stdout, r"ok +glibc \d")  # which is not what is wrong

    def test_glibc_that_is_too_old(self):
        where = scratch.for_newer_glibc()
        done = scratch.run(where / "bin/lkos", "doctor")
        self.failed(done, r"glibc [\d.]+: 9.9 or later is needed", "use a newer system, or build")
        self.assertIn("version `GLIBC_9.9' not found", done.stdout)

    def test_limits_of_glibc(self):
        what, trouble, _, remedy = doctor.glibc("", (2, 17))
        self.assertEqual((what, trouble), ("glibc", "this system has another C library"))
        self.assertIn("Alpine", remedy)
        for version, needed, fine in (
            ("2.17", (2, 17), True),
            ("2.36", (2, 17), True),
            ("2.9", (2, 17), False),
            ("2.12", (2, 17), False),
            ("2.36", (), True),
        ):
            what, trouble, details, remedy = doctor.glibc(version, needed)
            self.assertEqual((what, trouble is None), (f"glibc {version}", fine))
            self.assertEqual("2.17 or later is needed" in (trouble or details), bool(needed))
            self.assertNotIn("Alpine", remedy)

    def test_limits_of_the_kernel(self):
        for release, fine in (
            ("4.17.19", False),
            ("4.4.0-210-generic", False),
            ("4.18.0-553.el8_10.x86_64", True),
            ("5.10.0", True),
            ("7.2-rc1", True),
            ("strange", True),
        ):
            what, trouble, details, _ = doctor.kernel(release, "x86_64")
            self.assertEqual((what, trouble is None), (f"Linux {release} on x86_64", fine))
            self.assertIn("4.18 or later", trouble or details)

    def test_pyelftools(self):
        for text, told in (
            ("raise ImportError", "pyelftools, with which programs are read, is missing"),
            ("a newer Python's syntax", "pyelftools, with which programs are read, is missing"),
        ):
            where = scratch.broken(f"elftools_{len(text)}")
            package = where / "share/lk_onload_stub/elftools"
            package.mkdir()
            (package / "__init__.py").write_text(text, encoding="utf-8")
            done = scratch.run(where / "bin/lkos", "doctor")
            self.failed(done, f"lkos check can read programs: {told}", "install python3-pyelftools 0.27 or later")
            self.assertRegex(done.stdout, r"(?m)^ok       glibc [\d.]+: 2.17 or later is needed$")

    def test_library_that_does_nothing(self):
        where = scratch.broken("idle")
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
        where = scratch.broken("unlinked")
        (where / "lib/lk_onload_stub/libonload_ext.so.2").unlink()
        done = scratch.run(where / "bin/lkos", "doctor")
        self.failed(done, "libonload_ext.so.1 and .so.2 can be loaded: one is missing", "install")

    def test_missing_library(self):
        where = scratch.broken("empty")
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
