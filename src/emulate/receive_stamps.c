/* SPDX-License-Identifier: GPL-2.0-only */
/* Receiving on a socket whose timestamps are told in another way than the kernel's. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/extension_stamps.h"
#include "src/emulate/kept_error.h"
#include "src/emulate/lock.h"
#include "src/emulate/sockets.h"
#include "src/emulate/tap.h"
#include "src/runtime/c.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/control_messages.h"
#include "src/translate/kernel_time.h"
#include "src/translate/zerocopy.h"

/* Bytes of control data: what most programs have room for, so that a signal handler's small stack will do,
 * and what one message of IP never has. */
#define CONTROL_FEW 128
#define CONTROL_MOST 4096
#define SENDS_AT_FIRST 100

bool lkos_stamps_matter(const struct lkos_stamps *stamps)
{
	return stamps->request.form != LKOS_STAMPS_OF_KERNEL || stamps->time.ours;
}

static bool is_stream_socket(int fd)
{
	return lkos_int_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM;
}

/* A message that is being received. */
struct receipt {
	int fd, flags;
	struct msghdr *msg; /* the application's */
	struct msghdr app;  /* a copy of it */
	const struct lkos_stamps *stamps;
	unsigned char *got;   /* room for control data as it comes */
	unsigned char *shown; /* and as it is shown */
	size_t room;          /* of the application, as far as we have as much */
	struct msghdr ours;   /* as it was received */
};

/* Into the application's memory, but for control data, of which more is needed. */
static ssize_t receive(struct receipt *receipt)
{
	ssize_t received;

	receipt->ours = receipt->app;
	receipt->ours.msg_control = receipt->got;
	receipt->ours.msg_controllen = receipt->room + LKOS_CONTROL_HIDDEN;
	received = lkos_next.recvmsg(receipt->fd, &receipt->ours, receipt->flags);
	/* Also where the address cannot be written. */
	receipt->msg->msg_namelen = receipt->ours.msg_namelen;
	return received;
}

static bool can_be_written(int fd, void *memory, size_t size)
{
	const size_t last = size - sizeof(unsigned int);
	unsigned char *const bytes = memory;
	lkos_known_page readable = 0, writable = 0;

	return lkos_memory_is_readable(memory, size, &readable) &&
	       lkos_memory_is_writable(fd, memory, &writable) &&
	       lkos_memory_is_writable(fd, (void *)(bytes + last), &writable);
}

/* What the application sees of it besides data. As the kernel, which tells of no control data if it cannot
 * be written. */
static void tell(struct receipt *receipt, size_t size, int flags)
{
	struct msghdr *const msg = receipt->msg;

	if (size && !can_be_written(receipt->fd, receipt->app.msg_control, size)) {
		size = 0;
		flags &= ~MSG_CTRUNC;
	}
	if (size)
		memcpy(receipt->app.msg_control, receipt->shown, size);
	msg->msg_controllen = size;
	msg->msg_flags = flags;
}

static void show(struct receipt *receipt, const struct lkos_stamps_view *view)
{
	struct msghdr shown = {.msg_control = receipt->shown,
			       .msg_controllen = receipt->room};

	lkos_stamps_show(&receipt->ours, &shown, view);
	tell(receipt, shown.msg_controllen, shown.msg_flags);
}

/* How much of a datagram of that length the call returns. */
static ssize_t returned(const struct receipt *receipt, ssize_t length)
{
	const struct msghdr *const app = &receipt->app;
	size_t room = 0;

	if (receipt->flags & MSG_TRUNC)
		return length;
	for (size_t i = 0; i < app->msg_iovlen && room < (size_t)length; i++)
		room += app->msg_iov[i].iov_len;
	return (size_t)length < room ? length : (ssize_t)room;
}

/* To tell the interface of a datagram takes its length, however much of it there is room for. */
static ssize_t receive_datagram(struct receipt *receipt, struct lkos_stamps_view *view)
{
	const int flags = receipt->flags;
	ssize_t length;

	receipt->flags |= MSG_TRUNC;
	length = receive(receipt);
	receipt->flags = flags;
	view->length = (uint32_t)length;
	return length < 0 ? length : returned(receipt, length);
}

