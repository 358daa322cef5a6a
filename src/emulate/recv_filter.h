/* SPDX-License-Identifier: GPL-2.0-only */
/* Receive filters: a callback looks at each message that a socket has received. */
#ifndef LKOS_EMULATE_RECV_FILTER_H
#define LKOS_EMULATE_RECV_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "generated/onload_api.h"

/* What is kept of a socket. */
struct lkos_recv_filter {
	onload_zc_recv_filter_callback call; /* NULL: none */
	void *arg;
};

bool lkos_has_recv_filter(uint64_t cookie);

/* Shows the filter of a socket what a call with these flags has received: its length may be more than
 * there was room for. No lock is held: the filter may make any call. errno is kept. */
void lkos_recv_filter_show(uint64_t cookie, const struct msghdr *received, size_t length,
			   int flags);

#endif
