/* SPDX-License-Identifier: GPL-2.0-only */
/* getsockopt(TCP_ZEROCOPY_RECEIVE), which receives, and brings timestamps as recvmsg does. */
#ifndef LKOS_INTERPOSE_ZEROCOPY_H
#define LKOS_INTERPOSE_ZEROCOPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "src/interpose/requested.h"
#include "src/translate/zerocopy.h"

#define LKOS_OPTION_BIT(optname) (UINT64_C(1) << ((optname) % 64))

/* May getsockopt have something to do for an option of this number, whatever the level? One test for
 * three numbers, which lets those pass too that differ by a multiple of 64. */
static inline bool lkos_option_may_concern_us(int optname)
{
	const uint64_t numbers = LKOS_OPTION_BIT(SO_TIMESTAMPING_OLD) |
				 LKOS_OPTION_BIT(SO_TIMESTAMPING_NEW) |
				 LKOS_OPTION_BIT(LKOS_TCP_ZEROCOPY_RECEIVE);

	return numbers >> ((unsigned int)optname % 64) & 1;
}

int lkos_zerocopy_receive(int fd, void *optval, socklen_t *optlen);

#endif
