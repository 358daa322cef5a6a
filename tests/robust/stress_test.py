#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Threads in every interposed call at once: see stress.c."""

import unittest

import robust

SECONDS = 10


class Stress(robust.Case):
    def test_no_thread_reads_what_nobody_wrote(self):
        self.assertEqual(self.run_well([robust.HERE / "stress", SECONDS]),
                         "12 threads, more than 1000 rounds, 0 wrong\n")


if __name__ == "__main__":
    unittest.main()
