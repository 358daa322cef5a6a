# SPDX-License-Identifier: GPL-2.0-only
"""lkos run"""

import sys

from lkos import launch, options
from lkos.trouble import Trouble

HELP = """usage: lkos run [OPTION...] [--] PROGRAM [ARGUMENT...]

Runs PROGRAM with liblk_onload_stub.so in front of LD_PRELOAD. Where the program needs libonload_ext.so.N
and the loader would find none, ours is added to the end of LD_LIBRARY_PATH. The program takes the place of
lkos: same process, same signals, same exit status.

  --log FILE  write the library's log to FILE, or with - to standard error
  --dry-run   print the command instead of running it
  -v          say first what is run, and how
  -h, --help  print this

exit status: the program's; 127 if it is not found, 126 if it cannot be executed, 125 if lkos itself fails

examples:
  lkos run ./app --its-option
  lkos run --log app.log -- taskset -c 2 ./app
"""


def _command_line(path, argv, changes, log):
    """What a shell would have to be told."""
    from shlex import quote

    words = [f"{name}={quote(value)}" for name, value in changes.items()]
    if argv[0] != path:
        argv = [path, *argv[1:]]
    words += [quote(word) for word in argv]
    if log not in (None, "-"):
        words.append(f"{changes['LKOS_LOG_FD']}>{quote(log)}")
    return " ".join(words)


def main(args, ignored_signals):
    given, argv = options.parse(
        "lkos run", args, ("--dry-run", "-v"), ("--log",), HELP, stop_early=True, status=launch.OWN_FAILURE
    )
    if not argv:
        raise Trouble("which program?", launch.OWN_FAILURE, "lkos run")
    env = launch.environment()
    path = launch.find(argv[0], env)
    try:
        changes = launch.added(path, argv[1:], env)
    except Trouble as trouble:
        raise Trouble(str(trouble), launch.OWN_FAILURE)
    log = given.get("--log")
    if "--dry-run" in given:
        if log:
            changes["LKOS_LOG_FD"] = "2" if log == "-" else "9"
        print(_command_line(path, argv, changes, log))
        return 0
    launch.warn_of_obstacles("lkos", path)
    if log:
        changes["LKOS_LOG_FD"] = str(launch.open_log(log))
    if "-v" in given:
        for name, value in changes.items():
            print(f"lkos: {name}={value}", file=sys.stderr)
        print(f"lkos: running {path}", file=sys.stderr)
    launch.execute(path, argv, env | changes, ignored_signals)
    return 0
