/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/counted_packets.h"

#include <string.h>

/* Is it another connection of this socket by now, which is counted anew? */
static bool is_another(const struct lkos_counted *counted, const struct lkos_counters *now)
{
	return now->received < counted->received ||
	       (int32_t)(now->segments - counted->segments) < 0;
}

/* At a first look, with something read already: if there was urgent data, what is queued may be more. */
static bool is_late(const struct lkos_counted *counted, const struct lkos_counters *now)
{
	return counted->received == 0 && now->segments > 1 && now->queued < now->received;
}

static bool is_certain(const struct lkos_counted *counted, const struct lkos_counters *now)
{
	return now->is_settled && !now->is_urgent && !counted->is_doubtful &&
	       now->queued <= now->received && !is_late(counted, now);
}

bool lkos_counted_grows(const struct lkos_counted *counted,
			const struct lkos_counters *now)
{
	return !is_another(counted, now) && !counted->is_doubtful &&
	       now->segments - counted->segments == 1 && now->received > counted->received;
}

static void forget_what_is_read(struct lkos_counted *counted, uint64_t begin)
{
	uint32_t gone = 0;

	while (gone < counted->count && counted->packets[gone].end <= begin)
		gone++;
	counted->count -= gone;
	memmove(counted->packets, counted->packets + gone,
		counted->count * sizeof(counted->packets[0]));
}

static void add(struct lkos_counted *counted, uint64_t end, uint64_t arrived)
{
	if (counted->count < LKOS_COUNTED_MOST)
		counted->packets[counted->count++] =
			(struct lkos_counted_packet){counted->received, end, arrived};
}

void lkos_counted_doubt(struct lkos_counted *counted)
{
	counted->is_doubtful = true;
	counted->count = 0;
}

void lkos_counted_look(struct lkos_counted *counted, const struct lkos_counters *now,
		       uint64_t arrived)
{
	bool grew, in_order, is_empty;

	if (is_another(counted, now))
		*counted = (struct lkos_counted){0};
	grew = now->received > counted->received;
	is_empty = now->is_empty && now->is_settled && !now->is_urgent;
	in_order = is_empty ||
		   (now->tells_disorder && now->disordered == counted->disordered);
	if (!is_certain(counted, now))
		lkos_counted_doubt(counted);
	else if (lkos_counted_grows(counted, now))
		add(counted, now->received, arrived);
	else if (grew)
		counted->is_doubtful = now->segments == counted->segments || !in_order;
	if (is_empty)
		counted->is_doubtful = false;
	/* A segment that brought nothing may be out of order: then it brings more later. */
	if (grew || in_order || counted->is_doubtful) {
		counted->received = now->received;
		counted->segments = now->segments;
		counted->disordered = now->disordered;
	}
	if (now->queued <= now->received)
		forget_what_is_read(counted, now->received - now->queued);
}

bool lkos_counted_at(const struct lkos_counted *counted, uint64_t offset, uint64_t end,
		     struct lkos_counted_packet *packet)
{
	*packet = (struct lkos_counted_packet){offset, end, 0};
	for (uint32_t i = 0; i < counted->count; i++) {
		const struct lkos_counted_packet *const known = counted->packets + i;

		if (offset < known->begin) {
			packet->end = known->begin;
			return false;
		}
		if (offset < known->end) {
			*packet = *known;
			return true;
		}
	}
	return false;
}
