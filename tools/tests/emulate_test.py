#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The emulation in lkos: run, check, symbols and doctor with it, and the options of Onload."""

import json
import os
import re
import unittest

import scratch

SAYS_PRESENT = """
#include <onload/extensions.h>
#include <stdio.h>
int main(void)
{
	printf("%d\\n", onload_is_present());
	return 0;
}
"""


def emulation():
    return scratch.prefix() / "lib/liblk_onload_emulation.so"


class Emulate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = scratch.compiled("says_present", SAYS_PRESENT, *scratch.pkg_config())

    def test_run_preloads_both_and_the_emulation_first(self):
        preloaded = scratch.lkos("run", "--emulate", "--dry-run", "/bin/true").stdout.split()[0]
        self.assertEqual(preloaded, f"LD_PRELOAD={emulation()}:{scratch.library()}")

    def test_run_emulates_only_if_told_to(self):
        for options, present in ((["--emulate"], "1\n"), ([], "0\n")):
            done = scratch.lkos("run", *options, self.program)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, present, ""))

    def test_run_does_not_preload_it_twice(self):
        done = scratch.lkos("run", "--emulate", "--", scratch.prefix() / "bin/lkos", "run", "--emulate", "--dry-run",
                            "/bin/true")
        self.assertEqual(done.stdout.split()[0], f"LD_PRELOAD={emulation()}:{scratch.library()}")

    def test_run_keeps_it_before_the_library(self):
        done = scratch.lkos("run", "--emulate", "--", scratch.prefix() / "bin/lkos", "run", "--dry-run", "/bin/true")
        self.assertEqual(done.stdout.split()[0], f"LD_PRELOAD={emulation()}:{scratch.library()}")

    def test_check_shows_its_answers(self):
        for options, answer in ((["--emulate"], "1"), ([], "0")):
            said = json.loads(scratch.lkos("check", *options, "--json", self.program).stdout)
            self.assertEqual([row["answer"] for row in said["symbols"]], [answer])
        self.assertIn("It will run: lkos run --emulate ", scratch.lkos("check", "--emulate", self.program).stdout)

    def test_symbols_shows_both_answers(self):
        rows = {row["name"]: row for row in json.loads(scratch.lkos("symbols", "--json").stdout)}
        row = rows["onload_is_present"]
        self.assertEqual((row["answer"], row["emulated"]), ("0", "1"))
        for name in ("onload_is_present", *[name for name in rows if not rows[name]["emulated"]][:1]):
            said = scratch.lkos("symbols", name).stdout
            self.assertEqual("\nemulated:" in said, bool(rows[name]["emulated"]), name)

    def test_doctor_tries_it(self):
        done = scratch.lkos("doctor", "--emulate")
        self.assertIn(f"the emulation answers: {emulation()}", done.stdout)
        self.assertTrue(done.stdout.endswith("All is well: lkos run --emulate ./app\n"), done.stdout)

    def test_doctor_tells_where_packets_are_known_from(self):
        def told(*before, **options):
            done = scratch.run(*before, scratch.prefix() / "bin/lkos", "doctor", "--emulate", **options)
            return re.search("^ok +packets of TCP: (.*)$", done.stdout, re.MULTILINE)[1]

        self.assertEqual(told(env=dict(os.environ, LKOS_TAP="0")), "by TCP_INFO's counters, because LKOS_TAP is 0")
        if os.geteuid() != 0:
            self.skipTest("not run: needs root")
        self.assertEqual(told(), "each one, as a packet socket sees it come")
        without = told("setpriv", "--bounding-set=-net_raw")
        self.assertTrue(without.startswith("by TCP_INFO's counters; with CAP_NET_RAW each one is known"), without)
        self.assertIn("--ambient-caps=+net_raw", without)


class Options(unittest.TestCase):
    def options(self, *args):
        done = scratch.lkos("options", *args)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_all_that_there_are(self):
        listed = json.loads((scratch.TOP / "generated/options.json").read_text(encoding="utf-8"))["options"]
        rows = json.loads(self.options("--json"))
        self.assertEqual([row["name"] for row in rows], [option["name"] for option in listed])
        self.assertEqual(len(self.options().splitlines()), 2 + len(rows))

    def test_one(self):
        for name in ("EF_TCP_SYNRECV_MAX", "TCP_SYNRECV_MAX"):
            said = self.options(name)
            for fact in ("EF_TCP_SYNRECV_MAX\n", "0 to 2097152", "1024, 4 * net/ipv4/tcp_max_syn_backlog",
                         "kept, without effect"):
                self.assertIn(fact, said)

    def test_what_acts_is_told(self):
        self.assertIn("sockets are plain until a stack is named", self.options("EF_DONT_ACCELERATE"))

    def test_one_name_of_two(self):
        self.assertEqual([row["scope"] for row in json.loads(self.options("EF_SPIN_USEC", "--json"))],
                         ["stack", "process"])

    def test_no_such_option(self):
        done = scratch.lkos("options", "EF_TCP_SNDBUFF")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("EF_TCP_SNDBUFF: no option by that name; perhaps EF_TCP_SNDBUF", done.stderr)

    def test_help_has_an_example(self):
        self.assertIn("lkos options EF_TCP_SNDBUF\n", self.options("--help"))


if __name__ == "__main__":
    scratch.main()
