/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that has a callback look at each datagram. */
#include <onload/extensions_zc.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

/* What these calls become with _FORTIFY_SOURCE. */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen);

/* What a filter has been shown: "TEXT" for each message, with a '|' between pieces. */
struct seen {
	char text[512];
	int calls, strange; /* not as the header promises */
	enum onload_zc_callback_rc answer;
};

static enum onload_zc_callback_rc look(struct onload_zc_msg *msg, void *arg, int flags)
{
	struct seen *const seen = arg;
	size_t length = strlen(seen->text);

	seen->calls++;
	seen->strange += flags != 0 || msg->msghdr.msg_iov != NULL;
	seen->text[length++] = '"';
	for (size_t i = 0; i < msg->msghdr.msg_iovlen; i++) {
		if (i > 0)
			seen->text[length++] = '|';
		seen->strange += msg->iov[i].buf != ONLOAD_ZC_HANDLE_NONZC ||
				 msg->iov[i].iov_flags != 0;
		if (length + msg->iov[i].iov_len + 3 > sizeof(seen->text))
			break;
		memcpy(seen->text + length, msg->iov[i].iov_base, msg->iov[i].iov_len);
		length += msg->iov[i].iov_len;
	}
	seen->text[length++] = '"';
	seen->text[length] = '\0';
	errno = EPROTO;
	return seen->answer;
}

static void say_seen(const char *what, struct seen *seen)
{
	fact("%s: %d calls, %s%s", what, seen->calls, seen->text,
	     seen->strange ? ", strange" : "");
	*seen = (struct seen){.answer = seen->answer};
}

static void send_text(struct pair pair, const char *text)
{
	MUST(send(pair.near, text, strlen(text), 0));
	wait_until_sent(pair.near);
}

/* ---- which sockets */

static void row(const char *what, int fd)
{
	struct seen seen = {.calls = 0};
	int set, removed;

	errno = UNTOUCHED;
	set = onload_set_recv_filter(fd, look, &seen, 0);
	removed = onload_set_recv_filter(fd, NULL, NULL, 0);
	fact("%s: %d, %d%s", what, set, removed,
	     errno == UNTOUCHED ? "" : ", errno is set");
}

static void table(char **args)
{
	const struct family *tcp = family_named(args[0]), *udp = family_named(args[1]);

	row("UDP, fresh", fresh_socket(udp));
	row("UDP, connected", connected_pair(udp).near);
	row("TCP, fresh", fresh_socket(tcp));
	row("TCP, connected", connected_pair(tcp).near);
	row("plain UDP", onload_socket_nonaccel(udp->domain, SOCK_DGRAM, 0));
	for_other_descriptors(row);
}

/* ---- each call that receives */

enum call {
	READ,
	READV,
	RECV,
	RECVFROM,
	RECVMSG,
	RECVMMSG,
	READ_CHK,
	RECV_CHK,
	RECVFROM_CHK,
	CALLS
};

static const char *const names[] = {"read",     "readv",    "recv",
				    "recvfrom", "recvmsg",  "recvmmsg",
				    "read_chk", "recv_chk", "recvfrom_chk"};

/* Into memory of 4 and of 60 bytes, if it can. */
static long receive_by(enum call call, int fd, char *room)
{
	struct iovec pieces[] = {{room, 4}, {room + 4, 60}};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = pieces, .msg_iovlen = 2}};

	switch (call) {
	case READ:
		return read(fd, room, 64);
	case READV:
		return readv(fd, pieces, 2);
	case RECV:
		return recv(fd, room, 64, 0);
	case RECVFROM:
		return recvfrom(fd, room, 64, 0, NULL, NULL);
	case RECVMSG:
		return recvmsg(fd, &message.msg_hdr, 0);
	case RECVMMSG:
		return recvmmsg(fd, &message, 1, 0, NULL) == 1 ? (long)message.msg_len
							       : -1;
	case READ_CHK:
		return __read_chk(fd, room, 64, 64);
	case RECV_CHK:
		return __recv_chk(fd, room, 64, 64, 0);
	case RECVFROM_CHK:
		return __recvfrom_chk(fd, room, 64, 64, 0, NULL, NULL);
	case CALLS:
		break;
	}
	return -1;
}

static void calls(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.calls = 0};
	char room[65] = "";

	MUST(onload_set_recv_filter(pair.far, look, &seen, 0));
	for (int call = 0; call < CALLS; call++) {
		char text[] = "datagram _";
		long length;

		for (int i = 0; i < 3; i++) {
			text[9] = (char)('0' + i);
			send_text(pair, text);
		}
		errno = UNTOUCHED;
		for (int i = 0; i < 3; i++) {
			length = receive_by((enum call)call, pair.far, room);
			if (length != 10 || room[9] != '0' + i)
				fact("%s: %ld", names[call], length);
		}
		if (errno != UNTOUCHED)
			fact("%s: errno is set", names[call]);
		say_seen(names[call], &seen);
	}
	SAY(recv(pair.far, room, 64, MSG_DONTWAIT));
	say_seen("nothing", &seen);
}

