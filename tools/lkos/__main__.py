# SPDX-License-Identifier: GPL-2.0-only
"""The command line. Started by the script beside it with: its own name, the mask of ignored signals,
and the arguments."""

import os
import sys

sys.dont_write_bytecode = True  # what is installed is all that there will be
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lkos import VERSION  # noqa: E402  (the path comes first)
from lkos.trouble import Trouble  # noqa: E402

# Imported only when used: Python's start-up time is added to that of every program.
COMMANDS = {
    "run": "run a program with the library",
    "check": "say what a program will meet, before it runs",
    "symbols": "look up what is answered",
    "doctor": "try whether all this works on this machine",
}

HELP = """usage: lkos COMMAND [ARGUMENT...]

Runs programs written for Onload on plain Linux.

commands:
{commands}

  --version  print the version
  --help     print this; lkos COMMAND --help tells more, with an example

example:
  lkos run ./app
"""


def help_text():
    return HELP.format(commands="\n".join(f"  {name:9}  {what}" for name, what in COMMANDS.items()))


def lkos(args, ignored_signals):
    if args and args[0] in ("--version", "-V"):
        print(f"lkos {VERSION}")
        return 0
    if args and args[0] in ("--help", "-h", "help"):
        print(help_text(), end="")
        return 0
    if not args:
        raise Trouble("a command is missing; they are " + ", ".join(COMMANDS), usage="lkos")
    if args[0] not in COMMANDS:
        raise Trouble(
            f"{args[0]}: no such command; they are {', '.join(COMMANDS)}. "
            f"To run a program: lkos run {args[0]}",
            usage="lkos",
        )
    command = getattr(__import__("lkos." + args[0]), args[0])
    if args[0] == "run":
        return command.main(args[1:], ignored_signals)
    return command.main(args[1:])


def main(script, ignored_signals, *args):
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")  # a file's name may be any bytes
    name = os.path.basename(script)
    try:
        if name == "onload":
            from lkos import onload

            status = onload.main(args, int(ignored_signals, 16))
        else:
            status = lkos(args, int(ignored_signals, 16))
        if sys.stdout:
            sys.stdout.flush()
        return status
    except Trouble as trouble:
        print(f"{name}: {trouble}", file=sys.stderr)
        if trouble.usage:
            print(f"Try: {trouble.usage} --help", file=sys.stderr)
        return trouble.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as in: lkos symbols | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
