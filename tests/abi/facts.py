# SPDX-License-Identifier: GPL-2.0-only
"""What generated/spec.json says that the libraries must be, for the tests of this folder."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

STUB = "liblk_onload_stub"
EMULATION = "liblk_onload_emulation"
LINK = "libonload_ext"
SIZES = {"char": 1, "int": 4, "unsigned int": 4, "unsigned": 4}  # in bytes, on each machine


def load():
    """Tests run in the root of the tree."""
    return json.loads(Path("generated/spec.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Variable:
    size: int  # in bytes
    content: bytes


@dataclass(frozen=True)
class Library:
    file: str
    soname: str
    weak: bool  # whether its functions are weak
    functions: frozenset
    variables: dict  # name -> Variable

    @property
    def names(self):
        return self.functions | set(self.variables)


def interposed(spec, machine):
    return [f["name"] for f in spec["libc"]
            if f["interposed"] and machine in (f["abi"] or [machine])]


def interposed_there_only(spec, machine):
    return [f["name"] for f in spec["libc"] if f["interposed"] and f["abi"] == [machine]]


def emulated(spec):
    return ([f["name"] for f in spec["functions"] if f["emulated"]]
            + [f["name"] for f in spec["libc"] if f["emulation"] == "routed"])


def variables(spec, library, soname):
    made = {}
    for data in spec["data"]:
        if library in data["exported_by"]:
            base, count = re.fullmatch(r"(.*) \[(\d+)\]", data["type"]).groups()
            numbers = next(v["numbers"] for v in data["values"] if v["soname"] == soname)
            content = b"".join(n.to_bytes(SIZES[base], "little") for n in numbers)
            made[data["name"]] = Variable(SIZES[base] * int(count), content)
    return made


def libraries(spec, machine):
    """Of each file that we make: what is in it."""
    functions = [f["name"] for f in spec["functions"]]
    sonames = [r["soname"] for r in spec["releases"]]
    files = {soname: soname for soname in sonames}
    files[LINK + ".so"] = sonames[-1]  # what programs that are linked today ask for
    made = [Library(STUB + ".so", STUB + ".so", False,
                    frozenset(functions + interposed(spec, machine)),
                    variables(spec, STUB, STUB + ".so")),
            Library(EMULATION + ".so", EMULATION + ".so", False, frozenset(emulated(spec)), {})]
    made += [Library(file, soname, True, frozenset(functions), variables(spec, LINK, soname))
             for file, soname in sorted(files.items())]
    return made
