# SPDX-License-Identifier: GPL-2.0-only
"""The machines that we build for besides this one, and how Debian's clang is told of them.

gcc is not used: Debian's 32-bit gcc and its cross compilers cannot be installed side by side.
"""

_GCC_32 = "/usr/lib/gcc/x86_64-linux-gnu/12/32"
_GCC_ARM = "/usr/lib/gcc-cross/aarch64-linux-gnu/12"

MACHINES = {
    "aarch64": struct(
        constraint = "@platforms//cpu:aarch64",
        # Packages: libc6-dev-arm64-cross, libgcc-12-dev-arm64-cross.
        compile_flags = [
            "--target=aarch64-linux-gnu",
            "-nostdlibinc",
            "-idirafter/usr/aarch64-linux-gnu/include",
        ],
        include_directories = ["/usr/aarch64-linux-gnu/include"],
        link_flags = [
            "--target=aarch64-linux-gnu",
            "-B" + _GCC_ARM,
            "-L" + _GCC_ARM,
            "-B/usr/aarch64-linux-gnu/lib",
            "-L/usr/aarch64-linux-gnu/lib",
        ],
        # What starts its programs here. Package: qemu-user-static.
        run = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"],
    ),
    "i386": struct(
        constraint = "@platforms//cpu:x86_32",
        # Packages: libc6-dev-i386, lib32gcc-12-dev.
        compile_flags = [
            "--target=i386-linux-gnu",
            "-idirafter/usr/include/x86_64-linux-gnu",  # <asm/*.h>
        ],
        include_directories = [
            "/usr/include",
            "/usr/include/x86_64-linux-gnu",
        ],
        link_flags = [
            "--target=i386-linux-gnu",
            "-B" + _GCC_32,
            "-L" + _GCC_32,
            "-B/usr/lib32",
            "-L/usr/lib32",
        ],
        run = ["qemu-i386-static"],
    ),
}
