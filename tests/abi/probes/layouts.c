/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes, alignments, offsets, enumerators and constants are those of the table, on the machine
 * that this is compiled for. Compiling it is the test; layouts_run.c has what must run. */
#include <stddef.h>

#include "generated/onload_api.h"

#if defined(__x86_64__) && defined(__LP64__)
#define HERE(x86_64, i386, aarch64) (x86_64)
#elif defined(__i386__)
#define HERE(x86_64, i386, aarch64) (i386)
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
#define HERE(x86_64, i386, aarch64) (aarch64)
#else
#error "the table has no column for this machine"
#endif

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define IS(what, expression, value)                                                      \
	_Static_assert((expression) == (value), what " must be " TEXT(value));

#define LKOS_SIZE(type, ...) IS("sizeof(" #type ")", sizeof(type), HERE(__VA_ARGS__))
#define LKOS_ALIGN(type, ...)                                                            \
	IS("the alignment of " #type, _Alignof(type), HERE(__VA_ARGS__))
#define LKOS_FIELD(type, member, ...)                                                    \
	IS("the offset of " #type " ." #member, offsetof(type, member), HERE(__VA_ARGS__))
#define LKOS_BITS(type, member, ...)
#define LKOS_ENUM(type) IS("sizeof(" #type ")", sizeof(type), 4)
#define LKOS_CONSTANT(name, value) IS(#name, name, value)
#define LKOS_POINTER_CONSTANT(name, value)
#include "generated/layout_asserts.inc"
