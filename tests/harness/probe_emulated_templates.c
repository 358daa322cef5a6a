/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that prepares messages, changes them and sends them later. */
#include <onload/extensions_zc.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

#define SEND_NOW ONLOAD_TEMPLATE_FLAGS_SEND_NOW
#define DONTWAIT ONLOAD_TEMPLATE_FLAGS_DONTWAIT
#define PIO_RETRY ONLOAD_TEMPLATE_FLAGS_PIO_RETRY

static onload_template_handle prepared(int fd, const char *text)
{
	const struct iovec piece = {(void *)text, strlen(text)};
	onload_template_handle handle = NULL;

	MUST(onload_msg_template_alloc(fd, &piece, 1, &handle, PIO_RETRY));
	return handle;
}

static struct onload_template_msg_update_iovec at(off_t offset, const char *text)
{
	return (struct onload_template_msg_update_iovec){
		.otmu_base = (void *)text,
		.otmu_len = strlen(text),
		.otmu_offset = offset,
	};
}

static int change(int fd, onload_template_handle handle, off_t offset, const char *text,
		  unsigned flags)
{
	const struct onload_template_msg_update_iovec update = at(offset, text);

	return onload_msg_template_update(fd, handle, &update, 1, flags);
}

static int send_it(int fd, onload_template_handle handle)
{
	return onload_msg_template_update(fd, handle, NULL, 0, SEND_NOW);
}

static void read_whole(int fd, char *into, size_t length)
{
	if (MUST(recv(fd, into, length, MSG_WAITALL)) != (long)length)
		must(-1, "all that was sent");
}

/* What the other end has got, after a mark that is sent behind it. */
static const char *got(struct pair pair)
{
	static char text[256];
	size_t length = 0;

	MUST(send(pair.near, "\n", 1, 0));
	do
		read_whole(pair.far, text + length, 1);
	while (text[length++] != '\n');
	text[length - 1] = '\0';
	return text;
}

/* ---- which sockets */

static void row(const char *what, int fd)
{
	const struct iovec piece = {(void *)"message", 7};
	onload_template_handle handle = (onload_template_handle)&piece, before = handle;
	int alloc, update, abort;

	errno = UNTOUCHED;
	alloc = onload_msg_template_alloc(fd, &piece, 1, &handle, 0);
	update = change(fd, handle, 0, "M", 0);
	abort = onload_msg_template_abort(fd, handle);
	fact("%s: %d, %d, %d%s%s", what, alloc, update, abort,
	     handle == before ? "" : ", prepared",
	     errno == UNTOUCHED ? "" : ", errno is set");
}

static void table(char **args)
{
	const struct family *tcp = family_named(args[0]), *udp = family_named(args[1]);
	struct pair pair;
	int listener;

	row("TCP, fresh", fresh_socket(tcp));
	row("TCP, listening", listener = bound_socket(tcp, NULL, NULL));
	row("TCP, connected", connect_to(tcp, listener).near);
	pair = connected_pair(tcp);
	row("TCP, accepted", pair.far);
	MUST(shutdown(pair.near, SHUT_WR));
	wait_for(pair.far, POLLIN);
	row("TCP, closed by the peer", pair.far);
	row("TCP, half closed", pair.near);
	row("UDP", connected_pair(udp).near);
	row("plain TCP", onload_socket_nonaccel(tcp->domain, SOCK_STREAM, 0));
	for_other_descriptors(row);
}

/* ---- contents */

/* In so many pieces, with so many changes that overlap; sent with the last, or by a call of its own, or
 * all in one call. */
