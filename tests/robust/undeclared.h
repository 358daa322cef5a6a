/* SPDX-License-Identifier: GPL-2.0-only */
/* Of the interposed calls those that no header of libc declares, or only a newer one's
 * (pidfd_getfd: <sys/pidfd.h>, glibc 2.36); and Onload's flags of messages, by number, for programs
 * that know nothing of Onload's headers. */
#ifndef LKOS_TESTS_ROBUST_UNDECLARED_H
#define LKOS_TESTS_ROBUST_UNDECLARED_H

#include <sys/socket.h>

#define ONEPKT 0x20000 /* ONLOAD_MSG_ONEPKT */
#define WARM 0x400     /* ONLOAD_MSG_WARM */

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen);
int pidfd_getfd(int pidfd, int target_fd, unsigned int flags);

#endif
