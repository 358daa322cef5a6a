/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls that close a descriptor number or give one out: what is cached of its socket ends.
 * Arguments and answers are the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/interpose/requested.h"
#include "src/runtime/c.h"
#include "src/runtime/descriptors.h"
#include "src/runtime/next.h"

/* source: linux/close_range.h */
#define CLOSE_RANGE_UNSHARE_FLAG (1U << 1) /* gives the thread a table of its own first */
#define CLOSE_RANGE_CLOEXEC_FLAG (1U << 2) /* marks for exec instead of closing */

/* <sys/pidfd.h>, glibc 2.36 */
int pidfd_getfd(int pidfd, int target_fd, unsigned int flags);

#define PIDFD_GETFD 438 /* SYS_pidfd_getfd, since Linux 5.6, on each machine */

static int given_out(int fd)
{
	lkos_fd_forget(fd); /* of -1 nothing */
	return fd;
}

LKOS_EXPORT int close(int fd)
{
	const int result = lkos_next.close(fd);

	lkos_fd_forget(fd); /* also if this is -1, EINTR: Linux has closed it */
	return result;
}

LKOS_EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	int result;

	if ((unsigned int)flags & CLOSE_RANGE_UNSHARE_FLAG)
		lkos_fd_cache_nothing();
	result = lkos_next.close_range(first, last, flags);
	if (result == 0 && !((unsigned int)flags & CLOSE_RANGE_CLOEXEC_FLAG))
		lkos_fd_forget_range(first, last);
	return result;
}

LKOS_EXPORT void closefrom(int first)
{
	lkos_next.closefrom(first);
	lkos_fd_forget_range(first > 0 ? (unsigned int)first : 0, ~0U);
}

/* Other processes' sockets can come in through this one. */
static void admit(int domain)
{
	if (domain == AF_UNIX)
		lkos_stamps_become_possible();
}

LKOS_EXPORT int socket(int domain, int type, int protocol)
{
	admit(domain);
	return given_out(lkos_next.socket(domain, type, protocol));
}

LKOS_EXPORT int unshare(int flags)
{
	if (flags & CLONE_FILES)
		lkos_fd_cache_nothing();
	return lkos_next.unshare(flags);
}

LKOS_EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
	int result;

	admit(domain);
	result = lkos_next.socketpair(domain, type, protocol, fds);
	if (result == 0) {
		given_out(fds[0]);
		given_out(fds[1]);
	}
	return result;
}

/* glibc has it since 2.36. A program that runs on an older one, and found ours, gets what it would
 * have called itself. */
LKOS_EXPORT int pidfd_getfd(int pidfd, int target_fd, unsigned int flags)
{
	int fd;

	lkos_stamps_become_possible(); /* it may have some */
	fd = lkos_next.pidfd_getfd(pidfd, target_fd, flags);
	if (fd < 0 && errno == ENOSYS)
		fd = (int)syscall(PIDFD_GETFD, pidfd, target_fd, flags);
	return given_out(fd);
}

static int accepted(int listener, int fd)
{
	if (given_out(fd) >= 0)
		lkos_request_inherit(listener, fd);
	return fd;
}

LKOS_EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *addrlen)
{
	return accepted(fd, lkos_next.accept(fd, addr, addrlen));
}

LKOS_EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *addrlen, int flags)
{
	return accepted(fd, lkos_next.accept4(fd, addr, addrlen, flags));
}

/* A socket on which nothing can be noted is known by its numbers only. */
static int duplicated(int fd, int new_fd)
{
	uint32_t requested;
	bool not_noted;

	if (new_fd == fd) /* of dup2, which leaves it as it is */
		return fd;
	if (given_out(new_fd) >= 0 && lkos_fd_hint(fd, &requested, &not_noted) && not_noted)
		lkos_fd_leave_hint(new_fd, requested, true);
	return new_fd;
}

LKOS_EXPORT int dup(int fd)
{
	return duplicated(fd, lkos_next.dup(fd));
}

/* The number that changes hands is forgotten before, too: another thread may receive on it as soon
 * as it has. */
LKOS_EXPORT int dup2(int fd, int new_fd)
{
	if (fd != new_fd)
		lkos_fd_forget(new_fd);
	return duplicated(fd, lkos_next.dup2(fd, new_fd));
}

LKOS_EXPORT int dup3(int fd, int new_fd, int flags)
{
	if (fd != new_fd)
		lkos_fd_forget(new_fd);
	return duplicated(fd, lkos_next.dup3(fd, new_fd, flags));
}

static int controlled(int fd, int cmd, int result)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC ? duplicated(fd, result) : result;
}

/* The third argument of fcntl may be absent, an int or a pointer. It is passed on as the pointer it may
 * be, as that of ioctl is (interpose/ioctl.c). */
LKOS_EXPORT int lkos_fcntl64(int fd, int cmd, void *arg) __asm__("fcntl64");

int lkos_fcntl64(int fd, int cmd, void *arg)
{
	return controlled(fd, cmd, lkos_next.fcntl64(fd, cmd, arg));
}

#ifdef __i386__
/* With 64-bit time; in no header by this name. fcntl itself is not defined here: libc has two of that
 * name, which take different structures for file locks, and a caller's version cannot be told. What
 * it gives out is forgotten when it is closed. */
LKOS_EXPORT int __fcntl_time64(int fd, int cmd, void *arg);

int __fcntl_time64(int fd, int cmd, void *arg)
{
	return controlled(fd, cmd, lkos_next.__fcntl_time64(fd, cmd, arg));
}
#else
LKOS_EXPORT int lkos_fcntl(int fd, int cmd, void *arg) __asm__("fcntl");

int lkos_fcntl(int fd, int cmd, void *arg)
{
	return controlled(fd, cmd, lkos_next.fcntl(fd, cmd, arg));
}
#endif
