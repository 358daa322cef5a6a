#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs layouts_run.c, built for a machine.

usage: layouts_run_test.py MACHINE [WORD...]     WORD: what starts its programs, such as an emulator
"""

import subprocess
import sys
import unittest


class LayoutsRunTest(unittest.TestCase):
    command = ()

    def test_bit_fields_and_pointers(self):
        done = subprocess.run(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        print(done.stdout)
        if done.returncode != 0:
            self.fail(f"{' '.join(self.command)} says so")


if __name__ == "__main__":
    machine, *words = sys.argv[1:]
    LayoutsRunTest.command = [*words, f"tests/abi/{machine}/layouts_run"]
    unittest.main(argv=sys.argv[:1], verbosity=2)
