/* SPDX-License-Identifier: GPL-2.0-only */
/* A fact about a call of an extension: its value, and errno where the call set it. */
#ifndef LKOS_TESTS_HARNESS_SAY_H
#define LKOS_TESTS_HARNESS_SAY_H

#include <errno.h>
#include <string.h>

#include "tests/harness/probe.h"

#define UNTOUCHED 4242 /* no errno */

#define SAY(call) SAY_AS(#call, call)
#define SAY_AS(words, call)                                                              \
	do {                                                                             \
		errno = UNTOUCHED;                                                       \
		say_answer(words, (long)(call));                                         \
	} while (0)

static inline void say_answer(const char *call, long value)
{
	const int err = errno;

	if (err == UNTOUCHED)
		fact("%s=%ld", call, value);
	else
		fact("%s=%ld, %s", call, value, strerrorname_np(err));
}

#endif
