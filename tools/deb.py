#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the Debian package: the same input gives the same bytes. It writes the archive itself, so that it
needs no Debian to run on."""

import argparse
import gzip
import hashlib
import io
import lzma
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).absolute().parent))

from elftools.elf.elffile import ELFFile  # noqa: E402
from elftools.elf.gnuversions import GNUVerNeedSection  # noqa: E402

import layout  # noqa: E402  (the path comes first)
from lkos import VERSION  # noqa: E402

PACKAGE = "lk-onload-stub"
MAINTAINER = "lk_onload_stub maintainers <maintainers@lk-onload-stub.invalid>"

# Of every file in the package; a later change to it is a change of what is built.
TIME = 1764547200  # 2025-12-01 00:00 UTC
DATE = "Mon, 01 Dec 2025 00:00:00 +0000"

# machine and bits of a library: Debian's name of the architecture, folder of its libraries
ARCHITECTURES = {
    ("EM_X86_64", 64): ("amd64", "x86_64-linux-gnu"),
    ("EM_AARCH64", 64): ("arm64", "aarch64-linux-gnu"),
    ("EM_386", 32): ("i386", "i386-linux-gnu"),
    ("EM_ARM", 32): ("armhf", "arm-linux-gnueabihf"),
    ("EM_PPC64", 64): ("ppc64el", "powerpc64le-linux-gnu"),
    ("EM_RISCV", 64): ("riscv64", "riscv64-linux-gnu"),
    ("EM_S390", 64): ("s390x", "s390x-linux-gnu"),
}

CONTROL = """Package: {package}
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {kilobytes}
Depends: libc6 (>= {libc}), python3:any, python3-pyelftools
Suggests: pkgconf
Section: net
Priority: optional
Description: run programs written for Onload on any Linux machine
 Programs written for Onload, AMD's kernel-bypass network stack, link
 libonload_ext, call onload_* functions, ask for hardware timestamps and pass
 ONLOAD_MSG_* flags. Where there is no card and no driver they do not start,
 or misbehave.
 .
 With this package they run: a preloaded library answers every extension
 function of every release, and makes timestamps and message flags work on the
 kernel's sockets. It has lkos, which runs and inspects such programs, and
 headers and a link library to build them with.
"""

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: lk_onload_stub

Files: *
Copyright: 2025 lk_onload_stub authors
License: GPL-2

License: GPL-2
 This package is free software; you can redistribute it and/or modify it under
 the terms of the GNU General Public License as published by the Free Software
 Foundation, version 2 only.
 .
 On Debian systems, the complete text of the GNU General Public License
 version 2 is in "/usr/share/common-licenses/GPL-2".
"""

CHANGELOG = """{package} ({version}) unstable; urgency=low

  * What has changed is in CHANGELOG.md of the source.

 -- {maintainer}  {date}
"""

OVERRIDES = """# It is there to be preloaded by its plain name. Nothing links with it, so it has no version.
{package}: package-name-doesnt-match-sonames *
{package}: shared-library-lacks-version *
"""

# The loader's list of libraries, for LD_PRELOAD without a path.
TRIGGERS = "activate-noawait ldconfig\n"


def architecture(library):
    with open(library, "rb") as file:
        elf = ELFFile(file)
        return ARCHITECTURES[elf["e_machine"], elf.elfclass]


def libc_version(libraries):
    """The oldest glibc that has all symbols which the libraries need."""
    versions = [(2, 4)]
    for library in libraries:
        with open(library, "rb") as file:
            for section in ELFFile(file).iter_sections():
                if isinstance(section, GNUVerNeedSection):
                    names = [aux.name for _, auxiliaries in section.iter_versions() for aux in auxiliaries]
                    versions += [
                        tuple(map(int, name.removeprefix("GLIBC_").split(".")))
                        for name in names
                        if name.startswith("GLIBC_2")
                    ]
    return ".".join(map(str, max(versions)))


def zipped(content):
    return gzip.compress(content, compresslevel=9, mtime=0)


