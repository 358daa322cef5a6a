/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_zc_recv() and onload_recvmsg_kernel(): what the kernel has received is copied into packet
 * buffers and handed to the callback.
 *
 * No lock is held over a callback, which may call anything, for this socket too. A thread waits without
 * buffers, and is not cancelled while it has some, but in a callback. A callback that does not return loses
 * its buffers; on Onload it keeps the socket's lock.
 *
 * source: onload src/lib/transport/unix/zc_intercept.c, src/lib/transport/ip/udp_recv.c, tcp_recv.c */
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "generated/onload_emulated.h"
#include "src/emulate/buffers.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/receive.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"

/* One call of onload_zc_recv(). */
struct reception {
	int fd;
	uint64_t cookie; /* of the socket: a callback may close fd */
	int32_t stack;
	bool tcp;
	bool to_group; /* UDP: the socket is bound to a multicast address */
	bool is_over;  /* no more callbacks */
	struct onload_zc_recv_args *args;
	struct msghdr given; /* the application's, as it was before the first callback */
};

/* Buffers, and what was received into them. */
struct message {
	struct oo_zc_buf *buffers[LKOS_DATAGRAM_BUFFERS];
	struct iovec pieces[LKOS_DATAGRAM_BUFFERS];
	size_t count;
	struct msghdr header;
	struct sockaddr_storage name; /* where the application asks for none */
	int cancellation;             /* of this thread, before */
};

/* ---- buffers */

/* Takes buffers, of which so many count. false: there are not that many. */
static bool take(struct message *message, const struct reception *to, size_t number,
		 size_t counted)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &message->cancellation);
	if (!lkos_buffers_take(to->stack, message->buffers, number, counted)) {
		pthread_setcancelstate(message->cancellation, NULL);
		return false;
	}
	message->count = number;
	for (size_t i = 0; i < message->count; i++) {
		const size_t headers = to->tcp  ? LKOS_TCP_HEADERS
				       : i == 0 ? LKOS_UDP_HEADERS
						: 0;
		const size_t start = LKOS_BUFFER_FRAME + headers;

		message->pieces[i] = (struct iovec){message->buffers[i]->bytes + start,
						    LKOS_BUFFER_SIZE - start};
	}
	message->header = to->given;
	message->header.msg_iov = message->pieces;
	message->header.msg_iovlen = message->count;
	if (!to->given.msg_name) {
		message->header.msg_name = &message->name;
		message->header.msg_namelen = sizeof(message->name);
	}
	return true;
}

/* Gives those back in which nothing was received; one stays for a message of no bytes. */
static void trim(struct message *message, size_t length)
{
	size_t needed = 0;

	do {
		struct iovec *const piece = message->pieces + needed++;

		if (piece->iov_len > length)
			piece->iov_len = length;
		length -= piece->iov_len;
	} while (length > 0 && needed < message->count);
	lkos_buffers_give(message->buffers + needed, message->count - needed);
	message->count = needed;
}

static void drop(struct message *message)
{
	lkos_buffers_give(message->buffers, message->count);
	pthread_setcancelstate(message->cancellation, NULL);
}

/* ---- the callback */

/* Hands some buffers of a message to the application. */
static void call_back(struct reception *from, const struct message *message, size_t first,
		      size_t count, int flags)
{
	const bool peeks = from->args->flags & MSG_PEEK;
	struct msghdr *const header = &from->args->msg.msghdr;
	struct onload_zc_iovec pieces[LKOS_DATAGRAM_BUFFERS];
	unsigned int answer;

	for (size_t i = 0; i < count; i++)
		pieces[i] = (struct onload_zc_iovec){
			.iov_base = message->pieces[first + i].iov_base,
			.iov_len =
				message->pieces[first + i].iov_len & LKOS_BUFFER_LENGTHS,
			.buf = message->buffers[first + i],
		};
	from->args->msg.iov = pieces;
	*header = message->header;
	header->msg_iov = from->given.msg_iov;
	header->msg_iovlen = count;
	header->msg_name = from->given.msg_name;
	if (!header->msg_name)
		header->msg_namelen = from->given.msg_namelen;
	answer = (unsigned int)from->args->cb(from->args, flags);
	if (answer & ONLOAD_ZC_KEEP && peeks)
		lkos_log("onload_zc_recv: with MSG_PEEK, no buffer is kept");
	if (answer & ONLOAD_ZC_KEEP && !peeks)
		lkos_buffers_hand_over(message->buffers + first, count);
	else
		lkos_buffers_give(message->buffers + first, count);
	from->is_over = answer & ONLOAD_ZC_TERMINATE ||
			lkos_socket_cookie(from->fd) != from->cookie;
}

/* ---- UDP */

