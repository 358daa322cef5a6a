/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/zerocopy.h"

#include <netinet/in.h>
#include <string.h>

#include "src/interpose/recv.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/timestamping_flags.h"

/* Where the control data is must be seen before the kernel has filled it. false: there is none, or
 * it cannot be read. */
static bool brings_control(const void *optval, const socklen_t *optlen,
			   struct lkos_zerocopy *before)
{
	lkos_known_page page = 0;
	socklen_t size;

	return lkos_memory_read(&size, optlen, sizeof(size), &page) == 0 &&
	       (int)size >= LKOS_ZEROCOPY_SIZE &&
	       lkos_memory_read(before, optval, LKOS_ZEROCOPY_SIZE, &page) == 0;
}

/* The kernel has filled both, so they can be read and written here. */
static void show_stamps(int fd, const struct lkos_zerocopy *before, void *optval)
{
	struct lkos_zerocopy after;
	struct msghdr msg;

	memcpy(&after, optval, LKOS_ZEROCOPY_SIZE);
	if (!lkos_zerocopy_control(before, &after, &msg))
		return;
	lkos_control_to_app(fd, &msg);
	lkos_zerocopy_shorten(&msg, &after);
	memcpy(optval, &after, LKOS_ZEROCOPY_SIZE);
}

/* A kernel that knows no control data says in *optlen that it has filled less. */
int lkos_zerocopy_receive(int fd, void *optval, socklen_t *optlen)
{
	struct lkos_zerocopy before;
	const bool looks = lkos_stamps_possible &&
			   lkos_requested(fd) & SOF_TIMESTAMPING_RAW_HARDWARE &&
			   brings_control(optval, optlen, &before);
	const int result = lkos_next.getsockopt(
		fd, IPPROTO_TCP, LKOS_TCP_ZEROCOPY_RECEIVE, optval, optlen);

	if (result == 0 && looks && *optlen >= LKOS_ZEROCOPY_SIZE)
		show_stamps(fd, &before, optval);
	return result;
}
