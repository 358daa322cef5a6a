/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that waits in the order of the wire, and receives packet by packet. */
#include <onload/extensions.h>
#include <onload/extensions_zc.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

#ifndef SO_PEEK_OFF
#define SO_PEEK_OFF 42
#endif

#define MOST_EVENTS 64

/* ---- A set, and what an ordered wait tells */

struct told {
	int count;
	struct epoll_event events[MOST_EVENTS];
	struct onload_ordered_epoll_event oo[MOST_EVENTS];
};

static void add(int set, int fd, uint32_t events, char name)
{
	struct epoll_event event = {.events = events, .data.u64 = (uint64_t)name};

	MUST(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
}

static int wait_ordered(int set, struct told *told, int most, int timeout)
{
	told->count =
		onload_ordered_epoll_wait(set, told->events, told->oo, most, timeout);
	return told->count;
}

static uint64_t time_of(const struct onload_ordered_epoll_event *event)
{
	return (uint64_t)event->ts.tv_sec * 1000000000 + (uint64_t)event->ts.tv_nsec;
}

/* "A300 B450, in order": a name with its bytes each; "?" for what is unordered, "+" for what is writable. */
static void say_told(const char *what, const struct told *told)
{
	char text[512] = "";
	size_t at = 0;
	uint64_t last = 0;
	bool in_order = true;

	for (int i = 0; i < told->count; i++) {
		const uint64_t time = time_of(told->oo + i);

		at += (size_t)snprintf(text + at, sizeof(text) - at, " %c%d%s%s",
				       (char)told->events[i].data.u64, told->oo[i].bytes,
				       time ? "" : "?",
				       told->events[i].events & EPOLLOUT ? "+" : "");
		in_order = in_order && (time == 0 || time >= last);
		last = time;
	}
	fact("%s=%d%s%s", what, told->count, text, in_order ? "" : ", times not in order");
}

static void say_wait(const char *what, int set)
{
	struct told told;

	wait_ordered(set, &told, MOST_EVENTS, 0);
	say_told(what, &told);
}

static int queued(int fd)
{
	int bytes = 0;

	MUST(ioctl(fd, FIONREAD, &bytes));
	return bytes;
}

/* Sends so many bytes, and returns when the other end has them. Of datagrams only the first is counted. */
static void send_bytes(struct pair pair, size_t count)
{
	const char bytes[2000] = {0};
	const int before = queued(pair.far);
	int type;
	socklen_t size = sizeof(type);

	MUST(getsockopt(pair.far, SOL_SOCKET, SO_TYPE, &type, &size));
	MUST(send(pair.near, bytes, count, 0));
	if (type == SOCK_DGRAM)
		wait_until_sent(pair.near);
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (type == SOCK_DGRAM ? queued(pair.far) > 0
				       : queued(pair.far) == before + (int)count)
			return;
		poll(NULL, 0, 1);
	}
}

static void read_bytes(struct pair pair, size_t count)
{
	char bytes[4000];

	MUST(recv(pair.far, bytes, count, 0));
}

struct two {
	int set;
	struct pair a, b;
};

/* Two sockets in a set, which has been waited for once. */
static struct two two_sockets(const char *name)
{
	const struct family *family = family_named(name);
	struct two two = {
		.set = (int)MUST(epoll_create1(0)),
		.a = connected_pair(family),
		.b = connected_pair(family),
	};
	struct told told;

	add(two.set, two.a.far, EPOLLIN, 'A');
	add(two.set, two.b.far, EPOLLIN, 'B');
	wait_ordered(two.set, &told, MOST_EVENTS, 0);
	return two;
}

static void end_two(struct two two)
{
	close_pair(two.a);
	close_pair(two.b);
	close(two.set);
}

/* Nothing is read between the waits. */
static void dont_read(char **args)
{
	struct two two = two_sockets(args[0]);
	struct told first, second;

	send_bytes(two.a, 300);
	wait_ordered(two.set, &first, MOST_EVENTS, 0);
	say_told("A1", &first);
	send_bytes(two.a, 450);
	wait_ordered(two.set, &second, MOST_EVENTS, 0);
	say_told("A2", &second);
	fact("same time=%d", time_of(first.oo) == time_of(second.oo));
	end_two(two);

	two = two_sockets(args[0]);
	send_bytes(two.a, 300);
	send_bytes(two.b, 200);
	wait_ordered(two.set, &first, MOST_EVENTS, 0);
	say_told("A1 B1", &first);
	send_bytes(two.a, 450);
	wait_ordered(two.set, &second, MOST_EVENTS, 0);
	say_told("A2", &second);
	fact("same times=%d", time_of(first.oo) == time_of(second.oo) &&
				      time_of(first.oo + 1) == time_of(second.oo + 1));
	end_two(two);

	two = two_sockets(args[0]);
	send_bytes(two.a, 300);
	send_bytes(two.b, 200);
	say_wait("A1 B1", two.set);
	send_bytes(two.b, 50);
	say_wait("B2", two.set);
	end_two(two);
}

/* Less than an event told is read, as much, or more. */
static void read_some(char **args)
{
	struct two two = two_sockets(args[0]);

	send_bytes(two.a, 300);
	send_bytes(two.b, 200);
	say_wait("A1 B1", two.set);
	read_bytes(two.a, 100);
	say_wait("less", two.set);
	end_two(two);

	two = two_sockets(args[0]);
	send_bytes(two.a, 300);
	send_bytes(two.b, 200);
	say_wait("A1 B1", two.set);
	read_bytes(two.a, 300);
	say_wait("equal", two.set);
	send_bytes(two.a, 50);
	say_wait("A2", two.set);
	end_two(two);

	two = two_sockets(args[0]);
	send_bytes(two.a, 300);
	say_wait("A1", two.set);
	send_bytes(two.b, 200);
	send_bytes(two.a, 50);
	say_wait("B1 A2", two.set);
	read_bytes(two.a, 320);
	say_wait("more", two.set);
	end_two(two);
}

