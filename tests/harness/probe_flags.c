/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of Onload's two message flags. A scenario's argument says whether the bit is set, so
 * that what a call gives with it can be compared with what it gives without. */
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/harness/probe.h"

#define ONLOAD_MSG_WARM 0x400 /* onload/extensions.h */
#define ONLOAD_MSG_ONEPKT 0x20000

#define DIGITS "0123456789"
#define DIGITS_SIZE 10

/* "plain" or the flag's name. */
static int bit_named(const char *name)
{
	return strcmp(name, "onepkt") == 0 ? ONLOAD_MSG_ONEPKT
	       : strcmp(name, "warm") == 0 ? ONLOAD_MSG_WARM
					   : 0;
}

#define IP_HEADER 20

static size_t header_size; /* that a raw socket puts in front; its bytes are not the same twice */

static const struct family *prepared_family(const char *name)
{
	const struct family *family = family_named(name);

	header_size = is_inet(family) && family->type == SOCK_RAW ? IP_HEADER : 0;
	if (header_size > 0 || family->domain == AF_PACKET)
		enter_own_network();
	return family;
}

/* ---- receiving */

struct got {
	char data[64];
	long result;
	int flags; /* of the message, where the call gives any */
};

typedef void receive_call(int fd, size_t size, int flags, struct got *got);

static void by_recv(int fd, size_t size, int flags, struct got *got)
{
	got->result = recv(fd, got->data, size, flags);
}

static void by_recvfrom(int fd, size_t size, int flags, struct got *got)
{
	struct sockaddr_storage addr;
	socklen_t addr_size = sizeof(addr);

	got->result = recvfrom(fd, got->data, size, flags, (struct sockaddr *)&addr,
			       &addr_size);
}

static void by_recvmsg(int fd, size_t size, int flags, struct got *got)
{
	struct iovec room = {got->data, size};
	struct msghdr msg = {.msg_iov = &room, .msg_iovlen = 1};

	got->result = recvmsg(fd, &msg, flags);
	got->flags = got->result < 0 ? 0 : msg.msg_flags;
}

static void by_recvmmsg(int fd, size_t size, int flags, struct got *got)
{
	struct iovec room = {got->data, size};
	struct mmsghdr msg = {.msg_hdr = {.msg_iov = &room, .msg_iovlen = 1}};

	got->result = recvmmsg(fd, &msg, 1, flags, NULL);
	if (got->result > 0) {
		got->result = msg.msg_len;
		got->flags = msg.msg_hdr.msg_flags;
	}
}

static const struct {
	const char *name;
	receive_call *call;
} receivers[] = {
	{"recv", by_recv},
	{"recvfrom", by_recvfrom},
	{"recvmsg", by_recvmsg},
	{"recvmmsg", by_recvmmsg},
};

static const struct {
	const char *name;
	int flags;
} receive_flags[] = {
	{"plain", 0},
	{"dontwait", MSG_DONTWAIT},
	{"peek", MSG_PEEK},
	{"trunc", MSG_TRUNC},
	{"peek and trunc", MSG_PEEK | MSG_TRUNC},
	{"error queue", MSG_ERRQUEUE},
	{"waitall", MSG_WAITALL}, /* with room for just what is there, or less */
	{"cloexec", MSG_CMSG_CLOEXEC},
	{"out of band", MSG_OOB | MSG_DONTWAIT},
};

/* The bytes of the message itself, of those that there was room for. */
static const char *text_of(const struct got *got, size_t room)
{
	static char text[sizeof(got->data) + 1];
	size_t size = got->result < 0 ? 0 : (size_t)got->result;

	size = size < room ? size : room;
	size = size > header_size ? size - header_size : 0;
	memcpy(text, got->data + header_size, size);
	text[size] = '\0';
	return text;
}

/* What is left, up to the last of it. */
static void say_left(const char *name, int fd)
{
	struct got got = {.result = 0};

	do {
		by_recv(fd, sizeof(got.data), MSG_DONTWAIT, &got);
		fact("%s.left=%s %s", name, outcome(got.result),
		     text_of(&got, sizeof(got.data)));
	} while (got.result > 0);
}

