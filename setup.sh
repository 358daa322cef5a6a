#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what building, testing and trying this project takes, from Debian's packages.

set -eu
cd "$(dirname "$0")"

# Lists may have comments and blank lines. GCC stands for the version of gcc.
to_build='
# To build, and to run the demo: Bazel, the rules that it would download if they were not here, and
# what generates code from the spec.
bazel-bootstrap
bazel-platforms
bazel-rules-java
bazel-rules-proto
bazel-skylib
binutils
g++
gcc
python3
python3-jinja2
python3-jsonschema
python3-yaml

# To use what was built: lkos reads programs with it.
python3-pyelftools
'

to_test='
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
pkgconf
python3-clang
strace
valgrind

# To build and test for i386 and aarch64 with clang: libc, libgcc, and an emulator.
lib32gcc-GCC-dev
libc6-dev-arm64-cross
libc6-dev-i386
libgcc-GCC-dev-arm64-cross
qemu-user

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
	usage: ./setup.sh [--build] [--list]

	Installs the Debian packages that building and testing this project needs, on Debian 12
	and 13, with sudo when you are not root. Does nothing, and needs no network, when they are
	all there.

	  --build  only what building and the demo need: about 0.9 GB, and 2.2 GB with the tests'
	  --list   print the packages, one a line, and install nothing
	  --help   print this

	example: ./setup.sh --build && bazel run //examples:demo
	END
}

groups()
{
	printf '%s' "$wanted" | sed "s/GCC/$gcc/"
}

list()
{
	groups | grep -v -e '^#' -e '^$'
}

say()
{
	echo "setup: $*"
}

# A word of /etc/os-release.
release()
{
	sed -n "s/^$1=[\"']*\([^\"']*\)[\"']*\$/\1/p" /etc/os-release 2>/dev/null || true
}

wanted=$to_build$to_test
only_list=
for argument; do
	case $argument in
	--build) wanted=$to_build ;;
	--list) only_list=yes ;;
	--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done

# Not by /etc/debian_version, which Ubuntu has too: its packages are others.
known=yes
case "$(release ID) $(release VERSION_ID)" in
'debian 12') gcc=12 ;;
'debian 13') gcc=14 ;;
*)
	known=
	gcc=$(gcc -dumpversion 2>/dev/null) || gcc=14
	gcc=${gcc%%.*}
	;;
esac

if [ "$only_list" ]; then
	list
	exit 0
fi

# Those that are not installed: dpkg-query says which are, and of an unknown name nothing.
missing=$({ dpkg-query -W -f '${Package} ${db:Status-Status}\n' $(list) 2>/dev/null || true; list; } |
	awk '$2 == "installed" { there[$1] } NF == 1 && !($1 in there)')

if [ "$missing" ] && ! { [ "$known" ] && command -v apt-get >/dev/null; }; then
	say 'this is neither Debian 12 nor Debian 13. Install what these packages of Debian hold, by group:'
	groups
	say 'then run: bazel test //... or, without Bazel, tools/build.sh: it needs gcc or clang alone'
	exit 2
fi >&2

as_root=
if [ "$missing" ] && [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
	if ! command -v sudo >/dev/null; then
		say 'run this as root, or install sudo' >&2
		exit 1
	fi
fi

# What apt-get says of its progress, as a line for each tenth of it. A line is KIND:NAME:PERCENT:TEXT.
show()
{
	shown=
	while IFS=: read -r kind name percent text; do
		case $kind in
		dlstatus) doing='fetched' ;;
		pmstatus) doing='installed' ;;
		*) continue ;;
		esac
		tenth="$doing $((${percent%%.*} / 10 * 10)) %"
		if [ "$tenth" != "$shown" ]; then
			shown=$tenth
			say "$tenth"
		fi
	done
}

# The redirections are made as root: sudo would close the third descriptor.
apt()
{
	{
		$as_root env DEBIAN_FRONTEND=noninteractive sh -c 'log=$1; shift; exec apt-get "$@" 3>&1 >>"$log" 2>&1' \
			sh "$log" -q -y -o DPkg::Lock::Timeout=300 -o APT::Status-Fd=3 "$@" || touch "$log.failed"
	} | show
	if [ -e "$log.failed" ]; then
		rm "$log.failed"
		tail -n 20 "$log"
		say "apt-get failed; all that it said is in $log"
		exit 1
	fi >&2
}

if [ "$missing" ]; then
	log=$(mktemp)
	say "installing $(echo "$missing" | wc -l) packages and what they need (a minute or two; see $log):" $missing
	apt update >/dev/null
	apt install --no-install-recommends $missing
	rm "$log"
fi

# Bazel 7 and later take the dependencies from the central registry, by MODULE.bazel. Debian's has them
# in its packages, as WORKSPACE says.
flags=debian.bazelrc
version=$(bazel --version 2>/dev/null | sed -n 's/^bazel \([0-9]*\)\..*/\1/p')
if [ -d /usr/share/bazel ] && [ "${version:-0}" -ge 7 ]; then
	cat > "$flags" <<-END
	# Made by setup.sh for Debian's Bazel $version: dependencies as WORKSPACE says, without a network.
	common --noenable_bzlmod --enable_workspace
	END
else
	rm -f "$flags"
fi

if [ "$missing" ]; then
	say 'done'
else
	say "nothing to do, all $(list | wc -l) packages are installed"
fi