/* TCP segments that come between two waits are not told apart. */
static void not_known(char **args)
{
	struct two two = two_sockets(args[0]);

	send_bytes(two.b, 200);
	send_bytes(two.a, 300);
	send_bytes(two.a, 50);
	say_wait("two at once", two.set);
	read_bytes(two.a, 350);
	send_bytes(two.a, 7);
	say_wait("then one", two.set);
	end_two(two);
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* What was queued before the first wait has the time at which it came, or none. */
static void queued_before(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int set = (int)MUST(epoll_create1(0));
	struct told told;
	uint64_t from = clock_ns(), until;

	send_bytes(pair, 300);
	until = clock_ns();
	add(set, pair.far, EPOLLIN, 'A');
	wait_ordered(set, &told, 1, 0);
	wait_ordered(set, &told, 1, 0);
	fact("before=%d, right=%d", told.count,
	     time_of(told.oo) == 0 ||
		     (time_of(told.oo) >= from && time_of(told.oo) <= until));
	read_bytes(pair, 300);
	from = clock_ns();
	send_bytes(pair, 50);
	wait_ordered(set, &told, 1, 0);
	fact("after=%d A%d, right=%d", told.count, told.oo[0].bytes,
	     time_of(told.oo) >= from && time_of(told.oo) <= clock_ns());
	close_pair(pair);
	close(set);
}

/* ---- Writable sockets, and what is no socket */

static void writable(char **args)
{
	const struct family *family = family_named(args[0]);
	const int set = (int)MUST(epoll_create1(0));
	const struct pair in = connected_pair(family), both = connected_pair(family),
			  out = connected_pair(family);
	struct told told;

	add(set, in.far, EPOLLIN, 'I');
	add(set, both.far, EPOLLIN | EPOLLOUT, 'B');
	add(set, out.far, EPOLLOUT, 'O');
	wait_ordered(set, &told, MOST_EVENTS, 0);
	send_bytes(in, 10);
	send_bytes(both, 20);
	send_bytes(out, 30);
	send_bytes(in, 5);
	say_wait("all", set);
	wait_ordered(set, &told, 1, 0);
	say_told("of one", &told);
	wait_ordered(set, &told, 2, 0);
	say_told("of two", &told);
	close_pair(in);
	close_pair(both);
	close_pair(out);
	close(set);
}

static void others(char **args)
{
	const int set = (int)MUST(epoll_create1(0)), inner = (int)MUST(epoll_create1(0));
	const struct pair udp = connected_pair(family_named("udp4")),
			  inside = connected_pair(family_named("udp4")),
			  local = connected_pair(family_named("unix_stream"));
	const int event = (int)MUST(eventfd(0, 0));
	const int listener = bound_socket(family_named("tcp4"), NULL, NULL);
	struct pair connecting;
	struct told told;
	int ends[2];

	(void)args;
	MUST(pipe(ends));
	add(set, udp.far, EPOLLIN, 'U');
	add(set, ends[0], EPOLLIN, 'P');
	add(set, event, EPOLLIN, 'E');
	add(set, local.far, EPOLLIN, 'X');
	add(set, listener, EPOLLIN, 'L');
	add(set, inner, EPOLLIN, 'S');
	add(inner, inside.far, EPOLLIN, 'i');
	wait_ordered(set, &told, MOST_EVENTS, 0);
	say_told("none", &told);
	send_bytes(udp, 10);
	say_wait("a datagram", set);
	MUST(write(ends[1], "pipe", 4));
	say_wait("and a pipe", set);
	MUST(eventfd_write(event, 1));
	say_wait("and an eventfd", set);
	MUST(send(local.near, "local", 5, 0));
	say_wait("and a local socket", set);
	connecting = connect_to(family_named("tcp4"), listener);
	wait_for(listener, POLLIN);
	say_wait("and a listener", set);
	send_bytes(inside, 10);
	say_wait("and a set", set);
	say_wait("the set inside", inner);
	close(connecting.near);
	close_pair(udp);
	close_pair(inside);
	close_pair(local);
	close(set);
	close(inner);
	close(event);
	close(listener);
	close(ends[0]);
	close(ends[1]);
}

/* A member whose number is closed while a duplicate lives, and whose number is another file then. */
static void closed(char **args)
{
	struct two two = two_sockets(args[0]);
	const int other = dup(two.a.far), number = two.a.far;
	const struct pair third = connected_pair(family_named(args[0]));

	send_bytes(two.a, 300);
	send_bytes(two.b, 200);
	say_wait("both", two.set);
	close(number);
	say_wait("A is closed, a duplicate is not", two.set);
	MUST(dup2(third.far, number));
	send_bytes(third, 50);
	say_wait("and its number is another's", two.set);
	add(two.set, number, EPOLLIN, 'C');
	say_wait("and that is added", two.set);
	close(other);
	two.a.far = number;
	say_wait("A is gone", two.set);
	close_pair(third);
	end_two(two);
}

/* Members with the same data. */
static void same_data(char **args)
{
	const struct family *family = family_named(args[0]);
	const int set = (int)MUST(epoll_create1(0));
	struct pair pairs[3];
	struct told told;

	for (int i = 0; i < 3; i++) {
		pairs[i] = connected_pair(family);
		add(set, pairs[i].far, EPOLLIN, 'S');
	}
	wait_ordered(set, &told, MOST_EVENTS, 0);
	send_bytes(pairs[2], 30);
	say_wait("one", set);
	send_bytes(pairs[0], 10);
	say_wait("two", set);
	for (int i = 0; i < 3; i++)
		close_pair(pairs[i]);
	close(set);
}

/* More members than a set is first thought to have, most of them with data that others have, too. */
static void many_members(char **args)
{
	const struct family *family = family_named(args[0]);
	const int set = (int)MUST(epoll_create1(0)), count = 200;
	struct onload_ordered_epoll_event oo[200];
	struct epoll_event events[200];
	struct pair pairs[200];
	int told, wrong = 0;
	uint64_t last = 0;

	for (int i = 0; i < count; i++) {
		pairs[i] = connected_pair(family);
		add(set, pairs[i].far, EPOLLIN, (char)('a' + i % 3));
	}
	onload_ordered_epoll_wait(set, events, oo, count, 0);
	for (int i = count; i-- > 0;)
		send_bytes(pairs[i], (size_t)i + 1);
	for (int calls = 0; calls < 2; calls++) {
		told = onload_ordered_epoll_wait(set, events, oo, count, 0);
		wrong = 0;
		last = 0;
		for (int i = 0; i < told; i++) {
			const int from = count - 1 - i;

			wrong += oo[i].bytes != from + 1 ||
				 events[i].data.u64 != (uint64_t)('a' + from % 3) ||
				 time_of(oo + i) < last || !time_of(oo + i);
			last = time_of(oo + i);
		}
		fact("told=%d, wrong=%d", told, wrong);
	}
	told = onload_ordered_epoll_wait(set, events, oo, 70, 0);
	fact("first=%d, bytes=%d to %d", told, oo[0].bytes, oo[told - 1].bytes);
	for (int i = 0; i < count; i++)
		close_pair(pairs[i]);
	close(set);
}

/* FAMILY: a wait by which no data is told, and epoll_wait()'s answer in its place. Sockets that are
 * writable, that are not, and other members, added and made ready in different orders. */
static void last_call(char **args)
{
	const struct family *family = family_named(args[0]);
	const int set = (int)MUST(epoll_create1(0)), event = (int)MUST(eventfd(1, 0));
	const int mosts[] = {MOST_EVENTS, 3, 1, 5, MOST_EVENTS};
	struct pair pairs[8];
	struct told ordered, plain;
	bool same;
	int ends[2];

	MUST(pipe(ends));
	for (size_t i = 0; i < COUNT(pairs); i++) {
		const uint32_t events = i % 3 == 0   ? EPOLLOUT
					: i % 3 == 1 ? EPOLLIN | EPOLLOUT
						     : EPOLLIN;

		pairs[i] = connected_pair(family);
		add(set, pairs[i].far, events, (char)('a' + i));
	}
	add(set, event, EPOLLIN | EPOLLOUT, 'e');
	add(set, ends[1], EPOLLOUT, 'p');
	for (size_t i = 0; i < COUNT(pairs); i++)
		send_bytes(pairs[i], i + 1);
	wait_ordered(set, &ordered, MOST_EVENTS, 0);
	for (size_t i = COUNT(pairs); i-- > 0;)
		read_bytes(pairs[i], 100);
	for (size_t i = 0; i < COUNT(mosts); i++) { /* the kernel takes turns */
		wait_ordered(set, &ordered, mosts[i], 0);
		plain.count = epoll_wait(set, plain.events, mosts[i], 0);
		same = plain.count == ordered.count;
		for (int at = 0; same && at < plain.count; at++)
			same = plain.events[at].events == ordered.events[at].events &&
			       plain.events[at].data.u64 == ordered.events[at].data.u64 &&
			       !time_of(ordered.oo + at) && !ordered.oo[at].bytes;
		fact("of %d=%d, same=%d", mosts[i], ordered.count, same);
	}
	for (size_t i = 0; i < COUNT(pairs); i++)
		close_pair(pairs[i]);
	close(set);
	close(event);
	close(ends[0]);
	close(ends[1]);
}

/* ---- What a walk leaves as it was */

static int peek_offset(int fd)
{
	socklen_t size = sizeof(int);
	int value;

	MUST(getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &value, &size));
	return value;
}