static void sent_in(struct pair pair, int pieces, size_t total, int changes, int mode)
{
	struct onload_template_msg_update_iovec updates[16];
	static char message[4096], expected[4096], received[4096], bytes[16][512];
	struct iovec iov[16];
	onload_template_handle handle;

	for (size_t i = 0; i < total; i++)
		message[i] = (char)('a' + i % 26);
	memcpy(expected, message, total);
	for (int i = 0; i < pieces; i++) {
		const size_t start = total * (size_t)i / (size_t)pieces;
		const size_t end = total * (size_t)(i + 1) / (size_t)pieces;

		iov[i] = (struct iovec){message + start, end - start};
	}
	for (int i = 0; i < changes; i++) {
		const size_t length = 1 + total / 4;
		const size_t offset = (size_t)i * 7 % (total - length + 1);

		memset(bytes[i], 'A' + i, length);
		memcpy(expected + offset, bytes[i], length);
		updates[i] = (struct onload_template_msg_update_iovec){
			.otmu_base = bytes[i],
			.otmu_len = length,
			.otmu_offset = (off_t)offset,
			.otmu_flags = 0xff,
		};
	}
	MUST(onload_msg_template_alloc(pair.near, iov, pieces, &handle, 0));
	memset(message, '?', total);
	if (mode == 0)
		MUST(onload_msg_template_update(pair.near, handle, updates, changes, 0));
	for (int i = 0; mode == 1 && i < changes; i++)
		MUST(onload_msg_template_update(pair.near, handle, updates + i, 1, 0));
	if (mode == 2)
		MUST(onload_msg_template_update(pair.near, handle, updates, changes,
						SEND_NOW));
	else
		MUST(send_it(pair.near, handle));
	read_whole(pair.far, received, total);
	fact("%d pieces, %zu bytes, mode %d: same=%d", pieces, total, mode,
	     memcmp(received, expected, total) == 0);
}

static void contents(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	for (int mode = 0; mode < 3; mode++) {
		sent_in(pair, 5, 10, 15, mode);
		sent_in(pair, 10, 1448, 10, mode);
	}
	fact("left over=%s", got(pair));
}

/* A template enters the stream when it is sent. */
static void order(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	static char plain[10000], received[10000];
	onload_template_handle first, second, third;

	first = prepared(pair.near, "[first]");
	second = prepared(pair.near, "[second]");
	third = prepared(pair.near, "[third]");
	memset(plain, 'p', sizeof(plain));
	MUST(send(pair.near, plain, sizeof(plain), 0));
	SAY(send_it(pair.near, third));
	MUST(send(pair.near, "plain", 5, 0));
	SAY(send_it(pair.near, first));
	SAY(onload_msg_template_abort(pair.near, second));
	read_whole(pair.far, received, sizeof(received));
	fact("plain data first=%d", memcmp(plain, received, sizeof(plain)) == 0);
	fact("then=%s", got(pair));
}

/* ---- codes */

static void codes(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct onload_template_msg_update_iovec updates[2];
	onload_template_handle handle = NULL;
	static char room[1 << 17];
	struct iovec piece = {room, sizeof(room)};
	socklen_t size = sizeof(int);
	int mss;

	MUST(getsockopt(pair.near, IPPROTO_TCP, TCP_MAXSEG, &mss, &size));
	SAY(onload_msg_template_alloc(pair.near, &piece, 1, &handle, SEND_NOW));
	SAY(onload_msg_template_alloc(pair.near, &piece, 1, &handle, 0));
	piece.iov_len = (size_t)mss + 1;
	SAY(onload_msg_template_alloc(pair.near, &piece, 1, &handle, 0));
	fact("untouched=%d", handle == NULL);
	piece.iov_len = (size_t)mss;
	SAY(onload_msg_template_alloc(pair.near, &piece, 1, &handle, PIO_RETRY));
	SAY(send_it(pair.near, handle));
	read_whole(pair.far, room, (size_t)mss);
	SAY(onload_msg_template_alloc(pair.near, &piece, 0, &handle, 0));
	SAY(change(pair.near, handle, 0, "x", 0));
	SAY(send_it(pair.near, handle));

	handle = prepared(pair.near, "0123456789");
	SAY(onload_msg_template_update(pair.near, handle, NULL, 0, 0));
	SAY(onload_msg_template_update(pair.near, handle, NULL, 0, DONTWAIT));
	SAY(onload_msg_template_update(pair.near, handle, NULL, 0, PIO_RETRY));
	SAY(onload_msg_template_update(pair.near, handle, NULL, 0, SEND_NOW | 0x100));
	SAY(change(pair.near, handle, -1, "x", SEND_NOW));
	SAY(change(pair.near, handle, 10, "x", SEND_NOW));
	SAY(change(pair.near, handle, 9, "xy", SEND_NOW));
	SAY(change(pair.near, handle, 0, "0123456789x", SEND_NOW));
	SAY(change(pair.near, handle, 5, "", SEND_NOW));
	updates[0] = at(0, "AB");
	updates[1] = at(9, "CD");
	SAY(onload_msg_template_update(pair.near, handle, updates, 2, SEND_NOW));
	SAY(change(pair.near, handle, 9, "Z", SEND_NOW | DONTWAIT));
	fact("sent=%s", got(pair));
	SAY(send_it(pair.near, handle));
}

