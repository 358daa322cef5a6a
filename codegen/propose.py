# SPDX-License-Identifier: GPL-2.0-only
"""From differences to YAML for spec/onload_api.yaml: whole entries, new ones and replacements.

Facts are filled in from the headers and, in a replacement, the rest from the entry as it is. What
has to be thought of is left empty: what the stub answers, and the bodies of inline functions.
"""

import json
import re

import compare
import headers

SECTIONS = ("releases", "groups", "headers", "functions", "constants", "enums", "types", "inlines")

# The order of keys in an entry; those after 'source' are the long ones.
KEYS = ("name", "title", "kind", "guard", "includes", "returns", "args", "forward", "target", "type",
        "header", "group", "expression", "value", "pointer", "since", "until", "ds_data_only",
        "answer", "absent", "emulated", "doc", "onload", "notes", "source", "size", "align", "fields",
        "enumerators", "body")

# What a replacement takes from the entry that it replaces.
KEPT = ("group", "since", "answer", "absent", "emulated", "doc", "onload", "notes", "source", "body")

UNDESCRIBED = "Not described yet."
# Text that YAML takes for text without quotes.
PLAIN = re.compile(r"[A-Za-z_][\w ./'()-]*(?<! )|\d[\w]* [\w ./'()-]*(?<! )", re.ASCII)

ONE_LINE = 125  # columns of a list of arguments
QUOTED = ("title", "doc", "onload", "notes", "expression")

HINTS = {
    "answer": "{value: N} | {neg_errno: E} | {minus_one: E} | {calls: F} | handwritten",
    "body": "C statements, as a block: body: |",
}
HEAD = """\
# For {spec}. Put each entry below the heading of its section; one that 'replaces' another goes
# in the place of that. Then write each 'answer:', and what '{undescribed}' stands for.
"""


