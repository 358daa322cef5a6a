/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/receive.h"

#include <limits.h>
#include <sys/uio.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/kept_error.h"
#include "src/emulate/lock.h"
#include "src/emulate/packets.h"
#include "src/emulate/sockets.h"
#include "src/emulate/start.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"

atomic_bool lkos_receiving_matters;

/* With MSG_WAITALL, the stub refuses it. */
static bool is_for_one_packet(int flags)
{
	return (flags & (LKOS_MSG_ONEPKT | MSG_WAITALL | MSG_OOB | MSG_ERRQUEUE)) ==
	       LKOS_MSG_ONEPKT;
}

static bool is_accelerated_tcp(int fd)
{
	struct lkos_endpoint endpoint;

	return lkos_endpoint_of(fd, &endpoint) && endpoint.tcp;
}

static bool stamps_matter(int fd)
{
	struct lkos_stamps stamps;

	return lkos_stamps_find(fd, &stamps) && lkos_stamps_matter(&stamps);
}

/* A report is more than its bytes, also for calls that receive those alone: of a stream it is made from
 * several of the kernel's. */
bool lkos_socket_receives_specially(int fd, int flags)
{
	struct lkos_socket known;

	if (!lkos_emulation_is_on())
		return false;
	if (flags & MSG_ERRQUEUE)
		return stamps_matter(fd);
	return (lkos_socket_find(lkos_socket_cookie(fd), &known) &&
		(known.error || known.filter.call || flags & MSG_OOB)) ||
	       (is_for_one_packet(flags) && is_accelerated_tcp(fd));
}

bool lkos_socket_receives_messages_specially(int fd, int flags)
{
	return stamps_matter(fd) || lkos_socket_receives_specially(fd, flags);
}

void lkos_receive_fails_next(int fd, int error)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	uint64_t signals;

	if (error == EAGAIN || error == EINTR)
		return;
	signals = lkos_lock();
	lkos_error_keep(cookie, error);
	lkos_unlock(signals);
}

static ssize_t receive(int fd, struct msghdr *msg, int flags)
{
	const ssize_t received = lkos_stamps_receive(fd, msg, flags);

	if (received >= 0 && flags & MSG_OOB)
		lkos_packets_doubt(fd);
	return received;
}

static void set_peek_offset(int fd, int offset)
{
	lkos_next.setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset));
}

/* A walk over a socket's datagrams moves SO_PEEK_OFF, with the lock held: none is under way when a look
 * begins, and none that begins later moves it while a look may wait, since Linux lets a peek from beyond
 * what is queued wait for more. return: the offset, which is off now unless it is `kept`. */
static int begin_look(int fd, uint64_t cookie, bool kept)
{
	const uint64_t signals = lkos_lock();
	const int offset = lkos_int_option(fd, SOL_SOCKET, SO_PEEK_OFF);
	struct lkos_socket *const known = lkos_socket_make_at(cookie);

	if (known)
		known->looks++;
	if (offset >= 0 && !kept)
		set_peek_offset(fd, -1);
	lkos_unlock(signals);
	return offset;
}

static void end_look(int fd, uint64_t cookie, int offset)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_at(cookie);

	if (known && known->looks)
		known->looks--;
	if (offset >= 0)
		set_peek_offset(fd, offset);
	lkos_unlock(signals);
}

/* Waits for a byte to receive. What it peeks at does not count for SO_PEEK_OFF. */
static ssize_t wait_for_byte(int fd, int flags)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	const int offset = begin_look(fd, cookie, flags & MSG_PEEK);
	char byte;
	const ssize_t peeked = lkos_next.recv(fd, &byte, sizeof(byte),
					      MSG_PEEK | (flags & MSG_DONTWAIT));

	end_look(fd, cookie, offset);
	return peeked;
}

