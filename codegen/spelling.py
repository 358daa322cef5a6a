# SPDX-License-Identifier: GPL-2.0-only
"""How C is spelt."""

import re

WIDTH = 90  # columns of generated C
TAB = 8

TYPE_WORDS = frozenset("bool char const double enum float int long short signed struct union unsigned void volatile "
                       "_Bool".split())
# Of C and C++, whose programs include the headers, too.
KEYWORDS = TYPE_WORDS | frozenset("""
    alignas alignof and and_eq asm auto bitand bitor break case catch char16_t char32_t char8_t class co_await co_return
    co_yield compl concept const_cast consteval constexpr constinit continue decltype default delete do dynamic_cast
    else explicit export extern false for friend goto if inline mutable namespace new noexcept not not_eq nullptr
    operator or or_eq private protected public register reinterpret_cast requires restrict return sizeof static
    static_assert static_cast switch template this thread_local throw true try typedef typeid typename typeof using
    virtual wchar_t while xor xor_eq _Alignas _Alignof _Atomic _Complex _Generic _Imaginary _Noreturn _Static_assert
    _Thread_local""".split())


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
    """As a C literal: decimal while it is short, else hexadecimal."""
    return str(value) if value < 32 else f"0x{value:x}"
