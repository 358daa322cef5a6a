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

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LKOS_MSG_WARM 0x400
#define LKOS_MSG_ONEPKT 0x20000

/* UIO_MAXIOV: the messages that one sendmmsg sends, and the pieces that one message has. */
#define LKOS_MESSAGES_MAX 1024

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
static inline ssize_t lkos_warm_answer(const struct lkos_warm *warm)
{
	/* The two states from which a segment can be sent: the peer has not closed, or it has and
	 * we have not. */
	if (warm->state != TCP_ESTABLISHED && warm->state != TCP_CLOSE_WAIT)
		return -EPIPE;
	if (warm->length >= warm->mss)
		return -EINVAL;
	return warm->flags & MSG_MORE || warm->unsent > 0 ? 0 : (ssize_t)warm->length;
}

#endif
