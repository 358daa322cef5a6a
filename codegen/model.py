# SPDX-License-Identifier: GPL-2.0-only
"""The spec as frozen dataclasses. Knows no template and does not touch the disk."""

import collections
import re
from dataclasses import dataclass, make_dataclass

import checks
from yaml_lines import Source, made
from spelling import call, declare, number


def record(name, members):
    """A dataclass that only holds what an entry has."""
    return make_dataclass(name, members.split(), frozen=True, kw_only=True)


Group = record("Group", "name title")
Header = record("Header", "name guard includes doc")
DataOnly = record("DataOnly", "macro since doc")
Release = record("Release", "name ext_version soname functions")  # names of what its libonload_ext exports


@dataclass(frozen=True)
class Arg:
    name: str
    type: str
    is_pointer: bool

    @property
    def c(self):
        return declare(self.type, self.name)


ANSWERS = {  # kind: in words, in the tables for tests, and in C
    "value": ("{0.value}", "LKOS_VALUE({0.value})", "{0.expression}"),
    "neg_errno": ("-{0.errno}", "LKOS_NEG_ERRNO({0.errno})", "-{0.errno}"),
    "minus_one": ("-1, errno {0.errno}", "LKOS_MINUS_ONE({0.errno})", "lkos_fail(-{0.errno})"),
    "calls": ("{0.calls}()", "LKOS_CALLS({0.calls})", "{libc}{0.calls}({f.names})"),
    "handwritten": ("as described", "LKOS_HANDWRITTEN", "lkos_emulated_{f.name}({f.names})"),
}


@dataclass(frozen=True)
class Answer:
    kind: str
    value: int = 0
    errno: str = ""
    calls: str = ""
    expression: str = ""  # of kind value: how C spells it

    @property
    def text(self):
        return ANSWERS[self.kind][0].format(self)

    @property
    def here(self):
        """As text, but with the enumerator's name."""
        named = self.kind == "value" and self.expression != str(self.value)
        return f"{self.text} ({self.expression})" if named else self.text

    @property
    def macro(self):
        """As the tables for tests spell it."""
        return ANSWERS[self.kind][1].format(self)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What belongs to a group, and to a header or to none."""
    name: str
    header: str
    group: str
    since: str = ""
    doc: str
    source: str

    @property
    def story(self):
        """(label, text) of the comment over the declaration."""
        return (("", f"{self.doc} {self.notes}".rstrip()),)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What has a name, a returned type and arguments."""
    name: str
    returns: str = ""
    args: tuple = ()

    @property
    def parameters(self):
        return ", ".join(a.c for a in self.args) or "void"

    @property
    def declaration(self):
        """On one line, as a header spells it."""
        return f"{declare(self.returns, self.name)}({self.parameters})"

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
        return self.prototype_as(self.name)

    def prototype_as(self, name):
        return call(declare(self.returns, name), [a.c for a in self.args], ";")


@dataclass(frozen=True, kw_only=True)
class Function(Entry, Signature):
    until: str = ""
    not_in: tuple = ()
    hidden: bool = False
    answer: Answer
    absent: Answer  # equal to answer where the spec gives none
    emulated: Answer = None  # None: the emulation leaves it to the stub
    onload: str
    notes: str = ""

    @property
    def here(self):
        if self.absent == self.answer:
            return self.answer.here
        return f"{self.answer.here}; {self.absent.here} from libonload_ext alone"

    @property
    def emulated_text(self):
        return self.emulated.text if self.emulated else ""

    def giving(self, answer, libc=""):
        """The statement that gives an answer. libc: what stands before the name of a function of libc."""
        return f"return {ANSWERS[answer.kind][2].format(answer, f=self, libc=libc)};"

    def pointer(self, name):
        """The declaration of a pointer to such a function."""
        return f"{declare(self.returns, f'(*{name})')}({self.types or 'void'})"

    @property
    def lived(self):
        gap = f", but not in {', '.join(self.not_in)}" if self.not_in else ""
        return f"{self.since} to {self.until}{gap}" if self.until else self.since + gap

    @property
    def story(self):
        rows = [("", self.doc), ("here", self.here + "."), ("Onload", self.onload),
                ("since", self.lived), ("notes", self.notes), ("source", self.source)]
        return tuple((label, text) for label, text in rows if text)

    @property
    def test_args(self):
        return ", ".join(f"LKOS_ARG_{'POINTER' if a.is_pointer else 'SCALAR'}({a.type})" for a in self.args)


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
class Constant(Entry):
    expression: str
    value: int
    pointer: bool = False
    notes: str = ""


