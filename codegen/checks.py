# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with a spec: first its shape, then what its entries refer to, then what they mean."""

import errno as errno_names
import json
import re

import jsonschema

from spelling import of_libc
from yaml_lines import close_to

# What C itself has, and what headers of the C library declare for all programs.
C_TYPE = re.compile(r"void|_?[Bb]ool|float|(long )?double|((un)?signed )?(char|int|(short|long|long long)( int)?)|(un)?signed")
LIBC_TYPES = (
    "clockid_t", "dev_t", "fd_set", "gid_t", "in_addr_t", "in_port_t", "ino_t", "int16_t", "int32_t", "int64_t", "int8_t",
    "intmax_t", "intptr_t", "mode_t", "nfds_t", "off64_t", "off_t", "pid_t", "ptrdiff_t", "sa_family_t", "sigset_t",
    "size_t", "socklen_t", "ssize_t", "struct epoll_event", "struct in6_addr", "struct in_addr", "struct iovec",
    "struct itimerspec", "struct mmsghdr", "struct msghdr", "struct pollfd", "struct sockaddr", "struct sockaddr_in",
    "struct sockaddr_in6", "struct sockaddr_storage", "struct stat", "struct tcp_info", "struct timespec",
    "struct timeval", "time_t", "uid_t", "uint16_t", "uint32_t", "uint64_t", "uint8_t", "uintmax_t", "uintptr_t",
)

UNSIGNED = re.compile(r".*\*$|(unsigned|uint|size_t|socklen_t|bool|_Bool|enum)\b|uint\w*_t$")


def check(source, schema):
    """Raises SpecError, which lists every problem of the first pass that found any."""
    source.stop_on_problems()
    shape_problems(source, schema)
    source.stop_on_problems()
    checks = Checks(source)
    checks.check_names()
    checks.check_references()
    checks.check_types()
    source.stop_on_problems()
    checks.check_dates()
    checks.check_answers()
    checks.check_layouts()
    checks.check_data()
    checks.check_libc()
    source.stop_on_problems()


