/* SPDX-License-Identifier: GPL-2.0-only */
/* IP_PKTINFO, or IPV6_RECVPKTINFO, on a UDP socket for our own sake: it tells the interface that a datagram
 * came by. The application sees neither its control messages nor the option, unless it sets that itself.
 * errno is kept, but by calls of libc that fail. */
#ifndef LKOS_EMULATE_OWN_PKTINFO_H
#define LKOS_EMULATE_OWN_PKTINFO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

/* On or off. */
void lkos_own_pktinfo_switch(int fd, bool on);

static inline bool lkos_is_pktinfo_option(int level, int optname)
{
	return (level == SOL_IP && optname == IP_PKTINFO) ||
	       (level == SOL_IPV6 && optname == IPV6_RECVPKTINFO);
}

/* setsockopt() and getsockopt() of such an option. */
int lkos_own_pktinfo_set(int fd, int level, int optname, const void *optval,
			 socklen_t optlen);
int lkos_own_pktinfo_get(int fd, int level, int optname, void *optval, socklen_t *optlen);

#endif
