/* SPDX-License-Identifier: GPL-2.0-only */
/* The one lock of all that the emulation keeps for a process.
 *
 * It is taken with every signal blocked, so a signal handler may make any call of the emulation, and
 * held over no callback and no call that can block. It is consistent over fork().
 * errno is kept. */
#ifndef LKOS_EMULATE_LOCK_H
#define LKOS_EMULATE_LOCK_H

#include <stdint.h>

/* Blocks every signal, also those that libc keeps back to cancel threads and to change users.
 * return: those that were blocked before, for the other function. */
uint64_t lkos_signals_block(void);
void lkos_signals_restore(uint64_t signals);

/* return: the signals that were blocked before, for the other function. */
uint64_t lkos_lock(void);
void lkos_unlock(uint64_t signals);

/* fork() in any thread waits for the lock from here on. Without memory for that it does not. */
void lkos_lock_over_fork(void);

#endif
