/* SPDX-License-Identifier: GPL-2.0-only */
/* What src/interpose/ needs of src/runtime/ beside the records: the next symbols, which are
 * libc's until a test puts its own there; a log that says nothing; memory that is trusted. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"

struct lkos_next lkos_next;

bool lkos_log_is_on;

/* Before anything calls what is interposed in this program: the program does so itself. */
__attribute__((constructor(101))) static void find_next(void)
{
#define LKOS_NEXT(ret, name, params, args, proto)                                        \
	LKOS_NEXT_VOID(name, params, args, proto)
#define LKOS_NEXT_VOID(name, params, args, proto)                                        \
	lkos_next.name = (__typeof__(lkos_next.name))dlsym(RTLD_NEXT, #name);
#include "generated/next_symbols.inc"
#undef LKOS_NEXT
#undef LKOS_NEXT_VOID
}

void lkos_log(const char *format, ...)
{
	(void)format;
}

bool lkos_memory_is_readable(const void *from, size_t size)
{
	return from || size == 0;
}

int lkos_memory_read(void *to, const void *from, size_t size)
{
	if (!lkos_memory_is_readable(from, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}