static void receive_once(struct pair pair, size_t receiver, size_t flags, size_t room,
			 int bit)
{
	struct got got = {.result = 0};
	char name[96];

	snprintf(name, sizeof(name), "%s, %s, room for %zu", receivers[receiver].name,
		 receive_flags[flags].name, room);
	MUST(send(pair.near, DIGITS, DIGITS_SIZE, 0));
	wait_for(pair.far, POLLIN);
	receivers[receiver].call(pair.far, room, receive_flags[flags].flags | bit, &got);
	fact("%s=%s %s, flags 0x%x", name, outcome(got.result), text_of(&got, room),
	     (unsigned int)got.flags);
	say_left(name, pair.far);
}

static void receive(char **args)
{
	static const size_t rooms[] = {4, DIGITS_SIZE, 64};
	const struct family *family = prepared_family(args[0]);
	const struct pair pair = connected_pair(family);
	const int bit = bit_named(args[1]);

	for (size_t receiver = 0; receiver < COUNT(receivers); receiver++) {
		for (size_t flags = 0; flags < COUNT(receive_flags); flags++) {
			for (size_t room = 0; room < COUNT(rooms); room++) {
				/* a stream would wait, or is a case of its own */
				if (receive_flags[flags].flags != MSG_WAITALL ||
				    family->type != SOCK_STREAM)
					receive_once(pair, receiver, flags, rooms[room],
						     bit);
			}
		}
	}
}

/* A stream, and all of the buffer. */
static void waitall(char **args)
{
	const struct pair pair = connected_pair(prepared_family(args[0]));
	const int bit = bit_named(args[1]);
	struct got got = {.result = 0};

	for (size_t i = 0; i < COUNT(receivers); i++) {
		MUST(send(pair.near, DIGITS, DIGITS_SIZE, 0));
		wait_for(pair.far, POLLIN);
		receivers[i].call(pair.far, DIGITS_SIZE, MSG_WAITALL | bit, &got);
		fact("%s=%s", receivers[i].name, outcome(got.result));
		say_left(receivers[i].name, pair.far);
	}
}

