/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that names its stacks. */
#include <onload/extensions.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

#define SCOPED_NAME_ROOM 64

/* The name of fd's stack, with T, P or U for the numbers of this thread, process and user; "(plain)"
 * for a socket that is not accelerated. Good until some calls later. */
static const char *stack_of(int fd)
{
	static __thread char texts[8][SCOPED_NAME_ROOM];
	static __thread unsigned int turn;
	char *text = texts[turn++ % COUNT(texts)];
	struct onload_stat stat;
	const struct {
		char letter;
		long number;
	} own[] = {{'t', syscall(SYS_gettid)}, {'p', getpid()}, {'u', getuid()}};

	if (onload_fd_stat(fd, &stat) != 1)
		return "(plain)";
	snprintf(text, sizeof(texts[0]), "%s", stat.stack_name);
	for (size_t i = 0; i < COUNT(own); i++) {
		char suffix[SCOPED_NAME_ROOM];
		char *at;

		snprintf(suffix, sizeof(suffix), "-%c%ld", own[i].letter, own[i].number);
		at = strstr(text, suffix);
		if (at && at[strlen(suffix)] == '\0')
			snprintf(at, 4, "-%c%c", own[i].letter, own[i].letter - 'a' + 'A');
	}
	free(stat.stack_name);
	return text;
}

/* The stack of a socket that is made now. */
static const char *stack_now(void)
{
	const int fd = fresh_socket(family_named("udp4"));
	const char *name = stack_of(fd);

	close(fd);
	return name;
}

static void set(enum onload_stackname_who who, enum onload_stackname_scope scope,
		const char *name)
{
	MUST(onload_set_stackname(who, scope, name));
}

/* ---- threads that do what they are told, one after the other */

struct worker {
	pthread_t thread;
	pthread_barrier_t told, done;
	void (*work)(void);
};

static void *wait_for_work(void *arg)
{
	struct worker *worker = arg;

	for (;;) {
		pthread_barrier_wait(&worker->told);
		if (!worker->work)
			return NULL;
		worker->work();
		pthread_barrier_wait(&worker->done);
	}
}

static void hire(struct worker *worker)
{
	pthread_barrier_init(&worker->told, NULL, 2);
	pthread_barrier_init(&worker->done, NULL, 2);
	pthread_create(&worker->thread, NULL, wait_for_work, worker);
}

static void tell(struct worker *worker, void (*work)(void))
{
	worker->work = work;
	pthread_barrier_wait(&worker->told);
	if (work)
		pthread_barrier_wait(&worker->done);
	else
		pthread_join(worker->thread, NULL);
}

static void say_other(void)
{
	fact("other thread=%s", stack_now());
}

static void set_own(void)
{
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "own");
	say_other();
}

static void say_new_thread(void)
{
	struct worker worker;

	hire(&worker);
	tell(&worker, say_other);
	tell(&worker, NULL);
}

/* ---- scenarios */

static void presence(char **args)
{
	(void)args;
	SAY(onload_is_present());
}

static void errors(char **args)
{
	const enum onload_stackname_who bad_who = (enum onload_stackname_who)2;
	const enum onload_stackname_scope bad_scope = (enum onload_stackname_scope)5;

	(void)args;
	SAY(onload_set_stackname(bad_who, ONLOAD_SCOPE_GLOBAL, "foo"));
	SAY(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_NOCHANGE, "foo"));
	SAY(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "\1foo"));
	SAY(onload_set_stackname(ONLOAD_THIS_THREAD, bad_scope, "0123456789abcdefg"));
	SAY(onload_set_stackname(ONLOAD_THIS_THREAD, bad_scope, "0123456789abcdef"));
	SAY(onload_set_stackname(ONLOAD_THIS_THREAD, bad_scope, NULL));
	SAY(onload_set_stackname(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_NOCHANGE, "\1"));
	fact("stack=%s", stack_now());
	SAY(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL,
				 "0123456789abcdef"));
	fact("stack=%s", stack_now());
}

/* Each scope, and each kind of descriptor in it. */
static void scopes(char **args)
{
	static const char *const families[] = {"tcp4", "tcp6", "udp4", "udp6"};

	(void)args;
	for (int who = ONLOAD_THIS_THREAD; who <= ONLOAD_ALL_THREADS; who++) {
		for (int scope = ONLOAD_SCOPE_THREAD; scope <= ONLOAD_SCOPE_GLOBAL;
		     scope++) {
			set((enum onload_stackname_who)who,
			    (enum onload_stackname_scope)scope, "foo");
			for (size_t i = 0; i < COUNT(families); i++) {
				const int fd = fresh_socket(family_named(families[i]));

				fact("who %d, scope %d, %s=%s", who, scope, families[i],
				     stack_of(fd));
				close(fd);
			}
		}
	}
}

