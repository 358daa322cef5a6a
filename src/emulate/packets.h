/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the next packets of a socket end, and when they came.
 *
 * UDP: each datagram that is queued, exactly. They are peeked at one after the other (SO_PEEK_OFF); the
 *     option is given back as it was found, less what another reader has received meanwhile.
 * TCP: what TCP_INFO counts, each time that somebody asks: a growth of exactly one segment is a packet
 *     whose end is known. Several at once are one piece of which only the end is known; it ends where
 *     a known packet begins. A connection that has carried urgent data is not known until all of it
 *     is read, one that ended is not known any more.
 * When: by SO_TIMESTAMPNS, if it was on before the packet came (lkos_stamps_keep()), else not known.
 * What is told of a packet once does not change when others come.
 * An error that a look takes from the socket is kept for the next call that receives.
 * The lock is held from begin to end of a walk. errno is kept.
 *
 * source: linux net/core/datagram.c, net/ipv4/tcp.c and tcp_input.c */
#ifndef LKOS_EMULATE_PACKETS_H
#define LKOS_EMULATE_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lkos_packet {
	uint64_t bytes; /* of it that are unread; of a datagram: all, which may be none */
	uint64_t arrived; /* nanoseconds since 1970; 0: not known */
	bool is_one;      /* false: of TCP, one packet or more, which came together */
};

/* A walk over what is queued, from the first unread byte on. Its fields are the walk's own. */
struct lkos_packets {
	int fd;
	uint64_t signals, cookie;
	uint64_t at, end; /* TCP: in bytes of the stream */
	uint64_t walked;  /* UDP: bytes of the datagrams that have been told */
	int found_offset; /* SO_PEEK_OFF */
	bool tcp, begun;
};

/* false: fd is no datagram socket of UDP and no connection of TCP, so there is nothing to end. */
bool lkos_packets_begin(struct lkos_packets *walk, int fd);

/* false: nothing more is queued. */
bool lkos_packets_next(struct lkos_packets *walk, struct lkos_packet *packet);

void lkos_packets_end(struct lkos_packets *walk);

/* TCP: how many bytes one call may receive and not touch the packet after the one that the next unread
 * byte is in, nor what comes from now on. 0: nothing is queued, or this is no connection of TCP.
 * This is what ONLOAD_MSG_ONEPKT and each callback of onload_zc_recv() receive at most. */
size_t lkos_packet_unread(int fd);

#endif
