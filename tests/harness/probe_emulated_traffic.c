/* SPDX-License-Identifier: GPL-2.0-only */
/* A scenario of a program that sends in each way that Onload has, on several connections at once, and
 * receives by zero copy, keeping what it likes. What it does is drawn by lot, from a seed. */
#include <onload/extensions.h>
#include <onload/extensions_zc.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/probe.h"

#define CONNECTIONS 8
#define LENGTH_MOST 1400 /* of a message; fits a buffer and a template */
#define KEPT_MOST 200    /* at once, on one connection */
#define LIMIT 1024       /* the smallest value of EF_MAX_PACKETS */

enum kind { PLAIN, ZERO_COPY, TEMPLATE, DELEGATED, KINDS };

struct kept {
	onload_zc_handle buffer;
	const unsigned char *bytes;
	size_t length;
	uint64_t at; /* in the stream */
};

struct connection {
	unsigned int number;
	struct pair pair;
	pthread_t sender, receiver;
	uint64_t sending_lot, receiving_lot; /* what is drawn next */
	long messages, sent_by[KINDS];       /* the sender's */
	uint64_t sent, received;             /* bytes */
	struct kept kept[KEPT_MOST];
	size_t kept_count;
	long kept_ever, leaks; /* to leave so many unreleased */
	bool wrong;
};

static bool works[KINDS];

/* source: Vigna, splitmix64 */
static uint64_t draw(uint64_t *lot)
{
	uint64_t drawn = *lot += 0x9e3779b97f4a7c15;

	drawn = (drawn ^ drawn >> 30) * 0xbf58476d1ce4e5b9;
	drawn = (drawn ^ drawn >> 27) * 0x94d049bb133111eb;
	return drawn ^ drawn >> 31;
}

static bool is_drawn(uint64_t *lot, uint64_t one_in)
{
	return draw(lot) % one_in == 0;
}

/* The byte of a connection's stream. */
static unsigned char byte_at(unsigned int connection, uint64_t at)
{
	return (unsigned char)((at + connection * 7919) * 0x9e3779b97f4a7c15 >> 56);
}

static void fill(const struct connection *connection, unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = byte_at(connection->number, connection->sent + i);
}

static void fail(struct connection *connection, const char *what, long value)
{
	if (!connection->wrong)
		fact("connection %u, byte %llu: %s: %ld", connection->number,
		     (unsigned long long)connection->sent, what, value);
	connection->wrong = true;
}

/* ---- the ways of sending: false where this one cannot be taken now */

static bool send_plain(struct connection *to, const unsigned char *bytes, size_t length)
{
	struct iovec pieces[] = {{(void *)bytes, length / 2},
				 {(void *)(bytes + length / 2), length - length / 2}};
	const struct msghdr header = {.msg_iov = pieces, .msg_iovlen = 2};
	const ssize_t sent = is_drawn(&to->sending_lot, 2)
				     ? send(to->pair.near, bytes, length, MSG_NOSIGNAL)
				     : sendmsg(to->pair.near, &header, MSG_NOSIGNAL);

	if (sent != (ssize_t)length)
		fail(to, "send", sent);
	return true;
}

static bool send_zero_copy(struct connection *to, const unsigned char *bytes,
			   size_t length)
{
	const size_t count = 1 + draw(&to->sending_lot) % 4;
	struct onload_zc_iovec buffers[4];
	struct onload_zc_mmsg message = {.fd = to->pair.near, .msg.iov = buffers};
	size_t used = 0, filled = 0;
	int sent;

	if (onload_zc_alloc_buffers(to->pair.near, buffers, (int)count,
				    ONLOAD_ZC_BUFFER_HDR_TCP) != 0)
		return false;
	for (; used < count && filled < length; used++) {
		const size_t most = used + 1 == count ? length : length / count + 1;
		const size_t part = most < length - filled ? most : length - filled;

		memcpy(buffers[used].iov_base, bytes + filled, part);
		buffers[used].iov_len = part & UINT16_MAX;
		filled += part;
	}
	message.msg.msghdr.msg_iovlen = used;
	sent = onload_zc_send(&message, 1, ONLOAD_MSG_NOSIGNAL);
	if (sent != 1 || message.rc != (int)length)
		fail(to, "onload_zc_send", message.rc);
	for (; used < count; used++)
		if (onload_zc_release_buffers(to->pair.near, &buffers[used].buf, 1) != 0)
			fail(to, "an unsent buffer", 0);
	return true;
}

