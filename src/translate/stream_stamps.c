/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/stream_stamps.h"

#include <string.h>

static bool is_before(uint32_t one, uint32_t other)
{
	return (int32_t)(one - other) < 0;
}

static struct lkos_stream_send *find(struct lkos_stream *stream, uint32_t number)
{
	for (size_t i = 0; i < stream->count; i++)
		if (stream->sends[i].number == number)
			return stream->sends + i;
	return NULL;
}

void lkos_stream_sent(struct lkos_stream *stream, uint32_t number, struct timespec time)
{
	struct lkos_stream_send *const known = find(stream, number);

	if (known)
		known->last = time;
	else if (!is_before(number, stream->next) && stream->count < stream->room)
		stream->sends[stream->count++] =
			(struct lkos_stream_send){.number = number, .first = time};
}

/* Those up to this number are done with. */
static void drop(struct lkos_stream *stream, uint32_t number)
{
	size_t kept = 0;

	for (size_t i = 0; i < stream->count; i++)
		if (is_before(number, stream->sends[i].number))
			stream->sends[kept++] = stream->sends[i];
	stream->count = kept;
}

bool lkos_stream_acknowledged(struct lkos_stream *stream, uint32_t number,
			      struct lkos_stream_record *record)
{
	const struct lkos_stream_send *const known = find(stream, number);

	if (is_before(number, stream->next))
		return false;
	*record = (struct lkos_stream_record){.len = number + 1 - stream->next};
	if (known) {
		record->first = known->first;
		record->last = known->last;
	}
	stream->next = number + 1;
	drop(stream, number);
	return true;
}
