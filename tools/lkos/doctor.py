# SPDX-License-Identifier: GPL-2.0-only
"""lkos doctor"""

import json
import os
import platform
import re
import site
import subprocess
import sys
import tempfile

from lkos import arguments, doctor_probe, launch, loader, places, screen
from lkos.trouble import Trouble

HELP = """usage: lkos doctor [--emulate]

Tries on this machine what programs will rely on: that kernel and glibc are not
too old, that the loader takes the library, that the kernel gives timestamps
over loopback and that they look like a card's, that the log works, that check
can read programs. It runs a small program of its own under the library. A line
for each: ok, or what to do.

  --emulate   try the emulation, too
  -h, --help  print this

exit status: 0 if all is well, 1 if something is not, 2 if it could not be tried

example:
  lkos doctor
"""

TIME_LIMIT = 60  # seconds; it needs one

OLDEST_LINUX = (4, 18)  # RHEL 8's; older ones were not tried
OLDEST_ELFTOOLS = (0, 27)


def _numbers(text):
    """A version as numbers, as far as it has any: (6, 1) for 6.1.0-40-amd64."""
    found = re.match(r"(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else ()


def shown(version):
    return ".".join(map(str, version))


def _at_least(version, oldest):
    """(None or what is wrong, details). oldest: that will do, as numbers, or (): not known"""
    limit = f"{shown(oldest)} or later is needed" if oldest else ""
    return (limit if () < _numbers(version) < oldest else None), limit


def kernel(release, machine):
    """(what, None or what is wrong, details, what to do)"""
    return (f"Linux {release} on {machine}", *_at_least(release, OLDEST_LINUX), "use a newer kernel")


def glibc(version, needed):
    """The same of the C library. version: glibc's, as in 2.36; "": there is none. needed: by the library."""
    if not version:
        return "glibc", "this system has another C library", "", "run programs on a system with glibc (Alpine has none)"
    remedy = "use a newer system, or build lk_onload_stub on this one"
    return (f"glibc {version}", *_at_least(version, needed), remedy)


def glibc_needed(*libraries):
    """The version of glibc that libraries of ours need, as numbers: (2, 17). () if they need none."""
    versions = set()
    for path in libraries:
        with open(path, "rb") as file:
            versions.update(re.findall(rb"\0GLIBC_(\d+)\.(\d+)", file.read()))  # no other text in them begins so
    return max((tuple(map(int, version)) for version in versions), default=())


def _glibc_here():
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")[2]
    except ValueError:
        return ""


def _run(argv, preload, log=None):
    """Runs this Python with libraries preloaded. Gives what it printed, and how it ended where not well."""
    env = dict(launch.environment(), LD_PRELOAD=preload, **({"LKOS_LOG_FD": str(log.fileno())} if log else {}))
    try:
        done = subprocess.run(
            [sys.executable, "-IS", *argv],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            errors="replace",
            pass_fds=[log.fileno()] if log else (),
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return "", f"no end after {TIME_LIMIT} s"
    last = done.stderr.strip().splitlines()[-1:]
    return done.stdout, f"exit status {done.returncode} {' '.join(last)}" if done.returncode or last else ""


def _probe(library, log):
    """Runs the probe with the library and the log. Gives [(name, trouble, details)] and how it ended."""
    links = [places.link_library(name) or "" for name in places.LINK_LIBRARIES]
    said, ended = _run([doctor_probe.__file__, os.path.realpath(library), *links], library, log)
    return [json.loads(line) for line in said.splitlines() if line.startswith("[")], ended


def _log_trouble(text):
    wanted = [f"lk_onload_stub: {what}" for what in ("loaded", "onload_is_present: 0", "timestamps: ")]
    return next((f"no line {line!r}" for line in wanted if line not in text), None)


def _check_works(library):
    """(None or what is wrong, details)"""
    try:
        from lkos import elf_facts
        from elftools import __version__ as version

        elf_facts.read(library)
    except Trouble as trouble:
        return str(trouble), ""
    return _at_least(version, OLDEST_ELFTOOLS)[0], f"pyelftools {version}"


EMULATION_PROBE = "import ctypes; print(ctypes.CDLL(None).onload_is_present())"


def _emulation(library):
    """A trial of the emulation before the library, by a program of its own."""
    what, remedy = "the emulation answers", "install lk_onload_stub again"
    try:
        emulation = places.emulation()
    except Trouble as trouble:
        return what, str(trouble), "", remedy
    said, ended = _run(["-c", EMULATION_PROBE], f"{emulation}:{library}")
    return what, ended or (None if said == "1\n" else said.strip() or "nothing"), emulation, remedy


PACKETS_PROBE = "import ctypes, socket; ctypes.CDLL(None).onload_is_present(); socket.socket().close()"
PACKETS_HOW = "sudo setpriv --reuid=$(id -u) --regid=$(id -g) --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw"


def _packets(library):
    """Where the emulation knows packets of TCP from, and how it could know more."""
    what, remedy = "packets of TCP", "install lk_onload_stub again"
    with tempfile.TemporaryFile("w+") as log:
        _, ended = _run(["-c", PACKETS_PROBE], f"{places.emulation()}:{library}", log)
        log.seek(0)
        source = re.search("^lk_onload_emulation: packets of TCP: (.*)$", log.read(), re.MULTILINE)
    details = source[1] if source else ""
    if "CAP_NET_RAW" in details:
        details += f", for one: {PACKETS_HOW} lkos run --emulate ./app"
    return what, ended or (None if source else "the log does not tell"), details, remedy


def _results(emulate):
    """(what was tried, None or what went wrong, details, what to do) of each."""
    yield kernel(platform.release(), platform.machine())
    library = places.library()
    yield glibc(_glibc_here(), glibc_needed(library))
    yield f"the library is there: {library}", None, "", ""
    answer = loader.ask(sys.executable, launch.environment(), [library])
    if answer and answer.refusal:
        remedy = "install lk_onload_stub again, or build it on this system"
        yield doctor_probe.TRIALS[0][0], answer.refusal, "", remedy
        return  # nothing else would be about the library
    with tempfile.TemporaryFile("w+") as log:
        said, ended = _probe(library, log)
        log.seek(0)
        written = log.read()
    tried = {what: (trouble, details) for what, trouble, details in said}
    for what, remedy, *_ in doctor_probe.TRIALS:
        trouble, details = tried.get(what, ("not tried" + (f": {ended}" if ended else ""), ""))
        yield what, trouble, details, remedy
        if trouble and remedy == doctor_probe.FOR_LOADER:
            return
    remedy = "is LKOS_LOG_FD closed on the way, by a wrapper or sandbox?"
    yield "the log works", _log_trouble(written), "", remedy
    if emulate:
        emulation = _emulation(library)
        yield emulation
        if not emulation[1]:
            yield _packets(library)
    remedy = f"install python3-pyelftools {shown(OLDEST_ELFTOOLS)} or later, by the system's packages or by pip"
    yield ("lkos check can read programs", *_check_works(library), remedy)


def main(args):
    given, _ = arguments.parse(args, HELP, ("--emulate",), most=0)
    site.main()  # for pyelftools
    fine, said = True, set()
    for what, trouble, details, remedy in _results("--emulate" in given):
        text = what + (f": {trouble}" if trouble else f": {details}" if details else "")
        if not trouble:
            print(*screen.verdict("ok", text), sep="\n", flush=True)
            continue
        print(*screen.verdict("FAILED", text, "" if remedy in said else remedy), sep="\n", flush=True)
        said.add(remedy)
        fine = False
    print()
    run = "lkos run --emulate ./app" if "--emulate" in given else "lkos run ./app"
    print(f"All is well: {run}" if fine else "Not all is well.")
    return 0 if fine else 1
