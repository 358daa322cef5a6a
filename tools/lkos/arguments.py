# SPDX-License-Identifier: GPL-2.0-only
"""Reads arguments. argparse would take longer to import than `lkos run` has for all it does."""

import sys

from lkos.trouble import Misuse


def parse(args, help_text, flags=(), values=(), most=None, stop_early=False):
    """Splits args into ({option: list of its values, which a flag has none of}, the rest).

    Options are spelt as given in flags and values; --name=value is understood too. All after -- is the
    rest, and with stop_early all from the first argument that is no option. most: arguments that the rest may have.
    """
    found, rest = {}, []
    args = list(args)
    while args:
        arg = args.pop(0)
        name, equals, value = arg.partition("=")
        if arg == "--":
            rest += args
            break
        if help_text and arg in ("-h", "--help"):
            print(help_text, end="")
            sys.exit(0)
        if arg in flags:
            found[arg] = []
        elif arg in values:
            if not args:
                raise Misuse(f"{arg} needs a value")
            found.setdefault(arg, []).append(args.pop(0))
        elif equals and name.startswith("--") and name in values:
            found.setdefault(name, []).append(value)
        elif arg.startswith("-") and arg != "-":
            raise Misuse(f"{arg}: no such option")
        elif stop_early:
            return found, [arg] + args
        else:
            rest.append(arg)
    if most is not None and len(rest) > most:
        raise Misuse(f"{rest[most]}: one argument too many")
    return found, rest
