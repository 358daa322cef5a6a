#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Programs of each Onload release load with our libraries.

For each release: a library with that release's SONAME and functions is made, a program that imports
all of them is linked with it, and then starts with ours, all relocations bound at once.
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

OURS = Path("tests/abi/x86_64").absolute()
CC = ["gcc", "-O1", "-fPIC", "-Wall", "-Werror"]

PROGRAM = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

%(declarations)s
static void *const imported[] = {%(addresses)s};

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < sizeof(imported) / sizeof(imported[0]); i++) {
		Dl_info info;

		if (!dladdr(imported[i], &info) || !info.dli_sname)
			return 1;
		printf("%%s %%s\\n", info.dli_sname, strrchr(info.dli_fname, '/') + 1);
	}
	if (argc > 1) { /* so that they are also imported as calls, which bind otherwise */
%(calls)s	}
	return argv == 0;
}
"""


def build(folder, release):
    """The program, linked with a library of that release."""
    names = release["functions"]
    library = folder / release["soname"]
    (folder / "library.c").write_text("".join(
        f"int {n}(void);\nint {n}(void) {{ return 0; }}\n" for n in names))
    (folder / "program.c").write_text(PROGRAM % {
        "declarations": "".join(f"int {n}(void);\n" for n in names),
        "addresses": ", ".join(f"(void *){n}" for n in names),
        "calls": "".join(f"\t\t{n}();\n" for n in names)})
    subprocess.run([*CC, "-shared", f"-Wl,-soname,{release['soname']}", "-o", library,
                    folder / "library.c"], check=True)
    subprocess.run([*CC, "-o", folder / "program", folder / "program.c", library], check=True)
    library.unlink()
    return folder / "program"


def imports(program):
    """(names that are not libc's, needed libraries that are not libc)"""
    with open(program, "rb") as file:
        elf = ELFFile(file)
        names = {s.name for s in elf.get_section_by_name(".dynsym").iter_symbols()
                 if s.name and s["st_shndx"] == "SHN_UNDEF"}
        needed = {t.needed for t in elf.get_section_by_name(".dynamic").iter_tags()
                  if t.entry.d_tag == "DT_NEEDED"}
    return names, needed


class ReleaseTest(unittest.TestCase):
    release = None
    functions = frozenset()  # of all releases

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.program = build(Path(folder.name), cls.release)

    def start(self, library, **environment):
        """Runs the program, which must take all from that library."""
        done = subprocess.run(
            [self.program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(OURS), "LD_BIND_NOW": "1",
                 **environment})
        if done.returncode != 0:
            self.fail(f"a program of {self.release['name']} does not start: {done.stdout}")
        bound = dict(line.split() for line in done.stdout.splitlines())
        elsewhere = {name: bound.get(name) for name in self.release["functions"]
                     if bound.get(name) != library}
        self.assertEqual(elsewhere, {}, f"not bound to {library}")

    def test_the_program_imports_what_the_release_had(self):
        names, needed = imports(self.program)
        self.assertEqual(names & self.functions, set(self.release["functions"]))
        self.assertIn(self.release["soname"], needed)

    def test_exports_are_there_for_all_that_it_could_import(self):
        for file in (self.release["soname"], facts.STUB + ".so"):
            with open(OURS / file, "rb") as library:
                symbols = ELFFile(library).get_section_by_name(".dynsym").iter_symbols()
                there = {s.name for s in symbols if s["st_shndx"] != "SHN_UNDEF"}
            missing = set(self.release["functions"]) - there
            if missing:
                self.fail(f"a program of {self.release['name']} imports these, and {file} does "
                          f"not have them: {', '.join(sorted(missing))}")

    def test_starts_with_our_link_library(self):
        self.start(self.release["soname"])

    def test_starts_with_the_stub_preloaded_and_takes_its_functions(self):
        stub = facts.STUB + ".so"
        self.start(stub, LD_PRELOAD=str(OURS / stub))


def main():
    spec, suite = facts.load(), unittest.TestSuite()
    releases, functions = spec["releases"], {f["name"] for f in spec["functions"]}
    for release in releases:
        name = "release_" + re.sub(r"\W", "_", release["name"])
        case = type(name, (ReleaseTest,), {"release": release, "functions": functions})
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    done = unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful()
    print(f"checked: {len(releases)} releases, "
          + ", ".join(f"{r['name']} with {len(r['functions'])} functions" for r in releases))
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
