/* SPDX-License-Identifier: GPL-2.0-only */
/* The application's memory, read and written without the risk of a fault.
 *
 * A call whose arguments cannot be read must end as the kernel ends it, with EFAULT, so the
 * arguments that we need *before* the kernel has seen them are copied by the kernel. What it has
 * just filled is read directly. One system call each; never used on a path that has a budget.
 * return: 0 or -EFAULT. errno is kept.
 * source: process_vm_readv(2) */
#ifndef LKOS_RUNTIME_MEMORY_H
#define LKOS_RUNTIME_MEMORY_H

#include <stddef.h>

int lkos_memory_read(void *to, const void *from, size_t size);
int lkos_memory_write(void *to, const void *from, size_t size);

#endif
