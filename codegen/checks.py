# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with a spec: first its shape, then what its entries refer to, then what they mean."""

import errno as errno_names
import functools
import re

import jsonschema

from yaml_lines import close_to


def check(source, schema):
    """Raises SpecError, which lists every problem of the first pass that found any."""
    source.stop_on_problems()
    shape_problems(source, schema)
    source.stop_on_problems()
    checks = Checks(source)
    checks.check_names()
    checks.check_references()
    source.stop_on_problems()
    checks.check_answers()
    checks.check_layouts()
    checks.check_data()
    checks.check_libc()
    source.stop_on_problems()


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


class Checks:
    """What a schema cannot say."""

    def __init__(self, source):
        self.source = source
        self.data = source.data
        self.releases = [r["name"] for r in self.data["releases"]]

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
            for key in ("absent", "emulated"):
                if f.get(key) == f["answer"] != "handwritten":
                    self.source.report(path + (key,), f"{key}: the same as answer; take it out")
            for key in ("answer", "absent", "emulated"):
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
            if "only" in f and (f["interposed"] or "emulation" not in f):
                self.source.report(path + ("only",), "only: what the emulation alone uses has "
                                   "interposed: false and emulation: routed or called")
            if f.get("variadic_after", 0) > len(f["args"]):
                self.source.report(path + ("variadic_after",),
                                   f"variadic_after: there are only {len(f['args'])} args; write "
                                   "the number of those before ...")
