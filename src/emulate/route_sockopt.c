/* SPDX-License-Identifier: GPL-2.0-only */
/* setsockopt() and getsockopt(): options of timestamps; all else goes on. */
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "src/emulate/extension_stamps.h"
#include "src/emulate/receive.h"
#include "src/emulate/start.h"
#include "src/runtime/c.h"
#include "src/runtime/next.h"
#include "src/translate/zerocopy.h"

static inline bool is_of_ours(int level, int optname)
{
	return LKOS_UNLIKELY(lkos_is_stamps_option(optname)) && level == SOL_SOCKET &&
	       lkos_emulation_is_on();
}

LKOS_EXPORT int setsockopt(int fd, int level, int optname, const void *optval,
			   socklen_t optlen)
{
	if (is_of_ours(level, optname))
		return lkos_stamps_set(fd, optname, optval, optlen);
	return lkos_next.setsockopt(fd, level, optname, optval, optlen);
}

LKOS_EXPORT int getsockopt(int fd, int level, int optname, void *optval, socklen_t *optlen)
{
	if (LKOS_UNLIKELY(lkos_receiving_matters) && level == IPPROTO_TCP &&
	    optname == LKOS_TCP_ZEROCOPY_RECEIVE)
		return lkos_stamps_zerocopy(fd, optval, optlen);
	if (is_of_ours(level, optname))
		return lkos_stamps_get(fd, optname, optval, optlen);
	return lkos_next.getsockopt(fd, level, optname, optval, optlen);
}
