# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program with the library in place of the launcher: same process, same signals, same exit status.

lkos.run and lkos.onload read options, and this does the rest."""

import _signal  # what is under Python's signal, which takes 7 ms to import
import errno
import os
import sys

from lkos import elf_header, loader, obstacles, places
from lkos.trouble import Trouble

NOT_EXECUTABLE, NOT_FOUND = 126, 127  # as env, nice and timeout have them

LOG_FD = 200  # above the numbers that programs take or expect to be free

SCRIPTS_MAX = 5  # the kernel follows as many scripts that run each other
RUN_BY = {".py": "python3", ".sh": "sh", ".jar": "java -jar"}  # files that may name no interpreter

# Programs that are there to start another, which is among their arguments.
STARTERS = (
    "chrt", "env", "flock", "gdb", "ionice", "ip", "ltrace", "nice", "nohup", "nsenter", "numactl", "prlimit", "setarch",
    "setpriv", "setsid", "stdbuf", "strace", "taskset", "time", "timeout", "unshare", "valgrind", "xargs",
)


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


def command(path):
    """How a file is run: by its name, or as the argument of what its ending says."""
    runs = RUN_BY.get(os.path.splitext(path)[1])
    return f"{runs} {path}" if runs else path


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
    way = f"lkos run {command(found[0])}" if command(found[0]) != found[0] else f"chmod +x {found[0]}"
    raise Trouble(f"{found[0]}: not executable; if it is a program: {way}", NOT_EXECUTABLE)


def _header(path):
    try:
        return elf_header.read(path)
    except OSError:  # it may be executable and not readable
        return elf_header.Header("unreadable", is_text=False)


def _interpreter(path, header):
    """The name of what runs a file that is no program by itself; None: nothing known."""
    if header.kind == "script":
        words = header.interpreter
        if not words:
            raise Trouble(f"{path}: begins with #! and names no interpreter")
        named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        return named[0] if os.path.basename(words[0]) == "env" and named else words[0]
    if header.kind == "other" and header.is_text and os.access(path, os.X_OK):
        return "/bin/sh"  # as execvp() does
    return command(path).partition(" ")[0] if header.kind == "other" and command(path) != path else None


def runner(path, env):
    """The program that the kernel will start for a file: itself, or what runs the script. Trouble, OSError: none."""
    began = path
    for _ in range(SCRIPTS_MAX):
        name = _interpreter(path, elf_header.read(path))
        if name is None:
            return path
        interpreter = next(filter(os.path.isfile, in_path(name, env)), None)
        if interpreter is None:
            raise Trouble(f"{path}: is run by {name}, which is not there")
        path = interpreter
    raise Trouble(f"{began}: is run by a script that is run by a script, and so on")


def _programs(path, args, env):
    """What will be started: the program, and while that is there to start another, the next argument that is one.

    [(path, what runs it, the arguments up to the next one)]"""
    found = [(path, [])]
    for arg in args:
        path, own = found[-1]
        candidates = in_path(arg, env) if arg and os.path.basename(path) in STARTERS else []
        started = [place for place in candidates if os.path.isfile(place) and os.access(place, os.X_OK)][:1]
        if started:
            found.append((started[0], []))
        else:
            own.append(arg)
    for path, own in found:
        try:
            yield path, runner(path, env), own
        except (Trouble, OSError):
            yield path, path, own  # the kernel will say what is wrong


def _obstacles(path, library_header, answer):
    header = _header(path)
    if header.kind == "unreadable":
        what = "it cannot be read, so it cannot be seen whether the loader will load the library"
        return [("unreadable", what, f"chmod +r {path}")]
    found = obstacles.of(path, header, library_header, answer, (os.geteuid(), os.getegid()))
    return [obstacle for obstacle in found if obstacle[0] != "loader"]  # it will not run at all


def plan(path, args, env, emulate=False):
    """({what the environment gets, in the order in which it is shown}, [(path, why, what to do)] of programs that
    would run without the library)

    emulate: with the emulation before the library, which then is there also for what the program starts by lkos."""
    programs = list(_programs(path, args, env))
    machines = {header.machine_name() for header in (_header(each[1]) for each in programs) if header.kind == "elf"}
    machine = machines.pop() if len(machines) == 1 else None
    library = places.library(machine)
    if set(library) & set(" :;\t\n$"):
        raise Trouble(
            f"{library}: the loader takes no library from a path with blanks, colons, semicolons or dollar "
            "signs; install lk_onload_stub elsewhere"
        )
    library_header = elf_header.read(library)
    if machines:  # several: by its name alone each loader finds that of its own kind, if they are in its folders
        answer = loader.ask(sys.executable, env, [places.LIBRARY_NAME])
        library = places.LIBRARY_NAME if answer and not answer.refusal else library
    given = env.get("LD_PRELOAD", "").replace(":", " ").split()
    ours = [library]
    if emulate or any(os.path.basename(other) == places.EMULATION_NAME for other in given):  # it must come first
        ours.insert(0, places.EMULATION_NAME if library == places.LIBRARY_NAME else places.emulation(machine))
    others = [other for other in given if other not in ours]
    runtimes, kept_out, needs_folder, useless = [], [], False, False
    for program, target, own_args in programs:
        kept_out += [(program, *obstacle) for obstacle in obstacles.of_arguments(program, own_args)]
        answer = loader.ask(target, env, [library, *others, *places.LINK_LIBRARIES], any_loader=True)
        for code, what, remedy in _obstacles(target, library_header, answer):
            kept_out.append((program, what, remedy))
            useless |= code in ("machine", "refused")
        answer = answer or loader.ask(sys.executable, env, [library, *places.LINK_LIBRARIES])
        if answer:
            wanted = [place for name, place in answer.libraries if name.startswith(places.LINK_LIBRARIES)]
            needs_folder |= None in wanted or not wanted
            runtimes += filter(None, [answer.path(*obstacles.SANITIZERS)])
    if runtimes:
        others = [other for other in others if not os.path.basename(other).startswith(obstacles.SANITIZERS)]
    # The loader stops a program whose glibc is too old for the library, and complains of one for another machine.
    preloaded = [*dict.fromkeys(runtimes), *([] if useless else ours), *others]
    result = {"LD_PRELOAD": ":".join(preloaded)} if preloaded else {}
    if needs_folder:
        folders = [env.get("LD_LIBRARY_PATH"), places.link_folder(machine)]
        result["LD_LIBRARY_PATH"] = ":".join(filter(None, folders))
    return result, kept_out


def open_log(where):
    """Opens the log and leaves it to the program, under a number that is out of its way."""
    if where == "-":
        return 2
    try:
        opened = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
    except OSError as error:
        raise Trouble(f"{where}: {error.strerror}; --log needs a file that can be written")
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
