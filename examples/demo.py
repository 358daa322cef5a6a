#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs onload_app without and with liblk_onload_stub.so, and checks what it prints."""

import sys

from side_by_side import Column, Library, Show

STAMP = "hardware stamp only"

# What onload_app must print: feature, without the library, with it.
PROMISED = [
    ("onload_is_present", "0", "0"),
    ("stack name saved, set, restored", "0, 0, 0", "0, 0, 0"),
    ("onload_stack_opt_set_int", "0", "0"),
    ("onload_stack_opt_get_int", "-38", "-1, errno ENOSYS"),
    ("onload_socket_nonaccel", "a UDP socket", "a UDP socket"),
    ("receive stamp, UDP", "no stamp", STAMP),
    ("receive stamp, TCP", "no stamp", STAMP),
    ("receive stamp, UDP over IPv6", "no stamp", STAMP),
    ("receive stamp, TCP over IPv6", "no stamp", STAMP),
    ("transmit stamp, UDP", "no stamp", STAMP + ", id 0"),
    ("transmit stamp, TCP", "no stamp", STAMP + ", id 4"),
    ("SO_TIMESTAMPING read back", "as set", "as set"),
    ("ONEPKT, UDP, two queued", '"first", then "second"', '"first", then "second"'),
    ("ONEPKT and WAITALL, TCP, 4 bytes", "4", "-1, errno EINVAL"),
    ("WARM send, TCP", '12, peer reads "FALSE ORDER order"', '12, peer reads "order"'),
    ("onload_ordered_epoll_wait", "-38", "1 event, unordered"),
]

STUB = Library("--library", "liblk_onload_stub.so")

SHOW = Show(
    script="demo.py",
    about=__doc__,
    apps=("onload_app",),
    heading="A program written for Onload, without and with liblk_onload_stub.so:",
    columns=(
        Column("without", "without the library", ()),
        Column("with", "with the library", (STUB,)),
    ),
    promised=PROMISED,
    explained="-38 is -ENOSYS, which libonload_ext returns by itself. The library answers a getter in libc's way, "
    "-1 with the reason in errno, for which a test for -1 and perror() are enough. The epoll call it can do.",
)

if __name__ == "__main__":
    sys.exit(SHOW.main(sys.argv[1:]))
