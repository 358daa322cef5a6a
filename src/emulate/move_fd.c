/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_move_fd(): only what is known of the socket changes, and only where Onload would move it.
 *
 * source: onload src/lib/transport/unix/onload_ext_intercept.c */
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/epoll_sets.h"
#include "src/emulate/lock.h"
#include "src/emulate/stackname.h"
#include "src/emulate/templates.h"
#include "src/runtime/libc.h" /* SO_TIMESTAMPING of older headers */
#include "src/translate/endpoints.h"

#define HANDED_OVER (-2) /* Onload's word for a stack that is not accelerated */

/* The handshake of a socket that connected counts as one byte acknowledged, and that of one that
 * was accepted does not. With nothing outstanding, the two are told apart by it. */
static bool was_accepted(const struct lkos_endpoint *endpoint)
{
	const struct lkos_tcp_info *info = &endpoint->info;

	return endpoint->told >= offsetof(struct lkos_tcp_info, dsack_dups) &&
	       info->bytes_acked == info->bytes_sent - info->bytes_retrans;
}

static bool is_partly_read(const struct lkos_endpoint *endpoint, int fd)
{
	const uint64_t left = (uint64_t)lkos_queued(fd, SIOCINQ);

	return left && endpoint->info.bytes_received > left;
}

/* return: 0 or -ENOMEM. */
static int move(const struct lkos_endpoint *endpoint, const struct lkos_stack *target)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const socket = lkos_socket_make_at(endpoint->cookie);

	if (socket) {
		socket->stack = *target;
		socket->moved = endpoint->info.state == LKOS_TCP_ESTABLISHED;
	}
	lkos_unlock(signals);
	return socket || !endpoint->cookie ? 0 : -ENOMEM;
}

int lkos_emulated_onload_move_fd(int fd)
{
	const struct lkos_stack target = lkos_current_stack();
	struct lkos_endpoint endpoint;
	struct lkos_movable movable;
	int err;

	if (!target.accelerated)
		return HANDED_OVER;
	if (!lkos_endpoint_of(fd, &endpoint))
		return -EINVAL;
	if (lkos_is_same_stack(&endpoint.socket.stack, &target))
		return 0;
	if (lkos_is_in_epoll_set(fd))
		return -EBUSY;
	movable = (struct lkos_movable){
		.tcp = endpoint.tcp,
		.stamps = lkos_int_option(fd, SOL_SOCKET, SO_TIMESTAMPING) > 0,
		.named = lkos_socket_is_named(fd),
		.state = endpoint.info.state,
		.accepted = was_accepted(&endpoint),
		.moved = endpoint.socket.moved,
		.templates = lkos_has_templates(endpoint.cookie),
		.unsent = lkos_queued(fd, SIOCOUTQ) != 0,
		.partly_read = is_partly_read(&endpoint, fd),
	};
	err = lkos_may_be_moved(&movable);
	if (err)
		return err;
	return move(&endpoint, &target);
}
