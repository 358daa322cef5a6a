/* SPDX-License-Identifier: GPL-2.0-only */
/* What the application requested of SO_TIMESTAMPING on a socket: cached by the descriptor's number
 * (runtime/descriptors.h); else noted on the socket (translate/timestamping_note.h), where it cannot
 * be told from what the kernel holds; else worked out from that (translate/timestamping_flags.h).
 *
 * Flags are sets of SOF_TIMESTAMPING_* bits, among those requested LKOS_SOF_OURS, too.
 * errno is kept by all of these. */
#ifndef LKOS_INTERPOSE_REQUESTED_H
#define LKOS_INTERPOSE_REQUESTED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "src/runtime/descriptors.h"
#include "src/runtime/libc.h"

/* Is this, of the options of SOL_SOCKET, SO_TIMESTAMPING in its old or its new form? */
static inline bool lkos_is_timestamping(int optname)
{
	return optname == SO_TIMESTAMPING_OLD || optname == SO_TIMESTAMPING_NEW;
}

/* Asks the kernel, in two or three system calls; from then on it is cached. */
uint32_t lkos_requested_learn(int fd);
uint32_t lkos_requested_of_any(int fd); /* cached, or learnt */

static inline uint32_t lkos_requested(int fd)
{
	uint32_t requested;

	return LKOS_LIKELY(lkos_fd_cached_first(fd, &requested))
		       ? requested
		       : lkos_requested_of_any(fd);
}

/* What getsockopt shows where the kernel holds `held`. What is cached ends if it is something else,
 * as after a change by another process. */
uint32_t lkos_requested_shown(int fd, uint32_t held);

/* A change of what is requested, from before the kernel is told until it has answered. */
struct lkos_request {
	int fd;
	bool is_noted;
	uint32_t before, held; /* what was requested, and held by the kernel, until now */
	uint32_t requested;    /* from now on: lkos_sof_held of it is for the kernel */
};

struct lkos_request lkos_request_begin(int fd, int optname, uint32_t requested);
void lkos_request_end(const struct lkos_request *request, bool granted);

/* The socket, which has RAW_HARDWARE, requests hardware transmit stamps per call. */
void lkos_request_per_call(int fd);

/* `accepted` came from the listener and has its flags, as the kernel inherits them. */
void lkos_request_inherit(int listener, int accepted);

#endif
