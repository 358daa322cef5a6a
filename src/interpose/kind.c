/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/kind.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "src/runtime/next.h"

/* An option of SOL_SOCKET that is an int. */
static bool tells(int fd, int optname, int *value)
{
	socklen_t size = sizeof(*value);

	return lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size) == 0;
}

/* The question of the type comes first: it is enough for most sockets. */
static enum lkos_kind kind_of(int fd)
{
	int type, domain, protocol;

	if (!tells(fd, SO_TYPE, &type))
		return errno == EBADF || errno == ENOTSOCK ? LKOS_KIND_OTHER
							   : LKOS_KIND_UNKNOWN;
	if (type != SOCK_STREAM)
		return LKOS_KIND_OTHER;
	if (!tells(fd, SO_DOMAIN, &domain))
		return LKOS_KIND_UNKNOWN;
	if (domain != AF_INET && domain != AF_INET6)
		return LKOS_KIND_OTHER;
	if (!tells(fd, SO_PROTOCOL, &protocol))
		return LKOS_KIND_UNKNOWN;
	return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP ? LKOS_KIND_TCP
								    : LKOS_KIND_OTHER;
}

enum lkos_kind lkos_socket_kind(int fd)
{
	const int kept = errno;
	const enum lkos_kind kind = kind_of(fd);

	errno = kept;
	return kind;
}
