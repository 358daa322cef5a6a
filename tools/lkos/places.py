# SPDX-License-Identifier: GPL-2.0-only
"""Where the other files are: installed around this one, or in the source tree that Bazel built.

    installed                                     in the source tree
    PREFIX/lib/liblk_onload_stub.so               bazel-bin/liblk_onload_stub.so
    PREFIX/lib/lk_onload_stub/libonload_ext.so.N  bazel-bin/libonload_ext.so.N
    PREFIX/lib/lk_onload_stub/spec.json           generated/spec.json
    PREFIX/lib/lk_onload_stub/lkos/places.py      tools/lkos/places.py
"""

import os.path

from lkos.trouble import Trouble

LIBRARY_NAME = "liblk_onload_stub.so"

_ABOVE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_TOP = os.path.dirname(_ABOVE)

if os.path.basename(_ABOVE) == "tools":
    _LIBRARY = os.path.join(_TOP, "bazel-bin", LIBRARY_NAME)
    _LINK_LIBRARIES = os.path.join(_TOP, "bazel-bin")
    _SPEC = os.path.join(_TOP, "generated", "spec.json")
    _REMEDY = "build it: bazel build //:onload_stub //:onload_ext"
else:
    _LIBRARY = os.path.join(_TOP, LIBRARY_NAME)
    _LINK_LIBRARIES = _ABOVE
    _SPEC = os.path.join(_ABOVE, "spec.json")
    _REMEDY = "install lk_onload_stub again"


def library():
    """The path of liblk_onload_stub.so. Trouble: there is none."""
    if not os.path.isfile(_LIBRARY):
        raise Trouble(f"{_LIBRARY}: no such file; {_REMEDY}")
    return _LIBRARY


def link_library(name):
    """The path of our libonload_ext.so.N by that name, or None."""
    path = os.path.join(_LINK_LIBRARIES, name)
    return path if os.path.isfile(path) else None


def spec():
    if not os.path.isfile(_SPEC):
        raise Trouble(f"{_SPEC}: no such file; {_REMEDY}")
    return _SPEC
