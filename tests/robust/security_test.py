#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the built library must be, and what it must not believe."""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

import robust

LIBRARIES = [robust.LIBRARY, *(robust.LIBRARY.with_name(name) for name in
                               ("libonload_ext.so", "libonload_ext.so.1", "libonload_ext.so.2"))]
LIFE = robust.HERE / "life"
DF_BIND_NOW, DF_TEXTREL, DF_1_NOW = 0x8, 0x4, 0x1
PF_X, PF_W = 1, 2
NOBODY = 65534
CAPABILITY = "cap_net_raw+ep"


def flags_of(dynamic, tag):
    return next((entry.entry.d_val for entry in dynamic.iter_tags(tag)), 0)


class Built(unittest.TestCase):
    def each(self):
        for path in LIBRARIES:
            with open(path, "rb") as file:
                elf = ELFFile(file)
                dynamic = next(section for section in elf.iter_sections() if isinstance(section, DynamicSection))
                yield elf, dynamic

    def test_what_is_relocated_is_read_only_from_the_start(self):
        for elf, dynamic in self.each():
            self.assertTrue([1 for segment in elf.iter_segments("PT_GNU_RELRO")])
            self.assertTrue(flags_of(dynamic, "DT_FLAGS") & DF_BIND_NOW)
            self.assertTrue(flags_of(dynamic, "DT_FLAGS_1") & DF_1_NOW)

    def test_nothing_can_be_both_written_and_executed(self):
        for elf, dynamic in self.each():
            stack = list(elf.iter_segments("PT_GNU_STACK"))
            self.assertEqual(len(stack), 1)
            for segment in [*stack, *elf.iter_segments("PT_LOAD")]:
                both = segment["p_flags"] & (PF_X | PF_W)
                self.assertNotEqual(both, PF_X | PF_W)
            self.assertFalse(stack[0]["p_flags"] & PF_X)
            self.assertFalse(list(dynamic.iter_tags("DT_TEXTREL")))
            self.assertFalse(flags_of(dynamic, "DT_FLAGS") & DF_TEXTREL)

    def test_no_path_to_libraries_is_built_in(self):
        for _, dynamic in self.each():
            self.assertFalse([*dynamic.iter_tags("DT_RPATH"), *dynamic.iter_tags("DT_RUNPATH")])

    def test_only_libc_is_needed(self):
        """With libdl, which is a part of it: before glibc 2.34 it has dlsym."""
        for _, dynamic in self.each():
            needed = {tag.needed for tag in dynamic.iter_tags("DT_NEEDED")}
            self.assertLessEqual(needed, {"libc.so.6", "libdl.so.2", "ld-linux-x86-64.so.2"})

    def test_no_text_from_outside_is_a_format(self):
        """Only the log formats, with vsnprintf; and nothing here writes to stdio."""
        with open(robust.LIBRARY, "rb") as file:
            symbols = ELFFile(file).get_section_by_name(".dynsym").iter_symbols()
            wanted = {symbol.name for symbol in symbols if symbol["st_shndx"] == "SHN_UNDEF"}
        formatting = {name for name in wanted if "print" in name or "scanf" in name or name in ("syslog", "err", "warn")}
        self.assertLessEqual(formatting, {"snprintf", "vsnprintf"})
        self.assertFalse(wanted & {"system", "popen", "execve", "execv", "gets", "strcpy", "strcat", "sprintf", "malloc",
                                   "calloc", "realloc", "free", "getenv", "exit", "abort", "_exit"})


