#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Times socket calls on loopback without and with a preloaded library, in alternating runs.

A round is one run without and one with the library, each in turn the first. The table has the
median nanoseconds per call (processor time of its thread) and, as what it costs, the median of
the rounds' ratios with the quarter and three-quarter marks, and with the extremes.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time

import measure

EXAMPLE = """examples:
  bazel run //bench:latency
  bazel run //bench:latency -- --rounds 31 --json >latency.json
  bazel run //bench:latency -- --emulate
  bazel run //bench:latency -- --library /usr/lib/x86_64-linux-gnu/libsocket_wrapper.so
"""

ROUNDS = 15
PATIENCE = 600  # seconds for one run
TAPPED = ", with the tap"

# Of the rounds' ratios in order: which is shown under which name.
MARKS = (("ratio", 0.5), ("quarter", 0.25), ("three_quarters", 0.75), ("least", 0), ("most", 1))


def arguments(argv):
    def positive(text):
        if not text.isdecimal() or int(text) == 0:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number of rounds; try 15")
        return int(text)

    parser = argparse.ArgumentParser(prog="latency", description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", metavar="PATH",
                        help="time this preload library instead of liblk_onload_stub.so")
    parser.add_argument("--emulate", action="store_true",
                        help="time the emulation before the library, too, with rows for its tap of TCP where it may have one")
    parser.add_argument("--rounds", metavar="N", type=positive, default=ROUNDS,
                        help=f"pairs of runs (default {ROUNDS})")
    parser.add_argument("--seconds", metavar="S", type=float, default=0.1,
                        help="time spent on each row of a run (default 0.1)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(argv)


def run(library, seconds, only="", **variables):
    """What it wrote, and nanoseconds per call by row: its name, and the number of threads."""
    done = subprocess.run(
        [str(measure.built("bench/latency_calls")), "--benchmark_format=json",
         f"--benchmark_min_time={seconds}", f"--benchmark_filter={only}"],
        env={**measure.environment(library), **variables}, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise measure.Trouble(f"latency_calls failed: {done.stderr.strip()}")
    return done.stderr, {(row["run_name"].split("/")[0], row["threads"]): row["ns_per_call"]
                         for row in json.loads(done.stdout)["benchmarks"]}


def run_with(library, seconds):
    """Of the emulation, which comes before the stub, there are rows of TCP with the tap, too."""
    rows = run(library, seconds)[1]
    if not isinstance(library, tuple):
        return rows
    log, tapped = run(library, seconds, "TCP", LKOS_TAP="4", LKOS_LOG_FD="2")
    if "as a packet socket sees it" not in log:
        measure.tell("no rows with the tap: lkos doctor --emulate says why")
        return rows
    return {**rows, **{(name + TAPPED, threads): ns for (name, threads), ns in tapped.items()}}


def report(library, rounds, seconds):
    without, with_it = [], []
    said = time.monotonic()
    measure.tell(f"{rounds} rounds, some {rounds * 2 * 3} seconds")
    for number in range(rounds):
        turns = [lambda: without.append(run(None, seconds)[1]),
                 lambda: with_it.append(run_with(library, seconds))]
        for turn in turns if number % 2 == 0 else reversed(turns):
            turn()
        if time.monotonic() - said > measure.QUIET:
            said = time.monotonic()
            measure.tell(f"{number + 1} of {rounds} rounds done")
    rows = []
    for row in with_it[0]:
        plain = (row[0].removesuffix(TAPPED), row[1])
        ratios = sorted(after[row] / before[plain] for before, after in zip(without, with_it))
        rows.append({
            "what": row[0], "threads": row[1],
            "ns_without": round(statistics.median(each[plain] for each in without), 1),
            "ns_with": round(statistics.median(each[row] for each in with_it), 1),
            **{name: round(ratios[round((rounds - 1) * share)], 3) for name, share in MARKS}})
    return {"library": ":".join(one.name for one in measure.each(library)), "rounds": rounds, "measured_on": measure.machine(),
            "rows": rows}


def table(found):
    head = ("on loopback", "threads", "ns per call", "with library", "ratio", "half of them from",
            "to", "all from", "to")
    return measure.table(head, [
        (row["what"], str(row["threads"]), f"{row['ns_without']:,.0f}", f"{row['ns_with']:,.0f}",
         *(f"{row[name]:.3f}" for name, _ in MARKS)) for row in found["rows"]])


def main(argv):
    chosen = arguments(argv)
    try:
        library = measure.chosen_library(chosen.library)
        if chosen.emulate:
            library = (measure.built("liblk_onload_emulation.so"), library)
        measure.check_library(library)
        found = report(library, chosen.rounds, chosen.seconds)
    except measure.Trouble as trouble:
        print(f"latency: {trouble}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1) if chosen.json else
          f"{table(found)}\n\n{found['rounds']} rounds of {found['library']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
