#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compiles a file whose assertions are the test, with each compiler, for each machine.

usage: compile_test.py FILE [MACHINE=FLAGS...]      FLAGS make clang compile for that machine
"""

import re
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

COMPILERS = {".c": ("gcc", "clang", "-std=gnu11"), ".cc": ("g++", "clang++", "-std=c++17")}
FLAGS = ["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I.", "-Igenerated/include",
         "-fsyntax-only"]


class CompileTest(unittest.TestCase):
    command = ()

    def test_compiles(self):
        done = subprocess.run(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
        if done.returncode != 0:
            self.fail(f"{' '.join(self.command)}\n{done.stdout}")


def commands(file, machines):
    """Name of a case -> command."""
    gcc, clang, standard = COMPILERS[file.suffix]
    rest = [standard, *FLAGS, str(file)]
    made = {f"{gcc}_x86_64": [gcc, *rest], f"{clang}_x86_64": [clang, *rest]}
    for machine, flags in machines:
        made[f"{clang}_{machine}"] = [clang, *flags.split(), *rest]
    return made


def rows(file):
    """What is in the tables that the file includes: '47 LKOS_API_ROW, ...'."""
    tables = re.findall(r'^#include "(.*\.inc)"', file.read_text(), re.MULTILINE)
    found = Counter(name for table in set(tables)
                    for name in re.findall(r"^(LKOS_\w+)\(", Path(table).read_text(), re.MULTILINE))
    return ", ".join(f"{count} {name}" for name, count in found.items())


def main(file, *machines):
    file = Path("tests/abi") / file
    suite = unittest.TestSuite()
    cases = commands(file, [m.split("=", 1) for m in machines])
    for name, command in cases.items():
        case = type(re.sub(r"\W", "x", name), (CompileTest,), {"command": command})
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    done = unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful()
    print(f"checked: {file.name} by {', '.join(cases)}; its table has {rows(file)}")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
