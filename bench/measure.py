#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a preloaded library adds to a call, counted and not timed.

probe.c makes 1,000 and then 2,000 calls under callgrind; what the second run has more, divided by
1,000, is one call. The same with the library preloaded; what that has more is the library. Start
and end of the program fall out, so the figures are whole numbers and repeat on any machine with
the same libc. callgrind counts instructions of user space, and system calls.
"""
import concurrent.futures
import dataclasses
import os
import pathlib
import platform
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

CALLS = 1000
PATIENCE = 120  # seconds for one run under callgrind; it takes half a second
QUIET = 5  # seconds without a line of progress
STAMPING = 10  # seconds until the kernel must stamp what arrives

# Linux's numbers, for which Python's socket module has no names.
SO_TIMESTAMPING = 37
RX_SOFTWARE, SOFTWARE = 1 << 3, 1 << 4

HERE = pathlib.Path(__file__).parent
BUILT = HERE.parent / "bazel-bin"


class Trouble(Exception):
    """Why nothing can be measured, in words for the user."""


@dataclasses.dataclass(frozen=True)
class Row:
    kind: str  # the probe's name for it
    title: str
    allowed: int | None = None  # instructions; None: shown, and nothing promised
    messages: int = 1  # that `allowed` is for each of
    stamp: str = "none"  # what the probe must see with our library, or it is not what it says
    own_calls: bool = False  # the library may make system calls of its own


# The one table of budgets. Each row with an allowance adds no system call, unless it may.
ROWS = (
    Row("recv", "recv", 6),
    Row("recvfrom", "recvfrom", 6),
    Row("recvmsg", "recvmsg, no control buffer", 12),
    Row("recvmsg_empty", "recvmsg, control buffer, nothing for it", 12),
    Row("recvmsg_beside", "recvmsg, no control buffer, another socket has stamps", 20),
    Row("recvmsg_threads", "recvmsg, no control buffer, two threads", 24),
    Row("recvmsg_pktinfo", "recvmsg, other control data"),
    Row("recvmsg_software", "recvmsg, stamp, software requested", 60, stamp="software"),
    Row("recvmsg_hardware", "recvmsg, stamp, hardware requested", 60, stamp="hardware"),
    Row("recvmmsg", "recvmmsg of 1", 12),
    Row("recvmmsg_beside", "recvmmsg of 1, another socket has stamps", 28),
    Row("recvmmsg_8", "recvmmsg of 8", 12, messages=8),
    Row("recvmmsg_8_beside", "recvmmsg of 8, another socket has stamps", 12, messages=8),
    Row("recvmmsg_8_hardware", "recvmmsg of 8, stamps, hardware requested", 60, messages=8,
        stamp="hardware"),
    Row("send", "send", 6),
    Row("sendto", "sendto", 6),
    Row("sendmsg", "sendmsg"),
    Row("sendmsg_beside", "sendmsg, another socket has stamps"),
    Row("sendmsg_hardware", "sendmsg, hardware stamps requested on the socket"),
    Row("sendmmsg_8", "sendmmsg of 8"),
    Row("getsockopt", "getsockopt, SO_RCVBUF", 6),
    Row("getsockopt_ip", "getsockopt, IP_TTL", 6),
    Row("getsockopt_tcp_37", "getsockopt, TCP_TX_DELAY (also number 37)"),
    Row("ioctl", "ioctl, FIONREAD", 6),
    Row("setsockopt", "setsockopt, SO_RCVBUF", 6),
    Row("setsockopt_ip", "setsockopt, IP_TTL", 6),
    Row("setsockopt_tcp_37", "setsockopt, TCP_TX_DELAY (also number 37)"),
    Row("getsockopt_timestamping", "getsockopt, SO_TIMESTAMPING", own_calls=True),
    Row("setsockopt_timestamping", "setsockopt, SO_TIMESTAMPING", own_calls=True),
    Row("socket", "socket"),
    Row("close", "close"),
    Row("start", "program start", 70000, own_calls=True),
)


@dataclasses.dataclass(frozen=True)
class Counts:
    instructions: int
    system_calls: int


@dataclasses.dataclass(frozen=True)
class Result:
    """One row, measured: of one call, or of one start."""
    row: Row
    without: Counts
    added: Counts
    stamp: str

    def excess(self):
        """Why it is over its budget, as a list of sentences; empty where it is not."""
        found = []
        if self.row.allowed is None:
            return found
        limit = self.row.allowed * self.row.messages
        if self.added.instructions > limit:
            found.append(f"{self.added.instructions} instructions added, {limit} allowed")
        if self.added.system_calls > 0 and not self.row.own_calls:
            found.append(f"{self.added.system_calls} system calls added, none allowed")
        return found


# ---- running

def built(name):
    """A file that Bazel built: beside this file in a runfiles tree, else in bazel-bin."""
    for root in (HERE.parent, BUILT):
        if (root / name).exists():
            return root / name
    raise Trouble(f"{name} is not built; run: bazel build //:onload_stub //bench/...")


def from_user(path):
    """A path as the user means it: `bazel run` starts us elsewhere."""
    return pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), path)


def chosen_library(path):
    """The library that the user named, or else ours."""
    return from_user(path).absolute() if path else built("liblk_onload_stub.so")


def need(program):
    if not shutil.which(program):
        raise Trouble(f"{program} is not installed; ./setup.sh installs it, "
                      f"or: apt-get install {program}")


def environment(library):
    """Ours, less what would change what is measured."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("LD_PRELOAD", "LD_BIND_NOW", "LKOS_LOG_FD", "LKOS_TAP", "VALGRIND_OPTS")}
    return {**kept, "LD_PRELOAD": ":".join(map(str, each(library)))} if library else kept


