/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/tcp_frames.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>

#define TCP 6 /* the protocol of both IPs */
#define TCP_HEADER 20
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define PORTS 4 /* at the beginning of TCP's header */

/* What follows, and how much of it was captured and is there. */
struct rest {
	const uint8_t *at;
	size_t captured;
	size_t length; /* by IP's header */
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* false: it ends earlier. */
static bool skip(struct rest *rest, size_t bytes)
{
	if (rest->captured < bytes || rest->length < bytes)
		return false;
	rest->at += bytes;
	rest->captured -= bytes;
	rest->length -= bytes;
	return true;
}

static bool is_link_local(const uint8_t *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

static void map_ipv4(uint8_t *mapped, const uint8_t *address)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(mapped, prefix, sizeof(prefix));
	memcpy(mapped + sizeof(prefix), address, 4);
}

static enum lkos_frame_kind ipv4(struct rest *rest, struct lkos_tcp_connection *connection)
{
	const uint8_t *const header = rest->at;
	size_t size;
	uint16_t fragment;

	if (rest->captured < IPV4_HEADER || header[0] >> 4 != 4 || header[9] != TCP)
		return LKOS_FRAME_OTHER;
	size = (header[0] & 0xfu) * 4u;
	fragment = get16(header + 6);
	rest->length = get16(header + 2);
	map_ipv4(connection->from, header + 12);
	map_ipv4(connection->to, header + 16);
	if (size < IPV4_HEADER || (fragment & 0x1fff) != 0 || !skip(rest, size))
		return LKOS_FRAME_OTHER;
	return fragment & 0x2000 ? LKOS_FRAME_FRAGMENT : LKOS_FRAME_SEGMENT;
}

/* The size of an extension header; 0: it is none, or one behind which there is nothing for us. */
static size_t extension_size(uint8_t kind, const uint8_t *header)
{
	enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51 };
	enum { DESTINATION = 60, MOBILITY = 135, HIP = 139, SHIM6 = 140 };

	switch (kind) {
	case ROUTING:
		if (header[3] != 0) /* it goes on to somewhere else */
			return 0;
		return (header[1] + 1u) * 8;
	case HOP_BY_HOP:
	case DESTINATION:
	case MOBILITY:
	case HIP:
	case SHIM6:
		return (header[1] + 1u) * 8;
	case AUTHENTICATION:
		return (header[1] + 2u) * 4;
	case FRAGMENT:
		return get16(header + 2) >> 3 ? 0 : 8; /* the first one only */
	default:
		return 0;
	}
}

static enum lkos_frame_kind ipv6(struct rest *rest, uint32_t device,
				 struct lkos_tcp_connection *connection)
{
	const uint8_t *const header = rest->at;
	enum lkos_frame_kind kind = LKOS_FRAME_SEGMENT;
	uint8_t next;

	if (rest->captured < IPV6_HEADER || header[0] >> 4 != 6)
		return LKOS_FRAME_OTHER;
	next = header[6];
	rest->length = IPV6_HEADER + get16(header + 4);
	memcpy(connection->from, header + 8, sizeof(connection->from));
	memcpy(connection->to, header + 24, sizeof(connection->to));
	if (is_link_local(connection->from) || is_link_local(connection->to))
		connection->scope = device;
	skip(rest, IPV6_HEADER);
	while (next != TCP) {
		const uint8_t *const extension = rest->at;
		size_t size;

		if (rest->captured < 8 || rest->length < 8)
			return LKOS_FRAME_OTHER;
		size = extension_size(next, extension);
		if (next == 44 && extension[3] & 1)
			kind = LKOS_FRAME_FRAGMENT;
		next = extension[0];
		if (size == 0 || !skip(rest, size))
			return LKOS_FRAME_OTHER;
	}
	return kind;
}

static bool is_vlan(uint16_t protocol)
{
	return protocol == ETH_P_8021Q || protocol == ETH_P_8021AD ||
	       protocol == ETH_P_QINQ1;
}

static bool segment_of(const struct rest *tcp, struct lkos_tcp_segment *segment)
{
	const uint8_t *const header = tcp->at;
	size_t size;

	if (tcp->captured < TCP_HEADER)
		return false;
	size = (header[12] >> 4) * 4u;
	if (size < TCP_HEADER || tcp->length < size)
		return false;
	segment->flags = header[13];
	segment->sequence = get32(header + 4) + (segment->flags & LKOS_TCP_SYN ? 1 : 0);
	segment->length = (uint32_t)(tcp->length - size);
	segment->urgent = segment->flags & LKOS_TCP_URG ? get16(header + 18) : 0;
	return true;
}

enum lkos_frame_kind lkos_tcp_frame(const struct lkos_frame *frame,
				    struct lkos_tcp_segment *segment)
{
	struct rest rest = {frame->network, frame->size, frame->size};
	struct lkos_tcp_segment found = {.arrived = frame->arrived};
	enum lkos_frame_kind kind = LKOS_FRAME_OTHER;
	uint16_t protocol = frame->protocol;

	if (frame->packet_type != PACKET_HOST)
		return LKOS_FRAME_OTHER;
	while (is_vlan(protocol)) {
		const uint8_t *const tag = rest.at;

		if (!skip(&rest, 4))
			return LKOS_FRAME_OTHER;
		protocol = get16(tag + 2);
	}
	if (protocol == ETH_P_IP)
		kind = ipv4(&rest, &found.connection);
	else if (protocol == ETH_P_IPV6)
		kind = ipv6(&rest, frame->device, &found.connection);
	if (kind == LKOS_FRAME_OTHER || rest.captured < PORTS)
		return LKOS_FRAME_OTHER;
	memcpy(&found.connection.from_port, rest.at, 2);
	memcpy(&found.connection.to_port, rest.at + 2, 2);
	if (kind == LKOS_FRAME_SEGMENT && !segment_of(&rest, &found))
		return LKOS_FRAME_OTHER;
	if (frame->segment_size && found.length > frame->segment_size)
		found.segment_size = frame->segment_size;
	*segment = found;
	return kind;
}