static void set_peek_offset(int fd, int value)
{
	MUST(setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &value, sizeof(value)));
}

/* What a peek returns, and where the offset is then. */
static void say_peek(const char *what, int fd)
{
	char bytes[2000];
	const long got = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	fact("%s=%s, offset %d", what, outcome(got), peek_offset(fd));
}

static void peeking(char **args)
{
	struct two two = two_sockets(args[0]);

	send_bytes(two.a, 300);
	send_bytes(two.a, 20);
	send_bytes(two.a, 7);
	say_wait("wait", two.set);
	say_peek("off", two.a.far);
	say_peek("off", two.a.far);
	set_peek_offset(two.a.far, 0);
	say_wait("wait", two.set);
	say_peek("first", two.a.far);
	say_wait("wait", two.set);
	say_peek("second", two.a.far);
	read_bytes(two.a, 300);
	say_wait("wait", two.set);
	say_peek("third", two.a.far);
	end_two(two);
}

/* Datagrams without a byte count as none. */
static void empty(char **args)
{
	struct two two = two_sockets(args[0]);
	char byte;

	MUST(send(two.a.near, "", 0, 0));
	MUST(send(two.a.near, "abc", 3, 0));
	MUST(send(two.a.near, "", 0, 0));
	MUST(send(two.b.near, "b", 1, 0));
	wait_until_sent(two.b.near);
	say_wait("first", two.set);
	say_wait("again", two.set);
	for (int i = 0; i < 3; i++)
		fact("received=%ld", (long)recv(two.a.far, &byte, 1, MSG_TRUNC));
	say_wait("then", two.set);
	end_two(two);
}

/* An error that the peek of a walk takes is the next receiving call's. */
static void errors(char **args)
{
	const struct family *family = family_named(args[0]);
	const int set = (int)MUST(epoll_create1(0));
	struct pair pair = connected_pair(family);
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);
	struct told told;
	char bytes[10];

	add(set, pair.far, EPOLLIN, 'A');
	wait_ordered(set, &told, MOST_EVENTS, 0);
	MUST(getsockname(pair.near, (struct sockaddr *)&addr, &size));
	send_bytes(pair, 3);
	MUST(close(pair.near));
	MUST(send(pair.far, "x", 1, 0)); /* nobody is there */
	wait_for(pair.far, POLLERR);
	say_wait("an error and a datagram", set);
	SAY_AS("recv", recv(pair.far, bytes, sizeof(bytes), 0));
	SAY_AS("recv", recv(pair.far, bytes, sizeof(bytes), 0));
	SAY_AS("recv", recv(pair.far, bytes, sizeof(bytes), MSG_DONTWAIT));
	close(pair.far);
	close(set);
}

/* ---- Errors: as after a wait in the kernel's order */

