# SPDX-License-Identifier: GPL-2.0-only
"""What keeps the dynamic loader from loading the library into a program, although it is told to."""

import os
import stat

_GLIBC_LOADERS = ("ld-linux", "ld.so.", "ld64.so.")


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


def of(path, header, library_header, user=None):
    """The Obstacles of a program. header: its own, library_header: liblk_onload_stub.so's, user: as above."""
    if header.kind != "elf":
        return []
    if not header.same_machine(library_header):
        return [
            Obstacle(
                "machine",
                f"made for {header.machine_name()} ({header.bits} bits), and the library for "
                f"{library_header.machine_name()} ({library_header.bits} bits)",
                "build the program for this machine, or lk_onload_stub on one of that kind",
            )
        ]
    found = []
    if header.is_static:
        found.append(
            Obstacle(
                "static",
                "statically linked: no loader runs that could load the library",
                "link the program dynamically, without -static",
            )
        )
    elif header.interpreter and not os.path.basename(header.interpreter).startswith(_GLIBC_LOADERS):
        found.append(
            Obstacle(
                "libc",
                f"started by {header.interpreter}, which is not glibc's loader; the library needs glibc",
                "build the program on a system with glibc",
            )
        )
    elif header.interpreter and not os.path.exists(header.interpreter):
        found.append(
            Obstacle(
                "loader",
                f"started by {header.interpreter}, which is not there",
                "install the C library that the program was built for",
            )
        )
    privileges = _privileges(path, user)
    if privileges:
        found.append(
            Obstacle(
                "privileges",
                f"{privileges}: the loader takes no preloaded library from a path for such a program",
                "run a copy of the program without these rights, as a user who needs none of them",
            )
        )
    return found
