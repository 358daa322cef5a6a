/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that makes many things and leaves none. */
#include <onload/extensions_zc.h>

#include <linux/net_tstamp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/harness/probe.h"

/* The size of all that is mapped, in pages. */
static long mapped_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!file || fscanf(file, "%ld", &pages) != 1)
		exit(2);
	fclose(file);
	return pages;
}

static void *save_some(void *of_no_use)
{
	(void)of_no_use;
	for (int i = 0; i < 100; i++)
		MUST(onload_stackname_save());
	MUST(onload_stack_opt_set_int("EF_TXQ_SIZE", 1024));
	return NULL;
}

static void threads(char **args)
{
	pthread_t thread;
	long before = 0;

	(void)args;
	for (int i = 0; i < 1100; i++) {
		if (i == 100)
			before = mapped_pages();
		pthread_create(&thread, NULL, save_some, NULL);
		pthread_join(thread, NULL);
	}
	fact("pages=%ld", mapped_pages() - before);
}

static void in_stack(const char *name)
{
	MUST(onload_set_stackname(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_GLOBAL, name));
}

/* COUNT: so many are made and closed. One stays open. */
static void sockets(char **args)
{
	const long count = atol(args[0]);
	struct onload_stat stat;
	long before = 0;
	int stays;

	in_stack("foo");
	stays = fresh_socket(family_named("udp4"));
	in_stack("bar");
	for (long i = 0; i < count; i++) {
		if (i == count / 100)
			before = mapped_pages();
		close(fresh_socket(family_named("udp4")));
	}
	fact("pages=%ld", mapped_pages() - before);
	MUST(onload_fd_stat(stays, &stat));
	fact("the one that is open=%s", stat.stack_name);
}

static onload_template_handle prepared(int fd)
{
	const struct iovec piece = {(void *)"message", 7};
	onload_template_handle handle = NULL;

	MUST(onload_msg_template_alloc(fd, &piece, 1, &handle, 0));
	return handle;
}

/* Nobody sends them, and their connections are closed. One stays. */
static void templates(char **args)
{
	const struct family *tcp = family_named(args[0]);
	const struct pair stays = connected_pair(tcp);
	const onload_template_handle kept = prepared(stays.near);
	long before = 0;

	for (int i = 0; i < 1100; i++) {
		const struct pair pair = connected_pair(tcp);

		if (i == 100)
			before = mapped_pages();
		for (int j = 0; j < 10; j++)
			prepared(pair.near);
		close_pair(pair);
	}
	fact("hundreds of pages=%d", mapped_pages() - before > 200);
	fact("the one that is open=%d",
	     onload_msg_template_update(stays.near, kept, NULL, 0,
					ONLOAD_TEMPLATE_FLAGS_SEND_NOW));
}

/* Each sends something whose report is read. */
static void streams(char **args)
{
	const struct family *tcp = family_named(args[0]);
	const uint32_t flags =
		SOF_TIMESTAMPING_TX_HARDWARE | ONLOAD_SOF_TIMESTAMPING_STREAM;
	long before = 0;

	MUST(onload_stack_opt_set_int("EF_TX_TIMESTAMPING", 1));
	for (int i = 0; i < 1100; i++) {
		const struct pair pair = connected_pair(tcp);
		char control[256];
		struct msghdr msg = {.msg_control = control,
				     .msg_controllen = sizeof(control)};

		if (i == 100)
			before = mapped_pages();
		MUST(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING, &flags,
				sizeof(flags)));
		MUST(send(pair.near, "message", 7, 0));
		wait_until_sent(pair.near);
		MUST(recvmsg(pair.near, &msg, MSG_ERRQUEUE));
		close_pair(pair);
	}
	fact("hundreds of pages=%d", mapped_pages() - before > 200);
}

const struct scenario scenarios[] = {
	{"threads", threads}, {"sockets", sockets}, {"templates", templates},
	{"streams", streams}, {NULL, NULL},
};
