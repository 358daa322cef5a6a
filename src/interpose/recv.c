/* SPDX-License-Identifier: GPL-2.0-only */
/* The receive calls: ONLOAD_MSG_ONEPKT on the way in, timestamps on the way out. */
#include "src/interpose/recv.h"

#include <pthread.h>
#include <string.h>
#include <sys/single_threaded.h>

#include "src/interpose/asked.h"
#include "src/interpose/kind.h"
#include "src/runtime/descriptors.h"
#include "src/runtime/errors.h"
#include "src/runtime/export.h"
#include "src/runtime/next.h"
#include "src/translate/message_flags.h"
#include "src/translate/timestamping_cmsg.h"
#include "src/translate/timestamping_flags.h"

int lkos_onepkt_take(int fd, int *flags)
{
	const bool is_tcp = lkos_onepkt_asks_for_kind(*flags) &&
			    lkos_socket_kind(fd) == LKOS_KIND_TCP;
	const int err = lkos_onepkt_to_kernel(*flags, is_tcp, flags);

	if (err)
		pthread_testcancel(); /* a refused call is one of receiving, too */
	return err;
}

/* ONEPKT for one call of the family: the call without the bit, or -1 with EINVAL. Apart from the
 * call itself, whose own code is then a test and a jump. */
#define ONEPKT(ret, name, params, args)                                                  \
	static LKOS_APART ret name##_onepkt params                                       \
	{                                                                                \
		const int err = lkos_onepkt_take(fd, &flags);                            \
                                                                                         \
		return err ? lkos_fail(err) : name args;                                 \
	}

/* A call that can bring no timestamp. */
#define RECEIVE_DATA(name, params, args)                                                 \
	ONEPKT(ssize_t, name, params, args)                                              \
	LKOS_EXPORT ssize_t name params                                                  \
	{                                                                                \
		return LKOS_UNLIKELY(flags & LKOS_MSG_ONEPKT) ? name##_onepkt args       \
							      : lkos_next.name args;     \
	}

/* libc declares the two checking calls in no header: they stand behind recv and recvfrom in
 * programs built with _FORTIFY_SOURCE. */
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen);

RECEIVE_DATA(recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags))
RECEIVE_DATA(recvfrom,
	     (int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
	      socklen_t *addrlen),
	     (fd, buf, len, flags, addr, addrlen))
RECEIVE_DATA(__recv_chk, (int fd, void *buf, size_t len, size_t room, int flags),
	     (fd, buf, len, room, flags))
RECEIVE_DATA(__recvfrom_chk,
	     (int fd, void *buf, size_t len, size_t room, int flags,
	      struct sockaddr *addr, socklen_t *addrlen),
	     (fd, buf, len, room, flags, addr, addrlen))

/* Descriptors that arrive may have numbers that we know as other sockets. */
static void forget_arrived(const struct lkos_control *control)
{
	lkos_asks(SOF_TIMESTAMPING_RAW_HARDWARE); /* some may have */
	for (size_t i = 0; i < control->rights_count; i++) {
		int arrived;

		memcpy(&arrived, control->rights + i * sizeof(arrived), sizeof(arrived));
		lkos_fd_forget(arrived);
	}
}

void lkos_control_to_app(int fd, struct msghdr *msg)
{
	struct lkos_control control;

	lkos_control_find(msg, &control);
	if (control.rights)
		forget_arrived(&control);
	if (control.stamps)
		lkos_stamps_to_app(&control, msg, lkos_asked(fd));
}

/* Of a message with control data that was received: the kernel has written it, so it can be read
 * here. The usual ones are told apart first: one stamp, on a socket that we know, which asked for
 * nothing unusual. return: false for all others, with which nothing is done. */
static LKOS_INLINED bool usual_to_app(int fd, const struct msghdr *msg)
{
	unsigned char *slots = lkos_control_only_stamps(msg);
	uint32_t asked;

	if (!slots || !lkos_fd_asked(fd, &asked))
		return false;
	if (!lkos_sof_is_usual(asked))
		return !(asked & SOF_TIMESTAMPING_RAW_HARDWARE);
	lkos_slots_to_app(slots, asked);
	return true;
}

static LKOS_APART ssize_t unusual_to_app(int fd, struct msghdr *msg, ssize_t received)
{
	lkos_control_to_app(fd, msg);
	return received;
}

static LKOS_APART int messages_to_app(int fd, struct mmsghdr *msgs, int first, int count)
{
	for (int i = first; i < count; i++) {
		struct msghdr *msg = &msgs[i].msg_hdr;

		if (msg->msg_controllen != 0 && !usual_to_app(fd, msg))
			lkos_control_to_app(fd, msg);
	}
	return count;
}

/* What is needed after the call is kept on the stack: a register that outlives it would have to
 * be saved and restored, which is twice the work. */
#define ON_THE_STACK volatile

static LKOS_APART ssize_t recvmsg_stamps(int fd, struct msghdr *msg, int flags)
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
	return LKOS_LIKELY(usual_to_app(fd, msg)) ? received
						  : unusual_to_app(fd, msg, received);
}

static LKOS_APART int recvmmsg_stamps(int fd, struct mmsghdr *msgs, unsigned int count,
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
	return lkos_stamps_possible() || !__libc_single_threaded;
}

ONEPKT(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags))
LKOS_EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_ONEPKT))
		return recvmsg_onepkt(fd, msg, flags);
	if (LKOS_UNLIKELY(stamps_may_come()))
		return recvmsg_stamps(fd, msg, flags);
	return lkos_next.recvmsg(fd, msg, flags);
}

ONEPKT(int, recvmmsg,
       (int fd, struct mmsghdr *msgs, unsigned int count, int flags,
	struct timespec *timeout),
       (fd, msgs, count, flags, timeout))
LKOS_EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			 struct timespec *timeout)
{
	if (LKOS_UNLIKELY(flags & LKOS_MSG_ONEPKT))
		return recvmmsg_onepkt(fd, msgs, count, flags, timeout);
	if (LKOS_UNLIKELY(stamps_may_come()))
		return recvmmsg_stamps(fd, msgs, count, flags, timeout);
	return lkos_next.recvmmsg(fd, msgs, count, flags, timeout);
}
