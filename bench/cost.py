#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Counts the instructions and system calls that a preloaded library adds to each call."""
import argparse
import json
import sys

import measure
import picture

EXAMPLE = """examples:
  bazel run //bench:cost
  bazel run //bench:cost -- --json >cost.json
  bazel run //bench:cost -- --from cost.json --svg docs/cost.svg
  bazel run //bench:cost -- --library /usr/lib/x86_64-linux-gnu/libsocket_wrapper.so
"""


def arguments(argv):
    parser = argparse.ArgumentParser(prog="cost", description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", metavar="PATH",
                        help="measure this preload library instead of liblk_onload_stub.so")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--svg", metavar="FILE", help="also draw the picture of added instructions")
    parser.add_argument("--from", metavar="FILE", dest="source",
                        help="measure nothing: show what --json printed before")
    chosen = parser.parse_args(argv)
    if chosen.source and chosen.library:
        parser.error("--from shows an earlier measurement, and --library makes a new one: "
                     "give one of them")
    return chosen


def report(library):
    """All that is measured, as it is printed with --json."""
    results = measure.measure(library, say=measure.tell)
    return {
        "library": measure.describe(library),
        "measured_on": measure.machine(),
        "counted_by": measure.valgrind_version(),
        "rows": [{
            "call": result.row.title,
            "kind": result.row.kind,
            "instructions": result.without.instructions,
            "added_instructions": result.added.instructions,
            "allowed": result.row.allowed,
            "messages": result.row.messages,
            "system_calls": result.without.system_calls,
            "added_system_calls": result.added.system_calls,
            "stamp": result.stamp,
        } for result in results],
    }


def read(path):
    try:
        found = json.loads(path.read_text())
        table(found), facts(found), picture.draw(found)  # whatever is missing shows here
        return found
    except OSError as error:
        raise measure.Trouble(f"{path}: {error.strerror}") from error
    except KeyError as error:
        raise measure.Trouble(f"{path}: not what --json prints: no {error} in it") from error
    except (ValueError, TypeError) as error:
        raise measure.Trouble(f"{path}: not what --json prints: {error}") from error


def table(found):
    head = ("call", "instructions", "added", "allowed", "system calls", "added")
    return measure.table(head, [
        (row["call"], f"{row['instructions']:,}", f"{row['added_instructions']:,}",
         "" if row["allowed"] is None else f"{row['allowed'] * row['messages']:,}",
         f"{row['system_calls']:,}", f"{row['added_system_calls']:,}")
        for row in found["rows"]])


def facts(found):
    library, where = found["library"], found["measured_on"]
    return (f"{library['name']}: {library['file_bytes']:,} bytes, {library['loaded_bytes']:,} of "
            f"them loaded; {library['relocations']} relocations; needs "
            f"{', '.join(library['needs']) or 'nothing'}\n"
            f"counted by {found['counted_by']} on {where['machine']}, {where['libc']}, "
            f"Linux {where['linux']}; instructions and system calls of one call, or of one start")


def main(argv):
    chosen = arguments(argv)
    picture_file = chosen.svg and measure.from_user(chosen.svg)
    try:
        if picture_file and not picture_file.parent.is_dir():
            raise measure.Trouble(f"{picture_file.parent}: no such folder")
        if chosen.source:
            found = read(measure.from_user(chosen.source))
        else:
            found = report(measure.chosen_library(chosen.library))
        if picture_file:
            picture_file.write_text(picture.draw(found))
    except measure.Trouble as trouble:
        print(f"cost: {trouble}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cost: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1) if chosen.json else f"{table(found)}\n\n{facts(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
