#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Installs the libraries, headers, lkos and manual pages, and takes away again exactly what it installed."""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).absolute().parent))

import layout  # noqa: E402  (the path comes first)
from lkos.trouble import Trouble  # noqa: E402

DENIED = "; be root (sudo bazel-bin/tools/install), or install in your home folder: --prefix ~/.local"


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="install",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  sudo bazel-bin/tools/install --prefix /usr/local
  bazel run //:install -- --prefix ~/.local
  bazel run //:install -- --prefix /usr --destdir /tmp/stage
  bazel run //:install -- --prefix ~/.local --uninstall
  sudo bazel-bin/tools/install --prefix /usr --libdir lib64 --as-onload""",
    )
    parser.add_argument(
        "--prefix", default="/usr/local", help="where the files belong (default: %(default)s)"
    )
    parser.add_argument(
        "--libdir",
        metavar="DIR",
        default="lib",
        help="the libraries' folder in the prefix (default: %(default)s)",
    )
    parser.add_argument("--destdir", metavar="DIR", default="", help="a folder to put before the prefix")
    parser.add_argument(
        "--as-onload", action="store_true", help="add Onload's own names; refused where Onload is installed"
    )
    parser.add_argument("--uninstall", action="store_true", help="remove what was installed there")
    parser.add_argument(
        "--built", metavar="DIR", type=Path, help="folder with the built libraries (default: Bazel's)"
    )
    return parser.parse_args(argv)


def from_users_folder(path):
    """A path as the user meant it: `bazel run` changes the folder before it starts us."""
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), os.path.expanduser(path)).absolute()


class Tree:
    """The places below DESTDIR where one installation is.

    Its manifest has the files and symbolic links that it put there, and the folders that it made. It is
    written first, so that an installation that was interrupted can be removed, too.
    """

    def __init__(self, destdir, prefix, libdir):
        self.destdir = from_users_folder(destdir) if destdir else Path("/")
        self.prefix = Path(os.path.normpath(from_users_folder(prefix)))
        self.libdir = libdir
        self.manifest = self.at(f"{libdir}/lk_onload_stub/manifest.json")

    def at(self, path):
        """The real place of a path below the prefix."""
        return self.destdir / str(self.prefix / path).lstrip("/")

    def read_manifest(self):
        """(files, folders) as paths. None: nothing is installed."""
        try:
            listed = json.loads(self.manifest.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise Trouble(f"{self.manifest}: damaged ({error}); remove it, and install again") from error
        return [self.destdir / name for name in listed["files"]], [
            self.destdir / name for name in listed["folders"]
        ]

    def write_manifest(self, files, folders):
        listed = {
            "files": [os.path.relpath(path, self.destdir) for path in files],
            "folders": [os.path.relpath(path, self.destdir) for path in folders],
        }
        put(self.manifest, layout.Entry((json.dumps(listed, indent=1) + "\n").encode()))


def make_folders(path):
    """Makes the folders above a path, and gives those that it made."""
    made = [folder for folder in reversed(path.parents) if not folder.exists()]
    for folder in made:
        folder.mkdir()
        folder.chmod(0o755)  # whatever the umask is
    return made


def put(path, entry):
    """In one step: a program that runs keeps the library that it has."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    layout.put(temporary, entry)
    os.replace(temporary, path)


def remove(files, folders):
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    for path in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        with contextlib.suppress(OSError):  # not empty: somebody else has put something there
            path.rmdir()


def refresh_loader(tree):
    """Tells the loader, where it looks into this folder: then LD_PRELOAD needs no path."""
    ldconfig = shutil.which("ldconfig", path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    if tree.destdir != Path("/") or os.geteuid() != 0 or not ldconfig:
        return
    folder = str(tree.at(tree.libdir))
    if any(line.startswith(f"{folder}:") for line in layout.run(ldconfig, "-NXv").stdout.splitlines()):
        subprocess.run([ldconfig], check=False)


def refuse_beside_onload(tree):
    check = layout.HERE / "packaging/onload_is_here.sh"
    done = layout.run("sh", check, DPKG_ROOT=str(tree.destdir).rstrip("/"))
    if done.returncode != 0:
        raise Trouble(done.stderr.strip())


def warn_of_loader(tree):
    """A link's name is in no list of the loader: it must be where the loader looks anyway, as for libc."""
    if tree.destdir != Path("/"):
        return
    if layout.run("true", LD_PRELOAD="libonload.so", LD_LIBRARY_PATH="").stderr:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            own = next((line.split()[-1] for line in maps if "/libc" in line), "/usr/lib64/libc.so.6")
        libdir = os.path.relpath(os.path.dirname(os.path.realpath(own)), "/usr")
        print(
            f"LD_PRELOAD=libonload.so needs the whole path, {tree.at(tree.libdir)}/libonload.so; by its name, "
            f"the loader finds it after an installation with --prefix /usr --libdir {libdir}"
        )


def install(tree, built, as_onload):
    wanted = layout.entries(tree.prefix, tree.libdir, built)
    if as_onload:
        refuse_beside_onload(tree)
        wanted.update(layout.as_onload(tree.libdir))
    places = {tree.at(path): entry for path, entry in wanted.items()}
    old_files, old_folders = tree.read_manifest() or ([], [])
    foreign = [str(path) for path in places if os.path.lexists(path) and path not in old_files]
    if foreign:
        raise Trouble(
            f"{', '.join(foreign)}: not put there by this installer; move away, or use another --prefix"
        )
    made = [folder for path in [*places, tree.manifest] for folder in make_folders(path)]
    folders = old_folders + [folder for folder in made if tree.destdir in (folder, *folder.parents)]
    tree.write_manifest([*places, tree.manifest], folders)
    for path, entry in places.items():
        put(path, entry)
    remove([path for path in old_files if path not in places and path != tree.manifest], old_folders)
    tree.write_manifest([*places, tree.manifest], [folder for folder in folders if folder.exists()])
    refresh_loader(tree)
    if as_onload:
        warn_of_loader(tree)
    print(f"Installed {len(places)} files in {tree.at('.')}.")
    program = tree.at("bin/lkos")
    found = shutil.which("lkos")
    if tree.destdir == Path("/"):
        print(f"Try: {'lkos' if found and os.path.samefile(found, program) else program} doctor")


def uninstall(tree):
    listed = tree.read_manifest()
    if listed is None:
        raise Trouble(
            f"{tree.manifest}: no such file; nothing was installed with this --prefix and --destdir"
        )
    files, folders = listed
    remove(files, folders)
    refresh_loader(tree)
    print(f"Removed {len(files) - 1} files from {tree.at('.')}.")


def main(argv):
    args = arguments(argv)
    tree = Tree(args.destdir, args.prefix, args.libdir)
    with layout.telling("install", DENIED):
        if args.uninstall:
            uninstall(tree)
        else:
            built = from_users_folder(args.built) if args.built else layout.built_folder()
            install(tree, built, args.as_onload)


if __name__ == "__main__":
    main(sys.argv[1:])
