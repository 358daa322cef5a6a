#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what building, testing and trying this project takes, from Debian's packages.

set -eu

packages='
# To build: Bazel, and the rules that it would download if they were not here.
bazel-bootstrap
bazel-platforms
bazel-rules-java
bazel-rules-proto
bazel-skylib
binutils
g++
gcc

# To generate code from the spec.
python3
python3-jinja2
python3-jsonschema
python3-yaml

# To test: the frameworks, a second compiler and linker with its fuzzer, and tools that read binaries
# and watch processes.
abigail-tools
clang
gdb
googletest
iproute2
libbenchmark-dev
libclang-rt-dev
lintian
lld
mandoc
pkg-config
python3-clang
python3-pyelftools
strace
valgrind

# To build and test for i386 and aarch64 with clang: libc, libgcc, and an emulator.
lib32gcc-12-dev
libc6-dev-arm64-cross
libc6-dev-i386
libgcc-12-dev-arm64-cross
qemu-user-static

# To make packages.
binutils-aarch64-linux-gnu
rpm

# To contribute.
clang-format
git
'

usage()
{
	cat <<-END
	usage: ./setup.sh [--list | --help]

	Installs the Debian packages that building and testing this project needs, with sudo
	when you are not root. Does nothing, and needs no network, when they are all there.

	  --list   print the packages, one a line, and install nothing
	  --help   print this
	END
}

list()
{
	printf '%s' "$packages" | grep -v -e '^#' -e '^$'
}

say()
{
	echo "setup: $*"
}

case "$#:${1-}" in
0:) ;;
1:--list) list; exit 0 ;;
1:--help) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

# Not by /etc/debian_version, which Ubuntu has too: its packages are others.
if ! grep -qsEx "ID=[\"']?debian[\"']?" /etc/os-release || ! command -v apt-get >/dev/null; then
	say 'this is no Debian. Install what these Debian packages hold, then run: bazel test //...'
	list
	exit 2
fi >&2

# Those that are not installed: dpkg-query says which are, and of an unknown name nothing.
missing=$({ dpkg-query -W -f '${Package} ${db:Status-Status}\n' $(list) 2>/dev/null || true; list; } |
	awk '$2 == "installed" { there[$1] } NF == 1 && !($1 in there)')
if [ -z "$missing" ]; then
	say "nothing to do, all $(list | wc -l) packages are installed"
	exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
	if ! command -v sudo >/dev/null; then
		say 'run this as root, or install sudo' >&2
		exit 1
	fi
fi

log=$(mktemp)
apt()
{
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 || {
		tail -n 20 "$log"
		say "apt-get $1 failed; all that it said is in $log"
		exit 1
	} >&2
}

say "installing $(echo "$missing" | wc -l) packages and what they need (a minute or two; see $log):" $missing
apt update
apt install --no-install-recommends $missing
rm "$log"
say 'done'
