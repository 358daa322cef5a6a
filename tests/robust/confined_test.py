#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Programs with little room, under the library: see confined.c."""

import socket
import tempfile
import unittest

import robust

PROBE = robust.HERE / "confined"
# Bytes of the caller's stack, beyond those of the same system call, as docs/security.md has them. A signal handler
# may have as few as MINSIGSTKSZ, 2,048.
STACK, STACK_WITH_LOG = 1024, 3072

# What the library is for. 0x44: hardware stamps; 0x18: software; 0x5c: both.
WELL = """asked 0x44, read 0x44, received --T
asked 0x18, read 0x18, received T--
asked 0x5c, read 0x5c, received T-T
asked 0x0, read 0x0, received none
"""


class Confined(robust.Case):
    def said(self, *words, **more):
        """What it says with the library; it must not be what this machine cannot do."""
        bare = self.run_well([PROBE, *words], (), **more)
        if bare.startswith("not run: "):
            self.not_run(bare[len("not run: "):].strip())
        return self.run_well([PROBE, *words], **more)

    def test_a_sandbox_of_message_calls_needs_no_other(self):
        self.assertEqual(self.said("sandbox"), "nothing arrived: status 0\na file arrived: status 0\n"
                         "a socket arrived: status 0\n")

    def test_a_sandbox_whose_standard_input_is_a_socket(self):
        ends = socket.socketpair()
        for one in (*ends, socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()):
            with one, self.subTest(family=one.family, type=one.type):
                self.assertEqual(self.said("sandbox_alone", stdin=one), "lived\n")

    def test_a_sandbox_in_which_a_process_forks(self):
        self.assertEqual(self.said("sandbox_forks"), "forked: status 0\n")

    def test_a_sandbox_beside_a_process_that_descriptors_arrive_in(self):
        self.assertEqual(self.said("sandbox_sibling"), "the sibling: status 0\nin the sandbox: status 0\n")

    def test_no_memory_is_shared_with_other_processes(self):
        self.assertEqual(self.said("shared_memory"),
                         WELL + "0 shared mappings that can be written\n" + WELL + "0 in a child\n")

    def test_all_memory_can_be_locked_where_little_may(self):
        self.assertEqual(self.said("locked_memory"), "mlockall: 0\n" + WELL)

    def test_sockets_of_a_user_who_was_given_up(self):
        ways = ["itself", "dup", "dup2 to itself", "refused dup3 to itself", "dup2", "dup3", "F_DUPFD",
                "F_DUPFD_CLOEXEC", "in a child"]
        self.assertEqual(self.said("rights_dropped"),
                         "".join(f"{way}: read 0x5c\n" for way in ways) + "set anew: read 0x44\n")

    def expect_stack(self, most, **more):
        ran = robust.run([PROBE, "small_stack", most], (robust.LIBRARY,), **more)
        print(ran.err, flush=True)
        self.assertEqual(ran.out, "".join(f"{call}: fits\n" for call in (
            "sendmsg", "sendmmsg", "setsockopt", "setsockopt of hardware stamps", "getsockopt", "recvmsg", "accept")))

    def test_a_small_stack_is_enough(self):
        self.expect_stack(STACK)

    def test_a_small_stack_is_enough_for_a_log(self):
        with tempfile.TemporaryFile() as log:
            self.expect_stack(STACK_WITH_LOG, added={"LKOS_LOG_FD": str(log.fileno())}, pass_fds=(log.fileno(),))
            log.seek(0)
            self.assertIn(b"0x44 requested", log.read())

    def test_a_descriptor_whose_file_system_does_not_answer(self):
        self.assertEqual(self.said("unanswered"), WELL + "started with it: status 0\n")


if __name__ == "__main__":
    unittest.main()
