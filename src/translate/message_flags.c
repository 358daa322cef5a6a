/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/message_flags.h"

#include <errno.h>
#include <netinet/tcp.h>

int lkos_onepkt_to_kernel(int flags, bool is_tcp, int *kernel)
{
	if (is_tcp && lkos_onepkt_asks_for_kind(flags))
		return -EINVAL;
	*kernel = flags & ~LKOS_MSG_ONEPKT;
	return 0;
}

ssize_t lkos_warm_answer(const struct lkos_warm *warm)
{
	/* The two states from which a segment can be sent: the peer has not closed, or it has and
	 * we have not. */
	if (warm->state != TCP_ESTABLISHED && warm->state != TCP_CLOSE_WAIT)
		return -EPIPE;
	if (warm->length >= warm->mss)
		return -EINVAL;
	return warm->flags & MSG_MORE || warm->unsent > 0 ? 0 : (ssize_t)warm->length;
}
