# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program with the library in place of the launcher: same process, same signals, same exit status.

lkos.run and lkos.onload read options, and this does the rest."""

import _signal  # what is under Python's signal, which takes 7 ms to import
import errno
import os
import sys

from lkos import elf_header, loader, obstacles, places
from lkos.trouble import Trouble

OWN_FAILURE, NOT_EXECUTABLE, NOT_FOUND = 125, 126, 127  # as env, nice and timeout have them

LOG_FD = 200  # above the numbers that programs take or expect to be free


def environment():
    """The environment that we were given. Python adds LC_CTYPE to that of a C locale."""
    env = dict(os.environ)
    if env.get("LC_CTYPE") == "C.UTF-8":
        try:
            with open("/proc/self/environ", "rb") as given:
                if not any(entry.startswith(b"LC_CTYPE=") for entry in given.read().split(b"\0")):
                    del env["LC_CTYPE"]
        except OSError:
            pass
    return env


def in_path(program, env):
    """The files that a program's name may mean, in the order of PATH; an empty entry is this directory."""
    if "/" in program:
        return [program]
    return [os.path.join(folder, program) for folder in env.get("PATH", os.defpath).split(":")]


def find(program, env):
    """The file that a name stands for, as a shell would find it. Trouble: none that can be run."""
    found = [path for path in in_path(program, env) if program and os.path.exists(path)]
    for path in found:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    if not found:
        where = "no such file" if "/" in program else "not found in PATH"
        if os.path.isfile(program):
            where += f"; for the file in this directory: ./{program}"
        raise Trouble(f"{program or repr('')}: {where}", NOT_FOUND)
    if os.path.isdir(found[0]):
        raise Trouble(f"{found[0]}: is a directory, not a program", NOT_EXECUTABLE)
    raise Trouble(f"{found[0]}: not executable; if it is a program: chmod +x {found[0]}", NOT_EXECUTABLE)


def _header(path):
    try:
        return elf_header.read(path)
    except OSError:  # it may be executable and not readable
        return elf_header.Header("other", is_text=False)


def _also_started(args, env):
    """The first argument that is a program itself: what taskset, env or gdb will start."""
    for arg in args:
        for path in in_path(arg, env):
            if arg and os.path.isfile(path) and os.access(path, os.X_OK):
                return [path]
    return []


def link_folder(path, args, env):
    """The folder of our libonload_ext.so.N, where the program needs one and the loader finds none; else None.

    What a script starts cannot be told: it counts as needing one."""
    for started in [path, *_also_started(args, env)]:
        if _header(started).kind == "script":
            name = "libonload_ext.so.1"
            missing = [] if loader.finds(name, env) else [name]
        else:
            missing = [name for name, found in loader.libraries(started, env) or [] if not found]
        for name in missing:
            ours = name.startswith("libonload_ext.so") and places.link_library(name)
            if ours:
                return os.path.dirname(ours)
    return None


def added(path, args, env):
    """What the environment gets, in the order in which it is shown."""
    library = places.library()
    if set(library) & set(" :;\t\n$"):
        raise Trouble(
            f"{library}: the loader takes no library from a path with blanks, colons, semicolons or dollar "
            "signs; install lk_onload_stub elsewhere",
            OWN_FAILURE,
        )
    others = env.get("LD_PRELOAD", "").replace(":", " ").split()
    result = {"LD_PRELOAD": ":".join([library, *(other for other in others if other != library)])}
    folder = link_folder(path, args, env)
    if folder:
        given = env.get("LD_LIBRARY_PATH")
        result["LD_LIBRARY_PATH"] = f"{given}:{folder}" if given else folder
    return result


def warn_of_obstacles(name, path):
    user = (os.geteuid(), os.getegid())
    for obstacle in obstacles.of(path, _header(path), elf_header.read(places.library()), user):
        print(f"{name}: {path} will run without the library: {obstacle.what}", file=sys.stderr)


def open_log(where):
    """Opens the log and leaves it to the program, under a number that is out of its way."""
    if where == "-":
        return 2
    try:
        opened = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
    except OSError as error:
        raise Trouble(f"{where}: {error.strerror}; --log needs a file that can be written", OWN_FAILURE)
    import fcntl

    try:
        return fcntl.fcntl(opened, fcntl.F_DUPFD, LOG_FD)
    except OSError:  # the limit of open files is lower
        return fcntl.fcntl(opened, fcntl.F_DUPFD, 3)


def _restore_signals(ignored):
    """Python ignores these two; the program gets them as we did. ignored: a mask, signal 1 the lowest bit."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        was_ignored = ignored >> (number - 1) & 1
        _signal.signal(number, _signal.SIG_IGN if was_ignored else _signal.SIG_DFL)


def execute(path, argv, env, ignored_signals):
    """Becomes the program. Trouble: the kernel will not have it."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    _restore_signals(ignored_signals)
    try:
        try:
            os.execve(path, argv, env)
        except OSError as error:
            header = _header(path)
            if error.errno != errno.ENOEXEC or header.kind != "other" or not header.is_text:
                raise
            os.execve("/bin/sh", ["sh", path, *argv[1:]], env)  # a script without #!, as execvp() does
    except OSError as error:
        raise Trouble(*_refused(path, error))


def _refused(path, error):
    header = _header(path)
    if error.errno == errno.ENOENT and header.interpreter:
        interpreter = header.interpreter[0] if header.kind == "script" else header.interpreter
        return f"{path}: needs {interpreter}, which is not there", NOT_FOUND
    if error.errno == errno.ENOENT:
        return f"{path}: no such file", NOT_FOUND
    if error.errno == errno.ENOEXEC:
        return f"{path}: this machine cannot run it; see: file {path}", NOT_EXECUTABLE
    return f"{path}: {error.strerror}", NOT_EXECUTABLE