def shape_problems(source, schema):
    """Report all that the JSON schema has against the source."""
    names = {dict: "a map", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(source.data):
        path = tuple(error.absolute_path)
        rule, value, wanted = error.validator, error.instance, error.schema
        last = next((f"{step}: " for step in reversed(path) if isinstance(step, str)), "")
        write = f"; write {wanted['description']}" if isinstance(wanted, dict) and ("description" in wanted) else ""
        if value is None and rule != "required":
            source.report(path, f"{last}nothing is written here{write}")
        elif rule == "additionalProperties":
            patterns = wanted.get("patternProperties", {})
            known = list(wanted.get("properties", {}))
            for key in value:
                if key not in known and not any(re.search(p, key) for p in patterns):
                    hint = close_to(key, known) or (f"; known here: {', '.join(known)}" if known else write)
                    source.report(path + (key,), f"unknown key '{key}'{hint}")
        elif rule == "required":
            for key in error.validator_value:
                if key not in value:
                    about = property_of(schema, wanted, key)
                    source.report(path, f"missing key '{key}'; write {key}: {about}")
        elif wanted == {"not": {}}:  # as the schema 'false', of which newer jsonschema tells no path
            key = path[-1]
            source.report(path, f"key '{key}' does not belong to an entry of this kind; take it out")
        elif rule == "type":
            source.report(path, f"{last}{shown(value)} is {names.get(type(value), 'a date')}{write}")
        elif rule in ("enum", "const"):
            hint = close_to(str(value), [str(v) for v in wanted.get("enum", [])])
            source.report(path, f"{last}unknown value {shown(value)}{hint or write}")
        elif rule == "anyOf":
            source.report(path, f"{last}unknown answer {shown(value)}{write}")
        else:
            source.report(path, f"{last}{shown(value)} does not do{write}")


def shown(value):
    """As YAML has it, if it is short."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) < 80 else f"{text[:80]}..."


def property_of(schema, wanted, key):
    """What the schema's description says to write for a key."""
    about = wanted.get("properties", {}).get(key)
    if about is None:  # asked for by an if/then, described in the same definition
        about = next(d["properties"][key] for d in schema["$defs"].values() if key in d.get("properties", {}))
    if "$ref" in about:
        about = schema["$defs"][about["$ref"].rpartition("/")[2]]
    return about["description"]


def leaves(value, path=()):
    """(path, value) of all that is neither map nor list."""
    if not isinstance(value, (dict, list)):
        yield path, value
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(inner, path + (key,))


class Checks:
    """What a schema cannot say."""

    def __init__(self, source):
        self.source = source
        self.data = source.data
        self.releases = [r["name"] for r in self.data["releases"]]
        self.aliases = {t["name"]: t["type"] for t in self.data["types"] if t["kind"] == "alias"}
        self.pointers = [t["name"] for t in self.data["types"] if t["kind"] in ("handle", "callback")]

    def entries(self, *kinds):
        for kind in kinds:
            for i, entry in enumerate(self.data[kind]):
                yield (kind, i), entry

    def check_names(self):
        named = []
        for path, value in leaves(self.data):
            name = path[-1] if path[-3:-2] == ("args",) else value if path[-1] == "name" else None
            if name is not None:
                named.append(((self.space(path), name), name, self.source.lines[path]))
        self.source.only_once(named)

    def space(self, path):
        """Among which names the one at path has to be the only one of its kind."""
        kind = path[0]
        if "args" in path or "fields" in path:
            return path[:2]
        if kind in ("releases", "groups", "headers"):
            return kind
        is_tag = len(path) == 3 and (kind == "enums" or kind == "types" and (
            self.data[kind][path[1]]["kind"] in ("struct", "opaque")))
        return "tags" if is_tag else "names"

    def check_references(self):
        releases = ("release", self.releases)
        headers = [h["name"] for h in self.data["headers"]]
        known = {"since": releases, "until": releases, "not_in": releases, "header": ("header", [*headers, None]),
                 "group": ("group", [g["name"] for g in self.data["groups"]])}
        for path, word in leaves(self.data):
            key = path[-2] if isinstance(path[-1], int) else path[-1]
            if key in known and "args" not in path:
                self.known(path, *known[key], word)
        for (_, i), header in self.entries("headers"):
            for j, name in enumerate(header["includes"]):
                path, (folder, _, last) = ("headers", i, "includes", j), name.rpartition("/")
                if folder == "onload":
                    self.known(path, "header", headers, last)
                elif not of_libc(name):
                    self.source.report(path, f"includes: {name} is not of the C library, and programs may not "
                                             "have it; take it out, and declare under types what it is for")

    def known(self, path, what, choices, word):
        if word not in choices:
            hint = close_to(word, [c for c in choices if c]) or f"; add it under {what}s"
            self.source.report(path, f"unknown {what} '{word}'{hint}")

    def check_dates(self):
        at = self.releases.index
        for path, entry in self.entries("functions", "types"):
            first, last = entry.get("since", self.releases[0]), entry.get("until", self.releases[-1])
            if at(last) < at(first):
                self.source.report(path + ("until",), f"until: {last} comes before since: {first}; "
                                                      "write the last release that carried it")
            for i, name in enumerate(entry.get("not_in", [])):
                if not at(first) < at(name) < at(last):
                    self.source.report(path + ("not_in", i),
                                       f"not_in: {name} is not between {first} and {last}; take it out")
            if "until" in entry and entry["header"] is not None:
                self.source.report(path + ("header",), "header: no header of today declares what ended with "
                                                       f"{last}; write header: null")

    def check_types(self):
        """Each type that the spec names is one: C's, libc's, or one of the spec's own."""
        own = [t["name"] if t["kind"] in ("handle", "callback", "alias") else f"struct {t['name']}"
               for t in self.data["types"]]
        known = [*own, *(f"enum {e['name']}" for e in self.data["enums"]), *LIBC_TYPES]
        for path, text in leaves(self.data):
            if path[-1] in ("returns", "type") or path[-3:-2] == ("args",):
                meant = " ".join(word for word in re.findall(r"\w+", text.partition(" [")[0]) if word != "const")
                if meant not in known and not C_TYPE.fullmatch(meant):
                    hint = close_to(meant, known) + "; declare it under types, or if libc does, add it to LIBC_TYPES in "
                    self.source.report(path, f"{path[-1]}: unknown type '{meant}'{hint}codegen/checks.py")

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
                    self.check_sign(path + (key, kind), f["returns"], kind, what)

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

    def check_sign(self, path, returns, kind, what):
        """An answer below zero, or a number, fits the returned type."""
        base = self.aliases.get(returns, returns)
        if base == "void":
            self.source.report(path, f"{kind}: {returns} has no value, and the generator no form for that; "
                                     "add it to its templates")
        negative = kind in ("neg_errno", "minus_one") or kind == "value" and what < 0
        if negative and (UNSIGNED.match(base) or base in self.pointers):
            self.source.report(path, f"{kind}: {returns} is never negative; write {{value: N}}, with an N "
                                     "of 0 or more")

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
            if d["exported_by"] and set(d["values"]) != sonames:
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
