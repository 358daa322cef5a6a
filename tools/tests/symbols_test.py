#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lkos symbols, and the command line that all commands share."""

import json
import os
import pty
import subprocess
import unittest

import scratch


def symbols(*args):
    done = scratch.lkos("symbols", *args)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def names(*args):
    return [row["name"] for row in json.loads(symbols(*args, "--json"))]


def spec():
    return json.loads((scratch.TOP / "generated/spec.json").read_text(encoding="utf-8"))


def on_terminal(*argv, columns, **variables):
    """What a command prints on a terminal. The test is not run where there can be none."""
    try:
        leader, follower = pty.openpty()
    except OSError as error:
        raise unittest.SkipTest(f"not run: {error}; mount devpts on /dev/pts") from error
    env = scratch.environment(COLUMNS=columns, TERM="xterm", **variables)
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, env=env):
        os.close(follower)
        text = b""
        while True:
            try:
                text += os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
    os.close(leader)
    return text.decode().replace("\r\n", "\n")


class Symbols(unittest.TestCase):
    def test_all_functions_of_the_spec(self):
        self.assertEqual(names(), [function["name"] for function in spec()["functions"]])

    def test_table_is_aligned(self):
        header, dashes, *rows = symbols().splitlines()
        starts = [0, *(i + 2 for i in range(len(dashes)) if dashes[i : i + 2] == "  ")]
        self.assertEqual(len(rows), len(spec()["functions"]))
        for line in (header, *rows):
            for start in starts[1:]:
                self.assertEqual(line[start - 2 : start], "  ")
        self.assertEqual(header.split()[:5], ["function", "group", "since", "until", "answer"])

    def test_one_name_with_and_without_prefix(self):
        for name in ("onload_fd_stat", "fd_stat"):
            text = symbols(name)
            self.assertIn("int onload_fd_stat(int fd, struct onload_stat *stat);", text)
            self.assertRegex(text, r"answer: +0\n")
        self.assertRegex(
            symbols("onload_stack_opt_get_int"), r"answer: +-1, errno ENOSYS\nlibonload_ext alone: +-ENOSYS\n"
        )
        self.assertRegex(symbols("onload_zc_recv"), r"answer: +-ENOSYS\n")
        self.assertRegex(symbols("onload_socket_nonaccel"), r"answer: +socket\(\)\n")

    def test_function_that_left_and_came_back(self):
        where = scratch.broken("returning")
        file = where / "share/lk_onload_stub/spec.json"
        altered = spec()
        altered["functions"][0]["not_in"] = ["9.0.0", "9.1.0"]
        file.write_text(json.dumps(altered), encoding="utf-8")
        text = scratch.run(where / "bin/lkos", "symbols", altered["functions"][0]["name"]).stdout
        self.assertRegex(text, r"release: +since 201205, but not in 9.0.0, 9.1.0\n")

    def test_group(self):
        self.assertEqual(names("tcp_info"), ["onload_get_tcp_info"])
        for group in {function["group"] for function in spec()["functions"]}:
            self.assertEqual({row["group"] for row in json.loads(symbols(group, "--json"))}, {group})

    def test_libc_functions(self):
        interposed = [function["name"] for function in spec()["libc"] if function["interposed"]]
        self.assertEqual(names("libc"), interposed)
        self.assertIn("ONLOAD_MSG_ONEPKT", symbols("recvmsg"))
        for name, prototype in (
            ("socketpair", "int socketpair(int domain, int type, int protocol, int fds[2]);"),
            ("fcntl", "int fcntl(int fd, int cmd, ...);"),
        ):
            self.assertEqual(symbols(name).splitlines()[0], prototype)
            self.assertEqual(json.loads(symbols(name, "--json"))[0]["prototype"], prototype)

    def test_prototypes_and_answers_are_those_of_the_spec(self):
        for row, function in zip(json.loads(symbols("--json")), spec()["functions"]):
            self.assertEqual(row["prototype"], function["prototype"] + ";")
            self.assertEqual((row["answer"], row["without_stub"]), (function["answer_words"], function["absent_words"]))

    def test_every_release(self):
        for release in spec()["releases"]:
            with self.subTest(release["name"]):
                self.assertEqual(set(names("--release", release["name"])), set(release["functions"]))

    def test_update_of_a_release_has_what_that_has(self):
        for update, release in (
            ("9.0.2", "9.0.0"),
            ("201811-u1", "201811"),
            ("201710-u1.1", "201710"),
            ("8.1.3", "8.1.0"),
        ):
            self.assertEqual(names(f"--release={update}"), names("--release", release))

    def test_group_in_a_release(self):
        self.assertIn("onload_msg_template_set", names("templates", "--release", "201205"))
        self.assertNotIn("onload_msg_template_set", names("templates", "--release", "9.0.0"))

    def test_unknown_name(self):
        for args, said in (
            (["onload_fdstat"], "lkos: onload_fdstat: no function or group by that name; perhaps onload_fd_stat"),
            (["zq"], "lkos: zq: no function or group by that name; for all that there is: lkos symbols"),
            (["zc_hlrx_alloc", "--release", "9.0.0"], "no function or group by that name in Onload 9.0.0"),
            (["--release", "1.2"], "lkos: 1.2: not a release that is known"),
            (["--release", "soon"], "lkos: soon: not a release that is known"),
            (["zc", "fd"], "fd: one argument too many"),
        ):
            done = scratch.lkos("symbols", *args)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(said, done.stderr)


