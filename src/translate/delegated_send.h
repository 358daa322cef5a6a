/* SPDX-License-Identifier: GPL-2.0-only */
/* Delegated sends: what onload_delegated_send_prepare() answers, and the headers that it writes.
 *
 * Pure: errno is not touched.
 * source: onload src/lib/transport/unix/tcp_fd.c, src/lib/transport/ip/tcp_send.c; RFC 791, 7323, 9293 */
#ifndef LKOS_TRANSLATE_DELEGATED_SEND_H
#define LKOS_TRANSLATE_DELEGATED_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Onload's numbers. The next hop's address is the kernel's to find: it is never missing. */
enum lkos_delegated {
	LKOS_DELEGATED_OK = 0,
	LKOS_DELEGATED_BAD_SOCKET = 1,
	LKOS_DELEGATED_SMALL_HEADER = 2,
	LKOS_DELEGATED_SENDQ_BUSY = 3,
	LKOS_DELEGATED_NOWIN = 4,
	LKOS_DELEGATED_NOCWIN = 6,
};

/* Has something been reserved, and are the headers written? */
static inline bool lkos_delegated_is_possible(enum lkos_delegated answer)
{
	return answer == LKOS_DELEGATED_OK || answer == LKOS_DELEGATED_NOCWIN;
}

/* A TCP connection that is to send. Bytes; what may be sent now can be negative. */
struct lkos_sender {
	bool can_send;   /* connected, and not shut for writing */
	bool ipv4;       /* both ends have an address of IPv4 */
	bool stamps;     /* a card's stamps of what is sent are asked for */
	uint32_t unsent; /* what waits to be sent for the first time */
	int32_t mss;
	int64_t peer_window, buffer_room, congestion_window;
	int headers_length;
};

/* What is written where the answer is another than BAD_SOCKET or SENDQ_BUSY. */
struct lkos_windows_told {
	int send, congestion;
};

/* size: bytes to send; room: for headers. Checks are in Onload's order.
 * *reserved: bytes, where the answer is OK or NOCWIN, else 0. */
enum lkos_delegated lkos_delegated_answer(const struct lkos_sender *sender, int size,
					  int room, struct lkos_windows_told *told,
					  uint32_t *reserved);

/* ---- Headers */

#define LKOS_ETHERNET_HEADER 14
#define LKOS_IPV4_HEADER 20
#define LKOS_TCP_HEADER 20
#define LKOS_TIMESTAMPS_OPTION 12 /* with what fills it up to whole words */

#define LKOS_IPV4_LENGTH_AT (LKOS_ETHERNET_HEADER + 2)
#define LKOS_TCP_SEQUENCE_AT (LKOS_ETHERNET_HEADER + LKOS_IPV4_HEADER + 4)

/* Addresses and ports in the order of the network, all else in that of the machine. */
struct lkos_segment {
	uint32_t source, destination;
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgement;
	uint16_t window; /* as it stands in the header: scaled */
	uint8_t tos, ttl;
	uint32_t payload; /* bytes, in the length of IPv4 */
	bool timestamps;  /* the connection has them in each segment */
	uint32_t timestamp;
};

/* Of IPv4 and TCP. */
int lkos_ip_tcp_headers_length(bool timestamps);

/* Writes all headers of an Ethernet frame. Checksums are 0, the only flag is ACK, the addresses of Ethernet
 * and the timestamp that is echoed are made up. */
void lkos_headers_write(unsigned char *to, const struct lkos_segment *segment);

#endif
