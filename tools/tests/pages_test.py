#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is written for people: manual pages, completion, documents."""

import functools
import re
import shutil
import sys
import unittest

import scratch

sys.path.insert(0, str(scratch.TOOLS))

from lkos import doctor  # noqa: E402  (the path comes first)

DOCUMENTS = sorted(scratch.TOP.glob("*.md")) + sorted((scratch.TOP / "docs").glob("*.md"))


COMMANDS = ("run", "check", "symbols", "options", "doctor")


def pages():
    """The manual pages as they are installed."""
    return [scratch.prefix() / "share/man" / page for page in ("man1/lkos.1", "man7/lk_onload_stub.7")]


@functools.cache
def options_of(command):
    """Those that a command's --help tells of."""
    text = scratch.must(scratch.prefix() / "bin/lkos", command, "--help").stdout
    return re.findall(r"(?m)^  (?:-h, )?(-[-\w]+)", text)


def complete(*words):
    """What bash offers for the last word."""
    script = f"""
        PATH={scratch.prefix()}/bin:$PATH
        . {scratch.prefix()}/share/bash-completion/completions/lkos
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _lkos
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return scratch.must("bash", "-c", script, "bash", *words).stdout.split()


class ManualPages(unittest.TestCase):
    def test_there_are_no_others(self):
        there = [page for page in (scratch.prefix() / "share/man").rglob("*") if page.is_file()]
        self.assertEqual(sorted(there), pages())

    def test_no_warning(self):
        if not shutil.which("mandoc"):
            print("not run: mandoc is not installed")
            self.skipTest("no mandoc")
        done = scratch.run("mandoc", "-T", "lint", "-W", "warning", *pages())
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stdout)

    def test_every_option_is_described(self):
        """In the words of --help, each in its section."""
        page = pages()[0].read_text(encoding="utf-8")
        self.assertNotIn("@", page)
        for command in COMMANDS:
            section = page.split(f"\n.Ss lkos {command}\n")[1].split("\n.Ss ")[0].replace("\\-", "-")
            self.assertTrue(options_of(command))
            for option in options_of(command):
                self.assertRegex(section, rf"(?m)^(-h, )?{option}\b", f"lkos {command} {option}")


class Completion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(complete("lkos", ""), [*COMMANDS, "--help", "--version"])
        self.assertEqual(complete("lkos", "ch"), ["check"])

    def test_options(self):
        self.assertEqual(complete("lkos", "run", "-"), ["--emulate", "--log", "--anyway", "--dry-run", "-v", "--help"])
        self.assertEqual(complete("lkos", "check", "--j"), ["--json"])
        self.assertEqual(complete("lkos", "symbols", "--r"), ["--release"])
        self.assertEqual(complete("lkos", "doctor", "--h"), ["--help"])

    def test_options_are_those_that_there_are(self):
        for command in COMMANDS:
            self.assertEqual(set(complete("lkos", command, "-")), set(options_of(command)))

    def test_programs_and_files(self):
        self.assertIn("true", complete("lkos", "run", "tru"))
        self.assertEqual(
            set(complete("lkos", "run", "-v", "/etc/host")), set(complete("lkos", "check", "/etc/host"))
        )
        self.assertIn("/etc/hostname", complete("lkos", "check", "/etc/hostn"))
        self.assertEqual(complete("lkos", "run", "true", "-"), [])
        self.assertIn("/etc/hostname", complete("lkos", "run", "--log", "/etc/hostn"))

    def test_symbols(self):
        self.assertEqual(complete("lkos", "symbols", "onload_fd_s"), ["onload_fd_stat"])
        self.assertEqual(complete("lkos", "symbols", "tcp_"), ["tcp_info"])

    def test_onloads_options(self):
        self.assertEqual(complete("lkos", "options", "EF_TX_PUSH"), ["EF_TX_PUSH", "EF_TX_PUSH_THRESHOLD"])


class Documents(unittest.TestCase):
    """Labels, files and links are looked at by docs/names_test.py."""

    def test_there_are_documents(self):
        self.assertLessEqual(
            {"CONTRIBUTING.md", "README.md", "answered.md"}, {document.name for document in DOCUMENTS}
        )

    def test_limits_are_those_of_doctor(self):
        text = (scratch.TOP / "README.md").read_text(encoding="utf-8")
        for what, oldest in (("Linux", doctor.OLDEST_LINUX), ("pyelftools[^|]*", doctor.OLDEST_ELFTOOLS)):
            self.assertRegex(text, rf"(?m)^\| {what} \| {oldest[0]}\.{oldest[1]} \|")

    def test_commands_exist(self):
        """Each `lkos ...` that a document names is one, with options that it has."""
        for document in DOCUMENTS:
            text = document.read_text(encoding="utf-8")
            for command, rest in re.findall(r"\blkos (run|check|symbols|options|doctor)\b([^`\n|]*)", text):
                for word in rest.split():
                    if not word.startswith("--") or word == "--":
                        break
                    self.assertIn(
                        word.split("=")[0], options_of(command), f"{document.name}: lkos {command}{rest}"
                    )

    def test_functions_exist(self):
        known = (scratch.TOP / "generated/spec.json").read_text(encoding="utf-8")
        for document in DOCUMENTS:
            if document.name == "new_onload_release.md":  # is about functions that do not exist yet
                continue
            for name in re.findall(r"`(onload_\w+)(?:\(\))?`", document.read_text(encoding="utf-8")):
                self.assertIn(f'"{name}"', known, document.name)


if __name__ == "__main__":
    scratch.main()
