# SPDX-License-Identifier: GPL-2.0-only
"""Two Readings of headers, ours and Onload's, and what differs between them.

One line per cause: what only follows from another difference, such as the size of a struct from
that of its member, is told in the line of that other.
"""

import re
from dataclasses import dataclass, field

import headers

CHANGES = ("new", "gone", "different")
KINDS = ("header", "function", "inline", "type", "field", "enum", "enumerator", "macro", "variable")


@dataclass
class Difference:
    change: str
    kind: str
    name: str
    spec: str  # what the spec says; empty when it is new
    headers: str  # what the headers say; empty when it is gone
    file: str = ""  # of the headers; empty when it is gone
    line: int = 0
    spec_line: int = 0  # 0: the spec has nothing of that name
    holder: str = ""  # of a field or enumerator: the name of its struct or enum
    origin: str = ""  # the one of Onload's other headers that declares it
    note: str = ""
    follows: list = field(default_factory=list)  # of Difference: what this one entails

    @property
    def what(self):
        text = " -> ".join(t for t in (self.spec, self.headers) if t)
        rest = [f"declared in {self.origin}"] * bool(self.origin) + [self.note] * bool(self.note)
        rest += [f"so also {d.name}: {d.what}" for d in self.follows]
        return "; ".join([text] + rest)


class Entries:
    """The entries of a spec as they were written, by kind and name."""

    def __init__(self, source):
        self.found = {}
        for section, kind in (("headers", "header"), ("functions", "function"),
                              ("inlines", "inline"), ("types", "type"), ("enums", "enum"),
                              ("constants", "macro")):
            for i, entry in enumerate(source.data[section]):
                name, path = entry["name"], (section, i)
                if kind == "type" and entry["kind"] in ("struct", "opaque"):
                    name = f"struct {name}"
                elif kind == "enum":
                    name = f"enum {name}"
                self.found[kind, name] = (section, entry, source.lines[path])
                for key, part in (("fields", "field"), ("enumerators", "enumerator")):
                    for j, one in enumerate(entry.get(key, [])):
                        line = source.lines[path + (key, j)]
                        for each in one.get("union", [one]):
                            label = each["name"]
                            if part == "field":
                                label = f"{entry['name']}.{label}"
                            self.found[part, label] = (section, entry, line)

    def entry(self, kind, name):
        """(section, entry that holds it, line), or None."""
        return self.found.get((kind, name))


