/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that asks what its descriptors are, and moves them to other stacks. */
#include <onload/extensions.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

static void in_stack(const char *name)
{
	MUST(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, name));
}

/* "NAME STATE" of an accelerated descriptor, or "(plain)". */
static const char *stat_of(int fd)
{
	static char texts[4][64];
	static unsigned int turn;
	char *text = texts[turn++ % COUNT(texts)];
	struct onload_stat stat;

	if (onload_fd_stat(fd, &stat) != 1)
		return "(plain)";
	snprintf(text, sizeof(texts[0]), "%s 0x%x", stat.stack_name,
		 (unsigned int)stat.endpoint_state);
	free(stat.stack_name);
	return text;
}

static const char *with_errno(int value)
{
	static char text[64];

	snprintf(text, sizeof(text), "%d%s%s", value, errno == UNTOUCHED ? "" : " ",
		 errno == UNTOUCHED ? "" : strerrorname_np(errno));
	return text;
}

/* A row of the table: what each function answers for this descriptor. The move comes last. */
static void row(const char *what, int fd)
{
	struct onload_tcp_info info;
	int size = sizeof(info);
	int features[4], moved, info_result;
	char info_text[64];

	errno = UNTOUCHED;
	for (int i = 0; i < (int)COUNT(features); i++)
		features[i] = onload_fd_check_feature(fd, (enum onload_fd_feature)i);
	fact("%s: stat %d, %d, %s", what, onload_fd_stat(fd, NULL),
	     onload_fd_check_feature(fd, (enum onload_fd_feature) - 1), stat_of(fd));
	fact("%s: features %d %d %d %d, errno %s", what, features[0], features[1],
	     features[2], features[3], errno == UNTOUCHED ? "untouched" : "set");
	info_result = onload_get_tcp_info(fd, &info, &size);
	snprintf(info_text, sizeof(info_text), "%s", with_errno(info_result));
	in_stack("target");
	errno = UNTOUCHED;
	moved = onload_move_fd(fd);
	fact("%s: tcp_info %s, move %s, then %s", what, info_text, with_errno(moved),
	     stat_of(fd));
	in_stack("first");
}

/* The kernel's state, once it has come. */
static void wait_for_state(int fd, int state)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	do
		MUST(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
	while (info.tcpi_state != state && poll(NULL, 0, 1) == 0);
}

/* Each class of descriptor. */
static void table(char **args)
{
	const struct family *tcp = family_named(args[0]), *udp = family_named(args[1]);
	struct pair pair;
	int ends[2], fd, listener;

	in_stack("first");
	row("TCP, fresh", fresh_socket(tcp));
	row("TCP, listening", listener = bound_socket(tcp, NULL, NULL));
	row("TCP, connected", connect_to(tcp, listener).near);
	row("TCP, accepted", connected_pair(tcp).far);
	pair = connected_pair(tcp);
	MUST(shutdown(pair.near, SHUT_WR));
	wait_for_state(pair.near, TCP_FIN_WAIT2);
	row("TCP, half closed by the peer", pair.far);
	row("TCP, half closed", pair.near);
	pair = connected_pair(tcp);
	MUST(shutdown(pair.near, SHUT_WR));
	wait_for_state(pair.near, TCP_FIN_WAIT2);
	MUST(shutdown(pair.far, SHUT_WR));
	wait_for_state(pair.far, TCP_CLOSE);
	row("TCP, closed", pair.far);
	row("UDP, fresh", fresh_socket(udp));
	row("UDP, bound", bound_socket(udp, NULL, NULL));
	row("UDP, connected", connected_pair(udp).near);
	row("plain TCP", onload_socket_nonaccel(tcp->domain, SOCK_STREAM, 0));
	row("plain UDP", onload_socket_nonaccel(udp->domain, SOCK_DGRAM, 0));
	row("UNIX", fresh_socket(family_named("unix_stream")));
	MUST(pipe(ends));
	row("pipe", ends[0]);
	row("epoll", epoll_create1(0));
	row("file", fd = (int)MUST(open("/dev/null", O_RDONLY)));
	close(fd);
	row("closed", fd);
	row("-1", -1);
	row("beyond the limit", 1 << 30);
	in_stack(NULL);
	fd = fresh_socket(tcp);
	in_stack("first");
	row("TCP, made while not accelerated", fd);
}

/* ---- fd_stat */

