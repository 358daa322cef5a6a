# SPDX-License-Identifier: GPL-2.0-only
"""Asks the dynamic loader what it would load. No program's code is run."""

import os
import sys

from lkos import elf_header


class Answer:
    """libraries: [(name, path or None)] of all that would be loaded, the program itself and the loader left out.
    refusal: why the first preloaded library would not be; None: it would.
    unmet: [(library, version, needed by)] of the versions that libraries here do not have, all paths or names."""

    def __init__(self, libraries, refusal, unmet):
        self.libraries, self.refusal, self.unmet = libraries, refusal, unmet

    def path(self, *beginnings):
        """Where the first library is whose name begins so; None: none is found."""
        named = ((os.path.basename(name), path) for name, path in self.libraries)
        return next((path for name, path in named if path and name.startswith(beginnings)), None)


def _output(argv, env):
    """What a command prints on its standard output and error. (Python's subprocess takes long to import.)"""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.set_inheritable(writer, True)  # it may be 1 or 2, if these were closed
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            os.execve(argv[0], argv, env)
        finally:
            os._exit(127)
    os.close(writer)
    with open(reader, "rb") as output:
        text = output.read()
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass  # whoever started us ignores SIGCHLD, so the kernel has taken it away already
    return text.decode(errors="surrogateescape")


def _loader(header, any_loader):
    """The loader of a program, or for a library that of this system; None: there is none that may be run."""
    system = elf_header.read(sys.executable)
    if not header.interpreter:
        return system.interpreter if header.same_machine(system) and not header.is_static else None
    place = os.path.realpath(header.interpreter)
    of_the_system = place == os.path.realpath(system.interpreter or "") or place.startswith(("/lib", "/usr/lib"))
    named_so = os.path.basename(header.interpreter).startswith(elf_header.GLIBC_LOADERS)
    return header.interpreter if named_so and os.path.isfile(place) and (any_loader or of_the_system) else None


def ask(path, env, preload=(), any_loader=False):
    """The Answer for a program or library and what is preloaded into it. None: the loader cannot be asked, because
    it is another C library's, or not one of this system and any_loader is not set."""
    env = {key: value for key, value in env.items() if key not in ("LD_DEBUG", "LD_VERBOSE", "LD_PRELOAD")}
    env.update(LD_TRACE_LOADED_OBJECTS="1", LD_PRELOAD=":".join(preload))  # as ldd does
    try:
        header = elf_header.read(path)
        loader = _loader(header, any_loader) if header.kind == "elf" else None
        if loader is None:
            return None
        # A program's $ORIGIN is the folder that it is in, and not that of a link to it.
        place = os.path.realpath(path) if header.interpreter else os.path.abspath(path)
        said = _output([loader, place], env)
    except OSError:
        return None
    found, complaints = [], []
    for line in said.splitlines():
        # As in: libc.so.6 => /lib/libc.so.6 (0x7f00), or only the path where that is the library's name.
        name, arrow, where = line.strip().rpartition(" => ")
        place = None if where == "not found" else where.rpartition(" (")[0]
        if not line.startswith("\t"):
            complaints.append(line)
        elif arrow or (place and "/" in place and place != loader):
            found.append((name or place, place))
    refusal = _refusal(preload[0], found, complaints) if preload else None
    return Answer(found, refusal, list(filter(None, map(_unmet, complaints))))


def _unmet(line):
    # As in: ./app: /lib/libc.so.6: version `GLIBC_2.38' not found (required by ./app)
    said, _, needed_by = line.rpartition("' not found (required by ")
    where, mark, version = said.rpartition(": version `")
    return (where.rpartition(": ")[2], version, needed_by[:-1]) if mark else None


def _refusal(library, found, complaints):
    places = [library, *(place for name, place in found if name == library)]
    for line in complaints:
        # As in: ./app: libc.so.6: version `GLIBC_2.38' not found (required by /lib/liblk_onload_stub.so),
        # or: ERROR: ld.so: object '...' from LD_PRELOAD cannot be preloaded (wrong ELF class: ELFCLASS64): ignored.
        if line.endswith(tuple(f"(required by {place})" for place in places)):
            return line[: line.rindex(" (")].rpartition(": ")[2]
        if f"'{library}' from LD_PRELOAD" in line:
            return line[line.index("(") + 1 : line.rindex(")")]
    return None if places[1:] else "it is not among what is loaded"