/* ordered: else in the kernel's order. */
static void say_events(const char *what, int set, int most, bool ordered)
{
	char text[200] = "";
	size_t at = 0;
	struct told told;

	if (ordered)
		wait_ordered(set, &told, most, 0);
	else
		told.count = epoll_wait(set, told.events, most, 0);
	for (int i = 0; i < told.count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " %c%s%s",
				       (char)told.events[i].data.u64,
				       told.events[i].events & EPOLLIN ? " IN" : "",
				       told.events[i].events & EPOLLERR ? " ERR" : "");
	fact("%s=%d%s", what, told.count, text);
}

static void say_error(const char *what, int fd, socklen_t size)
{
	int error = 0;

	SAY_AS(what, getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	fact("%s=%s, %u bytes", what, error ? strerrorname_np(error) : "none", size);
}

/* A datagram is queued, and the answer to one that was sent: that nobody is there. */
static struct pair with_error(const struct family *family)
{
	struct pair pair = connected_pair(family);

	send_bytes(pair, 3);
	MUST(close(pair.near));
	MUST(send(pair.far, "x", 1, 0));
	wait_for(pair.far, POLLERR);
	pair.near = -1;
	return pair;
}

static void say_errors_of_queue(const char *what, int fd, bool by_recv)
{
	char bytes[100], control[200];
	struct iovec piece = {bytes, sizeof(bytes)};
	struct msghdr msg = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	SAY_AS(what, by_recv ? recv(fd, bytes, sizeof(bytes), MSG_ERRQUEUE)
			     : recvmsg(fd, &msg, MSG_ERRQUEUE));
}

enum error_way { BY_OPTION, BY_SHORT_OPTION, BY_RECV, BY_RECVMMSG, BY_PEEK, ERROR_WAYS };

static void take_error(int fd, enum error_way way)
{
	char bytes[10];
	struct iovec piece = {bytes, sizeof(bytes)};
	struct mmsghdr msg = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};

	switch (way) {
	case BY_OPTION:
		say_error("SO_ERROR", fd, sizeof(int));
		break;
	case BY_SHORT_OPTION:
		say_error("SO_ERROR", fd, 1);
		break;
	case BY_RECV:
		SAY_AS("recv", recv(fd, bytes, sizeof(bytes), 0));
		break;
	case BY_RECVMMSG:
		SAY_AS("recvmmsg", recvmmsg(fd, &msg, 1, 0, NULL));
		break;
	case BY_PEEK:
		SAY_AS("peek", recv(fd, bytes, sizeof(bytes), MSG_PEEK));
		break;
	case ERROR_WAYS:
		break;
	}
}

/* FAMILY ordered|kernel */
static void pending_error(char **args)
{
	const struct family *family = family_named(args[0]);
	const bool ordered = strcmp(args[1], "ordered") == 0;
	char bytes[10];
	int set;

	for (enum error_way way = BY_OPTION; way < ERROR_WAYS; way++) {
		const struct pair pair = with_error(family);

		set = (int)MUST(epoll_create1(0));
		add(set, pair.far, EPOLLIN, 'A');
		say_events("first", set, MOST_EVENTS, ordered);
		say_events("again", set, MOST_EVENTS, ordered);
		take_error(pair.far, way);
		say_error("then", pair.far, sizeof(int));
		say_events("taken", set, MOST_EVENTS, ordered);
		SAY_AS("recv", recv(pair.far, bytes, sizeof(bytes), MSG_DONTWAIT));
		SAY_AS("recv", recv(pair.far, bytes, sizeof(bytes), MSG_DONTWAIT));
		say_events("read", set, MOST_EVENTS, ordered);
		close(pair.far);
		close(set);
	}
}

/* FAMILY ordered|kernel: the errors are in the error queue, too; the second is asked for, or is not. The queue
 * is read by recvmsg() or by recv(). */
static void queued_error(char **args)
{
	const struct family *family = family_named(args[0]);
	const bool ordered = strcmp(args[1], "ordered") == 0;
	const bool v6 = family->domain == AF_INET6;
	const int level = v6 ? SOL_IPV6 : SOL_IP, on = 1;
	const int option = v6 ? IPV6_RECVERR : IP_RECVERR;
	char bytes[10];

	for (int way = 0; way < 4; way++) {
		const bool asks = way & 1, by_recv = way & 2;
		const int set = (int)MUST(epoll_create1(0));
		struct pair pair = connected_pair(family);

		MUST(setsockopt(pair.far, level, option, &on, sizeof(on)));
		add(set, pair.far, EPOLLIN, 'A');
		send_bytes(pair, 3);
		MUST(close(pair.near));
		for (socklen_t size = 0; size <= sizeof(int); size += sizeof(int)) {
			MUST(send(pair.far, "x", 1, 0));
			wait_for(pair.far, POLLERR);
			say_error("sent", pair.far, size);
		}
		say_events("two", set, MOST_EVENTS, ordered);
		say_errors_of_queue("queue", pair.far, by_recv);
		say_events("one", set, MOST_EVENTS, ordered);
		if (asks)
			say_error("one", pair.far, sizeof(int));
		say_errors_of_queue("queue", pair.far, by_recv);
		say_events("none", set, MOST_EVENTS, ordered);
		say_error("none", pair.far, sizeof(int));
		say_errors_of_queue("queue", pair.far, by_recv);
		SAY_AS("recv", recv(pair.far, bytes, sizeof(bytes), MSG_DONTWAIT));
		say_events("read", set, MOST_EVENTS, ordered);
		close(pair.far);
		close(set);
	}
}

/* FAMILY ordered|kernel: an error that a call keeps for the next one, and nothing is queued. */
static void error_alone(char **args)
{
	const bool ordered = strcmp(args[1], "ordered") == 0;
	struct two two = two_sockets(args[0]);
	char bytes[10];
	struct iovec good = {bytes, sizeof(bytes)}, bad = {(void *)1, sizeof(bytes)};
	struct mmsghdr msgs[] = {{.msg_hdr = {.msg_iov = &good, .msg_iovlen = 1}},
				 {.msg_hdr = {.msg_iov = &bad, .msg_iovlen = 1}}};

	send_bytes(two.a, 3);
	send_bytes(two.a, 5);
	SAY_AS("recvmmsg", recvmmsg(two.a.far, msgs, 2, 0, NULL));
	say_events("kept", two.set, MOST_EVENTS, ordered);
	SAY_AS("recv", recv(two.b.far, bytes, sizeof(bytes), MSG_DONTWAIT));
	say_error("kept", two.a.far, sizeof(int));
	say_events("taken", two.set, MOST_EVENTS, ordered);
	end_two(two);
}

