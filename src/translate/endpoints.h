/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets as Onload's endpoints: their states, and what may be done in which.
 *
 * source: onload src/include/ci/internal/ip_shared_types.h, src/lib/efthrm/tcp_helper_endpoint_move.c */
#ifndef LKOS_TRANSLATE_ENDPOINTS_H
#define LKOS_TRANSLATE_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's states of a TCP socket, as TCP_INFO has them.
 * source: linux include/net/tcp_states.h */
enum {
	LKOS_TCP_ESTABLISHED = 1,
	LKOS_TCP_SYN_SENT,
	LKOS_TCP_SYN_RECV,
	LKOS_TCP_FIN_WAIT1,
	LKOS_TCP_FIN_WAIT2,
	LKOS_TCP_TIME_WAIT,
	LKOS_TCP_CLOSE,
	LKOS_TCP_CLOSE_WAIT,
	LKOS_TCP_LAST_ACK,
	LKOS_TCP_LISTEN,
	LKOS_TCP_CLOSING,
};

#define LKOS_ENDPOINT_UDP 0xb000
#define LKOS_ENDPOINT_CLOSED 0x246

/* Onload's number of a TCP state. A state that Linux does not have today: closed. */
int32_t lkos_endpoint_state(unsigned int tcp_state);

/* Does ONLOAD_MSG_WARM do anything in this state of an endpoint? From SYN_SENT onwards. */
bool lkos_endpoint_can_be_warmed(int32_t endpoint_state);

/* Has a connection's handshake been done, so that both ends know the other's numbers? */
bool lkos_tcp_is_synchronised(unsigned int tcp_state);

/* Can data be sent? The peer may have closed its direction. */
bool lkos_tcp_can_send(unsigned int tcp_state);

/* What decides whether onload_move_fd() may move a socket to another stack. */
struct lkos_movable {
	bool tcp;
	bool stamps;        /* SO_TIMESTAMPING is on */
	bool named;         /* UDP: has a local port, by bind, connect or a send */
	unsigned int state; /* TCP */
	bool accepted;      /* TCP: came from accept(), not from connect() */
	bool moved;         /* has been moved while it was connected */
	bool templates;     /* TCP: has prepared messages */
	bool unsent;        /* something is not sent or not acknowledged yet */
	bool partly_read;   /* something has been read, and something is left */
};

/* return: 0 or -EINVAL. */
int lkos_may_be_moved(const struct lkos_movable *socket);

#endif
