/* SPDX-License-Identifier: GPL-2.0-only */
/* Onload's own timestamps on a kernel's sockets. errno is kept, but by calls of libc that fail. */
#ifndef LKOS_EMULATE_EXTENSION_STAMPS_H
#define LKOS_EMULATE_EXTENSION_STAMPS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "src/translate/extension_stamps.h"
#include "src/translate/stream_stamps.h"

/* What is kept of a socket. */
struct lkos_stamps {
	struct lkos_stamps_request request;
	struct lkos_own_time time;
	struct lkos_own_pktinfo pktinfo;
	bool waits;    /* the kernel is to number sends once it is connected */
	bool any_sent; /* v1, TCP: something was reported; the newest number: */
	uint32_t newest_sent;
	struct lkos_stream *stream; /* mapped; NULL until something is reported */
};

/* false: nothing is kept of fd's socket. */
bool lkos_stamps_find(int fd, struct lkos_stamps *found);

/* Sets an option of SOL_SOCKET. return: 0 or a negative errno. */
int lkos_option_ask(int fd, int option, const void *value, socklen_t size);

/* Is there anything to do when it receives a message with control data? */
bool lkos_stamps_matter(const struct lkos_stamps *stamps);

/* As recvmsg(), with the control messages that the application is to see. */
ssize_t lkos_stamps_receive(int fd, struct msghdr *msg, int flags);

/* The same of getsockopt(TCP_ZEROCOPY_RECEIVE), which brings control data, too. */
int lkos_stamps_zerocopy(int fd, void *optval, socklen_t *optlen);

/* setsockopt() and getsockopt() of SO_TIMESTAMPING, its versions, and the options that lkos_is_time_option()
 * names. */
int lkos_stamps_set(int fd, int optname, const void *optval, socklen_t optlen);
int lkos_stamps_get(int fd, int optname, void *optval, socklen_t *optlen);

/* After connect(), whatever that has returned. */
void lkos_stamps_connect(int fd);

/* What an accepted socket has of its listener's. */
struct lkos_stamps lkos_stamps_inherited(const struct lkos_stamps *listener);

/* Gives back what is kept of a socket that is gone. The lock is held. */
void lkos_stamps_end(struct lkos_stamps *stamps);

/* Puts a value in the place of the one that getsockopt() has written. filled: bytes that it wrote; of none,
 * optval may be NULL. */
static inline void lkos_option_tell(void *optval, socklen_t filled, int value)
{
	if (filled)
		memcpy(optval, &value, filled < sizeof(value) ? filled : sizeof(value));
}

#endif
