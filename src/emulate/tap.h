/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets of TCP as they arrived, from a packet socket: where one ends, and when it came.
 *
 * What: for each network namespace in which this process makes TCP sockets, an AF_PACKET socket with a
 *     ring of headers, in memory that the kernel fills. It has no descriptor, so a program does not see
 *     it, and it is read only when somebody asks.
 * When there is one: with CAP_NET_RAW, from the first TCP socket on, unless LKOS_TAP is 0. A forked
 *     child opens its own at the first socket that it makes or asks about.
 * Not known: see src/translate/tcp_packets.h. All else has to do with what TCP_INFO counts.
 * All of it is guarded by the lock, which these functions take. errno is kept. */
#ifndef LKOS_EMULATE_TAP_H
#define LKOS_EMULATE_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "src/translate/tcp_packets.h"

/* A TCP socket as it is at one moment, for a walk over what it has queued. */
struct lkos_tap_view {
	uint64_t network; /* its namespace's cookie */
	struct lkos_tcp_connection connection;
	struct lkos_tcp_unread unread; /* where its next read begins, and where what it has ends */
};

/* false: nothing is known of it, or fd is no connected TCP socket. It costs ten system calls. To look
 * also while nothing is queued helps: that is how connections that were seen late become known. */
bool lkos_tap_look(int fd, struct lkos_tap_view *view);

/* The packet that byte `offset` of the stream is in, from view->unread.begin on: the next one begins
 * where it ends. false: not known, or at the end of what was queued. */
bool lkos_tap_packet(const struct lkos_tap_view *view, uint64_t offset,
		     struct lkos_tcp_packet *packet);

/* A thread has made this socket, or is about to accept from it. */
void lkos_tap_open_for(int fd);

/* Is there one for this socket? */
bool lkos_tap_is_open_for(int fd);

#endif
