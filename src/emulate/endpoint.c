/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "src/emulate/stackname.h"
#include "src/runtime/next.h"
#include "src/translate/endpoints.h"

_Static_assert(offsetof(struct lkos_tcp_info, bytes_received) == 128,
	       "as the kernel has it");
_Static_assert(offsetof(struct lkos_tcp_info, bytes_sent) == 200, "as the kernel has it");
_Static_assert(offsetof(struct lkos_tcp_info, rcv_wnd) == 232, "as the kernel has it");

int lkos_int_option(int fd, int level, int name)
{
	const int kept = errno;
	int value = -1;
	socklen_t size = sizeof(value);

	if (lkos_next.getsockopt(fd, level, name, &value, &size) != 0)
		value = -1;
	errno = kept;
	return value;
}

int lkos_queued(int fd, unsigned long request)
{
	const int kept = errno;
	int bytes = 0;

	if (lkos_next.ioctl(fd, request, &bytes) != 0)
		bytes = 0;
	errno = kept;
	return bytes;
}

union lkos_name lkos_local_name(int fd)
{
	const int kept = errno;
	union lkos_name name = {.any.sa_family = AF_UNSPEC};
	socklen_t size = sizeof(name);

	if (lkos_next.getsockname(fd, &name.any, &size) != 0)
		name.any.sa_family = AF_UNSPEC;
	errno = kept;
	return name;
}

bool lkos_socket_is_named(int fd)
{
	const union lkos_name name = lkos_local_name(fd);

	return name.any.sa_family == AF_INET    ? name.v4.sin_port != 0
	       : name.any.sa_family == AF_INET6 ? name.v6.sin6_port != 0
						: false;
}

static bool is_of_kind(int fd, int type, int protocol)
{
	return lkos_int_option(fd, SOL_SOCKET, SO_TYPE) == type &&
	       lkos_int_option(fd, SOL_SOCKET, SO_PROTOCOL) == protocol;
}

unsigned int lkos_tcp_info_of(int fd, struct lkos_tcp_info *info)
{
	const int kept = errno;
	socklen_t size = sizeof(*info);

	*info = (struct lkos_tcp_info){.state = 0};
	if (lkos_next.getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size) != 0)
		size = 0;
	errno = kept;
	return size;
}

bool lkos_endpoint_of(int fd, struct lkos_endpoint *endpoint)
{
	const int kept = errno;
	const int domain = lkos_int_option(fd, SOL_SOCKET, SO_DOMAIN);

	if (domain != AF_INET && domain != AF_INET6)
		return false;
	*endpoint = (struct lkos_endpoint){
		.cookie = lkos_socket_cookie(fd),
		.tcp = is_of_kind(fd, SOCK_STREAM, IPPROTO_TCP),
		.socket = {.stack = lkos_first_stack},
	};
	if (!endpoint->tcp && !is_of_kind(fd, SOCK_DGRAM, IPPROTO_UDP))
		return false;
	lkos_socket_find(endpoint->cookie, &endpoint->socket);
	if (endpoint->tcp)
		endpoint->told = lkos_tcp_info_of(fd, &endpoint->info);
	errno = kept;
	return endpoint->socket.stack.accelerated;
}

int lkos_refused(int fd, int not_open)
{
	const int kept = errno;
	struct rlimit descriptors;
	const bool is_open = lkos_next.fcntl64(fd, F_GETFD, NULL) >= 0;
	const bool could_be = fd >= 0 && getrlimit(RLIMIT_NOFILE, &descriptors) == 0 &&
			      (rlim_t)fd < descriptors.rlim_max;

	errno = kept;
	return !is_open && could_be ? not_open : -ESOCKTNOSUPPORT;
}

struct lkos_windows lkos_windows_of(int fd, const struct lkos_endpoint *endpoint)
{
	const struct lkos_tcp_info *const info = &endpoint->info;
	const int64_t outstanding = lkos_queued(fd, SIOCOUTQ);
	const int64_t in_flight = outstanding - info->notsent_bytes;

	return (struct lkos_windows){
		.buffer = lkos_int_option(fd, SOL_SOCKET, SO_SNDBUF) - outstanding,
		.peer = info->snd_wnd - in_flight,
		.congestion = (int64_t)info->snd_cwnd * info->snd_mss - in_flight,
	};
}

bool lkos_tcp_has_timestamps(const struct lkos_tcp_info *info)
{
	return info->options & TCPI_OPT_TIMESTAMPS;
}

unsigned int lkos_tcp_receive_scale(const struct lkos_tcp_info *info)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return info->window_scales & 0xf;
#else
	return info->window_scales >> 4;
#endif
}

int32_t lkos_endpoint_state_of(const struct lkos_endpoint *endpoint)
{
	return endpoint->tcp ? lkos_endpoint_state(endpoint->info.state)
			     : LKOS_ENDPOINT_UDP;
}
