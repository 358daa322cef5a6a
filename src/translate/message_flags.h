/* SPDX-License-Identifier: GPL-2.0-only */
/* Onload's two message flags, for a kernel that has other ideas of these bits.
 *
 * Pure: an answer for each set of flags; errno is not touched.
 * ONLOAD_MSG_ONEPKT (receive): at most one packet per call. Linux ignores the bit, except that
 *     AF_PACKET refuses it.
 * ONLOAD_MSG_WARM (send): keeps the send path warm and sends nothing. Linux ignores the bit and
 *     would transmit the data.
 * source: onload/extensions.h; Onload's src/lib/transport/ip/tcp_recv.c and tcp_send.c */
#ifndef LKOS_TRANSLATE_MESSAGE_FLAGS_H
#define LKOS_TRANSLATE_MESSAGE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LKOS_MSG_WARM 0x400
#define LKOS_MSG_ONEPKT 0x20000

/* UIO_MAXIOV: the messages that one sendmmsg sends, and the pieces that one message has. */
#define LKOS_MESSAGES_MAX 1024

/* Does it take the kind of socket to answer? Only then is it asked for. */
static inline bool lkos_onepkt_asks_for_kind(int flags)
{
	return (flags & LKOS_MSG_ONEPKT) && (flags & MSG_WAITALL);
}

/* The flags for the kernel in *kernel. is_tcp: a TCP socket over IPv4 or IPv6.
 * return: 0, or -EINVAL where one packet and all of the buffer are wanted of a stream. */
int lkos_onepkt_to_kernel(int flags, bool is_tcp, int *kernel);

static inline int lkos_warm_to_kernel(int flags)
{
	return flags & ~LKOS_MSG_WARM;
}

/* What a warm send on a TCP socket finds. */
struct lkos_warm {
	int state;     /* of the connection, TCP_ESTABLISHED and so on */
	uint32_t mss;  /* bytes that fit one segment */
	int unsent;    /* bytes in the send queue, sent but not acknowledged ones too */
	size_t length; /* bytes of the message */
	int flags;     /* of the call */
};

/* return: the length, 0 where the path would not have been warmed, -EPIPE where nothing can be
 * sent (the caller raises SIGPIPE as send does), or -EINVAL for more than one segment. */
ssize_t lkos_warm_answer(const struct lkos_warm *warm);

#endif
