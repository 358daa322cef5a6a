# SPDX-License-Identifier: GPL-2.0-only
"""lkos doctor"""

import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile

from lkos import launch, options, places, screen
from lkos.trouble import Trouble

HELP = """usage: lkos doctor

Tries on this machine what programs will rely on: that the loader takes the library, that the kernel gives
timestamps over loopback and that they look like a card's, that the log works. It runs a small program of
its own under the library. A line for each: ok, or what to do.

  -h, --help  print this

exit status: 0 if all is well, 1 if something is not, 2 if it could not be tried

example:
  lkos doctor
"""

PROBE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "doctor_probe.py")
TIME_LIMIT = 60  # seconds; it needs one

# Since then sockets have the number by which the library knows them (SO_COOKIE), and hardware and software
# stamps can be told apart in the error queue. source: linux git history
OLDEST_LINUX = (4, 13)

# What the probe tries, in its order, and what to do when it fails. It prints a JSON list for each:
# name, None or what went wrong, and details.
TRIALS = {
    "loader": (
        "the loader takes the library from LD_PRELOAD",
        "if this is no glibc system (Alpine is not), build and run programs on one that is",
    ),
    "answer": (
        "an extension function is answered",
        "another library in LD_PRELOAD may define it first: unset LD_PRELOAD and try again",
    ),
    "link libraries": ("libonload_ext.so.1 and .so.2 can be loaded", "install lk_onload_stub again"),
    "UDP receive": ("receive timestamp, UDP over loopback", ""),
    "TCP receive": ("receive timestamp, TCP over loopback", ""),
    "UDP send": ("send timestamp, UDP over loopback", ""),
    "TCP send": ("send timestamp, TCP over loopback", ""),
    "readback": ("getsockopt gives the flags as they were set", ""),
    "warm": ("a send with ONLOAD_MSG_WARM sends nothing", ""),
}

FOR_SOCKETS = (
    "is loopback up (ip link set lo up), and may this user make sockets? In a sandbox that has a network "
    "of its own, try outside of it"
)


def _linux():
    """(what, None or what is wrong)"""
    release = platform.release()
    try:
        version = tuple(int(part) for part in release.split("-")[0].split(".")[:2])
    except ValueError:
        return f"kernel {release}", None
    oldest = ".".join(map(str, OLDEST_LINUX))
    trouble = None if version >= OLDEST_LINUX else f"timestamps need Linux {oldest}"
    return f"Linux {release} on {platform.machine()}", trouble


def _probe(library, log):
    """Runs the probe with the library and the log. Gives [(name, trouble, details)] and how it ended."""
    env = launch.environment() | {"LD_PRELOAD": library, "LKOS_LOG_FD": str(log.fileno())}
    links = [places.link_library(f"libonload_ext.so.{number}") or "" for number in (1, 2)]
    try:
        done = subprocess.run(
            [sys.executable, "-IS", PROBE, os.path.realpath(library), *links],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=[log.fileno()],
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return [], f"no end after {TIME_LIMIT} s"
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    last = done.stderr.strip().splitlines()[-1:]
    return said, f"exit status {done.returncode} {' '.join(last)}" if done.returncode else ""


def _log_trouble(text):
    for wanted in (
        "lk_onload_stub: loaded",
        "lk_onload_stub: onload_is_present: 0",
        "lk_onload_stub: timestamps: ",
    ):
        if wanted not in text:
            return f"no line {wanted!r}"
    return None


def _results():
    """(what was tried, None or what went wrong, details, what to do) of each."""
    what, trouble = _linux()
    yield what, trouble, "", "use a newer kernel"
    library = places.library()
    yield f"the library is there: {library}", None, "", ""
    with tempfile.TemporaryFile("w+") as log:
        said, ended = _probe(library, log)
        log.seek(0)
        written = log.read()
    tried = {name: (trouble, details) for name, trouble, details in said}
    for name, (what, remedy) in TRIALS.items():
        trouble, details = tried.get(name, ("not tried" + (f": {ended}" if ended else ""), ""))
        yield what, trouble, details, remedy or FOR_SOCKETS
        if name == "loader" and trouble:
            return  # nothing else would be about the library
    yield "the log works", _log_trouble(
        written
    ), "", "is LKOS_LOG_FD closed on the way, by a wrapper or sandbox?"
    has_elftools = importlib.util.find_spec("elftools")
    trouble = None if has_elftools else "pyelftools is missing"
    yield "lkos check can read programs", trouble, "", "apt-get install python3-pyelftools"


def main(args):
    _, rest = options.parse("lkos doctor", args, (), (), HELP)
    if rest:
        raise Trouble(f"{rest[0]}: nothing more to say than lkos doctor", usage="lkos doctor")
    import site

    site.main()  # for pyelftools
    fine, said = True, set()
    for what, trouble, details, remedy in _results():
        text = what + (f": {trouble}" if trouble else f": {details}" if details else "")
        if not trouble:
            print(*screen.verdict("ok", text), sep="\n", flush=True)
            continue
        print(*screen.verdict("FAILED", text, "" if remedy in said else remedy), sep="\n", flush=True)
        said.add(remedy)
        fine = False
    print()
    print("All is well: lkos run ./app" if fine else "Not all is well.")
    return 0 if fine else 1
