# SPDX-License-Identifier: GPL-2.0-only
"""What the spec says. The spec is spec/onload_api.yaml, as the generator writes it in JSON."""

import difflib
import json

from lkos import places
from lkos.trouble import Trouble


def load(name="spec.json"):
    with open(places.data(name), encoding="utf-8") as file:
        return json.load(file)


def nothing_called(name, known, what, everything):
    """The Trouble of a name that is not known. everything: the command that prints all that are."""
    close = difflib.get_close_matches(name, sorted(set(known)), n=3)
    hint = f"perhaps {' or '.join(close)}?" if close else f"for all that there is: {everything}"
    return Trouble(f"{name}: no {what}; {hint}")


def emulated(api):
    """The same with the answers of the emulation, where it has them."""
    for function in api["functions"]:
        function["answer_words"] = function["emulated_words"] or function["answer_words"]
    return api


def release_key(name):
    """Sorts '201811' < '201811-u1' < '7.0.0' < '9.0.1'. ValueError: no release is called so."""
    base, _, update = name.partition("-u")
    numbers = [int(part) for part in base.split(".")]
    if len(numbers) == 1:
        numbers = [0, *numbers]
    return (*numbers, *[0] * (4 - len(numbers)), float(update or 0))


def interposed(api):
    """The libc functions that the library rewrites or watches."""
    return [function for function in api["libc"] if function["interposed"]]
