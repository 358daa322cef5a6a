/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_delegated_send_prepare(), onload_delegated_send_complete(), onload_delegated_send_cancel() and
 * oo_raw_send(). What the program puts on the wire by itself is dropped here, and what it completes is
 * sent: each byte once.
 *
 * source: onload src/lib/transport/unix/tcp_fd.c, src/lib/transport/ip/tcp_send.c */
#include "src/emulate/delegated_send.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/lock.h"
#include "src/emulate/send.h"
#include "src/runtime/libc.h" /* SO_TIMESTAMPING of older headers */
#include "src/runtime/log.h"
#include "src/runtime/next.h"
#include "src/translate/delegated_send.h"
#include "src/translate/endpoints.h"

#ifndef TCP_TIMESTAMP
#define TCP_TIMESTAMP 24 /* glibc 2.18 */
#endif

#define FRAME_MOST 2048 /* a packet buffer of Onload's */

_Static_assert((int)ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET == LKOS_DELEGATED_BAD_SOCKET &&
		       (int)ONLOAD_DELEGATED_SEND_RC_SMALL_HEADER ==
			       LKOS_DELEGATED_SMALL_HEADER &&
		       (int)ONLOAD_DELEGATED_SEND_RC_SENDQ_BUSY ==
			       LKOS_DELEGATED_SENDQ_BUSY &&
		       (int)ONLOAD_DELEGATED_SEND_RC_NOWIN == LKOS_DELEGATED_NOWIN &&
		       (int)ONLOAD_DELEGATED_SEND_RC_NOCWIN == LKOS_DELEGATED_NOCWIN,
	       "Onload's numbers");

_Static_assert((int)ONLOAD_TIMESTAMPING_FLAG_TX_NIC == SOF_TIMESTAMPING_TX_HARDWARE,
	       "the same bit in each form");

atomic_bool lkos_sends_were_delegated;

/* ---- what is reserved */

static uint32_t reserved_at(uint64_t cookie)
{
	struct lkos_socket known;

	return lkos_socket_find(cookie, &known) ? known.reserved : 0;
}

bool lkos_is_reserved(int fd)
{
	return reserved_at(lkos_socket_cookie(fd)) > 0;
}

/* false: there is no memory to know the socket. */
static bool reserve(uint64_t cookie, uint32_t bytes)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const socket = lkos_socket_make_at(cookie);

	if (socket)
		socket->reserved = bytes;
	lkos_unlock(signals);
	lkos_sends_were_delegated = true;
	return socket;
}

static void use_up(uint64_t cookie, uint32_t bytes)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const socket = lkos_socket_at(cookie);

	if (socket)
		socket->reserved -= bytes < socket->reserved ? bytes : socket->reserved;
	lkos_unlock(signals);
}

/* ---- prepare */

/* An address of IPv4, which a socket of IPv6 may have, too. false: it is none. */
static bool ipv4_of(const struct sockaddr_storage *name, uint32_t *address, uint16_t *port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (name->ss_family == AF_INET) {
		memcpy(&v4, name, sizeof(v4));
		*address = v4.sin_addr.s_addr;
		*port = v4.sin_port;
		return true;
	}
	memcpy(&v6, name, sizeof(v6));
	memcpy(address, v6.sin6_addr.s6_addr + 12, sizeof(*address));
	*port = v6.sin6_port;
	return name->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
}

static bool read_addresses(int fd, struct lkos_segment *segment)
{
	struct sockaddr_storage here, there;
	socklen_t size = sizeof(here), peer_size = sizeof(there);

	return lkos_next.getsockname(fd, (struct sockaddr *)&here, &size) == 0 &&
	       lkos_next.getpeername(fd, (struct sockaddr *)&there, &peer_size) == 0 &&
	       ipv4_of(&here, &segment->source, &segment->source_port) &&
	       ipv4_of(&there, &segment->destination, &segment->destination_port);
}

static uint8_t byte_option(int fd, int name, uint8_t otherwise)
{
	const int value = lkos_int_option(fd, IPPROTO_IP, name);

	return value < 0 ? otherwise : (uint8_t)value;
}

/* The kernel does not tell the connection's numbers: these begin anywhere, as its own do, and go on with
 * each byte that is sent or received. */
