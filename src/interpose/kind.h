/* SPDX-License-Identifier: GPL-2.0-only */
/* What kind of socket a descriptor is, for the message flags that mean something to TCP alone. */
#ifndef LKOS_INTERPOSE_KIND_H
#define LKOS_INTERPOSE_KIND_H

enum lkos_kind {
	LKOS_KIND_TCP, /* a TCP socket over IPv4 or IPv6, or one of MPTCP, which is several */
	LKOS_KIND_OTHER,   /* another socket, another file, or no descriptor at all */
	LKOS_KIND_UNKNOWN, /* the kernel would not say, as in a sandbox */
};

/* Three system calls at most. errno is kept. */
enum lkos_kind lkos_socket_kind(int fd);

#endif
