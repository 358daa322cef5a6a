/* SPDX-License-Identifier: GPL-2.0-only */
/* Receiving, with what the emulation does before and after it. */
#ifndef LKOS_EMULATE_RECEIVE_H
#define LKOS_EMULATE_RECEIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "src/runtime/c.h"
#include "src/translate/message_flags.h"

#define LKOS_RECEIVED_MOST 0x7ffff000 /* MAX_RW_COUNT, with the smallest pages */

/* Some socket of this process uses a feature that has to do with receiving: set by the first use of
 * one, for good. */
extern LKOS_HIDDEN atomic_bool lkos_receiving_matters;

/* Is there anything to do for this socket? errno is kept. */
bool lkos_socket_receives_specially(int fd, int flags);

/* The same of a call that brings control data. */
bool lkos_socket_receives_messages_specially(int fd, int flags);

/* false: nothing is to be done for any socket by a call with these flags. It is the one test of a
 * process that uses no feature, so the rest of a call stands apart. */
static inline bool lkos_receiving_may_differ(int flags)
{
	return LKOS_UNLIKELY(lkos_receiving_matters) ||
	       LKOS_UNLIKELY(flags & (LKOS_MSG_ONEPKT | MSG_OOB));
}

/* As recvmsg(), for such a socket: -1 and errno, or as many bytes as were received. The header is memory
 * that can be read and written. */
ssize_t lkos_receive(int fd, struct msghdr *msg, int flags);

/* The same for an extension, whose calls no filter is shown. */
ssize_t lkos_receive_unfiltered(int fd, struct msghdr *msg, int flags);

/* As lkos_receive() for one piece of memory: as recv() with those flags. */
ssize_t lkos_receive_into(int fd, void *buf, size_t len, int flags);

/* A look at what such a call of an extension is going to receive: SO_PEEK_OFF is left as it is, and counts
 * with MSG_PEEK only. */
ssize_t lkos_look(int fd, struct msghdr *msg, int flags);

/* As the kernel takes the memory of recv() and recvfrom(): of more than it receives at once, that much.
 * source: linux lib/iov_iter.c, import_ubuf() */
static inline struct iovec lkos_piece_of(void *buf, size_t len)
{
	return (struct iovec){buf, len > LKOS_RECEIVED_MOST ? LKOS_RECEIVED_MOST : len};
}

/* The next call of lkos_receive() for this socket fails with this error, unless it is one that says
 * that there was nothing to receive. */
void lkos_receive_fails_next(int fd, int error);

#endif
