#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tools/build.sh makes what Bazel makes, with a C compiler alone."""

import sys
import unittest

from elftools.elf.elffile import ELFFile

import scratch

LIBRARIES = ("liblk_onload_stub.so", "liblk_onload_emulation.so", "libonload_ext.so.1", "libonload_ext.so.2")
SCRIPT = scratch.TOOLS / "build.sh"

# Put before this machine's headers: they take away what those of glibc 2.17 and Linux 3.10 have not.
OLD_HEADERS = {
    "asm-generic/socket.h": """
#include_next <asm-generic/socket.h>
#undef SO_TIMESTAMPING_OLD
#undef SO_TIMESTAMPING_NEW
""",
    "linux/net_tstamp.h": "#include_next <linux/net_tstamp.h>\n"
    + "".join(
        f"#define SOF_TIMESTAMPING_{name} is_too_new\n"
        for name in (
            "TX_SCHED",
            "TX_ACK",
            "OPT_ID",
            "OPT_CMSG",
            "OPT_TSONLY",
            "OPT_STATS",
            "OPT_PKTINFO",
            "OPT_TX_SWHW",
            "BIND_PHC",
            "OPT_ID_TCP",
            "OPT_RX_FILTER",
            "TX_COMPLETION",
        )
    ),
    "netinet/in.h": "#include_next <netinet/in.h>\n#define IPPROTO_MPTCP is_too_new\n",
    "sys/single_threaded.h": "#error is too new\n",
    "sys/syscall.h": "#include_next <sys/syscall.h>\n#undef SYS_pidfd_getfd\n",
}


def exports(path):
    with path.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".dynsym").iter_symbols()
        return {s.name: s["st_info"]["type"] for s in symbols if s["st_shndx"] != "SHN_UNDEF"}


class Build(unittest.TestCase):
    def build(self, compiler):
        where = scratch.folder() / "built" / compiler
        if not where.exists():
            scratch.must(SCRIPT, "--out", where, env=scratch.environment(CC=compiler))
        return where

    def test_exports_are_those_of_bazels_libraries(self):
        for compiler in ("gcc", "clang"):
            for name in LIBRARIES:
                with self.subTest(compiler=compiler, library=name):
                    built = exports(self.build(compiler) / name)
                    self.assertGreater(len(built), 20)
                    self.assertEqual(built, exports(scratch.TOP / name))

    def test_the_demo_is_as_promised(self):
        for compiler in ("gcc", "clang"):
            with self.subTest(compiler):
                where = self.build(compiler)
                app = where / "onload_app"
                scratch.must(
                    compiler,
                    f"-I{scratch.TOP / 'generated/include'}",
                    scratch.TOP / "examples/onload_app.c",
                    f"-L{where}",
                    "-lonload_ext",
                    "-o",
                    app,
                )
                demo = scratch.TOP / "examples/demo.py"
                scratch.must(sys.executable, demo, "--app", app, "--library", where / LIBRARIES[0])

    def test_compiles_with_old_headers(self):
        headers = scratch.folder() / "old"
        for name, text in OLD_HEADERS.items():
            (headers / name).parent.mkdir(parents=True, exist_ok=True)
            (headers / name).write_text(text, encoding="ascii")
        where = scratch.folder() / "built" / "old"
        scratch.must(SCRIPT, "--out", where, env=scratch.environment(CFLAGS=f"-isystem {headers}"))
        self.assertEqual(exports(where / LIBRARIES[0]), exports(scratch.TOP / LIBRARIES[0]))

    def test_the_static_library_is_whole(self):
        for compiler in ("gcc", "clang"):
            with self.subTest(compiler):
                archive = self.build(compiler) / "libonload_ext.a"
                options = (f"-I{scratch.TOP / 'generated/include'}", archive, "-ldl")
                program = scratch.compiled(f"static_{compiler}", scratch.APP, *options)
                self.assertEqual(scratch.run(program).returncode, 7)

    def test_is_installed_with_built(self):
        prefix = scratch.folder() / "prefix"
        where = self.build("gcc")
        done = scratch.install(prefix, "--built", where)
        self.assertEqual(done.returncode, 0, done.stderr)
        installed = prefix / "lib/liblk_onload_stub.so"
        self.assertEqual(installed.read_bytes(), (where / LIBRARIES[0]).read_bytes())

    def test_misuse_is_told_and_exits_2(self):
        for args, env, message in [
            (["--out"], {}, "--out needs the name of a folder"),
            (["--sideways"], {}, "--sideways: no such option; see --help"),
            (["--out", "/proc/none"], {}, "--out /proc/none: cannot make this folder"),
            (["--out", scratch.folder() / "none"], {"CC": "nocc -m32"}, "nocc -m32: not found"),
        ]:
            with self.subTest(args=args):
                done = scratch.run(SCRIPT, *args, env=scratch.environment(**env))
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(message, done.stderr)

    def test_help_has_an_example(self):
        done = scratch.run(SCRIPT, "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("tools/install.py --built built", done.stdout)


if __name__ == "__main__":
    scratch.main()
