/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that is put together piece by piece in a buffer, and cut at its end. */
#ifndef LKOS_TESTS_HARNESS_TEXT_H
#define LKOS_TESTS_HARNESS_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct text { /* being written */
	char *at, *end;
};

__attribute__((format(printf, 2, 3))) static inline void add(struct text *text,
							     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->at += vsnprintf(text->at, (size_t)(text->end - text->at), format, args);
	va_end(args);
	if (text->at >= text->end)
		text->at = text->end - 1;
}

#endif
