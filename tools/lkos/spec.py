# SPDX-License-Identifier: GPL-2.0-only
"""What the spec says, in words. The spec is spec/onload_api.yaml, as the generator writes it in JSON."""

import json

from lkos import places


def load():
    with open(places.spec(), encoding="utf-8") as file:
        return json.load(file)


def answer(answered):
    """An answer of a function as one short text."""
    kind = answered["kind"]
    if kind == "value":
        return str(answered["value"])
    if kind == "neg_errno":
        return "-" + answered["errno"]
    if kind == "minus_one":
        return "-1, errno " + answered["errno"]
    if kind == "calls":
        return answered["calls"] + "()"
    return "as described"


def prototype(function):
    args = ", ".join(_declared(arg) for arg in function["args"]) or "void"
    return _declared({"type": function["returns"], "name": f"{function['name']}({args});"})


def _declared(arg):
    gap = "" if arg["type"].endswith("*") else " "
    return f"{arg['type']}{gap}{arg['name']}"


def release_key(name):
    """Sorts '201811' < '201811-u1' < '7.0.0' < '9.0.1'. ValueError: no release is called so."""
    base, _, update = name.partition("-u")
    numbers = [int(part) for part in base.split(".")]
    if len(numbers) == 1:
        numbers = [0, *numbers]
    return (*numbers, *[0] * (4 - len(numbers)), float(update or 0))


def functions(spec):
    return {function["name"]: function for function in spec["functions"]}