/* Several messages, and fewer than there is room for. */
static void receive_several(char **args)
{
	const struct family *family = prepared_family(args[0]);
	const struct pair pair = connected_pair(family);
	const int bit = bit_named(args[1]);
	char data[3][16];
	struct iovec rooms[3];
	struct mmsghdr msgs[3] = {{{0}, 0}};
	int count;

	for (int i = 0; i < 3; i++) {
		rooms[i] = (struct iovec){data[i], sizeof(data[i])};
		msgs[i].msg_hdr.msg_iov = &rooms[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	for (int i = 0; i < 2; i++) {
		MUST(send(pair.near, DIGITS, DIGITS_SIZE, 0));
		wait_for(pair.far, POLLIN);
	}
	if (is_inet(family))
		wait_until_sent(pair.near);
	count = recvmmsg(pair.far, msgs, 3, MSG_WAITFORONE | bit, NULL);
	fact("count=%s", outcome(count));
	for (int i = 0; i < count; i++)
		fact("length=%u", msgs[i].msg_len);
	fact("none=%s", outcome(recvmmsg(pair.far, msgs, 3, MSG_DONTWAIT | bit, NULL)));
}

/* Descriptors that are no sockets, sockets that are not connected, arguments that are bad. */
static void receive_errors(char **args)
{
	const int bit = bit_named(args[0]);
	const int tcp = fresh_socket(family_named("tcp4"));
	const struct pair udp = connected_pair(family_named("udp4"));
	const int fds[] = {-1, 1000, STDIN_FILENO, tcp, udp.far};
	const char *names[] = {"none", "closed", "file", "not connected", "empty"};

	for (size_t i = 0; i < COUNT(fds); i++) {
		for (size_t receiver = 0; receiver < COUNT(receivers); receiver++) {
			struct got got = {.result = 0};

			receivers[receiver].call(fds[i], 8, MSG_DONTWAIT | bit, &got);
			fact("%s.%s=%s", names[i], receivers[receiver].name,
			     outcome(got.result));
		}
	}
	fact("no message=%s", outcome(recvmsg(udp.far, NULL, MSG_DONTWAIT | bit)));
	send(udp.near, DIGITS, DIGITS_SIZE, 0);
	wait_for(udp.far, POLLIN);
	fact("no buffer=%s", outcome(recv(udp.far, NULL, 8, MSG_DONTWAIT | bit)));
	fact("no messages=%s",
	     outcome(recvmmsg(udp.far, NULL, 1, MSG_DONTWAIT | bit, NULL)));
}

/* ---- sending */

typedef long send_call(int fd, size_t size, int flags);

/* As many bytes as anybody sends here: digits over and over. */
static char *bytes(void)
{
	static char all[1 << 20];

	for (size_t i = 0; all[0] == 0 && i < sizeof(all); i++)
		all[sizeof(all) - 1 - i] = DIGITS[(sizeof(all) - 1 - i) % DIGITS_SIZE];
	return all;
}

static long by_send(int fd, size_t size, int flags)
{
	return send(fd, bytes(), size, flags);
}

static long by_sendto(int fd, size_t size, int flags)
{
	return sendto(fd, bytes(), size, flags, NULL, 0);
}

/* In two pieces. */
static void in_pieces(size_t size, struct iovec pieces[2], struct msghdr *msg)
{
	pieces[0] = (struct iovec){bytes(), size / 2};
	pieces[1] = (struct iovec){bytes() + size / 2, size - size / 2};
	*msg = (struct msghdr){.msg_iov = pieces, .msg_iovlen = 2};
}

static long by_sendmsg(int fd, size_t size, int flags)
{
	struct iovec pieces[2];
	struct msghdr msg;

	in_pieces(size, pieces, &msg);
	return sendmsg(fd, &msg, flags);
}

static long by_sendmmsg(int fd, size_t size, int flags)
{
	struct iovec pieces[2];
	struct mmsghdr msg = {{0}, 0};
	int count;

	in_pieces(size, pieces, &msg.msg_hdr);
	count = sendmmsg(fd, &msg, 1, flags);
	return count > 0 ? (long)msg.msg_len : count;
}

static const struct {
	const char *name;
	send_call *call;
} senders[] = {
	{"send", by_send},
	{"sendto", by_sendto},
	{"sendmsg", by_sendmsg},
	{"sendmmsg", by_sendmmsg},
};

static const struct {
	const char *name;
	int flags;
} send_flags[] = {
	{"plain", 0},
	{"dontwait", MSG_DONTWAIT},
	{"more", MSG_MORE},
	{"no signal", MSG_NOSIGNAL},
};

#define END "end"

/* All that comes, up to the end. */
static void say_arrived(const char *name, int fd)
{
	struct got got = {.result = 0};
	const char *text;

	do {
		wait_for(fd, POLLIN);
		by_recv(fd, sizeof(got.data), MSG_DONTWAIT, &got);
		text = text_of(&got, sizeof(got.data));
		fact("%s.arrived=%s %s", name, outcome(got.result), text);
	} while (got.result >= 0 && !strstr(text, END));
}

/* Where the flag means nothing: what arrives is what was sent. */
static void send_on(char **args)
{
	static const size_t sizes[] = {0, 1, DIGITS_SIZE};
	const struct family *family = prepared_family(args[0]);
	const int bit = bit_named(args[1]);
	const struct pair pair = connected_pair(family);

	for (size_t i = 0; i < COUNT(senders) * COUNT(send_flags) * COUNT(sizes); i++) {
		const size_t sender = i / COUNT(sizes) / COUNT(send_flags);
		const size_t flags = i / COUNT(sizes) % COUNT(send_flags);
		const size_t size = sizes[i % COUNT(sizes)];
		char name[96];

		snprintf(name, sizeof(name), "%s, %s, %zu", senders[sender].name,
			 send_flags[flags].name, size);
		fact("%s=%s", name,
		     outcome(senders[sender].call(pair.near, size,
						  send_flags[flags].flags | bit)));
		MUST(send(pair.near, END, 3, 0));
		say_arrived(name, pair.far);
	}
}

static void send_errors(char **args)
{
	const int bit = bit_named(args[0]);
	const int udp = fresh_socket(family_named("udp4"));
	const int fds[] = {-1, 1000, STDIN_FILENO, udp};
	const char *names[] = {"none", "closed", "file", "no address"};

	for (size_t i = 0; i < COUNT(fds); i++) {
		for (size_t sender = 0; sender < COUNT(senders); sender++)
			fact("%s.%s=%s", names[i], senders[sender].name,
			     outcome(senders[sender].call(fds[i], 8, bit)));
	}
	fact("no message=%s", outcome(sendmsg(udp, NULL, bit)));
	fact("no messages=%s", outcome(sendmmsg(udp, NULL, 1, bit)));
}

/* ---- a warm send on TCP, in each state of the connection */

static volatile sig_atomic_t pipes; /* SIGPIPE, so often */

static void count_pipe(int signal)
{
	(void)signal;
	pipes++;
}

static void watch_sigpipe(void)
{
	struct sigaction action = {.sa_handler = count_pipe};

	MUST(sigaction(SIGPIPE, &action, NULL));
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	MUST(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
	return info;
}

/* All bytes that the connection was ever given to send. */
static uint64_t bytes_given(int fd)
{
	const struct tcp_info info = info_of(fd);

	return info.tcpi_bytes_sent - info.tcpi_bytes_retrans + info.tcpi_notsent_bytes;
}

/* Nothing is under way: all that was sent is acknowledged. What remains waits for the peer. */
static void settle(int fd)
{
	for (int ms = 0; info_of(fd).tcpi_unacked > 0 && ms < WAIT_MS; ms++)
		poll(NULL, 0, 1); /* an acknowledgement makes no event */
}

static struct pair connected(const struct family *family)
{
	const struct pair pair = connected_pair(family);

	MUST(send(pair.near, DIGITS, DIGITS_SIZE, 0));
	settle(pair.near);
	return pair;
}

static struct pair full_queue(const struct family *family)
{
	const struct pair pair = connected_pair(family);
	const struct timeval soon = {
		0, 10000}; /* a send that waits is a failure, not a hang */
	const int size = 1 << 16;

	MUST(setsockopt(pair.far, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
	MUST(setsockopt(pair.near, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)));
	while (send(pair.near, bytes(), 1 << 20, MSG_DONTWAIT) > 0)
		settle(pair.near);
	return pair;
}

/* The listener takes no more: this connection's first segment stays unanswered. */
static struct pair connecting(const struct family *family)
{
	struct sockaddr_storage addr;
	socklen_t size;
	struct pair pair = {-1, bound_socket(family, &addr, &size)};

	MUST(listen(pair.far, 0));
	for (int i = 0; i < 4; i++) {
		pair.near =
			(int)MUST(socket(family->domain, SOCK_STREAM | SOCK_NONBLOCK, 0));
		connect(pair.near, (struct sockaddr *)&addr, size);
	}
	return pair;
}

static struct pair we_shut(const struct family *family)
{
	const struct pair pair = connected_pair(family);

	MUST(shutdown(pair.near, SHUT_WR));
	settle(pair.near);
	return pair;
}

static struct pair they_shut(const struct family *family)
{
	const struct pair pair = connected_pair(family);

	MUST(shutdown(pair.far, SHUT_WR));
	wait_for(pair.near, POLLIN);
	return pair;
}

static struct pair both_shut(const struct family *family)
{
	const struct pair pair = they_shut(family);

	MUST(shutdown(pair.near, SHUT_WR));
	settle(pair.near);
	return pair;
}

static struct pair reset(const struct family *family)
{
	const struct linger none = {1, 0};
	struct pair pair = connected_pair(family);

	MUST(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, &none, sizeof(none)));
	MUST(close(pair.far));
	wait_for(pair.near, POLLIN);
	pair.far = -1;
	return pair;
}

static struct pair never_connected(const struct family *family)
{
	return (struct pair){fresh_socket(family), -1};
}

static struct pair listening(const struct family *family)
{
	return (struct pair){bound_socket(family, NULL, NULL), -1};
}

static const struct {
	const char *name;
	struct pair (*make)(const struct family *family);
} states[] = {
	{"connected", connected},   {"queue full", full_queue},
	{"connecting", connecting}, {"we shut", we_shut},
	{"they shut", they_shut},   {"both shut", both_shut},
	{"reset", reset},           {"never connected", never_connected},
	{"listening", listening},
};

static const struct {
	const char *name;
	int of_mss, more; /* length: so many times the MSS, and this more */
} lengths[] = {
	{"0", 0, 0}, {"1", 0, 1}, {"mss-1", 1, -1}, {"mss", 1, 0}, {"mss+1", 1, 1},
};

static void send_length(const char *state, struct pair pair, size_t sender, size_t length,
			size_t flags, int bit)
{
	const uint64_t before = bytes_given(pair.near);
	int mss;
	socklen_t size = sizeof(mss);
	size_t count;
	long result;

	MUST(getsockopt(pair.near, IPPROTO_TCP, TCP_MAXSEG, &mss, &size));
	count = (size_t)(lengths[length].of_mss * mss + lengths[length].more);
	pipes = 0;
	result = senders[sender].call(pair.near, count, send_flags[flags].flags | bit);
	fact("%s, %s, %s, %s=%s%s, %s", state, senders[sender].name,
	     send_flags[flags].name, lengths[length].name,
	     result > 0 && (size_t)result == count ? "length" : outcome(result),
	     pipes ? " SIGPIPE" : "",
	     bytes_given(pair.near) == before ? "nothing sent" : "sent");
}

/* args: the family and the flag. */
static void warm_states(char **args)
{
	const struct family *family = family_named(args[0]);
	const int bit = bit_named(args[1]);

	watch_sigpipe();
	for (size_t state = 0; state < COUNT(states); state++) {
		const struct pair pair = states[state].make(family);

		for (size_t i = 0;
		     i < COUNT(senders) * COUNT(send_flags) * COUNT(lengths); i++)
			send_length(states[state].name, pair,
				    i / COUNT(lengths) / COUNT(send_flags),
				    i % COUNT(lengths),
				    i / COUNT(lengths) % COUNT(send_flags), bit);
		fact("%s.state=%d", states[state].name, info_of(pair.near).tcpi_state);
		MUST(close(pair.near));
		if (pair.far >= 0)
			MUST(close(pair.far));
	}
}

/* After warm sends the connection works both ways, and no byte of theirs is in it. */
static void warm_then_ordinary(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const struct pair back = {pair.far, pair.near};
	const int bit = bit_named(args[1]);

	for (size_t i = 0; i < COUNT(senders); i++)
		senders[i].call(pair.near, DIGITS_SIZE, bit);
	fact("data segments=%u", info_of(pair.near).tcpi_data_segs_out);
	fact("readable=%d", poll(&(struct pollfd){pair.far, POLLIN, 0}, 1, 0));
	MUST(send(pair.near, END, 3, 0));
	say_arrived("there", pair.far);
	MUST(send(back.near, END, 3, 0));
	say_arrived("back", back.far);
	MUST(shutdown(pair.near, SHUT_WR));
	wait_for(pair.far, POLLIN);
	say_left("closed", pair.far);
}

/* Full: an ordinary send says so, and what is read is what was sent. */
static void warm_when_full(char **args)
{
	const struct pair pair = full_queue(family_named(args[0]));
	const int bit = bit_named(args[1]);
	const uint64_t given = bytes_given(pair.near);
	uint64_t read_bytes = 0;
	char *room = malloc(1 << 20);
	ssize_t got;

	fact("warm=%s",
	     outcome(senders[0].call(pair.near, DIGITS_SIZE, bit | MSG_DONTWAIT)));
	fact("ordinary=%s",
	     outcome(senders[0].call(pair.near, DIGITS_SIZE, MSG_DONTWAIT)));
	while (read_bytes < given && wait_for(pair.far, POLLIN) &&
	       (got = recv(pair.far, room, 1 << 20, MSG_DONTWAIT)) > 0)
		read_bytes += (uint64_t)got;
	fact("read=%s", read_bytes == given ? "all that was sent" : "other");
	fact("left=%s", outcome(recv(pair.far, room, 1, MSG_DONTWAIT)));
	free(room);
}

static void warm_pending_error(char **args)
{
	const struct pair pair = reset(family_named(args[0]));
	int err = 0;
	socklen_t size = sizeof(err);

	watch_sigpipe();
	MUST(getsockopt(pair.near, SOL_SOCKET, SO_ERROR, &err, &size));
	fact("SO_ERROR=%s", strerrorname_np(err));
	fact("warm=%s", outcome(by_send(pair.near, 1, ONLOAD_MSG_WARM)));
	fact("signals=%d", pipes);
}

/* Without a handler the signal ends the process. */
static void warm_killed(char **args)
{
	const struct pair pair = we_shut(family_named(args[0]));

	fact("before=%s",
	     outcome(by_send(pair.near, 1, bit_named(args[1]) | MSG_NOSIGNAL)));
	by_send(pair.near, 1, bit_named(args[1]));
	fact("after=alive");
}

static long send_pieces(int fd, struct iovec *pieces, size_t count, int bit)
{
	const struct msghdr msg = {.msg_iov = pieces, .msg_iovlen = count};

	return sendmsg(fd, &msg, bit);
}

static void warm_bad_arguments(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const int fd = pair.near, bit = bit_named(args[1]);
	struct iovec huge[] = {{bytes(), SIZE_MAX / 2}, {bytes(), SIZE_MAX / 2}};
	struct iovec none[] = {{NULL, 0}, {bytes(), 1}};
	struct iovec missing[] = {{bytes(), 1}, {NULL, 1}};
	struct iovec many[1025];

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct iovec){bytes(), 1};
	fact("no buffer=%s", outcome(send(fd, NULL, 5, bit)));
	fact("no buffer, no bytes=%s", outcome(send(fd, NULL, 0, bit)));
	fact("no message=%s", outcome(sendmsg(fd, NULL, bit)));
	fact("unmapped message=%s", outcome(sendmsg(fd, (struct msghdr *)8, bit)));
	fact("no messages=%s", outcome(sendmmsg(fd, NULL, 1, bit)));
	fact("none of them=%s", outcome(sendmmsg(fd, NULL, 0, bit)));
	fact("no pieces=%s", outcome(send_pieces(fd, NULL, 0, bit)));
	fact("unmapped pieces=%s", outcome(send_pieces(fd, (struct iovec *)8, 1, bit)));
	fact("piece of nothing=%s", outcome(send_pieces(fd, none, 2, bit)));
	fact("piece at NULL=%s", outcome(send_pieces(fd, missing, 2, bit)));
	fact("1024 pieces=%s", outcome(send_pieces(fd, many, 1024, bit)));
	fact("1025 pieces=%s", outcome(send_pieces(fd, many, 1025, bit)));
	fact("too many bytes=%s", outcome(send_pieces(fd, huge, 2, bit)));
}

/* sendmmsg stops at the first that fails, and tells an error only of the very first. */
static void warm_several(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct iovec pieces[] = {{bytes(), 1}, {bytes(), 1 << 19}, {bytes(), 1}};
	struct mmsghdr msgs[3] = {{{0}, 0}};

	for (int i = 0; i < 3; i++) {
		msgs[i].msg_hdr.msg_iov = &pieces[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_len = 77;
	}
	fact("count=%s", outcome(sendmmsg(pair.near, msgs, 3, ONLOAD_MSG_WARM)));
	fact("lengths=%u %u %u", msgs[0].msg_len, msgs[1].msg_len, msgs[2].msg_len);
	fact("from the second=%s",
	     outcome(sendmmsg(pair.near, msgs + 1, 2, ONLOAD_MSG_WARM)));
	fact("from the third=%s",
	     outcome(sendmmsg(pair.near, msgs + 2, 1, ONLOAD_MSG_WARM)));
	fact("readable=%d", poll(&(struct pollfd){pair.far, POLLIN, 0}, 1, 0));
}

/* ---- warm and ordinary sends, mixed */

#define MESSAGES 10000
#define CONNECTIONS 4
#define LONGEST 1000

static uint32_t random_number(uint32_t *state) /* xorshift; a seed of 0 is no seed */
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* What one connection was sent and what came: the streams, as they should be. */
struct stream {
	struct pair pair;
	char *ordinary, *all, *arrived;
	size_t ordinary_size, all_size, arrived_size;
};

#define STREAM_SIZE ((size_t)MESSAGES * LONGEST)

static void take_arrived(struct stream *stream, int flags)
{
	ssize_t got;

	while ((got = recv(stream->pair.far, stream->arrived + stream->arrived_size,
			   STREAM_SIZE - stream->arrived_size, flags)) > 0)
		stream->arrived_size += (size_t)got;
}

static void send_message(struct stream *stream, uint32_t number, uint32_t random)
{
	const bool warm = random & 1;
	const size_t size = 1 + (random >> 1) % LONGEST,
		     sender = (random >> 16) % COUNT(senders);
	char *const message = bytes(); /* what the senders send */

	memset(message, (int)number, size);
	memcpy(message, &number, size < sizeof(number) ? size : sizeof(number));
	MUST(senders[sender].call(stream->pair.near, size, warm ? ONLOAD_MSG_WARM : 0));
	memcpy(stream->all + stream->all_size, message, size);
	stream->all_size += size;
	if (!warm) {
		memcpy(stream->ordinary + stream->ordinary_size, message, size);
		stream->ordinary_size += size;
	}
}

static const char *what_arrived(const struct stream *stream)
{
	if (stream->arrived_size == stream->ordinary_size &&
	    memcmp(stream->arrived, stream->ordinary, stream->ordinary_size) == 0)
		return "the ordinary messages";
	if (stream->arrived_size == stream->all_size &&
	    memcmp(stream->arrived, stream->all, stream->all_size) == 0)
		return "all messages";
	return "something else";
}

/* args: the seed. */
static void mixed_messages(char **args)
{
	struct stream streams[CONNECTIONS];
	uint32_t state = (uint32_t)strtoul(args[0], NULL, 0) | 1;

	for (int i = 0; i < CONNECTIONS; i++)
		streams[i] = (struct stream){
			.pair = connected_pair(family_named(i & 1 ? "tcp6" : "tcp4")),
			.ordinary = malloc(STREAM_SIZE),
			.all = malloc(STREAM_SIZE),
			.arrived = malloc(STREAM_SIZE)};
	for (uint32_t number = 0; number < MESSAGES; number++) {
		struct stream *stream = &streams[random_number(&state) % CONNECTIONS];

		send_message(stream, number, random_number(&state));
		take_arrived(stream, MSG_DONTWAIT);
	}
	for (int i = 0; i < CONNECTIONS; i++) {
		MUST(shutdown(streams[i].pair.near, SHUT_WR));
		take_arrived(&streams[i], 0);
		fact("connection %d=%s", i, what_arrived(&streams[i]));
		free(streams[i].ordinary);
		free(streams[i].all);
		free(streams[i].arrived);
	}
}

#define RECORDS 20000

static void *send_records(void *arg)
{
	const struct pair *pair = arg;

	for (uint32_t number = 0; number < RECORDS; number++)
		MUST(send(pair->near, &number, sizeof(number), 0));
	MUST(shutdown(pair->near, SHUT_WR));
	return NULL;
}

static void *send_warm(void *arg)
{
	const struct pair *pair = arg;
	const uint32_t wrong = UINT32_MAX;

	for (uint32_t number = 0; number < RECORDS; number++)
		send(pair->near, &wrong, sizeof(wrong), ONLOAD_MSG_WARM | MSG_NOSIGNAL);
	return NULL;
}

/* Two threads on one connection: one sends records that count up, the other is warm. */
static void mixed_threads(char **args)
{
	struct pair pair = connected_pair(family_named(args[0]));
	uint32_t number, expected = 0, wrong = 0;
	pthread_t threads[2];

	MUST(-pthread_create(&threads[0], NULL, send_records, &pair));
	MUST(-pthread_create(&threads[1], NULL, send_warm, &pair));
	while (recv(pair.far, &number, sizeof(number), MSG_WAITALL) == sizeof(number))
		wrong += number != expected++;
	for (int i = 0; i < 2; i++)
		MUST(-pthread_join(threads[i], NULL));
	fact("records=%s", expected == RECORDS ? "as many as were sent" : "more or fewer");
	fact("in order=%s", wrong ? "no" : "yes");
}

/* ---- cancellation: a call that would be answered is a point of it all the same */

static struct {
	struct pair pair;
	int bit;
} answered;

static void cancel_send(void)
{
	send(answered.pair.near, DIGITS, 1, answered.bit);
}

static void cancel_sendto(void)
{
	sendto(answered.pair.near, DIGITS, 1, answered.bit, NULL, 0);
}

static void cancel_sendmsg(void)
{
	struct iovec piece = {(char *)DIGITS, 1};
	const struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};

	sendmsg(answered.pair.near, &msg, answered.bit);
}

static void cancel_sendmmsg(void)
{
	struct iovec piece = {(char *)DIGITS, 1};
	struct mmsghdr msg = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};

	sendmmsg(answered.pair.near, &msg, 1, answered.bit);
}

static void cancel_recv(void)
{
	char room[1];

	recv(answered.pair.near, room, sizeof(room), answered.bit | MSG_WAITALL);
}

static void cancel_recvmsg(void)
{
	char room[1];
	struct iovec piece = {room, sizeof(room)};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};

	recvmsg(answered.pair.near, &msg, answered.bit | MSG_WAITALL);
}

