#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lkos check: what it says of a program is what happens when the program runs."""

import functools
import json
import os
import random
import re
import resource
import shutil
import struct
import sys
import unittest

import scratch

sys.path.insert(0, str(scratch.TOOLS))

from lkos import elf_facts  # noqa: E402  (the path comes first)

# How libonload_ext.a is made: each function looks for the one that is preloaded when it is first called.
STATIC_EXT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

static int usable(void)
{
	const unsigned *theirs = dlsym(RTLD_DEFAULT, "onload_lib_ext_version");
	return !theirs || (theirs[0] == 1 && theirs[1] >= 2);
}
int onload_is_present(void)
{
	int (*next)(void) = dlsym(RTLD_NEXT, "onload_is_present");
	return next && usable() ? next() : 42;
}
int main(void) { printf("%d\\n", onload_is_present()); return 0; }
"""


def check(*args, **options):
    """(exit status, the JSON)"""
    done = scratch.lkos("check", "--json", *args, **options)
    if done.returncode not in (0, 1):
        raise AssertionError(f"{done.returncode}: {done.stderr}")
    return done.returncode, json.loads(done.stdout)


@functools.cache
def demo():
    """The demo's program, built as its user would."""
    return scratch.compiled(
        "demo", (scratch.TOP / "examples/onload_app.c").read_text(encoding="utf-8"), *scratch.pkg_config()
    )


def importing(name, source, symbols):
    """A program that imports symbols which nothing has that it needs: when it was linked, libdl had them."""
    libdl = scratch.compiled(f"{name}.libdl", symbols, "-shared", "-fPIC", "-Wl,-soname,libdl.so.2")
    return scratch.compiled(name, source, "-fPIC", libdl)


def copied(program, name, mode=0o755):
    path = scratch.folder() / name
    shutil.copy(program, path)
    path.chmod(mode)
    return path


class Case(unittest.TestCase):
    def assert_found(self, result, level, code, words):
        said = [
            f["what"] + " To do: " + f["remedy"]
            for f in result["findings"]
            if (f["level"], f["code"]) == (level, code)
        ]
        self.assertTrue(said, result["findings"])
        self.assertIn(words, " ".join(said))

    def assert_problem(self, args, code, words, **options):
        """It is found, and nothing else is wrong."""
        status, result = check(*args, **options)
        self.assertEqual((status, result["ok"]), (1, False))
        self.assert_found(result, "problem", code, words)
        self.assertEqual({f["code"] for f in result["findings"] if f["level"] == "problem"}, {code})
        return result

    def assert_fine(self, args, **options):
        status, result = check(*args, **options)
        self.assertEqual((status, result["ok"]), (0, True), result["findings"])
        return result

    def assert_unreadable(self, words, *args):
        done = scratch.lkos("check", *args)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Alkos: [^\n]+\n\Z")
        self.assertIn(words, done.stderr)


