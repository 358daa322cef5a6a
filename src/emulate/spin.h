/* SPDX-License-Identifier: GPL-2.0-only */
/* In which calls a thread would spin. Nothing spins here: the mask is kept and told. */
#ifndef LKOS_EMULATE_SPIN_H
#define LKOS_EMULATE_SPIN_H

#include <stdint.h>

/* What threads start with; nothing is taken over from the thread that makes one. */
void lkos_spin_start(uint32_t mask);

#endif
