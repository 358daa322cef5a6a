/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors that a call of ours took from a socket, such as that of an earlier datagram (ECONNREFUSED): each is
 * kept for the application, which has it from its next call that receives or that asks for SO_ERROR.
 * errno is kept, but by calls of libc that fail. */
#ifndef LKOS_EMULATE_KEPT_ERROR_H
#define LKOS_EMULATE_KEPT_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* In the place of one that is kept already: a kernel's socket has one, too. The lock is held. */
void lkos_error_keep(uint64_t cookie, int error);

bool lkos_error_is_kept(int fd);

/* The error, which is not kept any more; 0: there was none. One that the kernel has for the socket since
 * takes its place. */
int lkos_error_take(int fd);

/* The kernel has taken it back: it does when its report is received from the error queue. */
void lkos_error_drop(int fd);

/* getsockopt() of SO_ERROR. */
int lkos_error_get(int fd, void *optval, socklen_t *optlen);

#endif
