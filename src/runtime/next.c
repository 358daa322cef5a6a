/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/next.h"

#include <dlfcn.h>

#include "src/runtime/libc.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* a missing function looks at none */

/* Two functions for each row: one before the look-up, one where it found nothing. */
#define LKOS_NEXT(ret, name, params, args, proto)                                        \
	static ret first_##name params                                                   \
	{                                                                                \
		lkos_next_resolve();                                                     \
		return lkos_next.name args;                                              \
	}                                                                                \
	static ret missing_##name params                                                 \
	{                                                                                \
		return (ret)lkos_fail(-ENOSYS);                                          \
	}
#define LKOS_NEXT_VOID(name, params, args, proto)                                        \
	LKOS_NEXT(void, name, params, args, proto)
#include LKOS_NEXT_ROWS
#undef LKOS_NEXT

/* A variadic row's own functions take its one argument plainly; the ABIs that we build for pass
 * it the same way, so the cast is only for the compiler. */
#define AS_MEMBER(name, function) ((__typeof__(lkos_next.name))(void (*)(void))(function))

struct lkos_next lkos_next = {
#define LKOS_NEXT(ret, name, params, args, proto) .name = AS_MEMBER(name, first_##name),
#include LKOS_NEXT_ROWS
#undef LKOS_NEXT
};

void lkos_next_resolve(void)
{
	const int kept = errno;
	void *found;

#define LKOS_NEXT(ret, name, params, args, proto)                                        \
	found = lkos_dlsym(RTLD_NEXT, #name);                                            \
	lkos_next.name = found ? (__typeof__(lkos_next.name))found                       \
			       : AS_MEMBER(name, missing_##name);
#include LKOS_NEXT_ROWS
	errno = kept;
}