static void several(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.calls = 0};
	struct mmsghdr messages[4];
	struct iovec pieces[4];
	char rooms[4][16];

	for (int i = 0; i < 4; i++) {
		pieces[i] = (struct iovec){rooms[i], sizeof(rooms[i])};
		messages[i] = (struct mmsghdr){
			.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
	}
	MUST(onload_set_recv_filter(pair.far, look, &seen, 0));
	send_text(pair, "one");
	send_text(pair, "two");
	send_text(pair, "three");
	SAY(recvmmsg(pair.far, messages, 4, MSG_WAITFORONE, NULL));
	say_seen("recvmmsg", &seen);
}

/* ---- when, and with what */

static enum onload_zc_callback_rc other(struct onload_zc_msg *msg, void *arg, int flags)
{
	(void)msg;
	(void)flags;
	++*(int *)arg;
	return ONLOAD_ZC_CONTINUE;
}

static void changes(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.calls = 0};
	char room[64];
	int others = 0;

	MUST(onload_set_recv_filter(pair.far, look, &seen, 0));
	send_text(pair, "seen");
	SAY(recv(pair.far, room, sizeof(room), MSG_PEEK));
	say_seen("peeked", &seen);
	SAY(recv(pair.far, room, sizeof(room), 0));
	say_seen("received", &seen);
	MUST(onload_set_recv_filter(pair.far, other, &others, 0));
	send_text(pair, "other");
	SAY(recv(pair.far, room, sizeof(room), 0));
	say_seen("replaced", &seen);
	fact("other=%d", others);
	SAY(onload_set_recv_filter(pair.far, NULL, &seen, 0));
	send_text(pair, "none");
	SAY(recv(pair.far, room, sizeof(room), 0));
	say_seen("removed", &seen);
	SAY(onload_set_recv_filter(pair.far, look, &seen, 7));
	send_text(pair, "flags");
	SAY(recv(pair.far, room, sizeof(room), 0));
	say_seen("with flags", &seen);
	for (int answer = ONLOAD_ZC_TERMINATE; answer <= 7; answer++) {
		seen.answer = (enum onload_zc_callback_rc)answer;
		send_text(pair, "stays");
		if (recv(pair.far, room, sizeof(room), 0) != 5)
			fact("answer %d", answer);
	}
	say_seen("answers", &seen);
}

static enum onload_zc_callback_rc count_pieces(struct onload_zc_msg *msg, void *arg,
					       int flags)
{
	size_t *const filled = arg;

	(void)flags;
	for (size_t i = 0; i < msg->msghdr.msg_iovlen; i++)
		*filled += msg->iov[i].iov_len == 1;
	return ONLOAD_ZC_CONTINUE;
}

static void lengths(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.calls = 0};
	char room[256];
	struct iovec pieces[1024];
	struct msghdr header = {.msg_iov = pieces, .msg_iovlen = 2};
	char each[COUNT(pieces)] = "";
	size_t filled = 0;

	MUST(onload_set_recv_filter(pair.far, look, &seen, 0));
	send_text(pair, "");
	SAY(recv(pair.far, room, sizeof(room), 0));
	say_seen("empty", &seen);
	send_text(pair, "0123456789");
	SAY(recv(pair.far, room, 4, 0));
	say_seen("cut off", &seen);
	send_text(pair, "0123456789");
	SAY(recv(pair.far, room, 4, MSG_TRUNC));
	say_seen("cut off, length told", &seen);
	pieces[0] = (struct iovec){room, 3};
	pieces[1] = (struct iovec){room + 10, 4};
	send_text(pair, "0123456789");
	SAY(recvmsg(pair.far, &header, 0));
	fact("truncated=%d", (header.msg_flags & MSG_TRUNC) != 0);
	say_seen("two pieces, cut off", &seen);
	for (size_t i = 0; i < COUNT(pieces); i++)
		pieces[i] = (struct iovec){each + i, 1};
	header.msg_iovlen = 120;
	send_text(pair, "abc");
	SAY(recvmsg(pair.far, &header, 0));
	say_seen("120 pieces", &seen);
	header.msg_iovlen = 121; /* more than Onload has for a message */
	send_text(pair, "abc");
	SAY(recvmsg(pair.far, &header, 0));
	say_seen("121 pieces", &seen);
	header.msg_iovlen = COUNT(pieces);
	MUST(onload_set_recv_filter(pair.far, count_pieces, &filled, 0));
	MUST(send(pair.near, each, sizeof(each), 0));
	SAY(recvmsg(pair.far, &header, 0));
	fact("pieces=%zu", filled);
}

/* The end that shutdown() makes is no message; an empty datagram that was queued before it is one. */
static void ends(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.calls = 0};
	char room[65];

	MUST(onload_set_recv_filter(pair.far, look, &seen, 0));
	for (int call = 0; call < CALLS; call++)
		send_text(pair, "");
	MUST(shutdown(pair.far, SHUT_RD));
	for (int call = 0; call < CALLS; call++) {
		const long empty = receive_by((enum call)call, pair.far, room);

		if (empty != 0)
			fact("%s: %ld", names[call], empty);
	}
	say_seen("empty datagrams", &seen);
	for (int call = 0; call < CALLS; call++) {
		const long end = receive_by((enum call)call, pair.far, room);

		if (end != 0)
			fact("%s: %ld", names[call], end);
	}
	say_seen("ends", &seen);
}

