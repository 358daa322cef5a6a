/* SPDX-License-Identifier: GPL-2.0-only */
/* sendmmsg as a row of sendmsg, which is how the kernel does it.
 * source: linux net/socket.c (__sys_sendmmsg) */
#ifndef LKOS_INTERPOSE_EACH_H
#define LKOS_INTERPOSE_EACH_H

#include <stdbool.h>
#include <sys/socket.h>

/* As sendmsg. *last: the kernel would send none of those behind it. */
typedef ssize_t (*lkos_send_one)(int fd, const struct msghdr *msg, int flags, bool *last);

/* return: how many messages were sent; -1 with errno where the first one failed. */
int lkos_send_each(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		   lkos_send_one send_one);

#endif