/* As it is by now, after a wait. */
static void look_again(int fd, struct lkos_stamps_view *view)
{
	struct lkos_stamps known;

	if (lkos_stamps_find(fd, &known)) {
		view->request = known.request;
		view->time = known.time;
	}
}

/* Where a peek begins, in unread bytes. */
static int peek_offset(const struct receipt *receipt)
{
	const int offset = receipt->flags & MSG_PEEK
				   ? lkos_int_option(receipt->fd, SOL_SOCKET, SO_PEEK_OFF)
				   : -1;

	return offset < 0 ? 0 : offset;
}

/* When the packet came that the first received byte is in; 0: not known, or others have read, too. */
static uint64_t first_arrival(const struct receipt *receipt,
			      const struct lkos_tap_view *before, int from,
			      size_t received)
{
	const uint64_t begin = before->unread.begin;
	const uint64_t arrived = lkos_tap_arrival(before, begin + (uint64_t)from);
	struct lkos_tap_view after;

	return lkos_tap_look(receipt->fd, &after) &&
			       after.unread.begin ==
				       begin + (receipt->flags & MSG_PEEK ? 0 : received)
		       ? arrived
		       : 0;
}

/* The kernel tells of a piece of a stream when its last packet came, Onload when its first did. */
static ssize_t receive_stream(struct receipt *receipt)
{
	struct lkos_tap_view view;
	const bool is_known = lkos_tap_look(receipt->fd, &view);
	const int from = peek_offset(receipt);
	const ssize_t received = receive(receipt);
	const uint64_t arrived =
		is_known && received > 0
			? first_arrival(receipt, &view, from, (size_t)received)
			: 0;

	if (arrived)
		lkos_kernel_time_replace(&receipt->ours, arrived);
	return received;
}

/* Of what has arrived; reports of sends have neither. */
static ssize_t receive_message(struct receipt *receipt, struct lkos_stamps_view *view)
{
	if (view->pktinfo.ours)
		return receive_datagram(receipt, view);
	if (view->time.ours && is_stream_socket(receipt->fd))
		return receive_stream(receipt);
	return receive(receipt);
}

/* The kernel then has the error of the next report, or none. */
static ssize_t receive_report(struct receipt *receipt)
{
	const ssize_t received = receive(receipt);

	if (received >= 0 && lkos_is_icmp_report(&receipt->ours))
		lkos_error_drop(receipt->fd);
	return received;
}

static ssize_t receive_shown(struct receipt *receipt,
			     bool (*skips)(int fd, const struct msghdr *got))
{
	struct lkos_stamps_view view = {
		.request = receipt->stamps->request,
		.time = receipt->stamps->time,
		.pktinfo = receipt->stamps->pktinfo,
	};
	ssize_t received;

	do {
		received = receipt->flags & MSG_ERRQUEUE ? receive_report(receipt)
							 : receive_message(receipt, &view);
	} while (received >= 0 && skips && skips(receipt->fd, &receipt->ours));
	if (received < 0)
		return received;
	look_again(receipt->fd, &view);
	view.carries = received > 0 || !is_stream_socket(receipt->fd);
	show(receipt, &view);
	return received;
}

/* Of what is sent again, v1 reports the first time only. */
static bool was_sent_again(int fd, const struct msghdr *got)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	struct lkos_sent_report report;
	struct lkos_socket *known;
	uint64_t signals;
	bool again = false;

	lkos_sent_report_of(got, &report);
	if (report.what != LKOS_SENT_STAMP)
		return false;
	signals = lkos_lock();
	known = lkos_socket_at(cookie);
	if (known) {
		struct lkos_stamps *const stamps = &known->stamps;

		again = stamps->any_sent &&
			(int32_t)(report.number - stamps->newest_sent) <= 0;
		if (!again)
			stamps->newest_sent = report.number;
		stamps->any_sent = true;
	}
	lkos_unlock(signals);
	return again;
}

/* ---- Reports of a stream */

static size_t stream_size(size_t room)
{
	const struct lkos_stream *const none = NULL;

	return sizeof(*none) + room * sizeof(none->sends[0]);
}