/* What is received after a wait has no control message that the program did not ask for. */
static void unseen(char **args)
{
	struct two two = two_sockets(args[0]);
	char bytes[100], control[200];
	struct iovec piece = {bytes, sizeof(bytes)};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};
	struct msghdr with = {.msg_iov = &piece, .msg_iovlen = 1};
	int value = -1;
	socklen_t size = sizeof(value);

	send_bytes(two.a, 10);
	say_wait("wait", two.set);
	SAY_AS("without control", recvmsg(two.a.far, &msg, 0));
	fact("flags=%d, control=%zu", msg.msg_flags, (size_t)msg.msg_controllen);
	send_bytes(two.a, 10);
	say_wait("wait", two.set);
	with.msg_control = control;
	with.msg_controllen = sizeof(control);
	SAY_AS("with control", recvmsg(two.a.far, &with, 0));
	fact("flags=%d, control=%zu", with.msg_flags, (size_t)with.msg_controllen);
	MUST(getsockopt(two.a.far, SOL_SOCKET, SO_TIMESTAMPNS, &value, &size));
	fact("option=%d", value);
	end_two(two);
}

/* The option by which the emulation marks sockets of its own, on another one. FAMILY */
static void marked(char **args)
{
	struct two two = two_sockets(args[0]);
	const struct pair pair = connected_pair(family_named(args[0]));
	int value = 1;
	socklen_t size = sizeof(value);

	send_bytes(two.a, 10);
	say_wait("wait", two.set);
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_NOFCS, &value, size));
	value = -1;
	MUST(getsockopt(pair.far, SOL_SOCKET, SO_NOFCS, &value, &size));
	fact("mark=%d", value);
	value = 1;
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPNS, &value, size));
	value = -1;
	MUST(getsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPNS, &value, &size));
	fact("times=%d", value);
	value = 1;
	MUST(getsockopt(two.a.far, SOL_SOCKET, SO_NOFCS, &value, &size));
	fact("mark of the member=%d", value);
	close_pair(pair);
	end_two(two);
}

/* The application locks so many of the socket's bytes, 0 for all: in this process, or in another one that
 * has the socket. FAMILY BYTES own|other */
static void locked(char **args)
{
	struct two two = two_sockets(args[0]);
	struct flock lock = {.l_type = F_WRLCK, .l_len = atoi(args[1])};
	const bool own = strcmp(args[2], "own") == 0;
	int ready[2], done[2];
	pid_t child;
	char byte;

	MUST(pipe(ready));
	MUST(pipe(done));
	send_bytes(two.a, 10);
	if (own) {
		MUST(fcntl(two.a.far, F_SETLK, &lock));
		say_wait("wait", two.set);
	}
	child = (pid_t)MUST(fork());
	if (child == 0) {
		MUST(close(done[1]));
		if (own) {
			MUST(fcntl(two.a.far, F_GETLK, &lock));
			fact("locked=%d", lock.l_type != F_UNLCK);
		} else {
			MUST(fcntl(two.a.far, F_SETLK, &lock));
			MUST(write(ready[1], "", 1));
			MUST(read(done[0], &byte, 1));
		}
		_exit(0);
	}
	if (!own) {
		MUST(read(ready[0], &byte, 1));
		say_wait("wait", two.set);
	}
	MUST(close(done[1]));
	finish(child);
	end_two(two);
}

/* Two threads wait, a third reads: nothing is lost, and the offset stays off. */
struct crowd {
	int set;
	struct pair pair;
	atomic_bool ends;
};

static void *wait_often(void *arg)
{
	struct crowd *const crowd = arg;
	struct told told;

	while (!atomic_load(&crowd->ends))
		wait_ordered(crowd->set, &told, MOST_EVENTS, 0);
	return NULL;
}

static void crowd(char **args)
{
	struct crowd crowd = {
		.set = (int)MUST(epoll_create1(0)),
		.pair = connected_pair(family_named(args[0])),
	};
	unsigned long sent = 0, expected = 0, got, wrong = 0;
	pthread_t threads[2];

	add(crowd.set, crowd.pair.far, EPOLLIN, 'A');
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, wait_often, &crowd);
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 20; i++, sent++)
			MUST(send(crowd.pair.near, &sent, sizeof(sent), 0));
		for (int i = 0; i < 20; i++, expected++) {
			MUST(recv(crowd.pair.far, &got, sizeof(got), 0));
			wrong += got != expected;
		}
	}
	atomic_store(&crowd.ends, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	fact("received=%lu, wrong=%lu, offset %d", expected, wrong,
	     peek_offset(crowd.pair.far));
	close_pair(crowd.pair);
	close(crowd.set);
}

/* The same, where the reader uses zero copy. */
static enum onload_zc_callback_rc count_one(struct onload_zc_recv_args *args, int flags)
{
	(void)flags;
	++*(int *)args->user_ptr;
	return ONLOAD_ZC_CONTINUE;
}

static void zero_copy_crowd(char **args)
{
	struct crowd crowd = {
		.set = (int)MUST(epoll_create1(0)),
		.pair = connected_pair(family_named(args[0])),
	};
	int sent = 0, got = 0;
	struct onload_zc_recv_args call = {.cb = count_one, .user_ptr = &got};
	pthread_t thread;

	add(crowd.set, crowd.pair.far, EPOLLIN, 'A');
	pthread_create(&thread, NULL, wait_often, &crowd);
	for (int round = 0; round < 500; round++) {
		for (int i = 0; i < 20; i++, sent++)
			MUST(send(crowd.pair.near, "abc", 3, 0));
		while (got < sent)
			MUST(onload_zc_recv(crowd.pair.far, &call));
	}
	atomic_store(&crowd.ends, true);
	pthread_join(thread, NULL);
	fact("received=%d, offset %d", got, peek_offset(crowd.pair.far));
	close_pair(crowd.pair);
	close(crowd.set);
}

