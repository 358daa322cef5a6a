/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets of a TCP connection, from what the kernel counts: segments with data, and bytes.
 *
 * Between two looks at the counters exactly one segment has come, and bytes with it: these are one packet,
 * since nothing else can have brought them. Of more than one, only where they end is known.
 * Never wrong: a segment out of order counts before its bytes do, so after several at once the counters
 * are trusted again only when none was out of order, or when nothing at all is queued; so too after
 * urgent data, at which the count of what is queued ends.
 * At most LKOS_COUNTED_MOST packets are kept; what comes beyond them is not known.
 *
 * Pure. Offsets are bytes from the beginning of the stream. Starts as zeros, for a connection that has
 * not been looked at yet.
 * source: linux net/ipv4/tcp_input.c, tcp_data_queue(), and tcp_ipv4.c, tcp_segs_in() */
#ifndef LKOS_TRANSLATE_COUNTED_PACKETS_H
#define LKOS_TRANSLATE_COUNTED_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#define LKOS_COUNTED_MOST 16

/* What a connection shows at one moment. */
struct lkos_counters {
	uint64_t received;   /* bytes in order, without a FIN */
	uint32_t segments;   /* with data; also those that came twice, or out of order */
	uint32_t disordered; /* segments out of order */
	uint32_t queued;     /* bytes to be read, until urgent data */
	bool tells_disorder; /* the kernel counts them: since Linux 5.4 */
	bool is_settled;     /* nothing came while this was found out */
	bool is_urgent;      /* there is urgent data, or there may be */
	bool is_empty;       /* nothing is queued, in order or out of order */
};

struct lkos_counted_packet {
	uint64_t begin, end;
	uint64_t arrived; /* nanoseconds since 1970; 0: not known */
};

struct lkos_counted {
	uint64_t received;
	uint32_t segments, disordered;
	uint32_t count;
	bool is_doubtful; /* segments may be out of order */
	struct lkos_counted_packet packets[LKOS_COUNTED_MOST];
};

/* Does exactly one packet come to those that are known? Then it is worth to ask when it arrived. */
bool lkos_counted_grows(const struct lkos_counted *counted,
			const struct lkos_counters *now);

/* Takes in what the connection shows. arrived: of the last byte that is queued; 0: not known. */
void lkos_counted_look(struct lkos_counted *counted, const struct lkos_counters *now,
		       uint64_t arrived);

/* From now on nothing is known until all is read. */
void lkos_counted_doubt(struct lkos_counted *counted);

/* The packet that is at an offset, or what lies between two that are known. end: of all that has been
 * received; the offset is before it. return: is it one packet? */
bool lkos_counted_at(const struct lkos_counted *counted, uint64_t offset, uint64_t end,
		     struct lkos_counted_packet *packet);

#endif