static void number(struct lkos_segment *segment, const struct lkos_endpoint *endpoint)
{
	const struct lkos_tcp_info *const info = &endpoint->info;
	const uint64_t start = endpoint->cookie * 0x9e3779b97f4a7c15;

	segment->sequence =
		(uint32_t)start + (uint32_t)(info->bytes_sent - info->bytes_retrans);
	segment->acknowledgement =
		(uint32_t)(start >> 32) + (uint32_t)info->bytes_received;
}

static uint16_t window_of(const struct lkos_tcp_info *info)
{
	const uint32_t scaled = info->rcv_wnd >> lkos_tcp_receive_scale(info);

	return scaled == 0 || scaled > UINT16_MAX ? UINT16_MAX : (uint16_t)scaled;
}

static void describe(struct lkos_segment *segment, int fd,
		     const struct lkos_endpoint *endpoint)
{
	segment->tos = byte_option(fd, IP_TOS, 0);
	segment->ttl = byte_option(fd, IP_TTL, IPDEFTTL);
	segment->window = window_of(&endpoint->info);
	segment->payload = endpoint->info.snd_mss;
	segment->timestamp = (uint32_t)lkos_int_option(fd, IPPROTO_TCP, TCP_TIMESTAMP);
	number(segment, endpoint);
}

/* In any form: also where EF_TX_TIMESTAMPING lets no stamp exist. */
static bool asks_for_stamps(int fd, const struct lkos_stamps_request *request)
{
	const int of_kernel = lkos_int_option(fd, SOL_SOCKET, SO_TIMESTAMPING);
	const uint32_t flags = of_kernel < 0 ? 0 : (uint32_t)of_kernel;

	return (flags | request->flags) & SOF_TIMESTAMPING_TX_HARDWARE;
}

/* A kernel that does not tell the peer's window: as large as there is room. */
static struct lkos_sender sender_of(int fd, const struct lkos_endpoint *endpoint)
{
	const struct lkos_tcp_info *const info = &endpoint->info;
	const struct lkos_windows windows = lkos_windows_of(fd, endpoint);
	return (struct lkos_sender){
		.can_send = lkos_tcp_can_send(info->state),
		.stamps = asks_for_stamps(fd, &endpoint->socket.stamps.request),
		.unsent = info->notsent_bytes,
		.mss = (int32_t)info->snd_mss,
		.peer_window = endpoint->told >= offsetof(struct lkos_tcp_info, rcv_wnd)
				       ? windows.peer
				       : windows.buffer,
		.buffer_room = windows.buffer,
		.congestion_window = windows.congestion,
	};
}

static enum onload_delegated_send_rc misused(const char *how)
{
	lkos_misused("onload_delegated_send_prepare", how);
	return ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET;
}

enum onload_delegated_send_rc
lkos_emulated_onload_delegated_send_prepare(int fd, int size, unsigned flags,
					    struct onload_delegated_send *out)
{
	const int kept = errno;
	struct lkos_endpoint endpoint;
	struct lkos_segment segment = {.source = 0};
	struct lkos_sender sender;
	struct lkos_windows_told told;
	enum lkos_delegated answer;
	uint32_t reserved;
	int ip_tcp;

	(void)flags; /* about the next hop's address, which the kernel finds */
	if (!lkos_endpoint_of(fd, &endpoint) || !endpoint.tcp)
		return ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET;
	if (!out || (out->headers_len > 0 && !out->headers))
		return misused("there is nowhere to write the headers");
	segment.timestamps = lkos_tcp_has_timestamps(&endpoint.info);
	ip_tcp = lkos_ip_tcp_headers_length(segment.timestamps);
	sender = sender_of(fd, &endpoint);
	sender.ipv4 = read_addresses(fd, &segment);
	sender.headers_length = LKOS_ETHERNET_HEADER + ip_tcp;
	answer = lkos_delegated_answer(&sender, size, out->headers_len, &told, &reserved);
	describe(&segment, fd, &endpoint);
	errno = kept;
	if (sender.can_send && !sender.ipv4)
		return misused("the headers are of IPv4, and the connection is not");
	if (lkos_delegated_is_possible(answer) && !reserve(endpoint.cookie, reserved))
		answer = LKOS_DELEGATED_BAD_SOCKET;
	if (answer == LKOS_DELEGATED_BAD_SOCKET || answer == LKOS_DELEGATED_SENDQ_BUSY)
		return (enum onload_delegated_send_rc)answer;
	out->mss = sender.mss;
	out->send_wnd = told.send;
	out->cong_wnd = told.congestion;
	out->user_size = size;
	if (answer == LKOS_DELEGATED_NOWIN)
		return ONLOAD_DELEGATED_SEND_RC_NOWIN;
	out->headers_len = sender.headers_length;
	if (answer == LKOS_DELEGATED_SMALL_HEADER)
		return ONLOAD_DELEGATED_SEND_RC_SMALL_HEADER;
	lkos_headers_write(out->headers, &segment);
	out->tcp_seq_offset = LKOS_TCP_SEQUENCE_AT;
	out->ip_len_offset = LKOS_IPV4_LENGTH_AT;
	out->ip_tcp_hdr_len = ip_tcp;
	return (enum onload_delegated_send_rc)answer;
}

