/* SPDX-License-Identifier: GPL-2.0-only */
/* The reports of what was sent: by request of the socket, and of one message. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "tests/worlds/program.h"

#define MSG_WARM                                                                         \
	0x400 /* ONLOAD_MSG_WARM: Linux ignores it; only what is no TCP is sent */

static void say_ready(const char *where, int fd, int timeout_ms)
{
	char words[16];

	snprintf(words, sizeof(words), "0x%x", (unsigned int)ready(fd, timeout_ms));
	say(where, words);
}

/* One send and its reports. */
static void one(const char *where, struct ends ends, struct how how, uint32_t flags)
{
	send_and_drop(ends);
	say_reports_of(where, ends.near, how, flags, 1);
}

/* Then it is known which was cut. */
static bool has_one_report(uint32_t flags)
{
	const uint32_t both = TX_HW | TX_SW | SWHW;

	return !(flags & SCHED) && !(is_tcp() && flags & ACK) && (flags & both) != both;
}

static void in_rooms(struct ends ends, uint32_t flags)
{
	for (size_t i = 0; i < rooms_count && has_one_report(flags); i++) {
		const struct how how = {
			.room = rooms[i], .data = 512, .unaligned = i % 2};
		char where[32];

		snprintf(where, sizeof(where), "sent.room.%zu", rooms[i]);
		one(where, ends, how, 0);
	}
}

/* How many acknowledgements come together is not the same on each run: then one is sent. */
static void several(struct ends ends, uint32_t flags)
{
	const bool waits = is_tcp() && flags & ACK;
	const int count = waits ? 1 : 3;

	for (int i = 0; i < count; i++)
		send_and_drop(ends);
	say_ready("sent.ready", ends.near, waits ? WAIT_MS : 0);
	say_reports_of("sent", ends.near, (struct how){PLAIN, .named = true}, flags,
		       count);
	say_ready("sent.not_ready", ends.near, 0);
}

/* The error queue by recvmmsg. */
static void by_recvmmsg(struct ends ends, uint32_t flags)
{
	char data[2][256];
	_Alignas(struct cmsghdr) char control[2][256];
	struct iovec pieces[2];
	struct mmsghdr msgs[2] = {0};
	int got;

	if (!has_one_report(flags))
		return;
	for (int i = 0; i < 2; i++) {
		pieces[i] = (struct iovec){data[i], sizeof(data[i])};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i],
						  .msg_iovlen = 1,
						  .msg_control = control[i],
						  .msg_controllen = sizeof(control[i])};
		send_and_drop(ends);
	}
	got = calls->recvmmsg(ends.near, msgs, 2, MSG_ERRQUEUE, NULL);
	say("sent.by_recvmmsg", result_words(got));
	for (int i = 0; i < got; i++)
		say_number("sent.by_recvmmsg", (unsigned int)i,
			   message_words(msgs[i].msg_len, &msgs[i].msg_hdr));
	while (receive_words(ends.near, (struct how){PLAIN, .flags = MSG_ERRQUEUE})[0] !=
	       '-')
		;
}

void try_sending(uint32_t flags)
{
	const struct ends ends = open_ends();

	ask(ends.near, flags);
	several(ends, flags);
	in_rooms(ends, flags);
	by_recvmmsg(ends, flags);
	one("sent.unaligned", ends, (struct how){PLAIN, .unaligned = 5}, flags);
	one("sent.small", ends, (struct how){.room = 512, .data = 2}, flags);
	one("sent.no_data", ends, (struct how){.room = 512, .no_data = true}, flags);
	if (!is_tcp()) {
		ask_pktinfo(ends.near);
		one("sent.pktinfo", ends, (struct how){PLAIN}, flags);
	}
	set_int(ends.near, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	one("sent.ns", ends, (struct how){PLAIN}, flags);
	set_int(ends.near, SOL_SOCKET, SO_TIMESTAMPNS, 0);
	MUST(calls->setsockopt(ends.near, SOL_SOCKET, SO_TIMESTAMPING_NEW, &flags,
			       sizeof(flags)));
	one("sent.new", ends, (struct how){PLAIN}, flags);
	ask(ends.near, 0);
	one("sent.after", ends, (struct how){PLAIN}, 0);
	close_ends(ends);
}

/* ---- Requests of one message */

union request { /* control data, aligned */
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(uint32_t))];
};

