/* SPDX-License-Identifier: GPL-2.0-only */
/* SO_TIMESTAMPNS on a socket for our own sake, so that we see when its messages came. The application sees
 * neither its control messages nor the option, nor what else of a message the kernel changes beside it; but
 * it may set that option, or a relative of it, itself. errno is kept, but by calls of libc that fail. */
#ifndef LKOS_EMULATE_OWN_TIME_H
#define LKOS_EMULATE_OWN_TIME_H

#include <sys/socket.h>

/* Switches it on for good. Each message that is received from then on has a control message of type
 * LKOS_SCM_TIME_NS_OLD or LKOS_SCM_TIME_NS_NEW, for who calls lkos_next.recvmsg. return: 0 or a negative
 * errno. */
int lkos_own_time_start(int fd);

/* setsockopt() and getsockopt() of an option that lkos_is_time_option() names. */
int lkos_own_time_set(int fd, int optname, const void *optval, socklen_t optlen);
int lkos_own_time_get(int fd, int optname, void *optval, socklen_t *optlen);

#endif
