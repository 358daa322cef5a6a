#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Unmodified programs give the same results with and without the library, on loopback.

Each is started, used and stopped. Where a program is neither installed nor to be fetched, its test says so.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import packages
import robust

PYTHON = "/usr/bin/python3"
PATIENCE = 20  # seconds until a server answers


def free_port(kind=socket.SOCK_STREAM):
    """Below those that Linux gives to clients, or one of them might have it by the time it is used."""
    for port in random.sample(range(15000, 32000), 50):
        with socket.socket(socket.AF_INET6, kind) as own:
            try:
                own.bind(("::", port))
                return port
            except OSError:
                pass
    raise AssertionError("no port is free")


def is_bound(port, tables):
    """Is somebody on this port? By the kernel's tables: a connection would count as one of the test's."""
    for table in tables:
        for line in pathlib.Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if int(words[1].rsplit(":", 1)[1], 16) == port and words[3] in ("0A", "07"):
                return True
    return False


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come in {PATIENCE} s")
        time.sleep(0.02)  # how often it looks, nothing else


def has_library(process):
    """Is what we preload in a process that runs?"""
    mapped = pathlib.Path("/proc", str(process.pid), "maps").read_text()
    return all(f"/{library.name}\n" in mapped for library in robust.OURS)


class Programs(robust.Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.libraries = {"LD_LIBRARY_PATH": str(packages.LIBRARIES)}

    def program(self, name, *names):
        try:
            return packages.program(name, *names)
        except packages.Missing as reason:
            self.not_run(f"{name}: {reason}")

    @contextlib.contextmanager
    def server(self, words, preload, port, tables=("tcp", "tcp6"), number=signal.SIGTERM):
        log = open(self.folder / "log", "w+", encoding="utf-8")
        process = robust.start(words, preload, self.libraries, stdout=log, stderr=log, cwd=self.folder)
        try:
            wait_for(f"{words[0]} on port {port}",
                     lambda: process.poll() is not None or is_bound(port, tables))
            self.assertIsNone(process.poll(), (self.folder / "log").read_text())
            self.assertEqual(has_library(process), bool(preload))
            yield process
        finally:
            robust.stop(process, number)
            log.close()

    def client(self, words, preload, **more):
        """What it says. It may be over in no time, so the library itself says that it was loaded."""
        with open(self.folder / "loaded", "w+", encoding="utf-8") as log:
            said = self.run_well(words, preload, {**self.libraries, "LKOS_LOG_FD": str(log.fileno())},
                                 cwd=self.folder, pass_fds=(log.fileno(),), **more)
            log.seek(0)
            self.assertEqual(log.read().count("lk_onload_stub: loaded\n"), bool(preload), words)
        return said

    def same(self, use):
        """What use(preload) gives, without and with the library."""
        bare = use(())
        self.assertEqual(use(robust.OURS), bare)
        print(f"same without and with: {bare}", flush=True)
        return bare

    def test_iperf3(self):
        iperf3 = self.program("iperf3", "iperf3", "libiperf0", "libsctp1")

        def use(preload):
            results = []
            for more in ([], ["-u", "-b", "200M", "-l", "1000"]):
                port = free_port()
                with self.server([iperf3, "-s", "-1", "-p", port], preload, port):
                    said = json.loads(self.client([iperf3, "-c", "127.0.0.1", "-p", port, "-n", "2M", "-J", *more],
                                                  preload))
                sums = said["end"]["sum"] if more else said["end"]["sum_sent"]
                results.append((said["start"]["test_start"]["protocol"], sums["bytes"] >= 2 << 20,
                                said.get("error")))
            return results

        self.assertEqual(self.same(use), [("TCP", True, None), ("UDP", True, None)])

    def test_socat(self):
        socat = self.program("socat", "socat", "libwrap0", "libreadline8")

        def use(preload):
            results = []
            for kind, tables in (("TCP4", ("tcp",)), ("UDP4", ("udp",))):
                port = free_port(socket.SOCK_STREAM if kind == "TCP4" else socket.SOCK_DGRAM)
                with self.server([socat, f"{kind}-LISTEN:{port},bind=127.0.0.1", "EXEC:cat"], preload, port, tables):
                    (self.folder / "said").write_text(f"over {kind}\n")
                    with open(self.folder / "said", encoding="utf-8") as said:
                        results.append(self.client([socat, "-t", "1", "-", f"{kind}:127.0.0.1:{port}"], preload,
                                                   stdin=said))
            return results

        self.assertEqual(self.same(use), ["over TCP4\n", "over UDP4\n"])

    def test_redis(self):
        redis = self.program("redis-server", "redis-server", "redis-tools", "libhiredis0.14", "liblua5.1-0",
                             "lua-bitop", "lua-cjson", "libjemalloc2", "liblzf1", "libatomic1")
        cli = self.program("redis-cli", "redis-tools")
        benchmark = self.program("redis-benchmark", "redis-tools")

        def use(preload):
            port = free_port()
            with self.server([redis, "--port", port, "--save", "", "--bind", "127.0.0.1"], preload, port):
                said = [self.client([cli, "-p", port, *words], preload)
                        for words in (["set", "name", "value"], ["get", "name"], ["incr", "count"],
                                      ["lpush", "list", "a", "b"], ["lrange", "list", "0", "-1"])]
                marks = self.client([benchmark, "-p", port, "-n", "5000", "-c", "20", "-q", "-t", "ping,set,get,lpush"],
                                    preload)
            return said, sorted(set(re.findall(r"(\w+): [\d.]+ requests per second", marks)))

        self.assertEqual(self.same(use)[1], ["GET", "LPUSH", "PING_INLINE", "PING_MBULK", "SET"])

    def test_nginx_with_curl_and_wrk(self):
        nginx = self.program("nginx", "nginx", "nginx-common")
        curl = self.program("curl", "curl", "libcurl4", "libnghttp2-14", "librtmp1", "libssh2-1", "libpsl5",
                            "libldap-2.5-0", "libbrotli1")
        wrk = self.program("wrk", "wrk", "libluajit-5.1-2")
        (self.folder / "page").write_text("a page\n" * 20000)
        port = free_port()
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; pid {self.folder}/pid; error_log stderr;
            {"user root;" if os.geteuid() == 0 else ""}
            events {{ }}
            http {{
                access_log off;
                client_body_temp_path {self.folder}; proxy_temp_path {self.folder}; fastcgi_temp_path {self.folder};
                uwsgi_temp_path {self.folder}; scgi_temp_path {self.folder};
                server {{ listen 127.0.0.1:{port}; root {self.folder}; }}
            }}""")

        def use(preload):
            with self.server([nginx, "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", "stderr"], preload,
                             port):
                page = self.client([curl, "-sS", f"http://127.0.0.1:{port}/page"], preload)
                missing = self.client([curl, "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                       f"http://127.0.0.1:{port}/none"], preload)
                load = self.client([wrk, "-t1", "-c8", "-d1s", f"http://127.0.0.1:{port}/page"], preload)
            return (page == (self.folder / "page").read_text(), missing,
                    int(re.search(r"(\d+) requests in", load)[1]) > 100,
                    re.findall(r"Socket errors.*|Non-2xx.*", load))

        self.assertEqual(self.same(use), (True, "404", True, []))

    def test_python_sockets_with_timestamps(self):
        script = """
import select, socket, struct
SO_TIMESTAMPING = 37
for flags in (0, 1 << 3 | 1 << 4, 1 << 1 | 1 << 3 | 1 << 4):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        listener = socket.socket(socket.AF_INET, kind)
        listener.bind(("127.0.0.1", 0))
        near = socket.socket(socket.AF_INET, kind)
        if kind == socket.SOCK_STREAM:
            listener.listen()
            near.connect(listener.getsockname())
            far, _ = listener.accept()
        else:
            far = listener
            near.connect(far.getsockname())
        far.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, flags)
        near.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, flags)
        while True:  # Linux begins to stamp a little after it is asked
            near.send(b"text")
            select.select([far], [], [], 10)
            data, control, how, _ = far.recvmsg(100, 200)
            if control or not flags & 1 << 3:
                break
        slots = ["".join("T" if second else "-" for second, _ in struct.iter_unpack("ll", body))
                 for _, _, body in control]
        poll = select.poll()
        poll.register(near, 0)
        reported = bool(poll.poll(5000 if flags & 2 else 0))
        print(kind, flags, far.getsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING), data, slots, how, reported)
