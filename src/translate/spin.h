/* SPDX-License-Identifier: GPL-2.0-only */
/* In which calls a thread of Onload's spins: a mask with the bit 1 << type of enum onload_spin_type.
 *
 * source: onload src/lib/transport/unix/onload_ext_intercept.c */
#ifndef LKOS_TRANSLATE_SPIN_H
#define LKOS_TRANSLATE_SPIN_H

#include <stdint.h>

/* What a thread starts with. get: as secure_getenv(). */
uint32_t lkos_spin_at_start(char *(*get)(const char *name));

/* Sets or clears what a type stands for. return: 0 or -EINVAL. */
int lkos_spin_set(uint32_t *mask, unsigned int type, int on);

#endif