/* With room for one more send, if there is memory. NULL: there is not even for the first. */
static struct lkos_stream *stream_of(struct lkos_stamps *stamps)
{
	struct lkos_stream *const old = stamps->stream;
	const int kept = errno;
	struct lkos_stream *made;
	size_t room;

	if (old && old->count < old->room)
		return old;
	room = old ? 2 * old->room : SENDS_AT_FIRST;
	made = mmap(NULL, stream_size(room), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	errno = kept;
	if (made == MAP_FAILED)
		return old;
	if (old)
		memcpy(made, old, stream_size(old->count));
	made->room = room;
	lkos_stamps_end(stamps);
	stamps->stream = made;
	return made;
}

void lkos_stamps_end(struct lkos_stamps *stamps)
{
	const int kept = errno;

	if (stamps->stream)
		munmap(stamps->stream, stream_size(stamps->stream->room));
	stamps->stream = NULL;
	errno = kept;
}

/* return: is there something to tell? */
static bool note_report(int fd, const struct lkos_sent_report *report,
			struct lkos_stream_record *record)
{
	const struct timespec time = {(time_t)report->stamp.sec, (long)report->stamp.nsec};
	const uint64_t cookie = lkos_socket_cookie(fd);
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_at(cookie);
	struct lkos_stream *const stream = known ? stream_of(&known->stamps) : NULL;
	bool tells = false;

