# SPDX-License-Identifier: GPL-2.0-only
"""The command line. Started by the script beside it with: its own name, the mask of ignored signals,
and the arguments."""

import errno
import os
import sys

sys.dont_write_bytecode = True  # what is installed is all that there will be
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lkos import VERSION  # noqa: E402  (the path comes first)
from lkos.trouble import Misuse, Trouble  # noqa: E402

OUTPUT_ERRORS = (errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)

# Imported only when used: Python's start-up time is added to that of every program.
COMMANDS = ("run", "check", "symbols", "options", "doctor")

OWN_FAILURES = {"run": 125, "onload": 1}  # exit statuses; those of others are 2

HELP = """usage: lkos COMMAND [ARGUMENT...]

Runs programs written for Onload on plain Linux.

commands:
  run        run a program with the library
  check      say what a program will meet, before it runs
  symbols    look up what is answered
  options    look up Onload's options
  doctor     try whether all this works on this machine

  --version  print the version
  --help     print this; lkos COMMAND --help tells more, with an example

example:
  lkos run ./app
"""


def start(words, args, ignored_signals):
    """Runs what the words name: ["onload"], ["lkos"], or ["lkos", command]."""
    if words[1:] or words == ["onload"]:
        command = getattr(__import__("lkos." + words[-1]), words[-1])
        signals = [ignored_signals] if words[-1] in ("run", "onload") else []
        return command.main(args[len(words) - 1 :], *signals)
    if args and args[0] in ("--version", "-V"):
        print(f"lkos {VERSION}")
        return 0
    if args and args[0] in ("--help", "-h", "help"):
        print(HELP, end="")
        return 0
    if not args:
        raise Misuse("a command is missing; they are " + ", ".join(COMMANDS))
    raise Misuse(f"{args[0]}: no such command; they are {', '.join(COMMANDS)}. To run a program: lkos run {args[0]}")


def fail(status, *lines):
    """Says what is wrong, if that can be. What was not written is not tried again when Python ends."""
    try:
        print(*lines, sep="\n", file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    return status


def main(script, ignored_signals, *args):
    for stream in ("stdout", "stderr"):  # a file's name may be any bytes
        if getattr(sys, stream):
            number = getattr(sys, stream).fileno()
            setattr(sys, stream, open(number, "w", 1, errors="backslashreplace", closefd=False))
    name = os.path.basename(script)
    words = [name] if name == "onload" else [name, *(arg for arg in args[:1] if arg in COMMANDS)]
    try:
        return start(words, args, int(ignored_signals, 16))
    except Trouble as trouble:
        way = [f"Try: {' '.join(words)} --help"] if isinstance(trouble, Misuse) else []
        return fail(trouble.status or OWN_FAILURES.get(words[-1], 2), f"{name}: {trouble}", *way)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as in: lkos symbols | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        where = error.filename or ("standard output" if error.errno in OUTPUT_ERRORS else "this machine")
        return fail(2, f"{name}: {where}: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
