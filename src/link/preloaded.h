/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a program that is linked with libonload_ext.a finds Onload, or what is preloaded in its place.
 *
 * The program's own functions come before those of a preloaded library, so each of them looks for
 * the next function of its name and calls that.
 *
 * source: onload/src/lib/onload_ext, measured with the library of version 1.2.0 */
#ifndef LKOS_LINK_PRELOADED_H
#define LKOS_LINK_PRELOADED_H

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

/* Is what is preloaded made for this program? It says so with its version of the API; the stub has
 * none, and takes all.
 * linked_for: major, minor and micro number of the API that the program was linked for */
static int lkos_accepted(const unsigned int *linked_for)
{
	enum { UNKNOWN, YES, NO };
	static int known;
	int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (answer == UNKNOWN) {
		const unsigned int *has = dlsym(RTLD_DEFAULT, "onload_lib_ext_version");

		answer = !has || (has[0] == linked_for[0] && has[1] >= linked_for[1])
				 ? YES
				 : NO;
		if (__atomic_exchange_n(&known, answer, __ATOMIC_RELAXED) == UNKNOWN &&
		    answer == NO)
			fprintf(stderr,
				"libonload_ext.a: linked for API %u.%u, preloaded is "
				"%u.%u; going on without it\n",
				linked_for[0], linked_for[1], has[0], has[1]);
	}
	return answer == YES;
}

/* The function to call: that of the next library which has the name, or else the program's own.
 * known: where it is kept; threads that race here store the same
 * own: the program's function by that name
 * errors: none; errno is kept */
static void *lkos_preloaded(void **known, const char *name, void *own,
			    const unsigned int *linked_for)
{
	void *next = __atomic_load_n(known, __ATOMIC_RELAXED);

	if (!next) {
		const int error = errno;

		next = lkos_accepted(linked_for) ? dlsym(RTLD_NEXT, name) : NULL;
		if (!next)
			next = own;
		__atomic_store_n(known, next, __ATOMIC_RELAXED);
		errno = error;
	}
	return next;
}

#endif