static void numbers(char **args)
{
	struct onload_stat one, again, other, elsewhere;
	int fd;

	(void)args;
	in_stack("one");
	fd = fresh_socket(family_named("tcp4"));
	MUST(onload_fd_stat(fd, &one));
	MUST(onload_fd_stat(dup(fd), &again));
	MUST(onload_fd_stat(fresh_socket(family_named("udp6")), &other));
	in_stack("two");
	MUST(onload_fd_stat(fresh_socket(family_named("tcp4")), &elsewhere));
	fact("dup: stack %d, endpoint %d", one.stack_id == again.stack_id,
	     one.endpoint_id == again.endpoint_id);
	fact("same stack: stack %d, endpoint %d", one.stack_id == other.stack_id,
	     one.endpoint_id == other.endpoint_id);
	fact("other stack: stack %d, endpoint %d", one.stack_id == elsewhere.stack_id,
	     one.endpoint_id == elsewhere.endpoint_id);
	fact("negative=%d", one.stack_id < 0 || one.endpoint_id < 0);
	free(one.stack_name);
	free(again.stack_name);
	free(other.stack_name);
	free(elsewhere.stack_name);
}

/* ---- move_fd */

static void move(const char *what, int fd, const char *to)
{
	int result;

	in_stack(to);
	errno = UNTOUCHED;
	result = onload_move_fd(fd);
	fact("%s, to %s=%s, then %s", what, to, with_errno(result), stat_of(fd));
}

static void moves(char **args)
{
	const struct family *tcp = family_named(args[0]), *udp = family_named(args[1]);
	struct pair pair;
	int fd;

	in_stack("first");
	fd = fresh_socket(tcp);
	move("fresh", fd, "a");
	move("fresh", fd, "b");
	move("fresh", fd, "c");
	in_stack("first");
	pair = connected_pair(tcp);
	move("accepted", pair.far, "a");
	move("accepted", pair.far, "b");
	move("accepted", pair.far, "a");
	move("connected", pair.near, "a");
	move("connected", pair.near, "first");
	/* closed by both: Linux has no time-wait for an open socket */
	MUST(shutdown(pair.near, SHUT_RDWR));
	wait_for_state(pair.near, TCP_FIN_WAIT2);
	MUST(shutdown(pair.far, SHUT_RDWR));
	wait_for_state(pair.far, TCP_CLOSE);
	move("closed", pair.far, "b");
	move("closed", pair.far, "c");
	in_stack("first");
	fd = fresh_socket(udp);
	move("udp", fd, "a");
	move("udp", fd, "b");
	in_stack("first");
	pair = connected_pair(udp);
	move("udp, connected", pair.near, "a");
	move("udp, connected", pair.near, "first");
}

static void to_plain(char **args)
{
	int fd;

	(void)args;
	in_stack("first");
	fd = fresh_socket(family_named("tcp4"));
	in_stack(NULL);
	SAY(onload_move_fd(fd));
	SAY(onload_move_fd(-1));
	fact("still=%s", stat_of(fd));
}

/* And acknowledged. */
static void wait_for_all_sent(int fd)
{
	int left;

	do
		MUST(ioctl(fd, SIOCOUTQ, &left));
	while (left > 0 && poll(NULL, 0, 1) == 0);
}

/* What stands in the way of a move, and that it does so only while it is there. */
static void obstacles(char **args)
{
	const struct family *tcp = family_named(args[0]);
	const int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
		  off = 0;
	struct epoll_event event = {.events = EPOLLIN};
	const int epfd = epoll_create1(0);
	struct pair pair;
	char room[64];

	in_stack("first");
	pair = connected_pair(tcp);
	MUST(epoll_ctl(epfd, EPOLL_CTL_ADD, pair.far, &event));
	move("in an epoll set", pair.far, "a");
	move("in an epoll set", pair.far, "first");
	MUST(epoll_ctl(epfd, EPOLL_CTL_DEL, pair.far, NULL));
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)));
	move("with stamps", pair.far, "a");
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof(off)));
	MUST(send(pair.near, "abcdef", 6, 0));
	wait_for(pair.far, POLLIN);
	MUST(recv(pair.far, room, 3, 0));
	move("partly read", pair.far, "a");
	MUST(recv(pair.far, room, 3, 0));
	MUST(send(pair.far, "answer", 6, 0));
	wait_for_all_sent(pair.far);
	move("with an answer sent and all read", pair.far, "a");
	in_stack("first");
	pair = connected_pair(tcp);
	MUST(send(pair.near, "abcdef", 6, 0));
	wait_for(pair.far, POLLIN);
	move("with nothing read", pair.far, "a");
	fact("read after the move=%ld", (long)recv(pair.far, room, sizeof(room), 0));
}

