#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A newcomer's path: set up; install, compile a program, check it, run it, upgrade, remove: no file is left.

With the installer, in a folder. With the packages, and with the steps of examples/Dockerfile, in a root of its
own: this machine's files with an empty layer over them, into which all writing goes, so that what is left
can be listed. That takes root.
"""

import functools
import json
import os
import re
import shlex
import shutil
import sys
import unittest

import scratch

PROGRAM = """\
#include <stdio.h>
#include <onload/extensions.h>

int main(void)
{
	int spin = onload_thread_set_spin(ONLOAD_SPIN_ALL, 1);

	printf("Onload present: %d\\n", onload_is_present());
	printf("spinning: %d\\n", spin);
	return 0;
}
"""

OUTPUT = "Onload present: 0\nspinning: 0\n"

# What the newcomer types, with the program in app.c, and what must come.
TYPED = """
set -eux
cc app.c $(pkg-config --cflags --libs lk_onload_stub) -o app
lkos check ./app > checked
grep -q 'It will run: lkos run ./app' checked
grep -q 'onload_thread_set_spin *app *0' checked
lkos run --log log ./app > output
grep -q 'lk_onload_stub: onload_is_present: 0' log
lkos doctor > /dev/null
lkos symbols > /dev/null
"""

# Start scripts and builds that know Onload's names only.
TYPED_AS_ONLOAD = """
set -eux
cc app.c -lonload_ext -o by_name
./by_name
cc app.c -l:libonload_ext.a -ldl -o with_archive
LD_PRELOAD=libonload.so LKOS_LOG_FD=3 ./with_archive 3> preloaded
grep -q 'lk_onload_stub: onload_is_present: 0' preloaded
onload --profile=latency ./by_name
"""

# Mounts the layered root in $1, and runs the script `all.sh` in its folder /newcomer, which has what is
# in $1/newcomer. Then prints which files are left.
IN_LAYERS = """
set -eu
layers=$1/layers root=$1/root
mkdir -p "$layers" "$root"
mount -t tmpfs tmpfs "$layers"
mkdir "$layers/upper" "$layers/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$root" || exit 77
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cp -r "$1/newcomer" "$root/"
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \\
	sh -c 'cd /newcomer && sh -eux all.sh' >&2
