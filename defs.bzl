# SPDX-License-Identifier: GPL-2.0-only
"""How this project compiles and links C."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

# The one list of warnings and options for our C. gcc 12 and clang 14 accept all of it. -Wpedantic is left
# out: dlsym gives a function as a void pointer, which POSIX allows and ISO C does not; and -Wcast-qual,
# because struct iovec has one kind of pointer for reading and for writing.
LKOS_COPTS = [
    "-std=gnu11",
    "-D_GNU_SOURCE",
    # We define the fortified functions ourselves; libc's inline wrappers would be in the way.
    "-U_FORTIFY_SOURCE",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    "-Wno-sign-conversion",
    "-Wformat=2",
    "-Wimplicit-fallthrough",
    "-Wmissing-prototypes",
    "-Wold-style-definition",
    "-Wpointer-arith",
    "-Wredundant-decls",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wundef",
    "-Wvla",
    "-Wwrite-strings",
    "-O2",
    # What is exported says so, and the version script has the last word.
    "-fvisibility=hidden",
    # Functions and tables that nobody uses are left out, although their files are linked.
    "-ffunction-sections",
    "-fdata-sections",
    # A call of an exported function in the same file is ours, whatever library is preloaded before.
    "-fno-semantic-interposition",
    "-fno-plt",
    # Nothing that costs a hot path.
    "-fno-stack-protector",
    "-fomit-frame-pointer",
    # libc's headers declare arguments as non-null that applications do pass as NULL: keep our tests for it.
    "-fno-delete-null-pointer-checks",
    # A cancelled thread unwinds through us, and a debugger walks through us.
    "-fasynchronous-unwind-tables",
    "-fexceptions",
]

# For our C++: tests and benchmarks. The language version is in .bazelrc, because GoogleTest needs it too.
LKOS_CXXOPTS = [
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wimplicit-fallthrough",
    "-Wshadow",
]

LKOS_LINKOPTS = [
    # Without what the compiler adds for C++: C needs none of it, and the loader looks for each of its symbols in
    # every library, when a program starts.
    "-nostartfiles",
    # Before the C++ libraries that Bazel names on every link line: C does not need them.
    "-Wl,--as-needed",
    "-Wl,--gc-sections",
    "-Wl,--hash-style=gnu",
    "-Wl,-O1",
    "-Wl,-z,defs",
    "-Wl,-z,noexecstack",
    # Closed with dlclose, it stays: threads may be inside, and what was asked is remembered.
    "-Wl,-z,nodelete",
    "-Wl,-z,now",
    "-Wl,-z,relro",
]

# Until glibc 2.34 dlsym is in a library of its own, which newer ones have for old programs: so that one build
# finds it everywhere, this is named as needed.
LKOS_DL_LINKOPTS = [
    "-Wl,--push-state,--no-as-needed,-l:libdl.so.2,--pop-state",
]

# Of src/runtime, what each library has for itself.
LKOS_FOR_EACH_LIBRARY = [
    "file.c",
    "libc.c",
    "log.c",
    "memory.c",
    "next.c",
]

def lkos_sources():
    """The C files of a folder as they are, for the test of tools/build.sh: target `sources`."""
    native.filegroup(
        name = "sources",
        srcs = native.glob([
            "*.c",
            "*.h",
        ]),
        visibility = ["//tools:__pkg__"],
    )

def lkos_shared_library(name, soname, map, deps, linkopts = [], **kwargs):
    """A shared library that exports what its version script names, and nothing else.

    Args:
      name: the file to make, such as libx.so.
      soname: what programs that link with it record.
      map: label of the version script.
      deps: the libraries that it is made of. One that nothing refers to needs alwayslink.
      linkopts: more options for the linker.
      **kwargs: passed on to cc_binary.
    """
    cc_binary(
        name = name,
        additional_linker_inputs = [map],
        linkopts = LKOS_LINKOPTS + linkopts + [
            "-Wl,-soname," + soname,
            "-Wl,--version-script=$(location %s)" % map,
        ],
        linkshared = True,
        deps = deps,
        **kwargs
    )