static void say_kind(const char *kind, int fd)
{
	fact("%s=%s", kind, stack_of(fd));
}

static void other_kinds(char **args)
{
	int ends[2];

	(void)args;
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "foo");
	say_kind("unix", fresh_socket(family_named("unix_stream")));
	MUST(pipe(ends));
	say_kind("pipe", ends[0]);
	say_kind("epoll", epoll_create1(0));
	say_kind("file", STDOUT_FILENO);
	say_kind("raw", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	say_kind("closed", 999);
	say_kind("negative", -1);
}

/* A name of NULL in each scope, for this thread and for all. */
static void plain(char **args)
{
	struct worker worker;

	(void)args;
	hire(&worker);
	for (int who = ONLOAD_THIS_THREAD; who <= ONLOAD_ALL_THREADS; who++) {
		for (int scope = ONLOAD_SCOPE_THREAD; scope <= ONLOAD_SCOPE_GLOBAL;
		     scope++) {
			set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "foo");
			set((enum onload_stackname_who)who,
			    (enum onload_stackname_scope)scope, ONLOAD_DONT_ACCELERATE);
			fact("who %d, scope %d=%s", who, scope, stack_now());
			tell(&worker, say_other);
		}
	}
	tell(&worker, NULL);
}

static void who(char **args)
{
	struct worker worker;

	(void)args;
	hire(&worker);
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "mine");
	fact("this thread's=%s", stack_now());
	tell(&worker, say_other);
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_PROCESS, "all");
	fact("all threads'=%s", stack_now());
	tell(&worker, say_other);
	say_new_thread();
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_THREAD, "each");
	fact("all threads', by thread=%s", stack_now());
	tell(&worker, say_other);
	tell(&worker, set_own);
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "later");
	fact("all threads', later=%s", stack_now());
	tell(&worker, say_other);
	tell(&worker, NULL);
}

static void nochange(char **args)
{
	(void)args;
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_PROCESS, "all");
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "mine");
	fact("own=%s", stack_now());
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_NOCHANGE, NULL);
	fact("followed again=%s", stack_now());
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "mine");
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_NOCHANGE, "ignored");
	fact("name ignored=%s", stack_now());
	SAY(onload_stackname_save());
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "mine");
	SAY(onload_stackname_restore());
	fact("saved is the process-wide one=%s", stack_now());
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_NOCHANGE, NULL);
	MUST(onload_stackname_save());
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_PROCESS, "later");
	MUST(onload_stackname_restore());
	fact("as it was when saved=%s", stack_now());
}

/* As deep as wanted, the newest first. */
static void saves(char **args)
{
	enum { DEPTH = 1000 };
	char name[16];
	int right = 0;

	(void)args;
	SAY(onload_stackname_restore());
	for (int i = 0; i < DEPTH; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, name);
		if (onload_stackname_save() != 0)
			break;
	}
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "top");
	for (int i = DEPTH; i-- > 0;) {
		snprintf(name, sizeof(name), "n%d", i);
		right += onload_stackname_restore() == 0 && strcmp(stack_now(), name) == 0;
	}
	fact("restored in turn=%d", right);
	SAY(onload_stackname_restore());
	fact("left as it was=%s", stack_now());
}

static void restores(char **args)
{
	struct worker worker;

	(void)args;
	hire(&worker);
	SAY(onload_stackname_save());
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_PROCESS, "all");
	tell(&worker, say_other);
	SAY(onload_stackname_restore());
	fact("untouched again=%s", stack_now());
	tell(&worker, say_other);
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, ONLOAD_DONT_ACCELERATE);
	SAY(onload_stackname_save());
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "mine");
	SAY(onload_stackname_restore());
	fact("null restored=%s", stack_now());
	tell(&worker, NULL);
}

/* What a child of fork() says. */
static void in_child(const char *what)
{
	const pid_t child = (pid_t)MUST(fork());

	if (child == 0) {
		fact("%s, in the child=%s", what, stack_now());
		exit(0);
	}
	finish(child);
}

static void forks(char **args)
{
	(void)args;
	in_child("unnamed");
	for (int scope = ONLOAD_SCOPE_THREAD; scope <= ONLOAD_SCOPE_GLOBAL; scope++) {
		char what[32];

		set(ONLOAD_THIS_THREAD, (enum onload_stackname_scope)scope, "foo");
		snprintf(what, sizeof(what), "scope %d", scope);
		in_child(what);
		fact("%s, in the parent=%s", what, stack_now());
	}
}

/* What a child has is its own; what was saved before, it has too. */
static void name_and_make(void)
{
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "handlers");
	stack_now();
}

/* Registered before the emulation starts, where the scenario runs early: so called inside of its own
 * handlers. */
static void forks_with_handlers(char **args)
{
	(void)args;
	MUST(pthread_atfork(name_and_make, name_and_make, name_and_make));
	set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "foo");
	in_child("after handlers");
	fact("after handlers, in the parent=%s", stack_now());
}

