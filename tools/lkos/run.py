# SPDX-License-Identifier: GPL-2.0-only
"""lkos run"""

import sys

from lkos import arguments, launch
from lkos.trouble import Misuse, Trouble

HELP = """usage: lkos run [OPTION...] [--] PROGRAM [ARGUMENT...]

Runs PROGRAM with liblk_onload_stub.so in front of LD_PRELOAD. Where the system
has no libonload_ext.so.N, the folder of ours is added to the end of
LD_LIBRARY_PATH. The program takes the place of lkos: same process, same
signals, same exit status. A program that would run without the library, such
as a static one, is not started.

  --emulate   make Onload's extensions do their work on kernel sockets, for
              development and tests: with liblk_onload_emulation.so, too
  --log FILE  write the library's log to FILE, or with - to standard error
  --anyway    run the program even if it will not have the library
  --dry-run   print the command instead of running it
  -v          say first what is run, and how
  -h, --help  print this

exit status: the program's; 127 if it is not found, 126 if it cannot be
executed, 125 if it would run without the library, or if lkos itself fails

examples:
  lkos run ./app --its-option
  lkos run --log app.log -- taskset -c 2 ./app
  lkos run --emulate ./app
  sudo lkos run ./app
"""


def _command_line(path, argv, changes, log):
    """What a shell would have to be told."""
    from shlex import quote

    words = [f"{name}={quote(value)}" for name, value in changes.items()]
    words += [quote(word) for word in [path, *argv[1:]]]
    if log not in (None, "-"):
        words.append(f"{changes['LKOS_LOG_FD']}>{quote(log)}")
    return " ".join(words)


def main(args, ignored_signals):
    flags = ("--anyway", "--dry-run", "--emulate", "-v")
    given, argv = arguments.parse(args, HELP, flags, ("--log",), stop_early=True)
    if not argv:
        raise Misuse("which program?")
    env = launch.environment()
    path = launch.find(argv[0], env)
    changes, kept_out = launch.plan(path, argv[1:], env, "--emulate" in given)
    for program, what, remedy in kept_out:
        if "--anyway" not in given:
            raise Trouble(
                f"{program} would not have the library: {what}. To do: {remedy}; "
                f"or run it without: lkos run --anyway {argv[0]}"
            )
        print(f"lkos: {program} will run without the library: {what}", file=sys.stderr)
    log = given.get("--log", [None])[-1]
    if "--dry-run" in given:
        if log:
            changes["LKOS_LOG_FD"] = "2" if log == "-" else "9"
        print(_command_line(path, argv, changes, log))
        return 0
    if log:
        changes["LKOS_LOG_FD"] = str(launch.open_log(log))
    if "-v" in given:
        for name, value in changes.items():
            print(f"lkos: {name}={value}", file=sys.stderr)
        print(f"lkos: running {path}", file=sys.stderr)
    launch.execute(path, argv, dict(env, **changes), ignored_signals)
    return 0
