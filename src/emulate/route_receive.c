/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of libc that receive. Each is passed on, unless there is something to do for its socket:
 * then all of them are one, lkos_receive(). That is looked at in a function apart: the call itself
 * then saves no register. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/receive.h"
#include "src/runtime/c.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"

LKOS_NOINLINE static ssize_t special_recv(int fd, void *buf, size_t len, int flags)
{
	if (lkos_socket_receives_specially(fd, flags))
		return lkos_receive_into(fd, buf, len, flags);
	return lkos_next.recv(fd, buf, len, flags);
}

LKOS_EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	if (lkos_receiving_may_differ(flags))
		return special_recv(fd, buf, len, flags);
	return lkos_next.recv(fd, buf, len, flags);
}

/* As the kernel: the length tells the whole address, whatever of it had room. */
LKOS_NOINLINE static ssize_t receive_from(int fd, void *buf, size_t len, int flags,
					  struct sockaddr *addr, socklen_t *addrlen)
{
	struct iovec piece = lkos_piece_of(buf, len);
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};
	ssize_t received;

	if (addr) {
		msg.msg_name = addr;
		msg.msg_namelen = *addrlen;
	}
	received = lkos_receive(fd, &msg, flags);
	if (received >= 0 && addr)
		*addrlen = msg.msg_namelen;
	return received;
}

/* false: it cannot be used as one, which the kernel is to say. */
static bool is_length(int fd, const struct sockaddr *addr, socklen_t *addrlen)
{
	lkos_known_page readable = 0, writable = 0;
	socklen_t length;

	return !addr ||
	       (lkos_memory_read(&length, addrlen, sizeof(length), &readable) == 0 &&
		length <= INT_MAX && lkos_memory_is_writable(fd, addrlen, &writable));
}

LKOS_NOINLINE static ssize_t special_recvfrom(int fd, void *buf, size_t len, int flags,
					      struct sockaddr *addr, socklen_t *addrlen)
{
	if (lkos_socket_receives_specially(fd, flags) && is_length(fd, addr, addrlen))
		return receive_from(fd, buf, len, flags, addr, addrlen);
	return lkos_next.recvfrom(fd, buf, len, flags, addr, addrlen);
}

LKOS_EXPORT ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
			     struct sockaddr *addr, socklen_t *addrlen)
{
	if (lkos_receiving_may_differ(flags))
		return special_recvfrom(fd, buf, len, flags, addr, addrlen);
	return lkos_next.recvfrom(fd, buf, len, flags, addr, addrlen);
}

/* Can it be read and written? Otherwise the kernel is to say so. No more than two pages. */
static bool is_ours_to_fill(int fd, void *at, size_t size)
{
	lkos_known_page readable = 0, writable = 0;
	unsigned int *const last =
		(unsigned int *)((char *)at + size - sizeof(unsigned int));

	return lkos_memory_is_readable(at, size, &readable) &&
	       lkos_memory_is_writable(fd, at, &writable) &&
	       lkos_memory_is_writable(fd, last, &writable);
}

LKOS_NOINLINE static ssize_t special_recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (lkos_socket_receives_messages_specially(fd, flags) &&
	    is_ours_to_fill(fd, msg, sizeof(*msg)))
		return lkos_receive(fd, msg, flags);
	return lkos_next.recvmsg(fd, msg, flags);
}

LKOS_EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (lkos_receiving_may_differ(flags))
		return special_recvmsg(fd, msg, flags);
	return lkos_next.recvmsg(fd, msg, flags);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* What is left of the time. return: is any? */
static bool time_is_left(struct timespec *timeout, int64_t start, int64_t whole)
{
	const int64_t left = whole - (now() - start);

	timeout->tv_sec = (time_t)(left < 0 ? 0 : left / 1000000000);
	timeout->tv_nsec = (long)(left < 0 ? 0 : left % 1000000000);
	return left > 0;
}

/* As the kernel: an error of the socket comes before any message, the time is looked at after each
 * message, and an error after the first one is for the next call.
 * source: linux net/socket.c, do_recvmmsg() */
LKOS_NOINLINE static int receive_many(int fd, struct mmsghdr *msgs, unsigned int count,
				      int flags, struct timespec *timeout)
{
	const int64_t start = now();
	const int kept = errno;
	unsigned int received = 0;
	int64_t whole = 0;
	int error = 0;

	if (timeout && !is_ours_to_fill(fd, timeout, sizeof(*timeout)))
		return lkos_next.recvmmsg(fd, msgs, count, flags, timeout);
	/* of no message: is the timeout valid? */
	if (timeout && lkos_next.recvmmsg(fd, msgs, 0, flags, timeout) < 0)
		return -1;
	if (!(flags & MSG_ERRQUEUE))
		error = lkos_int_option(fd, SOL_SOCKET, SO_ERROR);
	if (error > 0)
		return lkos_fail(-error);
	if (timeout)
		whole = timeout->tv_sec * INT64_C(1000000000) + timeout->tv_nsec;
	while (received < count && received < LKOS_MESSAGES_MAX) {
		struct mmsghdr *const msg = msgs + received;
		const int once = flags & ~MSG_WAITFORONE;
		/* the kernel says what is wrong with other memory */
		const ssize_t length =
			is_ours_to_fill(fd, msg, sizeof(*msg))
				? lkos_receive(fd, &msg->msg_hdr, once)
				: lkos_next.recvmmsg(fd, msg, 1, once, NULL);

		if (length < 0) {
			if (received == 0)
				return -1;
			lkos_receive_fails_next(fd, errno);
			errno = kept;
			break;
		}
		msg->msg_len = (unsigned int)length;
		received++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if ((timeout && !time_is_left(timeout, start, whole)) ||
		    msg->msg_hdr.msg_flags & MSG_OOB)
			break;
	}
	return (int)received;
}

