# SPDX-License-Identifier: GPL-2.0-only
"""What keeps the dynamic loader from loading the library into a program, although it is told to."""

import os
import stat

from lkos import elf_header

# They start programs with an environment that has no LD_PRELOAD, whoever calls them.
CLEANERS = ("sudo", "doas", "pkexec")

# Runtimes that stop a program in which they are not the first library.
SANITIZERS = ("libasan.so", "libclang_rt.asan")


class Obstacle:
    def __init__(self, code, what, remedy):
        self.code, self.what, self.remedy = code, what, remedy


def _privileges(path, user):
    """Programs with more rights than their user run without what their user preloads.

    user: (uid, gid) of whoever will run it; None: anybody but its owner."""
    status = os.stat(path)
    uid, gid = user or (None, None)
    if status.st_mode & stat.S_ISUID and status.st_uid != uid:
        return "set-user-ID"
    if status.st_mode & stat.S_ISGID and status.st_mode & stat.S_IXGRP and status.st_gid != gid:
        return "set-group-ID"
    try:
        os.getxattr(path, "security.capability")
    except OSError:
        return None
    return "it has file capabilities" if uid != 0 else None  # root has them anyway


def _of_loading(header, library_header, answer):
    """What is in the way of the loader."""
    if not header.same_machine(library_header) and (answer is None or answer.refusal):
        return Obstacle(
            "machine",
            f"made for {header.machine_name()} ({header.bits} bits), and the library for "
            f"{library_header.machine_name()} ({library_header.bits} bits)",
            "install lk_onload_stub for that kind too, or build the program for this one",
        )
    if header.is_static:
        return Obstacle(
            "static",
            "statically linked: no loader runs that could load the library",
            "link the program dynamically, without -static",
        )
    interpreter = header.interpreter
    if interpreter and not os.path.basename(interpreter).startswith(elf_header.GLIBC_LOADERS):
        return Obstacle(
            "libc",
            f"started by {interpreter}, which is not glibc's loader; the library needs glibc",
            "build the program on a system with glibc",
        )
    if interpreter and not os.path.exists(interpreter):
        return Obstacle(
            "loader",
            f"started by {interpreter}, which is not there",
            "install the C library that the program was built for",
        )
    if answer and answer.refusal:
        remedy = "install lk_onload_stub again"
        if "GLIBC_" in answer.refusal:
            remedy = "this glibc is too old for that build of lk_onload_stub: build it on this system"
        return Obstacle("refused", f"its loader does not take the library: {answer.refusal}", remedy)
    return None


def of(path, header, library_header, answer, user=None):
    """The Obstacles of a program. header: its own, library_header: liblk_onload_stub.so's, answer: its loader's, or
    None; user: as above."""
    if header.kind != "elf":
        return []
    found = [_of_loading(header, library_header, answer)]
    privileges = _privileges(path, user)
    if os.path.basename(path) in CLEANERS:
        name = os.path.basename(path)
        what = f"{name} starts programs without what their user preloads"
        found.append(Obstacle("privileges", what, f"{name} lkos run ./app, and not lkos run {name} ./app"))
    elif privileges:
        found.append(
            Obstacle(
                "privileges",
                f"{privileges}: the loader takes no preloaded library from a path for such a program",
                "run a copy of the program without these rights, as a user who needs none of them",
            )
        )
    return [obstacle for obstacle in found if obstacle]
