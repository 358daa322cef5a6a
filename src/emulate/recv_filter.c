/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_set_recv_filter(). All data comes through the kernel, so the rule is Onload's for such data: the
 * filter sees the application's own memory. As with data that Onload receives itself, it sees no message that
 * is only looked at. What it answers changes nothing.
 *
 * source: onload src/lib/transport/unix/zc_intercept.c, src/lib/transport/ip/udp_recv.c */
#include "src/emulate/recv_filter.h"

#include <errno.h>
#include <stddef.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/lock.h"
#include "src/emulate/receive.h"
#include "src/runtime/log.h"
#include "src/translate/message_flags.h"

/* Pieces of memory: what Onload has for a message, so that a signal handler's small stack will do, and what the
 * kernel takes. */
#define PIECES_FEW 120
#define PIECES_MOST LKOS_MESSAGES_MAX

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

bool lkos_has_recv_filter(uint64_t cookie)
{
	const uint64_t signals = lkos_lock();
	const struct lkos_socket *const known = lkos_socket_at(cookie);
	const bool has = known && known->filter.call;

	lkos_unlock(signals);
	return has;
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

static void show(const struct lkos_recv_filter *filter, const struct msghdr *received,
		 size_t length, struct onload_zc_iovec *pieces)
{
	struct onload_zc_msg message = {.iov = pieces, .msghdr = *received};
	const int kept = errno;

	message.msghdr.msg_iov = NULL;
	message.msghdr.msg_iovlen = written(received, length, pieces);
	filter->call(&message, filter->arg, 0);
	errno = kept;
}

/* Apart, because of their stack. */
#define SHOW_WITH_ROOM(name, room)                                                       \
	LKOS_NOINLINE static void name(const struct lkos_recv_filter *filter,            \
				       const struct msghdr *received, size_t length)     \
	{                                                                                \
		struct onload_zc_iovec pieces[room];                                     \
                                                                                         \
		show(filter, received, length, pieces);                                  \
	}

SHOW_WITH_ROOM(show_few, PIECES_FEW)
SHOW_WITH_ROOM(show_many, PIECES_MOST)

void lkos_recv_filter_show(uint64_t cookie, const struct msghdr *received, size_t length,
			   int flags)
{
	struct lkos_socket socket;

	if (flags & (MSG_PEEK | MSG_ERRQUEUE) || !lkos_socket_find(cookie, &socket) ||
	    !socket.filter.call)
		return;
	if (received->msg_iovlen <= PIECES_FEW)
		show_few(&socket.filter, received, length);
	else
		show_many(&socket.filter, received, length);
}
