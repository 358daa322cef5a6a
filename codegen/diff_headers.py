#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tells how Onload's headers in a folder differ from what spec/onload_api.yaml says of today.

DIR is the folder with extensions.h, or an installed or unpacked Onload around it. A difference
is new (in the headers only), gone (in the spec only) or different. A declaration that the spec
has ended (until:) counts as new when it is back.

example:
  bazel run //codegen:diff_headers -- ~/onload/src/include/onload
  bazel run //codegen:diff_headers -- --json ~/onload
  bazel run //codegen:diff_headers -- --propose --release 9.3.0 ~/onload

exit status:
  0  equal
  1  different
  2  the headers or the spec cannot be read
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

import compare
import headers
import main as codegen
import model
import propose
import render
import yaml_lines

sys.path.append(str(codegen.HERE.parent / "tools"))

from lkos import screen  # noqa: E402  (the path comes first)


def arguments(argv, root):
    parser = argparse.ArgumentParser(
        prog="bazel run //codegen:diff_headers --", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR", help="where Onload's headers are")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print JSON instead of a table")
    how.add_argument("--propose", action="store_true",
                     help="print YAML for the spec: the entries that are new, and those that have "
                          "to be replaced")
    parser.add_argument("--release", metavar="NAME",
                        help="with --propose: the release that the headers are of (default: the "
                             "last one in the spec)")
    parser.add_argument("--spec", type=Path, default=root / "spec/onload_api.yaml",
                        metavar="FILE", help="the spec (default: spec/onload_api.yaml)")
    args = parser.parse_args(argv)
    if args.release and not args.propose:
        parser.error("--release goes with --propose")
    return args


def read_spec(spec, schema, label):
    """(Api, Entries) of a spec's text. schema: text, too; label: how messages name the spec."""
    api = model.load(spec, json.loads(schema), label)
    return api, compare.Entries(yaml_lines.Source(spec, label))


def read_ours(api, templates):
    """The Reading of the headers that the spec makes."""
    made = render.render(api, (), templates)
    with tempfile.TemporaryDirectory() as folder:
        for header in api.headers:
            text = made[f"include/onload/{header.name}"]
            (Path(folder) / header.name).write_text(text, encoding="utf-8")
        return headers.read(Path(folder), "generated/include/onload", api,
                            "this is what the spec makes: mend the entry there, write in "
                            "includes: what declares it, or put what it needs into an earlier group")


def count(reading):
    """How much was compared, for those who would like to know that it was not nothing."""
    inline = sum(f.inline for f in reading.function.values())
    defined = [t for t in reading.type.values() if t.size]
    fields = sum(len(getattr(t, "fields", ())) for t in defined)
    enumerators = sum(len(e.enumerators) for e in reading.enum.values())
    return (f"{len(reading.function) - inline} functions, {inline} inline functions, {len(defined)} types, "
            f"{fields} fields, {len(reading.enum)} enums, {enumerators} enumerators, {len(reading.macro)} macros")


def table(differences, spec):
    return screen.table(("change", "kind", "name", "where", "what"), [
        (d.change, d.kind, d.name, f"{d.file}:{d.line}" if d.file else f"{spec.name}:{d.spec_line}", d.what)
        for d in differences])


def summary(differences):
    changes = [d.change for d in differences]
    return ", ".join(f"{changes.count(c)} {c}" for c in compare.CHANGES if c in changes)


def run(args, root, cwd):
    """Prints what differs, and gives the exit status."""
    spec, folder = cwd / args.spec, cwd / args.folder.expanduser()
    label = codegen.shown(spec, root, cwd)
    text = codegen.read(spec, label)
    schema = (root / "spec/onload_api.schema.json").read_text(encoding="utf-8")
    api, entries = read_spec(text, schema, label)
    found = headers.find(folder, args.folder)
    shown = args.folder / found.relative_to(folder)
    theirs = headers.read(found, shown, api)
    ours = read_ours(api, codegen.TEMPLATES)
    differences = compare.Comparison(ours, theirs, entries, api.data_only.macro).run()
    if args.json:
        print(json.dumps({"spec": str(label), "headers": str(shown), "equal": not differences,
                          "differences": [dataclasses.asdict(d) for d in differences]}, indent=1))
    elif not differences:
        print(f"{'# ' * args.propose}{shown} and {label} are equal: {count(theirs)}")
    elif args.propose:
        proposal = propose.Proposal(api, entries, theirs, json.loads(schema), args.release)
        print(proposal.text(differences, label).rstrip("\n"))
    else:
        many = "1 difference" if len(differences) == 1 else f"{len(differences)} differences"
        print(*table(differences, label), "", f"{shown} and {label}: {many} ({summary(differences)})", sep="\n")
    return 1 if differences else 0


def main(argv=None):
    root, cwd = codegen.folders()
    args = arguments(argv, root)
    return codegen.told(lambda: run(args, root, cwd), "mend that first", headers.HeaderError)


if __name__ == "__main__":
    codegen.run(main)
