/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/kind.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "src/runtime/next.h"

enum lkos_kind lkos_socket_kind(int fd)
{
	const int kept = errno;
	enum lkos_kind kind = LKOS_KIND_OTHER;
	int type, domain, protocol;
	socklen_t size = sizeof(int);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
	    lkos_next.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
	    lkos_next.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0)
		kind = errno == EBADF || errno == ENOTSOCK ? LKOS_KIND_OTHER
							   : LKOS_KIND_UNKNOWN;
	else if (type == SOCK_STREAM && (domain == AF_INET || domain == AF_INET6) &&
		 (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP))
		kind = LKOS_KIND_TCP;
	errno = kept;
	return kind;
}
