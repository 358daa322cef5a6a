# SPDX-License-Identifier: GPL-2.0-only
"""The machines that we build for besides this one, and how Debian's clang is told of them.

gcc is not used: Debian's 32-bit gcc and its cross compilers cannot be installed side by side. Clang itself
finds the start files and libgcc of the newest gcc that is installed for each target.
"""

MACHINES = {
    "aarch64": struct(
        constraint = "@platforms//cpu:aarch64",
        # Packages: libc6-dev-arm64-cross, libgcc-N-dev-arm64-cross.
        compile_flags = [
            "--target=aarch64-linux-gnu",
            "-nostdlibinc",
            "-idirafter/usr/aarch64-linux-gnu/include",
        ],
        include_directories = ["/usr/aarch64-linux-gnu/include"],
        link_flags = ["--target=aarch64-linux-gnu"],
        # What starts its programs here. Package: qemu-user.
        run = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
    ),
    "i386": struct(
        constraint = "@platforms//cpu:x86_32",
        # Packages: libc6-dev-i386, lib32gcc-N-dev.
        compile_flags = [
            "--target=i386-linux-gnu",
            "-idirafter/usr/include/x86_64-linux-gnu",  # <asm/*.h>
        ],
        include_directories = [
            "/usr/include",
            "/usr/include/x86_64-linux-gnu",
        ],
        link_flags = ["--target=i386-linux-gnu"],
        run = ["qemu-i386"],
    ),
}
