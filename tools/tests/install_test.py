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
lib/liblk_onload_emulation.so
lib/liblk_onload_stub.so
lib/lk_onload_stub/libonload_ext.a
lib/lk_onload_stub/libonload_ext.so
lib/lk_onload_stub/libonload_ext.so.1
lib/lk_onload_stub/libonload_ext.so.2
lib/lk_onload_stub/manifest.json
lib/pkgconfig/lk_onload_stub.pc
share/bash-completion/completions/lkos
share/lk_onload_stub/MACHINE
share/lk_onload_stub/lkos/lkos
share/lk_onload_stub/options.json
share/lk_onload_stub/spec.json
share/man/man1/lkos.1
share/man/man7/lk_onload_stub.7
""".split()

# Of --as-onload, each with what it links to.
ONLOADS_NAMES = {
    "bin/onload": "lkos",
    "include/onload": "lk_onload_stub/onload",
    "lib/libonload.so": "liblk_onload_stub.so",
    "lib/libonload_ext.a": "lk_onload_stub/libonload_ext.a",
    "lib/libonload_ext.so": "lk_onload_stub/libonload_ext.so",
    "lib/libonload_ext.so.1": "lk_onload_stub/libonload_ext.so.1",
    "lib/libonload_ext.so.2": "lk_onload_stub/libonload_ext.so.2",
    "share/man/man1/onload.1": "lkos.1",
}


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
        machine = {path for path, what in found.items() if what == "../../lib"}
        self.assertEqual(
            sorted(files - modules - machine), sorted(set(EXPECTED) - {"share/lk_onload_stub/MACHINE"})
        )
        self.assertEqual({os.path.dirname(path) for path in machine}, {"share/lk_onload_stub"})
        self.assertEqual({os.path.dirname(path) for path in modules}, {"share/lk_onload_stub/lkos"})
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
        outdated = self.where / "lib/lk_onload_stub/outdated/file"
        outdated.parent.mkdir()
        outdated.write_text("of an older version", encoding="utf-8")
        text = manifest.read_text(encoding="utf-8")
        text = text.replace('"files": [', f'"files": ["{str(outdated)[1:]}",')
        text = text.replace('"folders": [', f'"folders": ["{str(outdated.parent)[1:]}",')
        manifest.write_text(text, encoding="utf-8")
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

    def test_builds_that_ask_no_pkg_config(self):
        self.install("--prefix", self.where)
        env = scratch.environment(
            CPATH=self.where / "include/lk_onload_stub", LIBRARY_PATH=self.where / "lib/lk_onload_stub"
        )
        source = scratch.written("no_pkg_config.c", scratch.APP)
        program = scratch.folder() / "no_pkg_config"
        scratch.must("gcc", source, "-lonload_ext", "-o", program, env=env)
        self.assertEqual(scratch.run(self.where / "bin/lkos", "run", program).returncode, 7)

    def test_as_onload(self):
        self.install("--prefix", self.where)
        before = tree(self.where)
        self.install("--prefix", self.where, "--as-onload")
        added = {path: what for path, what in tree(self.where).items() if path not in before}
        self.assertEqual(added, ONLOADS_NAMES)
        self.install("--prefix", self.where, "--as-onload")  # its own links are no Onload
        self.install("--prefix", self.where)
        self.assertEqual(set(tree(self.where)), set(before))
        self.install("--prefix", self.where, "--as-onload")
        self.install("--prefix", self.where, "--uninstall")
        self.assertFalse(self.where.exists())

    def test_programs_that_name_onload_outright(self):
        self.install("--prefix", self.where, "--as-onload")
        folders = [f"-I{self.where}/include", f"-L{self.where}/lib"]
        for name, library in (("shared", "-lonload_ext"), ("static", "-l:libonload_ext.a")):
            program = scratch.compiled(f"outright_{name}", scratch.APP, *folders, library, "-ldl")
            env = scratch.environment(
                LD_PRELOAD="libonload.so", LKOS_LOG_FD=2, LD_LIBRARY_PATH=self.where / "lib"
            )
            done = scratch.run(program, env=env)
            self.assertEqual(done.returncode, 7, done.stderr)
            self.assertIn("lk_onload_stub: onload_is_present: 0", done.stderr)
            done = scratch.run(self.where / "bin/onload", "--profile=latency", program)
            self.assertEqual((done.returncode, done.stdout), (7, "present 0, stack name 0\n"))

    def test_as_onload_refuses_where_onload_is(self):
        for number, name in enumerate(
            (
                "usr/bin/onload",
                "usr/local/bin/onload",
                "usr/sbin/onload_tool",
                "usr/libexec/onload/profiles/latency.opf",
                "usr/lib64/libonload.so",
                "usr/lib/x86_64-linux-gnu/libonload.so",
                "usr/lib/libonload_ext.so.1",
                "lib/libonload.so",
                "usr/include/onload/extensions.h",
            )
        ):
            with self.subTest(name):
                root = self.where / str(number)
                theirs = root / name
                theirs.parent.mkdir(parents=True)
                theirs.write_text("theirs", encoding="utf-8")
                before = tree(root)
                destination = ("--prefix", "/opt", "--destdir", root)
                done = self.install(*destination, "--as-onload", status=1)
                self.assertRegex(done.stderr, f"install: Onload is installed here: .*{root}/usr|{root}/lib")
                self.assertIn("lkos run", done.stderr)
                self.assertEqual(tree(root), before)
                self.install(*destination)  # under our own names it does no harm

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
