/* SPDX-License-Identifier: GPL-2.0-only */
/* The answers to sends with ONLOAD_MSG_WARM on a TCP socket: they look at the connection and say
 * what Onload would, and nothing is ever sent. On any other socket Onload sends the message, and
 * so does the caller, without the bit. They never block.
 * source: Onload's src/lib/transport/ip/tcp_send.c */
#ifndef LKOS_INTERPOSE_WARM_H
#define LKOS_INTERPOSE_WARM_H

#include <stdbool.h>
#include <sys/socket.h>

/* Is a warm send on fd answered, or made without the bit? Only what is surely no TCP socket is
 * made. Answered, it still is a cancellation point, as all sends are. */
bool lkos_warm_is_answered(int fd);

/* What send and sendto give, sendmsg, and sendmmsg: as these, with errno. */
ssize_t lkos_warm_data(int fd, const void *buf, size_t len, int flags);
ssize_t lkos_warm_message(int fd, const struct msghdr *msg, int flags);
int lkos_warm_messages(int fd, struct mmsghdr *msgs, unsigned int count, int flags);

#endif
