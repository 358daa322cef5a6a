/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/send.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <sys/socket.h>

#include "src/emulate/delegated_send.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"

#ifndef SO_MEMINFO
#define SO_MEMINFO 55 /* since Linux 4.12 */
#endif

int lkos_misused(const char *call, const char *how)
{
	lkos_log("%s: %s", call, how);
	return -EINVAL;
}

size_t lkos_length(const struct iovec *pieces, int count, size_t most)
{
	size_t length = 0;

	for (int i = 0; i < count && length <= most; i++)
		length += pieces[i].iov_len > most ? most + 1 : pieces[i].iov_len;
	return length;
}

static bool may_wait(int fd, int flags)
{
	const int of_file = lkos_next.fcntl64(fd, F_GETFL, NULL);

	return !(flags & MSG_DONTWAIT) && (of_file < 0 || !(of_file & O_NONBLOCK));
}

/* The kernel takes a part of a message where memory of the last segment has room for it and then there is
 * no more. A kernel that does not tell: there is room. */
static bool has_room(int fd, size_t length)
{
	uint32_t of[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(of);

	return lkos_next.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, of, &size) != 0 ||
	       of[SK_MEMINFO_WMEM_QUEUED] == 0 ||
	       of[SK_MEMINFO_WMEM_QUEUED] + length < of[SK_MEMINFO_SNDBUF];
}

int lkos_send_whole(int fd, const void *bytes, size_t length, int flags)
{
	struct iovec piece = {(void *)bytes, length};
	const struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
	int total = 0;

	if (lkos_send_is_busy(fd))
		return -EBUSY;
	if (!may_wait(fd, flags) && !has_room(fd, length))
		return -EAGAIN;
	while (piece.iov_len > 0) { /* after a signal, again */
		const ssize_t sent = lkos_next.sendmsg(fd, &header, flags);

		if (sent < 0)
			return total ? total : -errno;
		total += (int)sent;
		piece.iov_base = (unsigned char *)piece.iov_base + sent;
		piece.iov_len -= (size_t)sent;
	}
	return total;
}