/* Filled with something else at first, and in parts. */
static bool send_template(struct connection *to, const unsigned char *bytes, size_t length)
{
	const size_t half = length / 2;
	const struct onload_template_msg_update_iovec first = {.otmu_base = (void *)bytes,
							       .otmu_len = half};
	const struct onload_template_msg_update_iovec second = {
		.otmu_base = (void *)(bytes + half),
		.otmu_len = length - half,
		.otmu_offset = (off_t)half};
	unsigned char other[LENGTH_MOST];
	const struct iovec piece = {other, length};
	onload_template_handle handle;
	int result;

	memset(other, '?', length);
	if (onload_msg_template_alloc(to->pair.near, &piece, 1, &handle,
				      ONLOAD_TEMPLATE_FLAGS_PIO_RETRY) != 0)
		return false;
	if (is_drawn(&to->sending_lot, 8)) {
		result = onload_msg_template_abort(to->pair.near, handle);
		if (result)
			fail(to, "onload_msg_template_abort", result);
		return false;
	}
	result = half ? onload_msg_template_update(to->pair.near, handle, &first, 1, 0)
		      : 0;
	if (result == 0)
		result = onload_msg_template_update(to->pair.near, handle, &second, 1,
						    ONLOAD_TEMPLATE_FLAGS_SEND_NOW);
	if (result)
		fail(to, "onload_msg_template_update", result);
	return true;
}

/* As much as the windows allow; the rest by an ordinary send. */
static bool send_delegated(struct connection *to, const unsigned char *bytes,
			   size_t length)
{
	unsigned char headers[128];
	struct onload_delegated_send send = {.headers = headers,
					     .headers_len = sizeof(headers)};
	const enum onload_delegated_send_rc prepared =
		onload_delegated_send_prepare(to->pair.near, (int)length, 0, &send);
	struct iovec piece = {(void *)bytes, length};
	int completed;

	if (prepared == ONLOAD_DELEGATED_SEND_RC_NOCWIN)
		onload_delegated_send_cancel(to->pair.near);
	if (prepared != ONLOAD_DELEGATED_SEND_RC_OK)
		return false;
	if (send.send_wnd < (int)length)
		piece.iov_len = (size_t)send.send_wnd;
	completed = onload_delegated_send_complete(to->pair.near, &piece, 1, 0);
	if (completed != (int)piece.iov_len)
		fail(to, "onload_delegated_send_complete", completed);
	onload_delegated_send_cancel(to->pair.near);
	return piece.iov_len == length ||
	       send_plain(to, bytes + piece.iov_len, length - piece.iov_len);
}

static bool (*const ways[KINDS])(struct connection *to, const unsigned char *bytes,
				 size_t length) = {
	[PLAIN] = send_plain,
	[ZERO_COPY] = send_zero_copy,
	[TEMPLATE] = send_template,
	[DELEGATED] = send_delegated,
};

static void *send_all(void *arg)
{
	struct connection *const to = arg;
	unsigned char bytes[LENGTH_MOST];

	for (long i = 0; i < to->messages && !to->wrong; i++) {
		const size_t length = 1 + draw(&to->sending_lot) % LENGTH_MOST;
		enum kind kind = draw(&to->sending_lot) % KINDS;

		fill(to, bytes, length);
		if (!works[kind] || !ways[kind](to, bytes, length)) {
			kind = PLAIN;
			send_plain(to, bytes, length);
		}
		to->sent_by[kind]++;
		to->sent += length;
	}
	MUST(shutdown(to->pair.near, SHUT_WR));
	return NULL;
}

/* ---- receiving */

static bool is_right(const struct connection *from, const unsigned char *bytes,
		     size_t length, uint64_t at)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != byte_at(from->number, at + i))
			return false;
	return true;
}

/* Gives one back that has been kept, if it is still as it was. */
static void release_one(struct connection *from)
{
	const size_t drawn = draw(&from->receiving_lot) % from->kept_count;
	struct kept *const kept = from->kept + drawn;

	if (!is_right(from, kept->bytes, kept->length, kept->at))
		fail(from, "a kept buffer has changed", (long)kept->at);
	if (from->leaks > 0)
		from->leaks--;
	else if (onload_zc_release_buffers(from->pair.far, &kept->buffer, 1) != 0)
		fail(from, "a kept buffer is not taken back", (long)kept->at);
	*kept = from->kept[--from->kept_count];
}

static enum onload_zc_callback_rc take(struct onload_zc_recv_args *args, int flags)
{
	struct connection *const from = args->user_ptr;
	const struct onload_zc_iovec *piece = args->msg.iov;
	unsigned int answer = is_drawn(&from->receiving_lot, 8) ? ONLOAD_ZC_TERMINATE
								: ONLOAD_ZC_CONTINUE;