"""
        said = self.same(lambda preload: self.client([PYTHON, "-c", script], preload))
        self.assertEqual(said.count("['T--']"), 4)

    def test_hwstamp_ctl(self):
        """It switches a card's stamping on, and ends where that fails."""
        if os.geteuid() != 0:
            self.not_run("only root may switch a card on")
        words = [self.program("hwstamp_ctl", "linuxptp"), "-i", "lo", "-t", "1", "-r", "1"]
        self.assertEqual(self.client(words, (robust.LIBRARY,)),
                         "current settings:\ntx_type 0\nrx_filter 0\nnew settings:\ntx_type 1\nrx_filter 1\n")
        bare = robust.run(words, (), self.libraries)
        self.assertNotEqual(bare.status, 0)
        self.assertIn("SIOCSHWTSTAMP failed", bare.err)

    def test_ptp4l_asks_what_the_device_can_do(self):
        """Which is the kernel's answer, as README says."""
        words = [self.program("ptp4l", "linuxptp"), "-i", "lo", "-H", "-m"]
        for preload in ((), (robust.LIBRARY,)):
            ran = robust.run(words, preload, self.libraries)
            self.assertIn("'lo' does not support requested timestamping mode", ran.out + ran.err)

    def test_chronyd(self):
        self.chronyd()

    def test_chronyd_under_its_system_call_filters(self):
        """1 is Debian's default. A call of ours that they do not allow would end it."""
        for level in ("1", "2"):
            with self.subTest(level=level):
                self.chronyd("-F", level)

    def chronyd(self, *more):
        chronyd = self.program("chronyd", "chrony")
        chronyc = self.program("chronyc", "chrony")
        options = ("-u", "root", "-x", "-d", *more)  # the clock is left alone

        def use(preload):
            port = free_port(socket.SOCK_DGRAM)
            (self.folder / "server.conf").write_text(
                f"port {port}\nbindaddress 127.0.0.1\nlocal stratum 3\nallow 127.0.0.0/8\ncmdport 0\n"
                f"bindcmdaddress /\npidfile {self.folder}/server.pid\n")
            (self.folder / "client.conf").write_text(
                f"server 127.0.0.1 port {port} minpoll -3 maxpoll -3 iburst\nport 0\ncmdport 0\nhwtimestamp *\n"
                f"bindcmdaddress {self.folder}/run/client.sock\npidfile {self.folder}/client.pid\n")
            (self.folder / "run").mkdir(mode=0o700, exist_ok=True)

            def ask(words):
                ran = robust.run([chronyc, "-h", self.folder / "run/client.sock", *words], (), self.libraries)
                return ran.out if ran.status == 0 else ""

            with self.server([chronyd, *options, "-f", self.folder / "server.conf"], preload, port, ("udp",)):
                client = robust.start([chronyd, *options, "-f", self.folder / "client.conf"], preload, self.libraries,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    wait_for("six good answers", lambda: (found := re.search(
                        r"Total good RX\s*: (\d+)", ask(["ntpdata"]))) and int(found[1]) >= 6)
                    said = ask(["ntpdata"])
                    sources = ask(["-c", "sources"])
                    self.assertEqual(has_library(client), bool(preload))
                finally:
                    robust.stop(client, signal.SIGTERM)
            return dict(re.findall(r"(TX timestamping|RX timestamping|Stratum)\s*: (\w+)", said)), sources[:3]

        bare = self.same(use)
        if bare[0]["TX timestamping"] != "Kernel":  # then nothing of what this is about was tried
            self.not_run(f"chronyd takes its transmit stamps from the {bare[0]['TX timestamping'].lower()} here")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    unittest.main()
