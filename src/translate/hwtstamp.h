/* SPDX-License-Identifier: GPL-2.0-only */
/* How a card is told to stamp (SIOCSHWTSTAMP), for devices that cannot.
 *
 * Pure. errno is not touched.
 * source: linux net/core/dev_ioctl.c (net_hwtstamp_validate) */
#ifndef LKOS_TRANSLATE_HWTSTAMP_H
#define LKOS_TRANSLATE_HWTSTAMP_H

#include <linux/net_tstamp.h>

/* A configuration that a card which can do all would accept, in so many bits. */
#define LKOS_HWTSTAMP_BITS 7

/* return: 0, and the configuration in *packed; -EINVAL for flags and -ERANGE for a type of sending
 * or a filter that Linux 6.18 does not know. */
int lkos_hwtstamp_pack(const struct hwtstamp_config *config, unsigned int *packed);

/* What was packed. 0 is how a card starts: nothing is stamped. */
struct hwtstamp_config lkos_hwtstamp_unpack(unsigned int packed);

#endif