/* How many bytes one packet still has, once it is there. -1 and errno: the wait has failed. */
static ssize_t wait_for_packet(int fd, int flags)
{
	const int offset = lkos_int_option(fd, SOL_SOCKET, SO_PEEK_OFF);
	const size_t from = flags & MSG_PEEK && offset > 0 ? (size_t)offset : 0;
	size_t unread = lkos_packet_unread(fd, from);

	if (unread == 0) {
		if (wait_for_byte(fd, flags) < 0)
			return -1;
		unread = lkos_packet_unread(fd, from);
	}
	/* The end of the stream, or something that is not counted, such as what follows urgent data. */
	return unread && unread < SSIZE_MAX ? (ssize_t)unread : SSIZE_MAX;
}

/* Leaves of a message its pieces from the first one that has room. false: there is none, or one cannot be
 * read: then the kernel is to say so. */
static bool take_first_piece(struct msghdr *ours, struct iovec *piece)
{
	lkos_known_page readable = 0;

	if (ours->msg_iovlen > LKOS_MESSAGES_MAX)
		return false;
	for (; ours->msg_iovlen; ours->msg_iov++, ours->msg_iovlen--) {
		if (lkos_memory_read(piece, ours->msg_iov, sizeof(*piece), &readable) != 0)
			return false;
		if (piece->iov_len)
			return true;
	}
	return false;
}

/* As Onload, which fills one piece of memory only. */
static ssize_t receive_one_packet(int fd, struct msghdr *msg, int flags)
{
	struct msghdr ours = *msg;
	struct iovec piece;
	ssize_t most, received;

	if (!take_first_piece(&ours, &piece))
		return receive(fd, msg, flags);
	most = wait_for_packet(fd, flags);
	if (most < 0)
		return -1;
	if (piece.iov_len > (size_t)most)
		piece.iov_len = (size_t)most;
	ours.msg_iov = &piece;
	ours.msg_iovlen = 1;
	received = receive(fd, &ours, flags);
	if (received < 0)
		return -1;
	msg->msg_namelen = ours.msg_namelen;
	msg->msg_controllen = ours.msg_controllen;
	msg->msg_flags = ours.msg_flags;
	return received;
}

ssize_t lkos_receive_unfiltered(int fd, struct msghdr *msg, int flags)
{
	const int error = flags & MSG_ERRQUEUE ? 0 : lkos_error_take(fd);

	if (error)
		return lkos_fail(-error);
	return is_for_one_packet(flags) && is_accelerated_tcp(fd)
		       ? receive_one_packet(fd, msg, flags)
		       : receive(fd, msg, flags);
}

ssize_t lkos_look(int fd, struct msghdr *msg, int flags)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	const int offset = begin_look(fd, cookie, flags & MSG_PEEK);
	const ssize_t seen = lkos_receive_unfiltered(fd, msg, flags | MSG_PEEK);

	end_look(fd, cookie, offset);
	return seen;
}

/* A message has a sender, which the end that shutdown() makes has not: so that is asked for. Apart from its
 * caller, because of its stack. */
LKOS_NOINLINE static ssize_t receive_filtered(int fd, uint64_t cookie, struct msghdr *msg,
					      int flags)
{
	struct sockaddr_storage sender;
	struct msghdr ours = *msg;
	ssize_t received;

	if (!msg->msg_name) {
		ours.msg_name = &sender;
		ours.msg_namelen = sizeof(sender);
	}
	received = lkos_receive_unfiltered(fd, &ours, flags);
	if (msg->msg_name) /* also where the address cannot be written */
		msg->msg_namelen = ours.msg_namelen;
	if (received < 0)
		return received;
	msg->msg_controllen = ours.msg_controllen;
	msg->msg_flags = ours.msg_flags;
	if (received > 0 || ours.msg_namelen > 0)
		lkos_recv_filter_show(cookie, msg, (size_t)received, flags);
	return received;
}

ssize_t lkos_receive(int fd, struct msghdr *msg, int flags)
{
	const uint64_t cookie =
		lkos_socket_cookie(fd); /* a thread may close fd meanwhile */

	return lkos_has_recv_filter(cookie) ? receive_filtered(fd, cookie, msg, flags)
					    : lkos_receive_unfiltered(fd, msg, flags);
}

ssize_t lkos_receive_into(int fd, void *buf, size_t len, int flags)
{
	struct iovec piece = lkos_piece_of(buf, len);
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};

	return lkos_receive(fd, &msg, flags);
}