def stripped(content):
    """A library without what only a debugger wants, as Debian has them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "library")
        path.write_bytes(content)
        subprocess.run(["strip", "--strip-unneeded", "-R", ".comment", "-R", ".note", path], check=True)
        return path.read_bytes()


def contents(built):
    """{path: Entry} of the installed files."""
    _, libdir = architecture(built / "liblk_onload_stub.so")
    documents = f"share/doc/{PACKAGE}"
    changelog = CHANGELOG.format(package=PACKAGE, version=VERSION, maintainer=MAINTAINER, date=DATE)
    result = {
        f"{documents}/changelog.gz": layout.Entry(zipped(changelog.encode())),
        f"{documents}/copyright": layout.Entry(COPYRIGHT.encode()),
        f"share/lintian/overrides/{PACKAGE}": layout.Entry(OVERRIDES.format(package=PACKAGE).encode()),
    }
    for path, entry in layout.entries("/usr", f"lib/{libdir}", built).items():
        if entry.content.startswith(b"\x7fELF"):
            entry = layout.Entry(stripped(entry.content))
        if path.startswith("share/man/"):
            path, entry = path + ".gz", layout.Entry(zipped(entry.content))
        result[path] = entry
    return {f"./usr/{path}": result[path] for path in sorted(result)}


def tar(entries):
    """A compressed tar archive; folders are made as they are needed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        made = set()

        def add(name, type_, mode, content=b"", link=""):
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.linkname, member.size = type_, mode, link, len(content)
            member.mtime, member.uname, member.gname = TIME, "root", "root"
            archive.addfile(member, io.BytesIO(content))

        for path, entry in entries.items():
            parts = path.split("/")
            for folder in ("/".join(parts[:end]) for end in range(1, len(parts))):
                if folder not in made:
                    made.add(folder)
                    add(folder, tarfile.DIRTYPE, 0o755)
            if entry.link:
                add(path, tarfile.SYMTYPE, 0o777, link=entry.link)
            else:
                add(path, tarfile.REGTYPE, 0o755 if entry.is_executable else 0o644, entry.content)
    return lzma.compress(buffer.getvalue(), preset=9)


def control(entries, built):
    """{path: Entry} of what describes the package."""
    files = {path: entry.content for path, entry in entries.items() if not entry.link}
    sums = "".join(f"{hashlib.md5(content).hexdigest()}  {path[2:]}\n" for path, content in files.items())
    libraries = [built / "liblk_onload_stub.so", *sorted(built.glob("libonload_ext.so.*"))]
    described = CONTROL.format(
        package=PACKAGE,
        version=VERSION,
        architecture=architecture(libraries[0])[0],
        maintainer=MAINTAINER,
        kilobytes=sum(-(-len(content) // 1024) for content in files.values()),
        libc=libc_version(libraries),
    )
    texts = {"control": described, "md5sums": sums, "triggers": TRIGGERS}
    return {f"./{name}": layout.Entry(texts[name].encode()) for name in sorted(texts)}


def ar(members):
    """An archive of the kind that a .deb is."""
    parts = [b"!<arch>\n"]
    for name, content in members:
        parts.append(f"{name:16}{TIME:<12}{0:<6}{0:<6}{'100644':8}{len(content):<10}`\n".encode())
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


def package(built):
    entries = contents(built)
    return ar(
        [
            ("debian-binary", b"2.0\n"),
            ("control.tar.xz", tar(control(entries, built))),
            ("data.tar.xz", tar(entries)),
        ]
    )


def main(argv):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  bazel build //:deb
  deb.py --out lk-onload-stub.deb""",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the package to write")
    parser.add_argument(
        "--built", metavar="DIR", type=Path, help="folder with the built libraries (default: Bazel's)"
    )
    args = parser.parse_args(argv)
    try:
        args.out.write_bytes(package(args.built or layout.built_folder()))
    except layout.Missing as error:
        print(f"deb.py: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"deb.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
