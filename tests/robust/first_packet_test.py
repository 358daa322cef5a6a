#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A program that asks for a card's stamps gets one with its first packet, and only it makes the kernel stamp.

The kernel's switch for stamping is the machine's. Where another program keeps it on, less is shown, and the
test says so. LKOS_TEST_PROCESSES is how many are started of UDP, and of TCP."""

import os
import re
import unittest

import robust

PROBE = robust.HERE / "first_packet"
COUNTS = re.compile(r"(\d+) processes, (\d+) of them begun with stamping off, (\d+) first packets without a stamp\n")
PROCESSES = int(os.environ.get("LKOS_TEST_PROCESSES", 100))
BATCH = 100  # that one run of the probe starts
NOT_ALLOWED = 3  # exit status: no network of its own
ATTEMPTS = 3  # of what is about the switch alone, which another program may turn meanwhile


class FirstPacket(robust.Case):
    def probe(self, *words, preload=(robust.LIBRARY,)):
        ran = robust.run([PROBE, *words], preload)
        if ran.status == NOT_ALLOWED:
            self.not_run("a network namespace is not allowed here")
        self.assertEqual(ran.status, 0, ran.err)
        return ran.out

    def count(self, kind, processes, stamps="hardware", preload=(robust.LIBRARY,)):
        """How many were begun with stamping off, and how many first packets had no stamp."""
        seen = []
        while sum(total for total, _, _ in seen) < processes:
            said = self.probe(kind, BATCH, stamps, preload=preload)
            seen.append(tuple(map(int, COUNTS.fullmatch(said).groups())))
        total, off, without = map(sum, zip(*seen))
        print(f"{kind}, {stamps} stamps, {'with' if preload else 'without'} the library: {total} processes, {off} begun "
              f"with stamping off, {without} first packets without a stamp", flush=True)
        if off == 0:
            print("not shown: stamping is on already", flush=True)
        return off, without

    def stamped(self, kind, processes):
        self.assertEqual(self.count(kind, processes)[1], 0)

    def test_udp(self):
        self.stamped("udp", PROCESSES)

    def test_tcp(self):
        self.stamped("tcp", PROCESSES)

    def test_packet_that_comes_before_the_socket_asks_with_EF_RX_TIMESTAMPING(self):
        self.stamped("early_tcp", BATCH)

    def test_packet_that_comes_before_the_socket_asks_with_the_stack_option(self):
        self.stamped("stack_option", BATCH)

    def test_it_is_held_from_the_start_where_the_environment_says_so(self):
        for value in ("1", "2", "3", "03", "0", "4", "-1", "", " 1", "1 ", "yes", "4294967297", "18446744073709551617"):
            with self.subTest(value=value):
                said = self.run_well([PROBE, "started"], added={"EF_RX_TIMESTAMPING": value})
                self.assertEqual(said, f"held={'yes' if value in ('1', '2', '3', '03') else 'no'}\n")
        self.assertEqual(self.run_well([PROBE, "started"]), "held=no\n")

    def test_the_kernel_alone_stamps_later(self):
        """Or all of the above would show nothing. It may turn its switch in time for a packet that is sent afterwards."""
        for kind in ("udp", "tcp"):
            self.count(kind, BATCH, "software", ())
        off, without = self.count("early_tcp", BATCH, "software", ())
        if off:
            self.assertGreater(without, 0)

    def held(self, mode, preload, expected):
        """For how long it goes on, where no other program turns the switch meanwhile."""
        for _ in range(ATTEMPTS):
            said = self.probe(mode, preload=preload).splitlines()
            print("; ".join(said), flush=True)
            if said == expected:
                return
        if "on before=yes" in said or "on in the end=yes" in said:
            self.not_run("not shown: stamping is on already")
        self.assertEqual(said, expected)

    def expect_held(self, mode, preload, descriptor, held):
        lines = ["on before=no", f"another descriptor={descriptor}", f"on in a forked child={held}", "on in the end=no",
                 "on before=no", f"another descriptor={descriptor}", "on in an executed program=no", "on in the end=no"]
        self.held(mode, preload, lines)

    def test_it_is_held_for_the_process_and_its_children_and_no_longer(self):
        self.expect_held("held", (robust.LIBRARY,), descriptor="no", held="yes")

    def test_it_is_held_by_a_descriptor_where_a_socket_cannot_be_mapped(self):
        self.expect_held("unmapped", (robust.LIBRARY,), descriptor="yes", held="yes")

    def test_it_is_not_held_without_the_library(self):
        self.expect_held("held", (), descriptor="no", held="no")

    def test_it_is_held_once_there_is_a_descriptor_for_that(self):
        self.assertEqual(self.run_well([PROBE, "exhausted"]), "held with none left=no\nheld with more=yes\n")

    def test_asking_succeeds_where_loopback_is_down(self):
        self.assertEqual(self.probe("down"), "asked\n")


if __name__ == "__main__":
    unittest.main()
