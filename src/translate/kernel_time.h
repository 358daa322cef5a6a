/* SPDX-License-Identifier: GPL-2.0-only */
/* The time that the kernel gives a message, in the control messages that tell it. */
#ifndef LKOS_TRANSLATE_KERNEL_TIME_H
#define LKOS_TRANSLATE_KERNEL_TIME_H

#include <stdint.h>
#include <sys/socket.h>

/* Puts another time in the place of what SO_TIMESTAMPNS tells, and of each timestamp that is the same:
 * a card's is another. Where SO_TIMESTAMPNS tells nothing, nothing changes.
 * msg: as a successful recvmsg left it. arrived: nanoseconds since 1970. */
void lkos_kernel_time_replace(struct msghdr *msg, uint64_t arrived);

#endif