static const struct set requests[] = {
	{"hardware", TX_HW},
	{"software", TX_SW},
	{"both", TX_HW | TX_SW},
	{"sched", TX_HW | SCHED},
	{"ack", TX_HW | ACK},
	{"nothing", 0},
	{"rx_hardware", TX_HW | RX_HW}, /* this and the next two are refused */
	{"raw_hardware", TX_HW | RAW},
	{"opt_id", TX_HW | ID},
};

static void put(union request *control, int number, uint32_t records)
{
	memset(control, 0, sizeof(*control));
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = number;
	control->header.cmsg_len = CMSG_LEN(sizeof(records));
	memcpy(CMSG_DATA(&control->header), &records, sizeof(records));
}

/* Control data of `size` bytes on one "hello". */
static struct msghdr message(struct iovec *piece, void *control, size_t size)
{
	static char hello[] = HELLO;

	*piece = (struct iovec){hello, HELLO_SIZE};
	return (struct msghdr){.msg_iov = piece,
			       .msg_iovlen = 1,
			       .msg_control = control,
			       .msg_controllen = size};
}

/* Sends it, and says what became of it. */
static void say_sent(const char *where, const char *what, struct ends ends,
		     const struct msghdr *msg, int flags, uint32_t records)
{
	char key[64];
	const ssize_t result = calls->sendmsg(ends.near, msg, flags);

	snprintf(key, sizeof(key), "%s.%s.result", where, what);
	say(key, result_words(result));
	if (result >= 0) {
		ready(ends.far, WAIT_MS);
		receive_words(ends.far, (struct how){PLAIN});
	}
	snprintf(key, sizeof(key), "%s.%s", where, what);
	say_reports_of(key, ends.near, (struct how){PLAIN}, result < 0 ? 0 : records, 1);
}

static void one_request(const char *where, const char *what, struct ends ends, int number,
			uint32_t records)
{
	union request control;
	struct iovec piece;
	const struct msghdr msg = message(&piece, &control, sizeof(control));

	put(&control, number, records);
	say_sent(where, what, ends, &msg, 0, records);
}

/* The last of two counts. */
static void two_requests(const char *where, struct ends ends)
{
	union request controls[2];
	struct iovec piece;
	const struct msghdr msg = message(&piece, controls, sizeof(controls));

	put(&controls[0], SO_TIMESTAMPING_OLD, 0);
	put(&controls[1], SO_TIMESTAMPING_NEW, TX_HW);
	say_sent(where, "two", ends, &msg, 0, 0);
}

static void warm_request(const char *where, struct ends ends)
{
	union request control;
	struct iovec piece;
	const struct msghdr msg = message(&piece, &control, sizeof(control));

	put(&control, SO_TIMESTAMPING_OLD, TX_HW);
	if (!is_tcp())
		say_sent(where, "warm", ends, &msg, MSG_WARM, 0);
}

/* Behind more of them than a page holds. */
static void late_request(const char *where, struct ends ends)
{
	static union request controls[300];
	struct iovec piece;
	const struct msghdr msg = message(&piece, controls, sizeof(controls));

	for (size_t i = 0; i < COUNT(controls); i++)
		put(&controls[i], SO_TIMESTAMPING_OLD,
		    i + 1 < COUNT(controls) ? 0 : TX_HW);
	say_sent(where, "late", ends, &msg, 0, 0);
}

static void wrong_length(const char *where, struct ends ends, size_t cmsg_len)
{
	char what[32];
	union request control;
	struct iovec piece;
	const struct msghdr msg = message(&piece, &control, sizeof(control));

	put(&control, SO_TIMESTAMPING_OLD, TX_HW);
	control.header.cmsg_len = cmsg_len;
	snprintf(what, sizeof(what), "length%zu", cmsg_len);
	say_sent(where, what, ends, &msg, 0, 0);
}

