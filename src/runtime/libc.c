/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/libc.h"

#include <dlfcn.h>
#include <errno.h>
#include <features.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

/* glibc 2.34 moved them into libc.so.6, under a new version. Before, dlsym is in libdl.so.2, which the
 * library names as needed; and the other two in libpthread.so.0, without which no thread can be
 * cancelled. */
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
#if defined(__x86_64__) && !defined(__ILP32__)
#define OLDEST "GLIBC_2.2.5"
#elif defined(__i386__)
#define OLDEST "GLIBC_2.0"
#elif defined(__aarch64__)
#define OLDEST "GLIBC_2.17"
#endif
#endif
#ifdef OLDEST
__asm__(".symver dlsym, dlsym@" OLDEST);
__asm__(".symver pthread_testcancel, pthread_testcancel@" OLDEST);
#ifdef __i386__
__asm__(".symver pthread_getcpuclockid, pthread_getcpuclockid@GLIBC_2.2");
#else
__asm__(".symver pthread_getcpuclockid, pthread_getcpuclockid@" OLDEST);
#endif
#endif
#pragma weak pthread_testcancel
#pragma weak pthread_getcpuclockid

/* What pthread_atfork() calls; glibc alone has it. */
int __register_atfork(void (*before)(void), void (*parent)(void), void (*child)(void),
		      void *library) __attribute__((weak));

static const char many_threads;

const char *lkos_single_threaded = &many_threads;

void *lkos_dlsym(void *handle, const char *name)
{
	return dlsym(handle, name);
}

void lkos_testcancel(void)
{
	if (pthread_testcancel)
		pthread_testcancel();
}

int lkos_atfork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
	int (*atfork)(void (*)(void), void (*)(void), void (*)(void));

	if (__register_atfork)
		return __register_atfork(before, parent, child, NULL);
	atfork = (__typeof__(atfork))lkos_dlsym(RTLD_DEFAULT, "pthread_atfork");
	return atfork ? atfork(before, parent, child) : ENOSYS;
}

/* source: linux include/linux/posix-timers.h (CPUCLOCK_PID) */
pid_t lkos_thread(void)
{
	clockid_t clock;

	return pthread_getcpuclockid && pthread_getcpuclockid(pthread_self(), &clock) == 0
		       ? ~(clock >> 3)
		       : 0;
}

void lkos_libc_look_up(void)
{
	const char *found = lkos_dlsym(RTLD_DEFAULT, "__libc_single_threaded");

	if (found)
		lkos_single_threaded = found;
}
