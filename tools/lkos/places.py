# SPDX-License-Identifier: GPL-2.0-only
"""Where the other files are: installed around this one, or in the source tree that Bazel built.

    installed                                     in the source tree
    PREFIX/lib/liblk_onload_stub.so               bazel-bin/liblk_onload_stub.so
    PREFIX/lib/liblk_onload_emulation.so          bazel-bin/liblk_onload_emulation.so
    PREFIX/lib/lk_onload_stub/libonload_ext.so.N  bazel-bin/libonload_ext.so.N
    PREFIX/share/lk_onload_stub/MACHINE           (a link to PREFIX/lib)
    PREFIX/share/lk_onload_stub/spec.json         generated/spec.json
    PREFIX/share/lk_onload_stub/options.json      generated/options.json
    PREFIX/share/lk_onload_stub/lkos/places.py    tools/lkos/places.py
"""

import os.path
import sys

from lkos import elf_header
from lkos.trouble import Trouble

LIBRARY_NAME = "liblk_onload_stub.so"
EMULATION_NAME = "liblk_onload_emulation.so"
LINK_LIBRARIES = ("libonload_ext.so.1", "libonload_ext.so.2")

_ABOVE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_TOP = os.path.dirname(_ABOVE)


if os.path.basename(_ABOVE) == "tools":
    _DATA = os.path.join(_TOP, "generated")
    _REMEDY = "build it: bazel build //:onload_stub //:onload_emulation //:onload_ext"
    _BUILT = os.path.join(_TOP, "bazel-bin")
else:
    _DATA = _ABOVE
    _REMEDY = "install lk_onload_stub again"
    _BUILT = None


def _folder(machine):
    """Of the libraries for a machine; where there are none, for this one, or of the only ones that there are."""
    this = elf_header.read(sys.executable).machine_name()
    for name in (machine, this, *sorted(os.listdir(_ABOVE))) if not _BUILT else ():
        folder = os.path.realpath(os.path.join(_ABOVE, name or this))
        if os.path.isfile(os.path.join(folder, LIBRARY_NAME)):
            return folder
    return _BUILT or os.path.realpath(os.path.join(_ABOVE, this))


def _existing(path):
    if not os.path.isfile(path):
        raise Trouble(f"{path}: no such file; {_REMEDY}")
    return path


def library(machine=None):
    """The path of liblk_onload_stub.so for a machine, as Header.machine_name() calls it. Trouble: there is none."""
    return _existing(os.path.join(_folder(machine), LIBRARY_NAME))


def emulation(machine=None):
    """The same of liblk_onload_emulation.so."""
    return _existing(os.path.join(_folder(machine), EMULATION_NAME))


def link_folder(machine=None):
    """The folder with our libonload_ext.so.N."""
    return _BUILT or os.path.join(_folder(machine), "lk_onload_stub")


def link_library(name):
    """The path of our libonload_ext.so.N by that name, or None."""
    path = os.path.join(link_folder(), name)
    return path if os.path.isfile(path) else None


def data(name):
    """The path of what the generator has written for us."""
    return _existing(os.path.join(_DATA, name))