/* ---- complete and cancel */

/* false: not a connection of TCP, nor a socket that may become one. */
static bool find_sender(int fd, struct lkos_endpoint *endpoint)
{
	return lkos_endpoint_of(fd, endpoint) && endpoint->tcp &&
	       endpoint->info.state != LKOS_TCP_LISTEN;
}

/* Whether the socket may wait, and how long, is not asked: only the call's flags say. return: 0 or
 * -errno. */
static int wait_for_room(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	return poll(&room, 1, -1) < 0 ? -errno : 0;
}

/* return: bytes, fewer than all of them after a signal or where they may not wait; or -errno. */
static int send_pieces(int fd, const struct iovec *pieces, int count, int flags)
{
	int total = 0;

	for (int i = 0; i < count; i++) {
		struct iovec piece = pieces[i];
		const struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};

		while (piece.iov_len > 0) {
			const ssize_t sent = lkos_next.sendmsg(
				fd, &header, flags | (i + 1 < count ? MSG_MORE : 0));
			int err = sent < 0 ? -errno : 0;

			if (err == -EAGAIN && !(flags & MSG_DONTWAIT))
				err = wait_for_room(fd);
			if (err)
				return total ? total : err;
			if (sent < 0)
				continue;
			total += (int)sent;
			piece.iov_base = (unsigned char *)piece.iov_base + sent;
			piece.iov_len -= (size_t)sent;
			flags |= MSG_NOSIGNAL; /* a broken connection is for the next call */
		}
	}
	return total;
}

int lkos_emulated_onload_delegated_send_complete(int fd, const struct iovec *iov,
						 int iovlen, int flags)
{
	const int kept = errno;
	struct lkos_endpoint endpoint;
	int sent;

	if (!find_sender(fd, &endpoint))
		return lkos_fail(-ENOTTY);
	if (iovlen > 0 && !iov)
		return lkos_fail(
			lkos_misused("onload_delegated_send_complete", "iov is NULL"));
	if (lkos_length(iov, iovlen, endpoint.socket.reserved) > endpoint.socket.reserved)
		return lkos_fail(-EMSGSIZE);
	sent = send_pieces(fd, iov, iovlen, flags & (MSG_DONTWAIT | MSG_NOSIGNAL));
	if (sent < 0)
		return lkos_fail(sent);
	use_up(endpoint.cookie, (uint32_t)sent);
	errno = kept;
	return sent;
}

int lkos_emulated_onload_delegated_send_cancel(int fd)
{
	struct lkos_endpoint endpoint;

	if (!find_sender(fd, &endpoint))
		return lkos_fail(-ENOTTY);
	use_up(endpoint.cookie, UINT32_MAX);
	return 0;
}

/* ---- raw frames */

int lkos_emulated_oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt)
{
	struct lkos_endpoint endpoint;

	(void)hwport;
	if (!lkos_endpoint_of(fd, &endpoint))
		return lkos_fail(-ENOTTY);
	if (iovcnt > 0 && !iov)
		return lkos_fail(lkos_misused("oo_raw_send", "iov is NULL"));
	return lkos_length(iov, iovcnt, FRAME_MOST) > FRAME_MOST ? lkos_fail(-EMSGSIZE)
								 : 0;
}