/* The application changes SO_PEEK_OFF while a thread waits. */
static void offset_meanwhile(char **args)
{
	struct crowd crowd = {
		.set = (int)MUST(epoll_create1(0)),
		.pair = connected_pair(family_named(args[0])),
	};
	pthread_t thread;
	int rounds;

	add(crowd.set, crowd.pair.far, EPOLLIN, 'A');
	for (int i = 0; i < 50; i++)
		MUST(send(crowd.pair.near, "abc", 3, 0));
	pthread_create(&thread, NULL, wait_often, &crowd);
	for (rounds = 0; rounds < 2000; rounds++) {
		set_peek_offset(crowd.pair.far, 0);
		set_peek_offset(crowd.pair.far, -1);
	}
	atomic_store(&crowd.ends, true);
	pthread_join(thread, NULL);
	fact("rounds=%d, offset %d", rounds, peek_offset(crowd.pair.far));
	close_pair(crowd.pair);
	close(crowd.set);
}

/* A set and its member that two processes share, which both wait. */
static void shared_set(char **args)
{
	struct crowd crowd = {
		.set = (int)MUST(epoll_create1(0)),
		.pair = connected_pair(family_named(args[0])),
	};
	int waits, wrong = 0;
	struct told told;
	pid_t child;
	char byte;

	add(crowd.set, crowd.pair.far, EPOLLIN, 'A');
	wait_ordered(crowd.set, &told, MOST_EVENTS, 0);
	for (int i = 0; i < 10; i++)
		send_bytes(crowd.pair, 3);
	child = (pid_t)MUST(fork());
	if (child == 0) {
		wait_often(&crowd);
		_exit(0);
	}
	for (waits = 0; waits < 3000; waits++) {
		wait_ordered(crowd.set, &told, MOST_EVENTS, 0);
		/* the kernel shows a set as empty while another process takes its events */
		wrong += told.count != 0 &&
			 (told.oo[0].bytes != 30 || time_of(told.oo) == 0);
	}
	MUST(kill(child, SIGTERM));
	MUST(waitpid(child, NULL, 0));
	wait_ordered(crowd.set, &told, MOST_EVENTS, 0);
	say_told("after it was ended", &told);
	for (int i = 0; i < 10; i++)
		MUST(recv(crowd.pair.far, &byte, 1, 0));
	fact("waits=%d, wrong=%d, offset %d", waits, wrong, peek_offset(crowd.pair.far));
	close_pair(crowd.pair);
	close(crowd.set);
}

/* A thread waits while members with datagrams are closed, and their numbers used for sockets of another
 * kind. */
static void closed_meanwhile(char **args)
{
	const struct family *family = family_named(args[0]);
	struct crowd crowd = {.set = (int)MUST(epoll_create1(0))};
	pthread_t threads[2];
	int rounds;

	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, wait_often, &crowd);
	for (rounds = 0; rounds < 1000; rounds++) {
		const struct pair pair = connected_pair(family);

		add(crowd.set, pair.far, EPOLLIN, 'A');
		for (int i = 0; i < 10; i++)
			MUST(send(pair.near, "abc", 3, 0));
		close(pair.far);
		close((int)MUST(socket(AF_INET, SOCK_STREAM, 0)));
		close(pair.near);
	}
	atomic_store(&crowd.ends, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	fact("rounds=%d", rounds);
	close(crowd.set);
}

/* Where /proc is not there, events come in the kernel's order. */
static void without_proc(char **args)
{
	struct two two = two_sockets(args[0]);
	struct told told;
	char folder[] = "/tmp/lkos_probe_XXXXXX";
	const int root = (int)MUST(open("/", O_PATH | O_CLOEXEC));

	if (!mkdtemp(folder))
		must(-1, "mkdtemp");
	if (chroot(folder) != 0) {
		rmdir(folder);
		not_run("CAP_SYS_CHROOT");
	}
	rmdir(folder);
	send_bytes(two.a, 300);
	send_bytes(two.b, 200);
	say_wait("both", two.set);
	say_wait("again", two.set);
	SAY_AS("socket", wait_ordered(two.a.far, &told, 1, 0));
	SAY_AS("closed", wait_ordered(-1, &told, 1, 0));
	end_two(two);
	MUST(fchdir(root)); /* LeakSanitizer needs /proc in the end */
	MUST(chroot("."));
	close(root);
}

/* Where no descriptor is free to list the members with, too. */
static void without_descriptor(char **args)
{
	const struct rlimit few = {64, 64};
	struct two two = two_sockets(args[0]);
	int last = -1, fd;

	send_bytes(two.a, 300);
	send_bytes(two.b, 200);
	MUST(setrlimit(RLIMIT_NOFILE, &few));
	while ((fd = dup(two.set)) >= 0)
		last = fd;
	say_wait("none is free", two.set);
	close(last);
	say_wait("one is free", two.set);
	end_two(two);
}

/* ---- Arguments, time and signals */

static void interrupt(int signal)
{
	(void)signal;
}

static void arguments(char **args)
{
	struct two two = two_sockets(args[0]);
	struct told told;
	int ends[2];

	MUST(pipe(ends));
	SAY_AS("pipe", wait_ordered(ends[0], &told, 1, 0));
	SAY_AS("socket", wait_ordered(two.a.far, &told, 1, 0));
	SAY_AS("closed", wait_ordered(-1, &told, 1, 0));
	SAY_AS("no events", wait_ordered(two.set, &told, 0, 0));
	SAY_AS("less", wait_ordered(two.set, &told, -1, 0));
	send_bytes(two.a, 10);
	SAY_AS("events NULL", onload_ordered_epoll_wait(two.set, NULL, told.oo, 1, 0));
	SAY_AS("oo_events NULL",
	       onload_ordered_epoll_wait(two.set, told.events, NULL, 1, 0));
	SAY_AS("many", wait_ordered(two.set, &told, MOST_EVENTS, -1));
	end_two(two);
	close(ends[0]);
	close(ends[1]);
}

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *send_later(void *arg)
{
	const int fd = *(int *)arg;

	poll(NULL, 0, 20);
	MUST(send(fd, "later", 5, 0));
	return NULL;
}

