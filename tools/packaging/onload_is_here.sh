#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Fails where Onload itself is installed: its names are then not for lk_onload_stub to take. It is there when one
# of these names is, and is no link to a file of lk_onload_stub. Packages run this before they are unpacked,
# and the installer before it writes; below DPKG_ROOT, if that is set.
set -eu
found=
for top in "${DPKG_ROOT-}" "${DPKG_ROOT-}/usr" "${DPKG_ROOT-}/usr/local"; do
	for path in "$top"/bin/onload "$top"/bin/onload_stackdump "$top"/sbin/onload_tool "$top"/libexec/onload \
		"$top"/include/onload "$top"/lib*/libonload.so "$top"/lib/*/libonload.so \
		"$top"/lib*/libonload_ext.* "$top"/lib/*/libonload_ext.*; do
		[ -e "$path" ] || continue
		case $(readlink -f -- "$path") in
		*/lk_onload_stub/* | */liblk_onload_stub.so) ;;
		*) found="$found $path" ;;
		esac
	done
done
[ -z "$found" ] || {
	echo "Onload is installed here:$found. Remove it first, or do without its names: lkos run ./app" >&2
	exit 1
}
