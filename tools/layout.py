# SPDX-License-Identifier: GPL-2.0-only
"""Which file goes where: for the installer and the packages alike.

libonload_ext.so.N and the headers have folders of their own, which neither the loader nor the compiler looks
into: where Onload itself is installed too, its files stay the ones that are found.
"""

import contextlib
import itertools
import os
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

from lkos import VERSION, elf_header, places
from lkos.trouble import Trouble

HERE = Path(__file__).absolute().parent  # not resolved: beside us in Bazel's runfiles
TOP = HERE.parent

LINK_LIBRARIES = ("libonload_ext.a", *places.LINK_LIBRARIES)

PKG_CONFIG = """prefix={prefix}
libdir={libdir}
includedir={prefix}/include

# What to preload; lkos does it.
preload=${{libdir}}/liblk_onload_stub.so
# To link with in place of the shared library.
archive=${{libdir}}/lk_onload_stub/libonload_ext.a

Name: lk_onload_stub
Description: Headers and link library for programs written for Onload, on plain Linux
Version: {version}
Cflags: -I${{includedir}}/lk_onload_stub
Libs: -L${{libdir}}/lk_onload_stub -lonload_ext
Libs.private: -ldl
"""


# What is at one place: bytes, or a symbolic link.
Entry = namedtuple("Entry", "content is_executable link")
Entry.__new__.__defaults__ = (b"", False, "")


def put(path, entry):
    """Writes an entry, in a folder that is there and a place that is free."""
    if entry.link:
        path.symlink_to(entry.link)
    else:
        path.write_bytes(entry.content)
        path.chmod(0o755 if entry.is_executable else 0o644)


def run(*command, **environment):
    """A command that has ended, with what it printed."""
    return subprocess.run(
        [str(word) for word in command],
        env=dict(os.environ, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        check=False,
    )


@contextlib.contextmanager
def telling(program, denied=""):
    """Ends the program with what is in the way. denied: what to do where permission is."""
    try:
        yield
    except Trouble as trouble:
        sys.exit(f"{program}: {trouble}")
    except OSError as error:
        remedy = denied if isinstance(error, PermissionError) else ""
        sys.exit(f"{program}: {error.filename}: {error.strerror}{remedy}")


def built_folder():
    """Where Bazel put the libraries."""
    return TOP if (TOP / places.LIBRARY_NAME).is_file() else TOP / "bazel-bin"


def machine(built):
    """What the built libraries are for, as lkos calls it."""
    _copy(built / places.LIBRARY_NAME)
    return elf_header.read(built / places.LIBRARY_NAME).machine_name()


def _copy(path, is_executable=False):
    try:
        return Entry(path.read_bytes(), is_executable)
    except OSError as error:
        raise Trouble(
            f"{path}: {error.strerror}; bazel build //:onload_stub //:onload_emulation //:onload_ext makes the libraries, "
            "and tools/build.sh those for --built"
        )


def _manual(page):
    """A manual page, in which a line @NAME@ stands for what `lkos NAME --help` prints.

    That is read from the sources: the commands may need what is not here."""

    def help_of(match):
        source = (HERE / f"lkos/{match.group(1)}.py").read_text(encoding="utf-8")
        text = re.search(r'(?s)"""(usage: .*?)\n"""', source).group(1).replace("\\", "\\e").replace("-", "\\-")
        text = re.sub(r"(?m)^([.'])", r"\\&\1", re.sub(r"(?<=[.?!]) (?=[A-Z])", "\n", text))
        made = []  # options and examples as they are, and the rest filled
        for literal, lines in itertools.groupby(text.splitlines(), lambda line: line.startswith("  ")):
            block = "\n".join(line[2:] if literal else line for line in lines).strip("\n").replace("\n\n", "\n.Pp\n")
            made.append(f".Bd -literal\n{block}\n.Ed" if literal else f".Pp\n{block}" if made else block)
        return "\n".join(made)

    return Entry(re.sub(r"(?m)^@(\w+)@$", help_of, page.read_text(encoding="utf-8")).encode())


def _link(path, target):
    """At a path, a link to another one; both are below the prefix."""
    return {path: Entry(link=os.path.relpath(target, os.path.dirname(path)))}


def entries(prefix, libdir, built):
    """{path below the prefix: Entry}. libdir: below the prefix too; built: folder with the libraries."""
    private, share = f"{libdir}/lk_onload_stub", "share/lk_onload_stub"
    library = _copy(built / places.LIBRARY_NAME)
    result = {
        f"{share}/lkos/lkos": _copy(HERE / "lkos/lkos", is_executable=True),
        f"{share}/options.json": _copy(TOP / "generated/options.json"),
        f"{share}/spec.json": _copy(TOP / "generated/spec.json"),
        f"{libdir}/{places.LIBRARY_NAME}": library,
        f"{libdir}/{places.EMULATION_NAME}": _copy(built / places.EMULATION_NAME),
        f"{libdir}/pkgconfig/lk_onload_stub.pc": Entry(
            PKG_CONFIG.format(prefix=prefix, libdir=f"{prefix}/{libdir}", version=VERSION).encode()
        ),
        "share/bash-completion/completions/lkos": _copy(HERE / "share/lkos.bash"),
        "share/man/man1/lkos.1": _manual(HERE / "share/lkos.1"),
        "share/man/man7/lk_onload_stub.7": _copy(HERE / "share/lk_onload_stub.7"),
    }
    result.update(_link("bin/lkos", f"{share}/lkos/lkos"))
    # By these, lkos finds the libraries; those for other machines may be installed beside ours.
    result.update(_link(f"{share}/{machine(built)}", libdir))
    result.update(_link(f"{private}/libonload_ext.so", f"{private}/libonload_ext.so.1"))
    for name in LINK_LIBRARIES:
        result[f"{private}/{name}"] = _copy(built / name)
    for source in sorted((HERE / "lkos").glob("*.py")):
        result[f"{share}/lkos/{source.name}"] = _copy(source)
    for header in sorted((TOP / "generated/include/onload").glob("*.h")):
        result[f"include/lk_onload_stub/onload/{header.name}"] = _copy(header)
    return result


def as_onload(libdir):
    """The same of Onload's own names, which start scripts and builds say outright."""
    result = _link("bin/onload", "bin/lkos")
    result.update(_link("include/onload", "include/lk_onload_stub/onload"))
    result.update(_link("share/man/man1/onload.1", "share/man/man1/lkos.1"))
    result.update(_link(f"{libdir}/libonload.so", f"{libdir}/{places.LIBRARY_NAME}"))
    for name in (*LINK_LIBRARIES, "libonload_ext.so"):
        result.update(_link(f"{libdir}/{name}", f"{libdir}/lk_onload_stub/{name}"))
    return result
