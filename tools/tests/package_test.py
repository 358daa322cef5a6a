#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is in the packages for Debian and for Red Hat. That they install, work and go: newcomer_test.py."""

import functools
import re
import subprocess
import sys
import unittest
from pathlib import Path

import scratch

NAMES = ("lk-onload-stub", "lk-onload-stub-as-onload")
MACHINES = {  # Debian's name: Red Hat's, as readelf has it, the libraries' folders
    "amd64": ("x86_64", "X86-64", "lib/x86_64-linux-gnu", "lib64"),
    "arm64": ("aarch64", "AArch64", "lib/aarch64-linux-gnu", "lib64"),
    "i386": ("i686", "80386", "lib/i386-linux-gnu", "lib"),
}
LIBRARIES = (
    "liblk_onload_emulation.so",
    "liblk_onload_stub.so",
    "lk_onload_stub/libonload_ext.so.1",
    "lk_onload_stub/libonload_ext.a",
)


def made(kind, folder, **options):
    """The two packages, made for this machine by the script."""
    where = scratch.folder() / folder
    where.mkdir(exist_ok=True)
    scratch.must(sys.executable, scratch.TOOLS / "package.py", kind, "--out", where, **options)
    return {name: where / f"{name}.{kind}" for name in NAMES}


@functools.lru_cache()
def packages(kind):
    return made(kind, "packages")


def built(kind, machine):
    """lk-onload-stub as Bazel makes it with --config=MACHINE."""
    return scratch.TOOLS / "packages" / machine / f"lk-onload-stub.{kind}"


def unpacked(package):
    """The folder of what is in it, which is where its root would be."""
    where = scratch.folder() / "unpacked" / package.name / str(abs(hash(package)))
    if where.exists():
        return where
    where.mkdir(parents=True)
    if package.suffix == ".deb":
        scratch.must("dpkg-deb", "--extract", package, where)
        return where
    scratch.must("sh", "-c", 'rpm2archive - < "$1" | tar -xzC "$2"', "sh", package, where)
    return where


