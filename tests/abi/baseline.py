# SPDX-License-Identifier: GPL-2.0-only
"""What programs rely on, in a form that is kept: NAME.abi as libabigail reads each library, and spec.txt,
one statement a line, with what no library tells: answers, constants, layouts on each machine, releases.
"""

import subprocess
from pathlib import Path

import facts

FOLDER = Path("tests/abi")
LIBRARIES = ("liblk_onload_stub.so", "libonload_ext.so.1")
SPEC = "spec.txt"
MACHINES = ("x86_64", "i386", "aarch64")


def abi_of(library):
    """What abidw tells of a library that has debug information."""
    done = subprocess.run(["abidw", "--exported-interfaces-only", "--no-corpus-path",
                           "--no-comp-dir-path", "--no-show-locs", library],
                          check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def answer(a):
    what = {"value": a["value"], "neg_errno": "-" + a["errno"], "minus_one": "-1, " + a["errno"],
            "calls": a["calls"] + "()", "handwritten": "handwritten"}
    return what[a["kind"]]


def prototype(entry):
    return f"{entry['returns']} ({', '.join(a['type'] for a in entry['args']) or 'void'})"


def on_each(figures):
    return "/".join(str(figures[m]) for m in MACHINES)


def statements(spec):
    """Sorted, so that where an entry stands in the spec does not matter."""
    made = []
    for r in spec["releases"]:
        version = ".".join(map(str, r["ext_version"]))
        made += [f"release {r['name']}: {r['soname']}, version {version}",
                 f"release {r['name']}: has {', '.join(sorted(r['functions']))}"]
    for f in spec["functions"]:
        made += [f"function {f['name']}: {prototype(f)}",
                 f"function {f['name']}: answers {answer(f['answer'])}, "
                 f"{answer(f['absent'])} from libonload_ext alone",
                 f"function {f['name']}: declared in {f['header'] or 'no header'}"]
    for i in spec["inlines"]:
        made.append(f"inline {i['name']}: {prototype(i)}, in {i['header']}")
    for d in spec["data"]:
        made += [f"variable {d['name']}: {d['type']}, {v['numbers']} in {v['soname']}"
                 for v in d["values"]]
    for f in spec["libc"]:
        if f["interposed"]:
            made.append(f"interposed {f['name']}: on {', '.join(f['abi'] or MACHINES)}")
    for c in spec["constants"]:
        made.append(f"constant {c['name']}: {c['value']}, in {c['header']}")
    for e in spec["enums"]:
        made += [f"enum {e['name']}: {n['name']} is {n['value']}" for n in e["enumerators"]]
    for t in spec["types"]:
        made.append(f"type {t['name']}: {t['kind']} {t['target'] or t['type']}".rstrip()
                    + (f" {prototype(t)}" if t["kind"] == "callback" else "")
                    + (f", size {on_each(t['size'])}, alignment {on_each(t['align'])}"
                       if t["size"] else ""))
        for f in (f for m in t["members"] for f in m["fields"]):
            bits = f", {f['bits']['width']} bits from {f['bits']['first']}" if f["bits"] else ""
            made.append(f"type {t['name']}: {f['name']} is {f['type']} at "
                        f"{on_each(f['offset'])}{bits}")
    return sorted(made)


def make(libraries):
    """File name -> text. libraries: the folder of those with debug information."""
    made = {library + ".abi": abi_of(libraries / library) for library in LIBRARIES}
    made[SPEC] = "\n".join(statements(facts.load())) + "\n"
    return made
