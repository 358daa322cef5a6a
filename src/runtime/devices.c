/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/devices.h"

#include <stdatomic.h>
#include <stddef.h>

/* An entry is one word, from its lowest bit: the setup, the network, the device's index. Cookies of
 * networks are counted up: two that agree in so many bits were made 33 million networks apart. */
#define SETUP_BITS 8
#define NETWORK_BITS 25

#define MASK(bits) ((UINT64_C(1) << (bits)) - 1)

#define DEVICES 64

static _Atomic uint64_t entries[DEVICES]; /* 0: empty, and so are all behind it */

/* An entry without its setup. Never 0, because no index is. */
static uint64_t name_of(const struct lkos_device *device)
{
	return ((uint64_t)device->index << NETWORK_BITS |
		(device->network & MASK(NETWORK_BITS)))
	       << SETUP_BITS;
}

static uint64_t name_in(uint64_t entry)
{
	return entry & ~MASK(SETUP_BITS);
}

void lkos_device_keep(const struct lkos_device *device, unsigned int setup)
{
	const uint64_t name = name_of(device), fresh = name | (setup & MASK(SETUP_BITS));

	for (size_t i = 0; i < DEVICES; i++) {
		uint64_t seen = atomic_load(&entries[i]);

		while (seen == 0 || name_in(seen) == name) {
			if (atomic_compare_exchange_weak(&entries[i], &seen, fresh))
				return;
		}
	}
	atomic_store(&entries[(unsigned int)device->index % DEVICES], fresh);
}

unsigned int lkos_device_kept(const struct lkos_device *device)
{
	for (size_t i = 0; i < DEVICES; i++) {
		const uint64_t seen = atomic_load(&entries[i]);

		if (name_in(seen) == name_of(device))
			return (unsigned int)(seen & MASK(SETUP_BITS));
	}
	return 0;
}
