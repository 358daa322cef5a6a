/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of libc that send. Each is passed on, unless a part of the stream is reserved for a delegated
 * send. That is looked at in a function apart: the call itself then saves no register. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/emulate/delegated_send.h"
#include "src/runtime/c.h"
#include "src/runtime/next.h"

#define ROUTE(ret, name, params, args)                                                   \
	LKOS_NOINLINE static ret name##_unless_busy params                               \
	{                                                                                \
		return lkos_is_reserved(fd) ? lkos_fail(-EBUSY) : lkos_next.name args;   \
	}                                                                                \
	LKOS_EXPORT ret name params                                                      \
	{                                                                                \
		if (LKOS_UNLIKELY(lkos_sends_were_delegated))                            \
			return name##_unless_busy args;                                  \
		return lkos_next.name args;                                              \
	}

ROUTE(ssize_t, send, (int fd, const void *buf, size_t len, int flags),
      (fd, buf, len, flags))
ROUTE(ssize_t, sendto,
      (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
       socklen_t addrlen),
      (fd, buf, len, flags, addr, addrlen))
ROUTE(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags))
ROUTE(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned int count, int flags),
      (fd, msgs, count, flags))
ROUTE(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len))
ROUTE(ssize_t, writev, (int fd, const struct iovec *pieces, int count),
      (fd, pieces, count))
