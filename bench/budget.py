#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The budgets of measure.ROWS as a test: each row with what it adds and what it may.

With the word "emulation": what the stub and the emulation before it add together, in a process that
uses no extension: a call that the emulation routes may cost ROUTED more, and a program starts later.

exit: 0; 1 when a row is over its budget; 2 when nothing could be measured.
"""
import dataclasses
import sys

import measure

ROUTED = 14  # instructions: is a feature in use, or is this one of the options?
BUDGETED = tuple(row for row in measure.ROWS if row.allowed is not None)


def line(result):
    """A row in one line, and what is wrong with it after that."""
    row = result.row
    excess = result.excess()
    verdict = f"OVER: {'; '.join(excess)}" if excess else "ok"
    calls = "any" if row.own_calls else "0"
    return (f"{row.title:<54} instructions {result.added.instructions:>6} of "
            f"{row.allowed * row.messages:>6}   system calls {result.added.system_calls:>2} of "
            f"{calls:>3}   {verdict}")


def check(results, stamps=True):
    """Prints each row. return: the kinds that are over their budget, or not what they say."""
    wrong = []
    for result in results:
        text = line(result)
        if stamps and result.stamp != result.row.stamp and result.row.kind != "start":
            text += f"; the probe saw stamp '{result.stamp}', not '{result.row.stamp}'"
            wrong.append(result.row.kind)
        elif result.excess():
            wrong.append(result.row.kind)
        print(text, flush=True)
    return wrong


def main(words):
    rows, library = BUDGETED, measure.built("liblk_onload_stub.so")
    if words == ["emulation"]:
        rows = tuple(dataclasses.replace(row, allowed=row.allowed + ROUTED) for row in BUDGETED if row.kind != "start")
        library = (measure.built("liblk_onload_emulation.so"), library)
    try:
        wrong = check(measure.measure(library, rows, measure.tell))
    except measure.Trouble as trouble:
        print(f"budget: {trouble}", file=sys.stderr)
        return 2
    print(f"{len(rows) - len(wrong)} of {len(rows)} rows within budget")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
