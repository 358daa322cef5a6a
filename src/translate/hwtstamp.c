/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/hwtstamp.h"

#include <errno.h>

/* Each as many as its bits can tell. By number, since not everybody has a header that new. */
#define FLAGS_BITS 1  /* HWTSTAMP_FLAG_BONDED_PHC_INDEX */
#define TX_BITS 2     /* up to HWTSTAMP_TX_ONESTEP_P2P */
#define FILTER_BITS 4 /* up to HWTSTAMP_FILTER_NTP_ALL */

#define MASK(bits) ((1U << (bits)) - 1)

_Static_assert(FLAGS_BITS + TX_BITS + FILTER_BITS == LKOS_HWTSTAMP_BITS,
	       "one configuration");

int lkos_hwtstamp_pack(const struct hwtstamp_config *config, unsigned int *packed)
{
	const unsigned int flags = (unsigned int)config->flags;
	const unsigned int tx = (unsigned int)config->tx_type;
	const unsigned int filter = (unsigned int)config->rx_filter;

	if (flags > MASK(FLAGS_BITS))
		return -EINVAL;
	if (tx > MASK(TX_BITS) || filter > MASK(FILTER_BITS))
		return -ERANGE;
	*packed = (flags << TX_BITS | tx) << FILTER_BITS | filter;
	return 0;
}

struct hwtstamp_config lkos_hwtstamp_unpack(unsigned int packed)
{
	return (struct hwtstamp_config){
		.flags = (int)(packed >> FILTER_BITS >> TX_BITS & MASK(FLAGS_BITS)),
		.tx_type = (int)(packed >> FILTER_BITS & MASK(TX_BITS)),
		.rx_filter = (int)(packed & MASK(FILTER_BITS)),
	};
}
