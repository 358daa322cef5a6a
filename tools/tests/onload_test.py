#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lkos under the name of Onload's launcher: old start scripts go on working."""

import functools
import unittest

import scratch


@functools.cache
def link():
    """As a user makes it: a symbolic link to a symbolic link."""
    path = scratch.folder() / "onload"
    path.symlink_to(scratch.prefix() / "bin/lkos")
    return path


def onload(*args, **options):
    return scratch.run(link(), *args, **options)


class Launcher(unittest.TestCase):
    def test_program_runs_with_the_library(self):
        done = onload("sh", "-c", 'echo "$LD_PRELOAD"; exit 5')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (5, f"{scratch.library()}\n", ""))

    def test_program_that_needs_the_link_library_gets_it(self):
        self.assertEqual(onload(scratch.app()).returncode, 7)

    def test_options_that_mean_nothing_are_told_once(self):
        for options in (
            ["-p", "latency"],
            ["--profile", "latency"],
            ["--profile=latency,safe"],
            ["--force-profiles"],
            ["--no-app-handler"],
            ["--app=sh"],
            ["--app", "sh"],
            ["-a", "sh"],
            ["--preload=/opt/libonload.so"],
            ["--preload", "/opt/libonload.so"],
            ["--keep-wrapper"],
            ["-p", "latency", "--force-profiles", "--app=sh"],
        ):
            with self.subTest(options):
                done = onload(*options, "sh", "-c", "exit 5")
                self.assertEqual(done.returncode, 5)
                names = [option.split("=")[0] for option in options if option.startswith("-")]
                self.assertEqual(
                    done.stderr,
                    "onload: this is lk_onload_stub, for which these options mean nothing: "
                    f"{' '.join(names)}\n",
                )

    def test_options_of_the_program_are_its_own(self):
        done = onload("echo", "-p", "--version")
        self.assertEqual((done.stdout, done.stderr), ("-p --version\n", ""))

    def test_verbose_says_what_is_set(self):
        env = scratch.environment(EF_POLL_USEC=100000)
        done = onload("-v", "true", env=env)
        self.assertEqual(
            done.stderr,
            f"onload: EF_POLL_USEC=100000\nonload: LD_LIBRARY_PATH={scratch.link_folder()}\n"
            f"onload: LD_PRELOAD={scratch.library()}\n",
        )
        self.assertEqual(done.returncode, 0)

    def test_test_does_not_run(self):
        for option in ("-t", "--test"):
            done = onload(option, "sh", "-c", "echo ran; exit 5")
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertIn("LD_PRELOAD=", done.stderr)

    def test_test_does_not_look_for_the_command(self):
        done = onload("-t", "nosuch")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn(f"LD_PRELOAD={scratch.library()}", done.stderr)

    def test_profile_that_there_is_none_of(self):
        for options in (["-p", "nosuch"], ["--profile", "latency,nosuch"], ["--profile=nosuch", "-t"]):
            with self.subTest(options):
                done = onload(*options, "true")
                self.assertEqual((done.returncode, done.stdout), (3, ""))
                self.assertRegex(done.stderr, r"\Aonload: nosuch: no such profile; [^\n]+\n\Z")

    def test_profiles_of_the_user_and_of_onload(self):
        home = scratch.folder() / "home"
        (home / ".openonload/profiles").mkdir(parents=True)
        (home / ".openonload/profiles/mine.opf").touch()
        env = scratch.environment(HOME=home)
        for profile in ("mine", "redis-balanced", "wan-traffic", scratch.written("a.opf", "")):
            self.assertEqual(onload("-p", profile, "sh", "-c", "exit 5", env=env).returncode, 5)

    def test_program_that_will_not_have_the_library_runs(self):
        static = scratch.compiled("static", "int main(void) { return 3; }", "-static")
        done = onload(static)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"onload: {static} will run without the library: statically linked", done.stderr)

    def test_what_is_not_done_is_told(self):
        for what in ("/etc/openonload.sh", "handler", "ONLOAD_PRELOAD"):
            self.assertIn(what, onload("--help").stderr)

    def test_version(self):
        done = onload("--version")
        self.assertEqual(done.returncode, 0)
        self.assertIn("lk_onload_stub", done.stdout)
        self.assertIn("onload module not loaded", done.stdout)

    def test_usage(self):
        for args in ([], ["-h"], ["--help"], ["--nonsense", "true"], ["-p"], ["-v"], ["-z", "true"]):
            with self.subTest(args):
                done = onload(*args)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertTrue(done.stderr.startswith("usage: onload "), done.stderr)

    def test_program_not_found(self):
        done = onload("-p", "latency", "no-such-program")
        self.assertEqual(done.returncode, 127)
        self.assertIn("onload: no-such-program: not found in PATH", done.stderr)

    def test_program_not_executable(self):
        self.assertEqual(onload("/etc").returncode, 126)


if __name__ == "__main__":
    scratch.main()
