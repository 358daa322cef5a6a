/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/wire_order.h"

#include <stdbool.h>

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void swap(struct lkos_wire_event *a, struct lkos_wire_event *b)
{
	const struct lkos_wire_event kept = *a;

	*a = *b;
	*b = kept;
}

/* Those of the same time stay in the order in which they came. */
static bool goes_before(const struct lkos_wire_event *a, const struct lkos_wire_event *b)
{
	return a->first != b->first ? a->first < b->first : a->source < b->source;
}

static void sink(struct lkos_wire_event *heap, size_t at, size_t count)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && goes_before(heap + child, heap + child + 1))
			child++;
		if (!goes_before(heap + at, heap + child))
			return;
		swap(heap + at, heap + child);
	}
}

/* In place: qsort() may allocate, which a signal handler must not. */
static void sort(struct lkos_wire_event *events, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sink(events, i, count);
	for (size_t i = count; i-- > 1;) {
		swap(events, events + i);
		sink(events, 0, i);
	}
}

size_t lkos_wire_plan(struct lkos_wire_event *events, size_t count, size_t most,
		      uint64_t limit, lkos_wire_walk *walk, void *arg)
{
	size_t told = 0;

	sort(events, count);
	for (; told < count && told < most; told++) {
		struct lkos_wire_event *const event = events + told;
		const uint64_t next = told + 1 < count ? event[1].first : LKOS_NEVER;
		struct lkos_wire_queue queue;

		if (!event->first)
			continue;
		if (event->first > limit)
			break;
		queue = walk(event->source, earlier(next, limit), arg);
		/* less, if what was known of it has been forgotten since */
		if (queue.bytes > event->bytes)
			event->bytes = queue.bytes;
		limit = earlier(limit, queue.left);
	}
	return told;
}
