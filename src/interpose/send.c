/* SPDX-License-Identifier: GPL-2.0-only */
/* The send calls: ONLOAD_MSG_WARM, which on TCP must send nothing, and requests for transmit
 * timestamps that a message brings with it. */
#include <linux/net_tstamp.h>
#include <sys/socket.h>

#include "src/interpose/asked.h"
#include "src/interpose/each.h"
#include "src/interpose/warm.h"
#include "src/runtime/export.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/message_flags.h"
#include "src/translate/timestamping_cmsg.h"

/* ONLOAD_MSG_WARM for one call of the family: answered, or the call without the bit. Apart from
 * the call itself, whose own code is then a test and a jump. */
#define WARM(ret, name, params, args, answer)                                            \
	static LKOS_APART ret name##_warm params                                         \
	{                                                                                \
		if (lkos_warm_is_answered(fd))                                           \
			return answer;                                                   \
		flags = lkos_warm_to_kernel(flags);                                      \
		return name args;                                                        \
	}

WARM(ssize_t, send, (int fd, const void *buf, size_t len, int flags),
     (fd, buf, len, flags), lkos_warm_data(fd, buf, len, flags))
LKOS_EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return send_warm(fd, buf, len, flags);
	return lkos_next.send(fd, buf, len, flags);
}

WARM(ssize_t, sendto,
     (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
      socklen_t addrlen),
     (fd, buf, len, flags, addr, addrlen), lkos_warm_data(fd, buf, len, flags))
LKOS_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags,
			   const struct sockaddr *addr, socklen_t addrlen)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return sendto_warm(fd, buf, len, flags, addr, addrlen);
	return lkos_next.sendto(fd, buf, len, flags, addr, addrlen);
}

/* Control data longer than this goes to the kernel as it came: no program has so many. It is
 * on the stack, and a signal handler may have a small one: only of those that need it. */
#define CONTROL_MAX 1024

/* Does the message, which can be read, ask for hardware transmit stamps? Then `control` has its
 * control data as the kernel is to see it. */
static bool asks_hardware(const struct msghdr *msg, unsigned char *control)
{
	return msg->msg_controllen > 0 && msg->msg_controllen <= CONTROL_MAX &&
	       lkos_memory_read(control, msg->msg_control, msg->msg_controllen) == 0 &&
	       lkos_send_control_to_kernel(control, msg->msg_controllen);
}

/* Only on a socket that asked for RAW_HARDWARE is the message looked at. */
static bool reports_hardware(int fd)
{
	return lkos_asked(fd) & SOF_TIMESTAMPING_RAW_HARDWARE;
}

/* copy: what msg points at, with control data. */
static LKOS_APART ssize_t sendmsg_control(int fd, const struct msghdr *msg, int flags,
					  struct msghdr *copy)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];

	if (!asks_hardware(copy, control))
		return lkos_next.sendmsg(fd, msg, flags);
	lkos_asked_per_call(fd);
	copy->msg_control = control;
	return lkos_next.sendmsg(fd, copy, flags);
}

static LKOS_APART ssize_t sendmsg_stamps(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr copy;

	if (!reports_hardware(fd) || lkos_memory_read(&copy, msg, sizeof(copy)) != 0 ||
	    copy.msg_controllen == 0) /* most: before there is room for it */
		return lkos_next.sendmsg(fd, msg, flags);
	return sendmsg_control(fd, msg, flags, &copy);
}

/* The bytes of a message that was sent, which therefore can be read. */
static size_t length_of(const struct msghdr *msg)
{
	size_t length = 0;

	for (size_t i = 0; i < msg->msg_iovlen; i++)
		length += msg->msg_iov[i].iov_len;
	return length;
}

/* One message of sendmmsg, whose own flags may have MSG_EOR. A stream may take a part of it. */
static ssize_t send_one(int fd, const struct msghdr *msg, int flags, bool *last)
{
	const ssize_t sent = sendmsg_stamps(fd, msg, flags | (msg->msg_flags & MSG_EOR));

	*last = sent >= 0 && (size_t)sent < length_of(msg);
	return sent;
}

/* The messages can be read. */
static LKOS_APART bool any_asks_hardware(const struct mmsghdr *msgs, unsigned int count)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];

	for (unsigned int i = 0; i < count; i++) {
		if (asks_hardware(&msgs[i].msg_hdr, control))
			return true;
	}
	return false;
}

static LKOS_APART int sendmmsg_stamps(int fd, struct mmsghdr *msgs, unsigned int count,
				      int flags)
{
	const unsigned int most = count < LKOS_MESSAGES_MAX ? count : LKOS_MESSAGES_MAX;

	if (reports_hardware(fd) && lkos_memory_is_readable(msgs, most * sizeof(*msgs)) &&
	    any_asks_hardware(msgs, most))
		return lkos_send_each(fd, msgs, count, flags, send_one);
	return lkos_next.sendmmsg(fd, msgs, count, flags);
}

WARM(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags),
     lkos_warm_message(fd, msg, flags))
LKOS_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return sendmsg_warm(fd, msg, flags);
	if (LKOS_UNLIKELY(lkos_requests_possible()))
		return sendmsg_stamps(fd, msg, flags);
	return lkos_next.sendmsg(fd, msg, flags);
}

WARM(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned int count, int flags),
     (fd, msgs, count, flags), lkos_warm_messages(fd, msgs, count, flags))
LKOS_EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return sendmmsg_warm(fd, msgs, count, flags);
	if (LKOS_UNLIKELY(lkos_requests_possible()))
		return sendmmsg_stamps(fd, msgs, count, flags);
	return lkos_next.sendmmsg(fd, msgs, count, flags);
}
