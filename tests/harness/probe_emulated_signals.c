/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program whose signal handler makes the calls that it has interrupted. */
#include <onload/extensions_timestamping.h>
#include <onload/extensions_zc.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
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

/* ---- templates, delegated sends, receive filters: each call sends and receives, with signals all the
 * time, so fewer will do */

#define EXCHANGES 200

static struct pair handler_pair;

static bool arrives(int fd, const char *text)
{
	char room[16] = "";

	return recv(fd, room, strlen(text), MSG_WAITALL) == (long)strlen(text) &&
	       strcmp(room, text) == 0;
}

static bool send_template(struct pair pair, const char *text)
{
	const struct iovec piece = {(void *)"template", 8};
	const struct onload_template_msg_update_iovec update = {.otmu_base = (void *)text,
								.otmu_len = strlen(text)};
	onload_template_handle handle;

	return onload_msg_template_alloc(pair.near, &piece, 1, &handle, 0) == 0 &&
	       onload_msg_template_update(pair.near, handle, &update, 1,
					  ONLOAD_TEMPLATE_FLAGS_SEND_NOW) == 0 &&
	       arrives(pair.far, text);
}

static bool send_delegated(struct pair pair, const char *text)
{
	const struct iovec piece = {(void *)text, strlen(text)};
	unsigned char headers[128];
	struct onload_delegated_send delegated = {.headers = headers,
						  .headers_len = sizeof(headers)};

	return onload_delegated_send_prepare(pair.near, 16, 0, &delegated) == 0 &&
	       onload_delegated_send_complete(pair.near, &piece, 1, 0) == 8 &&
	       onload_delegated_send_cancel(pair.near) == 0 && arrives(pair.far, text);
}

static enum onload_zc_callback_rc see(struct onload_zc_msg *msg, void *arg, int flags)
{
	(void)msg;
	(void)flags;
	++*(int *)arg;
	return ONLOAD_ZC_CONTINUE;
}

static bool send_filtered(struct pair pair, const char *text)
{
	int seen = 0;

	return onload_set_recv_filter(pair.far, see, &seen, 0) == 0 &&
	       send(pair.near, text, strlen(text), 0) == (long)strlen(text) &&
	       arrives(pair.far, text) && seen == 1;
}

static const struct way {
	const char *name, *family;
	bool (*send)(struct pair pair, const char *text); /* and receive */
} ways[] = {
	{"template", "tcp6", send_template},
	{"delegated", "tcp4", send_delegated},
	{"filtered", "udp6", send_filtered},
};

static const struct way *way;

static void handle_exchange(int number)
{
	const int kept = errno;

	(void)number;
	handled++;
	wrong |= !way->send(handler_pair, "handler.");
	errno = kept;
}

static struct pair prompt_pair(void)
{
	const struct family *const family = family_named(way->family);
	const struct pair pair = connected_pair(family);
	const int on = 1;

	if (is_tcp(family))
		MUST(setsockopt(pair.near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	return pair;
}

static void exchanges(char **args)
{
	struct storm storm;
	struct pair pair;
	long failed = 0;

	for (way = ways; strcmp(way->name, args[0]) != 0; way++)
		continue;
	handler_pair = prompt_pair();
	pair = prompt_pair();
	begin_storm(&storm, handle_exchange);
	for (long i = 0; i < EXCHANGES || handled < EXCHANGES; i++)
		failed += !way->send(pair, "program.");
	end_storm(&storm);
	say_result(failed);
}

/* ---- timestamps */

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

/* ---- order and packets */

static int handler_set;

/* Three datagrams of 10 bytes, and 7 bytes on a connection; in which order is not looked at, since with much
 * other traffic the time of a packet that is never read is forgotten. */
static bool is_told(void)
{
	struct onload_ordered_epoll_event order[2];
	struct epoll_event events[2];

	return onload_ordered_epoll_wait(handler_set, events, order, 2, 0) == 2 &&
	       order[0].bytes + order[1].bytes == 37;
}

static bool is_one_packet(void)
{
	char bytes[100];

	return recv(handler_fd, bytes, sizeof(bytes), ONLOAD_MSG_ONEPKT | MSG_PEEK) == 7;
}

static void handle_order(int number)
{
	const int kept = errno;

	(void)number;
	handled++;
	wrong |= !is_told() || !is_one_packet();
	errno = kept;
}

static void order(char **args)
{
	const struct pair datagrams = connected_pair(family_named("udp4")),
			  stream = connected_pair(family_named("tcp4"));
	struct epoll_event event = {.events = EPOLLIN};
	struct storm storm;
	long failed = 0;

	(void)args;
	handler_fd = stream.far;
	handler_set = (int)MUST(epoll_create1(0));
	MUST(epoll_ctl(handler_set, EPOLL_CTL_ADD, datagrams.far, &event));
	MUST(epoll_ctl(handler_set, EPOLL_CTL_ADD, stream.far, &event));
	MUST(onload_ordered_epoll_wait(handler_set, &event,
				       &(struct onload_ordered_epoll_event){.bytes = 0},
				       1, 0));
	for (int i = 0; i < 3; i++)
		MUST(send(datagrams.near, "0123456789", 10, 0));
	wait_until_sent(datagrams.near);
	MUST(send(stream.near, "0123456", 7, 0));
	wait_for(stream.far, POLLIN);
	begin_storm(&storm, handle_order);
	for (long i = 0; i < 3000 || handled < STORM_ENOUGH; i++)
		failed += !is_told() + !is_one_packet();
	end_storm(&storm);
	say_result(failed);
	close_pair(datagrams);
	close_pair(stream);
	close(handler_set);
}

const struct scenario scenarios[] = {
	{"names", names},     {"moves", moves},
	{"options", options}, {"exchanges", exchanges},
	{"stamps", stamps},   {"order", order},
	{NULL, NULL},
};
