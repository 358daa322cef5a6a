# SPDX-License-Identifier: GPL-2.0-only
"""Two Readings of headers, ours and Onload's, and what differs between them.

One line per cause: what only follows from another difference, such as the size of a struct from
that of its member, is told in the line of that other.
"""

import re
from dataclasses import dataclass, field

import checks
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


SECTIONS = {"headers": "header", "functions": "function", "inlines": "inline", "types": "type", "enums": "enum",
            "constants": "macro"}
PARTS = {"fields": "field", "enumerators": "enumerator"}


class Entries:
    """The entries of a spec as they were written, by kind and name."""

    def __init__(self, source):
        self.found = {}
        for path, name in checks.leaves(source.data):
            if path[-1] != "name" or path[0] not in SECTIONS:
                continue
            section, entry, part = path[0], source.data[path[0]][path[1]], PARTS.get(path[2])
            if part == "field":
                name = f"{entry['name']}.{name}"
            elif not part and (section == "enums" or entry.get("kind") in ("struct", "opaque")):
                name = f"{'enum' if section == 'enums' else 'struct'} {name}"
            self.found[part or SECTIONS[section], name] = (section, entry, source.lines[path[:4 if part else 2]])

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
        self.changed = {}  # name of a number -> (Difference, what it is written with)

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
        layouts = []  # structs whose figures differ though their fields do not
        for kind in ("header", "function", "type", "macro", "enum", "variable"):
            for name, a, b in pairs(getattr(self.ours, kind), getattr(self.theirs, kind)):
                if isinstance(a or b, headers.Record):
                    layouts += self.record(name, a, b)
                elif name.startswith("enum @"):
                    self.enumerators(name, a, b, "in an enum without a name")
                elif self.compared(kind, name, a, b) and kind == "enum":
                    self.enumerators(name, a, b, f"in {name}")
        self.layouts(layouts)
        self.causes()
        return sorted(self.found, key=lambda d: (CHANGES.index(d.change), KINDS.index(d.kind),
                                                 d.file, d.line, not d.origin, d.spec_line, d.name))

    def compared(self, kind, name, a, b):
        """Reports what differs. Are there both?"""
        if kind == "function" and (a or b).inline:
            kind = "inline"
        if not a or not b:
            self.add(kind, name, a, b, note=self.history(kind, name) if b else "")
            return False
        self.report(kind, name, a, b, [(a.text, b.text)] * a.differs(b) + list(self.aspects(a, b)))
        if kind == "macro" and a.differs(b):
            self.changed[name] = (self.found[-1], b.expression)
        return True

    def enumerators(self, name, a, b, note):
        mine, other = ({n.name: n for n in each.enumerators} if each else {} for each in (a, b))
        for label, n, m in pairs(mine, other):
            if not n or not m or n.differs(m):
                difference = self.add("enumerator", label, n, m, note=note, holder=name)
                if n and m:
                    self.changed[label] = (difference, m.expression)

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

    def history(self, kind, name):
        """Of what is new in the headers but not in the spec."""
        known = self.entries.entry(kind, name)
        if not known:
            return ""
        if "until" in known[1]:
            return f"new again: in the spec until {known[1]['until']}"
        return "declared now: in the spec without a header"

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
            elif f.differs(g):
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

    def causes(self):
        """A number that is written with another that differs goes into the line of that one."""
        changed = self.changed
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
