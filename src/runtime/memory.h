/* SPDX-License-Identifier: GPL-2.0-only */
/* The application's memory, read and written without the risk of a fault.
 *
 * A call whose arguments cannot be read must end as the kernel ends it, with EFAULT. So what we
 * need *before* the kernel has seen it is looked at by the kernel first; what it has just filled
 * is read directly. Never used on a path that has a budget. errno is kept. */
#ifndef LKOS_RUNTIME_MEMORY_H
#define LKOS_RUNTIME_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The page of which it was found out last, and which is not looked at again; 0: none yet. A variable of
 * one call of the application, for one of the two kinds of question. */
typedef uintptr_t lkos_known_page;

/* Can all of it be read? One system call for each page that is not known. */
bool lkos_memory_is_readable(const void *from, size_t size, lkos_known_page *page);

/* return: 0 or -EFAULT. */
static inline int lkos_memory_read(void *to, const void *from, size_t size,
				   lkos_known_page *page)
{
	if (!lkos_memory_is_readable(from, size, page))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

/* Can the kernel write to this number, which can be read, for a caller with this socket? It is left as
 * it was. */
bool lkos_memory_is_writable(int socket, unsigned int *number, lkos_known_page *page);

#endif
