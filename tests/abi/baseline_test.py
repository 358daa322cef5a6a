#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Nothing that programs rely on has changed since the baseline in this folder. What is new is no change."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import baseline

MEND = "If programs that exist cannot notice it, or it is meant: bazel run //tests/abi:renew"


class BaselineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.now = baseline.make(baseline.FOLDER / "debug")

    def compare_library(self, library):
        name = library + ".abi"
        kept = (baseline.FOLDER / name).read_text(encoding="utf-8")
        formats = [re.match(r"<abi-corpus version='(\d+)", text)[1] for text in (kept, self.now[name])]
        if formats[0] != formats[1]:
            self.skipTest(f"not run: {name} is of libabigail's format {formats[0]}, and the one here has {formats[1]}")
        with tempfile.TemporaryDirectory() as folder:
            now = Path(folder) / name
            now.write_text(self.now[name], encoding="utf-8")
            done = subprocess.run(["abidiff", "--no-added-syms", baseline.FOLDER / name, now],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            self.fail(f"{library} has changed.\n{done.stdout}{MEND}")
        print(f"checked: {library}")

    def test_preloaded_library(self):
        self.compare_library(baseline.LIBRARIES[0])

    def test_link_library(self):
        self.compare_library(baseline.LIBRARIES[1])

    def test_spec(self):
        before = (baseline.FOLDER / baseline.SPEC).read_text(encoding="utf-8").splitlines()
        now = self.now[baseline.SPEC].splitlines()
        gone = [line for line in before if line not in now]
        new = [line for line in now if line not in before]
        subjects = {line.partition(":")[0] for line in gone}
        if gone:
            self.fail("the spec says otherwise.\n" + "\n".join(
                ["- " + line for line in gone]
                + ["+ " + line for line in new if line.partition(":")[0] in subjects] + [MEND]))
        print(f"checked: {len(before)} statements of the spec")
        if new:
            print("not watched before they are in the baseline (bazel run //tests/abi:renew):\n"
                  + "\n".join(new))


if __name__ == "__main__":
    unittest.main(verbosity=2)