/* Nobody reads, so that not all is acknowledged. */
static void unsent(char **args)
{
	const struct family *tcp = family_named(args[0]);
	struct pair pair;
	char block[65536] = {0};

	in_stack("first");
	pair = connected_pair(tcp);
	MUST(fcntl(pair.far, F_SETFL, O_NONBLOCK));
	while (send(pair.far, block, sizeof(block), 0) > 0)
		continue;
	move("full", pair.far, "a");
	MUST(fcntl(pair.near, F_SETFL, O_NONBLOCK));
	for (int left = 1; left > 0;) {
		while (recv(pair.near, block, sizeof(block), 0) > 0)
			continue;
		MUST(ioctl(pair.far, SIOCOUTQ, &left));
	}
	move("empty again", pair.far, "a");
}

/* Save, move, restore, as a server does that has a stack for each of its workers. */
static void save_move_restore(char **args)
{
	const struct family *tcp = family_named(args[0]);
	int listener, one, other;

	in_stack("foo");
	listener = bound_socket(tcp, NULL, NULL);
	connect_to(tcp, listener);
	connect_to(tcp, listener);
	one = (int)MUST(accept(listener, NULL, NULL));
	other = (int)MUST(accept(listener, NULL, NULL));
	SAY(onload_stackname_save());
	in_stack("bar");
	SAY(onload_move_fd(one));
	SAY(onload_stackname_restore());
	SAY(onload_move_fd(other));
	fact("one=%s", stat_of(one));
	fact("other=%s", stat_of(other));
	fact("listener=%s", stat_of(listener));
}

/* Everything that a program has set stays as it was. */
static void move_keeps(char **args)
{
	const struct family *tcp = family_named(args[0]);
	const int on = 1;
	struct linger linger = {.l_onoff = 1, .l_linger = 7}, read_linger;
	struct sockaddr_storage before, after;
	socklen_t size = sizeof(before), value_size = sizeof(int),
		  linger_size = sizeof(linger);
	int fd, value;

	in_stack("first");
	fd = fresh_socket(tcp);
	MUST(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	MUST(fcntl(fd, F_SETFL, O_NONBLOCK));
	memset(&before, 0, sizeof(before));
	before.ss_family = (sa_family_t)tcp->domain;
	MUST(bind(fd, (struct sockaddr *)&before, sizeof(before)));
	MUST(getsockname(fd, (struct sockaddr *)&before, &size));
	move("bound", fd, "a");
	size = sizeof(after);
	MUST(getsockname(fd, (struct sockaddr *)&after, &size));
	fact("same address=%d", memcmp(&before, &after, size) == 0);
	MUST(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, &value_size));
	MUST(getsockopt(fd, SOL_SOCKET, SO_LINGER, &read_linger, &linger_size));
	fact("options=%d, %d", value, read_linger.l_linger);
	fact("flags=%d", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
}

/* ---- tcp_info */

static void tcp_info(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const int one = 1, room = 65536;
	struct onload_tcp_info info, part;
	socklen_t size = sizeof(int);
	int length, mss, sndbuf, rcvbuf;

	MUST(setsockopt(pair.near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)));
	MUST(send(pair.near, "abcde", 5, 0));
	wait_for(pair.far, POLLIN);
	length = sizeof(info);
	SAY(onload_get_tcp_info(pair.far, &info, &length));
	fact("length=%d", length);
	MUST(getsockopt(pair.far, IPPROTO_TCP, TCP_MAXSEG, &mss, &size));
	MUST(getsockopt(pair.far, SOL_SOCKET, SO_SNDBUF, &sndbuf, &size));
	MUST(getsockopt(pair.far, SOL_SOCKET, SO_RCVBUF, &rcvbuf, &size));
	fact("rcvbuf_used=%d", info.rcvbuf_used);
	fact("so_recvbuf, so_sndbuf, snd_mss are the socket's=%d, %d, %d",
	     info.so_recvbuf == rcvbuf, info.so_sndbuf == sndbuf, info.snd_mss == mss);
	fact("packets=%d, all of them free=%d", info.so_sndbuf_pkts == sndbuf / mss,
	     info.sndbuf_pkts_avail == info.so_sndbuf_pkts);
	fact("windows are open=%d, %d, %d", info.rcv_window > 0, info.snd_window > 0,
	     info.cong_window >= info.snd_mss);
	memset(&part, 0xA5, sizeof(part));
	length = 6;
	SAY(onload_get_tcp_info(pair.far, &part, &length));
	fact("six bytes=%d, %d, %d", length, part.so_recvbuf == rcvbuf,
	     ((unsigned char *)&part)[6] == 0xA5);
	length = 0;
	SAY(onload_get_tcp_info(pair.far, &part, &length));
	fact("no bytes=%d", length);
	length = 1000;
	SAY(onload_get_tcp_info(pair.far, &part, &length));
	fact("of 1000=%d", length);
	length = -1;
	SAY(onload_get_tcp_info(pair.far, &part, &length));
	fact("of -1=%d", length);
}

