# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages that tests use without installing them, so that no service starts on anybody's machine.

They are fetched with `apt-get download` and unpacked with `dpkg-deb -x` into .cache/packages of the project,
once; delete that folder to have them anew.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]  # not Bazel's copy: the cache stays
CACHE = pathlib.Path(os.environ.get("LKOS_TEST_CACHE", PROJECT / ".cache")) / "packages"
ROOT = CACHE / "root"
LIBRARIES = ROOT / "usr/lib/x86_64-linux-gnu"
LIMIT = 60  # seconds for one package


class Missing(Exception):
    """Why a package is not to be had."""


def fetch(name):
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        try:
            ran = subprocess.run(["apt-get", "-q", "download", name], cwd=folder, text=True, timeout=LIMIT,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"apt-get download {name}: {error}") from None
        files = list(pathlib.Path(folder).glob("*.deb"))
        if ran.returncode or len(files) != 1:
            reason = [line for line in ran.stdout.splitlines() if line.startswith("E: ")] or [ran.stdout.strip()]
            raise Missing(f"apt-get download {name}: {reason[-1]}")
        subprocess.run(["dpkg-deb", "-x", files[0], ROOT], check=True)
    (CACHE / name).touch()


def unpack(*names):
    """The folder that these packages are unpacked in, as they would be in /."""
    try:
        ROOT.mkdir(parents=True, exist_ok=True)
        lock = open(CACHE / "lock", "w", encoding="utf-8")
    except OSError as error:
        raise Missing(f"cannot write to {CACHE}: {error}") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other tests want them too
        for name in names:
            if not (CACHE / name).exists():
                fetch(name)
    return ROOT


def program(name, *names):
    """A program that is installed, or one of these packages. Others of them may hold its libraries."""
    installed = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if installed:
        return pathlib.Path(installed)
    root = unpack(*names)
    for folder in ("usr/bin", "usr/sbin", "sbin", "bin"):
        if (root / folder / name).exists():
            return root / folder / name
    raise Missing(f"{name} is not in {', '.join(names)}")
