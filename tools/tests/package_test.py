#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The Debian package."""

import functools
import os
import shutil
import subprocess
import sys
import unittest

import scratch


def made(name, **options):
    path = scratch.folder() / name
    scratch.must(sys.executable, scratch.TOOLS / "deb.py", "--out", path, **options)
    return path


@functools.cache
def package():
    return made("lk-onload-stub.deb")


class Package(unittest.TestCase):
    def test_same_input_gives_the_same_bytes(self):
        again = made("again.deb", env=scratch.environment(TZ="Asia/Tokyo", LC_ALL="C"), umask=0o077)
        self.assertEqual(again.read_bytes(), package().read_bytes())

    def test_lintian_finds_nothing(self):
        if not shutil.which("lintian"):
            print("not run: lintian is not installed")
            self.skipTest("no lintian")
        options = ["--tag-display-limit", "0", "--fail-on", "error,warning", "--allow-root"]
        done = scratch.run("lintian", *options, package())
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_dpkg_reads_it(self):
        shown = scratch.must("dpkg-deb", "--field", package()).stdout
        self.assertIn("Package: lk-onload-stub\n", shown)
        self.assertRegex(shown, r"\nDepends: libc6 \(>= 2\.\d+\), python3:any, python3-pyelftools\n")
        architecture = scratch.must("dpkg", "--print-architecture").stdout.strip()
        self.assertIn(f"\nArchitecture: {architecture}\n", shown)

    def test_files_are_roots_and_sums_are_right(self):
        where = scratch.folder() / "unpacked"
        scratch.must("dpkg-deb", "--raw-extract", package(), where)
        scratch.must("md5sum", "--check", "--strict", "DEBIAN/md5sums", cwd=where)
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package()], stdout=subprocess.PIPE) as tar:
            listed = subprocess.check_output(["tar", "-tvf", "-"], stdin=tar.stdout, text=True)
        for line in listed.splitlines():
            self.assertEqual(line.split()[1], "root/root", line)
            self.assertRegex(line, r"\A(d|-|l)(rwxr-xr-x|rw-r--r--|rwxrwxrwx) ")

    def test_it_has_what_the_installer_has(self):
        where = scratch.folder() / "data"
        scratch.must("dpkg-deb", "--extract", package(), where)
        triplet = scratch.must("gcc", "-print-multiarch").stdout.strip()
        packaged = {
            str(path.relative_to(where / "usr")).replace(f"/{triplet}/", "/").removesuffix(".gz")
            for path in where.rglob("*")
            if path.is_symlink() or path.is_file()
        }
        installed = {
            str(path.relative_to(scratch.prefix()))
            for path in scratch.prefix().rglob("*")
            if path.is_symlink() or path.is_file()
        }
        self.assertEqual(
            packaged - installed,
            {
                "share/doc/lk-onload-stub/changelog",
                "share/doc/lk-onload-stub/copyright",
                "share/lintian/overrides/lk-onload-stub",
            },
        )
        self.assertEqual(installed - packaged, {"lib/lk_onload_stub/manifest.json"})

    def test_it_works_where_it_is_unpacked(self):
        where = scratch.folder() / "root"
        scratch.must("dpkg-deb", "--extract", package(), where)
        done = scratch.run(where / "usr/bin/lkos", "doctor")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_trouble_is_told(self):
        argv = [
            sys.executable,
            scratch.TOOLS / "deb.py",
            "--out",
            scratch.folder() / "x.deb",
            "--built",
            "/no/such",
        ]
        done = scratch.run(*argv)
        self.assertEqual(done.returncode, 1)
        self.assertIn("deb.py: /no/such/", done.stderr)
        self.assertFalse(os.path.exists(scratch.folder() / "x.deb"))


if __name__ == "__main__":
    scratch.main()
