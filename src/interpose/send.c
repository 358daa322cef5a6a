/* SPDX-License-Identifier: GPL-2.0-only */
/* The send calls: ONLOAD_MSG_WARM, which on TCP must send nothing, and requests for transmit
 * timestamps that a message brings with it. */
#include <errno.h>
#include <linux/net_tstamp.h>
#include <sys/socket.h>

#include "src/interpose/flags.h"
#include "src/interpose/requested.h"
#include "src/runtime/c.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/message_flags.h"
#include "src/translate/timestamping_cmsg.h"

/* With ONLOAD_MSG_WARM, ends the calling function with the answer, or takes the bit out of the flags. */
#define TAKE_WARM(fd, flags, answer)                                                     \
	do {                                                                             \
		if (LKOS_UNLIKELY((flags)&LKOS_MSG_WARM)) {                              \
			if (lkos_warm_is_answered(fd))                                   \
				return answer;                                           \
			(flags) &= ~LKOS_MSG_WARM;                                       \
		}                                                                        \
	} while (0)

LKOS_EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	TAKE_WARM(fd, flags, lkos_warm_data(fd, buf, len, flags));
	return lkos_next.send(fd, buf, len, flags);
}

LKOS_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags,
			   const struct sockaddr *addr, socklen_t addrlen)
{
	TAKE_WARM(fd, flags, lkos_warm_data(fd, buf, len, flags));
	return lkos_next.sendto(fd, buf, len, flags, addr, addrlen);
}

/* Requests per call are rewritten in copies on the stack, which in a signal handler may be small
 * (MINSIGSTKSZ is 2,048 bytes): control data longer than this goes to the kernel as it came, and
 * sendmmsg sends as many messages at once as there are copies. */
#define CONTROL_MAX 192
#define COPIES 8

/* Only on a socket with RAW_HARDWARE is the message looked at. */
static bool reports_hardware(int fd)
{
	return lkos_requested(fd) & SOF_TIMESTAMPING_RAW_HARDWARE;
}

/* Puts the control data of a message, as the kernel is to see it, into `control`, which has this much
 * room. false: it cannot be read, does not fit, or requests no hardware transmit stamp. */
static bool rewrite_control(const struct msghdr *msg, unsigned char *control, size_t room,
			    lkos_known_page *page)
{
	return msg->msg_controllen > 0 && msg->msg_controllen <= room &&
	       lkos_memory_read(control, msg->msg_control, msg->msg_controllen, page) ==
		       0 &&
	       lkos_send_control_to_kernel(control, msg->msg_controllen);
}

/* The first message that requests a hardware transmit stamp; count: none does. It has given its stack
 * back before anything else is called. */
static LKOS_NOINLINE unsigned int first_request(const struct mmsghdr *msgs,
						unsigned int count, lkos_known_page *page)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];
	unsigned int i = 0;

	while (i < count &&
	       !rewrite_control(&msgs[i].msg_hdr, control, sizeof(control), page))
		i++;
	return i;
}

/* copy: of the application's message, which requests a stamp. */
static LKOS_NOINLINE ssize_t sendmsg_control(int fd, struct msghdr *copy, int flags,
					     lkos_known_page *page)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];

	if (rewrite_control(copy, control, sizeof(control), page))
		copy->msg_control = control;
	return lkos_next.sendmsg(fd, copy, flags);
}

static LKOS_NOINLINE ssize_t sendmsg_stamps(int fd, const struct msghdr *msg, int flags)
{
	struct mmsghdr copy;
	lkos_known_page page = 0;

	if (!reports_hardware(fd) ||
	    lkos_memory_read(&copy.msg_hdr, msg, sizeof(*msg), &page) != 0 ||
	    copy.msg_hdr.msg_controllen == 0 || first_request(&copy, 1, &page) != 0)
		return lkos_next.sendmsg(fd, msg, flags);
	lkos_request_per_call(fd);
	return sendmsg_control(fd, &copy.msg_hdr, flags, &page);
}

LKOS_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	TAKE_WARM(fd, flags, lkos_warm_message(fd, msg, flags));
	if (LKOS_UNLIKELY(lkos_requests_possible))
		return sendmsg_stamps(fd, msg, flags);
	return lkos_next.sendmsg(fd, msg, flags);
}

/* The pages of the application's memory that were found readable and writable last. */
struct pages {
	lkos_known_page readable, writable;
};

/* Messages for one call: copies of the application's, whose control data is as the kernel is to see
 * it. */
struct batch {
	struct mmsghdr copies[COPIES];
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];
};

/* Copies as many messages as there is room for, at least one. Those before `first` are known to request
 * nothing. return: how many. */
