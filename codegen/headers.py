# SPDX-License-Identifier: GPL-2.0-only
"""What a folder of Onload's headers declares, read with libclang.

Each header is read as a program on x86_64, i386 and aarch64 sees it, with the C library of this
machine: offsets and sizes come from a compiler, for all three. What exists on i386 or aarch64
alone is not seen; Onload has nothing of the kind.
"""

import itertools
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import model
import spelling

try:
    import clang.cindex as cindex
    from clang.cindex import CursorKind, Diagnostic, TypeKind

    RECORDS = (CursorKind.STRUCT_DECL, CursorKind.UNION_DECL)
    KINDS = {CursorKind.FUNCTION_DECL: "", CursorKind.STRUCT_DECL: "struct ",
             CursorKind.UNION_DECL: "union ", CursorKind.ENUM_DECL: "enum ",
             CursorKind.TYPEDEF_DECL: "", CursorKind.VAR_DECL: "",
             CursorKind.MACRO_DEFINITION: "#define "}
except ImportError:  # told when somebody wants to read
    cindex = None

PROBE = "probe.c"

# The C library's headers of x86_64 serve the other two, but for these files.
STAND_INS = {
    "i386": {"gnu/stubs-32.h": ""},
    "aarch64": {"gnu/stubs-32.h": "", "bits/wordsize.h": "#define __WORDSIZE 64\n"},
}


class HeaderError(Exception):
    """Why headers cannot be read: file:line, what is wrong there, what to do."""


@dataclass(frozen=True)
class Place:
    file: str  # below the folder
    line: int
    origin: str = ""  # the one of Onload's other headers that declares it; then file and line need it


@dataclass(frozen=True)
class Ctype:
    spelling: str
    canonical: tuple  # for each ABI, without the typedefs

    def differs(self, other):
        """A type of the same spelling is the same here: its typedef has a line of its own."""
        return self.spelling != other.spelling and self.canonical != other.canonical

    @property
    def yaml(self):
        return re.sub(r" ?\[", " [", self.spelling)


@dataclass(frozen=True)
class Prototype:
    returns: Ctype
    args: tuple  # of (name, Ctype); the name may be empty
    variadic: bool

    def differs(self, other):
        if len(self.args) != len(other.args) or self.variadic != other.variadic:
            return True
        return self.returns.differs(other.returns) or any(
            a[1].differs(b[1]) or (a[0] and b[0] and a[0] != b[0])
            for a, b in zip(self.args, other.args))

    @property
    def text(self):
        args = [spelling.declare(t.yaml, name) if name else t.spelling for name, t in self.args]
        return f"{self.returns.spelling} ({', '.join(args + ['...'] * self.variadic) or 'void'})"


@dataclass(frozen=True)
class Named:
    name: str  # empty: it has none
    place: Place

    def differs(self, other):
        return self.text != other.text


@dataclass(frozen=True)
class Hidable(Named):
    hidden: bool


@dataclass(frozen=True)
class Function(Hidable):
    inline: bool
    prototype: Prototype
    text = property(lambda self: "static inline " * self.inline + self.prototype.text)

    def differs(self, other):
        return self.prototype.differs(other.prototype) or self.inline != other.inline


@dataclass(frozen=True)
class Field(Named):
    type: Ctype
    offset: model.Abi  # of the word that holds it
    bits: model.Bits
    union: int  # which anonymous union of the struct it belongs to; 0: none
    text = property(lambda self: self.type.spelling + (f" : {self.bits.width}" if self.bits else ""))

    def differs(self, other):
        widths = [f.bits.width if f.bits else 0 for f in (self, other)]
        return self.type.differs(other.type) or widths[0] != widths[1]


@dataclass(frozen=True)
class Record(Hidable):
    """A struct or union, or its name alone."""
    keyword: str
    size: model.Abi  # None: not defined
    align: model.Abi
    fields: tuple

    @property
    def text(self):
        if not self.size:
            return "not defined"
        return f"{abi_text(self.size)} bytes, " + ", ".join(f.name for f in self.fields)


@dataclass(frozen=True)
class Typedef(Hidable):
    type: Ctype
    size: model.Abi
    align: model.Abi
    nameless: bool  # of a struct, union or enum that has no name of its own
    target: str  # of a pointer to a struct: its tag
    prototype: Prototype  # of a pointer to a function

    @property
    def text(self):
        if self.prototype:
            return self.prototype.text.replace(" (", " (*)(", 1)
        return self.type.spelling

    def differs(self, other):
        prototypes = self.prototype and other.prototype
        return self.type.differs(other.type) or bool(prototypes and self.prototype.differs(other.prototype))


