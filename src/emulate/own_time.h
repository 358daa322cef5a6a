/* SPDX-License-Identifier: GPL-2.0-only */
/* SO_TIMESTAMPNS on a socket for our own sake, so that we see when its messages came. The application sees
 * neither its control messages nor the option, nor what else of a message the kernel changes beside it; but
 * it may set that option, or a relative of it, itself. errno is kept, but by calls of libc that fail. */
#ifndef LKOS_EMULATE_OWN_TIME_H
#define LKOS_EMULATE_OWN_TIME_H

#include <stdbool.h>
#include <sys/socket.h>

/* SO_NOFCS says on the socket itself that it is for our sake alone, for another program that has the socket
 * over exec or by SCM_RIGHTS. It acts on packet sockets; others only keep it. Since Linux 3.4.
 * source: linux net/core/sock.c */
#define LKOS_OWN_TIME_MARK 43

/* Switches it on for good. Each message that is received from then on has a control message of type
 * LKOS_SCM_TIME_NS_OLD or LKOS_SCM_TIME_NS_NEW, for who calls lkos_next.recvmsg. return: 0 or a negative
 * errno. */
int lkos_own_time_start(int fd);

/* Of a socket of which nothing is known: is it on for the sake of the emulation in another program? Then it
 * goes on here. */
bool lkos_own_time_adopt(int fd);

/* At the start of a program: of those that it has inherited. Where all of its sockets have times, those that
 * arrive by SCM_RIGHTS are looked at from the first on. */
void lkos_own_times_begin(void);

/* setsockopt() and getsockopt() of an option that lkos_is_time_option() names. */
int lkos_own_time_set(int fd, int optname, const void *optval, socklen_t optlen);
int lkos_own_time_get(int fd, int optname, void *optval, socklen_t *optlen);

/* setsockopt() and getsockopt() of LKOS_OWN_TIME_MARK. */
int lkos_own_time_set_mark(int fd, const void *optval, socklen_t optlen);
int lkos_own_time_get_mark(int fd, void *optval, socklen_t *optlen);

#endif
