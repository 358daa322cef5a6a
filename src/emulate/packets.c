/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/packets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/kept_error.h"
#include "src/emulate/lock.h"
#include "src/emulate/own_time.h"
#include "src/emulate/receive.h"
#include "src/emulate/sockets.h"
#include "src/runtime/libc.h" /* SO_TIMESTAMPING of older headers */
#include "src/runtime/next.h"
#include "src/translate/endpoints.h"
#include "src/translate/peek_offset.h"
#include "src/translate/timestamping_cmsg.h"

#ifndef SO_PEEK_OFF
#define SO_PEEK_OFF 42
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55 /* since 4.12 */
#endif

#define LOOKS_MOST 16    /* at one socket, until nothing comes meanwhile */
#define LOCKS_MOST 10000 /* tries, in about a second */
#define LOCKED_BYTE 0x7ffffffe
#define SECOND UINT64_C(1000000000)

/* What TCP_INFO must have for its counters, and where it counts segments out of order. */
#define HAS_COUNTERS (offsetof(struct lkos_tcp_info, data_segs_in) + 4)
#define HAS_DISORDER (offsetof(struct lkos_tcp_info, rcv_ooopack) + 4)

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void set_option(int fd, int name, int value)
{
	lkos_next.setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value));
}

/* ---- Peeking. By number, so that it is no point of cancellation: the lock may be held */

/* The kernel tells a message's time before all else. 0: not told. */
static uint64_t time_of(const struct msghdr *msg)
{
	const struct cmsghdr *const first = CMSG_FIRSTHDR(msg);
	int64_t newer[2];
	long old[2];

	if (!first || first->cmsg_level != SOL_SOCKET)
		return 0;
	if (first->cmsg_type == LKOS_SCM_TIME_NS_OLD &&
	    first->cmsg_len == CMSG_LEN(sizeof(old))) {
		memcpy(old, CMSG_DATA(first), sizeof(old));
		return (uint64_t)old[0] * SECOND + (uint64_t)old[1];
	}
	if (first->cmsg_type == LKOS_SCM_TIME_NS_NEW &&
	    first->cmsg_len == CMSG_LEN(sizeof(newer))) {
		memcpy(newer, CMSG_DATA(first), sizeof(newer));
		return (uint64_t)newer[0] * SECOND + (uint64_t)newer[1];
	}
	return 0;
}

/* return: the length of what is there, or -1 and errno. Nothing is copied: of a datagram there is room
 * for nothing, and TCP does not copy what it truncates. */
static ssize_t peek(int fd, size_t length, uint64_t *arrived)
{
	_Alignas(struct cmsghdr) char control[128];
	struct iovec piece = {NULL, length};
	struct msghdr msg = {
		.msg_iov = &piece,
		.msg_iovlen = length ? 1 : 0,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const long got =
		syscall(SYS_recvmsg, fd, &msg, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);

	*arrived = got < 0 ? 0 : time_of(&msg);
	return got;
}

/* ---- Times */

/* The stub holds the machine's stamping on for a process that asks for stamps of hardware. */
void lkos_packets_have_times(void)
{
	static atomic_bool held;
	const int flags = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	const int kept = errno;
	int fd;

	if (atomic_exchange(&held, true))
		return;
	fd = lkos_next.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		set_option(fd, SO_TIMESTAMPING_OLD, flags);
		syscall(SYS_close, fd);
	} else {
		atomic_store(&held, false);
	}
	errno = kept;
}

/* Or it cannot be told. */
static bool has_event(int fd, short event)
{
	const struct timespec none = {.tv_sec = 0};
	struct pollfd poll = {.fd = fd, .events = event};

	return syscall(SYS_ppoll, &poll, 1, &none, NULL, 0) != 0;
}

/* ---- Datagrams. The lock is held */

/* For other processes that have the socket, too, since SO_PEEK_OFF is one for all of them: a lock of fcntl()
 * on its inode, which ends with the process. It is of one byte, far from those that an application may lock
 * itself: what a process unlocks, it unlocks for all of its code. A process that has been stopped is not
 * waited for. Where there are no such locks, it goes without. */
static struct flock lock_of(short type)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = LOCKED_BYTE, .l_len = 1};
}

