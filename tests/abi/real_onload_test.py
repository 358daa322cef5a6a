#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The spec against Onload itself: its headers, and what its libraries export.

usage: bazel test //tests/abi:real_onload --test_env=ONLOAD_ROOT=DIR
  DIR  an installed or unpacked Onload of the spec's last release; the whole path
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from elftools.elf.elffile import ELFFile

import facts

ROOT = os.environ.get("ONLOAD_ROOT", "")
OURS = ("onload_", "oo_")  # of what libonload.so exports, the rest is libc's


def exports(path):
    """Name -> what it is, as a text to compare."""
    found = {}
    with open(path, "rb") as file:
        for s in ELFFile(file).get_section_by_name(".dynsym").iter_symbols():
            if s["st_shndx"] != "SHN_UNDEF" and s["st_info"]["bind"] != "STB_LOCAL":
                kind = s["st_info"]["type"].removeprefix("STT_").lower()
                size = f" of {s['st_size']} bytes" if kind == "object" else ""
                found[s.name] = kind + size
    return found


def expected(spec, library):
    """The same, of a library of Onload's last release, as the spec has it."""
    found = {name: "func" for name in spec["releases"][-1]["functions"]}
    if library == facts.LINK:
        soname = spec["releases"][-1]["soname"]
        for name, variable in facts.variables(spec, library, soname).items():
            found[name] = f"object of {variable.size} bytes"
    return found


def find(root, pattern):
    """The shared objects of that name; links to them are left out."""
    found = [p for p in sorted(Path(root).rglob(pattern)) if p.is_file() and not p.is_symlink()]
    return [p for p in found if p.read_bytes()[:4] == b"\x7fELF"]


def differences(there, wanted):
    return ([f"{n}: Onload's is {there[n]}, the spec has {wanted.get(n, 'no such symbol')}"
             for n in sorted(there) if there[n] != wanted.get(n)]
            + [f"{n}: in the spec, and not there" for n in sorted(set(wanted) - set(there))])


def trouble(root):
    """Why nothing can be looked for below what ONLOAD_ROOT says; empty if it can."""
    if not os.path.isabs(root):
        return (f"ONLOAD_ROOT={root}: write the whole path, as in ONLOAD_ROOT=\"$PWD/{root}\"; "
                "a test does not run in the folder where bazel was typed")
    return "" if os.path.isdir(root) else f"ONLOAD_ROOT={root}: there is no such folder; write that of an Onload"


def compare_headers(root):
    return subprocess.run(["codegen/diff_headers", root], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def compare_link_library(spec, path):
    return differences(exports(path), expected(spec, facts.LINK))


def compare_preloaded_library(spec, path):
    there = {n: kind for n, kind in exports(path).items() if n.startswith(OURS)}
    variables = {d["name"] for d in spec["data"]}
    there = {n: kind for n, kind in there.items() if n not in variables}
    return differences(there, expected(spec, facts.STUB))


class RealOnload(unittest.TestCase):
    def setUp(self):
        if not ROOT:
            self.skipTest("not run: ONLOAD_ROOT is not set")
        if trouble(ROOT):
            self.fail(trouble(ROOT))
        self.spec = facts.load()

    def find(self, name):
        found = find(ROOT, name)
        if not found:
            self.skipTest(f"not run: no {name} below {ROOT}")
        return found

    def test_headers(self):
        done = compare_headers(ROOT)
        if done.returncode != 0:
            self.fail(f"the headers are not what the spec says:\n{done.stdout}")
        print(done.stdout)

    def test_link_library(self):
        for path in self.find("libonload_ext.so*"):
            self.assertEqual(compare_link_library(self.spec, path), [], path)

    def test_preloaded_library(self):
        for path in self.find("libonload.so"):
            self.assertEqual(compare_preloaded_library(self.spec, path), [], path)


class Comparison(unittest.TestCase):
    """The comparison itself, with something that looks like Onload."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.spec = facts.load()
        self.functions = self.spec["releases"][-1]["functions"]

    def build(self, functions, variable="unsigned onload_ext_version[3] = {1, 2, 0};"):
        library = self.root / "libonload_ext.so.1.2.0"
        text = "".join(f"int {n}(void); int {n}(void) {{ return 0; }}\n" for n in functions)
        subprocess.run(["gcc", "-shared", "-fPIC", "-xc", "-", "-o", library],
                       input=text + variable, text=True, check=True)
        (self.root / "libonload_ext.so").symlink_to(library.name)
        return library

    def test_a_folder_that_cannot_be_looked_into(self):
        self.assertEqual(trouble(str(self.root)), "")
        self.assertIn('ONLOAD_ROOT="$PWD/onload-9.2.0"; a test does not run in the folder', trouble("onload-9.2.0"))
        self.assertIn(f"{self.root}/none: there is no such folder", trouble(f"{self.root}/none"))

    def test_bazel_keeps_no_result(self):
        """Or it would not see that what ONLOAD_ROOT names has changed."""
        text = Path("tests/abi/BUILD.bazel").read_text(encoding="utf-8")
        target = re.search(r'(?m)^py_test\(\n    name = "real_onload",\n(?:    .*\n)*', text)[0]
        self.assertIn('    tags = ["external"],', target)

    def test_finds_no_difference_where_there_is_none(self):
        library = self.build(self.functions)
        self.assertEqual(find(self.root, "libonload_ext.so*"), [library])
        self.assertEqual(compare_link_library(self.spec, library), [])
        self.assertEqual(compare_headers("generated/include").returncode, 0)

    def test_finds_each_difference(self):
        library = self.build(["onload_new", *self.functions[1:]],
                             "unsigned onload_ext_version[4];")
        self.assertEqual(compare_link_library(self.spec, library), [
            "onload_ext_version: Onload's is object of 16 bytes, the spec has object of 12 bytes",
            "onload_new: Onload's is func, the spec has no such symbol",
            f"{self.functions[0]}: in the spec, and not there"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
