/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/packet_buffers.h"

#include <errno.h>

#define FRAME (LKOS_BUFFER_SIZE - LKOS_BUFFER_FRAME)

_Static_assert(LKOS_DATAGRAM_BUFFERS *FRAME - LKOS_UDP_HEADERS >= 65535 - 8,
	       "the largest datagram has room");

size_t lkos_datagram_buffers(size_t length)
{
	return (LKOS_UDP_HEADERS + (length ? length : 1) + FRAME - 1) / FRAME;
}

enum { HEADERS_UDP = 1, HEADERS_TCP = 2 };

struct lkos_buffer_part lkos_buffer_to_fill(unsigned int headers, uint32_t mss)
{
	const size_t room = headers & HEADERS_TCP   ? LKOS_TCP_HEADERS
			    : headers & HEADERS_UDP ? LKOS_UDP_HEADERS
						    : 0;
	const size_t start = LKOS_BUFFER_FRAME + room;
	const size_t length = LKOS_BUFFER_SIZE - start;

	return (struct lkos_buffer_part){
		.start = start,
		.length = headers & HEADERS_TCP && mss && mss < length ? mss : length,
	};
}

int lkos_buffer_check(uintptr_t buffer, uintptr_t base, uint64_t length, uint32_t mss)
{
	const uintptr_t start = base - buffer; /* huge where base comes before */

	if (start < LKOS_BUFFER_FRAME + LKOS_TCP_HEADERS || start > LKOS_BUFFER_SIZE)
		return -EINVAL;
	if (length == 0 || length > LKOS_BUFFER_SIZE - start || (mss && length > mss))
		return -EINVAL;
	return 0;
}
