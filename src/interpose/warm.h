/* SPDX-License-Identifier: GPL-2.0-only */
/* The send calls with ONLOAD_MSG_WARM. On a TCP socket they look at the connection and answer as
 * Onload would, and nothing is ever sent; on any other socket the message is sent without the
 * bit, which is what Onload does there. They never block.
 * source: Onload's src/lib/transport/ip/tcp_send.c */
#ifndef LKOS_INTERPOSE_WARM_H
#define LKOS_INTERPOSE_WARM_H

#include <sys/socket.h>

ssize_t lkos_warm_sendto(int fd, const void *buf, size_t len, int flags,
			 const struct sockaddr *addr, socklen_t addrlen);
ssize_t lkos_warm_sendmsg(int fd, const struct msghdr *msg, int flags);
int lkos_warm_sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags);

#endif
