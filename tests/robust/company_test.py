#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The library among others: before and behind it, inside their constructors and destructors, under tools
that watch a process, and in programs that are not glibc's."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import packages
import robust

BEFORE = robust.HERE / "company_before.so"
BEHIND = robust.HERE / "company_behind.so"
SIGNAL_BEHIND = robust.HERE / "signal_behind.so"
PROBE = robust.HERE / "company_probe"
LIFE = robust.HERE / "life"
WELL = """asked 0x44, read 0x44, received --T
asked 0x18, read 0x18, received T--
asked 0x5c, read 0x5c, received T-T
asked 0x0, read 0x0, received none
"""
PYTHON = "/usr/bin/python3"

# Echoes over UDP and TCP, with everything that is the same on each run.
ECHO = """
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    server = socket.socket(socket.AF_INET, kind)
    server.bind(("127.0.0.1", 0))
    near = socket.socket(socket.AF_INET, kind)
    if kind == socket.SOCK_STREAM:
        server.listen()
        near.connect(server.getsockname())
        far, _ = server.accept()
    else:
        far = server
        near.connect(far.getsockname())
    near.sendmsg([b"one ", b"message"])
    data, control, flags, address = far.recvmsg(100, 100)
    print(kind, data, control, flags)
    copy = far.dup()
    far.close()
    near.send(b"another")
    print(copy.recv(100), copy.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))
"""

C_PROGRAM = """
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void)
{
	int ends[2], type = 0;
	char text[8] = "";
	socklen_t size = sizeof(type);

	socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
	send(ends[0], "four", 5, 0);
	recv(ends[1], text, sizeof(text), 0);
	getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &type, &size);
	printf("%s %d %d\\n", text, type, dup(ends[0]) > ends[1]);
	return close(ends[0]);
}
"""