cat "$root/newcomer/output"
echo 'Left:'
cd "$layers/upper"
find . ! -type d
"""

# There is an older release first. Then the second package is refused, while Onload is there.
WITH_DEBS = """
dpkg -i older.deb
[ -e /usr/share/lk_onload_stub/lkos/outdated.py ]
touch /usr/bin/onload
! dpkg -i names.deb 2> refused
grep -q 'Onload is installed here: .*/usr/bin/onload' refused
rm /usr/bin/onload
apt-get install -y --no-install-recommends ./newer.deb ./names.deb
[ "$(dpkg-query -W -f '${Version}' lk-onload-stub)" = "$(lkos --version | cut -d' ' -f2)" ]
! [ -e /usr/share/lk_onload_stub/lkos/outdated.py ]
LD_PRELOAD=liblk_onload_stub.so LKOS_LOG_FD=3 /bin/true 3> preloaded
grep -q 'lk_onload_stub: loaded' preloaded
sh typed.sh
sh typed_as_onload.sh
dpkg --purge lk-onload-stub-as-onload
lkos run ./app
dpkg --purge lk-onload-stub
"""

# The same with Red Hat's packages and Red Hat's folder, which Red Hat's loader looks into by itself. rpm knows
# nothing of what is installed by dpkg.
WITH_RPMS = """
rpm="rpm --nodeps"
rpm --force-debian --version >/dev/null 2>&1 && rpm="$rpm --force-debian"  # Debian 12's asks for it
export PKG_CONFIG_PATH=/usr/lib64/pkgconfig LD_LIBRARY_PATH=/usr/lib64
$rpm -i older.rpm
[ -e /usr/share/lk_onload_stub/lkos/outdated.py ]
touch /usr/bin/onload
$rpm -U newer.rpm
! $rpm -U names.rpm 2> refused
grep -q 'Onload is installed here: .*/usr/bin/onload' refused
rm /usr/bin/onload
$rpm -U names.rpm
[ "$(rpm -q --qf '%{VERSION}' lk-onload-stub)" = "$(lkos --version | cut -d' ' -f2)" ]
! [ -e /usr/share/lk_onload_stub/lkos/outdated.py ]
LD_PRELOAD=liblk_onload_stub.so LKOS_LOG_FD=3 /bin/true 3> preloaded
grep -q 'lk_onload_stub: loaded' preloaded
sh typed.sh
sh typed_as_onload.sh
$rpm -e lk-onload-stub-as-onload
lkos run ./app
$rpm -e lk-onload-stub
"""

# The steps of a Dockerfile ask no network here: all of Debian's packages are there.
BEFORE_DOCKERFILE = """
cat > /usr/local/bin/apt-get <<'END'
#!/bin/sh
[ "$1" = update ] || exec /usr/bin/apt-get "$@"
END
chmod +x /usr/local/bin/apt-get
PATH=/usr/local/bin:$PATH
"""

# What belongs to apt, dpkg and the indexes of the system, and not to the package.
OF_THE_SYSTEM = (
    "./newcomer/",
    "./tmp/",
    "./var/cache/",
    "./var/lib/apt/",
    "./var/lib/dpkg/",
    "./var/lib/rpm/",
    "./var/log/",
    "./etc/ld.so.cache",
    "./etc/.pwd.lock",
    "./root/",
)

# Runs setup.sh ($3 and on) on a machine that is what a file ($1) says, with our own apt-get, dpkg-query and
# bazel (in $2).
SET_UP = """
set -eu
mount --bind "$1" /etc/os-release
PATH=$2:$PATH
shift 2
exec sh "$@"
"""


DEBIAN = 'NAME="Debian GNU/Linux"\nID={}\nVERSION_ID="{}"\n'


class Setup(unittest.TestCase):
    """setup.sh, where apt-get notes what it is told and no more."""

    def setUp(self):
        self.place = scratch.folder() / "clone"
        self.place.mkdir(exist_ok=True)
        self.script = self.place / "setup.sh"
        self.script.write_bytes((scratch.TOP / "setup.sh").read_bytes())
        self.tools = scratch.folder() / "apt"
        self.tools.mkdir(exist_ok=True)
        self.told = self.tools / "told"
        self.told.unlink(missing_ok=True)
        progress = "dlstatus:1:7.9:Retrieving\\npmstatus:gcc:50.0:Unpacking\\n"
        self.tool("apt-get", f'echo "$@" >> {self.told}\nprintf "{progress}" >&3\n')
        self.tool("dpkg-query", "exit 1\n")  # nothing is installed
        self.tool("bazel", "echo bazel no_version\n")

    def tool(self, name, script):
        scratch.written(f"apt/{name}", "#!/bin/sh\n" + script, 0o755)

    def set_up(self, os_release, *args):
        isolated = ["unshare", "--map-root-user", "--mount"]
        file = scratch.written("os-release", os_release)
        trial = ["mount", "--bind", file, "/etc/os-release"]
        if not shutil.which("unshare") or scratch.run(*isolated, *trial).returncode != 0:
            print("not run: this machine lets us mount nothing over /etc/os-release")
            self.skipTest("no mount")
        return scratch.run(*isolated, "sh", "-c", SET_UP, "sh", file, self.tools, self.script, *args)

    def test_debian(self):
        for name in ("debian", '"debian"'):
            for version, gcc in (("12", "12"), ("13", "14")):
                for args in ([], ["--build"]):
                    with self.subTest(name=name, version=version, args=args):
                        self.told.unlink(missing_ok=True)
                        listed = self.set_up(DEBIAN.format(name, version), "--list", *args).stdout
                        done = self.set_up(DEBIAN.format(name, version), *args)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        update, install = self.told.read_text(encoding="utf-8").splitlines()
                        self.assertTrue(update.endswith(" update"), update)
                        self.assertTrue(install.endswith(" ".join(listed.split())), install)
                        self.assertEqual(f" lib32gcc-{gcc}-dev" in install, not args, install)
                        self.assertIn(" bazel-bootstrap ", install)

    def test_shows_how_far_it_is(self):
        done = self.set_up(DEBIAN.format("debian", "12"))
        self.assertIn("setup: fetched 0 %\nsetup: installed 50 %\n", done.stdout)

    def test_a_failure_of_apt_get_is_told(self):
        self.tool("apt-get", "echo E: no such package\nexit 100\n")
        done = self.set_up(DEBIAN.format("debian", "12"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("E: no such package", done.stderr)

    def test_others_are_told_the_packages_in_groups(self):
        for name, text in {
            "derivative": "ID=ubuntu\nID_LIKE=debian\n",
            "named after it": "ID=debian-derivative\nVARIANT_ID=debian\nVERSION_ID=12\n",
            "older": DEBIAN.format("debian", "11"),
            "not released": "ID=debian\n",
            "other": "ID=fedora\n",
            "none": "",
        }.items():
            with self.subTest(name):
                done = self.set_up(text)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("neither Debian 12 nor Debian 13", done.stderr)
                self.assertIn("# To test: ", done.stderr)
                for package in self.set_up(text, "--list").stdout.split():
                    self.assertIn(f"\n{package}\n", done.stderr)
                self.assertFalse(self.told.exists())

    def test_newer_bazel_takes_debians_packages(self):
        """Once all is there, on any release."""
        flags = self.place / "debian.bazelrc"
        self.tool("dpkg-query", "printf '%s installed\\n' \"$@\"\n")
        for version, wanted in (("7.7.1", True), ("no_version", False), ("8.1.0", True), ("6.5.0", False)):
            with self.subTest(version):
                self.tool("bazel", f"echo bazel {version}\n")
                done = self.set_up("ID=debian\n")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("nothing to do", done.stdout)
                self.assertEqual(flags.exists(), wanted)
                self.assertFalse(wanted and "--enable_workspace" not in flags.read_text(encoding="utf-8"))


@functools.lru_cache()
def older_source():
    """A source tree of an older release, in which is a file that today's has not."""
    where = scratch.folder() / "older"
    shutil.copytree(scratch.TOP, where, ignore=shutil.ignore_patterns("tests"))
    version = where / "tools/lkos/__init__.py"
    text, count = re.subn(r'VERSION = ".*"', 'VERSION = "0.0.1"', version.read_text(encoding="utf-8"))
    if count != 1:
        raise AssertionError(f"{version}: where is the version?")
    version.write_text(text, encoding="utf-8")
    changelog = where / "CHANGELOG.md"
    changelog.write_text("## 0.0.1 (2020-01-01)\n\n- It began.\n", encoding="utf-8")
    (where / "tools/lkos/outdated.py").write_text("", encoding="utf-8")
    return where


