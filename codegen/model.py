# SPDX-License-Identifier: GPL-2.0-only
"""The spec as frozen dataclasses: what YAML says, how C spells it, and where a mistake is.

Knows no template and does not touch the disk.
"""

import difflib
import errno as errno_names
import functools
import re
from dataclasses import dataclass

import jsonschema
import yaml

WIDTH = 90  # columns of generated C
TAB = 8


class SpecError(Exception):
    """What is wrong with a spec: one 'file:line: what, and what to write instead' per line."""


# ---------------------------------------------------------------------------------------
# How C is spelt


def declare(ctype, name):
    """'char *', 'x' -> 'char *x'; 'int [5]', 'x' -> 'int x[5]'."""
    base, bracket, dimension = ctype.partition(" [")
    gap = "" if base.endswith("*") else " "
    return f"{base}{gap}{name}" + (f"[{dimension}" if bracket else "")


def call(head, parts, tail, continuation="\t\t"):
    """head(part, part)tail, wrapped to WIDTH columns."""
    lines = [head + "("]
    for i, part in enumerate(parts or ["void"]):
        piece = part + (", " if i + 1 < len(parts) else ")" + tail)
        if len((lines[-1] + piece).rstrip().expandtabs(TAB)) > WIDTH and i:
            lines.append(continuation)
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def number(value):
    """As a C literal: decimal while it is short, else hexadecimal."""
    return str(value) if value < 32 else f"0x{value:x}"


# ---------------------------------------------------------------------------------------
# The model


@dataclass(frozen=True)
class Group:
    name: str
    title: str


@dataclass(frozen=True)
class Header:
    name: str
    guard: str
    includes: tuple
    doc: str


@dataclass(frozen=True)
class DataOnly:
    macro: str
    since: str
    doc: str


@dataclass(frozen=True)
class Release:
    name: str
    ext_version: tuple
    soname: str
    functions: tuple  # names of the functions that its libonload_ext exports


@dataclass(frozen=True)
class Arg:
    name: str
    type: str
    is_pointer: bool

    @property
    def c(self):
        return declare(self.type, self.name)


@dataclass(frozen=True)
class Answer:
    kind: str  # value, neg_errno, minus_one, calls, handwritten
    value: int = 0
    errno: str = ""
    calls: str = ""
    expression: str = ""  # of kind value: how C spells it

    @property
    def text(self):
        return {
            "value": str(self.value),
            "neg_errno": f"-{self.errno}",
            "minus_one": f"-1, errno {self.errno}",
            "calls": f"{self.calls}()",
            "handwritten": "as described",
        }[self.kind]

    @property
    def here(self):
        """As text, but with the enumerator's name."""
        named = self.kind == "value" and self.expression != str(self.value)
        return f"{self.text} ({self.expression})" if named else self.text

    @property
    def macro(self):
        """As the tables for tests spell it."""
        return {
            "value": f"LKOS_VALUE({self.value})",
            "neg_errno": f"LKOS_NEG_ERRNO({self.errno})",
            "minus_one": f"LKOS_MINUS_ONE({self.errno})",
            "calls": f"LKOS_CALLS({self.calls})",
            "handwritten": "LKOS_HANDWRITTEN",
        }[self.kind]


class Signature:
    """What has a name, a returned type and arguments."""

    @property
    def parameters(self):
        return ", ".join(a.c for a in self.args) or "void"

    @property
    def types(self):
        return ", ".join(a.type for a in self.args)

    @property
    def names(self):
        return ", ".join(a.name for a in self.args)

    @property
    def head(self):
        return call(declare(self.returns, self.name), [a.c for a in self.args], "")

    @property
    def prototype(self):
        return call(declare(self.returns, self.name), [a.c for a in self.args], ";")


