/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/own_pktinfo.h"

#include <errno.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/extension_stamps.h"
#include "src/emulate/lock.h"
#include "src/emulate/sockets.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"

static void set_kernel(int fd, int level, int optname, int value)
{
	const int kept = errno;

	lkos_next.setsockopt(fd, level, optname, &value, sizeof(value));
	errno = kept;
}

static void keep(int fd, const struct lkos_own_pktinfo *pktinfo)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_at(cookie);

	if (known)
		known->stamps.pktinfo = *pktinfo;
	lkos_unlock(signals);
}

void lkos_own_pktinfo_switch(int fd, bool on)
{
	const bool v6 = lkos_int_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6;
	const int level = v6 ? SOL_IPV6 : SOL_IP;
	const int optname = v6 ? IPV6_RECVPKTINFO : IP_PKTINFO;
	struct lkos_own_pktinfo pktinfo = {.ours = on};
	struct lkos_stamps known;

	if (!lkos_stamps_find(fd, &known) || known.pktinfo.ours == on)
		return;
	if (on)
		pktinfo.asked = lkos_int_option(fd, level, optname) > 0;
	keep(fd, &pktinfo);
	if (on || !known.pktinfo.asked)
		set_kernel(fd, level, optname, on);
}

/* The kernel is not told to switch it off, so that no datagram comes without. A value of another size than
 * an int is the kernel's to judge: of IP, it may be a byte. */
int lkos_own_pktinfo_set(int fd, int level, int optname, const void *optval,
			 socklen_t optlen)
{
	struct lkos_own_pktinfo pktinfo = {.ours = true};
	lkos_known_page page = 0;
	struct lkos_stamps known;
	int value = 0, result = 0;

	if (!lkos_stamps_find(fd, &known) || !known.pktinfo.ours)
		return lkos_next.setsockopt(fd, level, optname, optval, optlen);
	if ((int)optlen < (int)sizeof(value) ||
	    lkos_memory_read(&value, optval, sizeof(value), &page) != 0) {
		result = lkos_next.setsockopt(fd, level, optname, optval, optlen);
		if (result != 0)
			return result;
		value = lkos_int_option(fd, level, optname);
		set_kernel(fd, level, optname, true);
	}
	pktinfo.asked = value != 0;
	keep(fd, &pktinfo);
	return result;
}

int lkos_own_pktinfo_get(int fd, int level, int optname, void *optval, socklen_t *optlen)
{
	const int result = lkos_next.getsockopt(fd, level, optname, optval, optlen);
	struct lkos_stamps known;

	if (result == 0 && lkos_stamps_find(fd, &known) && known.pktinfo.ours)
		lkos_option_tell(optval, *optlen, known.pktinfo.asked);
	return result;
}
