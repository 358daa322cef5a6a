/* SPDX-License-Identifier: GPL-2.0-only */
/* How the program set up the stamping of each network device, to be read back.
 *
 * Kept for the process: a forked child starts with what its parent had, and neither sees what the
 * other sets later. 64 devices; of more, one takes another's place, which then is as if it had not
 * been set. No locks; a signal handler may call these. errno is kept. */
#ifndef LKOS_RUNTIME_DEVICES_H
#define LKOS_RUNTIME_DEVICES_H

#include <stdint.h>

/* A device's index is its own until the machine restarts, within its network. */
struct lkos_device {
	uint64_t network; /* cookie of the network namespace; 0 before Linux 5.14 */
	int index;        /* at least 1 */
};

/* setup: a number of up to 8 bits. */
void lkos_device_keep(const struct lkos_device *device, unsigned int setup);

/* 0 for a device that was not set up. */
unsigned int lkos_device_kept(const struct lkos_device *device);

#endif