@dataclass(frozen=True, kw_only=True)
class Enumerator:
    name: str
    value: int
    expression: str
    since: str
    doc: str = ""


@dataclass(frozen=True, kw_only=True)
class Enum(Entry):
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


@dataclass(frozen=True, kw_only=True)
class Field:
    name: str
    type: str
    offset: Abi
    bits: Bits = None
    doc: str = ""

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


@dataclass(frozen=True, kw_only=True)
class Type(Entry, Signature):
    kind: str
    until: str = ""
    hidden: bool = False
    notes: str = ""
    size: Abi = None
    align: Abi = None
    members: tuple = ()
    target: str = ""
    type: str = ""
    forward: tuple  # structs that its arguments name, and that are declared after it

    @property
    def fields(self):
        return tuple(f for m in self.members for f in m.fields)

    @property
    def c(self):
        return f"struct {self.name}" if self.kind in ("struct", "opaque") else self.name

    @property
    def typedef(self):
        """Of a handle, an alias or a callback; else empty."""
        if self.kind == "callback":
            return call(f"typedef {declare(self.returns, f'(*{self.name})')}", [a.c for a in self.args], ";")
        meant = f"struct {self.target} *" if self.target else self.type
        return f"typedef {declare(meant, self.name)};" if meant else ""


@dataclass(frozen=True, kw_only=True)
class Inline(Entry, Signature):
    hidden: bool = False
    body: str

    @property
    def head(self):
        # C89 has no inline, but compilers then still have this.
        return call(f"static __inline {declare(self.returns, self.name)}", [a.c for a in self.args], "")

    @property
    def story(self):
        return (("", self.doc), ("since", self.since), ("source", self.source))


@dataclass(frozen=True, kw_only=True)
class Libc(Signature):
    interposed: bool
    only: str = ""  # emulation: the stub neither exports nor calls it
    emulation: str = ""  # routed: exported there too; called; or empty
    fixed: int = -1  # parameters before the '...' of the prototype; -1: there is no '...'
    abi: tuple = ()  # names of the ABIs that have it; empty: all of them
    doc: str

    @property
    def condition(self):
        """As the preprocessor tests it; compilers' macros are named as our ABIs are."""
        return " || ".join(f"defined(__{abi}__)" for abi in self.abi)

    def declared(self, args):
        """What the prototype has of texts for each argument."""
        return ", ".join(args if self.fixed < 0 else args[:self.fixed] + ["..."])

    @property
    def declaration(self):
        args = self.declared([a.c for a in self.args])
        return f"{declare(self.returns, self.name)}({args})"

    @property
    def declared_types(self):
        return self.declared([a.type for a in self.args])


# What a header declares of one group; a block of it is shown always, or hidden by DataOnly.macro.
Section = collections.namedtuple("Section", "group constants enums blocks")
Block = collections.namedtuple("Block", "hidden types functions inlines")


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

    def stub_exports(self, abi=ABIS[0]):
        return (tuple(f.name for f in self.functions)
                + tuple(f.name for f in self.libc if f.interposed and (not f.abi or abi in f.abi)))

    @property
    def other_stub_exports(self):
        """ABI -> what the stub exports there, where that is not stub_exports()."""
        return {abi: self.stub_exports(abi) for abi in ABIS[1:] if self.stub_exports(abi) != self.stub_exports()}

    @property
    def exports(self):
        """Library -> the names that it exports."""
        emulation = ([f for f in self.functions if f.emulated], [f for f in self.libc if f.emulation == "routed"])
        ext = (self.functions, [d for d in self.data if d.exported_by])
        named = {"liblk_onload_emulation": emulation, "libonload_ext": ext}
        return {"liblk_onload_stub": self.stub_exports(),
                **{library: tuple(one.name for part in parts for one in part) for library, parts in named.items()}}

    @property
    def majors(self):
        """Major numbers of libonload_ext's SONAMEs, as text."""
        return tuple(sorted({v.major for d in self.data for v in d.values}))

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
                         for items in (in_order(types), functions, inlines)]
                if any(parts):
                    blocks.append(Block(hidden, *parts))
            section = Section(group, here(self.constants), here(self.enums), tuple(blocks))
            if section.constants or section.enums or section.blocks:
                made.append(section)
        return tuple(made)

    def of_group(self, group, items):
        return tuple(i for i in items if i.group == group.name)