static void mode(char **args)
{
	struct told told;

	(void)args;
	SAY_AS("wait", wait_ordered((int)MUST(epoll_create1(0)), &told, 1, 0));
}

static void timeouts(char **args)
{
	struct two two = two_sockets(args[0]);
	struct itimerval alarm = {.it_value.tv_usec = 20000};
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
	int64_t start = clock_ms();
	struct told told;
	pthread_t thread;

	SAY_AS("nothing, 0", wait_ordered(two.set, &told, 1, 0));
	SAY_AS("nothing, 30", wait_ordered(two.set, &told, 1, 30));
	fact("waited=%d", clock_ms() - start >= 30);
	pthread_create(&thread, NULL, send_later, &two.b.near);
	wait_ordered(two.set, &told, 1, -1);
	say_told("for ever", &told);
	pthread_join(thread, NULL);
	read_bytes(two.b, 5);
	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(setitimer(ITIMER_REAL, &alarm, NULL));
	SAY_AS("a signal", wait_ordered(two.set, &told, 1, WAIT_MS));
	end_two(two);
}

/* ---- The whole: who reads as he is told, reads in the order of sending */

struct shared { /* between the sender and the reader */
	atomic_ulong read;
	atomic_bool busy[MOST_EVENTS]; /* TCP: a segment is not read yet */
};

/* Of TCP; nothing of a datagram's is. */
static int outstanding(int fd, unsigned long request)
{
	int bytes = 0;

	return ioctl(fd, request, &bytes) == 0 ? bytes : 0;
}

/* Each message is a number, some times over. The next one leaves when the one before has left. */
static void send_numbers(const struct pair *pairs, int sockets, unsigned long count,
			 bool many, struct shared *shared)
{
	unsigned long message[300];
	unsigned int seed = 1;

	for (unsigned long i = 0; i < count; i++) {
		const size_t words = 1 + (size_t)rand_r(&seed) % COUNT(message);
		int to = rand_r(&seed) % sockets;

		for (size_t word = 0; word < words; word++)
			message[word] = i;
		while (i - atomic_load(&shared->read) > 100)
			sched_yield();
		while (!many && (atomic_load(&shared->busy[to]) ||
				 outstanding(pairs[to].near, SIOCOUTQ) > 0))
			to = (to + 1) % sockets;
		atomic_store(&shared->busy[to], true);
		MUST(send(pairs[to].near, message, words * sizeof(message[0]), 0));
		while (outstanding(pairs[to].near, SIOCOUTQNSD) > 0)
			sched_yield();
	}
}

struct reader {
	unsigned long read, unordered, wrong; /* read: the numbers below it */
	uint64_t last;
};

/* All that an event told, and no more. */
static void read_event(int fd, const struct onload_ordered_epoll_event *event,
		       struct reader *reader)
{
	const uint64_t time = time_of(event);
	unsigned long message[300];
	ssize_t got = 0;

	reader->unordered += time == 0;
	reader->wrong += time < reader->last;
	reader->last = time;
	for (int left = event->bytes; left > 0; left -= (int)got) {
		const size_t room =
			(size_t)left < sizeof(message) ? (size_t)left : sizeof(message);

		got = recv(fd, message, room, MSG_DONTWAIT);
		if (got <= 0) {
			reader->wrong++;
			return;
		}
		for (size_t i = 0; i < (size_t)got / sizeof(message[0]); i++) {
			if (message[i] == reader->read)
				reader->read++;
			else if (message[i] + 1 != reader->read)
				reader->wrong++;
		}
	}
}

/* FAMILY FAMILY SOCKETS COUNT one|many: sockets of both families by turns, of which one or several
 * messages may be on their way. */
static void whole(char **args)
{
	const struct family *const families[] = {family_named(args[0]),
						 family_named(args[1])};
	const int sockets = atoi(args[2]), set = (int)MUST(epoll_create1(0)), on = 1;
	const unsigned long count = strtoul(args[3], NULL, 10);
	const bool many = strcmp(args[4], "many") == 0;
	struct shared *const shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct pair pairs[MOST_EVENTS];
	struct reader reader = {0};
	struct told told;
	pid_t child;

	for (int i = 0; i < sockets; i++) {
		pairs[i] = connected_pair(families[i % 2]);
		setsockopt(pairs[i].near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		add(set, pairs[i].far, EPOLLIN, (char)i);
	}
	wait_ordered(set, &told, MOST_EVENTS, 0);
	child = (pid_t)MUST(fork());
	if (child == 0) {
		send_numbers(pairs, sockets, count, many, shared);
		_exit(0);
	}
	while ((reader.read < count || told.count > 0) && reader.wrong < 10) {
		const int timeout = reader.read < count ? WAIT_MS : 0;

		if (MUST(wait_ordered(set, &told, MOST_EVENTS, timeout)) == 0)
			break;
		for (int i = 0; i < told.count; i++) {
			const int at = (int)told.events[i].data.u64;

			read_event(pairs[at].far, told.oo + i, &reader);
			/* acknowledged, or it might be sent again */
			setsockopt(pairs[at].far, IPPROTO_TCP, TCP_QUICKACK, &on,
				   sizeof(on));
			atomic_store(&shared->busy[at], false);
		}
		atomic_store(&shared->read, reader.read);
	}
	if (reader.read < count)
		kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	fact("read=%lu, wrong=%lu, unordered=%lu", reader.read, reader.wrong,
	     reader.unordered);
}

/* ---- One packet at a time */

/* As a program that receives with one of these calls. */
struct receiver {
	const char *name;
	ssize_t (*receive)(int fd, void *buf, size_t len, int flags);
};

static ssize_t by_recv(int fd, void *buf, size_t len, int flags)
{
	return recv(fd, buf, len, flags);
}

static ssize_t by_recvfrom(int fd, void *buf, size_t len, int flags)
{
	return recvfrom(fd, buf, len, flags, NULL, NULL);
}

static ssize_t by_recvmsg(int fd, void *buf, size_t len, int flags)
{
	struct iovec piece = {buf, len};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};

	return recvmsg(fd, &msg, flags);
}

