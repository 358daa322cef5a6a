/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_get_tcp_info(), from what the kernel tells of a connection.
 *
 * source: onload src/lib/transport/unix/onload_ext_intercept.c */
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/runtime/c.h"
#include "src/translate/endpoints.h"

static int positive(int64_t number)
{
	return number < 0 ? 0 : number > INT32_MAX ? INT32_MAX : (int)number;
}

static struct onload_tcp_info info_of(int fd, const struct lkos_endpoint *endpoint)
{
	const struct lkos_tcp_info *const kernel = &endpoint->info;
	const struct lkos_windows windows = lkos_windows_of(fd, endpoint);
	const int64_t mss = kernel->snd_mss ? kernel->snd_mss : 1;
	const int64_t sndbuf = lkos_int_option(fd, SOL_SOCKET, SO_SNDBUF);

	return (struct onload_tcp_info){
		.so_recvbuf = lkos_int_option(fd, SOL_SOCKET, SO_RCVBUF),
		.rcvbuf_used = lkos_queued(fd, SIOCINQ),
		.rcv_window = positive(kernel->rcv_wnd),
		.so_sndbuf = positive(sndbuf),
		.so_sndbuf_pkts = positive(sndbuf / mss),
		.sndbuf_pkts_avail = positive(windows.buffer / mss),
		.snd_mss = positive(kernel->snd_mss),
		.snd_window = positive(windows.peer),
		.cong_window = windows.congestion < mss ? 0 : positive(windows.congestion),
	};
}

/* As many bytes as there is room for; a negative length counts as large. */
int lkos_emulated_onload_get_tcp_info(int fd, struct onload_tcp_info *info,
				      int *len_in_out)
{
	struct lkos_endpoint endpoint;
	struct onload_tcp_info told;
	size_t size = sizeof(told);

	if (!lkos_endpoint_of(fd, &endpoint) || !endpoint.tcp ||
	    !lkos_endpoint_can_be_warmed(lkos_endpoint_state_of(&endpoint)))
		return lkos_fail(-EINVAL);
	told = info_of(fd, &endpoint);
	if ((size_t)*len_in_out < size)
		size = (size_t)*len_in_out;
	memcpy(info, &told, size);
	*len_in_out = (int)size;
	return 0;
}