/* ---- sockets that are not accelerated, or only in part */

static void say_socket(const char *what, int fd)
{
	fact("%s=%s", what, fd < 0 ? outcome(fd) : stat_of(fd));
}

#define SAY_SOCKET(call) say_socket(#call, call)

static void bind_to(int fd, in_addr_t address)
{
	const struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(address),
	};

	MUST(bind(fd, (const struct sockaddr *)&name, sizeof(name)));
}

static void nonaccel(char **args)
{
	struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd;

	(void)args;
	in_stack("foo");
	SAY_SOCKET(onload_socket_nonaccel(AF_INET, SOCK_STREAM, 0));
	SAY_SOCKET(onload_socket_nonaccel(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	SAY_SOCKET(onload_socket_nonaccel(-1, SOCK_DGRAM, 0));
	SAY_SOCKET(onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM, 0));
	SAY_SOCKET(onload_socket_unicast_nonaccel(AF_INET6, SOCK_DGRAM, IPPROTO_UDP));
	SAY_SOCKET(
		onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	SAY_SOCKET(onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	SAY_SOCKET(onload_socket_unicast_nonaccel(AF_INET, SOCK_STREAM, 0));
	SAY_SOCKET(onload_socket_unicast_nonaccel(AF_UNIX, SOCK_DGRAM, 0));
	SAY_SOCKET(onload_socket_rx_nonaccel(AF_INET, SOCK_DGRAM, 0));
	SAY_SOCKET(onload_socket_rx_nonaccel(AF_INET, SOCK_STREAM, 0));
	SAY_SOCKET(onload_socket_rx_nonaccel(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
	fd = onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM, 0);
	bind_to(fd, INADDR_ANY);
	say_socket("bound to any address", fd);
	fd = onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM, 0);
	bind_to(fd, 0xe0000001);
	say_socket("bound to a multicast address", fd);
	fd = onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM, 0);
	bind_to(fd, INADDR_LOOPBACK);
	say_socket("bound to a unicast address", fd);
	fd = onload_socket_rx_nonaccel(AF_INET6, SOCK_DGRAM, 0);
	MUST(bind(fd, (struct sockaddr *)&loopback, sizeof(loopback)));
	say_socket("bound to a unicast address of IPv6", fd);
	fd = onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM, 0);
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(connect(fd, (struct sockaddr *)&peer, sizeof(peer)));
	say_socket("connected", fd);
	fd = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
	bind_to(fd, INADDR_LOOPBACK);
	say_socket("an ordinary one, bound", fd);
}

/* ---- where sockets come from */

static void travels(char **args)
{
	const struct pair channel = connected_pair(family_named("unix_stream"));
	int fd;
	pid_t child;

	(void)args;
	in_stack("foo");
	fd = fresh_socket(family_named("udp4"));
	send_descriptor(channel.near, fd);
	say_socket("received", receive_descriptor(channel.far, false));
	say_socket("dup2", dup2(fd, 100));
	close(fd);
	say_socket("dup2 of a closed one", 100);
	child = (pid_t)MUST(fork());
	if (child == 0) {
		say_socket("in a child", 100);
		say_socket("made in a child", fresh_socket(family_named("tcp6")));
		exit(0);
	}
	finish(child);
	close(100);
	say_socket("closed", 100);
	in_stack("");
	MUST(dup2(fresh_socket(family_named("udp4")), 100));
	say_socket("number used again", 100);
}

const struct scenario scenarios[] = {
	{"table", table},
	{"numbers", numbers},
	{"moves", moves},
	{"to_plain", to_plain},
	{"obstacles", obstacles},
	{"unsent", unsent},
	{"save_move_restore", save_move_restore},
	{"move_keeps", move_keeps},
	{"tcp_info", tcp_info},
	{"nonaccel", nonaccel},
	{"travels", travels},
	{NULL, NULL},
};
