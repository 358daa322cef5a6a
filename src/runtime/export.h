/* SPDX-License-Identifier: GPL-2.0-only */
/* How our C says things that the language has no word for. */
#ifndef LKOS_RUNTIME_EXPORT_H
#define LKOS_RUNTIME_EXPORT_H

/* A symbol that programs see. All else is hidden, and the version script agrees. */
#define LKOS_EXPORT __attribute__((visibility("default")))

/* A variable that files of ours share: reached directly, not through the loader's table. */
#define LKOS_INNER __attribute__((visibility("hidden")))

/* Kept apart from the fast path of its caller, so that the path needs no stack frame. */
#define LKOS_APART __attribute__((noinline))

/* Put into the fast path of its callers, whatever the compiler thinks of its size. */
#define LKOS_INLINED inline __attribute__((always_inline))

#define LKOS_LIKELY(x) __builtin_expect(!!(x), 1)
#define LKOS_UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
