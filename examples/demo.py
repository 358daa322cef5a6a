#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs onload_app without and with liblk_onload_stub.so, and checks what it prints."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import typing

HERE = pathlib.Path(__file__).absolute().parent  # not resolved: beside us in Bazel's runfiles
BUILT = HERE.parent / "bazel-bin"  # when run from the source tree
sys.path.insert(0, str(HERE.parent / "tools"))

from lkos import screen  # noqa: E402  (the path comes first)

STAMP = "hardware stamp only"
NO_IPV6 = "no IPv6 here"  # right on a machine that has none

# What onload_app must print: feature, without the library, with it.
PROMISED = [
    ("onload_is_present", "0", "0"),
    ("stack name saved, set, restored", "0, 0, 0", "0, 0, 0"),
    ("onload_stack_opt_set_int", "0", "0"),
    ("onload_stack_opt_get_int", "-38", "-1, errno ENOSYS"),
    ("onload_socket_nonaccel", "a UDP socket", "a UDP socket"),
    ("receive stamp, UDP", "no stamp", STAMP),
    ("receive stamp, TCP", "no stamp", STAMP),
    ("receive stamp, UDP over IPv6", "no stamp", STAMP),
    ("receive stamp, TCP over IPv6", "no stamp", STAMP),
    ("transmit stamp, UDP", "no stamp", STAMP + ", id 0"),
    ("transmit stamp, TCP", "no stamp", STAMP + ", id 4"),
    ("SO_TIMESTAMPING read back", "as set", "as set"),
    ("ONEPKT, UDP, two queued", '"first", then "second"', '"first", then "second"'),
    ("ONEPKT and WAITALL, TCP, 4 bytes", "4", "-1, errno EINVAL"),
    ("WARM send, TCP", '12, peer reads "FALSE ORDER order"', '12, peer reads "order"'),
    ("onload_ordered_epoll_wait", "-38", "1 event, unordered"),
]

HEADING = "A program written for Onload, without and with liblk_onload_stub.so:"
NOTHING = "(nothing)"
COLUMNS = ("feature", "without the library", "with the library")
EXPLAINED = (
    "-38 is -ENOSYS, which libonload_ext returns by itself. The library answers a getter in libc's way, -1 with the "
    "reason in errno, for which a test for -1 and perror() are enough. The epoll call it can do."
)
TIME_LIMIT = 60  # seconds; the program needs one


class Misuse(Exception):
    """What the user gave does not work."""


def first_file(*paths):
    return next((path for path in paths if path.is_file()), None)


def arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""exit status: 0 if every answer is as promised, 1 if not, 2 if it could not run

examples:
  bazel run //examples:demo
  demo.py --app ./onload_app --library ./liblk_onload_stub.so
  demo.py --json | jq '.features[] | select(.ok | not)'""",
    )
    parser.add_argument(
        "--app",
        type=pathlib.Path,
        metavar="FILE",
        default=first_file(HERE / "onload_app", BUILT / "examples" / "onload_app"),
        help="the built onload_app.c (default: the one that Bazel built)",
    )
    parser.add_argument(
        "--library",
        type=pathlib.Path,
        metavar="FILE",
        default=first_file(HERE.parent / "liblk_onload_stub.so", BUILT / "liblk_onload_stub.so"),
        help="liblk_onload_stub.so, with libonload_ext.so.1 in its folder or where the system "
        "finds it (default: the one that Bazel built)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(argv)


def existing(path, option):
    """The absolute path of the file that an option names."""
    if path is None:
        raise Misuse(f"nothing is built here: give {option} FILE, or use bazel run //examples:demo")
    if not path.is_file():
        raise Misuse(f"{option} {path}: no such file")
    return path.absolute()


class Run(typing.NamedTuple):
    answers: dict  # feature: what the program printed
    said: list  # lines of its stderr; the library's log, if LKOS_LOG_FD=2
    trouble: str  # how it ended, if not well


def run(app, folder, preload):
    """One column of the table: the program with its link library in folder, and preload or None."""
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    env["LD_LIBRARY_PATH"] = ":".join(filter(None, [str(folder), env.get("LD_LIBRARY_PATH")]))
    if preload:
        env["LD_PRELOAD"] = str(preload)
    try:
        done = subprocess.run(
            [app],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIME_LIMIT,
        )
    except OSError as error:
        raise Misuse(f"--app {app}: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        return Run({}, [], f"no end after {TIME_LIMIT} s")
    printed = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    trouble = f"exit status {done.returncode}"
    if done.returncode < 0:
        trouble = f"killed by {signal.strsignal(-done.returncode)}"
    return Run(printed, done.stderr.splitlines(), trouble if done.returncode else "")


def row(feature, promised, got):
    return {
        "feature": feature,
        "without": got[0],
        "with": got[1],
        "promised": dict(zip(("without", "with"), promised)) if promised else None,
        "ok": got == promised or ("IPv6" in feature and got == [NO_IPV6, NO_IPV6]),
    }


def compare(without, with_library):
    """One dict per feature: the promised ones, then any that nobody promised."""
    promised = {feature: answers for feature, *answers in PROMISED}
    return [
        row(feature, promised.get(feature), [without.get(feature), with_library.get(feature)])
        for feature in dict.fromkeys([*promised, *without, *with_library])
    ]


def table(features):
    rows = []
    for feature in features:
        answers = [feature["without"] or NOTHING, feature["with"] or NOTHING]
        rows.append((feature["feature"], *answers, screen.paint("ok" if feature["ok"] else "WRONG")))
        if not feature["ok"]:
            promised = feature["promised"] or {"without": NOTHING, "with": NOTHING}
            rows.append(("  promised", promised["without"], promised["with"], ""))
    return screen.table((*COLUMNS, ""), rows)


def main(argv):
    args = arguments(argv)
    try:
        app = existing(args.app, "--app")
        library = existing(args.library, "--library")
        if set(str(library)) & set(" :;\t\n"):
            raise Misuse(f"--library {library}: LD_PRELOAD takes no blank, colon or semicolon")
        runs = [run(app, library.parent, preload) for preload in (None, library)]
    except Misuse as error:
        print(f"demo.py: {error}", file=sys.stderr)
        return 2
    features = compare(*(each.answers for each in runs))
    wrong = sum(not feature["ok"] for feature in features)
    passed = not wrong and not any(each.trouble for each in runs)
    if args.json:
        print(json.dumps({"ok": passed, "features": features}, indent=2))
    else:
        print(HEADING, "", sep="\n")
        print(*table(features), sep="\n")
        print("", *textwrap.wrap(EXPLAINED, 80), sep="\n")
        print("", f"{len(features) - wrong} of {len(features)} answers are as promised.", sep="\n")
    for column, each in zip(COLUMNS[1:], runs):
        for text in filter(None, [*each.said, each.trouble]):
            print(f"demo.py: {column}: {text}", file=sys.stderr)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
