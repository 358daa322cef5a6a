/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of stacks: the process's, and a thread's copy once it has set one. */
#ifndef LKOS_EMULATE_STACK_OPTIONS_H
#define LKOS_EMULATE_STACK_OPTIONS_H

#include <stdint.h>

/* Takes the options from the environment, a list of NAME=value. NULL: from nowhere. */
void lkos_stack_options_start(char **environment);

/* The value of an int option that there is, as it holds for this thread. */
int64_t lkos_stack_option_in_force(const char *name);

#endif
