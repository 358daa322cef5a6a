/* SPDX-License-Identifier: GPL-2.0-only */
/* For calls that set a test up: what they need is there, or the program ends with status 2. */
#ifndef LKOS_TESTS_ROBUST_MUST_H
#define LKOS_TESTS_ROBUST_MUST_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline long must(long result, const char *what)
{
	if (result == -1) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		fflush(NULL);
		_exit(2);
	}
	return result;
}

#define MUST(call) must((long)(call), #call)

#endif
