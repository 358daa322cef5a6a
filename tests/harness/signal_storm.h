/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals that another thread sends to this one, as fast as it can. The handler counts them. */
#ifndef LKOS_TESTS_HARNESS_SIGNAL_STORM_H
#define LKOS_TESTS_HARNESS_SIGNAL_STORM_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "tests/harness/probe.h"

#define STORM_ENOUGH 1000 /* handlers that shall have run before it may end */

struct storm {
	pthread_t target, sender;
	atomic_bool is_over;
};

static inline void *send_storm(void *arg)
{
	struct storm *storm = arg;

	while (!storm->is_over) {
		pthread_kill(storm->target, SIGUSR1);
		sched_yield();
	}
	return NULL;
}

static inline void begin_storm(struct storm *storm, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	MUST(sigaction(SIGUSR1, &action, NULL));
	storm->target = pthread_self();
	storm->is_over = false;
	pthread_create(&storm->sender, NULL, send_storm, storm);
}

static inline void end_storm(struct storm *storm)
{
	storm->is_over = true;
	pthread_join(storm->sender, NULL);
}

#endif