class Programs(Case):
    def test_demo(self):
        result = self.assert_fine([demo()])
        listed = {row["name"]: row for row in result["symbols"]}
        imported = scratch.must(
            "nm", "--dynamic", "--undefined-only", "--format=just-symbols", demo()
        ).stdout.split()
        self.assertEqual(set(listed), {name for name in imported if name.startswith("onload_")})
        self.assertEqual(listed["onload_is_present"]["answer"], "0")
        self.assertEqual(listed["onload_stack_opt_get_int"]["answer"], "-1, errno ENOSYS")
        self.assertEqual(listed["onload_is_present"]["used_by"], [{"file": str(demo()), "how": "linked"}])
        self.assertLessEqual({"recvmsg", "setsockopt"}, set(result["libc_calls"]))
        self.assert_found(result, "note", "link-library", "lkos run gives it ours")

    def test_answers_are_those_that_the_program_gets(self):
        log = scratch.folder() / "answers"
        scratch.must(scratch.prefix() / "bin/lkos", "run", "--log", log, demo())
        answers = {row["name"]: row["answer"] for row in check(demo())[1]["symbols"]}
        lines = log.read_text(encoding="utf-8").splitlines()
        got = dict(
            line.removeprefix("lk_onload_stub: ").split(": ", 1) for line in lines if ": onload_" in line
        )
        self.assertGreater(len(got), 5)
        for name, answer in got.items():
            if answers[name] != "as described":
                self.assertEqual(answers[name], answer)

    def test_demo_for_people(self):
        text = scratch.lkos("check", demo()).stdout
        self.assertIn(f"{demo()}: x86-64 program" if os.uname().machine == "x86_64" else str(demo()), text)
        self.assertRegex(text, r"onload_is_present +demo +0 +Tells whether")
        self.assertIn(f"It will run: lkos run {demo()}", text)

    def test_problem_for_people(self):
        program = scratch.compiled("static_told", "int main(void) { return 0; }", "-static")
        done = scratch.lkos("check", program)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(
            done.stdout, r"\nproblem  statically linked[^\n]*\n         To do: link the program dynamically"
        )
        self.assertTrue(done.stdout.endswith("1 problem: see above.\n"))

    def test_stripped_program(self):
        stripped = copied(demo(), "stripped")
        scratch.must("strip", "--strip-all", stripped)
        names = [row["name"] for row in check(demo())[1]["symbols"]]
        self.assertEqual([row["name"] for row in self.assert_fine([stripped])["symbols"]], names)

    def test_program_without_section_headers(self):
        path = copied(demo(), "sectionless")
        data = bytearray(path.read_bytes())
        data[40:48] = bytes(8)  # e_shoff
        data[60:64] = bytes(4)  # e_shnum, e_shstrndx
        path.write_bytes(data)
        names = [row["name"] for row in check(demo())[1]["symbols"]]
        self.assertEqual([row["name"] for row in self.assert_fine([path])["symbols"]], names)

    def test_sizes_that_the_file_does_not_have_cost_no_memory(self):
        sized = "<2Q"  # a tag and its value in the dynamic section
        strsz = 10
        size = int(re.search(r"\(STRSZ\) +(\d+)", scratch.must("readelf", "-dW", demo()).stdout)[1])
        data = demo().read_bytes()
        self.assertEqual(data.count(struct.pack(sized, strsz, size)), 1)
        expected = check(copied(demo(), "vast"))
        limit = 300 << 20  # bytes of address space; Python and all that it imports take a third

        def limited():
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        for vast in (1 << 20, limit, 1 << 62):
            with self.subTest(size=vast):
                changed = data.replace(struct.pack(sized, strsz, size), struct.pack(sized, strsz, vast))
                path = scratch.written("vast", changed, 0o755)
                self.assertEqual(check(path, preexec_fn=limited), expected)

    def test_static_libonload_ext(self):
        program = scratch.compiled("with_static_ext", STATIC_EXT)
        scratch.must("strip", "--strip-all", program)
        result = self.assert_fine([program])
        self.assert_found(result, "ok", "static-ext", "find the preloaded library")
        self.assertEqual([row["name"] for row in result["symbols"]], ["onload_is_present"])
        self.assertEqual(result["symbols"][0]["used_by"][0]["how"], "static")
        self.assertEqual(scratch.must(program).stdout, "42\n")
        self.assertEqual(scratch.lkos("run", program).stdout, "0\n")

    def test_function_looked_up_by_name(self):
        source = '#include <dlfcn.h>\nint main(void) { return dlsym(0, "onload_fd_stat") != 0; }'
        program = scratch.compiled("looks_up", source)
        result = self.assert_fine([program])
        self.assertEqual(
            [(row["name"], row["used_by"][0]["how"]) for row in result["symbols"]],
            [("onload_fd_stat", "dlsym")],
        )
        self.assertEqual(scratch.lkos("run", program).returncode, 1)

    def test_true(self):
        result = self.assert_fine(["/bin/true"])
        self.assertEqual(result["symbols"], [])
        self.assert_found(result, "ok", "answered", "uses no symbol of Onload")

    def test_command_of_path(self):
        self.assertEqual(self.assert_fine(["true"], cwd="/")["program"], shutil.which("true"))

    def test_static_binary(self):
        for name, option in (("static", "-static"), ("static_pie", "-static-pie")):
            program = scratch.compiled(name, "int main(void) { return 0; }", option)
            self.assert_problem([program], "static", "without -static")

    def test_shell_script(self):
        script = scratch.written("script", f"#!/bin/sh\nexec {scratch.app()}\n", 0o755)
        result = self.assert_fine([script])
        self.assertEqual(result["kind"], "script")
        self.assert_found(result, "note", "script", "run by /bin/sh")
        script = scratch.written("env_script", "#!/usr/bin/env -S sh -e\n", 0o755)
        self.assert_found(self.assert_fine([script]), "note", "script", f"run by {shutil.which('sh')}")
        script = scratch.written("script_of_a_script", f"#!{script}\n", 0o755)
        self.assert_found(self.assert_fine([script]), "note", "script", f"run by {shutil.which('sh')}")
        script = scratch.written("endless", f"#!{scratch.folder()}/endless\n", 0o755)
        self.assert_unreadable("and so on", script)

    def test_files_that_something_runs_by_their_name(self):
        for name, runs in (("app.py", "python3"), ("app.sh", "sh"), ("app.jar", "java -jar")):
            path = scratch.written(name, b"PK\3\4\0" if name == "app.jar" else "\n")
            program = runs.partition(" ")[0]
            if not shutil.which(program):
                self.assert_unreadable(f"is run by {program}, which is not there", path)
                continue
            result = self.assert_fine([path])
            self.assert_found(result, "note", "script", f"run by {shutil.which(program)}")
            self.assertTrue(scratch.lkos("check", path).stdout.endswith(f"It will run: lkos run {runs} {path}\n"))

    def test_script_that_uses_onload(self):
        source = "#!/usr/bin/env python3\nimport ctypes\nprint(ctypes.CDLL('libonload_ext.so.1').onload_is_present())\n"
        script = scratch.written("uses.py", source, 0o755)
        result = self.assert_fine([script])
        self.assertEqual([row["name"] for row in result["symbols"]], ["onload_is_present"])
        self.assert_found(result, "note", "opens-link-library", "opens libonload_ext.so.1; the loader finds none")
        self.assertEqual(scratch.lkos("run", script).stdout, "0\n")

    def test_script_run_by_what_will_not_work(self):
        static = scratch.compiled("static_shell", "int main(void) { return 0; }", "-static")
        script = scratch.written("static_script", f"#!{static}\n", 0o755)
        self.assert_problem([script], "static", "statically linked")

    def test_set_user_id_program(self):
        self.assert_problem([copied(scratch.app(), "set_uid", 0o4755)], "privileges", "set-user-ID")
        self.assert_problem([copied(scratch.app(), "set_gid", 0o2755)], "privileges", "set-group-ID")

    def test_file_capabilities(self):
        program = copied(scratch.app(), "capable")
        try:
            os.setxattr(program, "security.capability", scratch.FILE_CAPABILITIES)
        except OSError as error:
            print(f"not run: file capabilities cannot be set here ({error})")
            self.skipTest("file capabilities")
        self.assert_problem([program], "privileges", "file capabilities")

    def test_other_machine(self):
        program = copied(scratch.app(), "other_machine")
        data = bytearray(program.read_bytes())
        data[18:20] = struct.pack("<H", 258)  # e_machine: LoongArch
        program.write_bytes(data)
        self.assert_problem([program], "machine", "made for LoongArch")

    def test_other_class(self):
        folder = scratch.folder()
        (folder / "small.s").write_text(".globl _start\n_start:\n ret\n", encoding="utf-8")
        if scratch.run("as", "--32", "-o", folder / "small.o", folder / "small.s").returncode != 0:
            print("not run: this machine's assembler makes no 32-bit program")
            self.skipTest("no 32-bit assembler")
        scratch.must("ld", "-m", "elf_i386", "-o", folder / "small", folder / "small.o")
        self.assert_problem([folder / "small"], "machine", "made for i386 (32 bits)")

    def test_other_libc(self):
        program = scratch.compiled(
            "musl", "int main(void) { return 0; }", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1"
        )
        self.assert_problem([program], "libc", "needs glibc")

    def test_missing_loader(self):
        program = scratch.compiled(
            "no_loader", "int main(void) { return 0; }", "-Wl,--dynamic-linker=/no/ld-linux.so.2"
        )
        self.assert_problem([program], "loader", "which is not there")

    def test_go(self):
        """It is a problem where Onload is used, and otherwise no more than worth knowing."""
        info = '__attribute__((section(".go.buildinfo"), used)) static char info[] = "Go build";'
        source = f"{info} int main(void) {{ return info[0]; }}"
        for name, options, words in (("go", ["-static"], "without libc"), ("cgo", [], "past libc")):
            result = self.assert_fine([scratch.compiled(name, source, *options)])
            self.assert_found(result, "note", "go", words)
        self.assertTrue(
            scratch.lkos("check", scratch.folder() / "go").stdout.endswith(
                "Nothing of Onload is used: it will run without lkos.\n"
            )
        )
        source = f"{info} int onload_is_present(void); int main(void) {{ return info[0] + onload_is_present(); }}"
        self.assert_problem([scratch.compiled("cgo_onload", source, *scratch.pkg_config())], "go", "past libc")

    def test_program_with_its_own_libraries_that_is_started_by_a_link(self):
        folder = scratch.folder() / "bundle"
        for name in ("bin", "lib"):
            (folder / name).mkdir(parents=True)
        library = scratch.compiled("bundle/lib/libbundled.so", "int f(void) { return 0; }", "-shared", "-fPIC",
                                   "-Wl,-soname,libbundled.so")
        source = "int f(void); int main(void) { return f(); }"
        program = scratch.compiled("bundle/bin/app", source, library, "-Wl,-rpath,$ORIGIN/../lib")
        link = scratch.folder() / "link_to_app"
        link.symlink_to(program)
        self.assertEqual(scratch.must(link).returncode, 0)
        for path in (program, link):
            found = {row["name"]: row["path"] for row in self.assert_fine([path])["libraries"]}
            self.assertTrue(os.path.samefile(found["libbundled.so"], library))

    def test_program_built_with_a_sanitizer(self):
        program = scratch.compiled("sanitized", "int main(void) { return 0; }", "-fsanitize=address")
        self.assert_found(self.assert_fine([program]), "ok", "sanitizer", "lkos run puts it before the library")
        self.assertEqual(scratch.lkos("run", program).returncode, 0)

    def test_library_that_needs_a_newer_glibc(self):
        done = scratch.run(scratch.for_newer_glibc() / "bin/lkos", "check", "/bin/true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("version `GLIBC_9.9' not found", done.stdout)

    def test_sudo(self):
        program = copied("/bin/true", "sudo")
        self.assert_problem([program], "privileges", "sudo lkos run ./app, and not lkos run sudo ./app")

    def test_symbols_cost_next_to_nothing(self):
        """Programs of 100 MB have hundreds of thousands. Counted are calls of Python functions."""
        def calls(path):
            counted = [0]
            sys.setprofile(lambda frame, event, argument: counted.__setitem__(0, counted[0] + (event == "call")))
            try:
                elf_facts.read(path)
            finally:
                sys.setprofile(None)
            return counted[0]

        many = 20000
        names = "".join(f".globl lkos_{i}\\nlkos_{i}:\\n" for i in range(many))
        source = f'__asm__("{names}"); int main(void) {{ return 0; }}'
        few = calls(str(scratch.compiled("few", "int main(void) { return 0; }")))
        self.assertLess(calls(str(scratch.compiled("many", source))) - few, many)
        exporting = scratch.compiled("exporting", source, "-rdynamic")
        self.assertGreater(len(elf_facts.read(exporting).exports), many)
        self.assertLess(calls(str(exporting)) - few, 20 * many)  # pyelftools parses the hash table

    def test_not_executable(self):
        self.assert_problem([copied(scratch.app(), "plain_file", 0o644)], "not-executable", "chmod +x")


class Libraries(Case):
    def test_io_uring(self):
        """It is a problem where Onload is used, and otherwise no more than worth knowing."""
        library = scratch.compiled(
            "liburing.so.2",
            "int io_uring_queue_init(void) { return 0; }",
            "-shared",
            "-fPIC",
            "-Wl,-soname,liburing.so.2",
        )
        linked = (library, f"-Wl,-rpath,{scratch.folder()}", *scratch.pkg_config())
        for name, source, options in (
            ("uring", "int io_uring_queue_init(void); int main(void) { return io_uring_queue_init()%s; }", linked),
            (
                "own_uring",
                "int io_uring_queue_init_params(void) { return 0; } int main(void) { return 0%s; }",
                scratch.pkg_config(),
            ),
        ):
            result = self.assert_fine([scratch.compiled(name, source % "", *options)])
            self.assert_found(result, "note", "io_uring", "does not pass libc")
            source = "int onload_is_present(void); " + source % " + onload_is_present()"
            self.assert_problem([scratch.compiled(name, source, *options)], "io_uring", "does not pass libc")

    def test_symbol_unknown_to_the_spec(self):
        source = "int onload_new_thing(void); int main(void) { return onload_new_thing(); }"
        program = importing("unknown", source, "int onload_new_thing(void) { return 0; }")
        self.assert_problem([program], "unknown", "onload_new_thing")
        weak = "__attribute__((weak)) " + source.replace(
            "return onload_new_thing()", "return onload_new_thing ? 1 : 0"
        )
        result = self.assert_fine(
            [scratch.compiled("unknown_weak", weak, "-fPIC", "-Wl,-z,dynamic-undefined-weak")]
        )
        self.assert_found(result, "note", "unknown", "NULL")

    def test_symbol_of_the_programs_own_library(self):
        library = scratch.compiled(
            "libtheirs.so", "int onload_helper(void) { return 0; }", "-shared", "-fPIC"
        )
        source = "int onload_helper(void); int main(void) { return onload_helper(); }"
        self.assert_fine([scratch.compiled("theirs", source, library, f"-Wl,-rpath,{scratch.folder()}")])

    def test_version_text_of_libonload(self):
        use = "extern const char *const onload_version{}; int main(void) {{ return {}; }}"
        defined = 'const char *const onload_version = "";'
        strong = importing("strong_version", use.format("", "onload_version[0]"), defined)
        self.assert_problem([strong], "data", "declare it weak")
        weak = importing(
            "weak_version", use.format(" __attribute__((weak))", "&onload_version != 0"), defined
        )
        result = self.assert_fine([weak])
        self.assertEqual(result["symbols"][0]["used_by"][0]["how"], "weak")
        self.assertEqual(scratch.lkos("run", weak).returncode, 0)

    def test_both_names_of_the_link_library(self):
        for number, fine in ((1, True), (2, True), (3, False)):
            name = f"libonload_ext.so.{number}"
            library = scratch.compiled(
                name, "int onload_is_present(void) { return 0; }", "-shared", "-fPIC", f"-Wl,-soname,{name}"
            )
            source = "int onload_is_present(void); int main(void) { return onload_is_present(); }"
            program = scratch.compiled(f"needs_{number}", source, library)
            library.unlink()
            if fine:
                self.assert_found(self.assert_fine([program]), "note", "link-library", f"needs {name}")
                self.assertEqual(scratch.lkos("run", program).returncode, 0)
            else:
                self.assert_problem([program], "missing-library", "no release of Onload has one by that name")
                self.assertEqual(scratch.lkos("run", program).returncode, 127)

    def test_link_library_that_is_opened(self):
        source = "#include <dlfcn.h>\nint main(void) { return !dlopen(\"%s\", RTLD_NOW); }"
        for name in ("libonload_ext.so.1", "libonload_ext.so.2", "libonload_ext.so"):
            program = scratch.compiled("opens", source % name)
            words = f"opens {name}; the loader finds none; lkos run gives it ours"
            self.assert_found(self.assert_fine([program]), "note", "opens-link-library", words)
            self.assertEqual(scratch.lkos("run", program).returncode, 0)
            env = scratch.environment(LD_LIBRARY_PATH=scratch.link_folder())
            words = f"opens {name}; the loader finds {scratch.link_folder()}/{name}"
            self.assert_found(self.assert_fine([program], env=env), "ok", "opens-link-library", words)
        program = scratch.compiled("opens", source % "libonload_ext.so.3")
        words = "no release of Onload has one by that name"
        self.assert_found(self.assert_fine([program]), "note", "opens-link-library", words)
        self.assertEqual(scratch.lkos("run", program).returncode, 1)

    def test_link_library_that_is_found(self):
        env = scratch.environment(LD_LIBRARY_PATH=scratch.link_folder())
        result = self.assert_fine([scratch.app()], env=env)
        self.assertNotIn("link-library", [f["code"] for f in result["findings"]])

    def test_missing_library(self):
        library = scratch.compiled(
            "libgone.so.5", "int gone(void) { return 0; }", "-shared", "-fPIC", "-Wl,-soname,libgone.so.5"
        )
        program = scratch.compiled("needs_gone", "int gone(void); int main(void) { return gone(); }", library)
        library.unlink()
        self.assert_problem([program], "missing-library", "needs libgone.so.5")

    def test_library_that_is_too_old(self):
        def made(version):
            script = scratch.written("aged.map", f"{version} {{ aged; }};")
            options = ("-shared", "-fPIC", "-Wl,-soname,libaged.so.5", f"-Wl,--version-script={script}")
            return scratch.compiled("libaged.so.5", "int aged(void) { return 0; }", *options)

        source = "int aged(void); int main(void) { return aged(); }"
        program = scratch.compiled("needs_aged", source, made("AGED_2"), "-Wl,-rpath,$ORIGIN")
        self.assert_fine([program])
        library = made("AGED_1")
        self.assertEqual(scratch.lkos("run", program).returncode, 1)  # the loader's
        self.assert_problem([program], "old-library", f"needs AGED_2 of libaged.so.5, which {library} does not have")

    def test_library_that_drives_the_card(self):
        library = scratch.compiled(
            "libciul.so.1",
            "int ef_driver_open(void) { return 0; }",
            "-shared",
            "-fPIC",
            "-Wl,-soname,libciul.so.1",
        )
        source = "int ef_driver_open(void); int main(void) { return ef_driver_open(); }"
        program = scratch.compiled("direct", source, library, f"-Wl,-rpath,{scratch.folder()}")
        self.assert_problem([program], "direct", "ef_vi")

    def test_needed_library_is_read_too(self):
        source = "int onload_fd_stat(int, void *); int f(void) { return onload_fd_stat(0, 0); }"
        library = scratch.compiled("libuser.so", source, "-shared", "-fPIC", *scratch.pkg_config())
        program = scratch.compiled(
            "uses_user",
            "int f(void); int main(void) { return f(); }",
            library,
            f"-Wl,-rpath,{scratch.folder()}",
            "-Wl,--allow-shlib-undefined",
        )
        result = self.assert_fine([program])
        self.assertEqual(result["symbols"][0]["used_by"], [{"file": str(library), "how": "linked"}])

    def test_given_library(self):
        source = "int onload_fd_stat(int, void *); int f(void) { return onload_fd_stat(0, 0); }"
        library = scratch.compiled("plugin.so", source, "-shared", "-fPIC", *scratch.pkg_config())
        result = self.assert_fine(["/bin/true", library])
        self.assertEqual([row["name"] for row in result["symbols"]], ["onload_fd_stat"])
        self.assert_found(result, "note", "link-library", f"LD_LIBRARY_PATH={scratch.link_folder()}")

    def test_shared_library_alone(self):
        result = self.assert_fine([scratch.library()])
        self.assertEqual(result["kind"], "library")

    def test_functions_without_the_link_library(self):
        source = "int onload_is_present(void); int main(void) { return onload_is_present(); }"
        program = importing("preload_only", source, "int onload_is_present(void) { return 1; }")
        self.assert_found(
            self.assert_fine([program]), "note", "preload-only", "starts with the library preloaded"
        )
        self.assertEqual(scratch.lkos("run", program).returncode, 0)

    def test_own_libc_calls(self):
        source = (
            "int recvmsg(int fd, void *m, int f) { return fd; } int main(void) { return recvmsg(0, 0, 0); }"
        )
        program = scratch.compiled("own_calls", source, "-rdynamic", "-fno-builtin")
        self.assert_found(self.assert_fine([program]), "note", "own-calls", "has its own recvmsg")


class Unreadable(Case):
    def test_missing_file(self):
        self.assert_unreadable("/no/such: No such file or directory", "/no/such")

    def test_directory(self):
        self.assert_unreadable("/etc: is a directory", "/etc")

    def test_device(self):
        self.assert_unreadable("/dev/null: is no regular file", "/dev/null")

    def test_missing_library(self):
        self.assert_unreadable("/no/such.so: No such file", "/bin/true", "/no/such.so")

    def test_text(self):
        self.assert_unreadable("neither an ELF file nor a script", scratch.written("text", "hello\n"))
        self.assert_unreadable("neither an ELF file nor a script", scratch.written("nothing", ""))

    def test_script_without_interpreter(self):
        self.assert_unreadable("/no/such, which is not there", scratch.written("lost", "#!/no/such\n", 0o755))
        self.assert_unreadable("names no interpreter", scratch.written("blank", "#!\n", 0o755))

    def test_object_file(self):
        path = scratch.compiled("object.o", "int x;", "-c")
        self.assert_unreadable("is an object file", path)

    def test_no_permission(self):
        path = copied(scratch.app(), "secret", 0o000)
        options = scratch.as_another_user(self)  # root reads everything
        done = scratch.lkos("check", path, **options)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("Permission denied", done.stderr)

    def test_truncated_elf_file(self):
        data = scratch.app().read_bytes()
        for size in [5, 51, 63, 64, 100, 1000, len(data) // 2, len(data) - 1]:
            with self.subTest(size=size):
                self.assert_unreadable("", scratch.written("truncated", data[:size], 0o755))
        self.assert_unreadable(
            "cut short or damaged", scratch.written("truncated", data[: len(data) // 2], 0o755)
        )

    def test_damaged_elf_file_is_no_crash(self):
        data = scratch.app().read_bytes()
        choose = random.Random(1)
        for _ in range(8):
            damaged = bytearray(data)
            for _ in range(8):  # in the headers, where it matters
                damaged[choose.randrange(16, 2000)] = choose.randrange(256)
            done = scratch.lkos("check", scratch.written("damaged", bytes(damaged), 0o755))
            self.assertIn(done.returncode, (0, 1, 2))
            self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    scratch.main()
