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

LKOS_EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return lkos_warm_sendto(fd, buf, len, flags, NULL, 0);
	return lkos_next.send(fd, buf, len, flags);
}

LKOS_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags,
			   const struct sockaddr *addr, socklen_t addrlen)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return lkos_warm_sendto(fd, buf, len, flags, addr, addrlen);
	return lkos_next.sendto(fd, buf, len, flags, addr, addrlen);
}

/* Control data longer than this goes to the kernel as it came: no program has so many. */
#define CONTROL_MAX 4096

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

static LKOS_APART ssize_t sendmsg_stamps(int fd, const struct msghdr *msg, int flags)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];
	struct msghdr copy;

	if (!reports_hardware(fd) || lkos_memory_read(&copy, msg, sizeof(copy)) != 0 ||
	    !asks_hardware(&copy, control))
		return lkos_next.sendmsg(fd, msg, flags);
	lkos_asked_per_call(fd);
	copy.msg_control = control;
	return lkos_next.sendmsg(fd, &copy, flags);
}

static LKOS_APART int sendmmsg_stamps(int fd, struct mmsghdr *msgs, unsigned int count,
				      int flags)
{
	const unsigned int most = count < LKOS_MESSAGES_MAX ? count : LKOS_MESSAGES_MAX;
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];

	if (!reports_hardware(fd) || !lkos_memory_is_readable(msgs, most * sizeof(*msgs)))
		return lkos_next.sendmmsg(fd, msgs, count, flags);
	for (unsigned int i = 0; i < most; i++) {
		if (asks_hardware(&msgs[i].msg_hdr, control))
			return lkos_send_each(fd, msgs, count, flags, sendmsg_stamps);
	}
	return lkos_next.sendmmsg(fd, msgs, count, flags);
}

LKOS_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return lkos_warm_sendmsg(fd, msg, flags);
	if (LKOS_UNLIKELY(lkos_stamps_possible()))
		return sendmsg_stamps(fd, msg, flags);
	return lkos_next.sendmsg(fd, msg, flags);
}

LKOS_EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_WARM))
		return lkos_warm_sendmmsg(fd, msgs, count, flags);
	if (LKOS_UNLIKELY(lkos_stamps_possible()))
		return sendmmsg_stamps(fd, msgs, count, flags);
	return lkos_next.sendmmsg(fd, msgs, count, flags);
}
