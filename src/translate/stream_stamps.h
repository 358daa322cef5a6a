/* SPDX-License-Identifier: GPL-2.0-only */
/* ONLOAD_SOF_TIMESTAMPING_STREAM: when each send of a TCP connection left first and last, told once it is
 * acknowledged, from a kernel's separate reports of both.
 *
 * Pure. Numbers are offsets of a send's last byte from where the reports began, modulo 2^32. */
#ifndef LKOS_TRANSLATE_STREAM_STAMPS_H
#define LKOS_TRANSLATE_STREAM_STAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A send that is not acknowledged yet. */
struct lkos_stream_send {
	uint32_t number;
	struct timespec first, last; /* last: 0 unless it left again */
};

struct lkos_stream {
	uint32_t next; /* the byte behind those that were told */
	size_t count, room;
	struct lkos_stream_send sends[]; /* in the order in which they left first */
};

/* struct onload_scm_timestamping_stream. */
struct lkos_stream_record {
	struct timespec first, last;
	size_t len; /* bytes */
};

/* It has left. Where there is no room for it, its time is not known. */
void lkos_stream_sent(struct lkos_stream *stream, uint32_t number, struct timespec time);

/* It is acknowledged. false: that was told before. A time that is not known is 0. */
bool lkos_stream_acknowledged(struct lkos_stream *stream, uint32_t number,
			      struct lkos_stream_record *record);

#endif