	if (stream && report->what == LKOS_SENT_STAMP)
		lkos_stream_sent(stream, report->number, time);
	else if (stream)
		tells = lkos_stream_acknowledged(stream, report->number, record);
	lkos_unlock(signals);
	return tells;
}

static void show_record(struct receipt *receipt, const struct lkos_stream_record *record)
{
	struct lkos_control_room room = {.at = receipt->shown, .left = receipt->room};

	lkos_control_put(&room, SOL_SOCKET, LKOS_SCM_STREAM, record, sizeof(*record));
	receipt->msg->msg_namelen = 0;
	tell(receipt, (size_t)(room.at - receipt->shown),
	     MSG_ERRQUEUE | (room.cut ? MSG_CTRUNC : 0));
}

/* What the kernel reports is read until there is something to tell. So what is not read yet still makes
 * the socket ready. */
static ssize_t receive_record(struct receipt *receipt)
{
	const struct lkos_stamps_view view = {.time = receipt->stamps->time};
	struct lkos_stream_record record;
	struct lkos_sent_report report;

	do {
		const ssize_t received = receive(receipt);

		if (received < 0)
			return received;
		lkos_sent_report_of(&receipt->ours, &report);
		if (report.what == LKOS_SENT_NOTHING) {
			show(receipt, &view);
			return received;
		}
	} while (!note_report(receipt->fd, &report, &record));
	show_record(receipt, &record);
	return 0;
}

/* ---- All messages */

static ssize_t receive_in(struct receipt *receipt, unsigned char *got,
			  unsigned char *shown, size_t room)
{
	const size_t asked = receipt->app.msg_control ? receipt->app.msg_controllen : 0;
	lkos_known_page page = 0;

	receipt->got = got;
	receipt->shown = shown;
	receipt->room = asked < room ? asked : room;
	/* What lies between control messages stays as it was. */
	if (receipt->room)
		lkos_memory_read(shown, receipt->app.msg_control, receipt->room, &page);
	if (!(receipt->flags & MSG_ERRQUEUE))
		return receive_shown(receipt, NULL);
	if (lkos_stamps_are_of_stream(&receipt->stamps->request))
		return receive_record(receipt);
	return receive_shown(receipt, receipt->stamps->request.form == LKOS_STAMPS_V1 &&
						      is_stream_socket(receipt->fd)
					      ? was_sent_again
					      : NULL);
}

#define RECEIVE_WITH_ROOM(name, room)                                                     \
	LKOS_NOINLINE static ssize_t name(struct receipt *receipt)                        \
	{                                                                                 \
		_Alignas(struct cmsghdr) unsigned char got[(room) + LKOS_CONTROL_HIDDEN]; \
		_Alignas(struct cmsghdr) unsigned char shown[room];                       \
                                                                                          \
		return receive_in(receipt, got, shown, room);                             \
	}

RECEIVE_WITH_ROOM(receive_few, CONTROL_FEW)
RECEIVE_WITH_ROOM(receive_much, CONTROL_MOST)

/* A message that cannot be read or written is the kernel's to refuse. */
ssize_t lkos_stamps_receive(int fd, struct msghdr *msg, int flags)
{
	struct receipt receipt = {.fd = fd, .flags = flags, .msg = msg};
	struct lkos_stamps known;

	if (!lkos_stamps_find(fd, &known) || !lkos_stamps_matter(&known) ||
	    !can_be_written(fd, msg, sizeof(*msg)))
		return lkos_next.recvmsg(fd, msg, flags);
	receipt.app = *msg;
	receipt.stamps = &known;
	return receipt.app.msg_controllen <= CONTROL_FEW ? receive_few(&receipt)
							 : receive_much(&receipt);
}

/* ---- Without copying */

/* Bytes of the option, which has 64 today. */
#define ZEROCOPY_MOST 128

/* The option's struct, for a kernel that tells stamps into our room. */
struct zerocopy {
	struct lkos_zerocopy known;
	unsigned char more[ZEROCOPY_MOST - sizeof(struct lkos_zerocopy)];
};

/* Takes what the kernel has told, and says in `ours` what of it the application is told in its room. */
static void tell_zerocopy(int fd, const struct lkos_stamps *stamps,
			  const struct lkos_zerocopy *sent,
			  const struct lkos_zerocopy *app, struct lkos_zerocopy *ours)
{
	const struct lkos_stamps_view view = {
		.request = stamps->request, .time = stamps->time, .carries = true};
	void *const control = (void *)(uintptr_t)app->msg_control;
	const uint64_t room = control ? app->msg_controllen : 0;
	unsigned char bytes[CONTROL_FEW];
	struct msghdr got, shown = {.msg_control = bytes, .msg_controllen = sizeof(bytes)};

	if (room < sizeof(bytes))
		shown.msg_controllen = (size_t)room;
	if (lkos_zerocopy_control(sent, ours, &got)) {
		got.msg_flags = (int)ours->msg_flags;
		lkos_stamps_show(&got, &shown, &view);
		ours->msg_flags = (uint32_t)shown.msg_flags;
	} else {
		shown.msg_controllen = 0;
	}
	if (shown.msg_controllen && !can_be_written(fd, control, shown.msg_controllen))
		shown.msg_controllen = 0;
	if (shown.msg_controllen)
		memcpy(control, bytes, shown.msg_controllen);
	ours->msg_control = app->msg_control + shown.msg_controllen;
	ours->msg_controllen = app->msg_controllen - shown.msg_controllen;
}

int lkos_stamps_zerocopy(int fd, void *optval, socklen_t *optlen)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_FEW + LKOS_CONTROL_HIDDEN];
	struct zerocopy app, sent, ours;
	struct lkos_stamps known;
	socklen_t size;
	int result;

	if (!lkos_stamps_find(fd, &known) || !lkos_stamps_matter(&known) ||
	    !can_be_written(fd, optlen, sizeof(*optlen)) || *optlen < LKOS_ZEROCOPY_SIZE ||
	    *optlen > sizeof(app) || !can_be_written(fd, optval, *optlen))
		return lkos_next.getsockopt(fd, IPPROTO_TCP, LKOS_TCP_ZEROCOPY_RECEIVE,
					    optval, optlen);
	size = *optlen;
	memcpy(&app, optval, size);
	sent = app;
	sent.known.msg_control = (uintptr_t)control;
	sent.known.msg_controllen = sizeof(control);
	ours = sent;
	result = lkos_next.getsockopt(fd, IPPROTO_TCP, LKOS_TCP_ZEROCOPY_RECEIVE, &ours,
				      &size);
	if (result != 0)
		return result;
	if (size >= LKOS_ZEROCOPY_SIZE)
		tell_zerocopy(fd, &known, &sent.known, &app.known, &ours.known);
	memcpy(optval, &ours, size);
	*optlen = size;
	return result;
}
