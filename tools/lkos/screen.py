# SPDX-License-Identifier: GPL-2.0-only
"""Text for people: aligned tables that fit the terminal, and colour where one shows it."""

import itertools
import os
import re
import shutil
import sys
import textwrap

GREEN, YELLOW, RED = "32", "33", "1;31"
PAINTS = {"ok": GREEN, "note": YELLOW, "problem": RED, "FAILED": RED, "WRONG": RED}
_PAINT = re.compile("\033\\[[0-9;]*m")

GAP = "  "  # between columns
NARROWEST = 30  # columns that the last cell of a row gets at least; with less it goes below the row
BELOW = "    "


def _on_terminal():
    return sys.stdout is not None and sys.stdout.isatty()


def paint(word):
    """A verdict, in its colour. The width that table() sees does not change."""
    if not _on_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return word
    return f"\033[{PAINTS[word]}m{word}\033[0m"


def _width(text):
    return len(_PAINT.sub("", text))


def _wrapped(text, width):
    return [text] if _width(text) <= width else textwrap.wrap(text, width, break_on_hyphens=False)


def _widths(rows, room, last=None):
    """The columns' widths; where they do not fit the room, the widest is made narrower, down to its longest word,
    and the last one down to `last`. None: they do not fit even so."""
    columns = list(zip(*rows))
    widths = [max(map(_width, column)) for column in columns]
    least = [max(map(_width, " ".join(column).split(" "))) for column in columns]
    if last:
        least[-1] = min(widths[-1], last)
    while sum(widths) + len(GAP) * (len(widths) - 1) > room:
        wide = [i for i, width in enumerate(widths) if width > least[i]]
        if not wide:
            return None
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def table(header, rows):
    """The lines of a table. Cells are texts, which paint() may have coloured; without a header () only the rows.

    On a terminal cells are wrapped to fit it; in a pipe each row is one line, for grep."""
    room = shutil.get_terminal_size().columns if _on_terminal() else sys.maxsize
    every = [header, *rows] if header else list(rows)
    widths = _widths(every, room, NARROWEST)
    below = widths is None
    if below:
        shorter = [row[:-1] for row in every]
        widths = _widths(shorter, room) or _widths(shorter, sys.maxsize)
    if header:
        every.insert(1, ["-" * width if title else "" for title, width in zip(header, widths)] + [""] * below)
    lines = []
    for row in every:
        cells = [_wrapped(cell, width) for cell, width in zip(row, widths)]
        for parts in itertools.zip_longest(*cells, fillvalue=""):
            padded = [part + " " * (width - _width(part)) for part, width in zip(parts, widths)]
            lines.append(GAP.join(padded).rstrip())
        if below and row[-1]:
            lines += [BELOW + line for line in _wrapped(row[-1], max(room - len(BELOW), NARROWEST))]
    return lines


def text(words):
    """The lines of a text."""
    return table((), [(words,)])


def facts(pairs):
    """Lines such as 'name:  text', the texts aligned, of those that have one."""
    return table((), [(name + ":", text) for name, text in pairs if text])


def verdict(word, text, remedy=""):
    """Lines such as 'problem  what is wrong', and what to do below it."""
    rows = [(paint(word), text)] + ([("", "To do: " + remedy)] if remedy else [])
    widest = max(map(len, PAINTS))  # verdicts are printed one by one, and shall be aligned
    return table((), [(head + " " * (widest - _width(head)), tail) for head, tail in rows])
