/* SPDX-License-Identifier: GPL-2.0-only */
/* How the emulation starts: by its constructor, or at the first call that an earlier constructor
 * makes. */
#ifndef LKOS_EMULATE_START_H
#define LKOS_EMULATE_START_H

#include <stdatomic.h>
#include <stdbool.h>

#include "src/runtime/c.h"

enum lkos_emulation { LKOS_EMULATION_NOT_STARTED, LKOS_EMULATION_OFF, LKOS_EMULATION_ON };

extern LKOS_HIDDEN atomic_int lkos_emulation;

/* Starts it if it has not been. return: is it on? */
bool lkos_emulation_start(void);

/* false: the stub is not behind us, so all is left to the next library. */
static inline bool lkos_emulation_is_on(void)
{
	const int now = atomic_load_explicit(&lkos_emulation, memory_order_acquire);

	return LKOS_UNLIKELY(now == LKOS_EMULATION_NOT_STARTED) ? lkos_emulation_start()
								: now == LKOS_EMULATION_ON;
}

/* The same, for a function of Onload's that the program has called. */
bool lkos_emulation_answers(void);

/* The next library's function of that name, or NULL. errno is kept. */
void *lkos_symbol_behind(const char *name);

#endif