static void forks_apart(char **args)
{
	pid_t child;

	(void)args;
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "before");
	MUST(onload_stackname_save());
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "foo");
	child = (pid_t)MUST(fork());
	if (child == 0) {
		set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "bar");
		fact("child=%s", stack_now());
		SAY(onload_stackname_restore());
		fact("child, restored=%s", stack_now());
		exit(0);
	}
	finish(child);
	fact("parent=%s", stack_now());
	SAY(onload_stackname_restore());
	fact("parent, restored=%s", stack_now());
}

static void users(char **args)
{
	(void)args;
	if (geteuid() != 0)
		not_run("root, to become another user");
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_USER, "foo");
	fact("root=%s, %s", stack_now(),
	     strcmp(stack_now(), "foo-uU") == 0 ? "own" : "other");
	MUST(setuid(65534));
	fact("nobody=%s", stack_now());
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_PROCESS, "foo");
	fact("by process=%s", stack_now());
}

/* With variables that the test has put into the environment. */
static void environment(char **args)
{
	(void)args;
	fact("start=%s", stack_now());
	setenv("EF_NAME", "late", 1);
	setenv("EF_DONT_ACCELERATE", getenv("EF_DONT_ACCELERATE") ? "0" : "1", 1);
	fact("changed later=%s", stack_now());
	say_new_thread();
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "set");
	fact("set=%s", stack_now());
	say_new_thread();
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, NULL);
	fact("null=%s", stack_now());
}

/* A socket stays in its stack, and what is accepted is in its listener's. */
static void sockets_stay(char **args)
{
	const struct family *family = family_named(args[0]);
	struct pair pair;
	int listener, unnamed, accepted;

	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "listen");
	listener = bound_socket(family, NULL, NULL);
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "");
	unnamed = bound_socket(family, NULL, NULL);
	set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "later");
	fact("listener=%s", stack_of(listener));
	fact("unnamed=%s", stack_of(unnamed));
	if (is_tcp(family)) {
		pair = connect_to(family, listener);
		accepted = (int)MUST(accept(listener, NULL, NULL));
		fact("connecting=%s", stack_of(pair.near));
		fact("accepted=%s", stack_of(accepted));
		pair = connect_to(family, listener);
		fact("accepted by accept4=%s",
		     stack_of((int)MUST(accept4(listener, NULL, NULL, SOCK_CLOEXEC))));
		pair = connect_to(family, unnamed);
		fact("accepted without a name=%s",
		     stack_of((int)MUST(accept(unnamed, NULL, NULL))));
		set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, NULL);
		listener = bound_socket(family, NULL, NULL);
		set(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, "later");
		pair = connect_to(family, listener);
		fact("accepted from plain=%s",
		     stack_of((int)MUST(accept(listener, NULL, NULL))));
	}
	fact("dup=%s", stack_of(dup(listener)));
}

/* ---- many */

enum { THREADS = 16, ROUNDS = 2000 };

static void *name_own(void *number)
{
	char name[16], expected[32];
	long right = 0;

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "w%d-%d", *(int *)number, i);
		snprintf(expected, sizeof(expected), "%s-tT", name);
		set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, name);
		MUST(onload_stackname_save());
		set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "other");
		if (onload_stackname_restore() == 0)
			right += strcmp(stack_now(), expected) == 0;
	}
	return (void *)right;
}

static void threads(char **args)
{
	pthread_t all[THREADS];
	int numbers[THREADS];
	long right = 0;
	void *one;

	(void)args;
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&all[i], NULL, name_own, &numbers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(all[i], &one);
		right += (long)one;
	}
	fact("right=%ld of %d", right, THREADS * ROUNDS);
}

/* More than the table's first size at once. */
static void sockets_many(char **args)
{
	enum { MANY = 900 };
	int fds[MANY];
	long right = 0;

	(void)args;
	for (int i = 0; i < MANY; i++) {
		set(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, i % 2 ? "odd" : "even");
		fds[i] = fresh_socket(family_named("tcp4"));
	}
	for (int i = 0; i < MANY; i++)
		right += strcmp(stack_of(fds[i]), i % 2 ? "odd" : "even") == 0;
	fact("right=%ld of %d", right, MANY);
}

const struct scenario scenarios[] = {
	{"presence", presence},
	{"errors", errors},
	{"scopes", scopes},
	{"other_kinds", other_kinds},
	{"plain", plain},
	{"who", who},
	{"nochange", nochange},
	{"saves", saves},
	{"restores", restores},
	{"forks", forks},
	{"forks_apart", forks_apart},
	{"forks_with_handlers", forks_with_handlers},
	{"users", users},
	{"environment", environment},
	{"sockets_stay", sockets_stay},
	{"threads", threads},
	{"sockets_many", sockets_many},
	{NULL, NULL},
};
