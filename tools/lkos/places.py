# SPDX-License-Identifier: GPL-2.0-only
"""Where the other files are: installed around this one, or in the source tree that Bazel built.

    installed                                     in the source tree
    PREFIX/lib/liblk_onload_stub.so               bazel-bin/liblk_onload_stub.so
    PREFIX/lib/lk_onload_stub/libonload_ext.so.N  bazel-bin/libonload_ext.so.N
    PREFIX/share/lk_onload_stub/MACHINE           (a link to PREFIX/lib)
    PREFIX/share/lk_onload_stub/spec.json         generated/spec.json
    PREFIX/share/lk_onload_stub/lkos/places.py    tools/lkos/places.py
"""

import os.path
import sys

from lkos import elf_header
from lkos.trouble import Trouble

LIBRARY_NAME = "liblk_onload_stub.so"
LINK_LIBRARIES = ("libonload_ext.so.1", "libonload_ext.so.2")

_ABOVE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_TOP = os.path.dirname(_ABOVE)


def _installed_libraries():
    """Their folder: of the libraries for this machine, or of the only ones that there are."""
    this = elf_header.read(sys.executable).machine_name()
    for machine in (this, *sorted(os.listdir(_ABOVE))):
        folder = os.path.realpath(os.path.join(_ABOVE, machine))
        if os.path.isfile(os.path.join(folder, LIBRARY_NAME)):
            return folder
    return os.path.realpath(os.path.join(_ABOVE, this))


if os.path.basename(_ABOVE) == "tools":
    _LIBRARIES = _LINK_LIBRARIES = os.path.join(_TOP, "bazel-bin")
    _SPEC = os.path.join(_TOP, "generated", "spec.json")
    _REMEDY = "build it: bazel build //:onload_stub //:onload_ext"
else:
    _LIBRARIES = _installed_libraries()
    _LINK_LIBRARIES = os.path.join(_LIBRARIES, "lk_onload_stub")
    _SPEC = os.path.join(_ABOVE, "spec.json")
    _REMEDY = "install lk_onload_stub again"

_LIBRARY = os.path.join(_LIBRARIES, LIBRARY_NAME)


def library():
    """The path of liblk_onload_stub.so. Trouble: there is none."""
    if not os.path.isfile(_LIBRARY):
        raise Trouble(f"{_LIBRARY}: no such file; {_REMEDY}")
    return _LIBRARY


def link_folder():
    """The folder with our libonload_ext.so.N."""
    return _LINK_LIBRARIES


def link_library(name):
    """The path of our libonload_ext.so.N by that name, or None."""
    path = os.path.join(_LINK_LIBRARIES, name)
    return path if os.path.isfile(path) else None


def spec():
    if not os.path.isfile(_SPEC):
        raise Trouble(f"{_SPEC}: no such file; {_REMEDY}")
    return _SPEC
