/* SPDX-License-Identifier: GPL-2.0-only */
/* What 32-bit programs with 64-bit time (_TIME_BITS=64) call. In libc the two names of setsockopt,
 * getsockopt, sendmsg and sendmmsg are one function, and so each goes its own way only where there
 * is nothing for us to do. The receive calls differ in libc, which rewrites control data of its
 * own: here they go the way of recv.c, without its short cuts. */
#ifdef __i386__
#include <sys/socket.h>

#include "src/interpose/asked.h"
#include "src/interpose/recv.h"
#include "src/runtime/errors.h"
#include "src/runtime/export.h"
#include "src/runtime/next.h"
#include "src/translate/message_flags.h"

/* libc declares them in no header by these names, nor the struct that the timeout is. */
int __setsockopt64(int fd, int level, int optname, const void *optval, socklen_t optlen);
int __getsockopt64(int fd, int level, int optname, void *optval, socklen_t *optlen);
ssize_t __sendmsg64(int fd, const struct msghdr *msg, int flags);
int __sendmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags);
ssize_t __recvmsg64(int fd, struct msghdr *msg, int flags);
int __recvmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		 void *timeout);

static bool concerns_us(int flags)
{
	return flags & LKOS_MSG_WARM || lkos_requests_possible();
}

LKOS_EXPORT int __setsockopt64(int fd, int level, int optname, const void *optval,
			       socklen_t optlen)
{
	return LKOS_UNLIKELY(lkos_is_timestamping(optname))
		       ? setsockopt(fd, level, optname, optval, optlen)
		       : lkos_next.__setsockopt64(fd, level, optname, optval, optlen);
}

LKOS_EXPORT int __getsockopt64(int fd, int level, int optname, void *optval,
			       socklen_t *optlen)
{
	return LKOS_UNLIKELY(lkos_is_timestamping(optname))
		       ? getsockopt(fd, level, optname, optval, optlen)
		       : lkos_next.__getsockopt64(fd, level, optname, optval, optlen);
}

LKOS_EXPORT ssize_t __sendmsg64(int fd, const struct msghdr *msg, int flags)
{
	return LKOS_UNLIKELY(concerns_us(flags)) ? sendmsg(fd, msg, flags)
						 : lkos_next.__sendmsg64(fd, msg, flags);
}

LKOS_EXPORT int __sendmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	return LKOS_UNLIKELY(concerns_us(flags))
		       ? sendmmsg(fd, msgs, count, flags)
		       : lkos_next.__sendmmsg64(fd, msgs, count, flags);
}

LKOS_EXPORT ssize_t __recvmsg64(int fd, struct msghdr *msg, int flags)
{
	const int err = flags & LKOS_MSG_ONEPKT ? lkos_onepkt_take(fd, &flags) : 0;
	ssize_t received;

	if (err)
		return lkos_fail(err);
	received = lkos_next.__recvmsg64(fd, msg, flags);
	if (received >= 0 && msg->msg_controllen != 0)
		lkos_control_to_app(fd, msg);
	return received;
}

LKOS_EXPORT int __recvmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			     void *timeout)
{
	const int err = flags & LKOS_MSG_ONEPKT ? lkos_onepkt_take(fd, &flags) : 0;
	int received;

	if (err)
		return lkos_fail(err);
	received = lkos_next.__recvmmsg64(fd, msgs, count, flags, timeout);
	for (int i = 0; i < received; i++) {
		if (msgs[i].msg_hdr.msg_controllen != 0)
			lkos_control_to_app(fd, &msgs[i].msg_hdr);
	}
	return received;
}
#endif