static bool lock_socket(int fd)
{
	const struct timespec soon = {.tv_nsec = 20000};
	struct flock lock = lock_of(F_WRLCK);
	struct timespec left;

	for (int i = 0; i < LOCKS_MOST; i++) {
		if (lkos_next.fcntl64(fd, F_SETLK, &lock) == 0 ||
		    (errno != EAGAIN && errno != EACCES))
			return true;
		left = soon; /* the kernel counts it down */
		syscall(SYS_ppoll, NULL, 0, &left, NULL, 0);
	}
	return false;
}

static void unlock_socket(int fd)
{
	struct flock lock = lock_of(F_UNLCK);

	lkos_next.fcntl64(fd, F_SETLK, &lock);
}

/* false: another process looks at them for long. */
static bool begin_datagrams(struct lkos_packets *walk)
{
	if (!lock_socket(walk->fd))
		return false;
	walk->told = 0;
	walk->walked = 0;
	walk->found_offset = lkos_int_option(walk->fd, SOL_SOCKET, SO_PEEK_OFF);
	walk->has_offset = walk->found_offset >= 0;
	if (walk->has_offset)
		set_option(walk->fd, SO_PEEK_OFF, 0);
	return true;
}

/* Another thread may have closed the descriptor, and its number may be another file's by now. */
static bool is_still_there(const struct lkos_packets *walk)
{
	return lkos_socket_cookie(walk->fd) == walk->cookie;
}

/* return: the length of the datagram, or -1: none is there. An error of the socket is taken by the peek; one
 * that stays is the call's. */
static ssize_t peek_at_datagram(const struct lkos_packets *walk, uint64_t *arrived)
{
	for (int i = 0; i < LOOKS_MOST; i++) {
		const ssize_t length = peek(walk->fd, 0, arrived);
		const int error = errno;

		if (!is_still_there(walk))
			return -1;
		if (length >= 0)
			return length;
		if (error == EAGAIN || error == EINTR || error == ENOMEM)
			return -1;
		lkos_error_keep(walk->cookie, error);
	}
	return -1;
}

/* Another process may have switched the offset off: without it, there is no end to what is seen. */
static bool moves_on(const struct lkos_packets *walk)
{
	return !walk->has_offset ||
	       lkos_int_option(walk->fd, SOL_SOCKET, SO_PEEK_OFF) >= 0;
}

/* Another thread may be waiting in lkos_look(). */
static bool is_looked_at(const struct lkos_packets *walk)
{
	const struct lkos_socket *const known = lkos_socket_at(walk->cookie);

	return known && known->looks;
}

/* The first is looked at without an offset, by which an empty one is seen once only. From then on the
 * kernel moves the offset. */
static bool next_datagram(struct lkos_packets *walk, struct lkos_packet *packet)
{
	ssize_t length;

	if (walk->told > 0 && !walk->has_offset) {
		if (is_looked_at(walk))
			return false;
		set_option(walk->fd, SO_PEEK_OFF, (int)walk->walked);
		walk->has_offset = true;
	}
	length = peek_at_datagram(walk, &packet->arrived);
	if (length < 0 || !moves_on(walk))
		return false;
	walk->told++;
	walk->walked += (uint64_t)length;
	packet->bytes = (uint64_t)length;
	packet->is_one = true;
	if (packet->arrived >= walk->made_up_from && packet->arrived <= walk->made_up_until)
		packet->arrived = 0;
	return true;
}

static void end_datagrams(const struct lkos_packets *walk)
{
	if (!is_still_there(walk))
		return;
	if (walk->has_offset)
		set_option(walk->fd, SO_PEEK_OFF,
			   lkos_peek_offset_after(
				   walk->found_offset, (int)walk->walked,
				   lkos_int_option(walk->fd, SOL_SOCKET, SO_PEEK_OFF)));
	unlock_socket(walk->fd);
}

/* Of all that are there. */
static void look_for_times_made_up(struct lkos_packets *walk, uint64_t before)
{
	struct lkos_packet packet;

	for (; next_datagram(walk, &packet); before = now()) {
		if (packet.arrived < before)
			continue;
		if (!walk->made_up_until)
			walk->made_up_from = before;
		walk->made_up_until = now();
	}
}

/* Of a datagram that came before stamping was on, Linux makes a time up when it is first looked at. So
 * all that are there are looked at now, and a time that is not before that is not told later on. */
