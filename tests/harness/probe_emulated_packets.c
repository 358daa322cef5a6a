/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that finds much queued on many connections, and takes it packet by packet. */
#include <onload/extensions.h>
#include <onload/extensions_zc.h>

#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/probe.h"

#define CONNECTIONS 100
#define MESSAGES 600
#define LONGEST 300

/* A message begins with its number, and is as long as that says. */
static size_t length_of(uint32_t number)
{
	return sizeof(number) + number * 2654435761u % (LONGEST - sizeof(number));
}

struct round {
	struct pair pairs[CONNECTIONS];
	uint32_t taken[CONNECTIONS]; /* messages of each connection */
	uint32_t next;               /* of all, in the order in which they were sent */
	int wrong;
};

static int queued(int fd)
{
	int bytes = 0;

	MUST(ioctl(fd, SIOCINQ, &bytes));
	return bytes;
}

/* Message n goes over connection n % CONNECTIONS. All are queued when it returns. */
static void send_all(struct round *round)
{
	int expected[CONNECTIONS] = {0};
	char message[LONGEST] = {0};

	for (uint32_t number = 0; number < MESSAGES; number++) {
		const size_t length = length_of(number);

		memcpy(message, &number, sizeof(number));
		MUST(send(round->pairs[number % CONNECTIONS].near, message, length, 0));
		expected[number % CONNECTIONS] += (int)length;
	}
	for (int i = 0; i < CONNECTIONS; i++) {
		for (int ms = 0; ms < WAIT_MS; ms++) {
			if (queued(round->pairs[i].far) == expected[i])
				break;
			poll(NULL, 0, 1);
		}
	}
}

static void begin(struct round *round, const struct family *family)
{
	const int on = 1;

	memset(round, 0, sizeof(*round));
	for (int i = 0; i < CONNECTIONS; i++) {
		round->pairs[i] = connected_pair(family);
		MUST(setsockopt(round->pairs[i].near, IPPROTO_TCP, TCP_NODELAY, &on,
				sizeof(on)));
	}
	send_all(round);
}

static void end(struct round *round)
{
	for (int i = 0; i < CONNECTIONS; i++)
		close_pair(round->pairs[i]);
}

/* What was received in one piece: is it the connection's next message, and that alone? */
static void take(struct round *round, int connection, const void *data, size_t length)
{
	const uint32_t expected =
		(uint32_t)connection + CONNECTIONS * round->taken[connection]++;
	uint32_t number = MESSAGES;

	if (length >= sizeof(number))
		memcpy(&number, data, sizeof(number));
	round->wrong += number != expected || length != length_of(expected);
}

static void by_recv(struct round *round, int connection)
{
	char data[LONGEST * MESSAGES / CONNECTIONS];
	const ssize_t got = recv(round->pairs[connection].far, data, sizeof(data),
				 ONLOAD_MSG_ONEPKT | MSG_DONTWAIT);

	take(round, connection, data, got < 0 ? 0 : (size_t)got);
}

static void by_recvmsg(struct round *round, int connection)
{
	char data[LONGEST * MESSAGES / CONNECTIONS];
	struct iovec piece = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};
	const ssize_t got = recvmsg(round->pairs[connection].far, &msg,
				    ONLOAD_MSG_ONEPKT | MSG_DONTWAIT);

	take(round, connection, data, got < 0 ? 0 : (size_t)got);
}

static struct round *zero_copy_round;

static enum onload_zc_callback_rc take_buffers(struct onload_zc_recv_args *args, int flags)
{
	(void)flags;
	take(zero_copy_round, (int)(intptr_t)args->user_ptr, args->msg.iov->iov_base,
	     args->msg.iov->iov_len);
	return ONLOAD_ZC_CONTINUE;
}

static void by_zero_copy(struct round *round, int connection)
{
	struct onload_zc_recv_args args = {
		.cb = take_buffers,
		.user_ptr = (void *)(intptr_t)connection,
		.flags = ONLOAD_MSG_DONTWAIT,
	};

	zero_copy_round = round;
	onload_zc_recv(round->pairs[connection].far, &args);
}

static const struct {
	const char *name;
	void (*receive)(struct round *round, int connection);
} ways[] = {
	{"recv", by_recv},
	{"recvmsg", by_recvmsg},
	{"zero_copy", by_zero_copy},
};

