/* SPDX-License-Identifier: GPL-2.0-only */
/* A descriptor as Onload would see it. errno is kept. */
#ifndef LKOS_EMULATE_ENDPOINT_H
#define LKOS_EMULATE_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/emulate/sockets.h"

/* What TCP_INFO tells, as far as we read it; libc's struct and older headers' are shorter. What a
 * kernel does not know is 0.
 * source: linux include/uapi/linux/tcp.h */
struct lkos_tcp_info {
	uint8_t state, more[4], options, window_scales, limits;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t times[4];
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss,
		reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans; /* since 4.19 */
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd;
};

struct lkos_endpoint {
	uint64_t cookie;           /* 0: this kernel has none */
	bool tcp;                  /* else UDP */
	unsigned int told;         /* TCP: how many bytes of info the kernel knows */
	struct lkos_tcp_info info; /* TCP */
	struct lkos_socket socket; /* what is known of it, or what sockets are by themselves */
};

/* return: how many bytes of it the kernel knows; 0: fd is no TCP socket. */
unsigned int lkos_tcp_info_of(int fd, struct lkos_tcp_info *info);

/* false: fd is not accelerated: no open socket of TCP or UDP over IPv4 or IPv6, or one that is left
 * to the kernel. */
bool lkos_endpoint_of(int fd, struct lkos_endpoint *endpoint);

/* What a call answers for such a descriptor: -ESOCKTNOSUPPORT, or what it answers for a number that could
 * be a descriptor's and is not open.
 * source: onload src/lib/transport/unix/closed_fd.c, nonsock.c */
int lkos_refused(int fd, int not_open);

/* What a connection may send now, in bytes; negative where more is on its way. */
struct lkos_windows {
	int64_t buffer;     /* by the buffer */
	int64_t peer;       /* by the peer's window, since Linux 5.4 */
	int64_t congestion; /* by the congestion window */
};

struct lkos_windows lkos_windows_of(int fd, const struct lkos_endpoint *endpoint);

/* Has each segment of the connection timestamps (RFC 7323)? */
bool lkos_tcp_has_timestamps(const struct lkos_tcp_info *info);

/* By how many bits the windows that this end tells are shifted. */
unsigned int lkos_tcp_receive_scale(const struct lkos_tcp_info *info);

/* Onload's number of the state that it is in. */
int32_t lkos_endpoint_state_of(const struct lkos_endpoint *endpoint);

/* An int option of a socket, or -1. */
int lkos_int_option(int fd, int level, int name);

/* What an ioctl() about queues tells in bytes, or 0. */
int lkos_queued(int fd, unsigned long request);

/* The local address of a socket over IP; AF_UNSPEC: it has none. */
union lkos_name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
union lkos_name lkos_local_name(int fd);

/* Does a local port belong to it, or a connection? */
bool lkos_socket_is_named(int fd);

#endif