static ssize_t by_recvmmsg(int fd, void *buf, size_t len, int flags)
{
	struct iovec piece = {buf, len};
	struct mmsghdr msg = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
	const int count = recvmmsg(fd, &msg, 1, flags, NULL);

	return count < 1 ? count : (ssize_t)msg.msg_len;
}

static const struct receiver receivers[] = {
	{"recv", by_recv},
	{"recvfrom", by_recvfrom},
	{"recvmsg", by_recvmsg},
	{"recvmmsg", by_recvmmsg},
};

static void say_one(const struct receiver *by, const char *what, int fd, size_t len,
		    int flags)
{
	char bytes[4000];

	SAY_AS(what, by->receive(fd, bytes, len, ONLOAD_MSG_ONEPKT | flags));
}

/* FAMILY: packets that a flagged peek has seen one after the other. */
static void one_packet(char **args)
{
	for (size_t i = 0; i < COUNT(receivers); i++) {
		const struct receiver *const by = receivers + i;
		const struct pair pair = connected_pair(family_named(args[0]));
		char bytes[4000];

		fact("%s", by->name);
		say_one(by, "nothing", pair.far, 1000, MSG_DONTWAIT);
		for (size_t size = 100; size <= 300; size += 100) {
			send_bytes(pair, size);
			say_one(by, "peek", pair.far, 1000, MSG_PEEK);
		}
		say_one(by, "part", pair.far, 30, 0);
		say_one(by, "peek the rest", pair.far, 1000, MSG_PEEK);
		say_one(by, "rest", pair.far, 1000, 0);
		say_one(by, "second", pair.far, 1000, 0);
		SAY_AS("unflagged", by->receive(pair.far, bytes, 50, 0));
		say_one(by, "rest of third", pair.far, 1000, 0);
		send_bytes(pair, 10);
		say_one(by, "peek", pair.far, 1000, MSG_PEEK);
		send_bytes(pair, 20);
		SAY_AS("unflagged, all", by->receive(pair.far, bytes, 1000, 0));
		say_one(by, "WAITALL", pair.far, 1000, MSG_WAITALL);
		send_bytes(pair, 10);
		send_bytes(pair, 20);
		say_one(by, "two at once", pair.far, 1000, 0);
		MUST(shutdown(pair.near, SHUT_WR));
		say_one(by, "end", pair.far, 1000, 0);
		close_pair(pair);
	}
}

/* A flagged call that waits gets what comes first, and fills one piece of memory. */
static void one_packet_waits(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const struct timeval soon = {.tv_usec = 20000};
	char first[4], second[100], byte;
	struct iovec pieces[] = {{first, 0}, {first, sizeof(first)}, {second, 100}};
	struct msghdr msg = {.msg_iov = pieces, .msg_iovlen = COUNT(pieces)};
	pthread_t thread;
	int sender = pair.near;

	pthread_create(&thread, NULL, send_later, &sender);
	SAY_AS("waited", recv(pair.far, second, sizeof(second), ONLOAD_MSG_ONEPKT));
	pthread_join(thread, NULL);
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	SAY_AS("in vain", recv(pair.far, &byte, 1, ONLOAD_MSG_ONEPKT));
	send_bytes(pair, 10);
	SAY_AS("pieces", recvmsg(pair.far, &msg, ONLOAD_MSG_ONEPKT));
	SAY_AS("the rest", recv(pair.far, second, sizeof(second), ONLOAD_MSG_ONEPKT));
	send_bytes(pair, 10);
	SAY_AS("no memory", recv(pair.far, second, 0, ONLOAD_MSG_ONEPKT));
	SAY_AS("all", recv(pair.far, second, sizeof(second), 0));
	close_pair(pair);
}

/* Urgent data ends what is known, until all is read. */
static void urgent(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const struct receiver *const by = receivers;
	char byte;

	send_bytes(pair, 100);
	say_one(by, "peek", pair.far, 1000, MSG_PEEK);
	send_bytes(pair, 50);
	say_one(by, "peek", pair.far, 1000, MSG_PEEK);
	MUST(send(pair.near, "u", 1, MSG_OOB));
	wait_for(pair.far, POLLPRI);
	SAY_AS("urgent", recv(pair.far, &byte, 1, MSG_OOB));
	MUST(send(pair.near, "after", 5, 0));
	wait_until_sent(pair.near);
	say_one(by, "before it", pair.far, 1000, 0);
	say_one(by, "after it", pair.far, 1000, 0);
	say_one(by, "nothing", pair.far, 1000, MSG_DONTWAIT);
	send_bytes(pair, 10);
	say_one(by, "peek", pair.far, 1000, MSG_PEEK);
	send_bytes(pair, 20);
	say_one(by, "one", pair.far, 1000, 0);
	say_one(by, "other", pair.far, 1000, 0);
	close_pair(pair);
}

/* clang-format off */
const struct scenario scenarios[] = {
	{"dont_read", dont_read},
	{"read", read_some},
	{"not_known", not_known},
	{"queued_before", queued_before},
	{"writable", writable},
	{"others", others},
	{"closed", closed},
	{"same_data", same_data},
	{"many_members", many_members},
	{"last_call", last_call},
	{"peeking", peeking},
	{"empty", empty},
	{"errors", errors},
	{"pending_error", pending_error},
	{"queued_error", queued_error},
	{"error_alone", error_alone},
	{"unseen", unseen},
	{"locked", locked},
	{"marked", marked},
	{"crowd", crowd},
	{"zero_copy_crowd", zero_copy_crowd},
	{"offset_meanwhile", offset_meanwhile},
	{"shared_set", shared_set},
	{"closed_meanwhile", closed_meanwhile},
	{"without_proc", without_proc},
	{"without_descriptor", without_descriptor},
	{"arguments", arguments},
	{"timeouts", timeouts},
	{"mode", mode},
	{"whole", whole},
	{"one_packet", one_packet},
	{"one_packet_waits", one_packet_waits},
	{"urgent", urgent},
	{NULL, NULL},
};