class CommandLine(unittest.TestCase):
    def test_help_of_each_command_has_an_example(self):
        for command in ("run", "check", "symbols", "doctor"):
            for option in ("--help", "-h"):
                done = scratch.lkos(command, option)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith(f"usage: lkos {command}"))
                self.assertRegex(done.stdout, rf"examples?:\n  lkos {command}")

    def test_help(self):
        done = scratch.lkos("--help")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(
            done.stdout, r"(?s)  run .*  check .*  symbols .*  doctor .*example:\n  lkos run ./app\n"
        )

    def test_version(self):
        self.assertRegex(scratch.lkos("--version").stdout, r"\Alkos \d+\.\d+\.\d+\n\Z")

    def test_misuse_is_told(self):
        for args, said in (
            ([], "a command is missing"),
            (["./app"], "To run a program: lkos run ./app"),
            (["check"], "which program?"),
            (["doctor", "strange"], "strange"),
            (["symbols", "--release"], "--release needs a value"),
        ):
            done = scratch.lkos(*args)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(said, done.stderr)
            self.assertIn("Try: lkos ", done.stderr)

    def test_output_that_nobody_takes(self):
        """A reader that leaves early is no error; a full device is one, in a line of its own."""
        onload = scratch.folder() / "onload"
        onload.symlink_to(scratch.prefix() / "bin/lkos")
        lkos = scratch.prefix() / "bin/lkos"
        for words in ("symbols", "symbols --json", "symbols fd_stat", "check /bin/true", "check --json /bin/true",
                      "doctor", "run --help", "run --dry-run true", "--help", "--version"):
            with self.subTest(words):
                done = scratch.run("bash", "-c", f"set -o pipefail; {lkos} {words} | exec true")
                self.assertEqual(done.stderr, "")
                self.assertIn(done.returncode, (0, 141))  # the command may have been the faster one
                done = scratch.run("sh", "-c", f"exec {lkos} {words} >/dev/full")
                told = "lkos: standard output: No space left on device\n"
                self.assertEqual((done.returncode, done.stderr), (2, told))
                self.assertEqual(scratch.run("sh", "-c", f"exec {lkos} {words} >/dev/full 2>&1").returncode, 2)
        for command in (f"{lkos} nonsense", f"{lkos} check /no/such", f"{onload} --help"):
            self.assertIn(scratch.run("sh", "-c", f"exec {command} 2>/dev/full").returncode, (1, 2))

    def test_colour_is_for_terminals(self):
        lkos = str(scratch.prefix() / "bin/lkos")
        argv = [lkos, "check", "/bin/true"]
        self.assertIn("\033[32mok\033[0m ", on_terminal(*argv, columns=80))
        self.assertNotIn("\033", on_terminal(*argv, columns=80, NO_COLOR="1"))
        self.assertNotIn("\033", scratch.run(*argv).stdout)

    def test_everything_fits_the_terminal(self):
        lkos, onload = str(scratch.prefix() / "bin/lkos"), str(scratch.folder() / "launcher/onload")
        os.makedirs(os.path.dirname(onload))
        os.symlink(lkos, onload)
        pages = [["--help"], *([command, "--help"] for command in ("run", "check", "symbols", "options", "doctor"))]
        tables = [["symbols"], ["symbols", "zc"], ["symbols", "libc"], ["check", scratch.app()], ["check", "/usr/bin/python3"], ["doctor"], ["options"], ["options", "EF_TCP_URG_MODE"]]
        details = [["symbols", name] for name in names()]
        for argv in [[lkos, *args] for args in pages + tables + details] + [[onload, "--help"]]:
            with self.subTest(argv[1:]):
                text = on_terminal(*argv, columns=80, NO_COLOR=1)
                self.assertLessEqual(max(map(len, text.splitlines())), 80, text)

    def test_help_fits_80_columns_in_a_file_too(self):
        for args in ([], ["run"], ["check"], ["symbols"], ["options"], ["doctor"]):
            self.assertLessEqual(max(map(len, scratch.lkos(*args, "--help").stdout.splitlines())), 80)

    def test_a_pipe_gets_a_row_a_line(self):
        text = on_terminal(str(scratch.prefix() / "bin/lkos"), "symbols", "zc", columns=110)
        self.assertGreater(len(text.splitlines()), len(symbols("zc").splitlines()))


if __name__ == "__main__":
    scratch.main()
