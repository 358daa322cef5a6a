# SPDX-License-Identifier: GPL-2.0-only
"""What `lkos check` concludes from what it read. Pure: facts in, findings out; nothing is looked up here but
the files that obstacles.of() asks about."""

import os
import typing

from lkos import obstacles, spec

OK, NOTE, PROBLEM = "ok", "note", "problem"

# Libraries of the same maker that drive the card directly, past any socket.
DIRECT = {
    "libciul.so": "ef_vi, which sends and receives through the card itself",
    "libonload_zf.so": "TCPDirect, which sends and receives through the card itself",
}

EXT = "libonload_ext.so."


class Finding(typing.NamedTuple):
    level: str
    code: str
    about: str  # the file
    what: str
    remedy: str = ""


class Case:
    """All that was read about one program."""

    def __init__(self, program, others, libraries, too_old, finds, finds_in_run, library_header, answer, api):
        self.program = program  # Facts; of a script, its interpreter's
        self.others = others  # Facts of what else matters: scripts, given libraries, needed ones that know of Onload
        # Of the program and the given libraries, by path: [(name, path or None)] that the loader would load; None
        # if it could not be asked.
        self.libraries = libraries
        self.libraries_too_old = too_old  # Answer.unmet of the program
        # name -> path of the library that the loader finds by that name, or None; and the same under lkos run
        self.finds, self.finds_in_run = finds, finds_in_run
        self.library_header = library_header
        self.answer = answer  # the loader's, with the library preloaded into the program
        self.api = api
        self.symbols = _symbols(self)

    def objects(self):
        return [self.program, *self.others]

    def level(self):
        """That of what will not work where it matters only to a program which uses Onload."""
        return PROBLEM if self.symbols else NOTE


def _uses(facts, functions, data):
    """{name: how} of the Onload symbols that one file uses."""
    uses = {
        name: "weak" if weak else "linked" for name, weak in facts.imports.items() if name in functions | data
    }
    for name in facts.texts & functions:
        if facts.has_static_ext:
            uses.setdefault(name, "static")
        elif "dlsym" in facts.imports or facts.is_script:
            uses.setdefault(name, "dlsym")
    return uses


def _symbols(case):
    """One dict for each Onload symbol that is used, in the order of the spec."""
    functions, data = case.api["functions"], case.api["data"]
    names = [{entry["name"] for entry in entries} for entries in (functions, data)]
    used_by = {}
    for facts in case.objects():
        for name, how in _uses(facts, *names).items():
            used_by.setdefault(name, []).append({"file": facts.path, "how": how})
    rows = []
    for entry in functions + data:
        if entry["name"] in used_by:
            said = entry.get("answer_words") or ("in libonload_ext" if entry["exported_by"] else "not defined")
            name = entry["name"]
            rows.append({"name": name, "answer": said, "doc": entry["doc"], "used_by": used_by[name]})
    return rows


def libc_calls(case):
    """The names of libc functions that the library rewrites or watches, and that are called."""
    called = set().union(*(facts.imports.keys() for facts in case.objects()))
    return [function["name"] for function in spec.interposed(case.api) if function["name"] in called]


def _of_go(case):
    program = case.program
    if program.is_go:
        what = "a Go program: Go makes its network calls itself, past libc; only those of C code in it are seen"
        if program.header.is_static:
            what = "a Go program without libc: it makes its system calls itself"
        remedy = "nothing if it asks for no Onload feature in Go; otherwise make these calls in C (cgo)"
        yield Finding(case.level(), "go", program.path, what, remedy)


def _of_obstacles(case):
    program = case.program
    for code, what, remedy in obstacles.of(program.path, program.header, case.library_header, case.answer):
        if not (code == "static" and program.is_go):  # said already
            yield Finding(PROBLEM, code, program.path, what, remedy)
    for facts in case.others:
        if not facts.header.same_machine(program.header):
            what = f"made for {facts.header.machine_name()}, and the program for {program.header.machine_name()}"
            yield Finding(PROBLEM, "machine", facts.path, what, "build both for the same machine")


def _of_static_ext(case):
    what = "built with the static libonload_ext.a: its functions find the preloaded library when they are first called"
    for facts in case.objects():
        if facts.has_static_ext and not facts.header.is_static:
            yield Finding(OK, "static-ext", facts.path, what)


def _of_sanitizer(case):
    what = "built with AddressSanitizer, whose runtime must come first: lkos run puts it before the library"
    for name, path in case.libraries[case.program.path] or []:
        if path and name.startswith(obstacles.SANITIZERS):
            remedy = f"nothing with lkos run; without lkos: LD_PRELOAD={path}:liblk_onload_stub.so"
            yield Finding(OK, "sanitizer", case.program.path, what, remedy)


def _of_opened(case):
    """libonload_ext that is not linked but opened by name."""
    for facts in case.objects():
        for name in sorted(facts.opens) if "dlopen" in facts.imports or facts.is_script else []:
            found = case.finds(name)
            if found:
                yield Finding(OK, "opens-link-library", facts.path, f"opens {name}; the loader finds {found}")
            else:
                yield _of_missing(case, facts.path, f"opens {name}; the loader finds none", name, "opens-link-library")


