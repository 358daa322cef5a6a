/* SPDX-License-Identifier: GPL-2.0-only */
/* Receiving on a socket whose timestamps are told in another way than the kernel's. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/extension_stamps.h"
#include "src/emulate/lock.h"
#include "src/emulate/sockets.h"
#include "src/runtime/next.h"
#include "src/translate/control_messages.h"

#define CONTROL_MOST 4096 /* bytes of control data; one message of IP has less */
#define SENDS_AT_FIRST 100

bool lkos_stamps_matter(const struct lkos_stamps *stamps)
{
	return stamps->request.form != LKOS_STAMPS_OF_KERNEL || stamps->time.ours;
}

static bool is_stream_socket(int fd)
{
	return lkos_int_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM;
}

struct control {
	_Alignas(struct cmsghdr) unsigned char bytes[CONTROL_MOST + LKOS_CONTROL_HIDDEN];
};

/* Receives into the application's memory, but for control data, of which more is needed. */
static ssize_t receive(int fd, const struct msghdr *msg, int flags, struct msghdr *ours,
		       struct control *control)
{
	const size_t room = msg->msg_control ? msg->msg_controllen : 0;

	*ours = *msg;
	ours->msg_control = control->bytes;
	ours->msg_controllen =
		LKOS_CONTROL_HIDDEN + (room < CONTROL_MOST ? room : CONTROL_MOST);
	return lkos_next.recvmsg(fd, ours, flags);
}

static ssize_t receive_shown(int fd, struct msghdr *msg, int flags,
			     const struct lkos_stamps *stamps,
			     bool (*skips)(int fd, const struct msghdr *got))
{
	struct lkos_stamps_view view = {.request = stamps->request, .time = stamps->time};
	struct control control;
	struct msghdr ours;
	ssize_t received;

	do {
		received = receive(fd, msg, flags, &ours, &control);
	} while (received >= 0 && skips && skips(fd, &ours));
	if (received < 0)
		return received;
	view.carries = received > 0 || !is_stream_socket(fd);
	msg->msg_namelen = ours.msg_namelen;
	lkos_stamps_show(&ours, msg, &view);
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

static void show_record(struct msghdr *msg, const struct lkos_stream_record *record)
{
	struct lkos_control_room room = {
		.at = msg->msg_control,
		.left = msg->msg_control ? msg->msg_controllen : 0,
	};

	lkos_control_put(&room, SOL_SOCKET, LKOS_SCM_STREAM, record, sizeof(*record));
	msg->msg_controllen = (size_t)(room.at - (const unsigned char *)msg->msg_control);
	msg->msg_flags = MSG_ERRQUEUE | (room.cut ? MSG_CTRUNC : 0);
	msg->msg_namelen = 0;
}

/* What the kernel reports is read until there is something to tell. So what is not read yet still makes
 * the socket ready. */
static ssize_t receive_record(int fd, struct msghdr *msg, int flags,
			      const struct lkos_stamps *stamps)
{
	struct lkos_stamps_view view = {.time = stamps->time};
	struct lkos_stream_record record;
	struct lkos_sent_report report;
	struct control control;
	struct msghdr ours;
	ssize_t received;

	do {
		received = receive(fd, msg, flags, &ours, &control);
		if (received < 0)
			return received;
		lkos_sent_report_of(&ours, &report);
		if (report.what == LKOS_SENT_NOTHING) {
			msg->msg_namelen = ours.msg_namelen;
			lkos_stamps_show(&ours, msg, &view);
			return received;
		}
	} while (!note_report(fd, &report, &record));
	show_record(msg, &record);
	return 0;
}

ssize_t lkos_stamps_receive(int fd, struct msghdr *msg, int flags)
{
	struct lkos_stamps known;

	if (!lkos_stamps_find(fd, &known) || !lkos_stamps_matter(&known))
		return lkos_next.recvmsg(fd, msg, flags);
	if (!(flags & MSG_ERRQUEUE))
		return receive_shown(fd, msg, flags, &known, NULL);
	if (lkos_stamps_are_of_stream(&known.request))
		return receive_record(fd, msg, flags, &known);
	return receive_shown(fd, msg, flags, &known,
			     known.request.form == LKOS_STAMPS_V1 && is_stream_socket(fd)
				     ? was_sent_again
				     : NULL);
}
