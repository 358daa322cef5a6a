/* SPDX-License-Identifier: GPL-2.0-only */
/* Delegated sends: between onload_delegated_send_prepare() and the end of what it has reserved, nothing else
 * may be sent on the connection. How much is reserved stands with the socket.
 * errno is kept, but by calls that fail. */
#ifndef LKOS_EMULATE_DELEGATED_SEND_H
#define LKOS_EMULATE_DELEGATED_SEND_H

#include <stdatomic.h>
#include <stdbool.h>

#include "src/runtime/c.h"

/* Some connection of this process has had bytes reserved: set by the first, for good. */
extern LKOS_HIDDEN atomic_bool lkos_sends_were_delegated;

/* Are bytes of fd's stream reserved? */
bool lkos_is_reserved(int fd);

/* Must an ordinary send fail, with EBUSY? */
static inline bool lkos_send_is_busy(int fd)
{
	return LKOS_UNLIKELY(lkos_sends_were_delegated) && lkos_is_reserved(fd);
}

#endif
