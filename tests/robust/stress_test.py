#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Threads in every interposed call at once: see stress.c."""

import re
import unittest

import robust

PROBE = robust.HERE / "stress"
BEFORE = robust.HERE / "company_before.so"
SECONDS = 10
ROUNDS = 200  # of each thread; the slowest makes some 50,000 where no sanitizer slows it down


class Stress(robust.Case):
    def stress(self, seconds, *preload):
        ran = robust.run([PROBE, seconds], preload)
        print(ran.err, flush=True)
        self.assertEqual(ran.status, 0, ran.out + ran.err)
        found = re.search(r"^(\d+) threads, (\d+) rounds at least, 0 wrong$", ran.out, re.MULTILINE)
        self.assertTrue(found, ran.out)
        self.assertGreaterEqual(int(found[1]), 17)
        self.assertGreaterEqual(int(found[2]), ROUNDS)

    def test_no_thread_reads_what_nobody_wrote(self):
        self.stress(SECONDS, robust.LIBRARY)

    def test_every_interposed_call_is_made(self):
        self.assertEqual(set(self.run_well([PROBE, "calls"]).split()), robust.interposed())
        self.stress(2, BEFORE, robust.LIBRARY)  # which counts that they are


if __name__ == "__main__":
    unittest.main()
