# SPDX-License-Identifier: GPL-2.0-only
"""Asks the dynamic loader of this machine what it would find. No program's code is run."""

import os
import sys

from lkos import elf_header


def _system_loader():
    """The loader that runs this Python; None where Python is statically linked."""
    return elf_header.read(sys.executable).interpreter


def _output(argv, env):
    """What a command prints on its standard output."""
    reader, writer = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    actions = [
        (os.POSIX_SPAWN_DUP2, null, 0),
        (os.POSIX_SPAWN_DUP2, writer, 1),
        (os.POSIX_SPAWN_DUP2, null, 2),
    ]
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    os.close(writer)
    os.close(null)
    with open(reader, "rb") as output:
        text = output.read()
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass  # whoever started us ignores SIGCHLD, so the kernel has taken it away already
    return text.decode(errors="surrogateescape")


def libraries(path, env):
    """[(name, path or None)] of all that the loader would load for a program or library, the library itself
    and the loader left out. None where that cannot be asked: another machine's file, or another C library's.
    """
    system = _system_loader()
    try:
        header, own = elf_header.read(path), elf_header.read(sys.executable)
        if header.kind != "elf" or not header.same_machine(own) or system is None:
            return None
        if header.interpreter and not os.path.samefile(header.interpreter, system):
            return None
    except OSError:
        return None
    env = {key: value for key, value in env.items() if key not in ("LD_DEBUG", "LD_VERBOSE")}
    env["LD_TRACE_LOADED_OBJECTS"] = "1"  # as ldd does; its --list stops at the first that is missing
    found = []
    for line in _output([system, os.path.abspath(path)], env).splitlines():
        # As in: libc.so.6 => /lib/libc.so.6 (0x7f00), or only the path where that is the library's name.
        name, arrow, where = line.strip().rpartition(" => ")
        path = None if where == "not found" else where.rpartition(" (")[0]
        if arrow or (path and "/" in path and path != system):
            found.append((name or path, path))
    return found


def finds(name, env):
    """Would the loader find a library of that name for a program that says nothing about where it is?"""
    preloading = {**env, "LD_PRELOAD": name}
    return any(found and known == name for known, found in libraries(sys.executable, preloading) or [])
