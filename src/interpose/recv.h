/* SPDX-License-Identifier: GPL-2.0-only */
/* What receive calls of all kinds have in common. */
#ifndef LKOS_INTERPOSE_RECV_H
#define LKOS_INTERPOSE_RECV_H

#include <sys/socket.h>

/* Shows the application the control data of a message that was received, whatever its shape. */
void lkos_control_to_app(int fd, struct msghdr *msg);

#endif
