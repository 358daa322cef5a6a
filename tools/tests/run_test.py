#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lkos run: the program runs as it would without, but for the library."""

import os
import resource
import shutil
import signal
import subprocess
import unittest

import scratch

STARTUP_LIMIT = 0.1  # seconds that lkos run may add


def environment_of(*argv, env=None):
    """The environment that a program gets, and without lkos would get."""
    printed = scratch.lkos("run", *argv, "/usr/bin/env", "-0", env=env).stdout
    return dict(entry.split("=", 1) for entry in printed.split("\0") if entry)


def ignoring_pipe():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)


class InPlace(unittest.TestCase):
    def test_exit_status_is_the_programs(self):
        self.assertEqual(scratch.lkos("run", "sh", "-c", "exit 42").returncode, 42)

    def test_death_by_a_signal_is_the_programs(self):
        self.assertEqual(scratch.lkos("run", "sh", "-c", "kill -KILL $$").returncode, -signal.SIGKILL)

    def test_process_is_the_same(self):
        argv = [scratch.prefix() / "bin/lkos", "run", "sh", "-c", "echo $$"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=scratch.environment()) as process:
            self.assertEqual(process.communicate()[0].strip(), str(process.pid))

    def test_signals_reach_the_program(self):
        argv = [
            scratch.prefix() / "bin/lkos",
            "run",
            "sh",
            "-c",
            "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done",
        ]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=scratch.environment()) as process:
            process.stdout.readline()
            process.terminate()
            self.assertEqual(process.wait(scratch.TIME_LIMIT), 9)

    def test_ignored_signals_are_those_that_lkos_was_started_with(self):
        show = ["grep", "SigIgn", "/proc/self/status"]
        for preexec in (None, ignoring_pipe):
            options = {"restore_signals": preexec is None, "preexec_fn": preexec}
            with self.subTest(ignoring=preexec is not None):
                self.assertEqual(
                    scratch.lkos("run", *show, **options).stdout, scratch.run(*show, **options).stdout
                )

    def test_arguments_are_passed_on_as_they_are(self):
        args = ["--log", "a b", "", "-v", "--", "*", "$HOME", "\udcff"]
        show = ["sh", "-c", 'printf "[%s]" "$0" "$@"']
        self.assertEqual(scratch.lkos("run", *show, *args).stdout, scratch.run(*show, *args).stdout)

    def test_environment_differs_by_what_loads_the_library(self):
        base = {"PATH": os.environ["PATH"], "PWD": os.getcwd(), "EMPTY": "", "odd": "a\nb"}
        for more in ({}, {"LC_ALL": "C"}, {"LC_CTYPE": "C.UTF-8"}, {"LANG": "C"}):
            with self.subTest(more):
                env = base | more
                added = {"LD_PRELOAD": str(scratch.library()), "LD_LIBRARY_PATH": str(scratch.link_folder())}
                self.assertEqual(environment_of(env=env), env | added)

    def test_program_is_called_by_the_name_that_was_given(self):
        self.assertEqual(scratch.lkos("run", "sh", "-c", "cat /proc/$$/cmdline").stdout.split("\0")[0], "sh")

    def test_no_descriptor_is_left_open(self):
        show = ["ls", "/proc/self/fd"]
        self.assertEqual(scratch.lkos("run", *show).stdout, scratch.run(*show).stdout)

    def test_closed_descriptors_stay_closed(self):
        for closed in ("<&-", ">&-", "<&- >&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                run = f"{scratch.prefix()}/bin/lkos run sh -c 'exit 3' {closed}"
                self.assertEqual(scratch.run("sh", "-c", run).returncode, 3)

    def test_double_dash_ends_the_options(self):
        self.assertEqual(scratch.lkos("run", "--", "echo", "-v").stdout, "-v\n")

    def test_text_without_interpreter_is_run_by_sh(self):
        script = scratch.written("plain", "exit 5\n", 0o755)
        self.assertEqual(scratch.lkos("run", script).returncode, 5)

    def test_startup_takes_less_than_a_tenth_of_a_second(self):
        def processor_time():
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime

        def best(*argv):
            """Processor time, the least of several runs: other work on the machine does not count."""
            times = []
            while len(times) < 10 or (len(times) < 40 and min(times) >= STARTUP_LIMIT):
                begin = processor_time()
                scratch.must(*argv)
                times.append(processor_time() - begin)
            return min(times)

        added = best(scratch.prefix() / "bin/lkos", "run", "/bin/true") - best("/bin/true")
        print(f"lkos run adds {added * 1000:.0f} ms")
        self.assertLess(added, STARTUP_LIMIT)


class Preload(unittest.TestCase):
    def test_library_answers(self):
        done = scratch.lkos("run", "--log", "-", scratch.app())
        self.assertIn("lk_onload_stub: onload_is_present: 0", done.stderr)
        self.assertEqual((done.returncode, done.stdout), (7, "present 0, stack name 0\n"))

    def test_library_comes_before_others(self):
        library, other = str(scratch.library()), str(scratch.link_folder() / "libonload_ext.so.1")
        for given in (other, f"{other} {library}", f"{other}:{library}"):
            with self.subTest(given):
                env = scratch.environment(LD_PRELOAD=given)
                self.assertEqual(environment_of(env=env)["LD_PRELOAD"], f"{library}:{other}")

    def test_it_can_be_nested(self):
        lkos = scratch.prefix() / "bin/lkos"
        self.assertEqual(environment_of(lkos, "run")["LD_PRELOAD"], str(scratch.library()))

    def test_path_that_the_loader_cannot_take_is_refused(self):
        where = scratch.folder() / "with blank"
        self.assertEqual(scratch.install(where).returncode, 0)
        done = scratch.run(where / "bin/lkos", "run", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("with blank", done.stderr)

    def test_missing_library_is_told(self):
        where = scratch.folder() / "incomplete"
        self.assertEqual(scratch.install(where).returncode, 0)
        (where / "lib/liblk_onload_stub.so").unlink()
        done = scratch.run(where / "bin/lkos", "run", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn(f"{where}/lib/liblk_onload_stub.so: no such file; install", done.stderr)

    def test_runtime_of_a_sanitizer_comes_first(self):
        for compiler, *options in (["gcc"], ["clang"], ["clang", "-shared-libsan"]):
            with self.subTest(compiler=compiler, options=options):
                program = scratch.folder() / "sanitized"
                source = scratch.written("sanitized.c", scratch.APP)
                flags = [*scratch.pkg_config(), "-fsanitize=address", *options]
                scratch.must(compiler, "-o", program, source, *flags)
                name = f"libclang_rt.asan-{os.uname().machine}.so"
                runtime = scratch.run(compiler, f"-print-file-name={name}").stdout.strip()
                env = scratch.environment(LD_LIBRARY_PATH=os.path.dirname(runtime), ASAN_OPTIONS="detect_leaks=0")
                for argv in ([program], ["env", program]):
                    done = scratch.lkos("run", "--log", "-", *argv, env=env)
                    self.assertEqual((done.returncode, done.stdout), (7, "present 0, stack name 0\n"), done.stderr)
                    self.assertIn("lk_onload_stub: onload_is_present: 0", done.stderr)

    def test_runtime_of_a_sanitizer_that_the_user_preloads_comes_first(self):
        runtime = scratch.must("gcc", "-print-file-name=libasan.so").stdout.strip()
        env = scratch.environment(LD_PRELOAD=runtime, ASAN_OPTIONS="detect_leaks=0")
        done = scratch.lkos("run", "--dry-run", "true", env=env)
        self.assertTrue(done.stdout.startswith(f"LD_PRELOAD={runtime}:{scratch.library()} "), done.stdout)


class LinkLibrary(unittest.TestCase):
    """LD_LIBRARY_PATH names the folder of our libonload_ext.so.N where the system has none."""

    def path_for(self, *argv, **variables):
        printed = scratch.lkos("run", "--dry-run", *argv, env=scratch.environment(**variables)).stdout
        words = dict(word.split("=", 1) for word in printed.split() if "=" in word)
        return words.get("LD_LIBRARY_PATH")

    def test_for_a_program_that_needs_it(self):
        self.assertEqual(self.path_for(scratch.app()), str(scratch.link_folder()))
        self.assertEqual(scratch.lkos("run", scratch.app()).returncode, 7)

    def test_for_one_that_opens_it_later(self):
        source = "#include <dlfcn.h>\nint main(void) { return !dlopen(\"libonload_ext.so.2\", RTLD_NOW); }"
        self.assertEqual(scratch.lkos("run", scratch.compiled("opens", source)).returncode, 0)
        source = "import ctypes; ctypes.CDLL('libonload_ext.so.1'); print('opened')"
        self.assertEqual(scratch.lkos("run", "python3", "-c", source).stdout, "opened\n")

    def test_for_one_that_needs_it_through_a_library(self):
        source = "int onload_is_present(void); int f(void) { return onload_is_present(); }"
        library = scratch.compiled("libinner.so", source, "-shared", "-fPIC", *scratch.pkg_config())
        source = "int f(void); int main(void) { return f(); }"
        program = scratch.compiled(
            "outer", source, library, f"-Wl,-rpath,{scratch.folder()}", "-Wl,--allow-shlib-undefined"
        )
        self.assertEqual(self.path_for(program), str(scratch.link_folder()))
        self.assertEqual(scratch.lkos("run", program).returncode, 0)

    def test_behind_what_the_user_set(self):
        self.assertEqual(
            self.path_for(scratch.app(), LD_LIBRARY_PATH="/nowhere"), f"/nowhere:{scratch.link_folder()}"
        )

    def test_not_where_the_loader_finds_one(self):
        theirs = scratch.folder() / "theirs"
        theirs.mkdir(exist_ok=True)
        shutil.copy(scratch.link_folder() / "libonload_ext.so.1", theirs)
        for program in (scratch.app(), "/bin/true", scratch.written("any.sh", "#!/bin/sh\n", 0o755)):
            self.assertEqual(self.path_for(program, LD_LIBRARY_PATH=theirs), None)
        self.assertEqual(
            scratch.lkos("run", scratch.app(), env=scratch.environment(LD_LIBRARY_PATH=theirs)).returncode, 7
        )

    def test_not_where_a_program_has_its_own_and_is_started_by_a_link(self):
        own = scratch.folder() / "vendor"
        (own / "bin").mkdir(parents=True)
        (own / "lib").mkdir()
        shutil.copy(scratch.link_folder() / "libonload_ext.so.1", own / "lib")
        program = scratch.compiled("vendor/bin/app", scratch.APP, *scratch.pkg_config(), "-Wl,-rpath,$ORIGIN/../lib")
        link = scratch.folder() / "linked_app"
        link.symlink_to(program)
        for path in (program, link):
            self.assertEqual(self.path_for(path), None)
            self.assertEqual(scratch.lkos("run", path).returncode, 7)

    def test_for_the_program_that_another_starts(self):
        self.assertEqual(self.path_for("env", "-u", "X", scratch.app()), str(scratch.link_folder()))
        self.assertEqual(scratch.lkos("run", "env", "A=b", scratch.app()).returncode, 7)

    def test_for_a_script_that_may_start_one(self):
        script = scratch.written("start.sh", f"#!/bin/sh\nexec {scratch.app()}\n", 0o755)
        self.assertEqual(scratch.lkos("run", script).returncode, 7)
        script = scratch.written("start", "#! /usr/bin/env sh\nexit 4\n", 0o755)
        self.assertEqual(scratch.lkos("run", script).returncode, 4)


class Case(unittest.TestCase):
    def refused(self, status, words, *argv, lkos=None, **options):
        done = scratch.run(lkos or scratch.prefix() / "bin/lkos", "run", *argv, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, r"\Alkos: [^\n]+\n(Try: lkos run --help\n)?\Z")
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stdout, "")


class WithoutTheLibrary(Case):
    """A program that would run without it is not started: a send with ONLOAD_MSG_WARM would be a real one."""

    @staticmethod
    def static():
        return scratch.compiled("static", "int main(void) { return 3; }", "-static")

    def kept(self, words, *argv, **options):
        self.refused(125, f"would not have the library: {words}", *argv, **options)

    def test_static(self):
        self.kept("statically linked", self.static())
        self.refused(125, f"or run it without: lkos run --anyway {self.static()}", "--dry-run", self.static())

    def test_anyway(self):
        done = scratch.lkos("run", "--anyway", self.static())
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"lkos: {self.static()} will run without the library: statically linked", done.stderr)

    def test_script_that_a_static_program_runs(self):
        self.kept("statically linked", scratch.written("by_static", f"#!{self.static()}\n", 0o755))

    def test_static_program_that_another_starts(self):
        self.kept("statically linked", "env", "-u", "X", self.static())
        self.kept("statically linked", "timeout", "9", self.static())
        self.assertEqual(scratch.lkos("run", "echo", self.static()).stdout, f"{self.static()}\n")

    def test_static_program_that_a_chain_of_others_starts(self):
        self.kept("statically linked", "nice", "-n", "1", "timeout", "9", self.static())
        self.kept("statically linked", "env", "A=b", "nice", "timeout", "9", self.static())
        self.assertEqual(scratch.lkos("run", "nice", "timeout", "9", scratch.app()).returncode, 7)

    def test_static_program_under_a_lock_or_in_a_namespace(self):
        self.kept("statically linked", "flock", scratch.folder() / "lock", self.static())
        for name in ("ip", "nsenter"):
            program = scratch.folder() / name
            shutil.copy("/bin/true", program)
            self.kept("statically linked", program, self.static())

    def test_environment_that_is_cleared(self):
        for argv in (["env", "-i"], ["env", "-"], ["env", "A=b", "--ignore-environment"], ["setpriv", "--reset-env"]):
            self.kept(f"{argv[0]} {argv[-1]} starts programs without", *argv, scratch.app())
            self.kept(f"{argv[0]} {argv[-1]} starts programs without", "nice", *argv, scratch.app())
        self.kept("su - starts programs without", "su", "-", "nobody", "-c", scratch.app())
        # Not its own argument, but that of the program which it starts.
        self.assertEqual(scratch.lkos("run", "env", "echo", "-i").stdout, "-i\n")

    def test_set_user_id_program(self):
        program = scratch.folder() / "set_uid"
        shutil.copy(scratch.app(), program)
        if os.geteuid() != 0:
            print("not run: only root can make a program that runs as another user")
            self.skipTest("root only")
        os.chown(program, 65534, 65534)
        program.chmod(0o4755)
        self.kept("set-user-ID", program)
        program.chmod(0o2755)
        self.kept("set-group-ID", program)

    def test_file_capabilities(self):
        program = scratch.folder() / "capable"
        shutil.copy(scratch.app(), program)
        try:
            os.setxattr(program, "security.capability", scratch.FILE_CAPABILITIES)
        except OSError as error:
            print(f"not run: file capabilities cannot be set here ({error})")
            self.skipTest("file capabilities")
        self.assertEqual(scratch.lkos("run", program).returncode, 7)  # root has them anyway
        self.kept("it has file capabilities", program, **scratch.as_another_user(self))

    def test_sudo(self):
        for name in ("sudo", "doas", "pkexec"):
            program = scratch.folder() / name
            shutil.copy("/bin/true", program)
            self.refused(125, f"{name} lkos run ./app, and not lkos run {name} ./app", program, "./app")
            self.refused(125, f"{name} lkos run ./app", "nice", program, "./app")

    def test_other_machine(self):
        data = bytearray(scratch.app().read_bytes())
        data[18:20] = (258).to_bytes(2, "little")  # e_machine: LoongArch
        program = scratch.written("other_machine", bytes(data), 0o755)
        self.kept("made for LoongArch", program)
        self.kept("made for LoongArch", "env", program)
        for argv in ((program,), ("env", program)):
            done = scratch.lkos("run", "--anyway", "--dry-run", *argv)
            self.assertNotIn("LD_PRELOAD=", done.stdout)  # or its loader would complain
            self.assertIn(f"lkos: {program} will run without the library: made for LoongArch", done.stderr)

    def test_library_for_another_machine_is_taken_for_its_programs(self):
        def altered(path):
            data = bytearray(path.read_bytes().replace(b"/ld-linux-x86-64.so.2\0", b"/ld-linux-loong6.so.2\0"))
            data[18:20] = (258).to_bytes(2, "little")  # e_machine: LoongArch
            return bytes(data)

        where = scratch.broken("two_machines")
        folder = where / "lib/loongarch"
        (folder / "lk_onload_stub").mkdir(parents=True)
        (folder / "liblk_onload_stub.so").write_bytes(altered(scratch.library()))
        (where / "share/lk_onload_stub/LoongArch").symlink_to(folder)
        program = scratch.written("loongarch", altered(scratch.app()), 0o755)
        done = scratch.run(where / "bin/lkos", "run", "--dry-run", program)
        preload, path, _ = done.stdout.split()
        self.assertEqual(preload, f"LD_PRELOAD={folder}/liblk_onload_stub.so", done.stderr)
        self.assertEqual(path, f"LD_LIBRARY_PATH={folder}/lk_onload_stub")

    def test_other_libc(self):
        program = scratch.compiled(
            "musl", "int main(void) { return 0; }", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1"
        )
        self.kept("started by /lib/ld-musl-x86_64.so.1, which is not glibc's loader", program)

    def test_program_that_cannot_be_read(self):
        program = scratch.folder() / "secret"
        shutil.copy(scratch.app(), program)
        program.chmod(0o111)
        self.kept("it cannot be read", program, **scratch.as_another_user(self))

    def test_library_that_needs_a_newer_glibc(self):
        where = scratch.for_newer_glibc()
        words = "its loader does not take the library: version `GLIBC_9.9' not found"
        self.kept(words, "true", lkos=where / "bin/lkos")
        self.refused(125, "this glibc is too old", "true", lkos=where / "bin/lkos")
        done = scratch.run(where / "bin/lkos", "run", "--anyway", "sh", "-c", "exit 3")
        self.assertEqual(done.returncode, 3)
        self.assertIn("will run without the library: its loader does not take", done.stderr)

    def test_library_that_is_damaged(self):
        where = scratch.broken("damaged")
        (where / "lib/liblk_onload_stub.so").write_bytes(scratch.library().read_bytes()[:5000])
        self.kept("its loader does not take the library: ", "true", lkos=where / "bin/lkos")


class Refusals(Case):
    def test_not_found(self):
        self.refused(127, "/no/such: no such file", "/no/such")
        self.refused(127, "no-such-program: not found in PATH", "no-such-program")
        self.refused(127, "not found in PATH", "")

    def test_not_found_in_path_but_here(self):
        scratch.app()
        env = scratch.environment(PATH="/usr/bin:/bin")  # Bazel's begins with this directory
        self.refused(127, "for the file in this directory: ./app", "app", cwd=scratch.folder(), env=env)

    def test_interpreter_not_found(self):
        script = scratch.written("orphan", "#!/no/such/interpreter\n", 0o755)
        self.refused(127, "needs /no/such/interpreter, which is not there", script)

    def test_directory(self):
        self.refused(126, "is a directory", "/etc")

    def test_not_executable(self):
        path = scratch.written("data", "some text\n")
        self.refused(126, f"chmod +x {path}", path)
        for name, way in (("a.py", "python3"), ("a.sh", "sh"), ("a.jar", "java -jar")):
            path = scratch.written(name, "some text\n")
            self.refused(126, f"not executable; if it is a program: lkos run {way} {path}", path)

    def test_not_for_this_machine(self):
        path = scratch.written("noise", b"\x00\x01\x02\x03" * 64, 0o755)
        self.refused(126, "this machine cannot run it", path)

    def test_no_program(self):
        self.refused(125, "which program?")
        self.refused(125, "which program?", "--")

    def test_unknown_option(self):
        self.refused(125, "--nonsense: no such option", "--nonsense", "true")
        self.refused(125, "--log needs a value", "--log")

    def test_log_that_cannot_be_written(self):
        self.refused(125, "/no/such/log: No such file or directory", "--log", "/no/such/log", "true")


class Options(unittest.TestCase):
    def test_log_to_a_file(self):
        log = scratch.folder() / "log"
        log.write_text("an older one\n", encoding="utf-8")
        for option in (["--log", log], [f"--log={log}"]):
            done = scratch.lkos("run", *option, scratch.app())
            self.assertEqual((done.returncode, done.stderr), (7, ""))
            lines = log.read_text(encoding="utf-8").splitlines()
            self.assertEqual(lines[0], "lk_onload_stub: loaded")
            self.assertIn("lk_onload_stub: onload_set_stackname: 0", lines)

    def test_log_is_out_of_the_programs_way(self):
        log = scratch.folder() / "log"
        shown = set(scratch.lkos("run", "--log", log, "ls", "/proc/self/fd").stdout.split())
        more = shown - set(scratch.run("ls", "/proc/self/fd").stdout.split())
        self.assertTrue(more and all(int(number) >= 200 for number in more), more)

    def test_dry_run_prints_a_command_that_does_the_same(self):
        log = scratch.folder() / "a log"
        done = scratch.lkos("run", "--dry-run", "--log", log, scratch.app(), "a b")
        self.assertEqual(done.returncode, 0)
        self.assertFalse(log.exists())
        again = scratch.run("sh", "-c", done.stdout)
        self.assertEqual((again.returncode, again.stdout), (7, "present 0, stack name 0\n"))
        self.assertIn("loaded", log.read_text(encoding="utf-8"))

    def test_dry_run_finds_the_program_first(self):
        self.assertEqual(scratch.lkos("run", "--dry-run", "no-such-program").returncode, 127)

    def test_verbose_says_what_is_run(self):
        done = scratch.lkos("run", "-v", scratch.app())
        self.assertEqual(
            done.stderr.splitlines(),
            [
                f"lkos: LD_PRELOAD={scratch.library()}",
                f"lkos: LD_LIBRARY_PATH={scratch.link_folder()}",
                f"lkos: running {scratch.app()}",
            ],
        )
        self.assertEqual(done.returncode, 7)


if __name__ == "__main__":
    scratch.main()
