#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The demo finds every answer as promised, and says so when one is not."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import demo
import side_by_side

HERE = pathlib.Path(__file__).absolute().parent  # Bazel's runfiles
DEMO = HERE / "demo.py"
LINK_LIBRARY = HERE.parent / "libonload_ext.so.1"  # a library, but not the stub
ANSWERS = len(demo.PROMISED)


def run(*args, **env):
    return subprocess.run(
        [sys.executable, DEMO, *args],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


class Demo(unittest.TestCase):
    maxDiff = None

    def test_every_answer_is_as_promised(self):
        done = run()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        lines = done.stdout.splitlines()
        self.assertEqual(sum(line.endswith("  ok") for line in lines), ANSWERS, done.stdout)
        self.assertEqual(lines[4 + ANSWERS], "", done.stdout)
        self.assertIn("-38 is -ENOSYS", lines[5 + ANSWERS])
        self.assertEqual(lines[-1], f"{ANSWERS} of {ANSWERS} answers are as promised.")

    def test_json_has_the_same_answers(self):
        done = run("--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertTrue(result["ok"])
        self.assertEqual([f["feature"] for f in result["features"]], [p[0] for p in demo.PROMISED])

    def test_a_library_that_is_not_the_stub_is_found_out(self):
        done = run("--library", LINK_LIBRARY)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        changed = [promised for promised in demo.PROMISED if promised[1] != promised[2]]
        wrong = [line for line in done.stdout.splitlines() if line.endswith("  WRONG")]
        self.assertEqual(len(wrong), len(changed), done.stdout)

    def test_a_program_that_prints_nothing_is_found_out(self):
        done = run("--app", "/bin/false")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn(f"0 of {ANSWERS} answers are as promised.", done.stdout)
        self.assertIn("with the library: exit status 1", done.stderr)

    def test_answers_that_nobody_promised_are_wrong(self):
        promised = {feature: with_library for feature, _, with_library in demo.PROMISED}
        without = {feature: plain for feature, plain, _ in demo.PROMISED}
        self.assertTrue(all(f["ok"] for f in demo.SHOW.compare(without, promised)))
        features = demo.SHOW.compare(without, {**promised, "new": "1"})
        self.assertEqual([f["feature"] for f in features if not f["ok"]], ["new"])

    def test_a_machine_without_ipv6_is_no_fault(self):
        without = {feature: plain for feature, plain, _ in demo.PROMISED}
        promised = {feature: with_library for feature, _, with_library in demo.PROMISED}
        for answers in (without, promised):
            answers.update((f, side_by_side.NO_IPV6) for f in answers if "IPv6" in f)
        self.assertTrue(all(f["ok"] for f in demo.SHOW.compare(without, promised)))

    def test_misuse_is_told_and_exits_2(self):
        for args, message in [
            (["--library", "/nonexistent"], "--library /nonexistent: no such file"),
            (["--app", "/nonexistent"], "--app /nonexistent: no such file"),
            (["--app", "/etc/passwd"], "--app /etc/passwd: Permission denied"),
            (["--sideways"], "unrecognized arguments: --sideways"),
        ]:
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(message, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_a_pipe_gets_no_colour(self):
        self.assertNotIn("\033", run("--app", "/bin/false", TERM="xterm").stdout)

    def test_help_has_an_example(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("bazel run //examples:demo", done.stdout)


if __name__ == "__main__":
    unittest.main()
