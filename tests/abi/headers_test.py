#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The public headers compile without a warning, in every standard of C and C++ that programs are written in."""

import itertools
import subprocess
import unittest

import facts

STANDARDS = {
    ("gcc", "-xc"): ("c89", "gnu89", "c99", "gnu11", "c2x"),
    ("clang", "-xc"): ("c89", "gnu89", "c99", "gnu11", "c2x"),
    ("g++", "-xc++"): ("c++98", "c++11", "c++20"),
    ("clang++", "-xc++"): ("c++98", "c++11", "c++20"),
}
FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Igenerated/include", "-fsyntax-only"]


class Headers(unittest.TestCase):
    def test_compile_in_each_standard(self):
        spec = facts.load()
        names = [header["name"] for header in spec["headers"]]
        switches = [[], ["-D" + spec["data_only"]["macro"]]]
        source = "".join(f"#include <onload/{name}>\n" for name in names) + "int main(void) { return 0; }\n"
        for (compiler, language), standards in STANDARDS.items():
            for standard, switch in itertools.product(standards, switches):
                command = [compiler, f"-std={standard}", *FLAGS, *switch, language, "-"]
                with self.subTest(" ".join(command)):
                    done = subprocess.run(command, input=source, stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, text=True, check=False)
                    self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
