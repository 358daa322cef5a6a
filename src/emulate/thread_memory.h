/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of a thread, for what it keeps between calls. It is mapped, not from malloc, so that it can
 * be had in a signal handler, and it ends with the thread. */
#ifndef LKOS_EMULATE_THREAD_MEMORY_H
#define LKOS_EMULATE_THREAD_MEMORY_H

#include <stddef.h>

#include "src/runtime/c.h"

/* A variable of each thread that is found without the loader, which may allocate. */
#define LKOS_OF_THREAD static __thread __attribute__((tls_model("initial-exec")))

/* Before the first thread asks for memory. */
void lkos_thread_memory_start(void);

/* Zeroed memory, which *owner then points at, until it is given back or the thread ends: then *owner
 * is NULL. NULL: there is none. The lock is held. */
void *lkos_thread_memory_take(size_t size, void **owner);

/* Gives it back; NULL is none. The owner may have got other memory meanwhile. The lock is held. */
void lkos_thread_memory_give(void *memory);

#endif
