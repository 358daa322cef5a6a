# SPDX-License-Identifier: GPL-2.0-only
"""How C is spelt."""

import re

WIDTH = 90  # columns of generated C
TAB = 8


def declare(ctype, name):
    """'char *', 'x' -> 'char *x'; 'int [5]', 'x' -> 'int x[5]'."""
    base, bracket, dimension = ctype.partition(" [")
    gap = "" if base.endswith("*") else " "
    return f"{base}{gap}{name}" + (f"[{dimension}" if bracket else "")


def call(head, parts, tail, continuation="\t\t"):
    """head(part, part)tail, wrapped to WIDTH columns."""
    lines = [head + "("]
    for i, part in enumerate(parts or ["void"]):
        piece = part + (", " if i + 1 < len(parts) else ")" + tail)
        if len((lines[-1] + piece).rstrip().expandtabs(TAB)) > WIDTH and i:
            lines.append(continuation)
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def of_libc(header):
    """Whether every program can include it: known by its folder, as Linux distributions install it."""
    return re.match(r"[^/]+$|(arpa|asm|asm-generic|bits|gnu|linux|net|netinet|netpacket|sys|\w+-linux-gnu)/", header)


def number(value):
    """As a C literal: decimal while it is short or negative, else hexadecimal."""
    return str(value) if value < 32 else f"0x{value:x}"
