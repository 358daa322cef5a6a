/* SPDX-License-Identifier: GPL-2.0-only */
/* The descriptors that this thread has open, which is mostly: the process. By system calls, so that
 * it is neither seen by other libraries nor a cancellation point. errno is kept. */
#ifndef LKOS_EMULATE_OPEN_DESCRIPTORS_H
#define LKOS_EMULATE_OPEN_DESCRIPTORS_H

#include <stdbool.h>

/* Calls visit for each, until it returns false. return: false where they cannot be listed, for want
 * of /proc or of a descriptor. */
bool lkos_each_descriptor(bool (*visit)(int fd, void *arg), void *arg);

/* The number that a text is, of digits only; -1: it is none. */
int lkos_number_of(const char *text);

#endif
