# SPDX-License-Identifier: GPL-2.0-only
"""Text for people: aligned tables, and colour where a terminal shows it."""

import os
import shutil
import sys
import textwrap

GREEN, YELLOW, RED = "32", "33", "1;31"
PAINTS = {"ok": GREEN, "note": YELLOW, "problem": RED, "FAILED": RED}

NARROWEST = 30  # columns that the last cell of a row gets at least


def _on_terminal():
    return sys.stdout is not None and sys.stdout.isatty()


def paint(word):
    """A verdict, in its colour. Its width does not change."""
    bare = word.strip()
    if not _on_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return word
    return word.replace(bare, f"\033[{PAINTS[bare]}m{bare}\033[0m")


def _wrapped(text, indent):
    """The lines of a last cell: on a terminal they fit it; in a pipe there is one, for grep."""
    if not _on_terminal():
        return [text]
    width = max(shutil.get_terminal_size().columns - indent, NARROWEST)
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def table(header, rows):
    """The lines of a table. Cells are texts."""
    *widths, _ = [max(map(len, column)) for column in zip(header, *rows)]
    indent = sum(widths) + 2 * len(widths)
    lines = []
    last = max(len(line) for row in (header, *rows) for line in _wrapped(row[-1], indent))
    for row in (header, [width * "-" for width in (*widths, last)], *rows):
        first, *more = _wrapped(row[-1], indent) if row is not header else [row[-1]]
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        lines.append("  ".join([*cells, first]).rstrip())
        lines += [" " * indent + line for line in more]
    return lines


def facts(pairs):
    """Lines such as 'name:  text', the texts aligned."""
    indent = max(len(name) for name, _ in pairs) + 3
    return [
        (name + ":").ljust(indent) + "\n".ljust(indent + 1).join(_wrapped(text, indent))
        for name, text in pairs
    ]


def verdict(word, text, remedy=""):
    """Lines such as 'problem  what is wrong', and what to do below it."""
    indent = 9
    lines = [paint(word.ljust(indent)) + "\n".ljust(indent + 1).join(_wrapped(text, indent))]
    if remedy:
        lines.append(" " * indent + "\n".ljust(indent + 1).join(_wrapped("To do: " + remedy, indent)))
    return lines
