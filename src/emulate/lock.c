/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/lock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/runtime/libc.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t blocked_over_fork; /* of the thread that forks; guarded by the lock */

/* This thread holds the lock over fork(), in which other libraries' handlers may call us. */
static __thread __attribute__((tls_model("initial-exec"))) bool forks;

/* By number, or libc would keep some back. */
static uint64_t change_signals(int how, uint64_t signals)
{
	const int kept = errno;
	uint64_t before = 0;

	syscall(SYS_rt_sigprocmask, how, &signals, &before, sizeof(before));
	errno = kept;
	return before;
}

uint64_t lkos_signals_block(void)
{
	return change_signals(SIG_BLOCK, UINT64_MAX);
}

void lkos_signals_restore(uint64_t signals)
{
	change_signals(SIG_SETMASK, signals);
}

uint64_t lkos_lock(void)
{
	const uint64_t before = lkos_signals_block();

	if (!forks)
		pthread_mutex_lock(&lock);
	return before;
}

void lkos_unlock(uint64_t signals)
{
	if (!forks)
		pthread_mutex_unlock(&lock);
	lkos_signals_restore(signals);
}

static void before_fork(void)
{
	const uint64_t before = lkos_lock();

	blocked_over_fork = before;
	forks = true;
}

static void after_fork(void)
{
	forks = false;
	lkos_unlock(blocked_over_fork);
}

void lkos_lock_over_fork(void)
{
	lkos_atfork(before_fork, after_fork, after_fork);
}
