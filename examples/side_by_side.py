# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs without and with libraries, and compares what they print, side by side."""

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

NO_IPV6 = "no IPv6 here"  # right on a machine that has none
NOTHING = "(nothing)"
TIME_LIMIT = 60  # seconds; a program needs one


class Misuse(Exception):
    """What the user gave does not work."""


class Library(typing.NamedTuple):
    option: str  # the option that names another file
    file: str


class Column(typing.NamedTuple):
    key: str  # in JSON
    title: str
    libraries: tuple  # of Library, preloaded in this order


class Run(typing.NamedTuple):
    answers: dict  # feature: what a program printed
    said: list  # lines of stderr; the library's log, if LKOS_LOG_FD=2
    trouble: list  # how programs ended that did not end well


def first_file(*paths):
    return next((path for path in paths if path.is_file()), None)


def run(app, folder, preload):
    """A program with its link library in folder, and libraries."""
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    env["LD_LIBRARY_PATH"] = ":".join(filter(None, [str(folder), env.get("LD_LIBRARY_PATH")]))
    if preload:
        env["LD_PRELOAD"] = ":".join(map(str, preload))
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
        return Run({}, [], [f"no end after {TIME_LIMIT} s"])
    printed = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    trouble = f"exit status {done.returncode}"
    if done.returncode < 0:
        trouble = f"killed by {signal.strsignal(-done.returncode)}"
    return Run(printed, done.stderr.splitlines(), [trouble] if done.returncode else [])


def run_all(apps, folder, preload):
    """One column of the table."""
    column = Run({}, [], [])
    for app in apps:
        each = run(app, folder, preload)
        column.answers.update(each.answers)
        column.said.extend(each.said)
        column.trouble.extend(each.trouble)
    return column


class Show(typing.NamedTuple):
    script: str  # name of the script
    about: str  # what it does, for --help
    apps: tuple  # names of the programs
    heading: str
    columns: tuple  # of Column
    promised: list  # feature, and what the program must print of it in each column
    explained: str  # what stands below the table

    def libraries(self):
        return tuple(dict.fromkeys(lib for column in self.columns for lib in column.libraries))

    def arguments(self, argv):
        target = self.script.removesuffix(".py")
        parser = argparse.ArgumentParser(
            description=self.about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=f"""exit status: 0 if every answer is as promised, 1 if not, 2 if it could not run

examples:
  bazel run //examples:{target}
  {self.script} {" ".join(f"--app ./{app}" for app in self.apps)} {" ".join(f"{lib.option} ./{lib.file}" for lib in self.libraries())}
  {self.script} --json | jq '.features[] | select(.ok | not)'""",
        )
        parser.add_argument(
            "--app",
            dest="apps",
            action="append",
            type=pathlib.Path,
            metavar="FILE",
            help=f"a program, instead of what Bazel built of {', '.join(f'{app}.c' for app in self.apps)}; "
            "may be given several times",
        )
        for library in self.libraries():
            parser.add_argument(
                library.option,
                dest=library.file,
                type=pathlib.Path,
                metavar="FILE",
                default=first_file(HERE.parent / library.file, BUILT / library.file),
                help=f"{library.file}, with libonload_ext.so.1 in its folder or where the system "
                "finds it (default: the one that Bazel built)",
            )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
        return parser.parse_args(argv)

    def built(self):
        return [first_file(HERE / app, BUILT / "examples" / app) for app in self.apps]

    def existing(self, path, option):
        """The absolute path of the file that an option names."""
        if path is None:
            target = self.script.removesuffix(".py")
            raise Misuse(f"nothing is built here: give {option} FILE, or use bazel run //examples:{target}")
        if not path.is_file():
            raise Misuse(f"{option} {path}: no such file")
        if option != "--app" and set(str(path.absolute())) & set(" :;\t\n"):
            raise Misuse(f"{option} {path}: LD_PRELOAD takes no blank, colon or semicolon")
        return path.absolute()

    def row(self, feature, promised, got):
        keys = [column.key for column in self.columns]
        return {
            "feature": feature,
            **dict(zip(keys, got)),
            "promised": dict(zip(keys, promised)) if promised else None,
            "ok": got == promised or ("IPv6" in feature and set(got) == {NO_IPV6}),
        }

    def compare(self, *answers):
        """One dict per feature: the promised ones, then any that nobody promised."""
        promised = {feature: texts for feature, *texts in self.promised}
        printed = [feature for each in answers for feature in each]
        return [
            self.row(feature, promised.get(feature), [each.get(feature) for each in answers])
            for feature in dict.fromkeys([*promised, *printed])
        ]

    def table(self, features):
        rows = []
        for feature in features:
            answers = [feature[column.key] or NOTHING for column in self.columns]
            rows.append((feature["feature"], *answers, screen.paint("ok" if feature["ok"] else "WRONG")))
            if not feature["ok"]:
                promised = feature["promised"] or {}
                rows.append(("  promised", *(promised.get(column.key, NOTHING) for column in self.columns), ""))
        return screen.table(("feature", *(column.title for column in self.columns), ""), rows)

    def main(self, argv):
        args = self.arguments(argv)
        try:
            apps = [self.existing(app, "--app") for app in args.apps or self.built()]
            files = {library: self.existing(getattr(args, library.file), library.option)
                     for library in self.libraries()}
            folder = next(iter(files.values())).parent
            runs = [run_all(apps, folder, [files[library] for library in column.libraries])
                    for column in self.columns]
        except Misuse as error:
            print(f"{self.script}: {error}", file=sys.stderr)
            return 2
        features = self.compare(*(each.answers for each in runs))
        wrong = sum(not feature["ok"] for feature in features)
        passed = not wrong and not any(each.trouble for each in runs)
        if args.json:
            print(json.dumps({"ok": passed, "features": features}, indent=2))
        else:
            print(self.heading, "", sep="\n")
            print(*self.table(features), sep="\n")
            print("", *textwrap.wrap(self.explained, 80), sep="\n")
            print("", f"{len(features) - wrong} of {len(features)} answers are as promised.", sep="\n")
        for column, each in zip(self.columns, runs):
            for text in [*each.said, *each.trouble]:
                print(f"{self.script}: {column.title}: {text}", file=sys.stderr)
        return 0 if passed else 1