LKOS_NOINLINE static int special_recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count,
					  int flags, struct timespec *timeout)
{
	if (lkos_socket_receives_messages_specially(fd, flags))
		return receive_many(fd, msgs, count, flags, timeout);
	return lkos_next.recvmmsg(fd, msgs, count, flags, timeout);
}

LKOS_EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			 struct timespec *timeout)
{
	if (lkos_receiving_may_differ(flags))
		return special_recvmmsg(fd, msgs, count, flags, timeout);
	return lkos_next.recvmmsg(fd, msgs, count, flags, timeout);
}

/* Nothing is received into no memory. */
LKOS_NOINLINE static ssize_t special_read(int fd, void *buf, size_t len)
{
	if (len && len <= SSIZE_MAX && lkos_socket_receives_specially(fd, 0))
		return lkos_receive_into(fd, buf, len, 0);
	return lkos_next.read(fd, buf, len);
}

LKOS_EXPORT ssize_t read(int fd, void *buf, size_t len)
{
	if (lkos_receiving_may_differ(0))
		return special_read(fd, buf, len);
	return lkos_next.read(fd, buf, len);
}

/* Are these pieces of memory with room? No pieces, too many, or ones that cannot be read are for the kernel
 * to refuse. */
static bool have_room(const struct iovec *pieces, int count)
{
	lkos_known_page readable = 0;

	if (count <= 0 || count > LKOS_MESSAGES_MAX ||
	    !lkos_memory_is_readable(pieces, (size_t)count * sizeof(*pieces), &readable))
		return false;
	while (count > 0 && pieces[count - 1].iov_len == 0)
		count--;
	return count > 0;
}

LKOS_NOINLINE static ssize_t special_readv(int fd, const struct iovec *pieces, int count)
{
	struct msghdr msg = {.msg_iov = (struct iovec *)pieces,
			     .msg_iovlen = (size_t)count};

	if (lkos_socket_receives_specially(fd, 0) && have_room(pieces, count))
		return lkos_receive(fd, &msg, 0);
	return lkos_next.readv(fd, pieces, count);
}

LKOS_EXPORT ssize_t readv(int fd, const struct iovec *pieces, int count)
{
	if (lkos_receiving_may_differ(0))
		return special_readv(fd, pieces, count);
	return lkos_next.readv(fd, pieces, count);
}

/* libc declares the checking calls in no header: they stand behind the others in programs built with
 * _FORTIFY_SOURCE, and end a program that asks for more than there is room for. */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen);

LKOS_NOINLINE static ssize_t special_read_chk(int fd, void *buf, size_t len, size_t room)
{
	if (len && len <= room && lkos_socket_receives_specially(fd, 0))
		return lkos_receive_into(fd, buf, len, 0);
	return lkos_next.__read_chk(fd, buf, len, room);
}

LKOS_EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	if (lkos_receiving_may_differ(0))
		return special_read_chk(fd, buf, len, room);
	return lkos_next.__read_chk(fd, buf, len, room);
}

LKOS_NOINLINE static ssize_t special_recv_chk(int fd, void *buf, size_t len, size_t room,
					      int flags)
{
	if (len <= room && lkos_socket_receives_specially(fd, flags))
		return lkos_receive_into(fd, buf, len, flags);
	return lkos_next.__recv_chk(fd, buf, len, room, flags);
}

LKOS_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	if (lkos_receiving_may_differ(flags))
		return special_recv_chk(fd, buf, len, room, flags);
	return lkos_next.__recv_chk(fd, buf, len, room, flags);
}

LKOS_NOINLINE static ssize_t special_recvfrom_chk(int fd, void *buf, size_t len,
						  size_t room, int flags,
						  struct sockaddr *addr,
						  socklen_t *addrlen)
{
	if (len <= room && lkos_socket_receives_specially(fd, flags) &&
	    is_length(fd, addr, addrlen))
		return receive_from(fd, buf, len, flags, addr, addrlen);
	return lkos_next.__recvfrom_chk(fd, buf, len, room, flags, addr, addrlen);
}

LKOS_EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
				   struct sockaddr *addr, socklen_t *addrlen)
{
	if (lkos_receiving_may_differ(flags))
		return special_recvfrom_chk(fd, buf, len, room, flags, addr, addrlen);
	return lkos_next.__recvfrom_chk(fd, buf, len, room, flags, addr, addrlen);
}
