/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_ordered_epoll_wait without the wire's order: the kernel's events in the kernel's order,
 * each said to be unordered. */
#include <string.h>

#include "generated/onload_api.h"
#include "src/runtime/c.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"

/* An entry of zeros is Onload's own way to say 'unordered, bytes not known'; entries beyond the
 * count stay as they were. */
LKOS_EXPORT int onload_ordered_epoll_wait(int epfd, struct epoll_event *events,
					  struct onload_ordered_epoll_event *oo_events,
					  int maxevents, int timeout)
{
	int count;

	LKOS_LOG_ANSWER(onload_ordered_epoll_wait, "epoll_wait(), events unordered");
	count = lkos_next.epoll_wait(epfd, events, maxevents, timeout);
	if (count > 0 && oo_events)
		memset(oo_events, 0, (size_t)count * sizeof(*oo_events));
	return count;
}
