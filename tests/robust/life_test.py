#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What processes do in their lives, under the library: see life.c."""

import re
import unittest

import robust

PROBE = robust.HERE / "life"
NO_MALLOC = robust.HERE / "no_malloc.so"
SIGNAL_BEHIND = robust.HERE / "signal_behind.so"

# What the library is for. 0x44: hardware stamps; 0x18: software; 0x5c: both.
WELL = """asked 0x44, read 0x44, received --T
asked 0x18, read 0x18, received T--
asked 0x5c, read 0x5c, received T-T
asked 0x0, read 0x0, received none
"""
# Without it.
BARE = """asked 0x44, read 0x44, received none
asked 0x18, read 0x18, received T--
asked 0x5c, read 0x5c, received T--
asked 0x0, read 0x0, received none
"""


class Life(robust.Case):
    def expect(self, words, facts, preload=(robust.LIBRARY,)):
        self.assertEqual(self.run_well([PROBE, *words], preload), facts)

    def without_sanitizer(self):
        if robust.is_sanitized():
            self.not_run("a sanitizer's runtime cannot do without memory")

    def test_the_measure(self):
        self.expect(["plain"], WELL)
        self.expect(["plain"], BARE, preload=())

    def test_signal_handlers(self):
        self.expect(["signals"], "handled 2000 signals, 0 wrong, 0 wrong in the handler\n" + WELL)

    def test_signal_handlers_at_each_point_inside(self):
        def points(said):
            return [(name, int(count)) for name, count in re.findall(r"^(\w+): signals at (\d+) points$", said,
                                                                     re.MULTILINE)]

        said = self.run_well([PROBE, "signals_inside"], (robust.LIBRARY, SIGNAL_BEHIND))
        print(said, flush=True)
        self.assertNotIn("wrong: ", said)
        self.assertIn(", 0 wrong in the handler\n" + WELL, said)
        bare = points(self.run_well([PROBE, "signals_inside"], (SIGNAL_BEHIND,)))
        self.assertEqual([name for name, _ in bare], ["setsockopt"] * 2 + ["getsockopt"] * 2 + ["recvmsg"] * 2)
        # Where the library makes further calls, it was inside: not when it reads flags, since it asks for the
        # socket's times past libc, nor in a receive on a number that it knows.
        for (name, count), (_, before) in zip(points(said)[:2] + points(said)[5:], bare[:2] + bare[5:]):
            self.assertGreater(count, before, name)

    def test_setters_that_do_not_return(self):
        said = "".join(f"{how}: 64 times at each point, 0 wrong\nthen read 0x44, received --T\n"
                       for how in ("siglongjmp", "the process ends"))
        self.expect(["left_setters"], said + WELL, (robust.LIBRARY, SIGNAL_BEHIND))

    def test_cancelled_threads(self):
        calls = ["recvmsg", "recvmsg, one packet", "recvmmsg", "recv", "recvfrom", "accept", "accept4", "send",
                 "sendmsg"]
        self.expect(["cancel"], "".join(f"{call} without stamps: 10 of 10 cancelled, then read 0x0, received none\n"
                                        for call in ("recvmsg", "send"))
                    + "".join(f"{call}: 10 of 10 cancelled, then read 0x44, received --T\n" for call in calls) + WELL)

    def test_fork_while_threads_receive(self):
        self.expect(["fork"], "100 children, 0 wrong\n" + WELL)

    def test_a_forking_server(self):
        self.expect(["forking_server"], "16 connections, 0 not as the listener\n" + WELL)

    def test_vfork_and_posix_spawn(self):
        inherited = "inherited: read 0x44, received --T\n"
        self.expect(["spawn"], inherited + "spawned: status 0\n" + inherited + "after vfork: status 0\n"
                    + "here: read 0x44, received --T\n" + WELL)

    def test_a_child_of_vfork_has_descriptors_of_its_own(self):
        seen = "hardware --T, software T--\n"
        self.expect(["vfork_duplicates"], seen + seen + "read 0x44 and 0x18\n")

    def test_a_child_of_vfork_that_unshares_takes_nothing_away(self):
        self.expect(["vfork_unshares"], "read 0x5c\n")

    def test_exec_with_the_library(self):
        self.expect(["exec"], "before: read 0x44\ninherited: read 0x44, received --T\n")

    def test_exec_without_the_library(self):
        # The kernel's flags are what remains.
        self.expect(["exec", "bare"], "before: read 0x44\ninherited: read 0x5c, received T--\n")

    def test_dlopen_and_dlclose(self):
        if robust.is_sanitized():
            print("not run: RTLD_DEEPBIND: a sanitizer's runtime refuses it", flush=True)
        for how in ("local",) if robust.is_sanitized() else ("local", "deep"):
            for preload, facts in (((), BARE), ((robust.LIBRARY,), WELL)):
                with self.subTest(how=how, preload=preload):
                    self.expect(["dlopen", robust.LIBRARY, how],
                                "10 times opened, 10 times answered, then still there\n" + facts, preload)

    def test_a_hundred_thousand_descriptors(self):
        said = self.run_well([PROBE, "many", 100000])
        if said.startswith("not run: "):  # then as many in several processes
            print(said.splitlines()[0], flush=True)
            said = said.split("\n", 1)[1]
        self.assertEqual(said, "100000 sockets, 0 not as they were set\n" + WELL)

    def test_limits_that_change(self):
        self.expect(["limits"], "above the limit: read 0x44, received --T\ndup2 above the limit: -1\n"
                    "below it again: read 0x5c, received T-T\n" + WELL)

    def test_no_memory_from_malloc(self):
        self.without_sanitizer()
        for preload in ((robust.LIBRARY, NO_MALLOC), (NO_MALLOC, robust.LIBRARY)):
            self.expect(["short_of_memory"], "malloc gives none\n" + WELL, preload)

    def test_no_memory_from_mmap(self):
        self.without_sanitizer()
        said = self.run_well([PROBE, "without_mmap", "plain"])
        if said.startswith("not run: "):
            self.not_run(said)
        self.assertEqual(said, WELL)


if __name__ == "__main__":
    unittest.main()