@dataclass(frozen=True)
class Function(Signature):
    name: str
    returns: str
    args: tuple
    header: str
    group: str
    since: str
    until: str
    hidden: bool
    answer: Answer
    absent: Answer  # equal to answer where the spec gives none
    doc: str
    onload: str
    notes: str
    source: str

    @property
    def here(self):
        if self.absent == self.answer:
            return self.answer.here
        return f"{self.answer.here}; {self.absent.here} from libonload_ext alone"

    @property
    def lived(self):
        return f"{self.since} to {self.until}" if self.until else self.since

    @property
    def story(self):
        """(label, text) of the comment over the prototype."""
        rows = [("", self.doc), ("here", self.here + "."), ("Onload", self.onload),
                ("since", self.lived), ("notes", self.notes), ("source", self.source)]
        return tuple((label, text) for label, text in rows if text)

    @property
    def test_args(self):
        return ", ".join(f"LKOS_ARG_{'POINTER' if a.is_pointer else 'SCALAR'}({a.type})"
                         for a in self.args)


@dataclass(frozen=True)
class Data:
    name: str
    type: str
    exported_by: tuple
    values: tuple  # of DataValue
    doc: str
    source: str

    @property
    def c(self):
        return declare(self.type, self.name)


@dataclass(frozen=True)
class DataValue:
    soname: str
    numbers: tuple

    @property
    def major(self):
        return self.soname.rpartition(".")[2]


@dataclass(frozen=True)
class Constant:
    name: str
    header: str
    group: str
    expression: str
    value: int
    pointer: bool
    since: str
    doc: str
    notes: str
    source: str

    @property
    def literal(self):
        return number(self.value)

    @property
    def story(self):
        return (("", f"{self.doc} {self.notes}".rstrip()),)


@dataclass(frozen=True)
class Enumerator:
    name: str
    value: int
    expression: str
    since: str
    doc: str

    @property
    def literal(self):
        return number(self.value)


@dataclass(frozen=True)
class Enum:
    name: str
    header: str
    group: str
    since: str
    doc: str
    source: str
    enumerators: tuple


ABIS = ("x86_64", "i386", "aarch64")  # the first one is the reference


@dataclass(frozen=True)
class Abi:
    """A figure in bytes for each ABI."""
    x86_64: int
    i386: int
    aarch64: int

    @property
    def row(self):
        return f"{self.x86_64}, {self.i386}, {self.aarch64}"


@dataclass(frozen=True)
class Bits:
    first: int  # from the least significant bit of the word
    width: int


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    offset: Abi
    bits: Bits
    doc: str

    @property
    def c(self):
        text = declare(self.type, self.name)
        if not self.bits:
            return text
        # ISO C knows bit-fields of int and unsigned only
        extension = "" if self.type in ("int", "unsigned") else "__extension__ "
        return f"{extension}{text} : {self.bits.width}"


@dataclass(frozen=True)
class Member:
    """What a struct's definition is made of: one plain field, a union, or a word of bit-fields."""
    kind: str  # plain, union, bits
    fields: tuple


@dataclass(frozen=True)
class Type(Signature):
    name: str
    kind: str
    header: str
    group: str
    since: str
    until: str
    hidden: bool
    doc: str
    notes: str
    source: str
    size: Abi
    align: Abi
    members: tuple
    target: str
    type: str
    returns: str
    args: tuple
    forward: tuple

    @property
    def fields(self):
        return tuple(f for m in self.members for f in m.fields)

    @property
    def c(self):
        return f"struct {self.name}" if self.kind in ("struct", "opaque") else self.name

    @property
    def typedef(self):
        return call(f"typedef {declare(self.returns, f'(*{self.name})')}",
                    [a.c for a in self.args], ";")

    @property
    def story(self):
        return (("", f"{self.doc} {self.notes}".rstrip()),)


@dataclass(frozen=True)
class Inline(Signature):
    name: str
    returns: str
    args: tuple
    header: str
    group: str
    since: str
    hidden: bool
    doc: str
    source: str
    body: str

    @property
    def head(self):
        # C89 has no inline, but compilers then still have this.
        return call(f"static __inline {declare(self.returns, self.name)}",
                    [a.c for a in self.args], "")

    @property
    def story(self):
        return (("", self.doc), ("since", self.since), ("source", self.source))


