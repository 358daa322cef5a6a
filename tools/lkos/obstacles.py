# SPDX-License-Identifier: GPL-2.0-only
"""What keeps the dynamic loader from loading the library into a program, although it is told to."""

import os
import stat

from lkos import elf_header

# They start programs with an environment that has no LD_PRELOAD, whoever calls them.
CLEANERS = ("sudo", "doas", "pkexec")

# Arguments with which others do the same.
CLEANING = {
    "env": ("-", "-i", "--ignore-environment"),
    "runuser": ("-", "-l", "--login"),
    "setpriv": ("--reset-env",),
    "su": ("-", "-l", "--login"),
}

# Runtimes that stop a program in which they are not the first library.
SANITIZERS = ("libasan.so", "libclang_rt.asan")


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
    """What is in the way of the loader, or None."""
    interpreter = header.interpreter
    if not header.same_machine(library_header) and (answer is None or answer.refusal):
        made, ours = (f"{each.machine_name()} ({each.bits} bits)" for each in (header, library_header))
        remedy = "install lk_onload_stub for that kind too, or build the program for this one"
        return "machine", f"made for {made}, and the library for {ours}", remedy
    if header.is_static:
        what = "statically linked: no loader runs that could load the library"
        return "static", what, "link the program dynamically, without -static"
    if interpreter and not os.path.basename(interpreter).startswith(elf_header.GLIBC_LOADERS):
        what = f"started by {interpreter}, which is not glibc's loader; the library needs glibc"
        return "libc", what, "build the program on a system with glibc"
    if interpreter and not os.path.exists(interpreter):
        remedy = "install the C library that the program was built for"
        return "loader", f"started by {interpreter}, which is not there", remedy
    if answer and answer.refusal:
        remedy = "install lk_onload_stub again"
        if "GLIBC_" in answer.refusal:
            remedy = "this glibc is too old for that build of lk_onload_stub: build it on this system"
        return "refused", f"its loader does not take the library: {answer.refusal}", remedy
    return None


def of(path, header, library_header, answer, user=None):
    """[(code, what, what to do)]. header: the program's, library_header: liblk_onload_stub.so's, answer: the program's
    loader's, or None; user: as above."""
    if header.kind != "elf":
        return []
    found = [_of_loading(header, library_header, answer)]
    name, privileges = os.path.basename(path), _privileges(path, user)
    if name in CLEANERS:
        what = f"{name} starts programs without what their user preloads"
        found.append(("privileges", what, f"{name} lkos run ./app, and not lkos run {name} ./app"))
    elif privileges:
        what = f"{privileges}: the loader takes no preloaded library from a path for such a program"
        remedy = "run a copy of the program without these rights, as a user who needs none of them"
        found.append(("privileges", what, remedy))
    return list(filter(None, found))


def of_arguments(path, args):
    """[(what, what to do)] of a program and its own arguments, without those of a program that it starts."""
    name = os.path.basename(path)
    cleaning = [f"{name} {arg}" for arg in args if arg in CLEANING.get(name, ())][:1]
    remedy = "let it start lkos: {0} ... lkos run ./app, and not lkos run {0} ... ./app"
    return [(f"{each} starts programs without what their user preloads", remedy.format(each)) for each in cleaning]
