/* SPDX-License-Identifier: GPL-2.0-only */
/* Where data is in a packet buffer of zero copy.
 *
 * Pure. A buffer has 2,048 bytes. At its head is what Onload knows of the packet, then comes the frame,
 * in which the data follows the headers.
 * source: onload src/lib/transport/unix/zc_intercept.c, src/lib/transport/ip/tcp_send.c */
#ifndef LKOS_TRANSLATE_PACKET_BUFFERS_H
#define LKOS_TRANSLATE_PACKET_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

#define LKOS_BUFFER_SIZE 2048
#define LKOS_BUFFER_FRAME 256                          /* where the frame begins */
#define LKOS_BUFFER_LENGTHS (2 * LKOS_BUFFER_SIZE - 1) /* a mask that all lengths pass */

/* Ethernet with a VLAN, IPv6, and UDP or TCP with timestamps. */
#define LKOS_UDP_HEADERS (18 + 40 + 8)
#define LKOS_TCP_HEADERS (18 + 40 + 32)

/* The buffers that a datagram takes, of which only the first has headers, and those of the largest one. */
#define LKOS_DATAGRAM_BUFFERS 37
size_t lkos_datagram_buffers(size_t length);

/* Bytes of a buffer, counted from its first one. */
struct lkos_buffer_part {
	size_t start, length;
};

/* What a program may fill of a new buffer. headers: a set of enum onload_zc_buffer_type_flags, of which
 * TCP wins and others than UDP and TCP mean none. mss: of the connection, 0: of none. */
struct lkos_buffer_part lkos_buffer_to_fill(unsigned int headers, uint32_t mss);

/* May these bytes of a buffer be sent as one segment? mss: 0: not known yet. return: 0 or -EINVAL. */
int lkos_buffer_check(uintptr_t buffer, uintptr_t base, uint64_t length, uint32_t mss);

#endif
