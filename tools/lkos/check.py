# SPDX-License-Identifier: GPL-2.0-only
"""lkos check"""

import mmap
import os
import site

site.main()  # finds pyelftools; lkos runs without, for its start-up time

from lkos import arguments, elf_facts, elf_header, findings, launch, loader, places, screen, spec  # noqa: E402
from lkos.trouble import Misuse  # noqa: E402  # noqa: E402

HELP = """usage: lkos check PROGRAM [LIBRARY...] [--emulate] [--json]

Reads a program, and the libraries that it needs, and says what it will meet
under lkos run: which Onload symbols are used, what each answers, and what will
not work, why, and what to do. Nothing is run. Of a script, and of a .py, .sh or
.jar file, the program that runs it is read. Name as LIBRARY what the program
loads by itself, such as plugins.

  --emulate   show the answers of lkos run --emulate
  --json      print JSON
  -h, --help  print this

exit status: 0 if all is well, 1 if something will not work, 2 if a file cannot
be read

examples:
  lkos check ./app
  lkos check /usr/bin/java libOnloadExt.so
"""

# A needed library is read only if one of these occurs in it. Most have none, and are big.
MARKS = (*elf_facts.MARKS, b"io_uring_")


def _is_marked(path):
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return any(data.find(mark) >= 0 for mark in MARKS)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def _existing(name):
    """The path that a name stands for: a file, or else a command of PATH."""
    if "/" not in name and not os.path.exists(name):
        for path in launch.in_path(name, os.environ):
            if os.path.isfile(path):
                return path
    elf_facts.must_be_file(name)
    return name


def _program(path, env):
    """(kind, the Facts of the program that will run)."""
    runner = launch.runner(path, env)
    facts = elf_facts.read(runner)
    if runner != path:
        return "script", facts
    return "program" if facts.header.interpreter or facts.header.is_static else "library", facts


def _case(program, given, env, emulate):
    def libraries(facts):
        answer = None if facts.is_script else loader.ask(facts.path, env)
        return answer and answer.libraries

    needed = {facts.path: libraries(facts) for facts in [program, *given]}
    others = {os.path.realpath(facts.path): facts for facts in given}
    for name, path in [pair for pairs in needed.values() for pair in pairs or []]:
        if path is None or name.startswith((findings.EXT, places.LIBRARY_NAME, places.EMULATION_NAME)):
            continue
        real = os.path.realpath(path)
        if real not in others and _is_marked(path):
            others[real] = elf_facts.read(path)

    def found(name, env):
        answer = loader.ask(program.path, env, [name])
        return answer and answer.path(name)

    plain = loader.ask(program.path, env)
    library = places.library(program.header.machine_name())
    env_of_run = dict(env, **launch.plan(program.path, [], env, emulate)[0])
    return findings.Case(
        program=program,
        others=list(others.values()),
        libraries=needed,
        too_old=plain.unmet if plain else [],
        finds=lambda name: found(name, env),
        finds_in_run=lambda name: found(name, env_of_run),
        library_header=elf_header.read(library),
        answer=loader.ask(program.path, env, [library]),
        api=spec.emulated(spec.load()) if emulate else spec.load(),
    )


def _more_findings(path, kind, program):
    """What is to be said of the file itself."""
    if kind == "script":
        what = f"a script, run by {program.path}; the library is preloaded into that and into all that it starts"
        yield findings.Finding(findings.NOTE, "script", path, what, "check the programs that it starts, too")
    elif kind == "library":
        yield findings.Finding(findings.NOTE, "library", path, "a shared library, not a program")
    if kind != "library" and launch.command(path) == path and not os.stat(path).st_mode & 0o111:
        what = "not marked as executable"
        yield findings.Finding(findings.PROBLEM, "not-executable", path, what, f"chmod +x {path}")


def _used_by(row):
    said = {"linked": "", "weak": " (weak)", "static": " (static)", "dlsym": " (by dlsym?)"}
    return ", ".join(os.path.basename(use["file"]) + said[use["how"]] for use in row["used_by"])


def _print(path, kind, program, symbols, libc_calls, found, run):
    what = f"{program.header.machine_name()} program" if kind == "program" else kind
    print(*screen.text(f"{path}: {what}"), "", sep="\n")
    if symbols:
        rows = [(row["name"], _used_by(row), row["answer"], row["doc"]) for row in symbols]
        print(*screen.table(("symbol", "used by", "answer", "in words"), rows), sep="\n", end="\n\n")
    if libc_calls:
        print("libc calls that are rewritten or watched:", *screen.text(", ".join(libc_calls)), "", sep="\n")
    for finding in found:
        about = "" if finding.about == path else finding.about + ": "
        print(*screen.verdict(finding.level, about + finding.what, finding.remedy), sep="\n")
    problems = sum(finding.level == findings.PROBLEM for finding in found)
    if kind == "library":
        return
    print()
    if problems:
        print(f"{problems} problem{'s' if problems != 1 else ''}: see above.")
    elif program.header.is_static:
        print("Nothing of Onload is used: it will run without lkos.")
    else:
        print(f"It will run: {run} {launch.command(path if '/' in path else './' + path)}")


def main(args):
    given, names = arguments.parse(args, HELP, ("--emulate", "--json"))
    if not names:
        raise Misuse("which program?")
    path = _existing(names[0])
    env = launch.environment()
    kind, program = _program(path, env)
    scripts = [elf_facts.read_script(path, program.header)] if kind == "script" else []
    emulate = "--emulate" in given
    case = _case(program, scripts + [elf_facts.read(name) for name in names[1:]], env, emulate)
    found = [*_more_findings(path, kind, program), *findings.of(case)]
    found.sort(key=lambda finding: finding.level != findings.PROBLEM)
    symbols, libc_calls = case.symbols, findings.libc_calls(case)
    fine = all(finding.level != findings.PROBLEM for finding in found)
    if "--json" in given:
        from json import dumps

        result = {
            "program": path,
            "kind": kind,
            "machine": program.header.machine_name(),
            "ok": fine,
            "symbols": symbols,
            "libc_calls": libc_calls,
            "libraries": [{"name": name, "path": where} for name, where in case.libraries[program.path] or []],
            "findings": [finding._asdict() for finding in found],
        }
        print(dumps(result, indent=2))
    else:
        _print(path, kind, program, symbols, libc_calls, found, "lkos run --emulate" if emulate else "lkos run")
    return 0 if fine else 1