	if (flags != 0 || args->msg.msghdr.msg_iovlen != 1)
		fail(from, "a callback", flags);
	if (!is_right(from, piece->iov_base, piece->iov_len, from->received))
		fail(from, "what is received is wrong", (long)from->received);
	if (is_drawn(&from->receiving_lot, 3)) {
		if (from->kept_count == KEPT_MOST)
			release_one(from);
		from->kept[from->kept_count++] =
			(struct kept){piece->buf, piece->iov_base, (size_t)piece->iov_len,
				      from->received};
		from->kept_ever++;
		answer |= ONLOAD_ZC_KEEP;
	}
	from->received += piece->iov_len;
	return (enum onload_zc_callback_rc)answer;
}

static void *receive_all(void *arg)
{
	struct connection *const from = arg;
	struct onload_zc_recv_args args = {.cb = take, .user_ptr = from};
	uint64_t before;
	int result;

	do {
		before = from->received;
		args.flags = 0;
		if (is_drawn(&from->receiving_lot, 4)) {
			wait_for(from->pair.far, POLLIN);
			args.flags = ONLOAD_MSG_DONTWAIT;
		}
		result = onload_zc_recv(from->pair.far, &args);
		if (result < 0 || (uint64_t)result != from->received - before)
			fail(from, "onload_zc_recv", result);
		while (from->kept_count && is_drawn(&from->receiving_lot, 2))
			release_one(from);
	} while (result > 0 && !from->wrong);
	while (from->kept_count)
		release_one(from);
	return NULL;
}

/* ---- the scenario */

/* Which ways there are: what is not emulated answers as a stub. */
static void try_ways(void)
{
	struct connection tried = {.pair = connected_pair(family_named("tcp4"))};
	const unsigned char byte = 0;

	for (int kind = 0; kind < KINDS; kind++)
		for (int i = 0; i < 8 && !works[kind]; i++) {
			wait_until_sent(tried.pair.near);
			works[kind] = ways[kind](&tried, &byte, 1);
		}
	close_pair(tried.pair);
}

/* All that are in nobody's hands, of as many as there may be. */
static long buffers_left(void)
{
	static struct onload_zc_iovec buffers[LIMIT + 1];
	const int fd = fresh_socket(family_named("tcp4"));
	long count = 0;

	MUST(onload_stack_opt_set_int("EF_MAX_PACKETS", LIMIT));
	while (count <= LIMIT && onload_zc_alloc_buffers(fd, buffers + count, 1,
							 ONLOAD_ZC_BUFFER_HDR_NONE) == 0)
		count++;
	return count;
}

/* SEED MESSAGES LEAKS: of the last, so many kept buffers are not given back. */
static void traffic(char **args)
{
	static struct connection all[CONNECTIONS];
	uint64_t lot = strtoull(args[0], NULL, 10);
	const long messages = atol(args[1]);
	const int on = 1;
	long sent_by[KINDS] = {0}, sent = 0, kept = 0;
	bool right = true;

	try_ways();
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		all[i] = (struct connection){
			.number = i,
			.pair = connected_pair(family_named(i % 2 ? "tcp6" : "tcp4")),
			.sending_lot = draw(&lot),
			.receiving_lot = draw(&lot),
			.messages = messages / CONNECTIONS,
			.leaks = i == 0 ? atol(args[2]) : 0,
		};
		MUST(setsockopt(all[i].pair.near, IPPROTO_TCP, TCP_NODELAY, &on,
				sizeof(on)));
	}
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		MUST(pthread_create(&all[i].receiver, NULL, receive_all, all + i) ? -1
										  : 0);
		MUST(pthread_create(&all[i].sender, NULL, send_all, all + i) ? -1 : 0);
	}
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		pthread_join(all[i].sender, NULL);
		pthread_join(all[i].receiver, NULL);
		right &= !all[i].wrong && all[i].received == all[i].sent;
		kept += all[i].kept_ever;
		for (int kind = 0; kind < KINDS; kind++) {
			sent += all[i].sent_by[kind];
			sent_by[kind] += all[i].sent_by[kind];
		}
	}
	fact("messages=%ld", sent);
	fact("each byte once and in order=%d", right);
	fact("sent by: plain %d, zero copy %d, template %d, delegated %d",
	     sent_by[PLAIN] > 0, sent_by[ZERO_COPY] > 0, sent_by[TEMPLATE] > 0,
	     sent_by[DELEGATED] > 0);
	fact("some kept=%d", kept > 0);
	fact("buffers that are not out=%ld", buffers_left() - LIMIT);
}

const struct scenario scenarios[] = {
	{"traffic", traffic},
	{NULL, NULL},
};
