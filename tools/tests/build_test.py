#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tools/build.sh makes what Bazel makes, with a C compiler alone."""

import sys
import unittest

from elftools.elf.elffile import ELFFile

import scratch

LIBRARIES = ("liblk_onload_stub.so", "libonload_ext.so.1", "libonload_ext.so.2")
SCRIPT = scratch.TOOLS / "build.sh"


def exports(path):
    with path.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".dynsym").iter_symbols()
        return {s.name: s["st_info"]["type"] for s in symbols if s["st_shndx"] != "SHN_UNDEF"}


class Build(unittest.TestCase):
    def build(self, compiler):
        where = scratch.folder() / "built" / compiler
        if not where.exists():
            scratch.must(SCRIPT, "--out", where, env=scratch.environment(CC=compiler))
        return where

    def test_exports_are_those_of_bazels_libraries(self):
        for compiler in ("gcc", "clang"):
            for name in LIBRARIES:
                with self.subTest(compiler=compiler, library=name):
                    built = exports(self.build(compiler) / name)
                    self.assertGreater(len(built), 20)
                    self.assertEqual(built, exports(scratch.TOP / name))

    def test_the_demo_is_as_promised(self):
        for compiler in ("gcc", "clang"):
            with self.subTest(compiler):
                where = self.build(compiler)
                app = where / "onload_app"
                scratch.must(
                    compiler,
                    f"-I{scratch.TOP / 'generated/include'}",
                    scratch.TOP / "examples/onload_app.c",
                    f"-L{where}",
                    "-lonload_ext",
                    "-o",
                    app,
                )
                demo = scratch.TOP / "examples/demo.py"
                scratch.must(sys.executable, demo, "--app", app, "--library", where / LIBRARIES[0])

    def test_is_installed_with_built(self):
        prefix = scratch.folder() / "prefix"
        where = self.build("gcc")
        done = scratch.install(prefix, "--built", where)
        self.assertEqual(done.returncode, 0, done.stderr)
        installed = prefix / "lib/liblk_onload_stub.so"
        self.assertEqual(installed.read_bytes(), (where / LIBRARIES[0]).read_bytes())

    def test_misuse_is_told_and_exits_2(self):
        for args, env, message in [
            (["--out"], {}, "--out needs the name of a folder"),
            (["--sideways"], {}, "--sideways: no such option; see --help"),
            (["--out", "/proc/none"], {}, "--out /proc/none: cannot make this folder"),
            (["--out", scratch.folder() / "none"], {"CC": "nocc -m32"}, "nocc -m32: not found"),
        ]:
            with self.subTest(args=args):
                done = scratch.run(SCRIPT, *args, env=scratch.environment(**env))
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(message, done.stderr)

    def test_help_has_an_example(self):
        done = scratch.run(SCRIPT, "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("tools/install.py --built built", done.stdout)


if __name__ == "__main__":
    scratch.main()
