/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's switch for stamping what arrives: one for the whole machine, on while any socket asks
 * for it, and turned a moment after the first one asks. A card stamps all that arrives.
 *
 * So where a program wants a card's stamps, the switch is held on for as long as the process lives,
 * or a child that it forked: by a TCP socket whose only trace is a mapped page. An exec drops it. */
#ifndef LKOS_RUNTIME_STAMPING_H
#define LKOS_RUNTIME_STAMPING_H

#include <stdbool.h>
#include <stdint.h>

/* Onload's setting for stamps of what arrives: 0 off, 1 where the card can, 2 and 3 by all means. */
#define LKOS_RX_TIMESTAMPING "EF_RX_TIMESTAMPING"

static inline bool lkos_rx_timestamping_is_on(int64_t value)
{
	return value >= 1 && value <= 3;
}

/* When this returns, what arrives is stamped; unless loopback, by which that is tried, is down, or
 * the kernel takes longer than a second or two, or there is no descriptor to be had. The first call of
 * a process makes some system calls, and mostly waits for some milliseconds; later ones do nothing,
 * but where nothing could be held so far. errno is kept; no point of cancellation; a signal handler
 * may call it. */
void lkos_stamping_hold(void);

#endif
