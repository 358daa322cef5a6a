/* SPDX-License-Identifier: GPL-2.0-only */
/* What all receive calls have in common. */
#ifndef LKOS_INTERPOSE_RECV_H
#define LKOS_INTERPOSE_RECV_H

#include <sys/socket.h>

/* Takes ONLOAD_MSG_ONEPKT out of the flags of a call on fd.
 * return: 0; -EINVAL where Onload refuses it. errno is kept. */
int lkos_onepkt_take(int fd, int *flags);

/* Shows the application the control data of a message that was received, whatever its shape. */
void lkos_control_to_app(int fd, struct msghdr *msg);

#endif
