# SPDX-License-Identifier: GPL-2.0-only
"""lkos symbols"""

import json

from lkos import arguments, screen, spec
from lkos.trouble import Trouble

HELP = """usage: lkos symbols [NAME|GROUP] [--release RELEASE] [--json]

Shows Onload's extension functions of all releases, what liblk_onload_stub.so
answers, and what the emulation answers where it has an answer of its own. With
a NAME (its onload_ may be left out), all about that one; with a GROUP, that
group's functions. The group libc is the libc functions that the library
rewrites or watches.

  --release RELEASE  only what that release of Onload has, such as 201811-u1
                     or 9.0.2
  --json             print JSON
  -h, --help         print this

exit status: 0, or 2 if there is no such name, group or release

examples:
  lkos symbols
  lkos symbols zc --release 8.1.0
  lkos symbols onload_fd_stat
"""

LIBC = "libc"


def _in_release(functions, releases, wanted):
    """The functions of a release."""
    try:
        key = spec.release_key(wanted)
    except ValueError:
        key = ()
    # An update of a listed release has what that has: 9.0.2 is 9.0.0, 201811-u1 is 201811.
    older = [
        release
        for release in releases
        if spec.release_key(release["name"]) <= key and spec.release_key(release["name"])[:2] == key[:2]
    ]
    if not older:
        names = ", ".join(release["name"] for release in releases)
        raise Trouble(f"{wanted}: not a release that is known; these and their updates are: {names}")
    return [function for function in functions if function["name"] in older[-1]["functions"]]


def _row(function):
    copied = ("name", "group", "since", "until", "not_in", "doc", "onload", "notes")
    return {
        **{key: function[key] for key in copied},
        "answer": function["answer_words"],
        "emulated": function["emulated_words"],
        "without_stub": function["absent_words"],
        "prototype": function["prototype"] + ";",
    }


def _libc_row(function):
    return {
        "name": function["name"],
        "group": LIBC,
        "prototype": function["prototype"] + ";",
        "doc": function["doc"][0].upper() + function["doc"][1:] + ".",
    }


def _details(row):
    facts = [("does", row["doc"]), ("group", row["group"])]
    if row["group"] != LIBC:
        until = f", until {row['until']}" if row["until"] else ""
        gap = f", but not in {', '.join(row['not_in'])}" if row["not_in"] else ""
        facts += [
            ("release", f"since {row['since']}{until}{gap}"),
            ("answer", row["answer"]),
            ("libonload_ext alone", row["without_stub"]),
            ("emulated", row["emulated"]),
            ("Onload", row["onload"]),
            ("note", row["notes"]),
        ]
    return [*screen.text(row["prototype"]), "", *screen.facts(facts)]


def _both_answers(row):
    return f"{row['answer']}; emulated: {row['emulated']}" if row["emulated"] else row["answer"]


def _table(rows):
    if rows and rows[0]["group"] == LIBC:
        return screen.table(("function", "what is done"), [(row["name"], row["doc"]) for row in rows])
    header = ("function", "group", "since", "until", "answer", "in words")
    cells = [
        (row["name"], row["group"], row["since"], row["until"], _both_answers(row), row["doc"]) for row in rows
    ]
    return screen.table(header, cells)


def _chosen(rows, name):
    """(the rows that a name or group stands for, is it a single function?)"""
    group = [row for row in rows if row["group"] == name]
    if group:
        return group, False
    return [row for row in rows if row["name"] in (name, "onload_" + name)], True


def main(args):
    given, names = arguments.parse(args, HELP, ("--json",), ("--release",), most=1)
    api = spec.load()
    release = given.get("--release", [None])[-1]
    functions = api["functions"]
    if release is not None:
        functions = _in_release(functions, api["releases"], release)
    rows, is_single = [_row(function) for function in functions], False
    if names:
        if release is None:
            rows += map(_libc_row, spec.interposed(api))
        everything = rows
        rows, is_single = _chosen(everything, names[0])
        if not rows:
            known = [row[key] for row in everything for key in ("name", "group")]
            what = "function or group by that name" + (f" in Onload {release}" if release else "")
            raise spec.nothing_called(names[0], known, what, "lkos symbols")
    if "--json" in given:
        print(json.dumps(rows, indent=2))
    else:
        print(*(_details(rows[0]) if is_single else _table(rows)), sep="\n")
    return 0
