/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program whose signal handler makes the calls that it has interrupted. */
#include <onload/extensions.h>
#include <onload/extensions_timestamping.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"
#include "tests/harness/signal_storm.h"

static volatile sig_atomic_t handled, wrong;
static int handler_fd;

static void in_stack(const char *name)
{
	MUST(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, name));
}

static bool is_in_stack(int fd, const char *name)
{
	struct onload_stat stat;
	bool is;

	if (onload_fd_stat(fd, &stat) != 1)
		return false;
	is = strcmp(stat.stack_name, name) == 0;
	free(stat.stack_name);
	return is;
}

static void say_result(long failed)
{
	fact("failed=%ld, in a handler %d", failed, (int)wrong);
}

/* ---- names */

static void handle_names(int number)
{
	const int kept = errno;

	(void)number;
	handled++;
	wrong |= onload_stackname_save() != 0;
	wrong |= onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD,
				      "handler") != 0;
	close(socket(AF_INET, SOCK_DGRAM, 0));
	wrong |= onload_fd_stat(STDOUT_FILENO, NULL) != 0;
	wrong |= onload_stackname_restore() != 0;
	errno = kept;
}

static void names(char **args)
{
	struct storm storm;
	long failed = 0;

	(void)args;
	begin_storm(&storm, handle_names);
	for (long i = 0; i < 3000 || handled < STORM_ENOUGH; i++) {
		const char *name = i % 2 ? "odd" : "even";
		int fd;

		in_stack(name);
		MUST(onload_stackname_save());
		in_stack("between");
		failed += onload_stackname_restore() != 0;
		fd = fresh_socket(family_named("udp4"));
		failed += !is_in_stack(fd, name);
		close(fd);
	}
	end_storm(&storm);
	say_result(failed);
	SAY(onload_stackname_restore());
}

/* ---- descriptors */

static void handle_moves(int number)
{
	const int kept = errno;

	(void)number;
	handled++;
	wrong |= onload_fd_stat(handler_fd, NULL) != 1;
	wrong |= onload_move_fd(handler_fd) != 0;
	wrong |= onload_fd_check_feature(handler_fd, ONLOAD_FD_FEAT_MSG_WARM) != 0;
	errno = kept;
}

static void moves(char **args)
{
	struct storm storm;
	long failed = 0;
	int fd;

	(void)args;
	in_stack("first");
	handler_fd = fresh_socket(family_named("tcp4"));
	fd = fresh_socket(family_named("tcp6"));
	begin_storm(&storm, handle_moves);
	for (long i = 0; i < 3000 || handled < STORM_ENOUGH; i++) {
		const char *name = i % 2 ? "odd" : "even";

		in_stack(name);
		failed += onload_move_fd(fd) != 0;
		failed += !is_in_stack(fd, name);
	}
	end_storm(&storm);
	say_result(failed);
}

/* ---- options */

static bool spins(enum onload_spin_type type)
{
	unsigned mask = 0;

	return onload_thread_get_spin(&mask) == 0 && (mask >> type & 1);
}

static void handle_options(int number)
{
	int64_t value = 0;

	(void)number;
	handled++;
	wrong |= onload_stack_opt_set_int("EF_TXQ_SIZE", 1024) != 0;
	wrong |= onload_stack_opt_get_int("EF_TXQ_SIZE", &value) != 0 || value != 1024;
	wrong |= onload_stack_opt_reset() != 0;
	wrong |= onload_thread_set_spin(ONLOAD_SPIN_PIPE_RECV, 1) != 0;
	wrong |= !spins(ONLOAD_SPIN_PIPE_RECV);
}

static void options(char **args)
{
	struct storm storm;
	long failed = 0;

	(void)args;
	begin_storm(&storm, handle_options);
	for (long i = 0; i < 20000 || handled < STORM_ENOUGH; i++) {
		failed += onload_stack_opt_set_str("EF_INTERFACE_WHITELIST", "eth0") != 0;
		failed += onload_stack_opt_reset() != 0;
		failed += onload_thread_set_spin(ONLOAD_SPIN_POLL, i & 1) != 0;
		failed += spins(ONLOAD_SPIN_POLL) != (i & 1);
	}
	end_storm(&storm);
	say_result(failed);
}

/* ---- timestamps */

static struct pair handler_pair;

/* Of a message with one record of version 1: the socket has just asked for it. */
static bool gets_stamp(struct pair pair)
{
	_Alignas(struct cmsghdr) char control[128];
	char byte = 0;
	struct iovec piece = {&byte, 1};
	struct msghdr msg = {.msg_iov = &piece,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};

	if (onload_timestamping_request(pair.far, ONLOAD_TIMESTAMPING_FLAG_RX_NIC) != 0 ||
	    send(pair.near, "x", 1, 0) != 1 || recvmsg(pair.far, &msg, 0) != 1)
		return false;
	return msg.msg_controllen == CMSG_SPACE(sizeof(struct onload_timestamp));
}

static void handle_stamps(int number)
{
	const int kept = errno;

	(void)number;
	handled++;
	wrong |= !gets_stamp(handler_pair);
	errno = kept;
}

static void stamps(char **args)
{
	const struct pair pair = connected_pair(family_named("udp4"));
	struct storm storm;
	long failed = 0;

	(void)args;
	handler_pair = connected_pair(family_named("tcp4"));
	begin_storm(&storm, handle_stamps);
	for (long i = 0; i < 1000 || handled < STORM_ENOUGH; i++)
		failed += !gets_stamp(pair);
	end_storm(&storm);
	say_result(failed);
}

const struct scenario scenarios[] = {
	{"names", names},   {"moves", moves}, {"options", options},
	{"stamps", stamps}, {NULL, NULL},
};