def each(library):
    """Of a library, or of several that are preloaded in this order."""
    return library if isinstance(library, tuple) else (library,)


def check_library(library):
    """That ld.so takes it: what it cannot preload it leaves out, and the run goes on."""
    for one in each(library):
        if not one.is_file():
            raise Trouble(f"{one}: no such file")
        if re.search(r"[\s:]", str(one)):
            raise Trouble(f"{one}: LD_PRELOAD cannot hold a path with blanks or colons")
    run = subprocess.run([built("bench/probe"), "start", "0"], env=environment(library),
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    if run.returncode != 0 or "cannot be preloaded" in run.stderr:
        raise Trouble(f"{library}: cannot be preloaded: "
                      f"{run.stderr.strip() or f'exit {run.returncode}'}")


def count(kind, calls, library):
    """One run of the probe: its totals, and the stamp it saw.

    With the same few descriptors open in all runs, because a library may look at them when it is
    loaded; and on one processor per kind, because a socket's cookie depends on where it is made."""
    processors = sorted(os.sched_getaffinity(0))
    processor = processors[[row.kind for row in ROWS].index(kind) % len(processors)]
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "callgrind")
        run = subprocess.run(
            ["taskset", "-c", str(processor),
             "valgrind", "--quiet", "--tool=callgrind", "--collect-systime=nsec",
             f"--callgrind-out-file={out}", str(built("bench/probe")), kind, str(calls)],
            env=environment(library), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE)
        if run.returncode != 0 or not out.exists():
            raise Trouble(f"probe {kind} {calls} failed under valgrind: "
                          f"{run.stderr.strip() or f'exit {run.returncode}'}")
        text = out.read_text()
    events = re.search(r"^events: (.*)$", text, re.M).group(1).split()
    totals = re.search(r"^summary: (.*)$", text, re.M).group(1).split()
    by_name = dict(zip(events, map(int, totals)))
    return Counts(by_name["Ir"], by_name["sysCount"]), run.stdout.strip()


def stamped_socket():
    """While it is open, each message that arrives has a stamp. Linux begins to stamp a moment after
    the first socket asks: a probe that was the first would count messages without."""
    stamped = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stamped.bind(("127.0.0.1", 0))
    stamped.connect(stamped.getsockname())
    stamped.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, RX_SOFTWARE | SOFTWARE)
    end = time.monotonic() + STAMPING
    while time.monotonic() < end:
        stamped.send(b"")
        if stamped.recvmsg(1, 128)[1]:
            return stamped
    raise Trouble(f"the kernel stamps nothing on loopback, {STAMPING} seconds after it was asked")


