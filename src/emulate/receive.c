/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/receive.h"

#include <sys/uio.h>

#include "src/emulate/lock.h"
#include "src/emulate/sockets.h"
#include "src/runtime/next.h"

atomic_bool lkos_receiving_matters;

bool lkos_socket_receives_specially(int fd, int flags)
{
	struct lkos_socket known;

	return !(flags & MSG_ERRQUEUE) &&
	       lkos_socket_find(lkos_socket_cookie(fd), &known) &&
	       (known.error || known.filter.call);
}

bool lkos_socket_receives_messages_specially(int fd, int flags)
{
	struct lkos_stamps stamps;

	return (lkos_stamps_find(fd, &stamps) && lkos_stamps_matter(&stamps)) ||
	       lkos_socket_receives_specially(fd, flags);
}

/* Puts another error in the place of the one that is kept of a socket. return: that one; 0: none. */
static int exchange_error(int fd, int error)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known =
		error ? lkos_socket_make_at(cookie) : lkos_socket_at(cookie);
	const int before = known ? known->error : 0;

	if (known)
		known->error = error;
	lkos_unlock(signals);
	return before;
}

void lkos_receive_fails_next(int fd, int error)
{
	if (error != EAGAIN && error != EINTR)
		exchange_error(fd, error);
}

ssize_t lkos_receive(int fd, struct msghdr *msg, int flags)
{
	const uint64_t cookie =
		lkos_socket_cookie(fd); /* a thread may close fd meanwhile */
	const int error = flags & MSG_ERRQUEUE ? 0 : exchange_error(fd, 0);
	ssize_t received;

	if (error)
		return lkos_fail(-error);
	received = lkos_stamps_receive(fd, msg, flags);
	if (received >= 0)
		lkos_recv_filter_show(cookie, msg, (size_t)received, flags);
	return received;
}

ssize_t lkos_receive_into(int fd, void *buf, size_t len, int flags)
{
	struct iovec piece = {buf, len};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};

	return lkos_receive(fd, &msg, flags);
}