def files(where):
    """{path: content, or where it links to}"""
    return {
        str(path.relative_to(where)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in where.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def field(package, name):
    if package.suffix == ".deb":
        return scratch.must("dpkg-deb", "--field", package, name).stdout.strip()
    return scratch.must("rpm", "-qp", "--qf", f"%{{{name}}}", package).stdout


class Both(unittest.TestCase):
    """What holds for either kind."""

    def each(self):
        for kind in ("deb", "rpm"):
            for name, package in packages(kind).items():
                with self.subTest(package.name):
                    yield name, package

    def test_same_input_gives_the_same_bytes(self):
        for kind in ("deb", "rpm"):
            env = scratch.environment(TZ="Asia/Tokyo", LC_ALL="C")
            again = made(kind, "again", env=env, umask=0o077)
            for name in NAMES:
                self.assertEqual(again[name].read_bytes(), packages(kind)[name].read_bytes())

    def test_files_are_roots(self):
        for _, package in self.each():
            if package.suffix == ".deb":
                with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as tar:
                    listed = subprocess.check_output(["tar", "-tvf", "-"], stdin=tar.stdout, text=True)
            else:
                listed = scratch.must("rpm", "-qplv", package).stdout
            self.assertIn("/usr/bin/", listed)
            for line in listed.splitlines():
                self.assertRegex(line, r"\A(d|-|l)(rwxr-xr-x|rw-r--r--|rwxrwxrwx) .*\broot\b.\s*root\b")

    def test_version_is_that_of_all_else(self):
        version = scratch.lkos("--version").stdout.split()[1]
        self.assertRegex(version, r"\A\d+\.\d+\.\d+\Z")
        for _, package in self.each():
            self.assertEqual(field(package, "version"), version)
        env = scratch.environment(PKG_CONFIG_PATH=scratch.prefix() / "lib/pkgconfig")
        self.assertEqual(
            scratch.must("pkg-config", "--modversion", "lk_onload_stub", env=env).stdout.strip(), version
        )
        changelog = (scratch.TOP / "CHANGELOG.md").read_text(encoding="utf-8")
        self.assertEqual(re.search(r"(?m)^## (\S+)", changelog).group(1), version)

    def test_changes_are_in_it(self):
        """The first and the last of the change log."""
        text = (scratch.TOP / "CHANGELOG.md").read_text(encoding="utf-8")
        changes = [" ".join(item.split()) for item in re.findall(r"(?ms)^- (.*?)(?=^- |^## |\Z)", text)]
        deb = unpacked(packages("deb")["lk-onload-stub"]) / "usr/share/doc/lk-onload-stub/changelog.gz"
        for said in (
            scratch.must("zcat", deb).stdout,
            scratch.must("rpm", "-qp", "--changelog", packages("rpm")["lk-onload-stub"]).stdout,
        ):
            said = " ".join(said.split())
            self.assertIn(changes[0], said)
            self.assertIn(changes[-1], said)

    def test_it_has_what_the_installer_has(self):
        where = scratch.folder() / "as_onload"
        scratch.must(sys.executable, scratch.TOOLS / "install.py", "--prefix", where, "--as-onload")
        own = scratch.must("dpkg", "--print-architecture").stdout.strip()
        for kind, folder in (("deb", MACHINES[own][2]), ("rpm", MACHINES[own][3])):
            packaged = set()
            for package in packages(kind).values():
                packaged |= {
                    re.sub(rf"\Ausr/{folder}/", "usr/lib/", path).replace("usr/", "", 1).replace(".gz", "")
                    for path in files(unpacked(package))
                }
            of_the_package = re.compile("share/(doc|licenses|lintian)/")
            self.assertEqual(
                {path for path in packaged if not of_the_package.match(path)},
                set(files(where)) - {"lib/lk_onload_stub/manifest.json"},
            )

    def test_it_works_where_it_is_unpacked(self):
        for kind in ("deb", "rpm"):
            root = unpacked(packages(kind)["lk-onload-stub"])
            done = scratch.run(root / "usr/bin/lkos", "doctor")
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_libraries_are_for_the_machine_that_was_asked_for(self):
        for debian, (red_hat, readelf, *folders) in MACHINES.items():
            for kind, name, folder in (("deb", debian, folders[0]), ("rpm", red_hat, folders[1])):
                with self.subTest(kind=kind, machine=name):
                    package = built(kind, debian)
                    self.assertEqual(field(package, "architecture" if kind == "deb" else "arch"), name)
                    root = unpacked(package)
                    for library in LIBRARIES:
                        said = scratch.must("readelf", "-h", root / "usr" / folder / library).stdout
                        self.assertIn(readelf, said)

    def test_packages_of_several_machines_agree_on_what_they_share(self):
        """Otherwise they could not be installed side by side."""
        for kind in ("deb", "rpm"):
            shared = {}
            for debian in MACHINES:
                for path, content in files(unpacked(built(kind, debian))).items():
                    if kind == "rpm" and path.startswith("usr/lib64/"):
                        continue  # of one machine or of another, never of both
                    self.assertEqual(shared.setdefault(path, content), content, path)
        self.assertEqual(field(built("deb", "i386"), "Multi-Arch"), "same")

    def test_licences(self):
        deb = unpacked(packages("deb")["lk-onload-stub"])
        copyright_ = (deb / "usr/share/doc/lk-onload-stub/copyright").read_text(encoding="utf-8")
        self.assertIn("BSD-2-clause\n Redistribution and use", copyright_)
        rpm = unpacked(packages("rpm")["lk-onload-stub"]) / "usr/share/licenses/lk-onload-stub"
        for name in ("LICENSE", "LICENSE.BSD-2-Clause"):
            self.assertEqual((rpm / name).read_bytes(), (scratch.TOP / name).read_bytes())
        sources = [*(deb / "usr/include").rglob("*.h"), *(scratch.TOP / "generated").glob("onload_ext*.c")]
        self.assertGreater(len(sources), 5)
        for source in sources:
            self.assertIn("GPL-2.0-only OR BSD-2-Clause", source.read_text(encoding="utf-8").split("\n")[0])

    def test_trouble_is_told(self):
        argv = [sys.executable, scratch.TOOLS / "package.py", "deb", "--out", scratch.folder()]
        done = scratch.run(*argv, "--built", "/no/such")
        self.assertEqual(done.returncode, 1)
        self.assertIn("package.py: /no/such/", done.stderr)
        self.assertFalse(Path(scratch.folder(), "lk-onload-stub.deb").exists())


class Debian(unittest.TestCase):
    def test_lintian_finds_nothing(self):
        options = ["--tag-display-limit", "0", "--fail-on", "error,warning", "--allow-root"]
        done = scratch.run("lintian", *options, *packages("deb").values())
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_dpkg_reads_it(self):
        package, as_onload = packages("deb").values()
        self.assertRegex(
            field(package, "Depends"),
            r"\Alibc6 \(>= 2\.\d+\), python3:any \(>= 3\.6\), python3-pyelftools \(>= 0\.27\)\Z",
        )
        self.assertEqual(field(as_onload, "Depends"), f"lk-onload-stub (= {field(package, 'Version')})")


class RedHat(unittest.TestCase):
    def test_needs_and_offers(self):
        package, as_onload = packages("rpm").values()
        needs = scratch.must("rpm", "-qp", "--requires", package).stdout.splitlines()
        self.assertLessEqual({"python3 >= 3.6", "python3-pyelftools >= 0.27"}, set(needs))
        self.assertTrue(any(need.startswith("libc.so.6") for need in needs))
        self.assertEqual([need for need in needs if need.startswith(("/usr/bin/pkg", "libonload"))], [])
        offers = [scratch.must("rpm", "-qp", "--provides", one).stdout for one in (package, as_onload)]
        self.assertIn("liblk_onload_stub.so()", offers[0])
        self.assertNotIn("libonload_ext", offers[0])  # it is where no other package's program would find it
        self.assertIn("libonload_ext.so.1()", offers[1])

    def test_rpm_of_rhel_8_reads_it(self):
        """That is 4.14: no compression by zstd, and no feature that came later."""
        known = {"CompressedFileNames", "FileDigests", "PayloadFilesHavePrefix", "PayloadIsXz"}
        for package in packages("rpm").values():
            needs = scratch.must("rpm", "-qp", "--requires", package).stdout
            self.assertEqual(set(re.findall(r"rpmlib\((\w+)\)", needs)) - known, set())


if __name__ == "__main__":
    scratch.main()
