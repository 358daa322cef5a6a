#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the libraries with a C compiler alone.

set -eu

usage()
{
	cat <<-'END'
	usage: tools/build.sh [--out DIR]

	Builds liblk_onload_stub.so, libonload_ext.so.1 and .so.2 and libonload_ext.a with gcc or clang
	and ar alone: no Bazel, no Python. $CC names the compiler (default: gcc, or clang where that is not
	installed), $AR the archiver, and $CFLAGS and $LDFLAGS add to the compiler's options.

	  --out DIR  the folder for the libraries (default: built)
	  --help     print this

	examples:
	  tools/build.sh && tools/install.py --built built --prefix ~/.local
	  CC=clang CFLAGS=-m32 tools/build.sh --out built32
	END
}

wrong()
{
	echo "tools/build.sh: $*" >&2
	exit 2
}

out=built
while [ $# -gt 0 ]; do
	case $1 in
	--out) [ "${2-}" ] || wrong '--out needs the name of a folder; see --help'; out=$2; shift 2 ;;
	--help) usage; exit 0 ;;
	*) wrong "$1: no such option; see --help" ;;
	esac
done

mkdir -p "$out" || wrong "--out $out: cannot make this folder; name another"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/.."

cc=${CC-}
for compiler in gcc clang; do
	if [ -z "$cc" ] && command -v $compiler >/dev/null; then
		cc=$compiler
	fi
done
if [ -z "$cc" ] || ! command -v "${cc%% *}" >/dev/null; then
	wrong "${cc:-neither gcc nor clang}: not found; install gcc, or name a compiler: CC=clang $0"
fi

# A list in defs.bzl, where Bazel has it from.
listed()
{
	sed -n "/^$1 = \[/,/^]/ s/^ *\"\(.*\)\",.*/\1/p" defs.bzl
}

# Warnings are for developers: other compilers have others.
compiling=$(listed LKOS_COPTS | grep -v '^-W')
linking=$(listed LKOS_LINKOPTS)
with_dl=$(listed LKOS_DL_LINKOPTS)

stub_map=generated/liblk_onload_stub.map
if $cc ${CFLAGS-} -dM -E - </dev/null | grep -q '__i386__'; then
	stub_map=generated/liblk_onload_stub_i386.map
fi

# FILE SONAME MAP SOURCE OR OPTION...
build()
{
	file=$1 soname=$2 map=$3
	shift 3
	echo "$file"
	$cc $compiling -fPIC -I. -Igenerated/include ${CFLAGS-} "$@" -shared $linking -Wl,-soname,"$soname" \
		-Wl,--version-script="$map" ${LDFLAGS-} -o "$out/$file"
}

build liblk_onload_stub.so liblk_onload_stub.so $stub_map generated/onload_answers.c \
	src/api/*.c src/interpose/*.c src/runtime/*.c src/translate/*.c $with_dl
build liblk_onload_emulation.so liblk_onload_emulation.so generated/liblk_onload_emulation.map \
	'-DLKOS_NEXT_ROWS="generated/emulation_symbols.inc"' '-DLKOS_LIBRARY="lk_onload_emulation"' \
	generated/onload_emulated.c src/emulate/*.c $(listed LKOS_FOR_EACH_LIBRARY | sed 's|^|src/runtime/|') \
	src/translate/*.c $with_dl
for major in 1 2; do
	build libonload_ext.so.$major libonload_ext.so.$major generated/libonload_ext.map \
		generated/onload_ext.c generated/onload_ext_version_$major.c
done
ln -sf libonload_ext.so.1 "$out/libonload_ext.so"

echo libonload_ext.a
object=$out/onload_ext_static.o
$cc $compiling -fPIC -I. -Igenerated/include ${CFLAGS-} -c generated/onload_ext_static.c -o "$object"
rm -f "$out/libonload_ext.a"
"${AR:-ar}" rcs "$out/libonload_ext.a" "$object"
rm "$object"