static void find_times_made_up(struct lkos_packets *walk, uint64_t before)
{
	struct lkos_socket *known;

	walk->signals = lkos_lock();
	if (begin_datagrams(walk)) {
		look_for_times_made_up(walk, before);
		end_datagrams(walk);
	} else {
		walk->made_up_until = now(); /* from 0: all */
	}
	known = lkos_socket_at(walk->cookie);
	if (known) {
		known->arrivals.made_up_from = walk->made_up_from;
		known->arrivals.made_up_until = walk->made_up_until;
	}
	lkos_unlock(walk->signals);
}

/* ---- TCP */

/* Nothing is queued, in order or out of order: no memory is used for it. */
static bool is_empty(int fd)
{
	uint32_t bytes[16] = {1};
	socklen_t size = sizeof(bytes);

	return lkos_next.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, bytes, &size) == 0 &&
	       bytes[0] == 0;
}

/* The FIN counts as one byte. */
static uint64_t received_by(const struct lkos_tcp_info *info)
{
	const bool ended = info->state == LKOS_TCP_CLOSE_WAIT ||
			   info->state == LKOS_TCP_LAST_ACK ||
			   info->state == LKOS_TCP_CLOSING;

	return info->bytes_received - (ended && info->bytes_received);
}

/* When the last byte arrived that is queued: of several that the kernel has joined, it keeps the latest
 * time. */
static uint64_t newest_of(int fd, size_t queued)
{
	const int offset = lkos_int_option(fd, SOL_SOCKET, SO_PEEK_OFF);
	uint64_t arrived;

	if (offset >= 0)
		set_option(fd, SO_PEEK_OFF, 0);
	if (peek(fd, queued, &arrived) != (ssize_t)queued)
		arrived = 0;
	if (offset >= 0)
		set_option(fd, SO_PEEK_OFF,
			   lkos_peek_offset_after(
				   offset, (int)queued,
				   lkos_int_option(fd, SOL_SOCKET, SO_PEEK_OFF)));
	return arrived;
}

static bool is_same(const struct lkos_tcp_info *one, const struct lkos_tcp_info *other)
{
	return one->data_segs_in == other->data_segs_in &&
	       one->bytes_received == other->bytes_received && one->state == other->state;
}

/* known: what is known of it so far. arrived: as newest_of(), where that matters. It is later than the
 * tap's time, so with a tap it is not told. */
static struct lkos_counters counters_of(int fd, struct lkos_tcp_info *info, unsigned told,
					const struct lkos_socket *known, uint64_t *arrived)
{
	struct lkos_counters counters;
	struct lkos_tcp_info before;

	for (int i = 0; i < LOOKS_MOST; i++) {
		before = *info;
		counters = (struct lkos_counters){
			.received = received_by(&before),
			.segments = before.data_segs_in,
			.disordered = before.rcv_ooopack,
			.queued = (uint32_t)lkos_queued(fd, SIOCINQ),
			.tells_disorder = told >= HAS_DISORDER,
			.is_urgent = has_event(fd, POLLPRI),
		};
		counters.is_empty = counters.queued == 0 && is_empty(fd);
		*arrived = known->arrivals.has_times && counters.queued &&
					   lkos_counted_grows(&known->arrivals.counted,
							      &counters)
				   ? newest_of(fd, counters.queued)
				   : 0;
		lkos_tcp_info_of(fd, info);
		counters.is_settled = is_same(&before, info);
		if (counters.is_settled)
			break;
	}
	return counters;
}

/* false: it is no connection. */
static bool look(struct lkos_packets *walk, struct lkos_endpoint *endpoint)
{
	const unsigned int state = endpoint->info.state;
	struct lkos_counters counters;
	struct lkos_socket *known;
	uint64_t arrived;

	if (state == LKOS_TCP_LISTEN)
		return false;
	walk->is_tapped = lkos_tap_look(walk->fd, &walk->view);
	if (walk->is_tapped) {
		walk->at = walk->view.unread.begin;
		walk->end = walk->view.unread.end;
		return true;
	}
	walk->counted = (struct lkos_counted){0};
	walk->at = 0;
	walk->end = (uint64_t)lkos_queued(walk->fd, SIOCINQ);
	if (state == LKOS_TCP_CLOSE || endpoint->told < HAS_COUNTERS)
		return true;
	counters = counters_of(walk->fd, &endpoint->info, endpoint->told,
			       &endpoint->socket, &arrived);
	if (walk->view.is_open)
		arrived = 0;
	walk->signals = lkos_lock();
	known = lkos_socket_make_at(walk->cookie);
	if (known) {
		lkos_counted_look(&known->arrivals.counted, &counters, arrived);
		walk->counted = known->arrivals.counted;
	}
	lkos_unlock(walk->signals);
	if (counters.queued <= counters.received) {
		walk->at = counters.received - counters.queued;
		walk->end = counters.received;
	}
	return true;
}