def _of_missing(case, about, what, name, code):
    """A libonload_ext.so.N that the loader does not find."""
    ours = case.finds_in_run(name)
    if not ours:
        return Finding(NOTE, code, about, f"{what}, and no release of Onload has one by that name")
    remedy = f"nothing with lkos run; without lkos: LD_LIBRARY_PATH={os.path.dirname(ours)}"
    return Finding(NOTE, code, about, f"{what}; lkos run gives it ours", remedy)


def _of_io_uring(case):
    what = "uses io_uring: what it sends and receives that way does not pass libc, so message flags and timestamps are "
    what += "not rewritten"
    remedy = "switch io_uring off in the program, or let it use recvmsg and sendmsg where it needs these"
    for facts in case.objects():
        uring = [name for name in facts.needed if name.startswith("liburing.so")]
        if uring or facts.makes_io_uring or any(name.startswith("io_uring_") for name in facts.imports):
            yield Finding(case.level(), "io_uring", facts.path, what, remedy)


def _of_unknown(case):
    known = {entry["name"] for entry in case.api["functions"] + case.api["data"]}
    defined = set().union(*(facts.exports for facts in case.objects()))
    strong = "so nothing defines it: the program stops at the start, or when it calls it"
    remedy = "look for a newer lk_onload_stub, or give it an entry in spec/onload_api.yaml"
    for facts in case.objects():
        for name, weak in sorted(facts.imports.items()):
            if name.startswith("onload_") and name not in known | defined:
                what = f"{name}: in no release that is known, "
                if weak:
                    yield Finding(NOTE, "unknown", facts.path, what + "and NULL, being weak")
                else:
                    yield Finding(PROBLEM, "unknown", facts.path, what + strong, remedy)


def _of_data(case):
    remedy = "declare it weak: programs take its address to see whether Onload is there"
    for entry in case.api["data"]:
        for facts in case.objects():
            if facts.imports.get(entry["name"]) is False and not entry["exported_by"]:
                what = f"{entry['name']}: only libonload.so defines it, and the program does not start without"
                yield Finding(PROBLEM, "data", facts.path, what, remedy)


def _of_library(case, about, name):
    """About a library that is needed, and where it is not found."""
    direct = next((what for prefix, what in DIRECT.items() if name.startswith(prefix)), None)
    if direct:
        what = f"needs {name}: {direct}; nothing here stands in for it"
        return Finding(PROBLEM, "direct", about, what, "use the program's way through sockets, if it has one")
    what = f"needs {name}, which the loader does not find"
    if name.startswith(EXT):
        found = _of_missing(case, about, what, name, "link-library")
        if found.remedy:
            return found
        what = found.what
    remedy = "install it, or name its folder in LD_LIBRARY_PATH"
    return Finding(PROBLEM, "missing-library", about, f"{what}; it will not start", remedy)


def _of_libraries(case):
    program = case.program
    if case.libraries[program.path] is None and program.header.interpreter:
        what = "the loader of this machine cannot tell what it would load"
        yield Finding(NOTE, "libraries", program.path, what)
    for library, version, needed_by in case.libraries_too_old:
        name = os.path.basename(library)
        what = f"needs {version} of {name}, which {library} does not have; it will not start"
        remedy = f"build it on this system, or run it on one with a newer {name}"
        yield Finding(PROBLEM, "old-library", needed_by, what, remedy)
    said = set()
    for facts in case.objects():
        for name, path in case.libraries.get(facts.path) or []:
            if name not in said and (path is None or name.startswith(tuple(DIRECT))):
                said.add(name)
                yield _of_library(case, facts.path, name)


def _of_own_calls(case):
    program = case.program
    names = {function["name"] for function in spec.interposed(case.api)}
    own = sorted(names & program.exports) if program.header.interpreter else []
    if own:
        what = f"has its own {', '.join(own)}: only what these pass on reaches the library"
        yield Finding(NOTE, "own-calls", program.path, what)


def _of_linking(case):
    what = "uses Onload's functions and names no library that has them: it starts with the library preloaded, and not "
    what += "without"
    needed = {name for facts in case.objects() for name in facts.needed}
    linked = [row for row in case.symbols if any(use["how"] == "linked" for use in row["used_by"])]
    if linked and not any(name.startswith("libonload_ext.so") for name in needed):
        yield Finding(NOTE, "preload-only", case.program.path, what)


RULES = (
    _of_go,
    _of_obstacles,
    _of_libraries,
    _of_unknown,
    _of_data,
    _of_io_uring,
    _of_static_ext,
    _of_sanitizer,
    _of_opened,
    _of_own_calls,
    _of_linking,
)


def of(case):
    """All findings: what will not work first."""
    found = [finding for rule in RULES for finding in rule(case)]
    if not any(finding.level == PROBLEM for finding in found):
        count = len(case.symbols)
        plural = "symbols" if count != 1 else "symbol"
        what = f"{count} Onload {plural} used, all answered" if count else "uses no symbol of Onload"
        found.append(Finding(OK, "answered", case.program.path, what))
    return sorted(found, key=lambda finding: (PROBLEM, NOTE, OK).index(finding.level))
