#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The installer: what it puts where, and that it takes exactly that away."""

import os
import shutil
import stat
import sys
import unittest
from pathlib import Path

import scratch

EXPECTED = """
bin/lkos
include/lk_onload_stub/onload/extensions.h
include/lk_onload_stub/onload/extensions_timestamping.h
include/lk_onload_stub/onload/extensions_zc.h
lib/liblk_onload_stub.so
lib/lk_onload_stub/libonload_ext.so
lib/lk_onload_stub/libonload_ext.so.1
lib/lk_onload_stub/libonload_ext.so.2
lib/lk_onload_stub/lkos/lkos
lib/lk_onload_stub/manifest.json
lib/lk_onload_stub/spec.json
lib/pkgconfig/lk_onload_stub.pc
share/bash-completion/completions/lkos
share/man/man1/lkos.1
share/man/man7/lk_onload_stub.7
""".split()


def tree(where):
    """{path below where: what it is} of all that is there."""
    found = {}
    for folder, folders, files in os.walk(where):
        for name in folders + files:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                found[str(path.relative_to(where))] = os.readlink(path)
            else:
                found[str(path.relative_to(where))] = (
                    oct(mode),
                    path.read_bytes() if stat.S_ISREG(mode) else None,
                )
    return found


class Install(unittest.TestCase):
    def setUp(self):
        self.where = scratch.folder() / self.id().rpartition(".")[2]

    def install(self, *args, status=0, **options):
        done = scratch.run(sys.executable, scratch.TOOLS / "install.py", *args, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_files_are_where_they_belong(self):
        self.install("--prefix", self.where)
        found = tree(self.where)
        files = {path for path, what in found.items() if what[1] is not None}
        modules = {path for path in files if path.endswith(".py")}
        self.assertEqual(sorted(files - modules), sorted(EXPECTED))
        self.assertEqual({os.path.dirname(path) for path in modules}, {"lib/lk_onload_stub/lkos"})
        self.assertEqual(found["lib/lk_onload_stub/libonload_ext.so"], "libonload_ext.so.1")
        for name in ("libonload_ext.so.1", "libonload_ext.so.2"):
            said = scratch.must("readelf", "--dynamic", self.where / "lib/lk_onload_stub" / name).stdout
            self.assertIn(f"Library soname: [{name}]", said)

    def test_uninstall_leaves_nothing(self):
        self.install("--prefix", "/usr", "--destdir", self.where)
        self.assertEqual(scratch.run(self.where / "usr/bin/lkos", "doctor").returncode, 0)
        scratch.must(self.where / "usr/bin/lkos", "check", "/bin/true")
        self.install("--prefix", "/usr", "--destdir", self.where, "--uninstall")
        self.assertFalse(self.where.exists())

    def test_uninstall_keeps_what_was_there_before(self):
        for name in ("lib/libother.so", "bin/other", "share/man/man1/other.1"):
            path = self.where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("theirs", encoding="utf-8")
        (self.where / "include").mkdir()
        before = tree(self.where)
        self.install("--prefix", self.where)
        self.install("--prefix", self.where, "--uninstall")
        self.assertEqual(tree(self.where), before)

    def test_uninstall_keeps_what_came_later(self):
        self.install("--prefix", self.where)
        theirs = self.where / "include/lk_onload_stub/theirs.h"
        theirs.write_text("theirs", encoding="utf-8")
        self.install("--prefix", self.where, "--uninstall")
        self.assertEqual(
            set(tree(self.where)), {"include", "include/lk_onload_stub", "include/lk_onload_stub/theirs.h"}
        )

    def test_modes_do_not_depend_on_the_umask(self):
        for umask, name in ((0o022, "usual"), (0o077, "strict")):
            self.install("--prefix", self.where / name, umask=umask)
        usual, strict = tree(self.where / "usual"), tree(self.where / "strict")
        self.assertEqual(
            {path: what[0] for path, what in usual.items()}, {path: what[0] for path, what in strict.items()}
        )

    def test_install_again_is_an_upgrade(self):
        self.install("--prefix", self.where)
        before = tree(self.where)
        library = self.where / "lib/liblk_onload_stub.so"
        manifest = self.where / "lib/lk_onload_stub/manifest.json"
        outdated = self.where / "lib/lk_onload_stub/outdated"
        outdated.write_text("of an older version", encoding="utf-8")
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace('"files": [', f'"files": ["{str(outdated)[1:]}",'), encoding="utf-8")
        with open(library, "rb") as opened:
            self.install("--prefix", self.where)
            # A program that has it mapped keeps its own.
            self.assertNotEqual(os.fstat(opened.fileno()).st_ino, library.stat().st_ino)
        self.assertEqual(tree(self.where), before)
        self.install("--prefix", self.where, "--uninstall")
        self.assertFalse(self.where.exists())

    def test_files_of_others_are_not_overwritten(self):
        theirs = self.where / "bin/lkos"
        theirs.parent.mkdir(parents=True)
        theirs.write_text("theirs", encoding="utf-8")
        before = tree(self.where)
        done = self.install("--prefix", self.where, status=1)
        self.assertIn(f"install: {theirs}: not put there by this installer", done.stderr)
        self.assertEqual(tree(self.where), before)

    def test_nothing_to_uninstall(self):
        done = self.install("--prefix", self.where, "--uninstall", status=1)
        self.assertIn("nothing was installed", done.stderr)

    def test_libraries_that_are_not_built(self):
        done = self.install("--prefix", self.where, "--built", scratch.folder(), status=1)
        self.assertIn("bazel build //:onload_stub", done.stderr)
        self.assertFalse(self.where.exists())

    def test_no_permission(self):
        if os.geteuid() == 0:
            blocked = scratch.written("a_file", "")
            self.assertIn("install: ", self.install("--prefix", blocked / "x", status=1).stderr)
            return
        done = self.install("--prefix", "/usr/lkos-test", status=1)
        self.assertIn("--prefix ~/.local", done.stderr)

    def test_paths_are_meant_from_where_the_user_is(self):
        self.where.mkdir()
        env = scratch.environment(BUILD_WORKING_DIRECTORY=self.where)
        self.install("--prefix", "/usr", "--destdir", "stage", env=env)
        self.assertTrue((self.where / "stage/usr/bin/lkos").is_symlink())

    def test_it_can_be_moved(self):
        self.install("--prefix", self.where / "first")
        shutil.move(self.where / "first", self.where / "second")
        self.assertEqual(scratch.run(self.where / "second/bin/lkos", "doctor").returncode, 0)

    def test_symbolic_link_to_it_works(self):
        self.install("--prefix", self.where)
        link = self.where / "link"
        link.symlink_to("bin/lkos")
        self.assertEqual(scratch.run("./link", "run", "sh", "-c", "exit 6", cwd=self.where).returncode, 6)

    def test_pkg_config(self):
        self.install("--prefix", self.where, "--libdir", "lib64")
        env = scratch.environment(PKG_CONFIG_PATH=self.where / "lib64/pkgconfig")
        flags = scratch.must("pkg-config", "--cflags", "--libs", "lk_onload_stub", env=env).stdout.split()
        self.assertEqual(
            flags,
            [
                f"-I{self.where}/include/lk_onload_stub",
                f"-L{self.where}/lib64/lk_onload_stub",
                "-lonload_ext",
            ],
        )
        preload = scratch.must("pkg-config", "--variable=preload", "lk_onload_stub", env=env).stdout.strip()
        self.assertEqual(preload, f"{self.where}/lib64/liblk_onload_stub.so")
        self.assertTrue(os.path.exists(preload))


if __name__ == "__main__":
    scratch.main()
