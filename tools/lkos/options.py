# SPDX-License-Identifier: GPL-2.0-only
"""Reads options. argparse would take longer to import than `lkos run` has for all it does."""

import sys

from lkos.trouble import Trouble


def parse(command, args, flags=(), values=(), help_text="", stop_early=False, status=2):
    """Splits args into ({option: value, or True for a flag}, the rest).

    Options are spelt as given in flags and values; --name=value is understood too. All after -- is the
    rest, and with stop_early all from the first argument that is no option.
    """
    found, rest = {}, []
    args = list(args)
    while args:
        arg = args.pop(0)
        name, equals, value = arg.partition("=")
        if arg == "--":
            return found, rest + args
        if arg in ("-h", "--help"):
            print(help_text, end="")
            sys.exit(0)
        if arg in flags:
            found[arg] = True
        elif arg in values:
            if not args:
                raise Trouble(f"{arg} needs a value", status, command)
            found[arg] = args.pop(0)
        elif equals and name.startswith("--") and name in values:
            found[name] = value
        elif arg.startswith("-") and arg != "-":
            raise Trouble(f"{arg}: no such option", status, command)
        elif stop_early:
            return found, [arg] + args
        else:
            rest.append(arg)
    return found, rest
