/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/spin.h"

#include <stdbool.h>

#include "generated/onload_emulated.h"
#include "src/emulate/lock.h"
#include "src/emulate/thread_memory.h"
#include "src/translate/spin.h"

static uint32_t at_start; /* constant after the start */
LKOS_OF_THREAD uint32_t of_thread;
LKOS_OF_THREAD bool thread_has_begun; /* false: of_thread is not filled in yet */

void lkos_spin_start(uint32_t mask)
{
	at_start = mask;
}

static uint32_t *own_mask(void)
{
	if (!thread_has_begun) {
		of_thread = at_start;
		thread_has_begun = true;
	}
	return &of_thread;
}

/* Signals are blocked, so that a handler's own call comes before or after. */
int lkos_emulated_onload_thread_set_spin(enum onload_spin_type type, int spin)
{
	const uint64_t signals = lkos_signals_block();
	const int err = lkos_spin_set(own_mask(), (unsigned int)type, spin);

	lkos_signals_restore(signals);
	return err;
}

int lkos_emulated_onload_thread_get_spin(unsigned *state)
{
	const uint64_t signals = lkos_signals_block();
	const uint32_t mask = *own_mask();

	lkos_signals_restore(signals);
	*state = mask;
	return 0;
}
