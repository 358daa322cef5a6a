# SPDX-License-Identifier: GPL-2.0-only
"""From differences to YAML for spec/onload_api.yaml: whole entries, new ones and replacements.

Facts are filled in from the headers and, in a replacement, the rest from the entry as it is. What
has to be thought of is left empty: what the stub answers, and the bodies of inline functions.
"""

import re

import yaml

import compare
import headers
import spelling

# What a replacement takes from the entry that it replaces.
KEPT = ("group", "since", "not_in", "answer", "absent", "emulated", "doc", "onload", "notes", "source", "body")

UNDESCRIBED = "Not described yet."  # no text for the generator

HINTS = {
    "answer": "{value: N} | {neg_errno: E} | {minus_one: E} | {calls: F} | handwritten",
    "body": "C statements, as a block: body: |",
}
HEAD = """\
# For {spec}. Put each entry below the heading of its section; one that 'replaces' another goes
# in the place of that. Then write each 'answer:', and what '{undescribed}' stands for.
"""


class Proposal:
    """release: that of the headers."""

    def __init__(self, api, entries, theirs, schema, release):
        self.api = api
        self.schema = schema
        self.entries = entries
        self.theirs = theirs
        names = [r.name for r in api.releases]
        self.release = release or names[-1]
        self.before = names[:names.index(self.release)] if self.release in names else names
        self.release_before = (self.before or names)[-1]
        self.is_new_release = self.release not in names
        self.sections = {section: {} for section in schema["properties"]}
        self.remarks = []

    def text(self, differences, shown):
        for d in differences:
            for each in (d, *d.follows):
                self.one(each)
        if self.is_new_release:
            last = self.api.releases[-1]
            self.put("releases", {"name": self.release, "ext_version": list(last.ext_version), "soname": last.soname})
            self.remarks.append(f"The version of {self.release}'s libonload_ext is taken from "
                                f"{last.name}; no header tells it.")
        parts = [HEAD.format(spec=shown, undescribed=UNDESCRIBED)]
        if self.remarks:
            parts.append("".join(f"# {line}\n" for line in self.remarks))
        for section, made in self.sections.items():
            if made:
                gap = "\n" if section in ("functions", "enums", "types", "inlines") else ""
                parts.append(f"{section}:\n" + gap.join(self.entry_text(section, *each) for each in made.values()))
        return "\n".join(parts)

    def entry_text(self, section, entry, remark):
        order = list(self.definition(section)["properties"])
        ordered = {key: entry[key] for key in sorted(entry, key=order.index)}
        text = yaml.dump([marked(ordered, section)], Dumper=Dumper, sort_keys=False, default_flow_style=None,
                         width=1000, allow_unicode=True)
        text = re.sub("^(  )(answer|body): null$", lambda m: f"  {m[2]}:  # {HINTS[m[2]]}", text, flags=re.M)
        return "".join(f"  {each}\n" if each else "\n" for each in [f"# {remark}"] * bool(remark) + text.splitlines())

    def definition(self, section):
        return self.schema["$defs"][self.schema["properties"][section]["items"]["$ref"].rpartition("/")[2]]

    def one(self, d):
        if d.holder:
            self.entry("type" if d.kind == "field" else "enum", d.holder, d)
        elif d.change == "gone":
            self.gone(d)
        else:
            self.entry(d.kind, d.name, d)

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
        self.put(section, entry, f"replaces line {line}: gone")

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
            remark = f"replaces line {known[2]}"
            if "until" in old:
                remark += ", which has ended"
                gap = self.before[self.before.index(old["until"]) + 1:]
                if section == "functions" and gap:
                    entry["not_in"] = old.get("not_in", []) + gap
        elif known:
            self.remarks.append(f"{d.name} is no longer in {known[0]}: delete its entry, line "
                                f"{known[2]}.")
        for name, ctype in types(entry):
            if not re.search(self.schema["$defs"]["ctype"]["pattern"], ctype):
                self.remarks.append(f"{item.name}: the spec cannot spell '{ctype}', the type of "
                                    f"{name}: name it with a typedef, under types.")
        self.put(section, entry, remark)

    @staticmethod
    def keep_parts(entry, old):
        """What the old entry says of fields and enumerators that are still there."""
        for key in ("fields", "enumerators"):
            before = {part.get("name"): part for part in old.get(key, [])}
            for part in entry.get(key, []):
                was = before.get(part.get("name"))
                if was:
                    part.pop("since", None)
                    kept = ["since", "doc"] + ["expression"] * (was.get("value") == part.get("value"))
                    part.update((one, was[one]) for one in kept if one in was)
        if "args" in entry:
            names = [next(iter(one)) for one in old.get("args", [])]
            entry["args"] = [
                {names[i]: t} if name.startswith("unnamed") and i < len(names) else {name: t}
                for i, one in enumerate(entry["args"]) for name, t in one.items()]

    def put(self, section, entry, remark=""):
        self.sections[section][entry["name"]] = (entry, remark)

    # -- entries

    def common(self, item):
        made = {"name": item.name, "header": item.place.file, "group": self.group(item.place),
                "since": self.release, "doc": UNDESCRIBED,
                "source": item.place.origin or f"onload/{item.place.file}"}
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
            self.put("groups", {"name": name, "title": title})
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
        return "constants", {**self.common(item), "expression": item.expression, "value": item.value, **pointer}

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
        known = [i for i in item.includes if i.startswith("onload/") or spelling.of_libc(i)]
        for name in set(item.includes) - set(known):
            self.remarks.append(f"{item.name} includes {name}, which programs may not have: it is left out, and "
                                "what the headers need of it is under types.")
        return "headers", {"name": item.name, "guard": guard, "includes": known, "doc": UNDESCRIBED}

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


class Flow(dict):
    """Is written on one line, as FlowList is."""


class FlowList(list):
    pass


class Number(int):
    """Is written in hexadecimal unless it is short."""


def marked(value, key):
    """An entry, or what stands under a key of it, with what is to be written in another way."""
    if isinstance(value, dict):
        made = {k: marked(v, k) for k, v in value.items()}
        one_line = key in ("releases", "groups", "enumerators", "union", "fields") and "union" not in value
        return Flow(made) if one_line else made
    if isinstance(value, list):
        return (FlowList if key in ("args", "not_in") else list)(marked(v, key) for v in value)
    return Number(value) if key == "value" else value


class Dumper(yaml.SafeDumper):
    """As the spec is written."""

    def ignore_aliases(self, data):
        return True

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def represent_text(self, text):
        plain = re.fullmatch(r"[A-Za-z_][\w./]*( \w+)?", text)
        return self.represent_scalar("tag:yaml.org,2002:str", text, "|" if "\n" in text else not plain and '"')


Dumper.add_representer(str, Dumper.represent_text)
Dumper.add_representer(Number, lambda dumper, value: dumper.represent_scalar(
    "tag:yaml.org,2002:int", spelling.number(value)))
Dumper.add_representer(Flow, lambda dumper, value: dumper.represent_mapping(
    "tag:yaml.org,2002:map", value.items(), flow_style=True))
Dumper.add_representer(FlowList, lambda dumper, value: dumper.represent_sequence(
    "tag:yaml.org,2002:seq", value, flow_style=True))
