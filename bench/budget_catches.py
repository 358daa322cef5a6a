#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""That the budget test would notice: two interposers made slow on purpose fail it, each in the
rows that it slows and in no other."""
import sys

import budget
import measure

ROWS = tuple(row for row in budget.BUDGETED if row.kind in (
    "recv", "recvfrom", "recvmsg", "recvmsg_hardware", "recvmmsg", "send", "getsockopt", "start"))

CASES = (  # library, rows that are over, those of them with a system call too many
    ("bench/slow_recv.so", ["recv"], []),
    ("bench/slow_recvmsg.so", ["recvmsg", "recvmsg_hardware"], ["recvmsg", "recvmsg_hardware"]),
)


def main():
    bench = measure.Bench()
    failures = 0
    for name, slow, calling in CASES:
        print(f"{name}:")
        results = measure.measure(measure.built(name), ROWS, measure.tell, bench)
        wrong = budget.check(results, stamps=False)
        extra = [result.row.kind for result in results
                 if any("system call" in sentence for sentence in result.excess())]
        if (wrong, extra) != (slow, calling):
            failures += 1
            print(f"FAILED: over budget {wrong}, expected {slow}; "
                  f"with system calls {extra}, expected {calling}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
