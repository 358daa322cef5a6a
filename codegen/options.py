# SPDX-License-Identifier: GPL-2.0-only
"""The options of Onload as frozen dataclasses. Knows no template and does not touch the disk."""

from dataclasses import dataclass

import checks
from yaml_lines import Source


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

    @property
    def lived(self):
        return f"{self.since} to {self.until}" if self.until else self.since


@dataclass(frozen=True)
class Options:
    all: tuple

    @property
    def named(self):
        return tuple(o for o in self.all if o.name)

    @property
    def ints(self):
        return tuple(o for o in self.all if o.can_be_set and o.kind == "int")

    @property
    def strs(self):
        return tuple(o for o in self.all if o.can_be_set and o.kind == "str")


def check_option(source, path, option):
    """What a schema cannot say."""
    if option["kind"] == "str":
        wrong = {"min", "max", "effective", "from_os", "bits", "words"} & set(option)
        needed = {"max_length"}
    else:
        wrong = {"max_length"} & set(option)
        needed = {"min", "max"}
    for key in sorted(wrong):
        source.report(path + (key,), f"key '{key}' does not belong to an option of kind "
                                     f"{option['kind']}; take it out")
    for key in sorted(needed - set(option)):
        source.report(path, f"missing key '{key}'; an option of kind {option['kind']} has it")
    if isinstance(option["default"], int) != (option["kind"] == "int"):
        source.report(path + ("default",), f"default: {option['default']!r} is not of kind "
                                           f"{option['kind']}")
    elif not wrong and not needed - set(option) and option["kind"] == "int":
        for key in ("default", "effective"):
            if not option["min"] <= option.get(key, option["min"]) <= option["max"]:
                source.report(path + (key,), f"{key}: {option[key]} is not from min to max")


def load(text, schema, label):
    """The Options that a file's text describes. label: how messages name the file.

    Raises SpecError.
    """
    source = Source(text, label)
    source.stop_on_problems()
    checks.shape_problems(source, schema)
    source.stop_on_problems()
    first = {}
    for i, option in enumerate(source.data["options"]):
        check_option(source, ("options", i), option)
        key = option["name"], option["scope"]
        line = source.lines["options", i]
        if key in first:
            source.report_line(line, f"duplicate name '{option['name']}', first in line "
                                     f"{first[key]}; keep one")
        first.setdefault(key, line)
    source.stop_on_problems()
    return Options(tuple(made(option) for option in source.data["options"]))


def made(option):
    taken = {key: tuple(value) if isinstance(value, list) else value
             for key, value in option.items()}
    if "from_os" in taken:
        taken["from_os"] = FromOs(**{key: tuple(value) if isinstance(value, list) else value
                                     for key, value in option["from_os"].items()})
    return Option(**taken)