/* A request, none, another. */
static void by_sendmmsg(const char *where, struct ends ends)
{
	char key[64];
	union request controls[2];
	struct iovec pieces[3];
	struct mmsghdr msgs[] = {
		{.msg_hdr = message(&pieces[0], &controls[0], sizeof(controls[0]))},
		{.msg_hdr = message(&pieces[1], NULL, 0)},
		{.msg_hdr = message(&pieces[2], &controls[1], sizeof(controls[1]))},
	};
	size_t there = 0;

	put(&controls[0], SO_TIMESTAMPING_OLD, TX_HW);
	put(&controls[1], SO_TIMESTAMPING_NEW, TX_HW);
	snprintf(key, sizeof(key), "%s.sendmmsg.result", where);
	say(key, result_words(calls->sendmmsg(ends.near, msgs, COUNT(msgs), 0)));
	for (size_t i = 0; i < COUNT(msgs); i++)
		say_number(key, (unsigned int)i, result_words(msgs[i].msg_len));
	while (there < COUNT(msgs) * HELLO_SIZE) {
		ready(ends.far, WAIT_MS);
		there += strtoul(receive_words(ends.far, (struct how){PLAIN}), NULL, 10);
	}
	snprintf(key, sizeof(key), "%s.sendmmsg", where);
	say_reports(key, ends.near, (struct how){PLAIN});
}

void ask_per_call(struct ends ends, uint32_t records)
{
	union request control;
	struct iovec piece;
	const struct msghdr msg = message(&piece, &control, sizeof(control));

	put(&control, SO_TIMESTAMPING_OLD, records);
	MUST(calls->sendmsg(ends.near, &msg, 0));
	ready(ends.far, WAIT_MS);
	receive_words(ends.far, (struct how){PLAIN});
}

/* Reports that are read after the same flags were set again, and what is received then. */
static void afterwards(const char *where, struct ends ends, uint32_t flags)
{
	char key[64];

	ask_per_call(ends, TX_HW);
	ask(ends.near, flags);
	snprintf(key, sizeof(key), "%s.asked_again", where);
	say_reports(key, ends.near, (struct how){PLAIN});
	ask_per_call(ends, TX_HW);
	snprintf(key, sizeof(key), "%s.received", where);
	say_received(key, (struct ends){ends.far, ends.near}, (struct how){PLAIN});
}

/* flags: of the socket. */
static void per_call(const char *where, uint32_t flags)
{
	struct ends ends = open_ends();
	char key[64];

	ask(ends.near, flags);
	for (size_t i = 0; i < COUNT(requests); i++)
		one_request(where, requests[i].name, ends, SO_TIMESTAMPING_OLD,
			    requests[i].flags);
	one_request(where, "by_new", ends, SO_TIMESTAMPING_NEW, TX_HW);
	two_requests(where, ends);
	warm_request(where, ends);
	late_request(where, ends);
	wrong_length(where, ends, CMSG_LEN(0));
	wrong_length(where, ends, CMSG_LEN(8));
	wrong_length(where, ends, 4);
	wrong_length(where, ends, CMSG_SPACE(4) + 1);
	if (!(is_tcp() && flags & ACK)) {
		by_sendmmsg(where, ends);
		afterwards(where, ends, flags);
	}
	snprintf(key, sizeof(key), "%s.asked", where);
	say(key, value_words(ends.near, SO_TIMESTAMPING_OLD, 4));
	close_ends(ends);
	ends = open_ends();
	ask(ends.near, flags);
	snprintf(key, sizeof(key), "%s.alone", where);
	one_request(key, "rx_hardware", ends, SO_TIMESTAMPING_OLD, TX_HW | RX_HW);
	snprintf(key, sizeof(key), "%s.alone.received", where);
	say_received(key, (struct ends){ends.far, ends.near}, (struct how){PLAIN});
	close_ends(ends);
}

void try_asking_per_call(uint32_t flags)
{
	per_call("per_call", flags & ~TX_RECORDS);
	if (flags & TX_RECORDS)
		per_call("per_call_too", flags);
}
