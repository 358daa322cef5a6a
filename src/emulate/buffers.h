/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet buffers of zero copy: of all stacks of this process, and who has each.
 *
 * A buffer is free; or ours, during a call; or the application's, until that gives it back or sends it.
 * Of a datagram in several buffers the application has the first, and the others follow it.
 * How many may be in use: EF_MAX_PACKETS as it is in force in the calling thread. What a call takes in case
 * that it is needed does not count.
 * A handle is the address of its buffer, and is looked up before it is used: one that is no buffer, or
 * not the application's now, is refused with a line in the log; Onload would crash.
 * Memory that was used once is kept for the next buffer. Under AddressSanitizer, also the
 * application's, whoever touches a buffer that is free is reported.
 * A forked child has copies of all buffers.
 * errno is kept. */
#ifndef LKOS_EMULATE_BUFFERS_H
#define LKOS_EMULATE_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/translate/packet_buffers.h"

/* What onload_zc_handle points at. */
struct oo_zc_buf {
	unsigned char bytes[LKOS_BUFFER_SIZE];
};

/* Takes buffers of a stack, which then are ours; so many of them count. false: those may not be in use, or there
 * is no memory, and none are taken. */
bool lkos_buffers_take(int32_t stack, struct oo_zc_buf **buffers, size_t number,
		       size_t counted);

/* Gives buffers of ours back. */
void lkos_buffers_give(struct oo_zc_buf *const *buffers, size_t number);

/* Makes buffers of ours the application's, which knows all of them by the first. From now on they count. */
void lkos_buffers_hand_over(struct oo_zc_buf *const *buffers, size_t number);

/* Gives back what the application has. return: 0; or -EINVAL, and nothing has changed. */
int lkos_buffers_return(int32_t stack, struct oo_zc_buf *const *handles, size_t number);

/* Has the application this buffer of this stack? return: 0 or -EINVAL. */
int lkos_buffer_is_of_application(int32_t stack, const struct oo_zc_buf *handle);

#endif
