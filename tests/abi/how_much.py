#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tells how much the tests of this folder check: rows of the tables that they are made from."""

import sys

import facts


def main():
    spec = facts.load()
    fields = [f for t in spec["types"] for m in t["members"] for f in m["fields"]]
    symbols = {m: sum(len(lib.functions) + len(lib.variables)
                      for lib in facts.libraries(spec, m) if lib.file != "libonload_ext.so")
               for m in ("x86_64", "i386", "aarch64")}
    imported = sum(len(r["functions"]) for r in spec["releases"])
    values = len(spec["constants"]) + sum(len(e["enumerators"]) for e in spec["enums"])
    lines = (
        "//tests/abi checks",
        f"  {symbols['x86_64']} exported symbols of 4 libraries for x86_64, {symbols['i386']} for i386, "
        f"{symbols['aarch64']} for aarch64",
        f"  {len(spec['functions'])} functions called in 6 states on each of these",
        f"  {len(spec['releases'])} releases, which have {imported} functions together",
        f"  {len(spec['types']) + len(spec['enums'])} types, {len(fields)} fields, {values} constants",
    )
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
