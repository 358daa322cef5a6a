# SPDX-License-Identifier: GPL-2.0-only
"""Which file goes where: for the installer and the Debian package alike.

libonload_ext.so.N and the headers have folders of their own, which neither the loader nor the compiler looks
into: where Onload itself is installed too, its files stay the ones that are found.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from lkos import VERSION, places

HERE = Path(__file__).absolute().parent  # not resolved: beside us in Bazel's runfiles
TOP = HERE.parent

PKG_CONFIG = """prefix={prefix}
libdir={libdir}
includedir={prefix}/include

# What to preload; lkos does it.
preload=${{libdir}}/liblk_onload_stub.so

Name: lk_onload_stub
Description: Headers and link library for programs written for Onload, on plain Linux
Version: {version}
Cflags: -I${{includedir}}/lk_onload_stub
Libs: -L${{libdir}}/lk_onload_stub -lonload_ext
"""


class Missing(Exception):
    """A file to install is not there."""


@dataclass(frozen=True)
class Entry:
    """What is at one place: bytes, or a symbolic link."""

    content: bytes = b""
    is_executable: bool = False
    link: str = ""


def built_folder():
    """Where Bazel put the libraries."""
    return TOP if (TOP / places.LIBRARY_NAME).is_file() else TOP / "bazel-bin"


def _copy(path, is_executable=False):
    try:
        return Entry(path.read_bytes(), is_executable)
    except OSError as error:
        raise Missing(
            f"{path}: {error.strerror}; bazel build //:onload_stub //:onload_ext makes the libraries"
        )


def entries(prefix, libdir, built):
    """{path below the prefix: Entry}. libdir: below the prefix too; built: folder with the libraries."""
    private = f"{libdir}/lk_onload_stub"
    program = f"{private}/lkos/lkos"
    result = {
        "bin/lkos": Entry(link=os.path.relpath(program, "bin")),
        program: _copy(HERE / "lkos/lkos", is_executable=True),
        f"{libdir}/{places.LIBRARY_NAME}": _copy(built / places.LIBRARY_NAME),
        f"{private}/libonload_ext.so": Entry(link="libonload_ext.so.1"),
        f"{private}/libonload_ext.so.1": _copy(built / "libonload_ext.so.1"),
        f"{private}/libonload_ext.so.2": _copy(built / "libonload_ext.so.2"),
        f"{private}/spec.json": _copy(TOP / "generated/spec.json"),
        f"{libdir}/pkgconfig/lk_onload_stub.pc": Entry(
            PKG_CONFIG.format(prefix=prefix, libdir=f"{prefix}/{libdir}", version=VERSION).encode()
        ),
        "share/bash-completion/completions/lkos": _copy(HERE / "share/lkos.bash"),
        "share/man/man1/lkos.1": _copy(HERE / "share/lkos.1"),
        "share/man/man7/lk_onload_stub.7": _copy(HERE / "share/lk_onload_stub.7"),
    }
    for source in sorted((HERE / "lkos").glob("*.py")):
        result[f"{private}/lkos/{source.name}"] = _copy(source)
    for header in sorted((TOP / "generated/include/onload").glob("*.h")):
        result[f"include/lk_onload_stub/onload/{header.name}"] = _copy(header)
    return result
