#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Calls through the library and by number end alike: see differential.h.

The seed of the random run is LKOS_TEST_SEED (bazel test --test_env=LKOS_TEST_SEED=7), or 1."""

import os
import re
import unittest

import robust

PROBE = robust.HERE / "differential"
SUM = re.compile(r"^\w+: (\d+) calls compared, (\d+) different, (\d+) unsteady, (\d+) differ in the kernel alone$",
                 re.MULTILINE)
FAMILIES = {"TCP", "UDP", "AF_UNIX", "AF_PACKET", "netlink"}


class Differential(robust.Case):
    def compare(self, *words, at_least):
        ran = robust.run([PROBE, *words], robust.OURS)
        print(ran.out, flush=True)
        self.assertIn(f"recvmsg is of {robust.OURS[0].name}\n", ran.out)
        found = SUM.search(ran.out)
        self.assertTrue(found, ran.err)
        compared, different, unsteady, kernel = map(int, found.groups())
        self.assertEqual((ran.status, different, unsteady), (0, 0, 0), ran.out + ran.err)
        self.assertGreaterEqual(compared, at_least)
        self.assertLess(kernel, compared / 500, "the twins are not alike enough to say anything")
        return ran.out

    def test_every_interposed_call_is_in_the_table(self):
        names = {line.split(",")[0] for line in self.run_well([PROBE, "calls"]).splitlines()}
        self.assertEqual(names, robust.interposed())

    def test_hostile_calls(self):
        self.compare("table", "16", at_least=40000)

    def test_hostile_calls_of_a_process_without_timestamps(self):
        self.compare("quiet", at_least=12000)

    def test_random_calls(self):
        said = self.compare("random", os.environ.get("LKOS_TEST_SEED", "1"), "100000", at_least=100000)
        on = {family: int(calls) for family, calls in re.findall(r"^calls on (\w+): (\d+)$", said, re.MULTILINE)}
        here = FAMILIES - ({"AF_PACKET"} if "not run: packet" in said else set())
        self.assertGreaterEqual(sum(on[family] for family in here), 100000)
        for family in here:
            self.assertGreater(on[family], 5000, said)


if __name__ == "__main__":
    unittest.main()