class Trusting(robust.Case):
    def test_a_hostile_setting_is_only_text(self):
        for value in ("%n%n%n%n%s%s", "%s" * 500, "-1", "99999999999999999999", "0x10", "1 ", "", "\x1b[2J", "1%n"):
            with self.subTest(value=value):
                ran = robust.run([LIFE, "plain"], (robust.LIBRARY,), {"LKOS_LOG_FD": value})
                self.assertEqual(ran.status, 0, ran.err)
                self.assertIn(f"LKOS_LOG_FD={value} is not a descriptor number", ran.err)
                self.assertEqual(ran.err.count("\n"), 1)

    def ways_to_privilege(self):
        """[(name, what gives it to a program of root's)]: a program that has more rights than who runs it does not
        believe its environment."""
        if os.geteuid() != 0:
            self.not_run("only root can make a program that another user runs as root")
        ways = [("set-user-ID", lambda program: os.chmod(program, 0o755 | stat.S_ISUID)),
                ("set-group-ID", lambda program: os.chmod(program, 0o755 | stat.S_ISGID))]
        setcap = shutil.which("setcap", path="/usr/sbin:/usr/bin:/sbin:/bin")
        with tempfile.NamedTemporaryFile(dir="/tmp") as probe:
            if os.statvfs(probe.name).f_flag & os.ST_NOSUID:
                self.not_run("/tmp is mounted nosuid")
            if not setcap:
                print("not run: a program with a file capability: setcap is not installed (libcap2-bin)", flush=True)
                return ways
            tried = subprocess.run([setcap, CAPABILITY, probe.name], text=True, capture_output=True, check=False)
        if tried.returncode:
            print(f"not run: a program with a file capability: setcap: {tried.stderr.strip()}", flush=True)
            return ways
        return [*ways, ("file capability", lambda program: subprocess.run([setcap, CAPABILITY, program], check=True))]

    def run_as_nobody(self, words, **more):
        """With no group of root's either, or set-group-ID would give it nothing."""
        return subprocess.run(words, text=True, capture_output=True, timeout=robust.LIMIT, check=False, user=NOBODY,
                              group=NOBODY, extra_groups=[], **more)

    def test_a_privileged_program_does_not_load_it_from_the_environment(self):
        for name, give in self.ways_to_privilege():
            with self.subTest(way=name), tempfile.TemporaryDirectory(dir="/tmp") as folder:
                program, library = pathlib.Path(folder, "program"), pathlib.Path(folder, robust.LIBRARY.name)
                shutil.copy(LIFE, program)
                shutil.copy(robust.LIBRARY, library)
                os.chmod(folder, 0o755)
                os.chmod(library, 0o755 | stat.S_ISUID)  # ld.so takes no other from such an environment

                def run():
                    with open(pathlib.Path(folder, "log"), "w+", encoding="utf-8") as log:
                        ran = self.run_as_nobody([program, "plain"], pass_fds=(log.fileno(),),
                                                 env={"LD_PRELOAD": str(library), "LKOS_LOG_FD": str(log.fileno())})
                        log.seek(0)
                        return ran.stdout, log.read()

                os.chmod(program, 0o755)
                out, log = run()  # without the privilege it is
                self.assertIn("--T", out)
                self.assertIn("loaded", log)
                give(program)
                out, log = run()
                self.assertIn("received T--", out)  # it ran, and saw what the kernel gives
                self.assertNotIn("--T", out)
                self.assertEqual(log, "")

    def test_a_privileged_program_that_loads_it_ignores_the_log(self):
        """Linked with the library, so that ld.so's own caution does not hide ours."""
        for name, give in self.ways_to_privilege():
            with self.subTest(way=name), tempfile.TemporaryDirectory(dir="/tmp") as folder:
                shutil.copy(robust.LIBRARY, folder)
                source, program = pathlib.Path(folder, "program.c"), pathlib.Path(folder, "program")
                source.write_text("int onload_is_present(void);\nint main(void) { return onload_is_present(); }\n")
                subprocess.run(["/usr/bin/gcc", source, "-o", program, pathlib.Path(folder, robust.LIBRARY.name),
                                f"-Wl,-rpath,{folder}"], check=True)
                os.chmod(folder, 0o755)
                for privileged in (False, True):
                    if privileged:
                        give(program)
                    ran = self.run_as_nobody([program], env={"LKOS_LOG_FD": "2"})
                    self.assertEqual(ran.returncode, 0, ran.stderr)
                    self.assertEqual("loaded" in ran.stderr, not privileged, ran.stderr)

    def test_the_log_does_not_follow_a_descriptor_that_changed_hands(self):
        """A program closes every descriptor and gets its numbers anew: no line lands in its file."""
        script = """
import os, socket
def use():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, 37, 0x44)
    one.close()
use()
os.closerange(3, 4096)
files = [os.open(FOLDER + "/mine", os.O_RDWR | os.O_CREAT) for _ in range(1000)]
use()
"""
        with tempfile.TemporaryDirectory() as folder:
            with open(pathlib.Path(folder, "log"), "w+", encoding="utf-8") as log:
                os.dup2(log.fileno(), 77)
                ran = robust.run(["/usr/bin/python3", "-c", f"FOLDER = {folder!r}\n{script}"], (robust.LIBRARY,),
                                 {"LKOS_LOG_FD": "77"}, pass_fds=(77,))
                os.close(77)
                log.seek(0)
                lines = log.read()
            self.assertEqual(ran.status, 0, ran.err)
            self.assertEqual(pathlib.Path(folder, "mine").read_text(), "")
            self.assertEqual(lines.count("timestamps: "), 1, lines)


if __name__ == "__main__":
    unittest.main()