class Proposal:
    """form: matches the types that the spec can spell; release: that of the headers."""

    def __init__(self, api, entries, theirs, form, release):
        self.api = api
        self.form = form
        self.entries = entries
        self.theirs = theirs
        names = [r.name for r in api.releases]
        self.release = release or names[-1]
        at = names.index(self.release) if self.release in names else len(names)
        self.release_before = names[max(at - 1, 0)]
        self.is_new_release = self.release not in names
        self.sections = {section: {} for section in SECTIONS}
        self.remarks = []

    def text(self, differences, shown):
        for d in differences:
            for each in (d, *d.follows):
                self.one(each)
        if self.is_new_release:
            last = self.api.releases[-1]
            self.sections["releases"][self.release] = [
                f"- {{name: {quoted(self.release)}, ext_version: {list(last.ext_version)}, "
                f"soname: {last.soname}}}"]
            self.remarks.append(f"The version of {self.release}'s libonload_ext is taken from "
                                f"{last.name}; no header tells it.")
        parts = [HEAD.format(spec=shown, undescribed=UNDESCRIBED)]
        if self.remarks:
            parts.append("".join(f"# {line}\n" for line in self.remarks))
        for section, made in self.sections.items():
            if made:
                gap = "\n" if section in ("functions", "enums", "types", "inlines") else ""
                parts.append(f"{section}:\n" + gap.join(
                    "".join(f"  {line}\n" for line in lines) for lines in made.values()))
        return "\n".join(parts)

    def one(self, d):
        if d.kind in ("field", "enumerator"):
            known = self.entries.entry(d.kind, d.name)
            holder = known[1]["name"] if known else self.holder(d)
            kind = "type" if d.kind == "field" else "enum"
            prefix = "struct" if d.kind == "field" else "enum"
            self.entry(kind, f"{prefix} {holder}", d)
        elif d.change == "gone":
            self.gone(d)
        else:
            self.entry(d.kind, d.name, d)

    def holder(self, d):
        """Of a new field or enumerator: the name of its struct or enum."""
        if d.kind == "field":
            return d.name.partition(".")[0]
        return next(e.name for e in self.theirs.enum.values()
                    if any(n.name == d.name for n in e.enumerators))

    def gone(self, d):
        section, old, line = self.entries.entry(d.kind, d.name) or ("", {}, 0)
        names = [r.name for r in self.api.releases]
        ends = section in ("functions", "types") and (
            "since" not in old or names.index(old["since"]) <= names.index(self.release_before))
        if not ends:
            self.remarks.append(f"{d.name} is gone: delete its entry, line {line}.")
            return
        entry = {**old, "until": self.release_before, "header": None}
        entry.pop("ds_data_only", None)
        self.put(section, old["name"], entry, f"replaces line {line}: gone")

    def entry(self, kind, name, d):
        """A new entry, or one in the place of another."""
        item = getattr(self.theirs, "function" if kind == "inline" else kind).get(name)
        builder = {"function": self.function, "inline": self.function, "type": self.type,
                   "enum": self.enum, "macro": self.macro, "header": self.header}.get(kind)
        made = builder(item) if builder and item else None
        if not made:
            self.remarks.append(f"{d.name} ({d.file}:{d.line}): the spec has no form for this "
                                f"{kind}: {d.what}")
            return
        section, entry = made
        known = self.entries.entry(kind, name)
        remark = ""
        if known and known[0] == section:
            old = known[1]
            entry.update((key, old[key]) for key in KEPT if key in old)
            if "since" not in old:
                entry.pop("since", None)
            self.keep_parts(entry, old)
            remark = f"replaces line {known[2]}" + (", which has ended" if "until" in old else "")
        elif known:
            self.remarks.append(f"{d.name} is no longer in {known[0]}: delete its entry, line "
                                f"{known[2]}.")
        for name, ctype in types(entry):
            if not re.search(self.form, ctype):
                self.remarks.append(f"{item.name}: the spec cannot spell '{ctype}', the type of "
                                    f"{name}: name it with a typedef, under types.")
        self.put(section, entry["name"], entry, remark)

    @staticmethod
    def keep_parts(entry, old):
        """What the old entry says of fields and enumerators that are still there."""
        for key, kept in (("fields", ("doc",)), ("enumerators", ("since", "doc"))):
            before = {part.get("name"): part for part in old.get(key, [])}
            for part in entry.get(key, []):
                was = before.get(part.get("name"))
                if was and was.get("value") == part.get("value") and "expression" in was:
                    part["expression"] = was["expression"]
                for one in kept if was else ():
                    part.pop(one, None)
                    if one in was:
                        part[one] = was[one]
        if "args" in entry:
            names = [next(iter(one)) for one in old.get("args", [])]
            entry["args"] = [
                {names[i]: t} if name.startswith("unnamed") and i < len(names) else {name: t}
                for i, one in enumerate(entry["args"]) for name, t in one.items()]

    def put(self, section, name, entry, remark):
        self.sections[section][name] = [f"# {remark}"] * bool(remark) + lines(entry)

    # -- entries

    def common(self, item):
        made = {"name": item.name, "header": item.place.file, "group": self.group(item.place),
                "since": self.release, "doc": UNDESCRIBED, "source": f"onload/{item.place.file}"}
        if getattr(item, "hidden", False):
            made["ds_data_only"] = "hidden"
        return made

    def group(self, place):
        """That of what is declared before, or else after, in the same header."""
        known = []
        for kind in compare.KINDS:
            items = getattr(self.theirs, "function" if kind == "inline" else kind, {})
            for name, item in items.items():
                entry = self.entries.entry(kind, name)
                if entry and "group" in entry[1] and item.place.file == place.file:
                    known.append((item.place.line, entry[1]["group"]))
        if known:
            before = [k for k in known if k[0] <= place.line]
            return max(before)[1] if before else min(known)[1]
        name = place.file.removesuffix(".h").removeprefix("extensions_")
        if name not in [g.name for g in self.api.groups]:
            title = name.replace("_", " ").capitalize()
            self.sections["groups"][name] = [f"- {{name: {name}, title: {title}}}"]
        return name

    def signature(self, prototype):
        return {"returns": spelled(prototype.returns),
                "args": [{name or f"unnamed{i}": spelled(t)}
                         for i, (name, t) in enumerate(prototype.args, 1)]}

    def function(self, item):
        if item.prototype.variadic:
            return None
        made = {**self.common(item), **self.signature(item.prototype)}
        if item.inline:
            return "inlines", {**made, "body": None}
        return "functions", {**made, "answer": None, "onload": UNDESCRIBED}

    def macro(self, item):
        if item.value is None:
            return None
        pointer = {"pointer": True} if item.pointer else {}
        return "constants", {**self.common(item), "expression": item.expression,
                             "value": item.value, **pointer}

    def enum(self, item):
        if not item.name:
            return None
        numbers = []
        for n in item.enumerators:
            one = {"name": n.name, "value": n.value}
            if n.expression and not re.fullmatch(r"-?(0x[\da-fA-F]+|\d+)", n.expression):
                one["expression"] = n.expression
            if self.entries.entry("enum", f"enum {item.name}"):
                one["since"] = self.release
            numbers.append(one)
        return "enums", {**self.common(item), "enumerators": numbers}

    def header(self, item):
        stem = item.name.removesuffix(".h").upper()
        guard = item.guard or f"__ONLOAD_{stem}_H__"
        return "headers", {"name": item.name, "guard": guard, "includes": list(item.includes),
                           "doc": UNDESCRIBED}

    def type(self, item):
        made = self.common(item)
        if isinstance(item, headers.Record):
            if not item.size and item.keyword == "struct":
                return "types", {**made, "kind": "opaque"}
            if item.keyword == "union" or any("." in f.name for f in item.fields):
                return None
            made.update(kind="struct", fields=self.fields(item))
        elif item.prototype and not item.prototype.variadic:
            made.update(kind="callback", **self.signature(item.prototype))
            forward = self.undefined(item)
            if forward:
                made["forward"] = forward
        elif item.target:
            made.update(kind="handle", target=item.target)
        elif item.nameless:
            return None
        else:
            made.update(kind="alias", type=spelled(item.type))
        return "types", {**made, "size": vars(item.size), "align": vars(item.align)}

    @staticmethod
    def fields(item):
        made, union = [], 0
        for f in item.fields:
            one = {"name": f.name, "type": spelled(f.type)}
            if f.union and f.union == union:
                made[-1]["union"].append(one)
            elif f.union:
                made.append({"union": [one], "offset": vars(f.offset)})
            else:
                bits = {"bits": vars(f.bits)} if f.bits else {}
                made.append({**one, "offset": vars(f.offset), **bits})
            union = f.union
        return made

    def undefined(self, item):
        """Tags in a callback's parameters that are defined after it in its own header."""
        tags = [m.group(1) for _, t in item.prototype.args
                for m in [re.search(r"struct (\w+)", t.spelling)] if m]
        return [tag for tag in dict.fromkeys(tags)
                for record in [self.theirs.type.get(f"struct {tag}")]
                if record and record.place.file == item.place.file
                and record.place.line > item.place.line]


