/* SPDX-License-Identifier: GPL-2.0-only */
/* The application's memory, read without the risk of a fault.
 *
 * A call whose arguments cannot be read must end as the kernel ends it, with EFAULT. So what we
 * need *before* the kernel has seen it is looked at by the kernel first; what it has just filled
 * is read directly. One system call for each page; never used on a path that has a budget. */
#ifndef LKOS_RUNTIME_MEMORY_H
#define LKOS_RUNTIME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Can all of it be read? errno is kept. */
bool lkos_memory_is_readable(const void *from, size_t size);

/* return: 0 or -EFAULT. errno is kept. */
int lkos_memory_read(void *to, const void *from, size_t size);

#endif
