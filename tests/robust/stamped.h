/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux begins to stamp some time after the first socket asks for it, and ends with the last. This
 * one is to stay open. It is used by number alone: to the library there is no such socket. */
#ifndef LKOS_TESTS_ROBUST_STAMPED_H
#define LKOS_TESTS_ROBUST_STAMPED_H

#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/robust/must.h"

static inline bool stamped_receive(int fd)
{
	char control[CMSG_SPACE(3 * sizeof(struct timespec))];
	struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof(control)};

	MUST(syscall(SYS_recvmsg, fd, &msg, 0));
	return msg.msg_controllen > 0;
}

/* From its return on, each message that arrives anywhere has a stamp. */
static inline int stamped_socket(void)
{
	const int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
	struct sockaddr_in own = {.sin_family = AF_INET};
	int size = sizeof(own);
	const int fd =
		(int)MUST(syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(syscall(SYS_bind, fd, &own, sizeof(own)));
	MUST(syscall(SYS_getsockname, fd, &own, &size));
	MUST(syscall(SYS_connect, fd, &own, sizeof(own)));
	MUST(syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
		     sizeof(flags)));
	do
		MUST(syscall(SYS_sendto, fd, "", 0, 0, NULL, 0));
	while (!stamped_receive(fd));
	return fd;
}

#endif
