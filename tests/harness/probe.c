/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/probe.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_SET_UP 2 /* exit status of a probe that could not do its work */

void fact(const char *format, ...)
{
	char line[4096];
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (size > (int)sizeof(line) - 2)
		size = (int)sizeof(line) - 2;
	line[size++] = '\n';
	if (write(STDOUT_FILENO, line, (size_t)size) != size)
		exit(NOT_SET_UP);
}

const char *outcome(long result)
{
	static __thread char texts[8][32];
	static __thread unsigned int turn;
	char *text = texts[turn++ % COUNT(texts)];

	if (result == -1)
		snprintf(text, sizeof(texts[0]), "-1 %s", strerrorname_np(errno));
	else
		snprintf(text, sizeof(texts[0]), "%ld", result);
	return text;
}

long must(long result, const char *what)
{
	if (result == -1) {
		fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
		_exit(NOT_SET_UP);
	}
	return result;
}

void not_run(const char *needs)
{
	fact("not run: needs %s", needs);
	exit(0);
}

short wait_for(int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};

	MUST(poll(&one, 1, WAIT_MS));
	return one.revents;
}

void cancel_this_thread(void)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
}

int finish(pid_t child)
{
	int status;

	MUST(waitpid(child, &status, 0));
	if (!WIFEXITED(status) || WEXITSTATUS(status) == NOT_SET_UP) {
		fprintf(stderr, "probe: a child ended with status 0x%x\n", status);
		_exit(NOT_SET_UP);
	}
	return WEXITSTATUS(status);
}

int run_scenario(char **argv)
{
	for (const struct scenario *at = scenarios; argv[1] && at->name; at++) {
		if (strcmp(at->name, argv[1]) == 0) {
			at->run(argv + 2);
			return 0;
		}
	}
	fprintf(stderr, "usage: probe SCENARIO [ARGUMENT...]; scenarios:\n");
	for (const struct scenario *at = scenarios; at->name; at++)
		fprintf(stderr, "  %s\n", at->name);
	return NOT_SET_UP;
}
