/* SPDX-License-Identifier: GPL-2.0-only */
/* The one door to errno: inner functions return a negative errno, exported ones say it here. */
#ifndef LKOS_RUNTIME_ERRORS_H
#define LKOS_RUNTIME_ERRORS_H

#include <errno.h>

/* Sets errno to -negative_errno and gives -1, the answer that a libc call owes its caller. */
static inline int lkos_fail(int negative_errno)
{
	errno = -negative_errno;
	return -1;
}

#endif