/* FAMILY WAY ROUNDS */
static void one_by_one(char **args)
{
	const struct family *family = family_named(args[0]);
	int right = 0;

	for (int i = 0; i < atoi(args[2]); i++) {
		struct round round;

		begin(&round, family);
		for (size_t way = 0; way < COUNT(ways); way++) {
			if (strcmp(args[1], ways[way].name) != 0)
				continue;
			for (int calls = 0; calls < MESSAGES; calls++) {
				const int connection = calls % CONNECTIONS;

				if (round.taken[connection] < MESSAGES / CONNECTIONS)
					ways[way].receive(&round, connection);
			}
		}
		for (int at = 0; at < CONNECTIONS; at++)
			round.wrong += round.taken[at] != MESSAGES / CONNECTIONS;
		right += round.wrong == 0;
		end(&round);
	}
	fact("right=%d", right);
}

/* Reads so many bytes, which are whole messages in the order in which all of them were sent. */
static void read_in_order(struct round *round, int connection, int bytes)
{
	while (bytes > 0) {
		const size_t length = length_of(round->next);
		char data[LONGEST];
		uint32_t number = MESSAGES;

		if (recv(round->pairs[connection].far, data, length, MSG_DONTWAIT) ==
		    (ssize_t)length)
			memcpy(&number, data, sizeof(number));
		round->wrong += number != round->next;
		if (number != round->next)
			return;
		round->next++;
		bytes -= (int)length;
	}
	round->wrong += bytes != 0;
}

/* FAMILY ROUNDS */
static void in_order(char **args)
{
	const struct family *family = family_named(args[0]);
	int right = 0;

	for (int i = 0; i < atoi(args[1]); i++) {
		const int set = (int)MUST(epoll_create1(0));
		struct epoll_event events[CONNECTIONS];
		struct onload_ordered_epoll_event oo[CONNECTIONS];
		struct round round;
		int count;

		begin(&round, family);
		for (int at = 0; at < CONNECTIONS; at++) {
			events[0] = (struct epoll_event){EPOLLIN, {.u64 = (uint64_t)at}};
			MUST(epoll_ctl(set, EPOLL_CTL_ADD, round.pairs[at].far, events));
		}
		while (round.wrong == 0 && (count = onload_ordered_epoll_wait(
						    set, events, oo, CONNECTIONS, 0)) > 0) {
			for (int at = 0; at < count; at++)
				read_in_order(&round, (int)events[at].data.u64,
					      oo[at].bytes);
		}
		right += round.wrong == 0 && round.next == MESSAGES;
		end(&round);
		MUST(close(set));
	}
	fact("right=%d", right);
}

/* ---- The time that a message of the stream has */

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Sends 100 bytes more. return: a time between their arrival and that of the next. */
static uint64_t send_hundred(struct pair pair)
{
	const char bytes[100] = {0};
	const int before = queued(pair.far);

	MUST(send(pair.near, bytes, sizeof(bytes), 0));
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (queued(pair.far) > before)
			break;
		poll(NULL, 0, 1);
	}
	return clock_now();
}

/* The time in the slot of the card. 0: there is none. So many bytes come, for ONLOAD_MSG_ONEPKT where there
 * is room for more. */
static uint64_t receive_time(int fd, size_t length, int flags)
{
	_Alignas(struct cmsghdr) char control[256];
	char bytes[1000];
	struct iovec piece = {bytes, flags & ONLOAD_MSG_ONEPKT ? sizeof(bytes) : length};
	struct msghdr msg = {.msg_iov = &piece,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	const struct cmsghdr *found;
	struct timespec slots[3];

	must(recvmsg(fd, &msg, flags) == (ssize_t)length ? 0 : -1, "recvmsg");
	found = CMSG_FIRSTHDR(&msg);
	if (!found || found->cmsg_len != CMSG_LEN(sizeof(slots)))
		return 0;
	memcpy(slots, CMSG_DATA(found), sizeof(slots));
	return (uint64_t)slots[2].tv_sec * 1000000000 + (uint64_t)slots[2].tv_nsec;
}

/* Which of the messages came at that time: they came before these times. 0: none. */
static int message_of(uint64_t time, const uint64_t *until, int count)
{
	for (int i = 0; time && i < count; i++) {
		if (time <= until[i])
			return i + 1;
	}
	return 0;
}

static void *send_later(void *arg)
{
	const struct pair *const pair = arg;
	const char byte = 0;

	poll(NULL, 0, 10); /* or it is there before the other end waits, which is as well */
	MUST(send(pair->near, &byte, sizeof(byte), 0));
	return NULL;
}

/* FAMILY. Which message's time a receive has that begins in one and ends in another. */
static void first_times(char **args)
{
	const uint32_t hardware =
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	struct pair pair = connected_pair(family_named(args[0]));
	uint64_t until[5], before;
	pthread_t thread;

	MUST(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPING, &hardware,
			sizeof(hardware)));
	for (size_t i = 0; i < COUNT(until); i++)
		until[i] = send_hundred(pair);
	fact("peeked at 250 bytes=%d",
	     message_of(receive_time(pair.far, 250, MSG_PEEK), until, COUNT(until)));
	fact("150 bytes=%d",
	     message_of(receive_time(pair.far, 150, 0), until, COUNT(until)));
	fact("20 more=%d", message_of(receive_time(pair.far, 20, 0), until, COUNT(until)));
	fact("100 more=%d",
	     message_of(receive_time(pair.far, 100, 0), until, COUNT(until)));
	fact("the rest=%d",
	     message_of(receive_time(pair.far, 230, 0), until, COUNT(until)));
	before = clock_now();
	MUST(pthread_create(&thread, NULL, send_later, &pair));
	fact("waited for=%d", receive_time(pair.far, 1, 0) > before);
	pthread_join(thread, NULL);
}