/* Waits, if it may, until there is a datagram. return: bytes of the next one, or -errno; *any is
 * false where there is none since the socket is shut down. */
static ssize_t next_datagram(const struct reception *from, int flags, bool *any)
{
	struct sockaddr_storage name;
	struct msghdr header = {.msg_name = &name, .msg_namelen = sizeof(name)};
	const ssize_t length = lkos_look(from->fd, &header, flags | MSG_TRUNC);

	*any = header.msg_namelen != 0;
	return length < 0 ? -errno : length;
}

static bool is_group(struct in_addr address)
{
	return IN_MULTICAST(ntohl(address.s_addr));
}

static bool is_bound_to_group(int fd)
{
	const union lkos_name name = lkos_local_name(fd);

	return name.any.sa_family == AF_INET && is_group(name.v4.sin_addr);
}

/* Was it sent to a group? IP_PKTINFO tells, where the application has asked for it. */
static bool is_shared(const struct reception *from, struct msghdr *header)
{
	struct in_pktinfo info;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
		if (at->cmsg_level != IPPROTO_IP || at->cmsg_type != IP_PKTINFO ||
		    at->cmsg_len < CMSG_LEN(sizeof(info)))
			continue;
		memcpy(&info, CMSG_DATA(at), sizeof(info));
		return is_group(info.ipi_addr);
	}
	return from->to_group;
}

/* Without taking a pending error from the socket. return: POLLIN, and POLLRDHUP where it is shut down for
 * reading: then it is always readable. 0: there is nothing to receive. */
static short readiness_of(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN | POLLRDHUP};
	int64_t no_time[2] = {0};

	if (syscall(SYS_ppoll, &polled, 1, no_time, NULL, 0) <= 0 ||
	    !(polled.revents & POLLIN))
		return 0;
	return polled.revents & (POLLIN | POLLRDHUP);
}

static bool is_anything_left(int fd)
{
	const short readiness = readiness_of(fd);

	return readiness & POLLRDHUP ? lkos_queued(fd, SIOCINQ) > 0 : readiness;
}

/* There is room for any datagram: another thread may receive the next one meanwhile. return: 1, 0 where no
 * more will come, or -errno. */
static int receive_datagram(struct reception *to, int flags)
{
	struct message message;
	ssize_t length;
	bool any;

	do { /* until no other thread is faster */
		length = next_datagram(to, flags, &any);
		if (length < 0 || !any)
			return (int)length;
		if (!take(&message, to, LKOS_DATAGRAM_BUFFERS,
			  lkos_datagram_buffers((size_t)length)))
			return -ENOBUFS;
		length = lkos_receive_unfiltered(to->fd, &message.header, MSG_DONTWAIT);
		if (length < 0)
			drop(&message);
	} while (length < 0 && errno == EAGAIN);
	if (length < 0)
		return -errno;
	trim(&message, (size_t)length);
	pthread_setcancelstate(message.cancellation, NULL);
	flags = is_shared(to, &message.header) ? ONLOAD_ZC_MSG_SHARED : 0;
	if (!is_anything_left(to->fd))
		flags |= ONLOAD_ZC_END_OF_BURST;
	call_back(to, &message, 0, message.count, flags);
	return 1;
}

/* An error after the first message is for the next call. */
static void keep_error(int fd, int result)
{
	if (result >= 0 || result == -ENOBUFS)
		return;
	atomic_store(&lkos_receiving_matters, true);
	lkos_receive_fails_next(fd, -result);
}

static int receive_datagrams(struct reception *to)
{
	const int flags = to->args->flags;
	int result;

	if (flags & ~ONLOAD_ZC_RECV_FLAGS_MASK)
		return -EINVAL;
	to->to_group = is_bound_to_group(to->fd);
	result = receive_datagram(to, flags & MSG_DONTWAIT);
	if (result <= 0)
		return result;
	/* not where there is only an error: the next call of any kind is to find it, and poll() */
	while (result > 0 && !to->is_over && readiness_of(to->fd))
		result = receive_datagram(to, MSG_DONTWAIT);
	keep_error(to->fd, result);
	return 0;
}

/* ---- TCP */

/* Waits, if it may, until there is something. return: 1, 0 at the end of the stream, or -errno. */
static int wait_for_stream(int fd, int flags)
{
	char byte;
	struct iovec piece = {&byte, sizeof(byte)};
	struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
	const ssize_t got = lkos_look(fd, &header, flags);

	return got < 0 ? -errno : (int)got;
}

/* One packet where its end is known, or as much as there is and has room. return: bytes, 0 at the end
 * of the stream, or -errno. */