class Others(robust.Case):
    def unpacked(self, path, *names):
        try:
            return packages.unpack(*names) / path
        except packages.Missing as reason:
            self.not_run(str(reason))

    def test_each_call_is_seen_once_before_and_behind(self):
        once, none = ("1", "0"), ("0", "0")  # calls of this name, and of other names that send or receive
        for preload, seen in (((BEFORE, *robust.OURS, BEHIND), (*once, *once)),
                              ((BEFORE, *robust.OURS), (*once, *none)),
                              ((*robust.OURS, BEHIND), (*none, *once))):
            with self.subTest(preload=preload):
                said = self.run_well([PROBE], preload)
                self.assertEqual(said, self.run_well([PROBE], [one for one in preload if one not in robust.OURS]))
                rows = re.findall(r"^(\w+), flag (\w+): .*, company_before (\d+) and (\d+), "
                                  r"company_behind (\d+) and (\d+)$", said, re.MULTILINE)
                self.assertEqual({row[2:] for row in rows}, {seen}, said)
                self.assertEqual({row[0] for row in rows}, robust.interposed(), "exported, and not tried here")
                self.assertEqual([row[1] for row in rows].count("0x400"), 4)
                self.assertEqual([row[1] for row in rows].count("0x20000"), 6)

    def test_constructors_and_destructors_of_others(self):
        for preload in ((BEFORE, *robust.OURS), (*robust.OURS, BEHIND), (BEFORE, *robust.OURS, BEHIND)):
            said = self.run_well(["/bin/true"], preload)
            others = len(preload) - len(robust.OURS)
            self.assertEqual(said, "in a constructor: well\n" * others + "in a destructor: well\n" * others)

    def both_orders(self, other, words, added, expected=None):
        bare = self.run_well(words, (other,), added)
        if expected:
            self.assertEqual(bare, expected)
        for preload in ((other, *robust.OURS), (*robust.OURS, other)):
            self.assertEqual(self.run_well(words, preload, added), bare)
        return bare

    def test_socket_wrapper(self):
        other = self.unpacked("usr/lib/x86_64-linux-gnu/libsocket_wrapper.so", "libsocket-wrapper")
        with tempfile.TemporaryDirectory() as folder:
            said = self.both_orders(other, [PYTHON, "-c", ECHO], {"SOCKET_WRAPPER_DIR": folder})
        self.assertEqual(said.count("another"), 2)

    def test_faketime(self):
        other = self.unpacked("usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "libfaketime")
        said = self.both_orders(other, [PYTHON, "-c", ECHO + "import time; print(time.strftime('%F'))"],
                                {"FAKETIME": "@1999-12-31 12:00:00", "TZ": "UTC"})
        self.assertTrue(said.endswith("1999-12-31\n"), said)

    def test_jemalloc(self):
        other = self.unpacked("usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "libjemalloc2")
        self.both_orders(other, [PYTHON, "-c", ECHO], {})
        for preload in ((other, *robust.OURS), (*robust.OURS, other)):
            self.assertEqual(self.run_well([LIFE, "plain"], preload), WELL)


class Watched(robust.Case):
    def tool(self, name):
        found = shutil.which(name, path="/usr/bin:/bin")
        if not found:
            self.not_run(f"{name} is not installed")
        return found

    def test_valgrind(self):
        tool = [self.tool("valgrind"), "-q", "--error-exitcode=9", "--leak-check=full",
                "--errors-for-leak-kinds=definite", f"--suppressions={robust.HERE}/valgrind.supp"]
        # Children are forked with it; those that are executed it follows only if it is told to.
        print("not run: short_of_memory: valgrind has a malloc of its own, and cannot start without one", flush=True)
        for words in (["plain"], ["cancel"], ["dlopen", robust.LIBRARY, "local"], ["dlopen", robust.LIBRARY, "deep"],
                      ["exec"], ["exec", "bare"], ["fork"], ["limits"], ["many", 2000], ["signals"],
                      ["signals_inside"], ["spawn"], ["vfork_duplicates"], ["without_mmap", "plain"]):
            preload = (robust.LIBRARY, SIGNAL_BEHIND) if words == ["signals_inside"] else (robust.LIBRARY,)
            with self.subTest(words=words):
                bare = robust.run([LIFE, *words], preload)
                self.assertEqual(bare.status, 0, bare.err)
                ran = robust.run([*tool, "--trace-children=yes", LIFE, *words], preload)
                said = [line for line in ran.err.splitlines() if "sigprocmask: unknown 'how' field -1" not in line]
                self.assertEqual((ran.status, ran.out), (0, bare.out), said)
                self.assertFalse(said)  # of a child it may be all that is heard

    def test_strace(self):
        ran = robust.run([self.tool("strace"), "-f", "-o", "/dev/null", "-E", f"LD_PRELOAD={robust.LIBRARY}", LIFE,
                          "plain"])
        if "ptrace" in ran.err:
            self.not_run(ran.err)
        self.assertEqual((ran.status, ran.out), (0, WELL), ran.err)

    def test_gdb(self):
        ran = robust.run([self.tool("gdb"), "-nx", "-batch", "-ex", f"set environment LD_PRELOAD {robust.LIBRARY}",
                          "-ex", "set startup-with-shell off", "-ex", "set breakpoint pending on", "-ex", "break recvmsg", "-ex", "run", "-ex", "backtrace",
                          "-ex", "delete", "-ex", "continue", "--args", LIFE, "plain"])
        if "ptrace" in ran.err:
            self.not_run(ran.err)
        self.assertTrue(WELL in ran.out, ran.out + ran.err)
        self.assertRegex(ran.out, r"#\d+ .* main \(")  # it can walk through us
        self.assertIn("exited normally", ran.out)


class Strangers(robust.Case):
    """Programs that the library is no part of, although it is named in their environment."""

    def compiled(self, before, behind=()):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        source, program = pathlib.Path(folder.name, "program.c"), pathlib.Path(folder.name, "program")
        source.write_text(C_PROGRAM)
        subprocess.run([*before, source, *behind, "-o", program], check=True)
        return program

    def expect_no_difference(self, program):
        bare = robust.run([program])
        self.assertEqual((bare.status, bare.out), (0, "four 2 1\n"))
        with_it = robust.run([program], robust.OURS)
        self.assertEqual(with_it, bare)

    def test_static_program(self):
        self.expect_no_difference(self.compiled(["/usr/bin/gcc", "-static"]))

    def musl(self, *more):
        """How to compile with it: what comes before the source, and what behind."""
        try:
            root = packages.unpack("musl", "musl-dev")
        except packages.Missing as reason:
            self.not_run(str(reason))
        own = root / "usr/lib/x86_64-linux-musl"
        loader, = root.glob("**/lib/ld-musl-x86_64.so.1")  # in /lib until Debian 12, then in /usr/lib
        shared = loader.parent / own.name
        return (["/usr/bin/gcc", *more, "-no-pie", "-nostdinc", "-isystem", root / "usr/include/x86_64-linux-musl",
                 "-nostdlib", "-fno-stack-protector", own / "crt1.o", own / "crti.o", "-L", shared, "-L", own,
                 f"-Wl,-dynamic-linker,{loader}", "-x", "c"],
                ["-x", "none", "-lc", "-lgcc", own / "crtn.o"])

    def test_static_musl_program(self):
        self.expect_no_difference(self.compiled(*self.musl("-static")))

    def test_musl_program(self):
        self.expect_no_difference(self.compiled(*self.musl()))


if __name__ == "__main__":
    unittest.main()
