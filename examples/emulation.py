#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the programs emulated_*.c without a library, with the stub, and with the emulation before it,
and checks what they print."""

import sys

from side_by_side import Column, Library, Show

INVALID = "-22"
NO_SUCH_CALL = "-38"

# What the program must print: feature, without a library, with the stub, with the emulation.
PROMISED = [
    ("onload_is_present", "0", "0", "1"),
    ("stack of a new socket", "none", "none", '""'),
    ("stack after onload_set_stackname", "none", "none", '"trading"'),
    ("a name of 17 bytes", "0", "0", "-1, errno ENAMETOOLONG"),
    ("stack saved, set, restored", "none", "none", '"trading"'),
    ("restored once more", "0", "0", INVALID),
    ("stack after ONLOAD_DONT_ACCELERATE", "none", "none", "none"),
    ("stack of onload_socket_nonaccel", "none", "none", "none"),
    ("stack of an accepted connection", "none", "none", '"listening"'),
    ("accepted connection moved by a worker", "0", "0", "0"),
    ("stack of the moved connection", "none", "none", '"worker-tT"'),
    ("moved a second time", "0", "0", INVALID),
    ("listener moved", "0", "0", INVALID),
    ("stack option set, read back", "0, -38, -1", "0, -1, -1", "0, 0, 262144"),
    ("stack option out of its range", "0", "0", INVALID),
    ("spinning set, read back", "0, -38, 0x0", "0, -38, 0x0", "0, 0, 0x3f1e"),
    ("endpoint state of a connection", "0x0", "0x0", "0x3331"),
    ("can be warmed", "-38", "-38", "1"),
    ("onload_get_tcp_info, unread bytes", "-1, errno EINVAL", "-1, errno EINVAL", "5"),
    ("version 1, of what arrives", "-38", "-38", "0"),
    ("version 1, a message", "none", "none", "a time, flags 0x83"),
    ("version 1, of what is sent", "-38", "-38", "0"),
    ("version 1, a report", "none", "none", "a time, flags 0x83"),
    ("version 1, an unknown flag", "-38", "-38", INVALID),
    ("version 2, of both", "-1, errno ENOPROTOOPT", "-1, errno ENOPROTOOPT", "0"),
    ("version 2, records of a message", "none", "none", "0x18 0x24 0x44"),
    ("version 2, records of a report", "none", "none", "0x41"),
    ("stream, set", "-1, errno EINVAL", "-1, errno EINVAL", "0"),
    ("stream, a send that was acknowledged", "none", "none", "5 bytes, sent once"),
    ("OPT_ID before connect", "-1, errno EINVAL", "-1, errno EINVAL", "0"),
    ("OPT_ID before connect, last byte of the first send", "none", "none", "4"),
    ("quotes 1 to 4 of two feeds, as read", "none", "1 3 2 4", "1 2 3 4"),
    ("10000 quotes of ten feeds", "none read", "not in order", "in order"),
    ("bytes of two quotes of one feed", NO_SUCH_CALL, "0", "8"),
    ("then data on a connection", "order not known", "order not known", "later, 5 bytes"),
    ("bytes received of one packet of 6", "12", "12", "6"),
    ("onload_zc_recv on UDP", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("datagrams handed over", "0", "0", "3"),
    ("buffers of a datagram of 5000 bytes", "0", "0", "3"),
    ("kept datagram, read later", "nothing", "nothing", "order book"),
    ("kept datagram released", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("released once more", NO_SUCH_CALL, NO_SUCH_CALL, INVALID),
    ("onload_zc_alloc_buffers", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("onload_zc_send, messages", NO_SUCH_CALL, NO_SUCH_CALL, "2"),
    ("bytes sent of the second", "0", "0", "7"),
    ("onload_zc_recv on TCP", "0", "0", "1"),
    ("bytes handed over", "0", "0", "14"),
    ("onload_zc_recv at the end of the stream", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("onload_set_recv_filter", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("quotes received by four calls", "6", "6", "6"),
    ("quotes that the filter was shown", "0", "0", "6"),
    ("gaps that it found", "0", "0", "1"),
    ("filter removed", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("quotes that it was shown afterwards", "0", "0", "6"),
    ("onload_recvmsg_kernel, nothing there", NO_SUCH_CALL, NO_SUCH_CALL, "-1, errno EAGAIN"),
    ("onload_recvmsg_kernel, a quote", NO_SUCH_CALL, NO_SUCH_CALL, "16"),
    ("number of the quote", "0", "0", "9"),
    ("onload_msg_template_alloc", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("a second template", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("price filled in", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("price beyond the end", NO_SUCH_CALL, NO_SUCH_CALL, INVALID),
    ("better price, and sent", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("sent once more", NO_SUCH_CALL, NO_SUCH_CALL, INVALID),
    ("second template aborted", NO_SUCH_CALL, NO_SUCH_CALL, "0"),
    ("longer than a segment", NO_SUCH_CALL, NO_SUCH_CALL, "-7"),
    ("order received", "none", "none", "buy 100 at 9.80"),
    ("little room for headers", "1", "1", "2"),
    ("onload_delegated_send_prepare", "1", "1", "0"),
    ("headers are for the exchange", "0", "0", "1"),
    ("packets made", "0", "0", "3"),
    ("ordinary send", "34", "34", "-1, errno EBUSY"),
    ("more than was prepared", "-1, errno ENOSYS", "-1, errno ENOSYS", "-1, errno EMSGSIZE"),
    ("onload_delegated_send_complete", "-1, errno ENOSYS", "-1, errno ENOSYS", "34"),
    ("onload_delegated_send_cancel", "-1, errno ENOSYS", "-1, errno ENOSYS", "0"),
    ("ordinary send afterwards", "4", "4", "4"),
    ("bytes received by the exchange", "38", "38", "38"),
]

STUB = Library("--library", "liblk_onload_stub.so")
EMULATION = Library("--emulation", "liblk_onload_emulation.so")

SHOW = Show(
    script="emulation.py",
    about=__doc__,
    apps=(
        "emulated_stacks",
        "emulated_stamps",
        "emulated_order",
        "emulated_zero_copy",
        "emulated_filter",
        "emulated_templates",
        "emulated_delegated",
    ),
    heading="Programs written for Onload, without a library, with the stub, and with the emulation:",
    columns=(
        Column("without", "without a library", ()),
        Column("stub", "with the stub", (STUB,)),
        Column("emulation", "with the emulation", (EMULATION, STUB)),
    ),
    promised=PROMISED,
    explained="none: the socket is not in a stack of Onload's. -22 is -EINVAL, -38 -ENOSYS and -7 -E2BIG, which these "
    "calls return by themselves. T stands for the number of the thread. Version 1 and 2 are Onload's own ways to ask for "
    "timestamps; the numbers of version 2 are the kinds of stamps in a message.",
)

if __name__ == "__main__":
    sys.exit(SHOW.main(sys.argv[1:]))