def in_order(types):
    """Each behind those that it is made of; for the rest as they were."""
    left, made = {t.name: t for t in types}, []

    def take(t):
        del left[t.name]
        for text in [t.type, t.returns, *(part.type for part in t.args + t.fields)]:
            for word in re.findall(r"\w+", text):
                if word in left and not re.search(r"struct .*\*", text):  # for a pointer its name will do
                    take(left[word])
        made.append(t)

    while left:
        take(next(iter(left.values())))
    return made


class Builder:
    """From the maps of a spec to the classes above."""

    def __init__(self, data):
        self.data = data
        self.releases = [r["name"] for r in data["releases"]]
        self.pointers = {t["name"] for t in data["types"] if t["kind"] in ("handle", "callback")}
        self.enumerators = {f"enum {e['name']}": e["enumerators"] for e in data["enums"]}
        self.convert = {"args": self.args, "bits": lambda bits: Bits(**bits),
                        **dict.fromkeys(("size", "align", "offset"), lambda figures: Abi(**figures))}

    def build(self):
        plain = {key: tuple(self.make(cls, entry) for entry in self.data[key])
                 for key, cls in (("groups", Group), ("headers", Header), ("constants", Constant),
                                  ("inlines", Inline))}
        return Api(
            **plain,
            releases=tuple(self.make(Release, r, functions=tuple(
                f["name"] for f in self.data["functions"] if self.carried(f, r["name"])))
                for r in self.data["releases"]),
            data_only=self.make(DataOnly, self.data["data_only"]),
            functions=tuple(self.make(
                Function, f, answer=self.answer(f["answer"], f["returns"]),
                absent=self.answer(f.get("absent", f["answer"]), f["returns"]),
                emulated=self.answer(f.get("emulated"), f["returns"]))
                for f in self.data["functions"]),
            data=tuple(self.make(Data, d, values=tuple(
                DataValue(soname, tuple(numbers)) for soname, numbers in d.get("values", {}).items()))
                for d in self.data["data"]),
            enums=tuple(self.make(Enum, e, enumerators=tuple(self.make(
                Enumerator, {"since": e.get("since", ""), "expression": number(n["value"]), **n})
                for n in e["enumerators"])) for e in self.data["enums"]),
            types=tuple(self.make(Type, t, members=self.members(t), forward=self.forward(i, t))
                        for i, t in enumerate(self.data["types"])),
            libc=tuple(self.make(Libc, f, fixed=f.get("variadic_after", -1))
                       for f in self.data["libc"]),
        )

    def make(self, cls, entry, **computed):
        if "ds_data_only" in entry:
            computed["hidden"] = True
        return made(cls, entry, self.convert, **computed)

    def carried(self, function, release):
        at = self.releases.index
        last = at(function["until"]) if "until" in function else len(self.releases)
        return at(function["since"]) <= at(release) <= last and release not in function.get("not_in", ())

    def args(self, maps):
        pairs = [pair for one in maps for pair in one.items()]
        return tuple(Arg(name, ctype, ctype.endswith(("*", "]")) or ctype in self.pointers) for name, ctype in pairs)

    def answer(self, raw, returns):
        if raw is None:
            return None
        if raw == "handwritten":
            return Answer("handwritten")
        (kind, what), = raw.items()
        if kind == "value":
            named = (e["name"] for e in self.enumerators.get(returns, []) if e["value"] == what)
            return Answer(kind, value=what, expression=next(named, str(what)))
        return Answer(kind, calls=what) if kind == "calls" else Answer(kind, errno=what)

    def forward(self, at, callback):
        later = [t["name"] for t in self.data["types"][at + 1:] if t["kind"] == "struct"]
        return tuple(word for one in callback.get("args", ()) for ctype in one.values()
                     for word in ctype.split() if word in later)

    def members(self, t):
        members = []
        for f in t.get("fields", []):
            parts = tuple(self.make(Field, {**f, **one}) for one in f.get("union", [f]))
            kind = "union" if "union" in f else "bits" if "bits" in f else "plain"
            before = members[-1] if members else None
            if kind == "bits" and before and before.kind == "bits" and before.fields[0].offset == parts[0].offset:
                parts = members.pop().fields + parts
            members.append(Member(kind, parts))
        return tuple(members)


def load(text, schema, label):
    """The Api that a spec's text describes. label: how messages name the file.

    Raises SpecError.
    """
    source = Source(text, label)
    checks.check(source, schema)
    return Builder(source.data).build()
