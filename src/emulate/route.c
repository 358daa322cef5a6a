/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of libc that make a socket, or change what kind of socket it is. Each is passed on; a
 * process that has named no stack pays one test. errno of the call is kept. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/lock.h"
#include "src/emulate/own_time.h"
#include "src/emulate/packets.h"
#include "src/emulate/sockets.h"
#include "src/emulate/stack_options.h"
#include "src/emulate/stackname.h"
#include "src/emulate/start.h"
#include "src/emulate/tap.h"
#include "src/runtime/c.h"
#include "src/runtime/next.h"
#include "src/runtime/stamping.h"

/* A socket that this thread has just made. Without memory for it, it counts as one of the first
 * stack. In a stack with stamps of what arrives, each message has one from the first on. */
LKOS_NOINLINE static void keep_made(int fd, int domain)
{
	const struct lkos_socket made = {.stack = lkos_current_stack()};
	struct lkos_endpoint endpoint;

	if (domain != AF_INET && domain != AF_INET6)
		return;
	if (!lkos_is_same_stack(&made.stack, &lkos_first_stack))
		lkos_socket_keep(lkos_socket_cookie(fd), &made);
	if (lkos_stack_option_in_force(LKOS_RX_TIMESTAMPING) &&
	    lkos_endpoint_of(fd, &endpoint)) {
		lkos_packets_have_times();
		lkos_own_time_start(fd);
	}
}

static bool may_be_tcp(int domain, int type)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;
}

LKOS_EXPORT int socket(int domain, int type, int protocol)
{
	const int fd = lkos_next.socket(domain, type, protocol);

	if (LKOS_UNLIKELY(lkos_making_matters) && fd >= 0)
		keep_made(fd, domain);
	if (fd >= 0 && may_be_tcp(domain, type)) {
		lkos_emulation_is_on(); /* from here, if a constructor before ours asks */
		if (LKOS_UNLIKELY(lkos_tap_is_wanted()))
			lkos_tap_open_for(fd);
	}
	return fd;
}

/* An accepted socket is in its listener's stack, whatever the thread's is. The listener is looked at
 * before the call, because another thread may close it during that, and the tap is opened before it. */
LKOS_NOINLINE static int accept_prepared(int fd, struct sockaddr *addr,
					 socklen_t *addrlen, const int *flags)
{
	struct lkos_socket listener;
	const bool is_known = lkos_socket_find(lkos_socket_cookie(fd), &listener);
	int made;

	if (lkos_tap_is_missing())
		lkos_tap_open_for(fd);
	made = flags ? lkos_next.accept4(fd, addr, addrlen, *flags)
		     : lkos_next.accept(fd, addr, addrlen);
	if (is_known && made >= 0) {
		const struct lkos_socket accepted = {
			.stack = listener.stack,
			.stamps = lkos_stamps_inherited(&listener.stamps),
		};

		lkos_socket_keep(lkos_socket_cookie(made), &accepted);
		lkos_stamps_connect(made);
	}
	return made;
}

LKOS_EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *addrlen)
{
	if (LKOS_UNLIKELY(lkos_sockets_known || lkos_tap_is_missing()))
		return accept_prepared(fd, addr, addrlen, NULL);
	return lkos_next.accept(fd, addr, addrlen);
}

LKOS_EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *addrlen, int flags)
{
	if (LKOS_UNLIKELY(lkos_sockets_known || lkos_tap_is_missing()))
		return accept_prepared(fd, addr, addrlen, &flags);
	return lkos_next.accept4(fd, addr, addrlen, flags);
}

static bool is_unicast(const struct sockaddr *addr)
{
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)addr)->sin6_addr;
	const in_addr_t v4 = ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr);

	return addr->sa_family == AF_INET ? v4 != INADDR_ANY && !IN_MULTICAST(v4)
	       : addr->sa_family == AF_INET6
		       ? !IN6_IS_ADDR_UNSPECIFIED(v6) && !IN6_IS_ADDR_MULTICAST(v6)
		       : false;
}

/* Onload hands a socket for which it installs no unicast filters to the kernel, once it is bound to
 * such an address. */
LKOS_NOINLINE static void hand_over(int fd)
{
	const int kept = errno;
	const uint64_t cookie = lkos_socket_cookie(fd);
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	struct lkos_socket *known;
	uint64_t signals;

	if (lkos_next.getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
	    is_unicast((const struct sockaddr *)&name)) {
		signals = lkos_lock();
		known = lkos_socket_at(cookie);
		if (known && known->no_unicast)
			known->stack.accelerated = false;
		lkos_unlock(signals);
	}
	errno = kept;
}

LKOS_EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t addrlen)
{
	const int result = lkos_next.bind(fd, addr, addrlen);

	if (LKOS_UNLIKELY(lkos_sockets_known) && result == 0)
		hand_over(fd);
	return result;
}

LKOS_EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t addrlen)
{
	const int result = lkos_next.connect(fd, addr, addrlen);

	if (LKOS_UNLIKELY(lkos_sockets_known))
		lkos_stamps_connect(fd);
	return result;
}