/* The header as it is received. */
static enum onload_zc_callback_rc look_at_header(struct onload_zc_msg *msg, void *arg,
						 int flags)
{
	const struct sockaddr *const name = msg->msghdr.msg_name;

	(void)flags;
	fact("name=%d, control=%d, flags=%d, own memory=%d",
	     name && name->sa_family == *(int *)arg, msg->msghdr.msg_controllen > 0,
	     msg->msghdr.msg_flags == MSG_TRUNC, msg->iov[0].iov_base != NULL);
	return ONLOAD_ZC_CONTINUE;
}

static void header(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	struct sockaddr_storage name;
	char room[4], control[256];
	struct iovec piece = {room, sizeof(room)};
	struct msghdr message = {
		.msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const int on = 1;
	int domain = family->domain;
	socklen_t size = sizeof(name);

	MUST(setsockopt(pair.far, domain == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
			domain == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO, &on,
			sizeof(on)));
	MUST(onload_set_recv_filter(pair.far, look_at_header, &domain, 0));
	send_text(pair, "0123456789");
	SAY(recvmsg(pair.far, &message, 0));
	fact("name=%d", name.ss_family == domain);
	send_text(pair, "0123456789");
	memset(&name, 0, sizeof(name));
	SAY(recvfrom(pair.far, room, sizeof(room), 0, (struct sockaddr *)&name, &size));
	fact("name=%d", name.ss_family == domain);
}

/* The same arguments without a filter and with one, each with a message queued. The memory is not on the
 * stack: where that is less than 2 GiB below the end of all addresses, the kernel refuses the long calls. */
static void arguments(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.calls = 0};
	struct iovec pieces[1025], *volatile no_pieces = NULL;
	volatile int many = INT_MAX, negative = -1; /* compilers refuse them, too */
	volatile size_t huge = SIZE_MAX;
	static char room[64];

	for (size_t i = 0; i < COUNT(pieces); i++)
		pieces[i] = (struct iovec){room, 0};
	pieces[0].iov_len = sizeof(room);
	for (int filtered = 0; filtered < 2; filtered++) {
		if (filtered)
			MUST(onload_set_recv_filter(pair.far, look, &seen, 0));
		send_text(pair, "readv");
		SAY(readv(pair.far, no_pieces, 1));
		SAY(readv(pair.far, pieces, 1025));
		SAY(readv(pair.far, pieces, many));
		SAY(readv(pair.far, pieces, negative));
		SAY(readv(pair.far, pieces + 1, 0));
		SAY(readv(pair.far, pieces, 1024));
		send_text(pair, "all");
		SAY(read(pair.far, room, huge));
		SAY(recv(pair.far, room, huge, 0));
		send_text(pair, "from");
		SAY(recvfrom(pair.far, room, huge, 0, NULL, NULL));
	}
	fact("calls=%d", seen.calls);
}

/* ---- where else the socket is known */

static void travels(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0])),
			  elsewhere = connected_pair(family_named(args[0]));
	struct seen seen = {.calls = 0};
	char room[64];
	pid_t child;

	MUST(onload_set_recv_filter(pair.far, look, &seen, 0));
	send_text(elsewhere, "elsewhere");
	SAY(recv(elsewhere.far, room, sizeof(room), 0));
	say_seen("another socket", &seen);
	send_text(pair, "dup");
	SAY(recv(dup(pair.far), room, sizeof(room), 0));
	say_seen("dup", &seen);
	send_text(pair, "child");
	child = fork();
	if (child == 0) {
		MUST(recv(pair.far, room, sizeof(room), 0));
		say_seen("child", &seen);
		_exit(0);
	}
	finish(child);
	say_seen("parent", &seen);
}

/* The filter receives what comes next, and ends itself. */
static enum onload_zc_callback_rc receive_next(struct onload_zc_msg *msg, void *arg,
					       int flags)
{
	const int fd = *(int *)arg;
	char room[16] = "";

	(void)flags;
	MUST(onload_set_recv_filter(fd, NULL, NULL, 0));
	MUST(recv(fd, room, sizeof(room), 0));
	fact("in the filter of %.*s: %s", (int)msg->iov[0].iov_len,
	     (const char *)msg->iov[0].iov_base, room);
	return ONLOAD_ZC_CONTINUE;
}

static void nested(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	int fd = pair.far;
	char room[16] = "";

	MUST(onload_set_recv_filter(fd, receive_next, &fd, 0));
	send_text(pair, "first");
	send_text(pair, "second");
	send_text(pair, "third");
	SAY(recv(fd, room, sizeof(room), 0));
	fact("received=%s", room);
	SAY(recv(fd, room, sizeof(room), 0));
}

const struct scenario scenarios[] = {
	{"table", table},         {"calls", calls},     {"several", several},
	{"changes", changes},     {"lengths", lengths}, {"header", header},
	{"arguments", arguments}, {"travels", travels}, {"nested", nested},
	{"ends", ends},           {NULL, NULL},
};