@dataclass(frozen=True)
class Enumerator(Named):
    value: int
    expression: str  # empty when the header gives none
    text = property(lambda self: spelling.number(self.value))


@dataclass(frozen=True)
class Enum(Named):
    enumerators: tuple
    text = property(lambda self: ", ".join(f"{n.name} = {n.text}" for n in self.enumerators))

    def differs(self, _):
        return False  # its enumerators do


@dataclass(frozen=True)
class Macro(Named):
    expression: str  # with the parameters in front, if there are any
    value: int  # None: it is not a number
    pointer: bool

    @property
    def text(self):
        if self.value is None:
            return self.expression or "nothing"
        return "pointer " * self.pointer + spelling.number(self.value)


@dataclass(frozen=True)
class Variable(Named):
    type: Ctype
    text = property(lambda self: self.type.spelling)

    def differs(self, other):
        return self.type.differs(other.type)


@dataclass(frozen=True)
class Header(Named):
    guard: str
    includes: tuple
    text = property(lambda self: self.guard or "no include guard")

    def differs(self, other):
        return other.guard not in ("", self.guard)


@dataclass(frozen=True)
class Reading:
    """Everything by kind and name, in the order of the headers."""
    header: dict
    function: dict
    type: dict  # 'struct x', 'union x' and typedefs
    enum: dict
    macro: dict
    variable: dict


def abi_text(figures):
    """'24', or '24 (i386 16)' where one ABI differs."""
    first = getattr(figures, model.ABIS[0])
    others = [f"{abi} {getattr(figures, abi)}" for abi in model.ABIS[1:] if getattr(figures, abi) != first]
    return f"{first} ({', '.join(others)})" if others else str(first)


def find(folder, shown):
    """The folder with Onload's headers: itself, or inside an installed or unpacked Onload."""
    inside = ("", "onload", "include/onload", "usr/include/onload", "src/include/onload")
    for below in inside:
        if any((folder / below).glob("extensions*.h")):
            return folder / below
    if not folder.is_dir():
        raise HeaderError(f"{shown}: no such folder; give the one with Onload's extensions.h")
    raise HeaderError(f"{shown}: no extensions*.h in it, nor in {', '.join(b + '/' for b in inside[1:])}; "
                      "give the folder with Onload's extensions.h")


