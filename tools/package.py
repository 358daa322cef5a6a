#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the packages, for Debian (deb) or Red Hat (rpm): lk-onload-stub, and lk-onload-stub-as-onload, which
adds Onload's own names. The same input gives the same bytes."""

import argparse
import calendar
import gzip
import os
import re
import shutil
import string
import sys
import tempfile
import textwrap
import time
from collections import namedtuple
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).absolute().parent))

import layout  # noqa: E402  (the path comes first)
from lkos import VERSION, doctor, elf_header, places  # noqa: E402
from lkos.trouble import Trouble  # noqa: E402

PACKAGE, AS_ONLOAD = "lk-onload-stub", "lk-onload-stub-as-onload"
MAINTAINER = "lk_onload_stub maintainers <maintainers@lk-onload-stub.invalid>"

PYTHON, PYELFTOOLS = "3.6", doctor.shown(doctor.OLDEST_ELFTOOLS)  # the oldest that it was tried with

# elf_header's name of a machine: what Debian calls it and the folder of its libraries, what Red Hat does,
# and what rpm adds to the name of a library
Machine = namedtuple("Machine", "debian multiarch rpm libdir bits")
MACHINES = {
    "x86-64": Machine("amd64", "x86_64-linux-gnu", "x86_64", "lib64", "()(64bit)"),
    "AArch64": Machine("arm64", "aarch64-linux-gnu", "aarch64", "lib64", "()(64bit)"),
    "i386": Machine("i386", "i386-linux-gnu", "i686", "lib", ""),
}

TEXTS = {
    PACKAGE: (
        "run programs written for Onload on any Linux machine",
        """Programs written for Onload, AMD's kernel-bypass network stack, link
libonload_ext, call onload_* functions, ask for hardware timestamps and pass
ONLOAD_MSG_* flags. Where there is no card and no driver they do not start,
or misbehave.

With this package they run: a preloaded library answers every extension
function of every release, and makes timestamps and message flags work on the
kernel's sockets. It has lkos, which runs and inspects such programs, and
headers and link libraries to build them with.""",
    ),
    AS_ONLOAD: (
        "Onload's own names for lk_onload_stub",
        """Start scripts, pod specifications and builds that say onload,
LD_PRELOAD=libonload.so, -lonload_ext or #include <onload/extensions.h> work
as they are: these names become links to the files of lk-onload-stub. Where
Onload itself is installed, this package refuses to be.""",
    ),
}


def text_of(name):
    return (layout.TOP / name).read_text(encoding="utf-8")


PREINST = text_of("tools/packaging/onload_is_here.sh")


def indented(text):
    """As a field of Debian's files goes on."""
    return textwrap.indent(text.replace("\n\n", "\n.\n"), " ")


def releases():
    """[(version, seconds since 1970, [what changed])] of the change log, newest first."""
    found = []
    for version, day, changes in re.findall(
        r"(?ms)^## (\S+) \(([-\d]+)\)$(.*?)(?=^## |\Z)", text_of("CHANGELOG.md")
    ):
        items = [" ".join(item.split()) for item in re.split(r"(?m)^- ", changes)[1:]]
        found.append((version, calendar.timegm(time.strptime(day, "%Y-%m-%d")), items))
    if not found or found[0][0] != VERSION:
        raise Trouble(f"CHANGELOG.md: its first heading must be '## {VERSION} (YYYY-MM-DD)', as in tools/lkos")
    return found


def paragraphs(items, bullet):
    """Lines of at most 79 columns."""
    return "\n".join(
        textwrap.fill(item, 79, initial_indent=bullet, subsequent_indent=" " * len(bullet)) for item in items
    )


def filled(template, **fields):
    text = string.Template(text_of(f"tools/packaging/{template}"))
    return text.substitute(fields, version=VERSION, maintainer=MAINTAINER)