@dataclass(frozen=True)
class Libc(Signature):
    name: str
    returns: str
    args: tuple
    interposed: bool
    fixed: int  # parameters before the '...' of the prototype; -1: there is no '...'
    abi: tuple  # names of the ABIs that have it; empty: all of them
    doc: str

    @property
    def condition(self):
        """As the preprocessor tests it; compilers' macros are named as our ABIs are."""
        return " || ".join(f"defined(__{abi}__)" for abi in self.abi)

    @property
    def macro(self):
        return "LKOS_NEXT_VOID" if self.returns == "void" else "LKOS_NEXT"

    @property
    def declared_types(self):
        types = [a.type for a in self.args]
        return ", ".join(types if self.fixed < 0 else types[:self.fixed] + ["..."])


@dataclass(frozen=True)
class Block:
    """What one header declares of one group, shown always or hidden by DataOnly.macro."""
    hidden: bool
    types: tuple
    functions: tuple
    inlines: tuple


@dataclass(frozen=True)
class Section:
    group: Group
    constants: tuple
    enums: tuple
    blocks: tuple


@dataclass(frozen=True)
class Api:
    releases: tuple
    groups: tuple
    headers: tuple
    data_only: DataOnly
    functions: tuple
    data: tuple
    constants: tuple
    enums: tuple
    types: tuple
    inlines: tuple
    libc: tuple

    @property
    def interposed(self):
        return tuple(f for f in self.libc if f.interposed)

    @property
    def answered(self):
        """Functions whose stub answer is generated."""
        return tuple(f for f in self.functions if f.answer.kind != "handwritten")

    @property
    def exported_data(self):
        return tuple(d for d in self.data if d.exported_by)

    def exports_on(self, abi):
        """Names that the stub exports there."""
        return (tuple(f.name for f in self.functions)
                + tuple(f.name for f in self.interposed if not f.abi or abi in f.abi))

    @property
    def stub_exports(self):
        return self.exports_on(ABIS[0])

    @property
    def other_stub_exports(self):
        """ABI -> what the stub exports there, where that is not stub_exports."""
        return {abi: self.exports_on(abi) for abi in ABIS[1:]
                if self.exports_on(abi) != self.stub_exports}

    @property
    def ext_exports(self):
        return (tuple(f.name for f in self.functions)
                + tuple(d.name for d in self.exported_data))

    @property
    def majors(self):
        """Major numbers of libonload_ext's SONAMEs, as text."""
        return tuple(sorted({v.major for d in self.exported_data for v in d.values}))

    @property
    def sized_types(self):
        return tuple(t for t in self.types if t.size)

    def sections(self, header):
        """Of a header by name; of the undeclared rest by None."""
        made = []
        for group in self.groups:
            def here(items):
                return tuple(i for i in items if i.group == group.name and i.header == header)

            types, functions, inlines = here(self.types), here(self.functions), here(self.inlines)
            blocks = []
            for hidden in (False, True):
                parts = [tuple(i for i in items if i.hidden == hidden)
                         for items in (types, functions, inlines)]
                if any(parts):
                    blocks.append(Block(hidden, *parts))
            section = Section(group, here(self.constants), here(self.enums), tuple(blocks))
            if section.constants or section.enums or section.blocks:
                made.append(section)
        return tuple(made)

    def of_group(self, group, items):
        return tuple(i for i in items if i.group == group.name)


# ---------------------------------------------------------------------------------------
# YAML with line numbers


