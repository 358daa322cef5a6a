#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tries count_tests.py on files such as bazel writes, with what each framework leaves behind."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

COUNT_TESTS = Path(sys.argv[0]).absolute().parent / "count_tests.py"

GOOGLETEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="5">
  <testsuite name="Suite" tests="5">
    <testcase name="passes" status="run" result="completed" />
    <testcase name="passes too" status="run" result="completed" />
    <testcase name="is skipped" status="run" result="skipped" />
    <testcase name="is disabled" status="notrun" result="suppressed" />
    {last}
  </testsuite>
</testsuites>
"""
PASSES = '<testcase name="last" status="run" result="completed" />'
FAILS = '<testcase name="last" status="run"><failure message="no" /></testcase>'

# What Bazel makes where the framework writes none: one case, whatever ran.
NO_XML = '<testsuites><testsuite><testcase name="target" /></testsuite></testsuites>'


class CountTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.events = []

    def result(self, label, status, xml=None, log="", **key):
        """One more test target, with its two files."""
        outputs = []
        for name, text in (("test.xml", xml), ("test.log", log)):
            if text is not None:
                path = self.folder / f"{len(self.events)} {name}"  # a space, as the URI has it
                path.write_text(text, encoding="utf-8")
                outputs.append({"name": name, "uri": path.as_uri()})
        self.events.append({
            "id": {"testResult": {"label": label, **key}},
            "testResult": {"status": status, "testActionOutput": outputs},
        })

    def count(self, status, label="default"):
        """(exit status, what is printed, a list of lines) for the targets so far."""
        path = self.folder / "events"
        path.write_text("".join(json.dumps(event) + "\n" for event in self.events), encoding="utf-8")
        done = subprocess.run([sys.executable, COUNT_TESTS, f"{label}={status}=7={path}"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.splitlines()

    def test_passing(self):
        self.result("//a:googletest", "PASSED", GOOGLETEST.format(last=PASSES))
        self.result("//a:unittest", "PASSED", NO_XML, "Ran 4 tests in 0.1s\n\nOK\n")
        self.result("//a:neither", "PASSED", NO_XML, "all is well\n")
        self.assertEqual(self.count(0), (0, [
            "== default: 8 cases passed, 0 failed, 1 skipped, in 7 s",
            "8 passed, 0 failed",
        ]))

    def test_failing(self):
        self.result("//a:googletest", "FAILED", GOOGLETEST.format(last=FAILS))
        self.result("//a:unittest", "FAILED", NO_XML,
                    "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)\n")
        self.result("//a:neither", "FAILED", NO_XML, "Segmentation fault\n")
        self.assertEqual(self.count(3), (1, [
            "   //a:googletest: FAILED, 1 of 4 cases failed",
            "   //a:neither: FAILED, 1 of 1 cases failed",
            "   //a:unittest: FAILED, 2 of 5 cases failed",
            "== default: 4 cases passed, 4 failed, 2 skipped, in 7 s",
            "4 passed, 4 failed",
        ]))

    def test_timed_out(self):
        self.result("//a:slow", "TIMEOUT", log="Suite.first ... ok\n")
        self.assertEqual(self.count(3), (1, [
            "   //a:slow: TIMEOUT, 1 of 1 cases failed",
            "== default: 0 cases passed, 1 failed, 0 skipped, in 7 s",
            "0 passed, 1 failed",
        ]))

    def test_a_crash_after_skipped_cases_is_a_failed_case(self):
        self.result("//a:crashes", "FAILED", NO_XML, "Ran 1 test in 0.1s\n\nOK (skipped=1)\n")
        self.assertEqual(self.count(3)[1][-2:], [
            "== default: 0 cases passed, 1 failed, 1 skipped, in 7 s",
            "0 passed, 1 failed",
        ])

    def test_not_built(self):
        self.result("//a:unittest", "PASSED", NO_XML, "Ran 4 tests in 0.1s\n\nOK\n")
        self.assertEqual(self.count(1), (1, [
            "   bazel exited 1, 4 cases passed",
            "== default: 4 cases passed, 1 failed, 0 skipped, in 7 s",
            "4 passed, 1 failed",
        ]))

    def test_nothing_ran(self):
        status, lines = self.count(0)
        self.assertEqual((status, lines[-1]), (1, "0 passed, 1 failed"))

    def test_no_events(self):
        done = subprocess.run([sys.executable, COUNT_TESTS, f"asan=37=1={self.folder}/none"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (1, "0 passed, 1 failed"))

    def test_only_the_last_attempt_counts(self):
        self.result("//a:flaky", "FAILED", NO_XML, "Ran 1 test in 0.1s\n\nFAILED (failures=1)\n", attempt=1)
        self.result("//a:flaky", "FLAKY", NO_XML, "Ran 1 test in 0.1s\n\nOK\n", attempt=2)
        self.assertEqual(self.count(0)[1][-1], "1 passed, 0 failed")

    def test_each_shard_counts(self):
        for shard in (1, 2):
            self.result("//a:shards", "PASSED", NO_XML, "Ran 3 tests in 0.1s\n\nOK\n", shard=shard)
        self.assertEqual(self.count(0)[1][-1], "6 passed, 0 failed")

    def test_what_was_not_run_is_told_once_with_its_labels(self):
        self.result("//a:unittest", "PASSED", NO_XML,
                    "test_x (__main__.A) ... not run: needs root\n"
                    "skipped 'not run: needs root'\n"
                    "test_y (__main__.A) ... skipped 'no network'\n"
                    "Ran 2 tests in 0.1s\n\nOK (skipped=2)\n")
        self.result("//b:googletest", "PASSED", GOOGLETEST.format(last=PASSES),
                    "b_test.cc:12: Skipped\nnot run: needs root\n\nnot run: needs IPv6\n")
        self.assertEqual(self.count(0)[1], [
            "   not run: needs IPv6 (//b:googletest)",
            "   not run: needs root (//a:unittest, //b:googletest)",
            "== default: 3 cases passed, 0 failed, 3 skipped, in 7 s",
            "3 passed, 0 failed",
        ])

    def test_figures_are_shown(self):
        self.result("//a:fuzz", "PASSED", NO_XML,
                    "test_control (__main__.Fuzz) ... control: 20000 executions, all clean\n"
                    ".random: 5000 calls compared, 0 different\n"
                    "same without and with: 3 facts\n"
                    "they are compared\n")
        self.assertEqual(self.count(0)[1][:2], [
            "   control: 20000 executions, all clean (//a:fuzz)",
            "   random: 5000 calls compared, 0 different (//a:fuzz)",
        ])
        self.assertEqual(len(self.count(0)[1]), 4)

    def test_sums_over_the_configurations(self):
        self.result("//a:unittest", "PASSED", NO_XML, "Ran 4 tests in 0.1s\n\nOK\n")
        self.count(0)
        events = self.folder / "events"
        done = subprocess.run([sys.executable, COUNT_TESTS, f"one=0=1={events}", f"two=0=2={events}"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(re.findall(r"(?m)^== (\w+): .* in (\d+) s$", done.stdout), [("one", "1"), ("two", "2")])
        self.assertEqual(done.stdout.splitlines()[-1], "8 passed, 0 failed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
