#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The library on the kernel of another release of Debian.

usage: kernels_test.py RELEASE      its codename, such as bullseye

Fetches the release's kernel for clouds, once, boots it in an emulator from an archive of files that has the
library, the demo's program and the tests that preload the library, and runs them there.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import demo
import packages

TOP = Path(sys.argv[0]).absolute().parents[2]  # not resolved: Bazel's runfiles
PROBES = sorted(path.name[len("probe_"):] for path in (TOP / "tests").glob("probe_*") if path.suffix == "")
LIBRARIES = ("liblk_onload_stub.so", "libonload_ext.so.1", "libonload_ext.so.2")
KERNEL_PACKAGES = r"^linux-(?:image|binary)-.*$"  # whose file is the kernel differs by release
EMULATOR = "qemu-system-x86_64"
LIMIT = 850  # seconds, a bit less than Bazel's: what was said until then is shown

# What the kernel starts. It says of each program how it ended.
INIT = """#!/bin/busybox sh
PATH=/bin
/bin/busybox --install /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
ip link set lo up
cd /t
ended()
{
	echo "== $1 ended: $2, after $(cut -d' ' -f1 /proc/uptime) s"
}
echo "== kernel: $(uname -r)"
export LKOS_TEST_LIBRARY=/t/liblk_onload_stub.so
export LKOS_TEST_EXT_1=/t/libonload_ext.so.1 LKOS_TEST_EXT_2=/t/libonload_ext.so.2
LD_LIBRARY_PATH=/t /t/onload_app
ended without $?
LD_LIBRARY_PATH=/t LD_PRELOAD=$LKOS_TEST_LIBRARY /t/onload_app
ended with $?
for probe in PROBES; do
	export LKOS_TEST_PROBE=/t/probe_$probe LKOS_TEST_EARLY=/t/early_$probe.so
	/t/preload_${probe}_test --gtest_brief=1 --gtest_color=no 2>&1
	ended $probe $?
done
poweroff -f
"""