class Bench:
    """Runs the probe, each run once, as many at a time as there are processors."""

    def __init__(self):
        self.stamped = stamped_socket()
        self.pool = concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self.runs = {}

    def run(self, kind, calls, library):
        key = (kind, calls, library)
        if key not in self.runs:
            self.runs[key] = self.pool.submit(count, *key)
        return self.runs[key]

    def one_call(self, row, library):
        """Counts of one call, thousandths of it still there; the stamp seen."""
        if row.kind == "start":
            counts, stamp = self.run("start", 0, library).result()
            return counts.instructions * CALLS, counts.system_calls * CALLS, stamp
        few, _ = self.run(row.kind, CALLS, library).result()
        many, stamp = self.run(row.kind, 2 * CALLS, library).result()
        return (many.instructions - few.instructions, many.system_calls - few.system_calls, stamp)

    def measure(self, library, rows=ROWS, say=lambda text: None):
        """Yields a Result for each row; `say` hears of progress."""
        for row in rows:
            for preloaded in (None, library):
                for calls in (0,) if row.kind == "start" else (CALLS, 2 * CALLS):
                    self.run(row.kind, calls, preloaded)
        said = time.monotonic()
        say(f"counting {len(rows)} rows, half a minute on two processors")
        for number, row in enumerate(rows):
            if time.monotonic() - said > QUIET:
                said = time.monotonic()
                say(f"{number} of {len(rows)} rows measured")
            instructions, system_calls, _ = self.one_call(row, None)
            all_instructions, all_system_calls, stamp = self.one_call(row, library)
            yield Result(
                row, Counts(round(instructions / CALLS), round(system_calls / CALLS)),
                Counts(round((all_instructions - instructions) / CALLS),
                       round((all_system_calls - system_calls) / CALLS)), stamp)


def measure(library, rows=ROWS, say=lambda text: None, bench=None):
    """The results of all rows, for one library."""
    need("valgrind")
    check_library(library)
    return list((bench or Bench()).measure(library, rows, say))


# ---- printing

def tell(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def table(head, rows):
    """Aligned text: the first column to the left, the others to the right."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = ["  ".join([line[0].ljust(widths[0])] +
                      [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]).rstrip()
            for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(text)


# ---- the library as a file

SHT_RELA, SHT_DYNAMIC, SHT_NOBITS, SHT_RELR = 4, 6, 8, 19
DT_NEEDED = 1


def describe(library):
    """Size, relocations and dependencies of a 64-bit little-endian shared object."""
    data = library.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise Trouble(f"{library}: not a 64-bit little-endian ELF file")
    offset, = struct.unpack_from("<Q", data, 0x28)
    size, number = struct.unpack_from("<HH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(number)]
    relocations, needed, loaded = 0, [], 0
    for _, kind, flags, _, start, length, link, _, _, entry in sections:
        if flags & 2 and kind != SHT_NOBITS:  # SHF_ALLOC
            loaded += length
        if kind == SHT_RELA and flags & 2:
            relocations += length // entry
        if kind == SHT_RELR:
            relocations += length // entry  # words, each for up to 63 of them
        if kind == SHT_DYNAMIC:
            names = sections[link][4]
            for at in range(start, start + length, entry):
                tag, value = struct.unpack_from("<QQ", data, at)
                if tag == DT_NEEDED:
                    end = data.index(b"\0", names + value)
                    needed.append(data[names + value:end].decode())
    return {"name": library.name, "file_bytes": len(data), "loaded_bytes": loaded,
            "relocations": relocations, "needs": needed}


def machine():
    """What the figures depend on."""
    return {"machine": platform.machine(), "libc": " ".join(platform.libc_ver()),
            "linux": platform.release().split("-")[0]}


def valgrind_version():
    run = subprocess.run(["valgrind", "--version"], capture_output=True, text=True)
    return run.stdout.strip()