/* Where Onload would not survive. */
static void misuse(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const struct iovec piece = {(void *)"message", 7};
	struct onload_template_msg_update_iovec update = at(0, "M");
	onload_template_handle handle;

	SAY(onload_msg_template_alloc(pair.near, &piece, 1, NULL, 0));
	SAY(onload_msg_template_alloc(pair.near, NULL, 1, &handle, 0));
	handle = prepared(pair.near, "message");
	SAY(onload_msg_template_update(pair.near, handle, NULL, 1, SEND_NOW));
	update.otmu_base = NULL;
	SAY(onload_msg_template_update(pair.near, handle, &update, 1, SEND_NOW));
	SAY(onload_msg_template_update(pair.near, NULL, NULL, 0, SEND_NOW));
	SAY(onload_msg_template_abort(pair.near, NULL));
	SAY(onload_msg_template_abort(pair.near, handle));
	SAY(onload_msg_template_abort(pair.near, handle));
	SAY(send_it(pair.near, handle));
	fact("sent=%s", got(pair));
}

static void another_socket(char **args)
{
	const struct pair one = connected_pair(family_named(args[0]));
	const struct pair other = connected_pair(family_named(args[0]));
	const onload_template_handle handle = prepared(one.near, "message");
	const int same = dup(one.near);

	SAY(onload_msg_template_abort(other.near, handle));
	SAY(change(same, handle, 0, "M", 0));
	SAY(change(other.near, handle, 0, "?", SEND_NOW));
	SAY(send_it(one.near, handle));
	fact("sent=%s%s", got(one), got(other));
}

/* ---- whatever comes of it */

/* Until nothing more is acknowledged, so that no room comes by itself. */
static void fill(int fd)
{
	static char block[65536];
	int queued, unsent;
	bool full;

	do {
		full = true;
		while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
			full = false;
		do {
			MUST(ioctl(fd, SIOCOUTQ, &queued));
			MUST(ioctl(fd, SIOCOUTQNSD, &unsent));
		} while (queued > unsent && poll(NULL, 0, 1) == 0);
	} while (!full);
}

static void *read_all(void *pair)
{
	static char block[65536];
	char last = '\0';

	for (;;) {
		const long length =
			recv(((struct pair *)pair)->far, block, sizeof(block), 0);

		if (length <= 0)
			break;
		last = block[length - 1];
	}
	fact("last=%c", last);
	return NULL;
}

static void overfill(char **args)
{
	struct pair pair = connected_pair(family_named(args[0]));
	onload_template_handle handle = prepared(pair.near, "lost");
	pthread_t reader;

	fill(pair.near);
	SAY(change(pair.near, handle, 0, "L", SEND_NOW | DONTWAIT));
	SAY(send_it(pair.near, handle));
	MUST(fcntl(pair.near, F_SETFL, O_NONBLOCK));
	handle = prepared(pair.near, "lost");
	SAY(send_it(pair.near, handle));
	SAY(send_it(pair.near, handle));
	MUST(fcntl(pair.near, F_SETFL, 0));
	handle = prepared(pair.near, "....e");
	pthread_create(&reader, NULL, read_all, &pair);
	SAY(send_it(pair.near, handle));
	MUST(shutdown(pair.near, SHUT_WR));
	pthread_join(reader, NULL);
}

/* Longer than the buffer, which is empty. */
static void small_buffer(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	static char message[20000], received[20000];
	const struct iovec piece = {message, sizeof(message)};
	const int least = 1;
	onload_template_handle handle;

	memset(message, 'm', sizeof(message));
	MUST(setsockopt(pair.near, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)));
	MUST(onload_msg_template_alloc(pair.near, &piece, 1, &handle, 0));
	SAY(onload_msg_template_update(pair.near, handle, NULL, 0, SEND_NOW | DONTWAIT));
	read_whole(pair.far, received, sizeof(received));
	fact("same=%d", memcmp(message, received, sizeof(message)) == 0);
}

static volatile sig_atomic_t pipes_broken;

static void count_pipe(int number)
{
	(void)number;
	pipes_broken++;
}

/* How a connection can end. Each time one template is sent, another one updated, and both asked for
 * again. */
static void try_both(const char *how, int fd, const onload_template_handle handles[2])
{
	int results[4];

	errno = UNTOUCHED;
	results[0] = send_it(fd, handles[0]);
	results[1] = change(fd, handles[1], 0, "M", 0);
	results[2] = send_it(fd, handles[0]);
	results[3] = onload_msg_template_abort(fd, handles[1]);
	fact("%s: %d, %d, then %d, %d%s", how, results[0], results[1], results[2],
	     results[3], errno == UNTOUCHED ? "" : ", errno is set");
}