def apt(folder, release):
    """Options of apt that make it know that release alone, from the archive that this machine uses."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)",
         "Created-By: Packages", "Origin: Debian", "Label: Debian"],
        stdout=subprocess.PIPE, universal_newlines=True, check=True)
    if not asked.stdout:
        raise packages.Missing("apt knows no archive of Debian; run apt-get update on a Debian")
    sources = folder / "sources.list"
    sources.write_text(f"deb {asked.stdout.split()[0]} {release} main\n", encoding="ascii")
    (folder / "lists/partial").mkdir(parents=True)
    settings = {
        "Acquire::Check-Valid-Until": "false",  # an old kernel does, too
        "Acquire::Languages": "none",
        "Dir::Cache": folder,
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": "/dev/null",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def fetch(release, where):
    """Puts the release's kernel there."""
    with tempfile.TemporaryDirectory(dir=str(where.parent)) as name:
        folder = Path(name)
        options = apt(folder, release)

        def run(*words):
            ran = subprocess.run([str(word) for word in words], cwd=name, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
            if ran.returncode != 0:
                raise packages.Missing(f"{' '.join(map(str, words))}: {ran.stdout}")
            return ran.stdout

        print(f"# fetching the kernel of {release}, once", flush=True)
        run("apt-get", *options, "update")
        only = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
        needs = run("apt-cache", *options, "depends", "--recurse", *only, "linux-image-cloud-amd64")
        run("apt-get", *options, "download", *re.findall(KERNEL_PACKAGES, needs, re.MULTILINE))
        for package in folder.glob("*.deb"):
            run("dpkg-deb", "-x", package, folder / "root")
        kernel = next((folder / "root").glob("**/vmlinuz*"))
        shutil.copy(str(kernel), str(where))


def kernel(release):
    folder = packages.CACHE.parent / "kernels"
    folder.mkdir(parents=True, exist_ok=True)
    where = folder / release
    with open(folder / f"{release}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not where.exists():
            fetch(release, where)
    return where


def needed(file):
    """The libraries that a program is started with, and the loader."""
    told = subprocess.run(["ldd", str(file)], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    return {Path(path) for path in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", told, re.MULTILINE)}


def archive(where):
    """Writes the files that the kernel starts with."""
    root = where / "root"
    for folder in ("bin", "dev", "proc", "sys", "t", "tmp"):
        (root / folder).mkdir(parents=True)
    ours = [TOP / name for name in LIBRARIES] + [TOP / "examples/onload_app"]
    for probe in PROBES:
        ours += [TOP / "tests" / name for name in (f"early_{probe}.so", f"probe_{probe}", f"preload_{probe}_test")]
    shutil.copy(str(packages.unpack("busybox-static") / "bin/busybox"), str(root / "bin"))
    for file in ours:
        shutil.copy(str(file), str(root / "t"))
    for file in set().union(*map(needed, ours)) - set(ours):
        if TOP in file.parents:
            continue
        place = root / str(file)[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file), str(place))
    (root / "init").write_text(INIT.replace("PROBES", " ".join(PROBES)), encoding="ascii")
    (root / "init").chmod(0o755)
    names = subprocess.run(["find", "."], cwd=str(root), stdout=subprocess.PIPE, check=True).stdout
    made = where / "archive"
    with open(made, "wb") as file:
        subprocess.run([str(packages.program("cpio", "cpio")), "--quiet", "-o", "-H", "newc"], input=names,
                       cwd=str(root), stdout=file, check=True)
    return made


def boot(release):
    """What is said on the console until the machine is switched off."""
    emulator = shutil.which(EMULATOR, path="/usr/bin:" + os.environ.get("PATH", ""))
    if not emulator:
        raise packages.Missing(f"{EMULATOR} is not installed; apt-get install qemu-system-x86")
    with tempfile.TemporaryDirectory() as folder, open(Path(folder, "said"), "w+b") as said:
        ran = subprocess.Popen(
            [emulator, "-accel", "tcg", "-m", "1024", "-display", "none", "-no-reboot", "-nic", "none",
             "-monitor", "none", "-serial", "stdio", "-append", "console=ttyS0 quiet panic=-1",
             "-kernel", str(kernel(release)), "-initrd", str(archive(Path(folder)))],
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            ran.wait(LIMIT)
        except subprocess.TimeoutExpired:
            print(f"# switched off after {LIMIT} s", flush=True)
        finally:
            ran.kill()
            ran.wait()
        said.seek(0)
        return said.read().decode(errors="replace").replace("\r", "")


class Kernel(unittest.TestCase):
    release = ""
    parts = {}

    @classmethod
    def setUpClass(cls):
        said = boot(cls.release)
        print(said, flush=True)
        cls.version = re.search(r"^== kernel: (\S+)$", said, re.MULTILINE)[1]
        pieces = re.split(r"^== (\w+) ended: (\d+), after .* s$", said, flags=re.MULTILINE)
        cls.parts = {name: (int(status), text) for text, name, status in zip(*(pieces[i::3] for i in range(3)))}

    def answers(self, name):
        status, text = self.parts[name]
        self.assertEqual(status, 0, text)
        return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and line[0] != "=")

    def test_the_demo_is_as_promised(self):
        rows = demo.SHOW.compare(self.answers("without"), self.answers("with"))
        self.assertEqual([row for row in rows if not row["ok"]], [])
        self.assertEqual(len(rows), len(demo.PROMISED))

    def test_programs_are_answered_as_on_this_kernel(self):
        for probe in PROBES:
            with self.subTest(probe):
                self.assertIn(probe, self.parts)
                status, text = self.parts[probe]
                self.assertEqual(status, 0, text)


if __name__ == "__main__":
    Kernel.release = sys.argv.pop()
    unittest.main(verbosity=2)
