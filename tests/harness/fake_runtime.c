/* SPDX-License-Identifier: GPL-2.0-only */
/* What src/interpose/ needs of src/runtime/ beside the descriptors, files and devices: the next symbols,
 * which are libc's until a test puts its own there; a log that says nothing; memory that is trusted; and
 * no kernel that would have to begin to stamp. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "src/runtime/libc.h"
#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/runtime/stamping.h"

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
	lkos_libc_look_up();
}

void lkos_log(const char *format, ...)
{
	(void)format;
}

bool lkos_memory_is_readable(const void *from, size_t size, lkos_known_page *page)
{
	(void)page;
	return from || size == 0;
}

bool lkos_memory_is_writable(int socket, unsigned int *number, lkos_known_page *page)
{
	(void)socket;
	(void)page;
	return number;
}

void lkos_stamping_hold(void)
{
}
