/* SPDX-License-Identifier: GPL-2.0-only */
/* Random calls that name stacks, in four threads and a forked child, against a model of Onload's
 * rules. The model is written anew here, from the rules alone.
 *
 * Threads take turns, because one thread's call may change what another's sockets are named. After
 * each call the thread makes a socket and asks for its stack. */
#include <onload/extensions.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/harness/probe.h"

enum { THREADS = 4, DEEPEST = 64, UNTOUCHED = 4242 };

/* ---- the model */

struct setting {
	int who, scope;
	bool plain; /* set with NULL */
	char name[32];
};

struct model {
	struct setting own;
	struct setting saved[DEEPEST];
	int depth;
};

struct model_result {
	int value, err; /* err: UNTOUCHED where errno is kept */
};

static struct setting process_wide;

static const struct model_result good = {0, UNTOUCHED};

static struct model_result fails(int err)
{
	return (struct model_result){-1, err};
}

static struct model_result model_set(struct model *thread, int who, int scope,
				     const char *name)
{
	struct setting made = {.who = who, .scope = scope, .plain = !name};

	if (who != ONLOAD_THIS_THREAD && who != ONLOAD_ALL_THREADS)
		return fails(EINVAL);
	if (who == ONLOAD_THIS_THREAD && scope == ONLOAD_SCOPE_NOCHANGE)
		return fails(EINVAL);
	if (name && *name == 1)
		return fails(EINVAL);
	if (name && strlen(name) > 16)
		return fails(ENAMETOOLONG);
	if (scope < ONLOAD_SCOPE_NOCHANGE || scope > ONLOAD_SCOPE_GLOBAL)
		return fails(EINVAL);
	if (name)
		strcpy(made.name, name);
	if (who == ONLOAD_ALL_THREADS && scope != ONLOAD_SCOPE_NOCHANGE)
		process_wide = made;
	thread->own = made;
	return good;
}

static struct model_result model_save(struct model *thread)
{
	thread->saved[thread->depth++] =
		thread->own.scope == ONLOAD_SCOPE_NOCHANGE ? process_wide : thread->own;
	return good;
}

static struct model_result model_restore(struct model *thread)
{
	const struct setting *saved;

	if (thread->depth == 0)
		return (struct model_result){-EINVAL, UNTOUCHED};
	saved = &thread->saved[--thread->depth];
	return model_set(thread, saved->who, saved->scope,
			 saved->plain ? NULL : saved->name);
}

/* The name that a socket's stack now has, or "(plain)". */
static void model_name(const struct model *thread, char *text, size_t room)
{
	const bool follows = thread->own.who == ONLOAD_ALL_THREADS;
	const struct setting *now = follows ? &process_wide : &thread->own;

	if (now->plain)
		snprintf(text, room, "(plain)");
	else if (now->scope == ONLOAD_SCOPE_THREAD &&
		 (!follows || thread->own.scope == ONLOAD_SCOPE_THREAD))
		snprintf(text, room, "%s-t%ld", now->name, syscall(SYS_gettid));
	else if (now->scope == ONLOAD_SCOPE_PROCESS)
		snprintf(text, room, "%s-p%d", now->name, (int)getpid());
	else if (now->scope == ONLOAD_SCOPE_USER)
		snprintf(text, room, "%s-u%u", now->name, getuid());
	else
		snprintf(text, room, "%s", now->name);
}

/* ---- the calls */

static const char *const names[] = {
	"a", "trading", "", "0123456789abcdef", "0123456789abcdefg", "\1bad", NULL,
};

static uint64_t pick_state;

static int pick(int below)
{
	pick_state = pick_state * 6364136223846793005 + 1442695040888963407;
	return (int)((pick_state >> 33) % (uint64_t)below);
}

static int differences, calls_made;

static void compare(const char *what, long got, long wanted)
{
	if (got != wanted && ++differences <= 5)
		fact("after %d calls, %s=%ld, and not %ld", calls_made, what, got,
		     wanted);
}

/* Now and then a stack's number, too: the same for the same name. */
static void compare_socket(const struct model *thread)
{
	char wanted[64];
	struct onload_stat stat;
	const int fd = fresh_socket(family_named(pick(2) ? "udp4" : "tcp6"));
	const bool is_named = onload_fd_stat(fd, &stat) == 1;

	model_name(thread, wanted, sizeof(wanted));
	if (strcmp(is_named ? stat.stack_name : "(plain)", wanted) != 0 &&
	    ++differences <= 5)
		fact("after %d calls, stack=%s, and not %s", calls_made,
		     is_named ? stat.stack_name : "(plain)", wanted);
	if (is_named)
		free(stat.stack_name);
	close(fd);
}

static void call_once(struct model *thread)
{
	struct model_result wanted;
	const char *what, *name;
	int got, err, who, scope;

	errno = UNTOUCHED;
	switch (thread->depth < DEEPEST ? pick(8) : 0) {
	case 0:
	case 1:
		what = "onload_stackname_restore()";
		got = onload_stackname_restore();
		err = errno;
		wanted = model_restore(thread);
		break;
	case 2:
	case 3:
		what = "onload_stackname_save()";
		got = onload_stackname_save();
		err = errno;
		wanted = model_save(thread);
		break;
	default:
		what = "onload_set_stackname()";
		/* mostly those that are right */
		who = pick(20) ? pick(2) : pick(5) - 2;
		scope = pick(20) ? pick(5) : pick(9) - 2;
		name = names[pick((int)COUNT(names))];
		errno = UNTOUCHED;
		got = onload_set_stackname((enum onload_stackname_who)who,
					   (enum onload_stackname_scope)scope, name);
		err = errno;
		wanted = model_set(thread, who, scope, name);
	}
	calls_made++;
	compare(what, got, wanted.value);
	compare("errno", err, wanted.err);
	compare_socket(thread);
}

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* As a thread starts. */
static const struct model at_start = {
	.own = {.who = ONLOAD_ALL_THREADS, .scope = ONLOAD_SCOPE_GLOBAL},
};

struct job {
	pthread_t thread;
	struct model model;
	int calls;
	bool forks; /* half way */
};

static void *make_calls(void *arg)
{
	struct job *job = arg;

	for (int i = 0; i < job->calls; i++) {
		pid_t child = -1;

		pthread_mutex_lock(&turn);
		if (job->forks && i == job->calls / 2)
			child = (pid_t)MUST(fork());
		call_once(&job->model);
		if (child == 0) {
			/* alone, with its parent's state */
			while (++i < job->calls)
				call_once(&job->model);
			_exit(differences > 254 ? 254 : differences);
		}
		pthread_mutex_unlock(&turn);
		if (child > 0) {
			const int in_child = finish(child);

			pthread_mutex_lock(&turn);
			differences += in_child;
			pthread_mutex_unlock(&turn);
		}
	}
	return NULL;
}

/* SEED CALLS: so many calls in all threads, and more in the child. */
static void model(char **args)
{
	struct job jobs[THREADS];

	pick_state = strtoull(args[0], NULL, 10);
	process_wide = at_start.own;
	for (int i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){
			.model = at_start,
			.calls = atoi(args[1]) / THREADS,
			.forks = i == 1,
		};
		pthread_create(&jobs[i].thread, NULL, make_calls, &jobs[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(jobs[i].thread, NULL);
	fact("calls=%d", calls_made);
	fact("different=%d", differences);
}

const struct scenario scenarios[] = {
	{"model", model},
	{NULL, NULL},
};