def run(*command, **environment):
    try:
        done = layout.run(*command, SOURCE_DATE_EPOCH=str(releases()[0][1]), **environment)
    except FileNotFoundError:
        raise Trouble(f"{command[0]}: not found; ./setup.sh installs it")
    if done.returncode != 0:
        raise Trouble(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def put(root, entries):
    """Writes {path below root: Entry}, without what only a debugger wants of a library."""
    for path, entry in entries.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        layout.put(place, entry)
        is_library = path.endswith((places.LIBRARY_NAME, places.EMULATION_NAME)) or "/libonload_ext." in path
        if is_library and not entry.link:
            strip(place)


def strip(library):
    header = elf_header.read(library)
    options = ["--strip-unneeded", "-R", ".comment", "-R", ".note"]
    tool = "strip"
    if header.kind != "elf":  # an archive
        options = ["--strip-debug", "--enable-deterministic-archives"]
    elif header.machine_name() in MACHINES:
        tool = shutil.which(MACHINES[header.machine_name()].multiarch + "-strip") or tool
    run(tool, *options, library)


def zipped(text):
    return layout.Entry(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def with_zipped_pages(entries):
    result = {}
    for path, entry in entries.items():
        if path.startswith("share/man/"):
            path += ".gz"
            entry = layout.Entry(link=entry.link + ".gz") if entry.link else zipped(entry.content.decode())
        result[path] = entry
    return result


def deb(name, entries, scripts, out, **fields):
    """One package. entries: {path below /usr: Entry}, scripts: {name: Entry}, fields: of its control file."""
    summary, description = TEXTS[name]
    with tempfile.TemporaryDirectory() as top:
        root = Path(top, "root")
        put(root / "usr", with_zipped_pages(entries))
        files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
        control = filled(
            "control",
            name=name,
            kilobytes=sum(-(-path.stat().st_size // 1024) for path in files),
            summary=summary,
            description=indented(description),
            **fields,
        )
        put(root / "DEBIAN", {"control": layout.Entry(control.encode()), **scripts})
        run("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, out / f"{name}.deb")


def debs(built, machine, out):
    libdir = f"lib/{machine.multiarch}"
    bsd = text_of("LICENSE.BSD-2-Clause").split("\n", 2)[2].strip()
    changes = "\n".join(
        f"{PACKAGE} ({version}) unstable; urgency=medium\n\n{paragraphs(items, '  * ')}\n\n -- {MAINTAINER}  "
        f"{time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(seconds))}\n"
        for version, seconds, items in releases()
    )
    entries = layout.entries("/usr", libdir, built)
    entries[f"share/doc/{PACKAGE}/changelog.gz"] = zipped(changes)
    entries[f"share/doc/{PACKAGE}/copyright"] = layout.Entry(filled("copyright", bsd=indented(bsd)).encode())
    entries[f"share/lintian/overrides/{PACKAGE}"] = layout.Entry(filled("lintian-overrides").encode())
    libraries = [built / name for name in (places.LIBRARY_NAME, places.EMULATION_NAME, *layout.LINK_LIBRARIES)]
    relations = (
        f"Depends: libc6 (>= {doctor.shown(doctor.glibc_needed(*libraries))}), python3:any (>= {PYTHON}), "
        f"python3-pyelftools (>= {PYELFTOOLS})\nSuggests: pkgconf"
    )
    triggers = {"triggers": layout.Entry(b"activate-noawait ldconfig\n")}  # the loader's list of libraries
    deb(PACKAGE, entries, triggers, out, architecture=machine.debian, relations=relations)

    entries = layout.as_onload(libdir)
    entries[f"share/doc/{AS_ONLOAD}"] = layout.Entry(link=PACKAGE)
    relations = f"Depends: {PACKAGE} (= {VERSION})"
    scripts = {"preinst": layout.Entry(PREINST.encode(), is_executable=True)}
    deb(AS_ONLOAD, entries, scripts, out, architecture=machine.debian, relations=relations)


def listed(entries):
    """Lines for rpmbuild: the files, and the folders that are the package's own."""
    paths = [Path("/usr", path) for path in entries]
    own = {folder for path in paths for folder in path.parents if re.search("lk.onload.stub", str(folder))}
    lines = [f"%dir {folder}" for folder in own]
    lines += [f"%license {path}" if "licenses" in path.parts else str(path) for path in paths]
    return "\n".join(sorted(lines)) + "\n"


def rpms(built, machine, out):
    entries = layout.entries("/usr", machine.libdir, built)
    for name in ("LICENSE", "LICENSE.BSD-2-Clause"):
        entries[f"share/licenses/{PACKAGE}/{name}"] = layout.Entry(text_of(name).encode())
    changes = "\n".join(
        f"* {time.strftime('%a %b %d %Y', time.gmtime(seconds))} {MAINTAINER} - {version}-1\n"
        f"{paragraphs(items, '- ')}\n"
        for version, seconds, items in releases()
    )
    summary, description = TEXTS[PACKAGE]
    with tempfile.TemporaryDirectory() as top:
        stage, spec = Path(top, "stage"), Path(top, f"{PACKAGE}.spec")
        names = layout.as_onload(machine.libdir)
        for suffix, part in ((".files", entries), (".as-onload.files", names)):
            part = with_zipped_pages(part)
            put(stage / "usr", part)
            stage.with_suffix(suffix).write_text(listed(part), encoding="utf-8")
        spec.write_text(
            filled(
                "lk-onload-stub.spec",
                summary=summary[0].upper() + summary[1:],
                description=description,
                as_onload_summary=TEXTS[AS_ONLOAD][0],
                as_onload_description=TEXTS[AS_ONLOAD][1],
                bits=machine.bits,
                changelog=changes.replace("%", "%%"),
                preinst=PREINST,
                pyelftools=PYELFTOOLS,
                python=PYTHON,
                stage=stage,
            ),
            encoding="utf-8",
        )
        defined = {"_topdir": top, "_rpmdir": out.absolute(), "_tmppath": top, "_build_name_fmt": "%%{NAME}.rpm"}
        options = [word for name in defined for word in ("--define", f"{name} {defined[name]}")]
        run("rpmbuild", "-bb", "--target", f"{machine.rpm}-linux", *options, spec, HOME=top)


def main(argv):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  bazel build //:deb
  package.py rpm --out /tmp""",
    )
    parser.add_argument("kind", choices=("deb", "rpm"))
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for the packages")
    parser.add_argument(
        "--built", metavar="DIR", type=Path, help="folder with the built libraries (default: Bazel's)"
    )
    args = parser.parse_args(argv)
    os.umask(0o022)
    with layout.telling("package.py"):
        built = args.built or layout.built_folder()
        name = layout.machine(built)
        if name not in MACHINES:
            raise Trouble(f"{built}: libraries for {name}; packages are for {', '.join(MACHINES)}")
        {"deb": debs, "rpm": rpms}[args.kind](built, MACHINES[name], args.out)


if __name__ == "__main__":
    main(sys.argv[1:])
