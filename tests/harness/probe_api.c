/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that is linked with -lonload_ext, as Onload's users link theirs. */
#include <onload/extensions.h>
#include <onload/extensions_zc.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

/* What most programs do first. */
static void common(char **args)
{
	const int fd = fresh_socket(family_named("udp4"));
	struct onload_stat stat;
	int64_t option = 77;
	unsigned spin = 77;

	(void)args;
	memset(&stat, 0xA5, sizeof(stat));
	SAY(onload_is_present());
	SAY(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "trading"));
	SAY(onload_stackname_save());
	SAY(onload_stackname_restore());
	SAY(onload_stack_opt_set_int("EF_POLL_USEC", 100));
	SAY(onload_stack_opt_get_int("EF_POLL_USEC", &option));
	SAY(onload_stack_opt_set_int("EF_RX_TIMESTAMPING", 0));
	SAY(onload_stack_opt_set_int("EF_RX_TIMESTAMPING", 3));
	SAY(onload_stack_opt_set_int("EF_RX_TIMESTAMPING", -1));
	SAY(onload_stack_opt_reset());
	SAY(onload_thread_set_spin(ONLOAD_SPIN_ALL, 1));
	SAY(onload_thread_get_spin(&spin));
	SAY(onload_fd_stat(fd, &stat));
	SAY(onload_fd_check_feature(fd, ONLOAD_FD_FEAT_MSG_WARM));
	SAY(onload_move_fd(fd));
	fact("option=%ld", (long)option);
	fact("spin=%u", spin);
	fact("stat=%s", ((unsigned char *)&stat)[0] == 0xA5 ? "untouched" : "written");
	SAY(onload_socket_nonaccel(AF_INET, SOCK_STREAM, 0) > 0);
	SAY(onload_socket_nonaccel(-1, SOCK_STREAM, 0));
	SAY(onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM, 0) > 0);
	SAY(onload_socket_rx_nonaccel(AF_INET, SOCK_DGRAM, 0) > 0);
}

/* What is no name, where a setting has a meaning. */
static void bad_options(char **args)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *short_name = pages + page - sizeof("EF");

	(void)args;
	MUST(pages == MAP_FAILED ? -1 : 0);
	MUST(munmap(pages + page, (size_t)page));
	strcpy(short_name, "EF");
	SAY(onload_stack_opt_set_int("", 1));
	SAY(onload_stack_opt_set_int(short_name, 1));
	SAY(onload_stack_opt_set_int(NULL, 1));
	SAY(onload_stack_opt_set_int((const char *)16, 1));
}

#define ENTRIES 4

/* Every byte of an entry, or the bytes that differ between entries. */
static const char *state_of(const struct onload_ordered_epoll_event *entry)
{
	static const struct onload_ordered_epoll_event zero;
	struct onload_ordered_epoll_event filled;

	memset(&filled, 0xA5, sizeof(filled));
	return memcmp(entry, &zero, sizeof(zero)) == 0       ? "zero"
	       : memcmp(entry, &filled, sizeof(filled)) == 0 ? "untouched"
							     : "other";
}

static void ordered_epoll(char **args)
{
	const struct pair pair = connected_pair(family_named("udp4"));
	const int epfd = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x123456789abcdef0};
	struct epoll_event events[ENTRIES], alone[ENTRIES];
	struct onload_ordered_epoll_event ordered[ENTRIES];

	(void)args;
	memset(ordered, 0xA5, sizeof(ordered));
	memset(events, 0xA5, sizeof(events));
	memset(alone, 0xA5, sizeof(alone));
	MUST(epoll_ctl(epfd, EPOLL_CTL_ADD, pair.far, &event));
	SAY(onload_ordered_epoll_wait(epfd, events, ordered, ENTRIES, 0));
	fact("entry without events=%s", state_of(&ordered[0]));
	MUST(send(pair.near, "x", 1, 0));
	wait_for(pair.far, EPOLLIN);
	SAY(onload_ordered_epoll_wait(epfd, events, ordered, ENTRIES, 0));
	for (int i = 0; i < ENTRIES; i++)
		fact("entry %d=%s", i, state_of(&ordered[i]));
	MUST(epoll_wait(epfd, alone, ENTRIES, 0));
	fact("events=%s",
	     memcmp(events, alone, sizeof(events)) == 0 ? "as epoll_wait's" : "other");
	SAY(onload_ordered_epoll_wait(epfd, events, NULL, ENTRIES, 0));
	SAY(onload_ordered_epoll_wait(epfd, events, ordered, 0, 0));
	SAY(onload_ordered_epoll_wait(epfd, events, ordered, -1, 0));
	SAY(onload_ordered_epoll_wait(epfd, NULL, ordered, ENTRIES, 0));
	SAY(onload_ordered_epoll_wait(-1, events, ordered, ENTRIES, 0));
	SAY(onload_ordered_epoll_wait(pair.far, events, ordered, ENTRIES, 0));
}

const struct scenario scenarios[] = {
	{"common", common},
	{"bad_options", bad_options},
	{"ordered_epoll", ordered_epoll},
	{NULL, NULL},
};
