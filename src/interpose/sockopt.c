/* SPDX-License-Identifier: GPL-2.0-only */
/* setsockopt and getsockopt: SO_TIMESTAMPING in its old and new form; all else goes on. */
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "src/interpose/requested.h"
#include "src/interpose/zerocopy.h"
#include "src/runtime/c.h"
#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/runtime/stamping.h"
#include "src/translate/timestamping_flags.h"

/* The value of SO_TIMESTAMPING. The kernel takes the second member only from 8 whole bytes, and
 * linux/net_tstamp.h has the struct only since Linux 5.14. */
struct so_timestamping_value {
	uint32_t flags;
	int32_t bind_phc;
};

static LKOS_NOINLINE int set_timestamping(int fd, int level, int optname,
					  const void *optval, socklen_t optlen)
{
	struct so_timestamping_value value = {0};
	const socklen_t size = optlen == sizeof(value) ? optlen : sizeof(value.flags);
	lkos_known_page page = 0;
	struct lkos_request request;
	uint32_t requested;
	int result;

	if ((int)optlen < (int)sizeof(value.flags) ||
	    lkos_memory_read(&value, optval, size, &page) != 0 ||
	    value.flags & LKOS_SOF_OURS)
		return lkos_next.setsockopt(fd, level, optname, optval, optlen);
	requested = value.flags;
	request = lkos_request_begin(fd, optname, requested);
	value.flags = lkos_sof_held(request.requested);
	result = lkos_next.setsockopt(fd, level, optname, &value, size);
	lkos_request_end(&request, result == 0);
	if (result == 0 && lkos_sof_wants_hardware(requested, false))
		lkos_stamping_hold();
	if (lkos_log_is_on && result == 0 && value.flags != requested)
		lkos_log("timestamps: descriptor %d: 0x%x requested, 0x%x for the kernel",
			 fd, requested, value.flags);
	return result;
}

/* What the kernel has filled can be read and written here. Of fewer than 4 bytes the flags cannot be told:
 * they are asked for again. */
static LKOS_NOINLINE int get_timestamping(int fd, int level, int optname, void *optval,
					  socklen_t *optlen)
{
	const int result = lkos_next.getsockopt(fd, level, optname, optval, optlen);
	uint32_t flags = 0;
	socklen_t size = sizeof(flags), filled;

	if (result != 0 || (filled = *optlen) == 0)
		return result;
	if (filled >= size)
		memcpy(&flags, optval, size);
	else if (lkos_next.getsockopt(fd, SOL_SOCKET, optname, &flags, &size) != 0)
		return 0;
	flags = lkos_requested_shown(fd, flags);
	memcpy(optval, &flags, filled < size ? filled : size);
	return 0;
}

/* The numbers have another meaning on other levels. */
static LKOS_NOINLINE int set_numbered(int fd, int level, int optname, const void *optval,
				      socklen_t optlen)
{
	return level == SOL_SOCKET
		       ? set_timestamping(fd, level, optname, optval, optlen)
		       : lkos_next.setsockopt(fd, level, optname, optval, optlen);
}

static LKOS_NOINLINE int get_numbered(int fd, int level, int optname, void *optval,
				      socklen_t *optlen)
{
	if (level == SOL_SOCKET && lkos_is_timestamping(optname))
		return get_timestamping(fd, level, optname, optval, optlen);
	if (level == IPPROTO_TCP && optname == LKOS_TCP_ZEROCOPY_RECEIVE)
		return lkos_zerocopy_receive(fd, optval, optlen);
	return lkos_next.getsockopt(fd, level, optname, optval, optlen);
}

/* The number of the option first: it decides for nearly every call, whatever the level. */
LKOS_EXPORT int setsockopt(int fd, int level, int optname, const void *optval,
			   socklen_t optlen)
{
	if (LKOS_UNLIKELY(lkos_is_timestamping(optname)))
		return set_numbered(fd, level, optname, optval, optlen);
	return lkos_next.setsockopt(fd, level, optname, optval, optlen);
}

LKOS_EXPORT int getsockopt(int fd, int level, int optname, void *optval, socklen_t *optlen)
{
	if (LKOS_UNLIKELY(lkos_option_may_concern_us(optname)))
		return get_numbered(fd, level, optname, optval, optlen);
	return lkos_next.getsockopt(fd, level, optname, optval, optlen);
}

#ifdef __i386__
/* For programs with 64-bit time, as in libc; declared in no header. */
int __setsockopt64(int fd, int level, int optname, const void *optval, socklen_t optlen)
	__attribute__((alias("setsockopt"))) LKOS_EXPORT;
int __getsockopt64(int fd, int level, int optname, void *optval, socklen_t *optlen)
	__attribute__((alias("getsockopt"))) LKOS_EXPORT;
#endif