static unsigned int fill_batch(struct batch *batch, const struct mmsghdr *msgs,
			       unsigned int count, const struct mmsghdr *first,
			       lkos_known_page *page)
{
	size_t used = 0; /* of batch->control */
	unsigned int i;

	for (i = 0; i < count && i < COPIES; i++) {
		struct msghdr *copy = &batch->copies[i].msg_hdr;
		unsigned char *control = batch->control + used;
		const size_t room = sizeof(batch->control) - used;

		if (used > 0 && room < msgs[i].msg_hdr.msg_controllen)
			break;
		*copy = msgs[i].msg_hdr;
		if (&msgs[i] < first || !rewrite_control(copy, control, room, page))
			continue;
		copy->msg_control = control;
		used += CMSG_ALIGN(copy->msg_controllen);
	}
	return i;
}

/* Was all of this message sent? A stream may take a part of it, and then the kernel sends none of
 * those behind it. */
static bool is_whole(const struct mmsghdr *sent)
{
	size_t length = 0;

	for (size_t i = 0; i < sent->msg_hdr.msg_iovlen; i++)
		length += sent->msg_hdr.msg_iov[i].iov_len;
	return sent->msg_len == length;
}

/* As sendmmsg, of some of the messages: *some says how many. Where the kernel could not write how much
 * of a message it sent, it gets that one as it is, to say so itself. */
static LKOS_ALWAYS_INLINE int send_batch(int fd, struct mmsghdr *msgs, unsigned int count,
					 const struct mmsghdr *first, int flags,
					 struct pages *pages, unsigned int *some)
{
	struct batch batch;
	unsigned int writable = 0;
	int sent;

	while (writable < count && writable < COPIES &&
	       lkos_memory_is_writable(fd, &msgs[writable].msg_len, &pages->writable))
		writable++;
	if (writable == 0) {
		*some = 1;
		return lkos_next.sendmmsg(fd, msgs, 1, flags);
	}
	*some = fill_batch(&batch, msgs, writable, first, &pages->readable);
	sent = lkos_next.sendmmsg(fd, batch.copies, *some, flags);
	for (int i = 0; i < sent; i++)
		msgs[i].msg_len = batch.copies[i].msg_len;
	return sent;
}

/* It ends where the kernel's own sendmmsg ends: with an error, which is told only of the first message,
 * or with a message that was sent in part. */
static LKOS_NOINLINE int send_batches(int fd, struct mmsghdr *msgs, unsigned int count,
				      const struct mmsghdr *first, int flags,
				      lkos_known_page readable)
{
	struct pages pages = {.readable = readable};
	const int kept = errno;
	unsigned int done = 0, some;
	int sent;

	do {
		sent = send_batch(fd, msgs + done, count - done, first, flags, &pages,
				  &some);
		if (sent < 0 && done == 0)
			return -1;
		if (sent > 0)
			done += (unsigned int)sent;
	} while (sent == (int)some && done < count && is_whole(&msgs[done - 1]));
	errno = kept;
	return (int)done;
}

/* From which message on sendmmsg has requests, and the page that was looked at last. */
struct batches {
	unsigned int count, first; /* all messages; the same: none requests a stamp */
	lkos_known_page page;
};

/* Apart, so that send_batches has the stack for itself. */
static LKOS_NOINLINE struct batches find_batches(int fd, const struct mmsghdr *msgs,
						 unsigned int count)
{
	struct batches found = {count < LKOS_MESSAGES_MAX ? count : LKOS_MESSAGES_MAX, 0,
				0};

	found.first = found.count;
	if (reports_hardware(fd) &&
	    lkos_memory_is_readable(msgs, found.count * sizeof(*msgs), &found.page))
		found.first = first_request(msgs, found.count, &found.page);
	if (found.first < found.count)
		lkos_request_per_call(fd);
	return found;
}

static LKOS_NOINLINE int sendmmsg_stamps(int fd, struct mmsghdr *msgs, unsigned int count,
					 int flags)
{
	const struct batches found = find_batches(fd, msgs, count);

	if (found.first == found.count)
		return lkos_next.sendmmsg(fd, msgs, count, flags);
	return send_batches(fd, msgs, found.count, msgs + found.first, flags, found.page);
}

LKOS_EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	TAKE_WARM(fd, flags, lkos_warm_messages(fd, msgs, count, flags));
	if (LKOS_UNLIKELY(lkos_requests_possible))
		return sendmmsg_stamps(fd, msgs, count, flags);
	return lkos_next.sendmmsg(fd, msgs, count, flags);
}

#ifdef __i386__
/* For programs with 64-bit time, as in libc; declared in no header. */
ssize_t __sendmsg64(int fd, const struct msghdr *msg, int flags)
	__attribute__((alias("sendmsg"))) LKOS_EXPORT;
int __sendmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
	__attribute__((alias("sendmmsg"))) LKOS_EXPORT;
#endif
