/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the next packets of a socket end, and when they came.
 *
 * UDP: each datagram that is queued, exactly. They are peeked at one after the other (SO_PEEK_OFF); the
 *     option is given back as it was found, less what another reader has received meanwhile. Another process
 *     that has the socket does not look at it at the same time.
 * TCP: each packet that the tap knows; where it knows nothing of a connection, as far as what TCP_INFO counts
 *     tells, each time that somebody asks: see counted_packets.h. What is not known is one piece.
 * When: of TCP by the tap, if there is one, else by SO_TIMESTAMPNS, which the first walk over a socket switches on, unseen by the application.
 *     What came before lkos_packets_have_times() may have no time of its own, for which Linux makes one
 *     up: that is not told.
 * What is told of a packet once does not change when others come.
 * An error that a look takes from the socket is kept for the next call that receives.
 * errno is kept. No point of cancellation.
 *
 * source: linux net/core/datagram.c, net/ipv4/udp.c and tcp.c */
#ifndef LKOS_EMULATE_PACKETS_H
#define LKOS_EMULATE_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/emulate/tap.h"
#include "src/translate/counted_packets.h"

/* What is kept of a socket. */
struct lkos_arrivals {
	struct lkos_counted counted; /* TCP */
	bool has_times;              /* SO_TIMESTAMPNS is on for us */
	/* Times in this span may have been made up; until 0: none. Nanoseconds since 1970. */
	uint64_t made_up_from, made_up_until;
};

struct lkos_packet {
	uint64_t bytes; /* of it that are unread; of a datagram: all, which may be none */
	uint64_t arrived; /* nanoseconds since 1970; 0: not known */
	bool is_one;      /* false: of TCP, one packet or more, which came together */
};

/* A walk over what is queued, from the first unread byte on. Its fields are the walk's own. */
struct lkos_packets {
	int fd;
	bool tcp;
	uint64_t cookie;
	uint64_t at, end; /* TCP: in bytes of the stream */
	bool is_tapped;   /* then from this view, else from what was counted: */
	struct lkos_tap_view view;
	struct lkos_counted counted;
	uint64_t signals,
		walked;   /* UDP; walked: bytes of the datagrams that have been told */
	uint64_t told;    /* UDP: how many datagrams */
	int found_offset; /* SO_PEEK_OFF; has_offset: it is not off any more */
	bool has_offset;
	uint64_t made_up_from, made_up_until;
};

/* From its return on, whatever arrives at the machine has a time. */
void lkos_packets_have_times(void);

/* false: fd is no accelerated socket of UDP or connection of TCP, or another process looks at its datagrams
 * for long; so there is no walk to end. */
bool lkos_packets_begin(struct lkos_packets *walk, int fd);

/* false: nothing more is queued. */
bool lkos_packets_next(struct lkos_packets *walk, struct lkos_packet *packet);

/* Of UDP, the lock is held until here. */
void lkos_packets_end(struct lkos_packets *walk);

/* TCP: how many bytes one call may receive and not touch the packet after the one that its first byte is
 * in, nor what comes from now on. from: which unread byte that is, of those that are queued. 0: it is not
 * there, or this is no connection of TCP.
 * This is what ONLOAD_MSG_ONEPKT and each callback of onload_zc_recv() receive at most. */
size_t lkos_packet_unread(int fd, size_t from);

/* Something may be missing in what SIOCINQ counts: urgent data has been received. */
void lkos_packets_doubt(int fd);

#endif
