#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes generated/ from spec/onload_api.yaml and spec/onload_options.yaml, or checks that it is what the spec makes.

example:
  codegen/main.py                          bring generated/ up to date
  codegen/main.py --check                  change nothing; tell what is not up to date
  codegen/main.py --spec my.yaml --out /tmp/try

exit status:
  0  done, or up to date
  1  --check: not up to date; update: files of somebody else are there, and nothing was written
  2  the spec is wrong or cannot be read, and nothing was written; or the folder cannot be written
"""

import argparse
import difflib
import json
import os
import sys
from pathlib import Path

import model
import options
import render
import yaml_lines

MEND = "bazel run //codegen:update"
EXCERPT = 20  # lines of a diff that are shown
HERE = Path(__file__).absolute().parent
TEMPLATES = HERE / "templates"


def folders():
    """Where the tree and the user are: `bazel run` starts us among its own copies, and tells."""
    return (Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", HERE.parent)),
            Path(os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd())))


def arguments(argv, root):
    parser = argparse.ArgumentParser(
        prog="codegen/main.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 unless all is up to date")
    parser.add_argument("--spec", type=Path, default=root / "spec/onload_api.yaml",
                        metavar="FILE", help="the spec (default: spec/onload_api.yaml)")
    parser.add_argument("--options", type=Path, default=root / "spec/onload_options.yaml",
                        metavar="FILE", help="the options (default: spec/onload_options.yaml)")
    parser.add_argument("--out", type=Path, default=root / "generated", metavar="DIR",
                        help="the folder to fill (default: generated/)")
    return parser.parse_args(argv)


def shown(path, *folders):
    """A path as a person would type it from the first of the folders that holds it."""
    return next((path.relative_to(f) for f in folders if path.is_relative_to(f)), path)


def read(path, label):
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise yaml_lines.SpecError(f"{label}: cannot be read: {error}") from error


def existing(out):
    """Path below out -> text of each file there."""
    return {str(path.relative_to(out)): path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(out.rglob("*")) if path.is_file()}


def check(wanted, out, label):
    found = existing(out)
    bad = []
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            bad.append(f"{label / name}: missing")
        elif name not in wanted:
            bad.append(f"{label / name}: orphan, nothing in the spec or the templates makes it")
        elif wanted[name] != found[name]:
            diff = list(difflib.unified_diff(
                found[name].splitlines(), wanted[name].splitlines(),
                f"{label / name} (as it is)", f"{label / name} (as the spec makes it)",
                lineterm=""))
            more = [f"... and {len(diff) - EXCERPT} more lines"] if len(diff) > EXCERPT else []
            bad.append("\n".join([f"{label / name}: out of date, or edited by hand"] + diff[:EXCERPT] + more))
    if bad:
        print("\n".join(bad), file=sys.stderr)
        print(f"\n{len(bad)} of the files in {label} are not what the spec makes. "
              f"To mend: {MEND}", file=sys.stderr)
        return 1
    print(f"{label}: {len(wanted)} files, all up to date")
    return 0


def update(wanted, out, label):
    found = existing(out)
    folders = {os.path.dirname(name) for name in wanted}
    # What an earlier run made is overwritten and deleted, and nothing else, also where --out names a wrong folder.
    strange = [f"{label / name}: was not made here by codegen" for name, text in found.items()
               if os.path.dirname(name) not in folders or not any(mark in text for mark in render.MARKS)]
    if strange:
        more = [f"... and {len(strange) - EXCERPT} more"] if len(strange) > EXCERPT else []
        print(*strange[:EXCERPT], *more, f"Nothing was written. Move that out of {label}, or give another folder with "
              "--out", sep="\n", file=sys.stderr)
        return 1
    done = []  # told at the end: a reader who leaves early does not stop the writing
    for name, text in sorted(wanted.items()):
        if found.get(name) != text:
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            done.append(f"wrote {label / name}")
    for name in sorted(found.keys() - wanted.keys()):
        (out / name).unlink()
        done.append(f"removed {label / name}")
    print(*done, f"{label}: {len(wanted)} files, all up to date", sep="\n")
    return 0


def told(work, remedy, *errors):
    """What work() returns; 2, once it is told, where one of the errors or of the spec or a file is in the way."""
    try:
        return work()
    except (yaml_lines.SpecError, *errors) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        if not error.filename:
            raise  # of standard output
        print(f"{error.filename}: {error.strerror}; {remedy}", file=sys.stderr)
    return 2


def make(args, root, cwd):
    out = cwd / args.out
    made = []
    for load, spec, shape in ((model.load, args.spec, "onload_api.schema.json"),
                              (options.load, args.options, "onload_options.schema.json")):
        label = shown(cwd / spec, root, cwd)
        schema = json.loads(read(root / "spec" / shape, "the schema"))
        made.append(load(read(cwd / spec, label), schema, label))
    wanted = render.render(*made, TEMPLATES)
    return (check if args.check else update)(wanted, out, shown(out, root, cwd))


def main(argv=None):
    root, cwd = folders()
    args = arguments(argv, root)
    return told(lambda: make(args, root, cwd), "mend that, or give another folder with --out")


def run(program):
    """Exits with what program() returns. A reader who has seen enough is no error; a full disk is."""
    try:
        status = program()
        print(end="", flush=True)
    except OSError as error:
        status = 2
        if not isinstance(error, BrokenPipeError):
            print(f"standard output: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries once more, and complains
    sys.exit(status)


if __name__ == "__main__":
    run(main)
