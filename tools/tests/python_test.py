#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lkos and its installer run on every Python from 3.6 on, which RHEL 8 has."""

import ast
import shutil
import unittest

import scratch

OLDEST = (3, 6)
NEWEST = (3, 14)

# What a syntax check does not see: modules, functions and arguments that came later.
LATER = {
    "cache", "capture_output=", "dataclasses", "dirs_exist_ok=", "fromisoformat", "graphlib", "is_relative_to",
    "metadata", "missing_ok=", "pairwise", "posix_spawn", "prod", "readlink", "reconfigure", "removeprefix",
    "removesuffix", "text=", "time_ns", "tomllib", "zoneinfo",
}


def names(tree):
    """(line, name) of what a program takes from others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, f"{keyword.arg}=") for keyword in node.keywords)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node.lineno, getattr(node, "module", None)
            yield from ((node.lineno, alias.name) for alias in node.names)


class Python(unittest.TestCase):
    def test_language_of_the_oldest(self):
        sources = [*sorted((scratch.TOOLS / "lkos").glob("*.py")), *sorted(scratch.TOOLS.glob("*.py"))]
        self.assertGreater(len(sources), 10)
        for source in sources:
            with self.subTest(source.name):
                tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=OLDEST)
                self.assertEqual([(line, name) for line, name in names(tree) if name in LATER], [])

    def test_every_python_that_is_here(self):
        program = scratch.prefix() / "share/lk_onload_stub/lkos/__main__.py"
        for minor in range(OLDEST[1], NEWEST[1] + 1):
            python = shutil.which(f"python3.{minor}")
            if not python or scratch.run(python, "--version").returncode != 0:
                print(f"not run: python3.{minor} is not here")
                continue
            with self.subTest(python):
                lkos = (python, "-IS", program, "lkos", "0")
                done = scratch.must(*lkos, "run", "--log", "-", "sh", "-c", "echo $LD_PRELOAD")
                self.assertEqual(done.stdout, f"{scratch.library()}\n")
                self.assertIn("lk_onload_stub: loaded", done.stderr)
                self.assertIn("onload_fd_stat", scratch.must(*lkos, "symbols").stdout)
                if scratch.run(python, "-I", "-c", "import elftools").returncode != 0:
                    print(f"not run: python3.{minor} has no pyelftools for check and doctor")
                    continue
                self.assertIn("It will run", scratch.must(*lkos, "check", scratch.app()).stdout)
                self.assertIn("All is well", scratch.must(*lkos, "doctor").stdout)

    def test_no_python(self):
        hidden = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
        hide = "mount --bind /dev/null $(readlink -f /usr/bin/python3)"
        if not shutil.which("unshare") or scratch.run(*hidden, hide).returncode != 0:
            print("not run: this machine lets us mount nothing over its Python")
            self.skipTest("no mount")
        done = scratch.run(*hidden, f"{hide} && exec {scratch.prefix()}/bin/lkos run true")
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        self.assertRegex(done.stderr, r"\Alkos: needs /usr/bin/python3, version 3.6 or later; [^\n]+\n\Z")


if __name__ == "__main__":
    scratch.main()
