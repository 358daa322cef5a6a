# SPDX-License-Identifier: GPL-2.0-only
"""The program that `lkos doctor` runs under the library. It uses Python's socket module as any program uses
libc, and prints a JSON list for each trial: what it is, null or what went wrong, details.

arguments: liblk_onload_stub.so and each libonload_ext.so.N, "" where there is none"""

import ctypes
import json
import select
import socket
import struct
import sys
import time

# Linux's numbers, for which Python's socket module has no names.
SO_TIMESTAMPING = SCM_TIMESTAMPING = 37
TX_HARDWARE, RX_HARDWARE, RAW_HARDWARE = 1 << 0, 1 << 2, 1 << 6
OPT_TSONLY = 1 << 11
ONLOAD_MSG_WARM = 0x400

WAIT = 2.0  # seconds for what is sure to come, and comes at once
CLOSE_ENOUGH = 60  # seconds between a stamp and the clock


def mapped():
    library = sys.argv[1]
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        if not any(line.rstrip("\n").endswith(library) for line in maps):
            raise RuntimeError("it is not in the program's memory")


def answered():
    if ctypes.CDLL(None).onload_is_present() != 0:
        raise RuntimeError("onload_is_present() is not 0")


def loadable():
    for path in sys.argv[2:]:
        if not path:
            raise RuntimeError("one is missing")
        ctypes.CDLL(path)


def pair(kind):
    """Two connected sockets."""
    listener = socket.socket(socket.AF_INET, kind)
    listener.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        listener.listen()
    sender = socket.socket(socket.AF_INET, kind)
    sender.connect(listener.getsockname())
    receiver = listener.accept()[0] if kind == socket.SOCK_STREAM else listener
    return sender, receiver


def stamps(ancillary):
    """The three slots of a message: software, legacy, hardware. None: it has none."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SCM_TIMESTAMPING) and len(data) == 48:
            numbers = struct.unpack("=6q", data)
            return [numbers[i] + numbers[i + 1] / 1e9 for i in (0, 2, 4)]
    return None


def judge(slots):
    """Says how a stamp was taken, or raises what is wrong with it."""
    if slots is None or not any(slots):
        raise RuntimeError("the message came without")
    software, legacy, hardware = slots
    if software or legacy or not hardware:
        raise RuntimeError(f"it is not in the hardware slot: {slots}")
    if abs(time.time() - hardware) > CLOSE_ENOUGH:
        raise RuntimeError(f"it is far from the clock: {hardware}")
    return "in the hardware slot"


def received(kind):
    sender, receiver = pair(kind)
    receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, RX_HARDWARE | RAW_HARDWARE)
    receiver.settimeout(WAIT)
    sender.send(b"order")
    return judge(stamps(receiver.recvmsg(100, 1000)[1]))


def sent(kind):
    sender, _receiver = pair(kind)
    sender.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, TX_HARDWARE | RAW_HARDWARE | OPT_TSONLY)
    errors = select.poll()
    errors.register(sender, 0)  # the error queue is always reported
    sender.send(b"order")
    report = sender.recvmsg(100, 1000, socket.MSG_ERRQUEUE) if errors.poll(WAIT * 1000) else (b"", [])
    return judge(stamps(report[1]))


def read_back():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked = RX_HARDWARE | RAW_HARDWARE
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, asked)
    shown = sock.getsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING)
    if shown != asked:
        raise RuntimeError(f"set 0x{asked:x}, got 0x{shown:x}")


def warm():
    sender, receiver = pair(socket.SOCK_STREAM)
    receiver.settimeout(WAIT)
    sender.send(b"FALSE", ONLOAD_MSG_WARM)
    sender.send(b"order")
    got = receiver.recv(100)
    if got != b"order":
        raise RuntimeError(f"the peer got {got!r}")


# What is tried, what to do where it fails, and how it is tried.
FOR_LOADER = "does this Python take libraries from LD_PRELOAD? A sandbox or security module may forbid it"
FOR_ANSWER = "another library in LD_PRELOAD may define it first: unset LD_PRELOAD and try again"
FOR_SOCKETS = "is loopback up (ip link set lo up), and may this user make sockets? In a sandbox that has a network of its "
FOR_SOCKETS += "own, try outside of it"
TRIALS = (
    ("the loader takes the library from LD_PRELOAD", FOR_LOADER, mapped),
    ("an extension function is answered", FOR_ANSWER, answered),
    ("libonload_ext.so.1 and .so.2 can be loaded", "install lk_onload_stub again", loadable),
    ("receive timestamp, UDP over loopback", FOR_SOCKETS, received, socket.SOCK_DGRAM),
    ("receive timestamp, TCP over loopback", FOR_SOCKETS, received, socket.SOCK_STREAM),
    ("send timestamp, UDP over loopback", FOR_SOCKETS, sent, socket.SOCK_DGRAM),
    ("send timestamp, TCP over loopback", FOR_SOCKETS, sent, socket.SOCK_STREAM),
    ("getsockopt gives the flags as they were set", FOR_SOCKETS, read_back),
    ("a send with ONLOAD_MSG_WARM sends nothing", FOR_SOCKETS, warm),
)


def main():
    for what, _, trial, *args in TRIALS:
        trouble = details = None
        try:
            details = trial(*args)
        except Exception as error:  # whatever it is, it is the answer of this trial
            trouble = str(error) or type(error).__name__
        print(json.dumps([what, trouble, details]), flush=True)


if __name__ == "__main__":
    main()
