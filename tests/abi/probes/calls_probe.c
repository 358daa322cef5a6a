/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls each function of the Onload API, with many arguments, and prints what came of it.
 *
 * usage: calls_probe [LIBRARY | =stub | =absent]
 *   alone      the functions that the process has: preloaded, or (compiled with LINKED) linked
 *   LIBRARY    those in this library, which is opened here
 *   =stub      what they have to call, where the stub's answer in the spec is a call
 *   =absent    what they have to call, where the answer of libonload_ext alone is one
 *
 * A line for each set of arguments: the function, a comma, the arguments, a colon, what was
 * returned, and whether errno and the memory behind the pointers were touched. */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "generated/onload_api.h"

typedef void function(void);

enum {
	KEPT = 7777,    /* errno before each call */
	PATTERN = 0xa5, /* of the memory behind the pointers */
	BUFFERS = 8,    /* no function has as many pointers */
	BUFFER = 256,   /* bytes; no struct of the API is as large */
	READY = 3, /* an epoll descriptor that has an event, for whom it may concern */
};

/* The arguments of the next call. */
static intptr_t scalar;
static bool pointers; /* else NULLs */
static _Alignas(64) unsigned char buffers[BUFFERS][BUFFER];
static int buffers_used;

static void *buffer(void)
{
	return pointers ? buffers[buffers_used++] : NULL;
}

#define LKOS_ARG_SCALAR(type) ((type)scalar)
#define LKOS_ARG_POINTER(type) ((type)buffer())

#define LKOS_API_ROW(name, ret, types, args, stub, absent, group, since, until)          \
	static long long call_##name(function *body)                                     \
	{                                                                                \
		return (long long)((ret(*) types)body)args;                              \
	}
#include "generated/api_table.inc"
#undef LKOS_API_ROW

#ifdef LINKED
#define LKOS_API_ROW(name, ret, types, args, stub, absent, group, since, until)          \
	static long long call_linked_##name(void)                                        \
	{                                                                                \
		return (long long)name args;                                             \
	}
#include "generated/api_table.inc"
#undef LKOS_API_ROW
#define CALL_LINKED(name) call_linked_##name
#else
#define CALL_LINKED(name) NULL
#endif

/* What the stub's handwritten answers amount to. */

static void see_below(void)
{
}

static int zeroing_epoll_wait(int epfd, struct epoll_event *events,
			      struct onload_ordered_epoll_event *oo_events, int maxevents,
			      int timeout)
{
	const int count = epoll_wait(epfd, events, maxevents, timeout);

	if (count > 0 && oo_events)
		memset(oo_events, 0, (size_t)count * sizeof(*oo_events));
	return count;
}

static int forgetting_set_int(const char *opt, int64_t val)
{
	(void)opt;
	(void)val;
	return 0;
}

static const struct {
	const char *name;
	function *body;
} handwritten[] = {
	{"onload_stack_opt_set_int", (function *)forgetting_set_int},
	{"onload_ordered_epoll_wait", (function *)zeroing_epoll_wait},
};

