/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that count as not accelerated, or as accelerated in part.
 *
 * source: onload src/lib/transport/unix/onload_ext_intercept.c */
#include <netinet/in.h>
#include <sys/socket.h>

#include "generated/onload_emulated.h"
#include "src/emulate/sockets.h"
#include "src/emulate/stackname.h"
#include "src/runtime/next.h"

static int socket_like(int domain, int type, int protocol, const struct lkos_socket *kept)
{
	const int fd = lkos_next.socket(domain, type, protocol);

	if (fd >= 0)
		lkos_socket_keep(lkos_socket_cookie(fd), kept);
	return fd;
}

int lkos_emulated_onload_socket_nonaccel(int domain, int type, int protocol)
{
	return socket_like(domain, type, protocol,
			   &(struct lkos_socket){.stack.accelerated = false});
}

/* Exactly this type: with SOCK_NONBLOCK or SOCK_CLOEXEC it is a plain kernel socket, too. */
int lkos_emulated_onload_socket_unicast_nonaccel(int domain, int type, int protocol)
{
	const bool udp = (domain == AF_INET || domain == AF_INET6) &&
			 type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);

	if (!udp)
		return lkos_emulated_onload_socket_nonaccel(domain, type, protocol);
	return socket_like(
		domain, type, protocol,
		&(struct lkos_socket){.stack = lkos_current_stack(), .no_unicast = true});
}

int lkos_emulated_onload_socket_rx_nonaccel(int domain, int type, int protocol)
{
	return lkos_emulated_onload_socket_unicast_nonaccel(domain, type, protocol);
}
