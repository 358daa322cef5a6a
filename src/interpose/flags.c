/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/flags.h"

#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include "src/runtime/c.h"
#include "src/runtime/descriptors.h"
#include "src/runtime/libc.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/message_flags.h"

#define MPTCP 262 /* IPPROTO_MPTCP, since glibc 2.32 */

/* Over IPv4 or IPv6, or MPTCP, which is several. The question of the type comes first: it is enough for
 * most sockets.
 * unknown: the answer where the kernel would not say, as in a sandbox. */
static bool is_tcp(int fd, bool unknown)
{
	uint32_t type, domain, protocol;
	const int error = lkos_socket_option(fd, SO_TYPE, &type);

	if (error != 0)
		return error != -EBADF && error != -ENOTSOCK && unknown;
	if (type != SOCK_STREAM)
		return false;
	if (lkos_socket_option(fd, SO_DOMAIN, &domain) != 0)
		return unknown;
	if (domain != AF_INET && domain != AF_INET6)
		return false;
	if (lkos_socket_option(fd, SO_PROTOCOL, &protocol) != 0)
		return unknown;
	return protocol == IPPROTO_TCP || protocol == MPTCP;
}

/* What is answered here is a cancellation point, as the call itself is. */
bool lkos_onepkt_is_refused(int fd)
{
	if (!is_tcp(fd, false))
		return false;
	lkos_testcancel();
	lkos_fail(-EINVAL);
	return true;
}

bool lkos_warm_is_answered(int fd)
{
	if (!is_tcp(fd, true))
		return false;
	lkos_testcancel();
	return true;
}

/* A connection that does not tell its state is one that nothing can be sent on. */
static void look_at(int fd, struct lkos_warm *warm)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	warm->state = TCP_CLOSE;
	if (lkos_next.getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
	    size <= offsetof(struct tcp_info, tcpi_snd_mss) ||
	    lkos_next.ioctl(fd, SIOCOUTQ, &warm->unsent) != 0)
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
	lkos_known_page page = 0;

	*length = 0;
	if (lkos_memory_read(&copy, msg, sizeof(copy), &page) != 0)
		return -EFAULT;
	if (copy.msg_iovlen > LKOS_MESSAGES_MAX)
		return -EMSGSIZE;
	if (!lkos_memory_is_readable(copy.msg_iov,
				     copy.msg_iovlen * sizeof(*copy.msg_iov), &page))
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

/* Puts a length where the application's memory may be none. return: 0 or -EFAULT. */
static int put_length(int fd, unsigned int *to, ssize_t length)
{
	lkos_known_page readable = 0, writable = 0;

	if (!lkos_memory_is_readable(to, sizeof(*to), &readable) ||
	    !lkos_memory_is_writable(fd, to, &writable))
		return -EFAULT;
	*to = (unsigned int)length;
	return 0;
}

/* As the kernel's sendmmsg: an error is told only of the first message. The messages may be at any
 * address, so none is named before it was looked at. */
int lkos_warm_messages(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	const int kept = errno;
	const unsigned int most = count < LKOS_MESSAGES_MAX ? count : LKOS_MESSAGES_MAX;
	unsigned int done;

	for (done = 0; done < most; done++) {
		const uintptr_t at = (uintptr_t)msgs + done * sizeof(*msgs);
		const ssize_t length =
			lkos_warm_message(fd, (const struct msghdr *)at, flags);

		if (length < 0)
			break;
		if (put_length(fd, &msgs[done].msg_len, length) != 0) {
			lkos_fail(-EFAULT);
			break;
		}
	}
	if (done == 0 && most > 0)
		return -1;
	errno = kept;
	return (int)done;
}
