#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Damaged input for the two readers that are Python: the generator's of its YAML, the launcher's of ELF files.

Whatever is done to it, the answer is one of those that are documented, and never a traceback. Seeded:
LKOS_TEST_SEED chooses other damage, LKOS_TEST_ROUNDS more of it.
"""

import contextlib
import io
import os
import pathlib
import random
import re
import resource
import signal
import sys
import tempfile
import unittest

import robust

ROOT = robust.HERE.parents[1]
SEED = int(os.environ.get("LKOS_TEST_SEED", "1"))
ROUNDS = int(os.environ.get("LKOS_TEST_ROUNDS", "1"))
sys.path[:0] = [str(ROOT / "codegen"), str(ROOT / "tools")]
sys.dont_write_bytecode = True  # these folders are the project's own

from elftools.elf.elffile import ELFFile  # noqa: E402

import main as codegen  # noqa: E402
from lkos import elf_facts, elf_header, trouble  # noqa: E402

SPECS = 120  # damaged specs in a round
HEADERS, FACTS = 10000, 3000  # damaged files that are read in part, and whole
MEMORY = 1 << 30  # bytes of address space: a length that lies must not be believed
PATIENCE = 10  # seconds for one file; the slowest takes some hundredths


class Spec(unittest.TestCase):
    WORDS = ["", "[]", "{}", "null", "-1", "1e9", "yes", "*x", "&x a", "!!python/object:os.system", "|", '"', "'",
             "\t", "\0", "\ufeff", "int", "void", "handwritten", "{value: 1}", "{neg_errno: 5}", "- ", "? ", ": ", "@",
             "%", "0x", "name", "since", "a" * 300, "\u2028", "\ud800", "99999999999999999999999", "~", "<<: *x"]

    def small(self):
        """The spec with the first entries of its longest lists: read a hundred times, it must be short."""
        text = (ROOT / "spec/onload_api.yaml").read_text(encoding="utf-8")
        chapters = re.split(r"^(?=[a-z_]+:)", text, flags=re.MULTILINE)
        kept = []
        for chapter in chapters:
            entries = re.split(r"^(?=  - )", chapter, flags=re.MULTILINE)
            most = {"functions": 5, "constants": 4, "types": 4, "enums": 2, "inlines": 1}
            kept += entries[:most.get(entries[0].split(":")[0], len(entries)) + 1]
        return "".join(kept)

    def damage(self, text, luck):
        lines = text.splitlines(keepends=True)
        for _ in range(luck.randint(1, 3)):
            at = luck.randrange(len(lines))
            how = luck.randrange(8)
            if how == 0:
                del lines[at]
            elif how == 1:
                lines.insert(at, lines[luck.randrange(len(lines))])
            elif how == 2:
                lines[at] = luck.choice([" ", "  ", "   "]) + lines[at]
            elif how == 3:
                lines[at] = lines[at].lstrip(" ")
            elif how == 4 and ":" in lines[at]:
                lines[at] = lines[at].split(":")[0] + ": " + luck.choice(self.WORDS) + "\n"
            elif how == 5:
                place = luck.randrange(len(lines[at]))
                lines[at] = lines[at][:place] + luck.choice(self.WORDS) + lines[at][place:]
            elif how == 6:
                words = re.findall(r"\w+", text)
                lines[at] = re.sub(r"\w+", lambda found: luck.choice([found[0], luck.choice(words)]), lines[at])
            else:
                del lines[at:at + luck.randint(1, 40)]
            lines = lines or ["\n"]
        return "".join(lines)

    def answer(self, path, out):
        said, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            status = codegen.main(["--check", "--spec", str(path), "--out", str(out)])
        return status, complained.getvalue()

    def test_a_damaged_spec_is_told_by_file_and_line(self):
        text, counts = self.small(), {}
        with tempfile.TemporaryDirectory() as folder:
            path, out = pathlib.Path(folder, "damaged.yaml"), pathlib.Path(folder, "generated")
            out.mkdir()
            path.write_text(text, encoding="utf-8")
            status, said = self.answer(path, out)
            self.assertEqual(status, 1, said)  # it is well, and nothing has been made of it
            for turn in range(SPECS * ROUNDS):
                luck = random.Random(SEED * 1000003 + turn)
                path.write_bytes(self.damage(text, luck).encode("utf-8", "surrogatepass"))
                with self.subTest(seed=SEED, turn=turn):
                    status, said = self.answer(path, out)
                    counts[status] = counts.get(status, 0) + 1
                    self.assertIn(status, (1, 2))
                    if status == 2:
                        self.assertRegex(said, rf"{re.escape(str(path))}(:\d+: .|: cannot be read: .)")
                    self.assertFalse(list(out.iterdir()), "it wrote something")
        print(f"seed {SEED}: {sum(counts.values())} damaged specs, {counts.get(2, 0)} refused", flush=True)


class TooLong(BaseException):
    """What no reader catches."""


def too_long(number, frame):
    raise TooLong(f"longer than {PATIENCE} s")


@contextlib.contextmanager
def in_time():
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)


class Elf(unittest.TestCase):
    NUMBERS = [0, 1, 2, 3, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF,
               0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFF000]
    PROGRAMS = [ROOT / "liblk_onload_stub.so", ROOT / "libonload_ext.so.1", pathlib.Path("/bin/true")]
    # The sections that readers follow from one place to the next.
    FOLLOWED = ("SHT_DYNAMIC", "SHT_NOTE", "SHT_DYNSYM", "SHT_SYMTAB", "SHT_STRTAB", "SHT_HASH", "SHT_GNU_HASH",
                "SHT_GNU_versym", "SHT_GNU_verneed", "SHT_GNU_verdef")

    @classmethod
    def setUpClass(cls):
        cls.limits = resource.getrlimit(resource.RLIMIT_AS)
        cls.handler = signal.signal(signal.SIGALRM, too_long)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, cls.limits[1]))

    @classmethod
    def tearDownClass(cls):
        resource.setrlimit(resource.RLIMIT_AS, cls.limits)
        signal.signal(signal.SIGALRM, cls.handler)

    def programs(self):
        """[(bytes of an ELF file, [(name of a part, where it begins, its size)])]"""
        found = []
        for path in self.PROGRAMS:
            data = path.read_bytes()
            elf = ELFFile(io.BytesIO(data))
            parts = [("file header", 0, 64),
                     ("program headers", elf["e_phoff"], elf["e_phnum"] * elf["e_phentsize"]),
                     ("section headers", elf["e_shoff"], elf["e_shnum"] * elf["e_shentsize"])]
            parts += [(section.name, section["sh_offset"], section["sh_size"]) for section in elf.iter_sections()
                      if section["sh_type"] in self.FOLLOWED and section["sh_size"]]
            parts.append(("anywhere", 0, len(data)))
            found.append((data, parts))
        return found

    def spoil(self, data, at, luck):
        """One change at this place."""
        how = luck.randrange(6)
        if how == 0 and at < len(data):
            data[at] ^= 1 << luck.randrange(8)
        elif how in (1, 2, 3):
            size = luck.choice([1, 2, 4, 8])
            at -= at % size if luck.randrange(4) else 0  # mostly a whole field
            number = luck.choice(self.NUMBERS) & ((1 << 8 * size) - 1)
            data[at:at + size] = number.to_bytes(size, luck.choice(["little", "little", "big"]))
        elif how == 4:
            del data[at:luck.choice([len(data), at + luck.randint(1, 64)])]
        else:
            data[at:at] = luck.randbytes(luck.randint(1, 64))

    def damage(self, original, luck, counts):
        data, parts = original
        data = bytearray(data)
        for _ in range(luck.choice([1, 1, 1, 2, 4])):
            name, begin, size = luck.choice(parts)
            counts[name] = counts.get(name, 0) + 1
            self.spoil(data, begin + luck.randrange(size), luck)
        return bytes(data)

    def read_damaged(self, rounds, originals, read):
        answered, counts = 0, {}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "damaged")
            for turn in range(rounds * ROUNDS):
                luck = random.Random(SEED * 1000003 + turn)
                path.write_bytes(self.damage(luck.choice(originals), luck, counts))
                try:
                    with in_time():
                        read(path)
                    answered += 1
                except (OSError, trouble.Trouble) as error:
                    self.assertTrue(str(error))
                except BaseException as error:
                    raise AssertionError(f"seed {SEED}, turn {turn}: {error!r}") from error
        print(f"seed {SEED}: {rounds * ROUNDS} damaged files, {answered} of them could be read; damaged: {counts}",
              flush=True)
        return answered

    def test_a_number_of_sections_that_lies_is_refused(self):
        """Where e_shnum is 0, the size of the first section counts them: here 2 to the 40th, all in one place."""
        data = bytearray(self.PROGRAMS[0].read_bytes())
        sections = int.from_bytes(data[0x28:0x30], "little")
        data[0x3A:0x3E] = bytes(4)  # e_shentsize, e_shnum
        data[sections + 0x20:sections + 0x28] = (1 << 40).to_bytes(8, "little")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "damaged")
            path.write_bytes(data)
            try:
                with in_time(), self.assertRaises(trouble.Trouble):
                    elf_facts.read(str(path))
            except TooLong as error:
                raise AssertionError(f"it takes {error}") from error

    def test_a_damaged_program_is_told_apart(self):
        small = [(data, [("all of it", 0, len(data) + 1)]) for data in (b"#!/bin/sh -e\n", b"\x7fELF", b"")]
        self.read_damaged(HEADERS, self.programs() + small, lambda path: self.assertIn(
            elf_header.read(path).kind, ("elf", "script", "other")))

    def test_a_damaged_program_is_checked_or_refused(self):
        answered = self.read_damaged(FACTS, self.programs(), lambda path: elf_facts.read(str(path)))
        # Damage that is always refused at the door tries nothing behind it.
        self.assertGreater(answered, FACTS * ROUNDS / 5)


if __name__ == "__main__":
    unittest.main()