class Reader:
    """Reads one folder."""

    def __init__(self, folder, shown, scratch, api, cure):
        self.folder = folder
        self.shown = shown
        self.cure = cure
        self.api = api
        self.files = {}
        # <onload/x.h> has to be found whatever the folder is called
        self.root = scratch / "include"
        self.root.mkdir()
        (self.root / "onload").symlink_to(folder)
        self.includes = [self.root] + ([folder.parent] if folder.name == "onload" else [])
        for abi, files in STAND_INS.items():
            for name, text in files.items():
                path = scratch / abi / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="ascii")
        self.scratch = scratch
        self.needed = {}  # key of what Onload's other headers declare -> Place
        self.pointed_at = set()  # those of its structs that are needed by name only
        self.index = cindex.Index.create()

    def parse(self, abi, text, defines=()):
        paths = [self.scratch / abi] if abi in STAND_INS else []
        args = ["-target", f"{abi}-linux-gnu", "-std=gnu11", "-D_GNU_SOURCE", "-ferror-limit=0"]
        # where gcc and Debian keep what depends on the machine; clang looks there for its own only
        args += ["-idirafter", f"/usr/include/{model.ABIS[0]}-linux-gnu"]
        args += [f"-D{name}" for name in defines]
        args += [f"-I{path}" for path in paths + self.includes]
        options = cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD
        return self.index.parse(PROBE, args, unsaved_files=[(PROBE, text)], options=options)

    def errors(self, unit, abi):
        """file:line: message of each error, with the names that the user knows."""
        made = []
        for d in unit.diagnostics:
            if d.severity < Diagnostic.Error:
                continue
            file, place = str(d.location.file), str(self.shown)
            if file != PROBE:  # or else a header cannot be opened
                place = f"{file.replace(f'{self.root}/onload', place, 1)}:{d.location.line}"
            on = "" if abi == model.ABIS[0] else f" (on {abi})"
            made.append(f"{place}: {d.spelling}{on}")
        return made

    def prelude(self, names):
        """Includes of what the spec's headers include of the C library, then of the headers:
        not all of Onload's include what they need."""
        system = dict.fromkeys(i for h in self.api.headers for i in h.includes if not i.startswith("onload/"))
        return "".join(f"#include <{name}>\n" for name in [*system, *(f"onload/{n}" for n in names)])

    def units(self):
        """The text that includes all headers, those that the spec knows first, and what each ABI
        makes of it."""
        known = [h.name for h in self.api.headers]
        there = sorted(path.name for path in self.folder.glob("extensions*.h"))
        names = [n for n in known if n in there] + [n for n in there if n not in known]
        text, units = self.prelude(names), []
        for abi in model.ABIS:
            units.append(self.parse(abi, text))
            errors = self.errors(units[-1], abi)
            if errors:
                self.refuse(errors, names)
        return text, units

    def refuse(self, errors, names):
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        cure = self.cure
        if "unknown type" in errors[0] or "incomplete" in errors[0]:
            cure += f"; they were included in the order {', '.join(names)}"
        elif "file not found" in errors[0]:
            cure = "give the include folder of a whole Onload, installed or unpacked"
        raise HeaderError(f"{errors[0]}{more}; {cure}")

    # -- from cursors to what was read

    def place(self, cursor):
        """None: declared elsewhere, such as in the C library."""
        file = cursor.location.file
        prefix = f"{self.root}/onload/"
        if file is None or not file.name.startswith(prefix):
            return None
        return Place(file.name[len(prefix):], cursor.location.line)

    def origin(self, cursor):
        """Which of Onload's other headers declares it, by name; else empty."""
        file, above = cursor.location.file, f"{self.folder.parent}/"
        name = file.name[len(above):] if file and file.name.startswith(above) else ""
        return "" if self.folder.parent not in self.includes or spelling.of_libc(name) else name

    def source(self, cursor):
        """The text of a declaration on one line, without comments."""
        path = cursor.location.file.name
        if path not in self.files:
            self.files[path] = Path(path).read_bytes()
        text = self.files[path][cursor.extent.start.offset:cursor.extent.end.offset]
        text = re.sub(r"/\*.*?\*/|//[^\n]*|\\\n", " ", text.decode(errors="replace"), flags=re.S)
        return " ".join(text.split())

    def declared(self, unit):
        """(kind, name) -> cursor of all that the headers declare; a definition is preferred."""
        made = {}
        for cursor in unit.cursor.get_children():
            if cursor.kind not in KINDS or not self.place(cursor):
                continue
            if cursor.kind in RECORDS and not cursor.is_definition() and cursor.get_definition():
                continue  # defined elsewhere: in the C library, or further down
            name = "" if cursor.is_anonymous() else own_name(cursor)
            if not name and cursor.kind in RECORDS:
                continue  # it is reached through a typedef
            # an enum without a name is told apart by where it is
            key = (cursor.kind, KINDS[cursor.kind] + (name or f"@{self.place(cursor)}"))
            if key not in made or cursor.is_definition() and not made[key].is_definition():
                made[key] = cursor
        self.add_needed(made)
        return made

    def add_needed(self, made):
        """What Onload's other headers declare, and these use."""
        todo = list(made.items())
        for key, cursor in todo:
            place = self.place(cursor) or self.needed[key]
            for declaration, pointed_at in mentioned(cursor):
                origin = self.origin(declaration)
                new = (declaration.kind, KINDS.get(declaration.kind, "") + declaration.spelling)
                by_name = pointed_at and declaration.kind in RECORDS
                if not origin or new in made and (by_name or new not in self.pointed_at):
                    continue
                made[new] = declaration
                self.needed.setdefault(new, Place(place.file, place.line, origin))
                if by_name:
                    self.pointed_at.add(new)
                else:
                    self.pointed_at.discard(new)
                    todo.append((new, declaration))

    def read(self):
        text, units = self.units()
        tables = [self.declared(unit) for unit in units]
        unhidden = self.declared(self.parse(model.ABIS[0], text, [self.api.data_only.macro]))
        macros = self.macros(text, [c for (kind, _), c in tables[0].items() if kind == CursorKind.MACRO_DEFINITION])
        found = Reading(self.headers(units[0]), {}, {}, {}, macros, {})
        for key, cursor in tables[0].items():
            cursors = [table.get(key, cursor) for table in tables]
            self.add(found, key, cursors, key not in unhidden)
        return found

    def add(self, found, key, cursors, hidden):
        kind, label = key
        cursor = cursors[0]
        place = self.place(cursor) or self.needed[key]
        if kind == CursorKind.FUNCTION_DECL:
            inline = cursor.storage_class == cindex.StorageClass.STATIC
            found.function[label] = Function(label, place, hidden, inline,
                                             self.prototype([c.type for c in cursors], cursor))
        elif kind in RECORDS:
            found.type[label] = self.record(label, place, hidden, cursors, key in self.pointed_at)
        elif kind == CursorKind.TYPEDEF_DECL:
            found.type[label] = self.typedef(label, place, hidden, cursors)
        elif kind == CursorKind.ENUM_DECL and cursor.is_definition():
            name = "" if "@" in label else cursor.spelling
            found.enum[label] = Enum(name, place, tuple(
                Enumerator(n.spelling, self.place(n) or place, n.enum_value,
                           self.source(n).partition("=")[2].strip())
                for n in cursor.get_children() if n.kind == CursorKind.ENUM_CONSTANT_DECL))
        elif kind == CursorKind.VAR_DECL:
            found.variable[label] = Variable(label, place, ctype([c.type for c in cursors]))

    @staticmethod
    def prototype(types, named):
        """types: of the function, for each ABI; named: the cursor that has the parameters."""
        names = [c.spelling for c in named.get_children() if c.kind == CursorKind.PARM_DECL]
        lists = zip(*(t.argument_types() for t in types)) if types[0].kind == TypeKind.FUNCTIONPROTO else ()
        return Prototype(ctype([t.get_result() for t in types]),
                         tuple((name, ctype(each)) for name, each in zip(names, lists)),
                         types[0].kind == TypeKind.FUNCTIONPROTO and types[0].is_function_variadic())

    def typedef(self, name, place, hidden, cursors):
        types = [c.underlying_typedef_type for c in cursors]
        under = types[0].get_canonical()
        pointee = under.get_pointee()
        target, prototype = "", None
        meant = under.get_declaration()
        nameless = meant.kind in RECORDS + (CursorKind.ENUM_DECL,) and meant.type.spelling == name
        if pointee.kind == TypeKind.RECORD:
            target = pointee.get_declaration().spelling
        elif pointee.kind in (TypeKind.FUNCTIONPROTO, TypeKind.FUNCTIONNOPROTO):
            prototype = self.prototype([t.get_pointee() for t in types], cursors[0])
        return Typedef(name, place, hidden, ctype(types), abi(t.get_size() for t in types),
                       abi(t.get_align() for t in types), nameless, target, prototype)

    def record(self, label, place, hidden, cursors, by_name):
        keyword, _, name = label.partition(" ")
        if by_name or not cursors[0].is_definition():
            return Record(name, place, hidden, keyword, None, None, ())
        types = [c.type for c in cursors]
        return Record(name, place, hidden, keyword, abi(t.get_size() for t in types),
                      abi(t.get_align() for t in types),
                      tuple(self.fields(types, (0, 0, 0), "", itertools.count(1), 0, place)))

    def fields(self, types, base, prefix, unions, union, place):
        """Of a record and of the nameless records in it. types, base: for each ABI, where the
        record begins, in bits; unions: numbers for the unions."""
        by_name = [{(own_name(f) or i): f for i, f in enumerate(t.get_canonical().get_fields())} for t in types]
        word = None  # where the storage of the bit-fields before began, and its length
        for key, field in by_name[0].items():
            name = own_name(field)
            each = [table.get(key, field) for table in by_name]
            at = tuple(b + f.get_field_offsetof() for b, f in zip(base, each))
            inner = field.type.get_canonical().get_declaration()
            if inner.kind in RECORDS and (not own_name(inner) or inner.is_anonymous()):
                is_union = inner.kind == CursorKind.UNION_DECL
                yield from self.fields([f.type for f in each], at,
                                       f"{prefix}{name}." if name else prefix,
                                       unions, next(unions) if is_union else union, place)
                word = None
                continue
            if field.is_bitfield() and not name:
                continue  # padding, which shows in the offsets of the others
            bits = None
            if field.is_bitfield():
                unit = 8 * field.type.get_size()
                width = field.get_bitfield_width()
                if not word or at[0] + width > word[0] + unit:
                    word = at
                bits = model.Bits(at[0] - word[0], width)
                at = word
            else:
                word = None
            yield Field(prefix + name, self.place(field) or place,
                        ctype([f.type for f in each]), abi(bit // 8 for bit in at), bits, union)

    def macros(self, text, cursors):
        """Those that are still defined at the end, with their values. What is asked of the
        compiler is an enumerator for each: it takes any constant expression."""
        lines, asked = text.splitlines(), []
        for cursor in cursors:
            name = cursor.spelling
            body = self.source(cursor)[len(name):]
            if body and not body[0].isspace() and body[0] != "(":
                body = " " + body  # '#define X"text"'
            lines += [f"#ifdef {name}"]
            plain = len(lines) + 1
            if body.strip() and not body.startswith("("):
                lines += [f"enum {{ lkos_{plain} = {name} }};",
                          f"enum {{ lkos_{plain + 1} = (__INTPTR_TYPE__)({name}) }};"]
            lines += [f"enum {{ lkos_defined_{plain} }};", "#endif"]
            asked.append((cursor, body, plain))
        unit = self.parse(model.ABIS[0], "\n".join(lines) + "\n")
        wrong = {d.location.line for d in unit.diagnostics if d.severity >= Diagnostic.Error}
        values = {n.spelling: n.enum_value for c in unit.cursor.get_children()
                  if c.kind == CursorKind.ENUM_DECL and str(c.location.file) == PROBE
                  for n in c.get_children()}
        guards = {h.guard for h in self.headers(unit).values()}
        made = {}
        for cursor, body, plain in asked:
            name = cursor.spelling
            if f"lkos_defined_{plain}" not in values or name in guards:
                continue
            good = [line for line in (plain, plain + 1) if f"lkos_{line}" in values and line not in wrong]
            value = values[f"lkos_{good[0]}"] if good else None
            made[name] = Macro(name, self.place(cursor), body.strip(), value, good[:1] == [plain + 1])
        return made

    def headers(self, unit):
        prefix = f"{self.root}/onload/"
        names = sorted({i.include.name[len(prefix):] for i in unit.get_includes()
                        if i.include.name.startswith(prefix)})
        made = {}
        for name in names:
            text = (self.folder / name).read_text(encoding="utf-8", errors="replace")
            guard = re.search(r"^[ \t]*#[ \t]*ifndef[ \t]+(\w+)[^\n]*\n[ \t]*#[ \t]*define[ \t]+\1\b", text, re.M)
            includes = [f"onload/{i}" if (self.folder / i).exists() else i for i in re.findall(
                r'^[ \t]*#[ \t]*include[ \t]+[<"]([^>"]+)[>"]', text, re.M)]
            made[name] = Header(name, Place(name, 1), guard.group(1) if guard else "", tuple(includes))
        return made


def mentioned(cursor):
    """(declaration, is it only pointed at?) of each type that a declaration is made of."""
    if cursor.kind in RECORDS:
        types = [f.type for f in cursor.type.get_fields()]
    else:
        types = [cursor.underlying_typedef_type if cursor.kind == CursorKind.TYPEDEF_DECL else cursor.type]
    for ctype in types:
        yield from parts(ctype, False)


def parts(ctype, pointed_at):
    if ctype.kind == TypeKind.UNEXPOSED:  # such as one in parentheses
        ctype = ctype.get_canonical()
    if ctype.kind == TypeKind.POINTER:
        yield from parts(ctype.get_pointee(), True)
    elif ctype.kind in (TypeKind.CONSTANTARRAY, TypeKind.INCOMPLETEARRAY):
        yield from parts(ctype.element_type, pointed_at)
    elif ctype.kind == TypeKind.FUNCTIONPROTO:
        for each in [ctype.get_result(), *ctype.argument_types()]:
            yield from parts(each, False)
    else:
        declaration = ctype.get_declaration()
        if declaration.kind in RECORDS and (declaration.is_anonymous() or not own_name(declaration)):
            yield from mentioned(declaration)
        elif own_name(declaration) or declaration.kind != CursorKind.ENUM_DECL:
            yield declaration, pointed_at


def own_name(cursor):
    """The name that the header gives; empty: none. From clang 16 on, what has none is spelt with a
    description of where it is: 'struct x::(anonymous at FILE:LINE:COLUMN)'; or with its typedef's name."""
    of_typedef = cursor.kind in RECORDS + (CursorKind.ENUM_DECL,) and cursor.type.spelling == cursor.spelling
    return "" if of_typedef or "(" in cursor.spelling else cursor.spelling


def abi(figures):
    return model.Abi(*figures)


def ctype(types):
    return Ctype(types[0].spelling, tuple(t.get_canonical().spelling for t in types))


def read(folder, shown, api, cure="mend that line, add the #include that it lacks, or fetch the header again"):
    """The Reading of the headers in a folder. shown: how messages name it; api: the spec, for
    the names of headers and of the macro that hides; cure: of what does not compile.

    Raises HeaderError.
    """
    if cindex is None:
        raise HeaderError("libclang for Python is not installed; run ./setup.sh, or install Debian's python3-clang")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return Reader(folder.resolve(), shown, Path(scratch), api, cure).read()
        except cindex.LibclangError as error:
            raise HeaderError(f"libclang cannot be loaded: {error}") from error
        except cindex.TranslationUnitLoadError as error:
            raise HeaderError(f"{shown}: libclang cannot read these headers: {error}") from error
