# SPDX-License-Identifier: GPL-2.0-only
"""What the spec says. The spec is spec/onload_api.yaml, as the generator writes it in JSON."""

import json

from lkos import places


def load():
    with open(places.spec(), encoding="utf-8") as file:
        return json.load(file)


def onload_options():
    with open(places.onload_options(), encoding="utf-8") as file:
        return json.load(file)["options"]


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