class Comparison:
    def __init__(self, ours, theirs, entries, data_only):
        self.ours = ours
        self.theirs = theirs
        self.entries = entries
        self.data_only = data_only
        self.found = []

    def add(self, kind, name, a, b, spec="", there="", note="", holder=""):
        """a, b: ours and theirs, None where there is none."""
        change = "new" if a is None else "gone" if b is None else "different"
        made = Difference(change, kind, name,
                          (spec or a.text) if a is not None else "",
                          (there or b.text) if b is not None else "",
                          b.place.file if b is not None else "",
                          b.place.line if b is not None else 0,
                          (self.entries.entry(kind, name) or (None, None, 0))[2], holder,
                          b.place.origin if b is not None else "", note)
        self.found.append(made)
        return made

    def run(self):
        for name, a, b in pairs(self.ours.header, self.theirs.header):
            if not a or not b or b.guard not in ("", a.guard):
                self.add("header", name, a, b)
        for name, a, b in pairs(self.ours.function, self.theirs.function):
            self.function(name, a, b)
        self.types()
        self.values()
        for name, a, b in pairs(self.ours.variable, self.theirs.variable):
            if not a or not b or a.type.differs(b.type):
                self.add("variable", name, a, b)
        return sorted(self.found, key=lambda d: (CHANGES.index(d.change), KINDS.index(d.kind),
                                                 d.file, d.line, not d.origin, d.spec_line, d.name))

    def aspects(self, a, b):
        """Where it is, and whether the macro hides it."""
        if a.place.file != b.place.file and not b.place.origin:
            yield f"in {a.place.file}", f"in {b.place.file}"
        if getattr(a, "hidden", None) != getattr(b, "hidden", None):  # the spec hides no numbers
            texts = ("always there", f"hidden by {self.data_only}")
            yield texts[a.hidden], texts[b.hidden]

    def report(self, kind, name, a, b, aspects):
        if aspects:
            self.add(kind, name, a, b, "; ".join(x for x, _ in aspects), "; ".join(y for _, y in aspects))

    # -- functions

    def function(self, name, a, b):
        kind = "inline" if (a or b).inline else "function"
        if not a:
            self.add(kind, name, a, b, note=self.history(kind, name))
        elif not b:
            self.add(kind, name, a, b)
        else:
            differs = a.prototype.differs(b.prototype) or a.inline != b.inline
            self.report(kind, name, a, b, [(a.text, b.text)] * differs + list(self.aspects(a, b)))

    def history(self, kind, name):
        """Of what is new in the headers but not in the spec."""
        known = self.entries.entry(kind, name)
        if not known:
            return ""
        if "until" in known[1]:
            return f"new again: in the spec until {known[1]['until']}"
        return "declared now: in the spec without a header"

    # -- types

    def types(self):
        layouts = []  # structs whose figures differ though their fields do not
        for name, a, b in pairs(self.ours.type, self.theirs.type):
            if isinstance(a or b, headers.Record):
                layouts += self.record(name, a, b)
            elif not a or not b:
                self.add("type", name, a, b, note=self.history("type", name) if b else "")
            else:
                differs = a.type.differs(b.type) or (a.prototype and b.prototype and a.prototype.differs(b.prototype))
                self.report("type", name, a, b, [(a.text, b.text)] * bool(differs) + list(self.aspects(a, b)))
        self.layouts(layouts)

    def layouts(self, layouts):
        """One that follows from the layout of a member goes into the line of that member's type,
        or of what that one follows from."""
        causes = {d.name: d for d in self.found if d.kind == "type" and d.change == "different"}
        for d in self.found:
            if d.kind == "field":
                causes.setdefault(d.holder, d)
        left = None
        while left != layouts:
            left = list(layouts)
            for layout in left:
                name, _, b, _ = layout
                types = [re.sub(r"( ?\[\d+\])+$", "", f.type.spelling) for f in b.fields]
                cause = next((causes[t] for t in types if t in causes), None)
                if cause:
                    layouts.remove(layout)
                    self.report("type", *layout)
                    cause.follows.append(self.found.pop())
                    causes[name] = cause
        for layout in layouts:
            self.report("type", *layout)

    def record(self, name, a, b):
        """Reports what differs; returns [(name, a, b, aspects)] if only the layout does."""
        if not b or (a and not b.size and not a.size):
            if a and a.size:
                self.add("type", name, a, b)
            return []  # a name alone is nothing that a program uses
        if not a:
            pointed_at = any(getattr(t, "target", "") == b.name for t in self.theirs.type.values())
            # of what the spec knows, but has no header declare, the name alone is a difference, too
            if b.size or b.place.origin or not pointed_at or self.entries.entry("type", name):
                self.add("type", name, a, b, note=self.history("type", name))
            return []
        if not a.size or not b.size:
            self.add("type", name, a, b)
            return []
        self.report("type", name, a, b, list(self.aspects(a, b)))
        first = len(self.found)
        mine, other = ({f.name: f for f in each.fields} for each in (a, b))
        for field_name, f, g in pairs(mine, other):
            label = f"{a.name}.{field_name}"
            if not f or not g:
                at = f"{(f or g).text} at offset {headers.abi_text((f or g).offset)}"
                self.add("field", label, f, g, at, at, holder=name)
            elif f.type.differs(g.type) or bool(f.bits) != bool(g.bits) or (f.bits and f.bits.width != g.bits.width):
                self.add("field", label, f, g, holder=name)
        size = [(f"{headers.abi_text(a.size)} bytes", f"{headers.abi_text(b.size)} bytes")] * (a.size != b.size)
        if len(self.found) > first:
            if size:
                self.found[first].note = f"{name}: " + " -> ".join(size[0])
            return []
        layout = list(size)
        if a.align != b.align:
            layout.append(tuple(f"aligned to {headers.abi_text(x.align)}" for x in (a, b)))
        moved = [(f, other[f.name]) for f in a.fields
                 if (f.offset, f.bits) != (other[f.name].offset, other[f.name].bits)]
        if list(mine) != list(other):
            layout.append((", ".join(mine), ", ".join(other)))
        elif moved:
            layout.append(tuple(", ".join(f"{f.name} at {headers.abi_text(f.offset)}"
                                          + (f" bit {f.bits.first}" if f.bits else "")
                                          for f in side) for side in zip(*moved)))
        return [(name, a, b, layout)] if layout else []

    # -- numbers

    def values(self):
        changed = {}  # name -> (Difference, what it is written with)
        for name, a, b in pairs(self.ours.macro, self.theirs.macro):
            if not a or not b:
                self.add("macro", name, a, b)
            else:
                differs = (a.value, a.pointer) != (b.value, b.pointer) or (
                    a.value is None and a.expression != b.expression)
                self.report("macro", name, a, b, [(a.text, b.text)] * differs + list(self.aspects(a, b)))
                if differs:
                    changed[name] = (self.found[-1], b.expression)
        for name, a, b in pairs(self.ours.enum, self.theirs.enum):
            if name.startswith("enum @"):
                for n in (a or b).enumerators:
                    self.add("enumerator", n.name, n if a else None, n if b else None,
                             note="in an enum without a name", holder=name)
            elif not a or not b:
                self.add("enum", name, a, b)
            else:
                self.report("enum", name, a, b, list(self.aspects(a, b)))
                mine, other = ({n.name: n for n in each.enumerators} for each in (a, b))
                for label, n, m in pairs(mine, other):
                    if not n or not m:
                        self.add("enumerator", label, n, m, note=f"in {name}", holder=name)
                    elif n.value != m.value:
                        d = self.add("enumerator", label, n, m, note=f"in {name}", holder=name)
                        changed[label] = (d, m.expression)
        causes = {name: [w for w in re.findall(r"[A-Za-z_]\w*", text)
                         if w in changed and w != name] for name, (_, text) in changed.items()}
        for name, (difference, _) in changed.items():
            if causes[name]:
                self.found.remove(difference)
                root = name
                while causes[root]:
                    root = causes[root][0]
                changed[root][0].follows.append(difference)


def pairs(mine, other):
    """(name, ours or None, theirs or None)"""
    for name in [*mine, *(n for n in other if n not in mine)]:
        yield name, mine.get(name), other.get(name)
