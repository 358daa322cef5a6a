/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptor numbers, as users and the kernel write them. */
#ifndef LKOS_RUNTIME_NUMBER_H
#define LKOS_RUNTIME_NUMBER_H

#include <limits.h>

/* A whole decimal number from 0 to INT_MAX, or -1. strtol would also take blanks and signs, and
 * looking it up in libc would be a part of what a program's start costs. */
static inline int lkos_descriptor_number(const char *text)
{
	long long number = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9' && number <= INT_MAX; at++)
		number = number * 10 + (*at - '0');
	return at != text && *at == '\0' && number <= INT_MAX ? (int)number : -1;
}

#endif
