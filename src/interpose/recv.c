/* SPDX-License-Identifier: GPL-2.0-only */
/* The receive calls: ONLOAD_MSG_ONEPKT on the way in, timestamps on the way out. */
#include "src/interpose/recv.h"

#include <string.h>

#include "src/interpose/flags.h"
#include "src/interpose/requested.h"
#include "src/runtime/c.h"
#include "src/runtime/descriptors.h"
#include "src/runtime/libc.h"
#include "src/runtime/next.h"
#include "src/translate/message_flags.h"
#include "src/translate/timestamping_cmsg.h"
#include "src/translate/timestamping_flags.h"

/* Takes ONLOAD_MSG_ONEPKT out of the flags, or ends the calling function with -1 and EINVAL. */
#define TAKE_ONEPKT(fd, flags)                                                           \
	do {                                                                             \
		if (LKOS_UNLIKELY((flags)&LKOS_MSG_ONEPKT)) {                            \
			if ((flags)&MSG_WAITALL && lkos_onepkt_is_refused(fd))           \
				return -1;                                               \
			(flags) &= ~LKOS_MSG_ONEPKT;                                     \
		}                                                                        \
	} while (0)

LKOS_EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	TAKE_ONEPKT(fd, flags);
	return lkos_next.recv(fd, buf, len, flags);
}

LKOS_EXPORT ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
			     struct sockaddr *addr, socklen_t *addrlen)
{
	TAKE_ONEPKT(fd, flags);
	return lkos_next.recvfrom(fd, buf, len, flags, addr, addrlen);
}

/* libc declares the two checking calls in no header: they stand behind recv and recvfrom in
 * programs built with _FORTIFY_SOURCE. */
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen);

LKOS_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	TAKE_ONEPKT(fd, flags);
	return lkos_next.__recv_chk(fd, buf, len, room, flags);
}

LKOS_EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
				   struct sockaddr *addr, socklen_t *addrlen)
{
	TAKE_ONEPKT(fd, flags);
	return lkos_next.__recvfrom_chk(fd, buf, len, room, flags, addr, addrlen);
}

/* Descriptors that arrive may have numbers that are cached as other sockets'. */
static void forget_arrived(const struct lkos_control *control)
{
	lkos_stamps_become_possible(); /* some may have some */
	for (size_t i = 0; i < control->rights_count; i++) {
		int arrived;

		memcpy(&arrived, control->rights + i * sizeof(arrived), sizeof(arrived));
		lkos_fd_forget(arrived);
	}
}

void lkos_control_to_app(int fd, struct msghdr *msg)
{
	struct lkos_control control;
	uint32_t requested;

	lkos_control_find(msg, &control);
	if (control.rights)
		forget_arrived(&control);
	if (!control.stamps)
		return;
	requested = lkos_requested(fd);
	if (requested == 0) /* the stamp says that another process has requested some */
		requested = lkos_requested_learn(fd);
	lkos_stamps_to_app(&control, msg, requested);
}

/* Of a message with control data that was received: the kernel has written it, so it can be read
 * here. The common ones are told apart first: one stamp, on a socket whose flags are cached and
 * common. return: false for all others, with which nothing is done. */
static LKOS_ALWAYS_INLINE bool common_to_app(int fd, const struct msghdr *msg)
{
	unsigned char *slots = lkos_control_only_stamps(msg);
	uint32_t requested;

	if (!slots || !lkos_fd_cached_first(fd, &requested))
		return false;
	if (!lkos_sof_is_common(requested))
		return requested && !(requested & SOF_TIMESTAMPING_RAW_HARDWARE);
	lkos_slots_to_app(slots, LKOS_SLOT_SIZE_NEW, requested);
	return true;
}

static LKOS_NOINLINE ssize_t uncommon_to_app(int fd, struct msghdr *msg, ssize_t received)
{
	lkos_control_to_app(fd, msg);
	return received;
}

static LKOS_NOINLINE int messages_to_app(int fd, struct mmsghdr *msgs, int first,
					 int count)
{
	for (int i = first; i < count; i++) {
		struct msghdr *msg = &msgs[i].msg_hdr;

		if (msg->msg_controllen != 0 && !common_to_app(fd, msg))
			lkos_control_to_app(fd, msg);
	}
	return count;
}

/* What is needed after the call is kept on the stack: a register that outlives it would have to
 * be saved and restored, which is twice the work. */
#define ON_THE_STACK volatile

static LKOS_NOINLINE ssize_t recvmsg_stamps(int fd, struct msghdr *msg, int flags)
{
	const ON_THE_STACK int kept_fd = fd;
	struct msghdr *const ON_THE_STACK kept_msg = msg;
	const ssize_t received = lkos_next.recvmsg(fd, msg, flags);

	if (received < 0)
		return received;
	msg = kept_msg;
	if (LKOS_LIKELY(msg->msg_controllen == 0))
		return received;
	fd = kept_fd;
	return LKOS_LIKELY(common_to_app(fd, msg)) ? received
						   : uncommon_to_app(fd, msg, received);
}

static LKOS_NOINLINE int recvmmsg_stamps(int fd, struct mmsghdr *msgs, unsigned int count,
					 int flags, struct timespec *timeout)
{
	const ON_THE_STACK int kept_fd = fd;
	struct mmsghdr *const ON_THE_STACK kept_msgs = msgs;
	const int received = lkos_next.recvmmsg(fd, msgs, count, flags, timeout);

	msgs = kept_msgs;
	for (int i = 0; i < received; i++) {
		if (msgs[i].msg_hdr.msg_controllen != 0)
			return messages_to_app(kept_fd, msgs, i, received);
	}
	return received;
}

/* With other threads about, a message that this one waits for may get a stamp meanwhile. One that
 * a signal handler asks for, the first of a process with one thread, comes too late. */
static inline bool stamps_may_come(void)
{
	return lkos_stamps_possible || !lkos_is_single_threaded();
}

LKOS_EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	TAKE_ONEPKT(fd, flags);
	if (LKOS_UNLIKELY(stamps_may_come()))
		return recvmsg_stamps(fd, msg, flags);
	return lkos_next.recvmsg(fd, msg, flags);
}

LKOS_EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			 struct timespec *timeout)
{
	TAKE_ONEPKT(fd, flags);
	if (LKOS_UNLIKELY(stamps_may_come()))
		return recvmmsg_stamps(fd, msgs, count, flags, timeout);
	return lkos_next.recvmmsg(fd, msgs, count, flags, timeout);
}

#ifdef __i386__
/* What programs with 64-bit time call. In libc they differ from the calls above, because libc rewrites
 * control data of its own. It declares them in no header, nor the struct that the timeout is. */
ssize_t __recvmsg64(int fd, struct msghdr *msg, int flags);
int __recvmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		 void *timeout);

LKOS_EXPORT ssize_t __recvmsg64(int fd, struct msghdr *msg, int flags)
{
	ssize_t received;

	TAKE_ONEPKT(fd, flags);
	received = lkos_next.__recvmsg64(fd, msg, flags);
	if (received >= 0 && msg->msg_controllen != 0)
		lkos_control_to_app(fd, msg);
	return received;
}

LKOS_EXPORT int __recvmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			     void *timeout)
{
	TAKE_ONEPKT(fd, flags);
	return messages_to_app(fd, msgs, 0,
			       lkos_next.__recvmmsg64(fd, msgs, count, flags, timeout));
}
#endif