class Newcomer(unittest.TestCase):
    def test_ten_lines(self):
        self.assertLessEqual(len(PROGRAM.splitlines()), 12)

    def test_with_the_installer(self):
        where = scratch.folder() / "home/.local"
        scratch.must(sys.executable, scratch.TOOLS / "install.py", "--prefix", where)
        work = scratch.folder() / "work"
        work.mkdir()
        (work / "app.c").write_text(PROGRAM, encoding="utf-8")
        env = scratch.environment(
            PATH=f"{where}/bin:{os.environ['PATH']}", PKG_CONFIG_PATH=where / "lib/pkgconfig"
        )
        scratch.must("sh", "-c", TYPED, env=env, cwd=work)
        self.assertEqual((work / "output").read_text(encoding="utf-8"), OUTPUT)
        scratch.must(sys.executable, scratch.TOOLS / "install.py", "--prefix", where, "--uninstall")
        self.assertFalse((scratch.folder() / "home").exists())

    def in_layers(self, script, **files):
        """Runs it in a layered root, with files of these names (the dot of each is a '_') beside it.

        Gives what is in the file `output` at the end, and what is left of all that was written."""
        if os.geteuid() != 0:
            return self.not_run("only root can install a package")
        env = scratch.environment(PATH=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        for tool in ("apt-get", "unshare", "chroot"):
            if not shutil.which(tool, path=env["PATH"]):
                return self.not_run(f"{tool} is not installed")
        where = scratch.folder() / self.id().rpartition(".")[2]
        (where / "newcomer").mkdir(parents=True)
        for name, content in dict(files, all_sh=script.encode()).items():
            (where / "newcomer" / ".".join(name.rsplit("_", 1))).write_bytes(content)
        isolated = ["unshare", "--mount", "--propagation", "private"]
        done = scratch.run(*isolated, "sh", "-c", IN_LAYERS, "sh", where, env=env)
        if done.returncode == 77:
            return self.not_run("this machine lets us mount no layered root")
        self.assertEqual(done.returncode, 0, done.stderr)
        output, left = done.stdout.split("Left:\n")
        return output, [path for path in left.splitlines() if not path.startswith(OF_THE_SYSTEM)]

    def with_packages(self, kind, script):
        newer, older = scratch.folder() / "newer", scratch.folder() / "older"
        newer.mkdir(exist_ok=True)
        scratch.must(sys.executable, scratch.TOOLS / "package.py", kind, "--out", newer)
        scratch.must(sys.executable, older_source() / "tools/package.py", kind, "--out", older)
        output, left = self.in_layers(
            script,
            app_c=PROGRAM.encode(),
            typed_sh=TYPED.encode(),
            typed_as_onload_sh=TYPED_AS_ONLOAD.encode(),
            **{
                f"older_{kind}": (older / f"lk-onload-stub.{kind}").read_bytes(),
                f"newer_{kind}": (newer / f"lk-onload-stub.{kind}").read_bytes(),
                f"names_{kind}": (newer / f"lk-onload-stub-as-onload.{kind}").read_bytes(),
            },
        )
        self.assertEqual(output, OUTPUT)
        self.assertEqual(left, [])

    def test_with_debs(self):
        self.with_packages("deb", WITH_DEBS)

    def test_with_rpms(self):
        self.with_packages("rpm", WITH_RPMS)

    def test_with_the_dockerfile(self):
        scratch.must(sys.executable, scratch.TOOLS / "package.py", "deb", "--out", scratch.folder())
        script, command = BEFORE_DOCKERFILE, []
        text = (scratch.TOP / "examples/Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            if word == "COPY":
                source, target = rest.split()
                script += f"mkdir -p {target} && cp /newcomer/{source} {target}\n"
            elif word == "RUN":
                script += f"({rest})\n"
            elif word in ("ENTRYPOINT", "CMD"):
                command += json.loads(rest)
        output, _ = self.in_layers(
            script + shlex.join(command) + " > output",
            **{
                "lk-onload-stub_deb": (scratch.folder() / "lk-onload-stub.deb").read_bytes(),
                "onload_app_c": (scratch.TOP / "examples/onload_app.c").read_bytes(),
            },
        )
        self.assertRegex(output, 'WARM send, TCP: .*peer reads "order"')

    def not_run(self, why):
        print(f"not run: {why}")
        self.skipTest(why)


if __name__ == "__main__":
    scratch.main()