class Source:
    """A parsed spec, the line of each path in it, and the problems found so far."""

    def __init__(self, text, label):
        self.label = label
        self.lines = {(): 1}
        self.problems = set()
        try:
            loader = yaml.SafeLoader(text)
        except yaml.reader.ReaderError as error:
            self.report_line(text.count("\n", 0, error.position) + 1,
                             f"not YAML: a character U+{error.character:04X}; delete it")
            self.stop_on_problems()
        try:
            node = loader.get_single_node()
            self.data = self._plain(loader, node, ()) if node else None
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or str(error)
            self.report_line(mark.line + 1 if mark else 1,
                             f"not YAML: {problem}; check quotes, brackets and indentation here")
            self.stop_on_problems()
        finally:
            loader.dispose()

    def _plain(self, loader, node, path):
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(loader, item, path + (i,)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_object(node)
        made = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self.report_line(line, "a key must be a plain word")
            elif key in made:
                first = self.lines[path + (key,)]
                self.report_line(line, f"{self.context(path, made)}duplicate key '{key}', first in "
                                       f"line {first}; keep one")
            else:
                self.lines[path + (key,)] = line
                made[key] = self._plain(loader, value_node, path + (key,))
        return made

    def context(self, path, at=None):
        """'name: ' of the entry that holds path, or its key."""
        if at is not None and isinstance(at.get("name"), str):
            return f"{at['name']}: "
        names, value = [], self.data if hasattr(self, "data") else None
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(value, dict) and isinstance(value.get("name"), str):
                names.append(value["name"])
        return f"{'.'.join(names)}: " if names else ""

    def report_line(self, line, text):
        self.problems.add((line, text))

    def report(self, path, text):
        """Say that what stands at path is wrong."""
        path = tuple(path)
        at = path
        while at not in self.lines:
            at = at[:-1]
        self.report_line(self.lines[at], self.context(path) + text)

    def stop_on_problems(self):
        if self.problems:
            raise SpecError("\n".join(f"{self.label}:{line}: {text}"
                                      for line, text in sorted(self.problems)))


def close_to(word, known):
    """', did you mean x' when one of known is near."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def shape_problems(source, schema):
    """Report all that the JSON schema has against the source."""
    names = {dict: "a map", list: "a list", str: "text", bool: "true or false", int: "a number",
             float: "a number", type(None): "nothing"}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(source.data):
        path = tuple(error.absolute_path)
        rule, value, wanted = error.validator, error.instance, error.schema
        last = next((f"{step}: " for step in reversed(path) if isinstance(step, str)), "")
        write = f"; write {wanted['description']}" if isinstance(wanted, dict) and (
            "description" in wanted) else ""
        if rule == "additionalProperties":
            patterns = wanted.get("patternProperties", {})
            known = list(wanted.get("properties", {}))
            for key in value:
                if key not in known and not any(re.search(p, key) for p in patterns):
                    hint = close_to(key, known) or (
                        f"; known here: {', '.join(known)}" if known else write)
                    source.report(path + (key,), f"unknown key '{key}'{hint}")
        elif rule == "required":
            for key in error.validator_value:
                if key not in value:
                    about = property_of(schema, wanted, key)
                    source.report(path, f"missing key '{key}'; write {key}: {about}")
        elif rule is None:  # the schema 'false'
            key = path[-1]
            source.report(path, f"key '{key}' does not belong to an entry of this kind; take it out")
        elif rule == "type":
            source.report(path, f"{last}{value!r} is {names.get(type(value), 'something else')}{write}")
        elif rule in ("enum", "const"):
            hint = close_to(str(value), [str(v) for v in wanted.get("enum", [])])
            source.report(path, f"{last}unknown value {value!r}{hint or write}")
        elif rule == "anyOf":
            source.report(path, f"{last}unknown answer {value!r}{write}")
        else:
            source.report(path, f"{last}{value!r} does not do{write}")


def property_of(schema, wanted, key):
    """What the schema's description says to write for a key."""
    about = wanted.get("properties", {}).get(key)
    if about is None:  # asked for by an if/then, described in the same definition
        about = next(d["properties"][key] for d in schema["$defs"].values()
                     if key in d.get("properties", {}))
    if "$ref" in about:
        about = schema["$defs"][about["$ref"].rpartition("/")[2]]
    return about["description"]


# ---------------------------------------------------------------------------------------
# From the one to the other


class Builder:
    def __init__(self, source):
        self.source = source
        self.data = source.data
        self.releases = [r["name"] for r in self.data["releases"]]
        self.pointers = {t["name"] for t in self.data["types"]
                         if t["kind"] in ("handle", "callback")}
        self.enumerators = {f"enum {e['name']}": e["enumerators"] for e in self.data["enums"]}

    def build(self):
        self.check_names()
        self.check_references()
        self.source.stop_on_problems()
        self.check_answers()
        self.check_layouts()
        self.check_data()
        self.check_libc()
        self.source.stop_on_problems()
        data = self.data
        return Api(
            releases=tuple(Release(r["name"], tuple(r["ext_version"]), r["soname"],
                                   tuple(f["name"] for f in data["functions"]
                                         if self.carried(f, r["name"])))
                           for r in data["releases"]),
            groups=tuple(Group(**g) for g in data["groups"]),
            headers=tuple(Header(h["name"], h["guard"], tuple(h["includes"]), h["doc"])
                          for h in data["headers"]),
            data_only=DataOnly(**data["data_only"]),
            functions=tuple(self.function(f) for f in data["functions"]),
            data=tuple(Data(d["name"], d["type"], tuple(d["exported_by"]),
                            tuple(DataValue(soname, tuple(numbers))
                                  for soname, numbers in d.get("values", {}).items()),
                            d["doc"], d["source"])
                       for d in data["data"]),
            constants=tuple(Constant(c["name"], c["header"], c["group"], c["expression"],
                                     c["value"], c.get("pointer", False), c.get("since", ""),
                                     c["doc"], c.get("notes", ""), c["source"])
                            for c in data["constants"]),
            enums=tuple(Enum(e["name"], e["header"], e["group"], e.get("since", ""), e["doc"],
                             e["source"],
                             tuple(Enumerator(n["name"], n["value"],
                                              n.get("expression", number(n["value"])),
                                              n.get("since", e.get("since", "")), n.get("doc", ""))
                                   for n in e["enumerators"]))
                        for e in data["enums"]),
            types=tuple(self.type(t) for t in data["types"]),
            inlines=tuple(Inline(i["name"], i["returns"], self.args(i), i["header"], i["group"],
                                 i["since"], "ds_data_only" in i, i["doc"], i["source"], i["body"])
                          for i in data["inlines"]),
            libc=tuple(Libc(f["name"], f["returns"], self.args(f), f["interposed"],
                            f.get("variadic_after", -1), tuple(f.get("abi", [])), f["doc"])
                       for f in data["libc"]),
        )

    # -- making

    def carried(self, function, release):
        at = self.releases.index
        last = at(function["until"]) if "until" in function else len(self.releases)
        return at(function["since"]) <= at(release) <= last

    def args(self, entry):
        pairs = [pair for one in entry.get("args", []) for pair in one.items()]
        return tuple(Arg(name, ctype, ctype.endswith(("*", "]")) or ctype in self.pointers)
                     for name, ctype in pairs)

    def answer(self, raw, returns):
        if raw == "handwritten":
            return Answer("handwritten")
        (kind, what), = raw.items()
        if kind == "value":
            named = (e["name"] for e in self.enumerators.get(returns, []) if e["value"] == what)
            return Answer(kind, value=what, expression=next(named, str(what)))
        return Answer(kind, calls=what) if kind == "calls" else Answer(kind, errno=what)

    def function(self, f):
        return Function(
            name=f["name"], returns=f["returns"], args=self.args(f), header=f["header"],
            group=f["group"], since=f["since"], until=f.get("until", ""),
            hidden="ds_data_only" in f,
            answer=self.answer(f["answer"], f["returns"]),
            absent=self.answer(f.get("absent", f["answer"]), f["returns"]),
            doc=f["doc"], onload=f["onload"], notes=f.get("notes", ""), source=f["source"])

    def type(self, t):
        return Type(
            name=t["name"], kind=t["kind"], header=t["header"], group=t["group"],
            since=t.get("since", ""), until=t.get("until", ""), hidden="ds_data_only" in t,
            doc=t["doc"], notes=t.get("notes", ""), source=t["source"],
            size=Abi(**t["size"]) if "size" in t else None,
            align=Abi(**t["align"]) if "align" in t else None,
            members=self.members(t), target=t.get("target", ""), type=t.get("type", ""),
            returns=t.get("returns", ""), args=self.args(t),
            forward=tuple(t.get("forward", [])))

    @staticmethod
    def members(t):
        made = []
        for f in t.get("fields", []):
            offset, doc = Abi(**f["offset"]), f.get("doc", "")
            if "union" in f:
                made.append(Member("union", tuple(Field(u["name"], u["type"], offset, None, doc)
                                                  for u in f["union"])))
            elif "bits" not in f:
                made.append(Member("plain", (Field(f["name"], f["type"], offset, None, doc),)))
            else:
                one = Field(f["name"], f["type"], offset, Bits(**f["bits"]), doc)
                before = made[-1] if made else None
                if before and before.kind == "bits" and before.fields[0].offset == offset:
                    made[-1] = Member("bits", before.fields + (one,))
                else:
                    made.append(Member("bits", (one,)))
        return tuple(made)

    # -- checking what a schema cannot say

    def entries(self, *kinds):
        for kind in kinds:
            for i, entry in enumerate(self.data[kind]):
                yield (kind, i), entry

    def check_names(self):
        tags = [("enums", i) for i in range(len(self.data["enums"]))]
        tags += [("types", i) for i, t in enumerate(self.data["types"])
                 if t["kind"] in ("struct", "opaque")]
        names = [path for path, _ in self.entries("functions", "data", "constants", "inlines",
                                                  "libc", "types") if path not in tags]
        names += [("enums", i, "enumerators", j) for (_, i), e in self.entries("enums")
                  for j in range(len(e["enumerators"]))]
        spaces = [tags, names]
        spaces += [[path for path, _ in self.entries(kind)]
                   for kind in ("releases", "groups", "headers")]
        for (kind, i), entry in self.entries("functions", "libc", "inlines", "types"):
            first = {}
            for j, one in enumerate(entry.get("args", [])):
                name = next(iter(one))
                if name in first:
                    self.source.report((kind, i, "args", j),
                                       f"duplicate argument '{name}'; give it a name of its own")
                first[name] = j
        for paths in spaces:
            first = {}
            for path in paths:
                name = functools.reduce(lambda at, step: at[step], path, self.data)["name"]
                line = self.source.lines[path + ("name",)]
                if name in first:
                    self.source.report_line(max(line, first[name]),
                                            f"duplicate name '{name}', first in line "
                                            f"{min(line, first[name])}; keep one")
                first.setdefault(name, line)

    def check_references(self):
        groups = [g["name"] for g in self.data["groups"]]
        headers = [h["name"] for h in self.data["headers"]]
        dated = list(self.entries("functions", "constants", "enums", "types", "inlines"))
        for path, entry in dated:
            self.known(path, entry, "group", groups, "groups")
            self.known(path, entry, "header", headers + [None], "headers")
        dated += [(("enums", i, "enumerators", j), n) for (_, i), e in self.entries("enums")
                  for j, n in enumerate(e["enumerators"])]
        dated.append((("data_only",), self.data["data_only"]))
        for path, entry in dated:
            good = [self.known(path, entry, key, self.releases, "releases")
                    for key in ("since", "until")]
            if "until" not in entry or not all(good):
                continue
            at = self.releases.index
            if "since" in entry and at(entry["until"]) < at(entry["since"]):
                self.source.report(path + ("until",),
                                   f"until: {entry['until']} comes before since: {entry['since']}; "
                                   "write the last release that carried it")
            if entry["header"] is not None:
                self.source.report(path + ("header",),
                                   f"header: no header of today declares what ended with "
                                   f"{entry['until']}; write header: null")

    def known(self, path, entry, key, choices, where):
        if key not in entry or entry[key] in choices:
            return True
        word = entry[key]
        hint = close_to(word, [c for c in choices if c]) or f"; add it under {where}"
        self.source.report(path + (key,), f"unknown {'release' if where == 'releases' else key} "
                                          f"'{word}'{hint}")
        return False

    def check_answers(self):
        libc = {f["name"]: f for f in self.data["libc"]}
        for path, f in self.entries("functions"):
            if f["answer"] == "handwritten" and "absent" not in f:
                self.source.report(path + ("answer",),
                                   "libonload_ext has no handwritten bodies; write absent: "
                                   "{neg_errno: E} or what it answers alone")
            if f.get("absent") == "handwritten":
                self.source.report(path + ("absent",),
                                   "absent: libonload_ext has no handwritten bodies; write {value: N}, "
                                   "{neg_errno: E}, {minus_one: E} or {calls: F}")
            if "absent" in f and f["absent"] == f["answer"]:
                self.source.report(path + ("absent",), "absent: the same as answer; take it out")
            for key in ("answer", "absent"):
                if isinstance(f.get(key), dict):
                    (kind, what), = f[key].items()
                    self.check_answer(path + (key, kind), f, kind, what, libc)

    def check_answer(self, path, f, kind, what, libc):
        if kind in ("neg_errno", "minus_one"):
            known = [n for n in dir(errno_names) if re.match("E[A-Z0-9]+$", n)]
            if what not in known:
                hint = close_to(what, known) or "; write a name from errno.h, such as ENOSYS"
                self.source.report(path, f"unknown errno '{what}'{hint}")
        elif kind == "calls":
            if what not in libc:
                self.source.report(path, f"calls: unknown libc function '{what}'"
                                         f"{close_to(what, list(libc)) or '; add it under libc'}")
                return
            same = [[e["returns"]] + [list(a.values()) for a in e["args"]] for e in (f, libc[what])]
            if same[0] != same[1]:
                self.source.report(path, f"calls: {what}() has other argument or return types; "
                                         "write answer: handwritten and a body in src/api/")

    def check_layouts(self):
        for path, t in self.entries("types"):
            for i, f in enumerate(t.get("fields", [])):
                for abi, offset in f["offset"].items():
                    if offset >= t["size"][abi]:
                        self.source.report(path + ("fields", i, "offset"),
                                           f"offset: {offset} on {abi} is beyond the size of "
                                           f"{t['size'][abi]} bytes; mend one of them")

    def check_data(self):
        sonames = {r["soname"] for r in self.data["releases"]}
        for path, d in self.entries("data"):
            if bool(d["exported_by"]) != ("values" in d):
                self.source.report(path + ("exported_by",),
                                   "exported_by and values go together; write both or "
                                   "exported_by: [] alone")
            elif d["exported_by"] and set(d["values"]) != sonames:
                self.source.report(path + ("values",),
                                   "values: one entry is wanted for each SONAME under releases: "
                                   + ", ".join(sorted(sonames)))

    def check_libc(self):
        for path, f in self.entries("libc"):
            if f.get("variadic_after", 0) > len(f["args"]):
                self.source.report(path + ("variadic_after",),
                                   f"variadic_after: there are only {len(f['args'])} args; write "
                                   "the number of those before ...")


def load(text, schema, label):
    """The Api that a spec's text describes. label: how messages name the file.

    Raises SpecError, which lists every problem of the first pass that found any: YAML, then
    shape, then references, then meaning.
    """
    source = Source(text, label)
    source.stop_on_problems()
    shape_problems(source, schema)
    source.stop_on_problems()
    return Builder(source).build()
