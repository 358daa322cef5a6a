/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/delegated_send.h"

#include <string.h>

#define ETHERTYPE_OF_IPV4 0x0800
#define VERSION_AND_WORDS 0x45 /* of IPv4's header */
#define DO_NOT_FRAGMENT 0x4000
#define PROTOCOL_OF_TCP 6
#define FLAG_ACK 0x10
#define TWO_NOPS_TIMESTAMPS 0x0101080a /* and their length */

static int to_int(int64_t number)
{
	return number < INT32_MIN   ? INT32_MIN
	       : number > INT32_MAX ? INT32_MAX
				    : (int)number;
}

enum lkos_delegated lkos_delegated_answer(const struct lkos_sender *sender, int size,
					  int room, struct lkos_windows_told *told,
					  uint32_t *reserved)
{
	const int64_t window = sender->peer_window < sender->buffer_room
				       ? sender->peer_window
				       : sender->buffer_room;

	*reserved = 0;
	*told = (struct lkos_windows_told){
		.send = to_int(window < 0 ? 0 : window),
		.congestion = to_int(sender->congestion_window),
	};
	if (!sender->can_send || !sender->ipv4 || sender->stamps)
		return LKOS_DELEGATED_BAD_SOCKET;
	if (sender->unsent > 0)
		return LKOS_DELEGATED_SENDQ_BUSY;
	if (told->send == 0)
		return LKOS_DELEGATED_NOWIN;
	if (room < sender->headers_length)
		return LKOS_DELEGATED_SMALL_HEADER;
	if (size > 0)
		*reserved = (uint32_t)(size < told->send ? size : told->send);
	return told->congestion < sender->mss ? LKOS_DELEGATED_NOCWIN : LKOS_DELEGATED_OK;
}

/* Writes a number in the order of the network. return: behind it. */
static unsigned char *put(unsigned char *to, uint32_t number, size_t bytes)
{
	for (size_t i = bytes; i > 0; i--, number >>= 8)
		to[i - 1] = (unsigned char)number;
	return to + bytes;
}

static unsigned char *put_as_is(unsigned char *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
	return to + bytes;
}

int lkos_ip_tcp_headers_length(bool timestamps)
{
	return LKOS_IPV4_HEADER + LKOS_TCP_HEADER +
	       (timestamps ? LKOS_TIMESTAMPS_OPTION : 0);
}

static unsigned char *put_ethernet(unsigned char *to)
{
	/* administered locally, as no card's is */
	static const unsigned char destination[] = {2, 0, 0, 0, 0, 2},
				   source[] = {2, 0, 0, 0, 0, 1};

	to = put_as_is(to, destination, sizeof(destination));
	to = put_as_is(to, source, sizeof(source));
	return put(to, ETHERTYPE_OF_IPV4, 2);
}

static unsigned char *put_ipv4(unsigned char *to, const struct lkos_segment *segment)
{
	const int headers = lkos_ip_tcp_headers_length(segment->timestamps);

	to = put(to, VERSION_AND_WORDS, 1);
	to = put(to, segment->tos, 1);
	to = put(to, (uint32_t)headers + segment->payload, 2);
	to = put(to, 0,
		 2); /* number of the datagram: not needed where it is never cut up */
	to = put(to, DO_NOT_FRAGMENT, 2);
	to = put(to, segment->ttl, 1);
	to = put(to, PROTOCOL_OF_TCP, 1);
	to = put(to, 0, 2); /* checksum */
	to = put_as_is(to, &segment->source, 4);
	return put_as_is(to, &segment->destination, 4);
}

static void put_tcp(unsigned char *to, const struct lkos_segment *segment)
{
	const int words =
		(lkos_ip_tcp_headers_length(segment->timestamps) - LKOS_IPV4_HEADER) / 4;

	to = put_as_is(to, &segment->source_port, 2);
	to = put_as_is(to, &segment->destination_port, 2);
	to = put(to, segment->sequence, 4);
	to = put(to, segment->acknowledgement, 4);
	to = put(to, (uint32_t)words << 4, 1);
	to = put(to, FLAG_ACK, 1);
	to = put(to, segment->window, 2);
	to = put(to, 0, 4); /* checksum, end of urgent data */
	if (segment->timestamps) {
		to = put(to, TWO_NOPS_TIMESTAMPS, 4);
		to = put(to, segment->timestamp, 4);
		put(to, 0, 4); /* echoed */
	}
}

void lkos_headers_write(unsigned char *to, const struct lkos_segment *segment)
{
	put_tcp(put_ipv4(put_ethernet(to), segment), segment);
}
