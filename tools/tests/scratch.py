# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the tools share: an installation in a folder of its own, and programs to try it on.

Everything is tried as it is installed: that is what people use.
"""

import atexit
import functools
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

# By the test's name and not by ours: Python imports us from the source tree, past Bazel's runfiles.
TOOLS = Path(sys.argv[0]).absolute().parent.parent
TOP = TOOLS.parent

TIME_LIMIT = 120  # seconds for any one command

# Not those of whoever runs the tests.
UNWANTED = (
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LKOS_LOG_FD",
    "NO_COLOR",
    "PKG_CONFIG_PATH",
    "BUILD_WORKING_DIRECTORY",
)


@functools.cache
def folder():
    """A folder that goes when the tests end."""
    path = tempfile.mkdtemp(prefix="lkos-test-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def environment(**changes):
    env = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env.setdefault("PWD", os.getcwd())
    return env | {name: str(value) for name, value in changes.items()}


def run(*argv, env=None, **options):
    """Runs a command to its end, and gives what subprocess.run gives."""
    return subprocess.run(
        [str(arg) for arg in argv],
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=TIME_LIMIT,
        check=False,
        **options,
    )


def must(*argv, **options):
    """The same for a command that has to succeed."""
    done = run(*argv, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, argv))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def install(prefix, *more):
    return run(sys.executable, TOOLS / "install.py", "--prefix", prefix, *more)


@functools.cache
def prefix():
    """Where the tests' own installation is."""
    where = folder() / "installed"
    must(sys.executable, TOOLS / "install.py", "--prefix", where)
    return where


def lkos(*args, **options):
    return run(prefix() / "bin/lkos", *args, **options)


def library():
    return prefix() / "lib/liblk_onload_stub.so"


def link_folder():
    return prefix() / "lib/lk_onload_stub"


def broken(name):
    """An installation of its own, to be broken."""
    where = folder() / name
    must("cp", "-a", prefix(), where)
    return where


def as_another_user(test):
    """Options for run() as a user who may not do all that root may; nothing where the tests are run by one."""
    if os.geteuid() != 0:
        return {}
    folder().chmod(0o755)
    options = {"user": 65534, "group": 65534, "extra_groups": []}
    if run("test", "-x", prefix() / "bin/lkos", **options).returncode != 0:
        print("not run: no other user can come to the scratch folder")
        test.skipTest("root only")
    return options


@functools.cache
def for_newer_glibc():
    """An installation whose library needs a glibc that there is not yet."""
    where = broken("newer")
    script = written("newer.map", "GLIBC_9.9 { lkos_test; };")
    alone = ("-nostdlib", "-shared", "-fPIC")
    named = ("-Wl,-soname,libc.so.6", f"-Wl,--version-script={script}")
    libc = compiled("newer_libc", "void lkos_test(void) {}", *alone, *named)
    library = compiled("newer.so", "void lkos_test(void); void f(void) { lkos_test(); }", *alone, libc)
    shutil.copy(library, where / "lib/liblk_onload_stub.so")
    return where


def pkg_config():
    """What a program is compiled with."""
    env = environment(PKG_CONFIG_PATH=prefix() / "lib/pkgconfig")
    return must("pkg-config", "--cflags", "--libs", "lk_onload_stub", env=env).stdout.split()


def compiled(name, source, *options, before=()):
    """Compiles C to a file by that name in the scratch folder."""
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.with_name(path.name + ".source.c")
    text.write_text(source, encoding="utf-8")
    must("gcc", "-o", path, *before, text, *options)
    return path


def written(name, content, mode=0o644):
    """A file in the scratch folder."""
    path = folder() / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


# The struct that xattr security.capability has: version 2, CAP_NET_RAW permitted and effective.
FILE_CAPABILITIES = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)

APP = """
#include <stdio.h>
#include <onload/extensions.h>

int main(void)
{
	printf("present %d, stack name %d\\n", onload_is_present(),
	       onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "mine"));
	return 7;
}
"""


@functools.cache
def app():
    """A program as an Onload user makes it: it needs libonload_ext.so.1. Exit status 7."""
    return compiled("app", APP, *pkg_config())


def main():
    unittest.main(verbosity=2)
