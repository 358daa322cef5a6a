/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket calls of a world, by which one program can be run in two: on libc's calls, under
 * which a preloaded library may be, and on those of a card that stamps. */
#ifndef LKOS_TESTS_WORLDS_CALLS_H
#define LKOS_TESTS_WORLDS_CALLS_H

#include <poll.h>
#include <sys/socket.h>
#include <time.h>

struct calls {
	int (*setsockopt)(int fd, int level, int optname, const void *optval,
			  socklen_t optlen);
	int (*getsockopt)(int fd, int level, int optname, void *optval,
			  socklen_t *optlen);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	int (*recvmmsg)(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			struct timespec *timeout);
	ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	int (*sendmmsg)(int fd, struct mmsghdr *msgs, unsigned int count, int flags);
	int (*accept)(int fd, struct sockaddr *addr, socklen_t *addrlen);
	int (*poll)(struct pollfd *fds, nfds_t count, int timeout);
	int (*close)(int fd);
};

extern const struct calls libc_calls; /* in program.c */
extern const struct calls card_calls; /* in card.c */

#endif
