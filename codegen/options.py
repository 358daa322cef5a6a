# SPDX-License-Identifier: GPL-2.0-only
"""The options of Onload as frozen dataclasses. Knows no template and does not touch the disk."""

from dataclasses import dataclass

import checks
from yaml_lines import Source, made


@dataclass(frozen=True, kw_only=True)
class FromOs:
    """Where below /proc/sys a value is taken from."""
    path: str = ""
    times: int = 1
    within: tuple = ()  # 1 in this range, else 0
    only: tuple = ()    # another value is no value
    bits: tuple = ()    # paths, the one of bit 0 first

    @property
    def paths(self):
        return self.bits or (self.path,)

    @property
    def rule(self):
        return "BITS" if self.bits else "WITHIN" if self.within else "ONLY" if self.only else "TIMES"

    @property
    def text(self):
        where = ", ".join(f"`{path}`" for path in self.paths)
        if self.within or self.only:
            low, high = self.within or self.only
            limits = str(low) if low == high else f"{low} to {high}"
            return f"whether {where} is {limits}" if self.within else f"{where} if that is {limits}"
        return f"bits of {where}" if self.bits else f"{self.times} * {where}" if self.times > 1 else where


@dataclass(frozen=True, kw_only=True)
class Option:
    name: str
    kind: str   # int, str
    scope: str  # stack, process
    default: object
    effective: object = None
    from_os: FromOs = None
    min: int = 0
    max: int = 0
    max_length: int = 0
    bits: int = 0
    words: tuple = ()
    environment: str = "number"
    built: bool = True
    since: str
    until: str = ""
    doc: str
    acts: str = ""
    notes: str = ""

    @property
    def initial(self):
        return self.default if self.effective is None else self.effective

    @property
    def range(self):
        if self.kind == "str":
            return f"at most {self.max_length} bytes"
        return f"{self.min} to {'2^64-1' if self.max == 2**64 - 1 else self.max}"

    @property
    def can_be_set(self):
        """By onload_stack_opt_set_int() and its relatives."""
        return self.scope == "stack" and self.built and not self.until


def load(text, schema, label):
    """The Options that a file's text describes. label: how messages name the file.

    Raises SpecError.
    """
    source = Source(text, label)
    checks.shape_problems(source, schema)
    source.stop_on_problems()
    options = source.data["options"]
    source.only_once(((o["name"], o["scope"]), o["name"], source.lines["options", i]) for i, o in enumerate(options))
    for i, option in enumerate(options):
        for key in {"default", "effective"} & set(option) if option["kind"] == "int" else ():
            if not option["min"] <= option[key] <= option["max"]:
                source.report(("options", i, key), f"{key}: {option[key]} is not from min to max")
    source.stop_on_problems()
    from_os = {"from_os": lambda entry: made(FromOs, entry)}
    return tuple(made(Option, option, from_os) for option in options)