/* false: not known; then all that is left is one piece. */
static bool tapped_packet(struct lkos_packets *walk, struct lkos_counted_packet *packet)
{
	struct lkos_tcp_packet found = {.end = walk->end};
	const bool is_known = lkos_tap_packet(&walk->view, walk->at, &found);

	*packet = (struct lkos_counted_packet){
		.begin = walk->at,
		.end = found.end < walk->end ? found.end : walk->end,
		.arrived = found.arrived,
	};
	return is_known;
}

static bool next_of_stream(struct lkos_packets *walk, struct lkos_packet *packet)
{
	struct lkos_counted_packet found;

	if (walk->at >= walk->end)
		return false;
	packet->is_one = walk->is_tapped ? tapped_packet(walk, &found)
					 : lkos_counted_at(&walk->counted, walk->at,
							   walk->end, &found);
	packet->bytes = found.end - walk->at;
	packet->arrived = found.arrived;
	walk->at = found.end;
	return true;
}

/* ---- Both */

/* The first walk over a socket. had_times: since it was made, so that none is made up. */
static void start_times(struct lkos_packets *walk, bool had_times)
{
	const uint64_t before = now();
	struct lkos_socket *known;
	bool is_queued;

	lkos_packets_have_times();
	is_queued = !walk->tcp && !had_times && has_event(walk->fd, POLLIN);
	if (lkos_own_time_start(walk->fd) != 0)
		return;
	walk->signals = lkos_lock();
	known = lkos_socket_make_at(walk->cookie);
	if (known)
		known->arrivals.has_times = true;
	lkos_unlock(walk->signals);
	walk->made_up_from = walk->made_up_until = 0;
	if (known && is_queued)
		find_times_made_up(walk, before);
}

bool lkos_packets_begin(struct lkos_packets *walk, int fd)
{
	const int kept = errno;
	struct lkos_endpoint endpoint;
	bool begun = true;

	if (!lkos_endpoint_of(fd, &endpoint))
		return false;
	*walk = (struct lkos_packets){
		.fd = fd,
		.tcp = endpoint.tcp,
		.cookie = endpoint.cookie,
		.made_up_from = endpoint.socket.arrivals.made_up_from,
		.made_up_until = endpoint.socket.arrivals.has_times
					 ? endpoint.socket.arrivals.made_up_until
					 : UINT64_MAX,
	};
	if (!endpoint.socket.arrivals.has_times) {
		start_times(walk, endpoint.socket.stamps.time.ours);
		lkos_socket_find(endpoint.cookie, &endpoint.socket);
	}
	if (walk->tcp) {
		begun = look(walk, &endpoint);
	} else {
		walk->signals = lkos_lock();
		begun = begin_datagrams(walk);
		if (!begun)
			lkos_unlock(walk->signals);
	}
	errno = kept;
	return begun;
}

bool lkos_packets_next(struct lkos_packets *walk, struct lkos_packet *packet)
{
	const int kept = errno;
	const bool is_there =
		walk->tcp ? next_of_stream(walk, packet) : next_datagram(walk, packet);

	errno = kept;
	return is_there;
}

void lkos_packets_end(struct lkos_packets *walk)
{
	const int kept = errno;

	if (!walk->tcp) {
		end_datagrams(walk);
		lkos_unlock(walk->signals);
	}
	errno = kept;
}

size_t lkos_packet_unread(int fd, size_t from)
{
	const int kept = errno;
	struct lkos_packet packet = {.bytes = 0};
	struct lkos_packets walk = {.fd = fd, .tcp = true};
	struct lkos_endpoint endpoint;

	if (lkos_endpoint_of(fd, &endpoint) && endpoint.tcp) {
		walk.cookie = endpoint.cookie;
		if (look(&walk, &endpoint)) {
			walk.at += from;
			next_of_stream(&walk, &packet);
		}
	}
	errno = kept;
	return (size_t)packet.bytes;
}

void lkos_packets_doubt(int fd)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_at(cookie);

	if (known)
		lkos_counted_doubt(&known->arrivals.counted);
	lkos_unlock(signals);
}
