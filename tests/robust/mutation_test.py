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
import sys
import tempfile
import unittest

import robust

ROOT = robust.HERE.parents[1]
SEED = int(os.environ.get("LKOS_TEST_SEED", "1"))
ROUNDS = int(os.environ.get("LKOS_TEST_ROUNDS", "1"))
sys.path[:0] = [str(ROOT / "codegen"), str(ROOT / "tools")]
sys.dont_write_bytecode = True  # these folders are the project's own

import main as codegen  # noqa: E402
from lkos import elf_facts, elf_header, trouble  # noqa: E402

SPECS = 120  # damaged specs in a round
HEADERS, FACTS = 3000, 150  # damaged ELF files


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
            most = {"functions": 5, "constants": 4, "types": 1, "enums": 2, "inlines": 1}
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


class Elf(unittest.TestCase):
    NUMBERS = [0, 1, 2, 3, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF,
               0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFF000]

    def originals(self):
        paths = [ROOT / "liblk_onload_stub.so", ROOT / "libonload_ext.so.1", pathlib.Path("/bin/true")]
        return [path.read_bytes() for path in paths] + [b"#!/bin/sh -e\n", b"\x7fELF", b""]

    def damage(self, data, luck):
        data = bytearray(data)
        for _ in range(luck.choice([1, 1, 1, 2, 4])):
            how = luck.randrange(6)
            # Mostly where the headers are.
            at = luck.randrange(max(1, min(len(data), luck.choice([20, 64, 1024, len(data) or 1]))))
            if how == 0 and data:
                data[at % len(data)] ^= 1 << luck.randrange(8)
            elif how in (1, 2):
                size = luck.choice([1, 2, 4, 8])
                number = luck.choice(self.NUMBERS) & ((1 << 8 * size) - 1)
                data[at:at + size] = number.to_bytes(size, luck.choice(["little", "big"]))
            elif how == 3:
                del data[luck.randrange(len(data) + 1):]
            elif how == 4:
                del data[at:at + luck.randint(1, 64)]
            else:
                data[at:at] = luck.randbytes(luck.randint(1, 64))
        return bytes(data)

    def read_damaged(self, rounds, read):
        originals, answered = self.originals(), 0
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "damaged")
            for turn in range(rounds * ROUNDS):
                luck = random.Random(SEED * 1000003 + turn)
                path.write_bytes(self.damage(luck.choice(originals), luck))
                with self.subTest(seed=SEED, turn=turn):
                    try:
                        read(path)
                        answered += 1
                    except (OSError, trouble.Trouble) as error:
                        self.assertTrue(str(error))
        print(f"seed {SEED}: {rounds * ROUNDS} damaged files, {answered} of them could be read", flush=True)

    def test_a_damaged_program_is_told_apart(self):
        self.read_damaged(HEADERS, lambda path: self.assertIn(
            elf_header.read(path).kind, ("elf", "script", "other")))

    def test_a_damaged_program_is_checked_or_refused(self):
        self.read_damaged(FACTS, lambda path: elf_facts.read(str(path)))


if __name__ == "__main__":
    unittest.main()
