/* SPDX-License-Identifier: GPL-2.0-only */
/* The control data that getsockopt(TCP_ZEROCOPY_RECEIVE) brings: where it is, and what is said of it.
 *
 * Pure: no memory is touched but the arguments'.
 * source: linux include/uapi/linux/tcp.h, net/ipv4/tcp.c (tcp_zc_finalize_rx_tstamp) */
#ifndef LKOS_TRANSLATE_ZEROCOPY_H
#define LKOS_TRANSLATE_ZEROCOPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LKOS_TCP_ZEROCOPY_RECEIVE 35

/* struct tcp_zerocopy_receive as far as control data is concerned, since Linux 5.11: what is shorter
 * has none. What may follow is no concern of ours. */
struct lkos_zerocopy {
	uint64_t address;
	uint32_t length, recv_skip_hint, inq;
	int32_t err;
	uint64_t copybuf_address;
	int32_t copybuf_len;
	uint32_t flags;
	uint64_t msg_control;    /* the kernel moves it behind what it wrote */
	uint64_t msg_controllen; /* the room that is left */
	uint32_t msg_flags;
};

#define LKOS_ZEROCOPY_SIZE 60 /* without what fills the struct up */

/* What the kernel wrote, as a message. false: nothing. */
bool lkos_zerocopy_control(const struct lkos_zerocopy *before,
			   const struct lkos_zerocopy *after, struct msghdr *msg);

/* Says in `after` that there is so much of it as msg has now, not more than it had. */
void lkos_zerocopy_shorten(const struct msghdr *msg, struct lkos_zerocopy *after);

#endif
