/* SPDX-License-Identifier: GPL-2.0-only */
/* A TCP segment, as an AF_PACKET socket shows it: what of its headers tells where in the stream its
 * bytes belong.
 *
 * source: linux include/uapi/linux/if_packet.h and virtio_net.h, RFC 791, 8200, 9293 */
#ifndef LKOS_TRANSLATE_TCP_FRAMES_H
#define LKOS_TRANSLATE_TCP_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction of a connection. Addresses of IPv4 are as IPv6 maps them (::ffff:a.b.c.d), as they
 * are on the wire, and so are the ports. Link-local addresses mean something on one device only. Each
 * byte counts: two are the same when memcmp() says so. */
struct lkos_tcp_connection {
	uint8_t from[16], to[16];
	uint16_t from_port, to_port;
	uint32_t scope; /* the device of link-local addresses, else 0 */
};

/* What the kernel tells beside the bytes of a frame. */
struct lkos_frame {
	const uint8_t *network; /* from the network header on */
	size_t size;            /* of that, as much as was captured */
	uint16_t protocol;      /* of the network header: ETH_P_ number, host order */
	uint16_t segment_size; /* of a frame that is several segments of this size; 0: it is one */
	uint8_t packet_type; /* PACKET_HOST and so on */
	uint32_t device;
	uint64_t arrived; /* nanoseconds since 1970 */
};

#define LKOS_TCP_FIN 0x01
#define LKOS_TCP_SYN 0x02
#define LKOS_TCP_RST 0x04
#define LKOS_TCP_URG 0x20

struct lkos_tcp_segment {
	struct lkos_tcp_connection connection;
	uint32_t sequence; /* of the first byte of data; SYN is no data */
	uint32_t length;   /* bytes of data */
	uint32_t segment_size; /* data of several segments, each of this size but the last; 0: of one */
	uint16_t urgent; /* the urgent pointer, where LKOS_TCP_URG is set */
	uint8_t flags;
	uint64_t arrived; /* nanoseconds since 1970 */
};

enum lkos_frame_kind {
	LKOS_FRAME_OTHER, /* none that brings us data of TCP, or one that cannot be understood */
	LKOS_FRAME_SEGMENT,  /* of TCP, whole */
	LKOS_FRAME_FRAGMENT, /* the first of several: only the connection is filled in */
};

/* Tags of VLANs that are left in front of the network header are passed over, and so are options of
 * IPv4 and extension headers of IPv6. Lengths are those that the headers tell, so what a device has
 * padded does not count; where they tell none (larger than 64 KiB), the frame is not understood.
 * return: what it is; *segment is written only where it is not LKOS_FRAME_OTHER. */
enum lkos_frame_kind lkos_tcp_frame(const struct lkos_frame *frame,
				    struct lkos_tcp_segment *segment);

#endif
