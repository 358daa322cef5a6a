/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/endpoints.h"

#include <errno.h>
#include <stddef.h>

#define CAN_BE_WARMED 0x300 /* these two bits, from SYN_SENT onwards */

int32_t lkos_endpoint_state(unsigned int tcp_state)
{
	static const uint16_t states[] = {
		[LKOS_TCP_ESTABLISHED] = 0x3331,
		[LKOS_TCP_SYN_SENT] = 0x2326,
		/* of two that connect to each other; Onload stays in SYN_SENT */
		[LKOS_TCP_SYN_RECV] = 0x2326,
		[LKOS_TCP_FIN_WAIT1] = 0x63b3,
		[LKOS_TCP_FIN_WAIT2] = 0x7393,
		[LKOS_TCP_TIME_WAIT] = 0x9347,
		[LKOS_TCP_CLOSE_WAIT] = 0x432b,
		[LKOS_TCP_LAST_ACK] = 0x53af,
		[LKOS_TCP_LISTEN] = 0x1246,
		[LKOS_TCP_CLOSING] = 0x83af,
	};
	const size_t count = sizeof(states) / sizeof(states[0]);

	return tcp_state < count && states[tcp_state] ? states[tcp_state]
						      : LKOS_ENDPOINT_CLOSED;
}

bool lkos_endpoint_can_be_warmed(int32_t endpoint_state)
{
	return (endpoint_state & CAN_BE_WARMED) == CAN_BE_WARMED;
}

bool lkos_tcp_is_synchronised(unsigned int tcp_state)
{
	return lkos_endpoint_can_be_warmed(lkos_endpoint_state(tcp_state)) &&
	       tcp_state != LKOS_TCP_SYN_SENT && tcp_state != LKOS_TCP_SYN_RECV;
}

bool lkos_tcp_can_send(unsigned int tcp_state)
{
	return tcp_state == LKOS_TCP_ESTABLISHED || tcp_state == LKOS_TCP_CLOSE_WAIT;
}

int lkos_may_be_moved(const struct lkos_movable *socket)
{
	bool may;

	if (!socket->tcp)
		may = !socket->named;
	else if (socket->state == LKOS_TCP_ESTABLISHED)
		may = socket->accepted && !socket->moved && !socket->unsent &&
		      !socket->partly_read;
	else
		may = socket->state == LKOS_TCP_CLOSE;
	return may && !socket->stamps && !socket->templates ? 0 : -EINVAL;
}
