/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/warm.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "src/interpose/each.h"
#include "src/interpose/kind.h"
#include "src/runtime/errors.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/message_flags.h"

bool lkos_warm_is_answered(int fd)
{
	const bool answered = lkos_socket_kind(fd) != LKOS_KIND_OTHER;

	if (answered)
		pthread_testcancel();
	return answered;
}

/* A connection that does not tell its state is one that nothing can be sent on. */
static void look_at(int fd, struct lkos_warm *warm)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	warm->state = TCP_CLOSE;
	if (lkos_next.getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
	    size <= offsetof(struct tcp_info, tcpi_snd_mss) ||
	    ioctl(fd, SIOCOUTQ, &warm->unsent) != 0)
		return;
	warm->state = info.tcpi_state;
	warm->mss = info.tcpi_snd_mss;
}

/* What a warm send of `length` bytes gives: at least 0, or -1 with errno. `readable` is 0 or
 * -EFAULT, which Onload finds after the state and before the length. */
static ssize_t answer(int fd, size_t length, int readable, int flags)
{
	const int kept = errno;
	struct lkos_warm warm = {.length = length, .flags = flags};
	ssize_t result;

	look_at(fd, &warm);
	errno = kept;
	result = lkos_warm_answer(&warm);
	if (result == -EPIPE && !(flags & MSG_NOSIGNAL))
		raise(SIGPIPE);
	else if (result != -EPIPE && readable != 0)
		result = readable;
	return result < 0 ? lkos_fail((int)result) : result;
}

/* The bytes of a message. return: 0; -EFAULT, also for a piece at NULL; -EMSGSIZE or -EINVAL as
 * the kernel has them for too many pieces or bytes. */
static int measure(const struct msghdr *msg, size_t *length)
{
	struct msghdr copy;

	*length = 0;
	if (lkos_memory_read(&copy, msg, sizeof(copy)) != 0)
		return -EFAULT;
	if (copy.msg_iovlen > LKOS_MESSAGES_MAX)
		return -EMSGSIZE;
	if (!lkos_memory_is_readable(copy.msg_iov,
				     copy.msg_iovlen * sizeof(*copy.msg_iov)))
		return -EFAULT;
	for (size_t i = 0; i < copy.msg_iovlen; i++) {
		struct iovec piece;

		memcpy(&piece, copy.msg_iov + i, sizeof(piece));
		if (!piece.iov_base && piece.iov_len > 0)
			return -EFAULT;
		if (piece.iov_len > SSIZE_MAX - *length)
			return -EINVAL;
		*length += piece.iov_len;
	}
	return 0;
}

ssize_t lkos_warm_data(int fd, const void *buf, size_t len, int flags)
{
	return answer(fd, len, !buf && len > 0 ? -EFAULT : 0, flags);
}

ssize_t lkos_warm_message(int fd, const struct msghdr *msg, int flags)
{
	size_t length;
	const int readable = measure(msg, &length);

	return answer(fd, length, readable, flags);
}

static ssize_t warm_one(int fd, const struct msghdr *msg, int flags, bool *last)
{
	*last = false; /* none is sent in part */
	return lkos_warm_message(fd, msg, flags);
}

int lkos_warm_messages(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	return lkos_send_each(fd, msgs, count, flags, warm_one);
}
