/* SPDX-License-Identifier: GPL-2.0-only */
/* Which stack a thread makes its sockets in: onload_set_stackname() and what follows from it.
 *
 * Suffixes are worked out anew for each socket, so they are right after fork() and setuid(). */
#ifndef LKOS_EMULATE_STACKNAME_H
#define LKOS_EMULATE_STACKNAME_H

#include <stdatomic.h>
#include <stdbool.h>

#include "src/emulate/sockets.h"
#include "src/runtime/c.h"

/* What the environment says of the names with which a process starts. */
struct lkos_stackname_start {
	const char *name;      /* EF_NAME; may be NULL */
	bool stack_per_thread; /* EF_STACK_PER_THREAD */
	bool dont_accelerate;  /* EF_DONT_ACCELERATE */
};

/* In the thread that starts the process. */
void lkos_stackname_start(const struct lkos_stackname_start *start);

/* The stack of sockets that nothing is known of: the one of the start. Constant. */
extern LKOS_HIDDEN struct lkos_stack lkos_first_stack;

/* false: every thread makes its sockets in the first stack, which has no stamps of what arrives. */
extern LKOS_HIDDEN atomic_bool lkos_making_matters;

/* The stack in which this thread makes sockets. */
struct lkos_stack lkos_current_stack(void);

bool lkos_is_same_stack(const struct lkos_stack *one, const struct lkos_stack *other);

#endif