static int receive_packet(struct reception *to, int flags)
{
	struct message message;
	ssize_t length;

	do {
		const int result = wait_for_stream(to->fd, flags);

		if (result <= 0)
			return result;
		if (!take(&message, to, 1, 1))
			return -ENOBUFS;
		length = lkos_receive_unfiltered(to->fd, &message.header,
						 MSG_DONTWAIT | LKOS_MSG_ONEPKT);
		if (length <= 0)
			drop(&message);
	} while (length < 0 && errno == EAGAIN);
	if (length <= 0)
		return length < 0 ? -errno : 0;
	trim(&message, (size_t)length);
	pthread_setcancelstate(message.cancellation, NULL);
	call_back(to, &message, 0, 1, 0);
	return (int)length;
}

/* What is queued stays, so one look has to do. */
static int peek_packets(struct reception *to, int flags)
{
	const int one_packet = flags & LKOS_MSG_ONEPKT;
	const int result = wait_for_stream(to->fd, flags & (MSG_DONTWAIT | MSG_PEEK));
	struct message message;
	ssize_t length;
	size_t seen = 0;

	if (result <= 0)
		return result;
	if (!take(&message, to, one_packet ? 1 : LKOS_DATAGRAM_BUFFERS, 1))
		return -ENOBUFS;
	length = lkos_receive_unfiltered(to->fd, &message.header,
					 MSG_DONTWAIT | MSG_PEEK | one_packet);
	if (length <= 0) {
		drop(&message);
		return length < 0 ? -errno : 0;
	}
	trim(&message, (size_t)length);
	pthread_setcancelstate(message.cancellation, NULL);
	length = 0;
	while (seen < message.count && !to->is_over) {
		length += (ssize_t)message.pieces[seen].iov_len;
		call_back(to, &message, seen++, 1, 0);
		message.header.msg_controllen = 0;
	}
	lkos_buffers_give(message.buffers + seen, message.count - seen);
	return (int)length;
}

/* A report, such as of a stamp, is for the application's own header. */
static int receive_report(struct reception *to)
{
	struct msghdr header = to->given;
	ssize_t length;

	header.msg_iov = NULL;
	header.msg_iovlen = 0;
	length = lkos_receive_unfiltered(to->fd, &header, MSG_ERRQUEUE);
	if (length < 0)
		return -errno;
	header.msg_iov = to->given.msg_iov;
	to->args->msg.msghdr = header;
	return (int)length;
}

static int receive_stream(struct reception *to)
{
	const int flags = to->args->flags & ~ONLOAD_MSG_RECV_OS_INLINE;
	int total, result;

	if (flags & MSG_OOB || (flags & MSG_WAITALL && flags & LKOS_MSG_ONEPKT))
		return -EINVAL;
	if (flags & MSG_ERRQUEUE)
		return receive_report(to);
	if (flags & MSG_PEEK)
		return peek_packets(to, flags);
	total = result = receive_packet(to, flags & MSG_DONTWAIT);
	while (result > 0 && !to->is_over && !(flags & LKOS_MSG_ONEPKT) &&
	       total < INT_MAX - LKOS_BUFFER_SIZE) {
		result = receive_packet(to, MSG_DONTWAIT);
		if (result > 0)
			total += result;
	}
	if (total > 0)
		keep_error(to->fd, result);
	return total;
}

/* ---- the calls */

int lkos_emulated_onload_zc_recv(int fd, struct onload_zc_recv_args *args)
{
	const int kept = errno;
	struct lkos_endpoint endpoint;
	struct reception reception;
	int result;

	if (!lkos_endpoint_of(fd, &endpoint))
		return lkos_refused(fd, -EBADF);
	if (!args || !args->cb) {
		lkos_log("onload_zc_recv: there is no callback");
		return -EINVAL;
	}
	reception = (struct reception){
		.fd = fd,
		.cookie = endpoint.cookie,
		.stack = endpoint.socket.stack.number,
		.tcp = endpoint.tcp,
		.args = args,
		.given = args->msg.msghdr,
	};
	result = endpoint.tcp ? receive_stream(&reception) : receive_datagrams(&reception);
	errno = kept;
	return result;
}

/* All that a socket receives, it receives from the kernel. Onload does not tell which error it was. */
int lkos_emulated_onload_recvmsg_kernel(int fd, struct msghdr *msg, int flags)
{
	struct lkos_endpoint endpoint;
	ssize_t length;

	if (!lkos_endpoint_of(fd, &endpoint))
		return lkos_refused(fd, -EBADF);
	if (endpoint.tcp)
		return -EOPNOTSUPP;
	length = lkos_receive_unfiltered(fd, msg, flags | MSG_DONTWAIT);
	if (length < 0 && errno != EAGAIN)
		return lkos_fail(-EPERM);
	return (int)length;
}
