# SPDX-License-Identifier: GPL-2.0-only
"""lkos options"""

import json

from lkos import arguments, screen, spec

HELP = """usage: lkos options [NAME] [--json]

Shows the options of Onload: variables that it reads from the environment, of
which a program can set those of scope stack. With a NAME (its EF_ may be left
out), all about that one. Under lkos run --emulate a program can set and read
them; few of them do anything here; the table has that in words.

  --json      print JSON
  -h, --help  print this

exit status: 0, or 2 if there is no such option

examples:
  lkos options
  lkos options EF_TCP_SNDBUF
"""


def _row(option):
    copied = ("name", "kind", "scope", "range", "doc", "acts", "notes", "words", "since", "until")
    return dict({key: option[key] for key in copied}, default=option["first_value"], default_from=option["from_os"])


def _default(row):
    return ", ".join(filter(None, ["" if row["default"] == "" else str(row["default"]), row["default_from"]]))


def _details(row):
    until = f", until {row['until']}" if row["until"] else ""
    facts = [
        ("does", row["doc"]),
        ("here", row["acts"] or "kept, without effect"),
        ("kind", row["kind"]),
        ("scope", row["scope"]),
        ("range", row["range"]),
        ("values", ", ".join(row["words"])),
        ("default", _default(row)),
        ("release", f"since {row['since']}{until}"),
        ("note", row["notes"]),
    ]
    return [row["name"], "", *screen.facts(facts)]


def _in_words(row):
    return f"{row['doc']}; here: {row['acts']}" if row["acts"] else row["doc"]


def _table(rows):
    header = ("option", "scope", "range", "default", "in words")
    return screen.table(
        header,
        [(row["name"], row["scope"], row["range"], str(row["default"]), _in_words(row)) for row in rows],
    )


def main(args):
    given, names = arguments.parse(args, HELP, ("--json",), most=1)
    rows = [_row(option) for option in spec.load("options.json")["options"]]
    if names:
        known = [row["name"] for row in rows]
        rows = [row for row in rows if row["name"] in (names[0], "EF_" + names[0])]
        if not rows:
            raise spec.nothing_called(names[0], known, "option by that name", "lkos options")
    if "--json" in given:
        print(json.dumps(rows, indent=2))
    elif names:  # one name may be of two options
        print(*[line for row in rows for line in [*_details(row), ""]][:-1], sep="\n")
    else:
        print(*_table(rows), sep="\n")
    return 0
