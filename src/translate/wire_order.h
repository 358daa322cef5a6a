/* SPDX-License-Identifier: GPL-2.0-only */
/* The order of onload_ordered_epoll_wait(): ready sockets with what each has queued in, events in the
 * order of the wire out.
 *
 * What is queued arrived at known times, or at times that are not known: such a socket is unordered, and
 * comes first. Of the others each tells the data that arrived before the next one's first: read in that
 * order, and no more than that, all is in the order of its arrival. What arrived after the limit waits
 * for the next call, since something that belongs before it may not be seen yet.
 *
 * Pure, but for the walk that the caller has. Times are nanoseconds since 1970; 0: not known.
 * source: onload src/lib/transport/unix/epoll_fd.c */
#ifndef LKOS_TRANSLATE_WIRE_ORDER_H
#define LKOS_TRANSLATE_WIRE_ORDER_H

#include <stddef.h>
#include <stdint.h>

#define LKOS_NEVER UINT64_MAX

struct lkos_wire_event {
	size_t source;  /* which of the caller's sockets */
	uint64_t first; /* when its first unread data arrived */
	uint64_t bytes; /* in: of its first packet, or of all whose times are not known; out: to be
			   read now */
};

/* What a socket has queued, in the order in which it is read. */
struct lkos_wire_queue {
	uint64_t bytes; /* of all packets before the first one that arrived after the bound */
	uint64_t left; /* when that one arrived, or at the earliest; LKOS_NEVER: there is none */
};

typedef struct lkos_wire_queue lkos_wire_walk(size_t source, uint64_t bound, void *arg);

/* Sorts all of the events, and works out the bytes of the first ones.
 * most: events to be told. limit: all that arrived until then is known.
 * return: how many are to be told; what is beyond them is not worked out. */
size_t lkos_wire_plan(struct lkos_wire_event *events, size_t count, size_t most,
		      uint64_t limit, lkos_wire_walk *walk, void *arg);

#endif