/* FAMILY. Each message's own time, by receives with the flag after all are queued. */
static void one_packet_times(char **args)
{
	const uint32_t hardware =
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	struct pair pair = connected_pair(family_named(args[0]));
	const int flag = ONLOAD_MSG_ONEPKT, count = 5;
	uint64_t until[5];

	MUST(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPING, &hardware,
			sizeof(hardware)));
	for (int i = 0; i < count; i++)
		until[i] = send_hundred(pair);
	fact("peeked at=%d",
	     message_of(receive_time(pair.far, 100, MSG_PEEK | flag), until, count));
	fact("a part=%d", message_of(receive_time(pair.far, 30, 0), until, count));
	fact("its rest=%d", message_of(receive_time(pair.far, 70, flag), until, count));
	fact("next=%d", message_of(receive_time(pair.far, 100, flag), until, count));
	fact("next=%d", message_of(receive_time(pair.far, 100, flag), until, count));
	fact("without the flag=%d",
	     message_of(receive_time(pair.far, 120, 0), until, count));
	fact("rest of the last=%d",
	     message_of(receive_time(pair.far, 80, flag), until, count));
	close_pair(pair);
}

static int peek_offset_of(int fd)
{
	int offset = -1;
	socklen_t size = sizeof(offset);

	MUST(getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &size));
	return offset;
}

static void set_peek_offset(int fd, int offset)
{
	MUST(setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)));
}

/* FAMILY. What a peek from an offset sees of messages of 100 bytes, and what the offset is afterwards. */
static void from_an_offset(char **args)
{
	const uint32_t hardware =
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	struct pair pair = connected_pair(family_named(args[0]));
	uint64_t until[3];
	pthread_t thread;
	char bytes[1000];
	int offset = 150;

	if (setsockopt(pair.far, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) != 0) {
		fact("not run: needs SO_PEEK_OFF on TCP, of Linux 6.9");
		return;
	}
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPING, &hardware,
			sizeof(hardware)));
	for (size_t i = 0; i < COUNT(until); i++)
		until[i] = send_hundred(pair);
	fact("time=%d",
	     message_of(receive_time(pair.far, 100, MSG_PEEK), until, COUNT(until)));
	set_peek_offset(pair.far, 150);
	for (int i = 0; i < 2; i++)
		fact("bytes=%zd",
		     recv(pair.far, bytes, sizeof(bytes), MSG_PEEK | ONLOAD_MSG_ONEPKT));
	MUST(recv(pair.far, bytes, sizeof(bytes), 0));
	set_peek_offset(pair.far, 5);
	MUST(pthread_create(&thread, NULL, send_later, &pair));
	fact("waited for=%zd", recv(pair.far, bytes, sizeof(bytes), ONLOAD_MSG_ONEPKT));
	pthread_join(thread, NULL);
	fact("offset=%d", peek_offset_of(pair.far));
}

const struct scenario scenarios[] = {
	{"first_times", first_times},
	{"one_packet_times", one_packet_times},
	{"from_an_offset", from_an_offset},
	{"one_by_one", one_by_one},
	{"in_order", in_order},
	{NULL, NULL},
};
