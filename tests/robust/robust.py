# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs with and without the library, each within a time limit and in a process group of its own."""

import os
import pathlib
import signal
import subprocess
import sys
import typing
import unittest

from elftools.elf.elffile import ELFFile

HERE = pathlib.Path(sys.argv[0]).absolute().parent  # Bazel's runfiles; ours is a link to elsewhere
LIBRARY = HERE.parents[1] / "liblk_onload_stub.so"
EMULATION = HERE.parents[1] / "liblk_onload_emulation.so"
# What is preloaded: the stub, or both libraries where the test says so (BUILD.bazel).
OURS = (EMULATION, LIBRARY) if os.environ.get("LKOS_TEST_EMULATED") else (LIBRARY,)
LIMIT = 100  # seconds; nothing is expected to come near


def interposed():
    """The names of libc's that the library stands in front of."""
    with open(LIBRARY, "rb") as file:
        exports = {symbol.name for symbol in ELFFile(file).get_section_by_name(".dynsym").iter_symbols()
                   if symbol["st_shndx"] != "SHN_UNDEF"}
    return {name for name in exports if not name.startswith(("onload_", "oo_"))}


def is_sanitized():
    """Was it built with a sanitizer, whose runtime has a malloc and memory of its own?"""
    with open(LIBRARY, "rb") as file:
        dynamic = ELFFile(file).get_section_by_name(".dynamic")
        return any("san.so" in tag.needed for tag in dynamic.iter_tags("DT_NEEDED"))


class Ran(typing.NamedTuple):
    status: int
    out: str
    err: str


def environment(preload=(), **added):
    """That of this test, without what would get in the way. preload: libraries, the first one first."""
    env = {name: value for name, value in os.environ.items()
           if name != "LD_PRELOAD" and not name.startswith("LKOS_")}
    if preload:
        env["LD_PRELOAD"] = ":".join(str(library) for library in preload)
    # Ours is preloaded, so it comes before the sanitizer's own library.
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    env.update(added)
    return env


def start(words, preload=(), added=None, **more):
    """A process that runs on; stop() ends it."""
    more.setdefault("stdin", subprocess.DEVNULL)
    more.setdefault("stdout", subprocess.PIPE)
    more.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([str(word) for word in words], text=True, start_new_session=True,
                            env=environment(preload, **(added or {})), **more)


def stop(process, number=signal.SIGKILL):
    """Ends it, with all that it started. Returns what it had said."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
    return process.communicate(timeout=LIMIT)


def run(words, preload=(), added=None, limit=LIMIT, **more):
    """Runs it to its end. Of what it says only text that differs from run to run may be cut by the caller."""
    process = start(words, preload, added, **more)
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        out, err = stop(process)
        raise AssertionError(f"{words} ran longer than {limit} s; it had said:\n{out}{err}") from None
    return Ran(process.returncode, out or "", err or "")


class Case(unittest.TestCase):
    maxDiff = 4000

    def not_run(self, what):
        """What the machine lacks is said, not passed over."""
        print(f"not run: {self.id().split('.', 1)[1]}: {what}", flush=True)
        self.skipTest(what)

    def run_well(self, words, preload=OURS, added=None, **more):
        """Its output; it must end with status 0."""
        ran = run(words, preload, added, **more)
        self.assertEqual(ran.status, 0, f"{words}\n{ran.out}{ran.err}")
        return ran.out
