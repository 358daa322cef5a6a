/* SPDX-License-Identifier: GPL-2.0-only */
/* setsockopt and getsockopt: SO_TIMESTAMPING in its old and new form; all else goes on. */
#include <linux/net_tstamp.h>
#include <string.h>
#include <sys/socket.h>

#include "src/interpose/asked.h"
#include "src/runtime/export.h"
#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/timestamping_flags.h"

/* The value of SO_TIMESTAMPING. The kernel takes the second member only from 8 whole bytes, and
 * linux/net_tstamp.h has the struct only since Linux 5.14. */
struct so_timestamping_value {
	uint32_t flags;
	int32_t bind_phc;
};

static bool is_timestamping(int level, int optname)
{
	return level == SOL_SOCKET && lkos_is_timestamping(optname);
}

static int set_timestamping(int fd, int optname, const void *optval, socklen_t optlen)
{
	struct so_timestamping_value value = {0};
	const socklen_t size = optlen == sizeof(value) ? optlen : sizeof(value.flags);
	uint64_t cookie;
	uint32_t asked, remembered;
	lkos_place *place;
	int result;

	if ((int)optlen < (int)sizeof(value.flags) ||
	    lkos_memory_read(&value, optval, size) != 0 ||
	    value.flags & LKOS_SOF_TX_HARDWARE_PER_CALL)
		return lkos_next.setsockopt(fd, SOL_SOCKET, optname, optval, optlen);
	asked = value.flags;
	lkos_asks(asked);
	place = lkos_asked_begin(fd, &cookie);
	remembered = place ? lkos_sof_remembered(asked, lkos_asked(fd)) : asked;
	value.flags = lkos_sof_held(remembered);
	result = lkos_next.setsockopt(fd, SOL_SOCKET, optname, &value, size);
	if (place)
		lkos_asked_end(fd, place, cookie, remembered, result == 0);
	if (result == 0 && value.flags != asked)
		lkos_log("timestamps: descriptor %d asked for 0x%x, the kernel for 0x%x",
			 fd, asked, value.flags);
	return result;
}

static LKOS_APART int setsockopt_timestamping(int fd, int level, int optname,
					      const void *optval, socklen_t optlen)
{
	if (!is_timestamping(level, optname))
		return lkos_next.setsockopt(fd, level, optname, optval, optlen);
	return set_timestamping(fd, optname, optval, optlen);
}

/* The kernel has filled optval, so it can be read and written here. Of fewer than 4 bytes the
 * flags cannot be told: they are asked for again. */
static void show_asked(int fd, int optname, void *optval, socklen_t optlen)
{
	uint32_t flags = 0;
	socklen_t size = sizeof(flags);

	if (optlen == 0)
		return;
	if (optlen >= size)
		memcpy(&flags, optval, size);
	else if (lkos_next.getsockopt(fd, SOL_SOCKET, optname, &flags, &size) != 0)
		return;
	flags = lkos_asked_shown(fd, flags);
	memcpy(optval, &flags, optlen < size ? optlen : size);
}

static LKOS_APART int getsockopt_timestamping(int fd, int level, int optname,
					      void *optval, socklen_t *optlen)
{
	const int result = lkos_next.getsockopt(fd, level, optname, optval, optlen);

	if (result == 0 && is_timestamping(level, optname))
		show_asked(fd, optname, optval, *optlen);
	return result;
}

/* The number of the option first: it decides for nearly every call, whatever the level. */
LKOS_EXPORT int setsockopt(int fd, int level, int optname, const void *optval,
			   socklen_t optlen)
{
	if (LKOS_UNLIKELY(lkos_is_timestamping(optname)))
		return setsockopt_timestamping(fd, level, optname, optval, optlen);
	return lkos_next.setsockopt(fd, level, optname, optval, optlen);
}

LKOS_EXPORT int getsockopt(int fd, int level, int optname, void *optval,
			   socklen_t *optlen)
{
	if (LKOS_UNLIKELY(lkos_is_timestamping(optname)))
		return getsockopt_timestamping(fd, level, optname, optval, optlen);
	return lkos_next.getsockopt(fd, level, optname, optval, optlen);
}
