/* SPDX-License-Identifier: GPL-2.0-only */
/* Attributes of the compiler by short names, and the only place where errno is set: internal
 * functions return a negative errno instead. */
#ifndef LKOS_RUNTIME_C_H
#define LKOS_RUNTIME_C_H

#include <errno.h>

#define LKOS_EXPORT                                                                      \
	__attribute__((visibility("default")))            /* a symbol that programs see */
#define LKOS_HIDDEN __attribute__((visibility("hidden"))) /* reached without the GOT */
#ifdef __clang__
#define LKOS_NOINLINE __attribute__((noinline)) /* the caller then needs no stack frame */
#else
#define LKOS_NOINLINE __attribute__((noinline, noclone)) /* nor other registers */
#endif
#define LKOS_ALWAYS_INLINE inline __attribute__((always_inline))
#define LKOS_LIKELY(x) __builtin_expect(!!(x), 1)
#define LKOS_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Sets errno to -negative_errno and returns -1, as a libc call that failed does. */
static inline int lkos_fail(int negative_errno)
{
	errno = -negative_errno;
	return -1;
}

#endif