def types(entry):
    """(name, type) of all that has a type in an entry."""
    for key in ("returns", "type"):
        if key in entry:
            yield key, entry[key]
    for one in entry.get("args", []):
        yield from one.items()
    for part in entry.get("fields", []):
        for one in part.get("union", [part]):
            yield one["name"], one["type"]


def spelled(ctype):
    return re.sub(r"\bunsigned int\b", "unsigned", ctype.yaml)


# ---------------------------------------------------------------------------------------
# How the spec is written


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def scalar(key, value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if isinstance(value, int):
        return headers.value_text(value)
    if key in ("since", "until") or not PLAIN.fullmatch(value) or value.lower() in (
            "null", "true", "false", "yes", "no", "on", "off", "y", "n"):
        return quoted(value)
    return value


def flow(key, value):
    """Inside braces, and what else stands on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(k, v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(key, v) for v in value) + "]"
    if key in ("x86_64", "i386", "aarch64", "first", "width"):
        return str(value)
    return scalar(key, value)


def lines(entry):
    """Of one entry, from its '- '."""
    made = []
    for key in sorted(entry, key=KEYS.index):
        value = entry[key]
        one_line = f"{key}: {quoted(value) if key in QUOTED and value else flow(key, value)}"
        if key in HINTS and value is None:
            made.append(f"{key}:  # {HINTS[key]}")
        elif key == "body":
            made += [f"{key}: |"] + [f"  {line}".rstrip() for line in value.splitlines()]
        elif key in ("fields", "enumerators") or key == "args" and len(one_line) > ONE_LINE:
            made.append(f"{key}:")
            for part in value:
                made += member(part)
        else:
            made.append(one_line)
    return [("  " if i else "- ") + line for i, line in enumerate(made)]


def member(part):
    if "union" not in part:
        return [f"  - {flow('', part)}"]
    rest = {k: v for k, v in part.items() if k != "union"}
    return (["  - union:"] + [f"      - {flow('', one)}" for one in part["union"]]
            + [f"    {k}: {flow(k, v)}" for k, v in rest.items()])