static void broken(char **args)
{
	const struct family *tcp = family_named(args[0]);
	const struct linger reset = {.l_onoff = 1};
	struct sigaction action = {.sa_handler = count_pipe};
	struct pair pair;

	MUST(sigaction(SIGPIPE, &action, NULL));
	for (int i = 0; i < 3; i++) {
		onload_template_handle handles[2];

		pair = connected_pair(tcp);
		handles[0] = prepared(pair.near, "message");
		handles[1] = prepared(pair.near, "message");
		if (i == 0) {
			MUST(shutdown(pair.near, SHUT_WR));
			try_both("shut", pair.near, handles);
		} else if (i == 1) {
			MUST(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, &reset,
					sizeof(reset)));
			close(pair.far);
			wait_for(pair.near, POLLHUP);
			try_both("reset", pair.near, handles);
		} else {
			MUST(shutdown(pair.far, SHUT_WR));
			wait_for(pair.near, POLLIN);
			try_both("closed by the peer", pair.near, handles);
			fact("sent=%s", got(pair));
		}
	}
	fact("SIGPIPE=%d", (int)pipes_broken);
}

static void *send_blocked(void *arg)
{
	const struct pair *const pair = arg;

	SAY(send_it(pair->near, prepared(pair->near, "message")));
	return NULL;
}

/* While it waits for room; if it does not wait yet, it ends in the same way. */
static void shut_while_waiting(char **args)
{
	struct sigaction action = {.sa_handler = count_pipe};
	struct pair pair = connected_pair(family_named(args[0]));
	pthread_t sender;

	MUST(sigaction(SIGPIPE, &action, NULL));
	fill(pair.near);
	pthread_create(&sender, NULL, send_blocked, &pair);
	poll(NULL, 0, 50);
	MUST(shutdown(pair.near, SHUT_WR));
	pthread_join(sender, NULL);
	fact("SIGPIPE=%d", (int)pipes_broken);
}

/* ---- several at once */

static void *send_some(void *arg)
{
	const struct pair pair = *(const struct pair *)arg;
	onload_template_handle handles[8];
	char text[65], received[65];
	long wrong = 0;

	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 8; i++) {
			memset(text, 'a' + i, 64);
			text[64] = '\0';
			handles[i] = prepared(pair.near, text);
		}
		for (int i = 0; i < 8; i++) {
			const int turn = (i * 3 + round) % 8;

			MUST(change(pair.near, handles[turn], 63, "!", SEND_NOW));
			memset(text, 'a' + turn, 63);
			text[63] = '!';
			read_whole(pair.far, received, 64);
			wrong += memcmp(text, received, 64) != 0;
		}
	}
	return (void *)wrong;
}

static void threads(char **args)
{
	struct pair pairs[5];
	pthread_t running[5];
	long wrong = 0;
	void *result;

	for (int i = 0; i < 5; i++) {
		pairs[i] = connected_pair(family_named(args[0]));
		pthread_create(&running[i], NULL, send_some, &pairs[i]);
	}
	for (int i = 0; i < 5; i++) {
		pthread_join(running[i], &result);
		wrong += (long)result;
	}
	fact("wrong=%ld", wrong);
}

/* A child has templates of its own. */
static void child(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const onload_template_handle handle = prepared(pair.near, "message ");
	const pid_t started = fork();

	if (started == 0) {
		MUST(change(pair.near, handle, 0, "child's", 0));
		_exit(send_it(pair.near, handle) || !send_it(pair.near, handle));
	}
	fact("child=%d", finish(started));
	SAY(send_it(pair.near, handle));
	fact("sent=%s", got(pair));
}

/* ---- what else a socket is asked */

static void moves(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const onload_template_handle handle = prepared(pair.far, "message");

	MUST(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "target"));
	SAY(onload_move_fd(pair.far));
	SAY(onload_msg_template_abort(pair.far, handle));
	SAY(onload_move_fd(pair.far));
}

const struct scenario scenarios[] = {
	{"table", table},
	{"contents", contents},
	{"order", order},
	{"codes", codes},
	{"misuse", misuse},
	{"another_socket", another_socket},
	{"overfill", overfill},
	{"broken", broken},
	{"small_buffer", small_buffer},
	{"shut_while_waiting", shut_while_waiting},
	{"threads", threads},
	{"child", child},
	{"moves", moves},
	{NULL, NULL},
};
