/* SPDX-License-Identifier: GPL-2.0-only */
/* What not every libc has: one build of the library starts with each glibc from 2.17 on, and the sources
 * compile with each. A function that a newer glibc has given a new version is asked for by its oldest;
 * what older ones lack is looked up.
 *
 * source: glibc's Versions files, and `objdump -T` of its libraries */
#ifndef LKOS_RUNTIME_LIBC_H
#define LKOS_RUNTIME_LIBC_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "src/runtime/c.h"

/* Option numbers of Linux 5.1, on all machines but PA-RISC and SPARC. */
#ifndef SO_TIMESTAMPING_OLD
#define SO_TIMESTAMPING_OLD 37
#define SO_TIMESTAMPING_NEW 65
#endif

void *lkos_dlsym(void *handle, const char *name);

/* A cancellation point. */
void lkos_testcancel(void);

/* pthread_atfork(), which each glibc links into its callers from another library. return: 0 or an
 * errno. */
int lkos_atfork(void (*before)(void), void (*parent)(void), void (*child)(void));

/* The kernel's number of the calling thread, as libc has it; in a vfork child it is the parent's. 0: libc
 * does not tell, or lkos_libc_look_up() has not run. No system call. */
pid_t lkos_thread(void);

/* Whether this process has one thread only; false where libc does not tell (until glibc 2.32), and
 * before lkos_libc_look_up(). */
extern LKOS_HIDDEN const char *lkos_single_threaded;

static inline bool lkos_is_single_threaded(void)
{
	return *lkos_single_threaded;
}

void lkos_libc_look_up(void);

#endif