#define LKOS_VALUE(n) NULL
#define LKOS_NEG_ERRNO(e) NULL
#define LKOS_MINUS_ONE(e) NULL
#define LKOS_CALLS(f) (function *)f
#define LKOS_HANDWRITTEN see_below
static const struct row {
	const char *name;
	long long (*call)(function *body);
	long long (*call_linked)(void);
	function *stub, *absent; /* what it has to call; NULL: the answer is no call */
} rows[] = {
#define LKOS_API_ROW(name, ret, types, args, stub, absent, group, since, until)          \
	{#name, call_##name, CALL_LINKED(name), stub, absent},
#include "generated/api_table.inc"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static _Noreturn void give_up(const char *what, const char *why)
{
	printf("%s, %s\n", what, why);
	exit(1);
}

static function *callee_of(const struct row *row, function *callee)
{
	for (size_t i = 0; i < COUNT(handwritten) && callee == see_below; i++) {
		if (strcmp(handwritten[i].name, row->name) == 0)
			return handwritten[i].body;
	}
	if (callee == see_below)
		give_up(row->name, "calls_probe.c does not know what it has to do");
	return callee;
}

static function *body_of(const struct row *row, const char *how)
{
	void *library = RTLD_DEFAULT;
	void *found;

	if (how && strcmp(how, "=stub") == 0)
		return callee_of(row, row->stub);
	if (how && strcmp(how, "=absent") == 0)
		return callee_of(row, row->absent);
	if (how)
		library = dlopen(how, RTLD_NOW | RTLD_LOCAL);
	if (how && !library)
		give_up(row->name, dlerror());
	found = dlsym(library, row->name);
	if (!found)
		give_up(row->name, dlerror());
	return (function *)found;
}

static void make_ready(void)
{
	const int epfd = epoll_create1(0), event = eventfd(1, 0);
	struct epoll_event wanted = {.events = EPOLLIN, .data.u64 = 0x1234567890abcdef};

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, event, &wanted) != 0 ||
	    (epfd != READY && dup2(epfd, READY) != READY))
		give_up("epoll", strerror(errno));
}

/* Each run gives out other descriptors, but for the same kind of socket. */
static void print_result(long long result)
{
	const int options[] = {SO_DOMAIN, SO_TYPE, SO_PROTOCOL};
	int kind[COUNT(options)];

	for (size_t i = 0; i < COUNT(options); i++) {
		socklen_t size = sizeof(kind[i]);

		if (result <= READY || getsockopt((int)result, SOL_SOCKET, options[i],
						  &kind[i], &size) != 0) {
			printf("returned %lld", result);
			return;
		}
	}
	printf("returned a socket of domain %d, type %d, protocol %d", kind[0], kind[1],
	       kind[2]);
	close((int)result);
}

static void print_memory(void)
{
	bool kept = true;

	for (int i = 0; i < BUFFERS; i++) {
		int end = BUFFER;

		while (end > 0 && buffers[i][end - 1] == PATTERN)
			end--;
		if (end > 0)
			printf("; pointer %d now has", i);
		for (int at = 0; at < end; at++)
			printf(" %02x", buffers[i][at]);
		kept = kept && end == 0;
	}
	puts(kept ? ", memory kept" : "");
}

static void call(const struct row *row, function *body)
{
	long long result;
	int error;

	memset(buffers, PATTERN, sizeof(buffers));
	buffers_used = 0;
	errno = KEPT;
	result = body ? row->call(body) : row->call_linked();
	error = errno;
	printf("%s, scalars %ld, %s: ", row->name, (long)scalar,
	       pointers ? "pointers" : "NULLs");
	print_result(result);
	if (error == KEPT)
		printf(", errno kept");
	else
		printf(", errno %d", error);
	print_memory();
}

static void call_all(const struct row *row, const char *how)
{
	static const int scalars[] = {-1, 0, 1, 2, READY, INT_MAX};
	function *const body = row->call_linked && !how ? NULL : body_of(row, how);

	for (size_t i = 0; i < 2 * COUNT(scalars) && (body || !how || how[0] != '=');
	     i++) {
		scalar = scalars[i / 2];
		pointers = i % 2 == 0;
		call(row, body);
	}
}

/* Each in a process of its own: what kills it leaves the others alone. */
int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_ready();
	for (size_t i = 0; i < COUNT(rows); i++) {
		const pid_t child = fork();
		int status;

		if (child == 0) {
			call_all(&rows[i], argc > 1 ? argv[1] : NULL);
			return 0;
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			give_up(rows[i].name, strerror(errno));
		if (status != 0)
			printf("%s, it did not return: wait status 0x%x\n", rows[i].name,
			       (unsigned)status);
	}
	return 0;
}
