#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A newcomer's path: set up; install, compile a program, check it, run it, remove: no file is left.

Once with the installer, in a folder. Once with the Debian package, in a root of its own: this machine's files
with an empty layer over them, into which all writing goes, so that what is left can be listed. That takes
root.
"""

import os
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

# Mounts the layered root. $1: scratch folder.
LAYERS = """
set -eu
layers=$1/layers root=$1/root
mkdir -p "$layers" "$root"
mount -t tmpfs tmpfs "$layers"
mkdir "$layers/upper" "$layers/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
"""

# Does everything in it. $2: package.
IN_LAYERS = """
mkdir -p "$root/newcomer"
cp "$1/app.c" "$1/typed.sh" "$root/newcomer"
cp "$2" "$root/newcomer/package.deb"
cat > "$root/newcomer/all.sh" <<-'END'
	set -eux
	cd /newcomer
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y --no-install-recommends ./package.deb
	LD_PRELOAD=liblk_onload_stub.so LKOS_LOG_FD=3 /bin/true 3> preloaded
	grep -q 'lk_onload_stub: loaded' preloaded
	sh typed.sh
	apt-get purge -y lk-onload-stub
END
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh /newcomer/all.sh >&2
cat "$root/newcomer/output"
echo 'Left:'
cd "$layers/upper"
find . ! -type d
"""

# What belongs to apt, dpkg and the indexes of the system, and not to the package.
OF_THE_SYSTEM = (
    "./newcomer/",
    "./tmp/",
    "./var/cache/",
    "./var/lib/apt/",
    "./var/lib/dpkg/",
    "./var/log/",
    "./etc/ld.so.cache",
    "./etc/.pwd.lock",
    "./root/",
)

# Runs setup.sh ($1) on a machine that is what a file ($2) says, with our own apt-get and dpkg-query (in $3).
SET_UP = """
set -eu
mount --bind "$2" /etc/os-release
PATH=$3:$PATH exec sh "$1"
"""


class Setup(unittest.TestCase):
    """setup.sh, where apt-get notes what it is told and no more."""

    def setUp(self):
        self.script = scratch.TOP / "setup.sh"
        self.tools = scratch.folder() / "apt"
        self.tools.mkdir(exist_ok=True)
        self.told = self.tools / "told"
        self.told.unlink(missing_ok=True)
        scratch.written("apt/apt-get", f'#!/bin/sh\necho "$@" >> {self.told}\n', 0o755)
        scratch.written("apt/dpkg-query", "#!/bin/sh\nexit 1\n", 0o755)  # nothing is installed
        self.listed = scratch.must("sh", self.script, "--list").stdout

    def set_up(self, os_release):
        isolated = ["unshare", "--map-root-user", "--mount"]
        file = scratch.written("os-release", os_release)
        trial = ["mount", "--bind", file, "/etc/os-release"]
        if not shutil.which("unshare") or scratch.run(*isolated, *trial).returncode != 0:
            print("not run: this machine lets us mount nothing over /etc/os-release")
            self.skipTest("no mount")
        return scratch.run(*isolated, "sh", "-c", SET_UP, "sh", self.script, file, self.tools)

    def test_debian(self):
        for name in ("debian", '"debian"'):
            with self.subTest(name=name):
                self.told.unlink(missing_ok=True)
                done = self.set_up(f'NAME="Debian GNU/Linux"\nID={name}\n')
                self.assertEqual(done.returncode, 0, done.stderr)
                update, install = self.told.read_text(encoding="utf-8").splitlines()
                self.assertTrue(update.endswith(" update"), update)
                self.assertTrue(install.endswith(" ".join(self.listed.split())), install)

    def test_others_are_told_the_list(self):
        for name, text in {
            "derivative": "ID=ubuntu\nID_LIKE=debian\n",
            "named after it": "ID=debian-derivative\nVARIANT_ID=debian\n",
            "other": "ID=fedora\n",
            "none": "",
        }.items():
            with self.subTest(name):
                done = self.set_up(text)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("this is no Debian", done.stderr)
                self.assertTrue(done.stderr.endswith(self.listed), done.stderr)
                self.assertFalse(self.told.exists())


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

    def test_with_the_package(self):
        if os.geteuid() != 0:
            return self.not_run("only root can install a package")
        env = scratch.environment(PATH=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        for tool in ("apt-get", "unshare", "chroot"):
            if not shutil.which(tool, path=env["PATH"]):
                return self.not_run(f"{tool} is not installed")
        where = scratch.folder() / "layered"
        where.mkdir()
        (where / "app.c").write_text(PROGRAM, encoding="utf-8")
        (where / "typed.sh").write_text(TYPED, encoding="utf-8")
        package = where / "package.deb"
        scratch.must(sys.executable, scratch.TOOLS / "deb.py", "--out", package)
        isolated = ["unshare", "--mount", "--propagation", "private"]
        if scratch.run(*isolated, "sh", "-c", LAYERS, "sh", where, env=env).returncode != 0:
            return self.not_run("this machine lets us mount no layered root")
        done = scratch.run(*isolated, "sh", "-c", LAYERS + IN_LAYERS, "sh", where, package, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        output, left = done.stdout.split("Left:\n")
        self.assertEqual(output, OUTPUT)
        self.assertEqual([path for path in left.splitlines() if not path.startswith(OF_THE_SYSTEM)], [])
        return None

    def not_run(self, why):
        print(f"not run: {why}")
        self.skipTest(why)


if __name__ == "__main__":
    scratch.main()
