#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The show of the emulation finds every answer as promised, and a wrong library out."""

import json
import pathlib
import subprocess
import sys
import unittest

import emulation

HERE = pathlib.Path(__file__).absolute().parent  # Bazel's runfiles


def run(*args):
    return subprocess.run([sys.executable, HERE / "emulation.py", *args], capture_output=True, text=True,
                          check=False)


class Emulation(unittest.TestCase):
    maxDiff = None

    def test_every_answer_is_as_promised(self):
        done = run()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        answers = len(emulation.PROMISED)
        self.assertTrue(done.stdout.endswith(f"\n{answers} of {answers} answers are as promised.\n"))

    def test_json_has_a_key_for_each_column(self):
        first = json.loads(run("--json").stdout)["features"][0]
        self.assertEqual([first[key] for key in ("feature", "without", "stub", "emulation")],
                         list(emulation.PROMISED[0]))

    def test_the_stub_in_the_place_of_the_emulation_is_found_out(self):
        done = run("--emulation", HERE.parent / "liblk_onload_stub.so")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)

    def test_help_has_an_example(self):
        self.assertIn("bazel run //examples:emulation", run("--help").stdout)


if __name__ == "__main__":
    unittest.main()
