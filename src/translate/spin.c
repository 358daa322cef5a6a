/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/spin.h"

#include <errno.h>
#include <stddef.h>

#include "src/translate/stdlib.h"

enum {
	SPIN_ALL,
	SPIN_UDP_RECV,
	SPIN_UDP_SEND,
	SPIN_TCP_RECV,
	SPIN_TCP_SEND,
	SPIN_TCP_ACCEPT,
	SPIN_PIPE_RECV,
	SPIN_PIPE_SEND,
	SPIN_SELECT,
	SPIN_POLL,
	SPIN_PKT_WAIT,
	SPIN_EPOLL_WAIT,
	SPIN_STACK_LOCK,
	SPIN_SOCK_LOCK,
	SPIN_SO_BUSY_POLL,
	SPIN_TCP_CONNECT,
	SPIN_MIMIC_EF_POLL,
	SPIN_MAX,
};

#define BIT(type) (1U << (type))
#define LOCKS (BIT(SPIN_STACK_LOCK) | BIT(SPIN_SOCK_LOCK))
#define AS_EF_POLL_USEC                                                                  \
	(BIT(SPIN_UDP_RECV) | BIT(SPIN_UDP_SEND) | BIT(SPIN_TCP_RECV) |                  \
	 BIT(SPIN_TCP_SEND) | BIT(SPIN_SELECT) | BIT(SPIN_POLL) | BIT(SPIN_PKT_WAIT) |   \
	 BIT(SPIN_EPOLL_WAIT) | LOCKS)

/* In this order: what is later holds, and a variable of one type holds in any case. */
static const struct {
	const char *variable;
	uint32_t mask;
} several[] = {
	{"EF_POLL_USEC", AS_EF_POLL_USEC},
	{"EF_BUZZ_USEC", LOCKS},
};

static const char *const variables[SPIN_MAX] = {
	[SPIN_UDP_RECV] = "EF_UDP_RECV_SPIN",
	[SPIN_UDP_SEND] = "EF_UDP_SEND_SPIN",
	[SPIN_TCP_RECV] = "EF_TCP_RECV_SPIN",
	[SPIN_TCP_SEND] = "EF_TCP_SEND_SPIN",
	[SPIN_TCP_ACCEPT] = "EF_TCP_ACCEPT_SPIN",
	[SPIN_PIPE_RECV] = "EF_PIPE_RECV_SPIN",
	[SPIN_PIPE_SEND] = "EF_PIPE_SEND_SPIN",
	[SPIN_SELECT] = "EF_SELECT_SPIN",
	[SPIN_POLL] = "EF_POLL_SPIN",
	[SPIN_PKT_WAIT] = "EF_PKT_WAIT_SPIN",
	[SPIN_EPOLL_WAIT] = "EF_EPOLL_SPIN",
	[SPIN_STACK_LOCK] = "EF_STACK_LOCK_BUZZ",
	[SPIN_SOCK_LOCK] = "EF_SOCK_LOCK_BUZZ",
	[SPIN_SO_BUSY_POLL] = "EF_SO_BUSY_POLL_SPIN",
	[SPIN_TCP_CONNECT] = "EF_TCP_CONNECT_SPIN",
};

uint32_t lkos_spin_at_start(char *(*get)(const char *name))
{
	uint32_t mask = 0;
	const char *value;

	for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		value = get(several[i].variable);
		if (value && strtoll(value, NULL, 10) != 0)
			mask |= several[i].mask;
	}
	for (unsigned int type = 0; type < SPIN_MAX; type++) {
		value = variables[type] ? get(variables[type]) : NULL;
		if (value)
			mask = atoi(value) ? mask | BIT(type) : mask & ~BIT(type);
	}
	return mask;
}

int lkos_spin_set(uint32_t *mask, unsigned int type, int on)
{
	uint32_t meant = BIT(type & 31);

	if (type >= SPIN_MAX)
		return -EINVAL;
	if (type == SPIN_ALL)
		meant = BIT(SPIN_MIMIC_EF_POLL) - BIT(SPIN_UDP_RECV);
	else if (type == SPIN_MIMIC_EF_POLL)
		meant = AS_EF_POLL_USEC;
	*mask = on ? *mask | meant : *mask & ~meant;
	return 0;
}
