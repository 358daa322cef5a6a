/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_set_recv_filter(). All data comes through the kernel, so the rule is Onload's for such data: the
 * filter sees the application's own memory. As with data that Onload receives itself, it sees no message that
 * is only looked at. What it answers changes nothing.
 *
 * source: onload src/lib/transport/unix/zc_intercept.c, src/lib/transport/ip/udp_recv.c */
#include "src/emulate/recv_filter.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/lock.h"
#include "src/emulate/receive.h"
#include "src/runtime/log.h"

#define PIECES_MOST 120 /* Onload calls no filter where a message has more */

/* return: 0 or -ENOMEM. */
static int keep(uint64_t cookie, const struct lkos_recv_filter *filter)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const socket =
		filter->call ? lkos_socket_make_at(cookie) : lkos_socket_at(cookie);

	if (socket)
		socket->filter = *filter;
	lkos_unlock(signals);
	return socket || !filter->call ? 0 : -ENOMEM;
}

int lkos_emulated_onload_set_recv_filter(int fd, onload_zc_recv_filter_callback filter,
					 void *cb_arg, int flags)
{
	struct lkos_endpoint endpoint;

	if (!lkos_endpoint_of(fd, &endpoint))
		return lkos_refused(fd, -EBADF);
	if (endpoint.tcp)
		return -EOPNOTSUPP;
	if (flags)
		lkos_log("onload_set_recv_filter: flags are not 0");
	lkos_receiving_matters = true;
	return keep(endpoint.cookie, &(struct lkos_recv_filter){filter, cb_arg});
}

/* The pieces that have been written. return: how many. */
static size_t written(const struct msghdr *received, size_t length,
		      struct onload_zc_iovec *pieces)
{
	size_t count = 0;

	for (; length > 0 && count < received->msg_iovlen; count++) {
		const struct iovec *const piece = received->msg_iov + count;
		const size_t part = piece->iov_len < length ? piece->iov_len : length;

		pieces[count] = (struct onload_zc_iovec){
			.iov_ptr = (uintptr_t)piece->iov_base,
			.iov_len = part & UINT64_C(0xffffffffffff),
			.buf = ONLOAD_ZC_HANDLE_NONZC,
		};
		length -= part;
	}
	return count;
}

/* Apart, because of its stack. */
LKOS_NOINLINE static void show(const struct lkos_recv_filter *filter,
			       const struct msghdr *received, size_t length)
{
	struct onload_zc_iovec pieces[PIECES_MOST];
	struct onload_zc_msg message = {.iov = pieces, .msghdr = *received};
	const int kept = errno;

	message.msghdr.msg_iov = NULL;
	message.msghdr.msg_iovlen = written(received, length, pieces);
	filter->call(&message, filter->arg, 0);
	errno = kept;
}

void lkos_recv_filter_show(uint64_t cookie, const struct msghdr *received, size_t length,
			   int flags)
{
	struct lkos_socket socket;

	if (!(flags & (MSG_PEEK | MSG_ERRQUEUE)) && received->msg_iovlen <= PIECES_MOST &&
	    lkos_socket_find(cookie, &socket) && socket.filter.call)
		show(&socket.filter, received, length);
}