static void *cancelled_before(void *call)
{
	cancel_this_thread();
	(*(void (**)(void))call)();
	return NULL;
}

static void cancelled(char **args)
{
	static const struct {
		const char *name;
		void (*call)(void);
	} calls[] = {
		{"send", cancel_send},       {"sendto", cancel_sendto},
		{"sendmsg", cancel_sendmsg}, {"sendmmsg", cancel_sendmmsg},
		{"recv", cancel_recv},       {"recvmsg", cancel_recvmsg},
	};

	answered.pair = connected_pair(family_named(args[0]));
	answered.bit = bit_named(args[1]);
	for (size_t i = 0; i < COUNT(calls); i++) {
		pthread_t thread;
		void *result;

		MUST(-pthread_create(&thread, NULL, cancelled_before,
				     (void *)&calls[i].call));
		MUST(-pthread_join(thread, &result));
		fact("%s=%s", calls[i].name,
		     result == PTHREAD_CANCELED ? "cancelled" : "returned");
	}
}

const struct scenario scenarios[] = {
	{"receive", receive},
	{"waitall", waitall},
	{"receive_several", receive_several},
	{"receive_errors", receive_errors},
	{"send_on", send_on},
	{"send_errors", send_errors},
	{"warm_states", warm_states},
	{"warm_then_ordinary", warm_then_ordinary},
	{"warm_when_full", warm_when_full},
	{"warm_pending_error", warm_pending_error},
	{"warm_killed", warm_killed},
	{"warm_bad_arguments", warm_bad_arguments},
	{"warm_several", warm_several},
	{"mixed_messages", mixed_messages},
	{"mixed_threads", mixed_threads},
	{"cancelled", cancelled},
	{NULL, NULL},
};
