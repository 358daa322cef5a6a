/* SPDX-License-Identifier: GPL-2.0-only */
/* Where packets of TCP connections ended, and when they came: from segments in the order of their
 * arrival, the answer for each byte of a stream that has been received and not yet read.
 *
 * What: each byte belongs to the segment that brought it first. A segment that came again, or that
 *     overlaps others, counts for the bytes only that were missing. Segments out of order are kept
 *     until the gap closes. Several segments that came as one frame are divided again.
 * Where in the stream: byte 0 follows the SYN. A connection whose SYN was not seen, or of which
 *     segments may have been missed, is placed by how many bytes the kernel has received: two looks
 *     must agree, with new data in order in between, each at a time at which the last segment is
 *     old enough to have been taken in, and nothing waits behind a gap. Until then nothing is known.
 * Never wrong: what is not certain is not known. That is also what was evicted (memory is bounded:
 *     the oldest segments go first, of connections that nobody asked for, and connections that are silent), what a fragment or a
 *     header that was too long brought, data of a SYN that the listener did not take, and a stream with
 *     urgent data ahead of its reader.
 * What was refused: the kernel may refuse a segment that has arrived, and take it when it is sent again. So
 *     of bytes that came more than once it must be certain that the first was taken: the kernel counts as
 *     many segments as came (tcpi_data_segs_in), and TCP has refused none since. Else they are not
 *     known. A SYN of a connection that is still there is refused, too: another SYN than a connection's first
 *     counts when all that came after it is where it says.
 *
 * It has no memory of its own and takes no lock.
 *
 * source: RFC 9293; how Linux takes segments in, net/ipv4/tcp_input.c */
#ifndef LKOS_TRANSLATE_TCP_PACKETS_H
#define LKOS_TRANSLATE_TCP_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/translate/tcp_frames.h"

struct lkos_tcp_packets;

/* Bytes of memory for so many segments, and half as many connections. segments: 64 or more. */
size_t lkos_tcp_packets_size(uint32_t segments);

/* memory: zeroed and aligned as malloc's. It is the object, and needs no end. */
struct lkos_tcp_packets *lkos_tcp_packets_start(void *memory, uint32_t segments);

/* A frame that arrived after all those before it. */
void lkos_tcp_packets_add(struct lkos_tcp_packets *packets,
			  const struct lkos_tcp_segment *segment);

/* A part of this connection's data came in a way that cannot be followed. */
void lkos_tcp_packets_doubt(struct lkos_tcp_packets *packets,
			    const struct lkos_tcp_connection *connection);

/* Frames may have been missed here, of any connection. */
void lkos_tcp_packets_lose(struct lkos_tcp_packets *packets);

/* What the kernel says of a socket at one moment. */
struct lkos_tcp_progress {
	uint64_t received;  /* tcpi_bytes_received: a FIN counts as one */
	uint32_t segments;  /* tcpi_data_segs_in */
	uint32_t queued;    /* SIOCINQ: ends at urgent data that is not inline */
	uint8_t state;      /* LKOS_TCP_* of endpoints.h */
	bool at_mark;       /* SIOCATMARK */
	bool may_have_gap;  /* data may be queued that the stream has a gap before */
	bool urgent_inline; /* SO_OOBINLINE */
	bool took_syn_data; /* of what came with the SYN */
	uint64_t now; /* of that moment, or somewhat before; nanoseconds since 1970 */
	/* From then until that moment TCP has refused nothing that reached a socket. UINT64_MAX: who knows? */
	uint64_t nothing_refused_since;
};

/* The unread part of a stream, in bytes from its beginning. */
struct lkos_tcp_unread {
	uint64_t begin, end;
};

/* How many segments have been added that the kernel does not count, beyond those that it is known to have
 * refused: they are still on their way to the socket, or have been refused. Negative: it counts
 * segments that have not been added. 0, too: the connection is not known now. */
int32_t lkos_tcp_packets_uncounted(struct lkos_tcp_packets *packets,
				   const struct lkos_tcp_connection *connection,
				   const struct lkos_tcp_progress *progress);

/* Has any of its data come more than once, since the last look? Only then progress->nothing_refused_since
 * matters. */
bool lkos_tcp_packets_came_again(struct lkos_tcp_packets *packets,
				 const struct lkos_tcp_connection *connection);

/* All frames that arrived until that moment have been added.
 * false: nothing is known of this connection now. */
bool lkos_tcp_packets_look(struct lkos_tcp_packets *packets,
			   const struct lkos_tcp_connection *connection,
			   const struct lkos_tcp_progress *progress,
			   struct lkos_tcp_unread *unread);

struct lkos_tcp_packet {
	uint64_t end; /* in bytes from the beginning of the stream: of the first that is not its */
	uint64_t arrived; /* nanoseconds since 1970 */
};

/* The packet that byte `offset` of the stream is in. false: not known, or not received yet. */
bool lkos_tcp_packets_at(struct lkos_tcp_packets *packets,
			 const struct lkos_tcp_connection *connection,
			 const struct lkos_tcp_unread *unread, uint64_t offset,
			 struct lkos_tcp_packet *packet);

#endif
