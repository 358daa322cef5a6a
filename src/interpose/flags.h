/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls that Onload's message flags change. None of these functions blocks.
 * source: Onload's src/lib/transport/ip/tcp_recv.c and tcp_send.c */
#ifndef LKOS_INTERPOSE_FLAGS_H
#define LKOS_INTERPOSE_FLAGS_H

#include <stdbool.h>
#include <sys/socket.h>

/* A receive call with ONLOAD_MSG_ONEPKT and MSG_WAITALL: does Onload refuse it? It does on a TCP socket
 * over IPv4 or IPv6. Then errno is EINVAL. */
bool lkos_onepkt_is_refused(int fd);

/* A send call with ONLOAD_MSG_WARM: is it answered here, and nothing sent? Where fd is surely no TCP
 * socket, Onload sends the message, and so is to be done without the bit. */
bool lkos_warm_is_answered(int fd);

/* What send and sendto give, sendmsg, and sendmmsg: as these, with errno. */
ssize_t lkos_warm_data(int fd, const void *buf, size_t len, int flags);
ssize_t lkos_warm_message(int fd, const struct msghdr *msg, int flags);
int lkos_warm_messages(int fd, struct mmsghdr *msgs, unsigned int count, int flags);

#endif
