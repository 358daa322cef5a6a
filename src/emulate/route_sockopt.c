/* SPDX-License-Identifier: GPL-2.0-only */
/* setsockopt() and getsockopt(): options of timestamps, and errors that are kept; all else goes on. */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "src/emulate/extension_stamps.h"
#include "src/emulate/kept_error.h"
#include "src/emulate/lock.h"
#include "src/emulate/own_pktinfo.h"
#include "src/emulate/own_time.h"
#include "src/emulate/receive.h"
#include "src/emulate/start.h"
#include "src/runtime/c.h"
#include "src/runtime/next.h"
#include "src/translate/zerocopy.h"

/* Sets of options of SOL_SOCKET from SO_ERROR on, a bit for each: most options are in none, and a test of one
 * bit says so. */
#define BIT(option) (UINT64_C(1) << ((option)-SO_ERROR))
#define SET_OTHERWISE                                                                    \
	(BIT(LKOS_SCM_STAMPS_OLD) | BIT(LKOS_SCM_STAMPS_NEW) | BIT(LKOS_SCM_TIME_OLD) |  \
	 BIT(LKOS_SCM_TIME_NS_OLD) | BIT(LKOS_SCM_TIME_NEW) |                            \
	 BIT(LKOS_SCM_TIME_NS_NEW) | BIT(LKOS_OWN_TIME_MARK) | BIT(SO_PEEK_OFF))
#define TOLD_OTHERWISE (SET_OTHERWISE | BIT(SO_ERROR))

static inline bool is_in(uint64_t set, int optname)
{
	const unsigned int number = (unsigned int)optname - SO_ERROR;

	return number < 64 ? set >> number & 1 : optname == LKOS_SO_STAMPS_V2;
}

/* Of options that are not looked at at all, there is one test: the rest stands apart. */
static inline bool may_be_ours(uint64_t of_socket, int level, int optname)
{
	return (LKOS_UNLIKELY(level == SOL_SOCKET) &&
		LKOS_UNLIKELY(is_in(of_socket, optname))) ||
	       (LKOS_UNLIKELY(level == IPPROTO_TCP) &&
		LKOS_UNLIKELY(optname == LKOS_TCP_ZEROCOPY_RECEIVE)) ||
	       LKOS_UNLIKELY(lkos_is_pktinfo_option(level, optname));
}

/* Not while a walk over the socket's datagrams uses it, and is about to put the earlier offset back. */
static int set_peek_offset(int fd, const void *optval, socklen_t optlen)
{
	const uint64_t signals = lkos_lock();
	const int result =
		lkos_next.setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, optval, optlen);

	lkos_unlock(signals);
	return result;
}

static int get_peek_offset(int fd, void *optval, socklen_t *optlen)
{
	const uint64_t signals = lkos_lock();
	const int result =
		lkos_next.getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, optval, optlen);

	lkos_unlock(signals);
	return result;
}

LKOS_NOINLINE static int set(int fd, int level, int optname, const void *optval,
			     socklen_t optlen)
{
	if (level == SOL_SOCKET && lkos_emulation_is_on())
		return optname == SO_PEEK_OFF ? set_peek_offset(fd, optval, optlen)
		       : optname == LKOS_OWN_TIME_MARK
			       ? lkos_own_time_set_mark(fd, optval, optlen)
			       : lkos_stamps_set(fd, optname, optval, optlen);
	if (lkos_is_pktinfo_option(level, optname) && lkos_receiving_matters)
		return lkos_own_pktinfo_set(fd, level, optname, optval, optlen);
	return lkos_next.setsockopt(fd, level, optname, optval, optlen);
}

LKOS_EXPORT int setsockopt(int fd, int level, int optname, const void *optval,
			   socklen_t optlen)
{
	if (may_be_ours(SET_OTHERWISE, level, optname))
		return set(fd, level, optname, optval, optlen);
	return lkos_next.setsockopt(fd, level, optname, optval, optlen);
}

LKOS_NOINLINE static int get(int fd, int level, int optname, void *optval,
			     socklen_t *optlen)
{
	if (level == IPPROTO_TCP && lkos_receiving_matters)
		return lkos_stamps_zerocopy(fd, optval, optlen);
	if (level == SOL_SOCKET && lkos_emulation_is_on())
		return optname == SO_ERROR      ? lkos_error_get(fd, optval, optlen)
		       : optname == SO_PEEK_OFF ? get_peek_offset(fd, optval, optlen)
		       : optname == LKOS_OWN_TIME_MARK
			       ? lkos_own_time_get_mark(fd, optval, optlen)
			       : lkos_stamps_get(fd, optname, optval, optlen);
	if (lkos_is_pktinfo_option(level, optname) && lkos_receiving_matters)
		return lkos_own_pktinfo_get(fd, level, optname, optval, optlen);
	return lkos_next.getsockopt(fd, level, optname, optval, optlen);
}

LKOS_EXPORT int getsockopt(int fd, int level, int optname, void *optval, socklen_t *optlen)
{
	if (may_be_ours(TOLD_OTHERWISE, level, optname))
		return get(fd, level, optname, optval, optlen);
	return lkos_next.getsockopt(fd, level, optname, optval, optlen);
}
