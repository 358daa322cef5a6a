/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios without any feature of Onload: good and bad calls to each function that the library
 * stands in front of. A line is the call as it is written here, its result, its errno, and that
 * errno was left alone where the call succeeded; then what it has written. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/harness/stamps.h"

#define UNTOUCHED 4242 /* no errno */
#define TRY(call) tried(#call, (errno = UNTOUCHED, (long)(call)))

/* Arguments that no program means. The compiler must not know them. */
static void *volatile nowhere = NULL;
static void *volatile unmapped = (void *)16;

int pidfd_getfd(int pidfd, int target_fd, unsigned int flags);

static long tried(const char *call, long result)
{
	if (result == -1 || errno == UNTOUCHED)
		fact("%s=%s", call, outcome(result));
	else
		fact("%s=%s, errno changed", call, outcome(result));
	return result;
}

static void say_bytes(const char *name, const void *bytes, size_t size)
{
	char text[512] = "";
	int at = 0;

	for (size_t i = 0; i < size && at < (int)sizeof(text) - 3; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%02x",
			       ((const unsigned char *)bytes)[i]);
	fact("%s=%s", name, text);
}

/* `size` bytes before memory that cannot be touched, 0 or 1 and up; filled with 0xA5. */
static unsigned char *at_edge(size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	static unsigned char *pages;

	if (!pages) {
		pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST(pages == MAP_FAILED ? -1 : 0);
		MUST(mprotect(pages + page, page, PROT_NONE));
	}
	memset(pages, 0xA5, page);
	return pages + page - size;
}

/* The same bytes where they can only be read. */
static void *read_only(const void *bytes, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *copy = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	MUST(copy == MAP_FAILED ? -1 : 0);
	memcpy(copy, bytes, size);
	MUST(mprotect(copy, page, PROT_READ));
	return copy;
}

/* ---- options */

static const int lengths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 64, INT_MAX, INT_MIN, -1};

/* At each length: from a buffer that is long enough, from one that ends there, from nowhere. */
static void set_lengths(int fd, int level, int option, const uint32_t value[2])
{
	unsigned char roomy[64] = {0};

	memcpy(roomy, value, 8);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		const int length = lengths[i];
		const size_t size = length >= 0 && length <= 64 ? (size_t)length : 0;
		unsigned char *tight = at_edge(size);

		memcpy(tight, roomy, size);
		fact("level %d, option %d, length %d:", level, option, length);
		TRY(setsockopt(fd, level, option, roomy, (socklen_t)length));
		TRY(setsockopt(fd, level, option, tight, (socklen_t)length));
		TRY(setsockopt(fd, level, option, roomy + 1, (socklen_t)length));
		TRY(setsockopt(fd, level, option, nowhere, (socklen_t)length));
		TRY(setsockopt(fd, level, option, unmapped, (socklen_t)length));
	}
}

static void get_lengths(int fd, int level, int option)
{
	for (size_t i = 0; i < COUNT(lengths); i++) {
		const size_t size =
			lengths[i] >= 0 && lengths[i] <= 64 ? (size_t)lengths[i] : 0;
		unsigned char roomy[80], *tight = at_edge(size);
		socklen_t length = (socklen_t)lengths[i];

		fact("level %d, option %d, length %d:", level, option, lengths[i]);
		memset(roomy, 0xA5, sizeof(roomy));
		TRY(getsockopt(fd, level, option, roomy, &length));
		say_bytes("value", roomy, sizeof(roomy));
		fact("length=%d", (int)length);
		length = (socklen_t)lengths[i];
		TRY(getsockopt(fd, level, option, tight, &length));
		say_bytes("value", tight, size);
		fact("length=%d", (int)length);
		TRY(getsockopt(fd, level, option, roomy + 1, &length));
		TRY(getsockopt(fd, level, option, nowhere, &length));
		TRY(getsockopt(fd, level, option, unmapped, &length));
		TRY(getsockopt(fd, level, option, roomy, nowhere));
		TRY(getsockopt(fd, level, option, roomy, unmapped));
	}
}

/* The option of timestamps in both forms, and numbers like theirs at other levels. */
static const struct {
	int level, option;
} timestamp_options[] = {
	{SOL_SOCKET, SO_TIMESTAMPING_OLD},
	{SOL_SOCKET, SO_TIMESTAMPING_NEW},
	{SOL_SOCKET, SO_TIMESTAMPNS_OLD},
	{SOL_SOCKET, SO_TIMESTAMP_OLD},
	{IPPROTO_TCP, SO_TIMESTAMPING_OLD},
	{IPPROTO_IP, SO_TIMESTAMPING_OLD},
	{IPPROTO_IPV6, SO_TIMESTAMPING_NEW},
	{-1, SO_TIMESTAMPING_OLD},
	{SOL_SOCKET, SO_TYPE},
	{SOL_SOCKET, SO_KEEPALIVE},
	{SOL_SOCKET, SO_LINGER},
	{IPPROTO_TCP, TCP_NODELAY},
};

/* args: the family, and the flags to set; what is read must be them, whatever they are. */
static void options(char **args)
{
	const int fd = fresh_socket(family_named(args[0]));
	const uint32_t value[2] = {(uint32_t)strtoul(args[1], NULL, 0), 0};

	for (size_t i = 0; i < COUNT(timestamp_options); i++) {
		set_lengths(fd, timestamp_options[i].level, timestamp_options[i].option,
			    value);
		get_lengths(fd, timestamp_options[i].level, timestamp_options[i].option);
	}
}

/* Onload's SO_TIMESTAMPING_OOEXT, which no kernel has. The same arguments. */
static void option_of_onload(char **args)
{
	const int fd = fresh_socket(family_named(args[0]));
	const uint32_t value[2] = {(uint32_t)strtoul(args[1], NULL, 0), 0};

	set_lengths(fd, SOL_SOCKET, 0xF5300, value);
	get_lengths(fd, SOL_SOCKET, 0xF5300);
}

/* On what is no such socket. */
static void option_descriptors(char **args)
{
	const int fds[] = {-1,
			   INT_MAX,
			   1000,
			   STDIN_FILENO,
			   fresh_socket(family_named("unix_dgram")),
			   fresh_socket(family_named("netlink"))};

	(void)args;
	for (size_t i = 0; i < COUNT(fds); i++) {
		uint32_t flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
		socklen_t size = sizeof(flags);
		const int fd = fds[i];

		fact("descriptor %zu:", i);
		TRY(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
			       sizeof(flags)));
		flags = 0xA5A5A5A5;
		TRY(getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, &size));
		fact("flags=0x%x, length=%u", flags, size);
	}
}

/* ---- receiving */

static void send_ten(struct pair pair)
{
	MUST(send(pair.near, "0123456789", 10, 0));
	wait_for(pair.far, POLLIN);
}

static void drain(int fd)
{
	char room[64];

	while (recv(fd, room, sizeof(room), MSG_DONTWAIT) >= 0)
		;
}

/* Each flag alone, but those of Onload, and MSG_WAITALL, which may wait. */
static void receive_flags(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);

	for (int bit = 0; bit < 32; bit++) {
		const int flag = (int)(1U << bit);
		char room[16] = "";
		struct iovec iov = {room, 8};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

		if (flag == 0x20000 || flag == MSG_WAITALL)
			continue;
		send_ten(pair);
		fact("flag 0x%x:", (unsigned int)flag);
		TRY(recv(pair.far, room, 4, flag | MSG_DONTWAIT));
		say_bytes("data", room, sizeof(room));
		TRY(recvmsg(pair.far, &msg, flag | MSG_DONTWAIT));
		fact("flags=0x%x", (unsigned int)msg.msg_flags);
		drain(pair.far);
	}
}

static void receive_arguments(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const int fd = pair.far;
	char *const room =
		malloc(64); /* far from the end of memory, as the stack may not be */
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr), tiny = 1, negative = (socklen_t)-1;

	TRY(recv(fd, room, 64, MSG_DONTWAIT));
	send_ten(pair);
	TRY(recv(fd, nowhere, 4, MSG_DONTWAIT | MSG_PEEK));
	TRY(recv(fd, unmapped, 4, MSG_DONTWAIT | MSG_PEEK));
	TRY(recv(fd, room, 0, MSG_DONTWAIT | MSG_PEEK));
	TRY(recv(fd, room, (size_t)-1, MSG_DONTWAIT | MSG_PEEK));
	TRY(recv(fd, at_edge(4), 64, MSG_DONTWAIT | MSG_PEEK));
	TRY(recv(fd, at_edge(10), 10, MSG_DONTWAIT | MSG_PEEK));
	TRY(recvfrom(fd, room, 64, MSG_PEEK, (struct sockaddr *)&addr, &size));
	fact("size=%u", size);
	TRY(recvfrom(fd, room, 64, MSG_PEEK, (struct sockaddr *)&addr, &tiny));
	fact("size=%u", tiny);
	TRY(recvfrom(fd, room, 64, MSG_PEEK, (struct sockaddr *)&addr, &negative));
	TRY(recvfrom(fd, room, 64, MSG_PEEK, (struct sockaddr *)&addr, nowhere));
	TRY(recvfrom(fd, room, 64, MSG_PEEK, (struct sockaddr *)&addr, unmapped));
	size = sizeof(addr);
	TRY(recvfrom(fd, room, 64, MSG_PEEK, unmapped, &size));
	TRY(recvfrom(fd, room, 64, MSG_PEEK, nowhere, &size));
	TRY(recv(-1, room, 4, 0));
	TRY(recv(1000, room, 4, 0));
	TRY(recv(STDIN_FILENO, room, 4, 0));
	TRY(recvmsg(fd, nowhere, MSG_DONTWAIT));
	TRY(recvmsg(fd, unmapped, MSG_DONTWAIT));
	TRY(recvmmsg(fd, nowhere, 1, MSG_DONTWAIT, NULL));
	TRY(recvmmsg(fd, unmapped, 1, MSG_DONTWAIT, NULL));
	TRY(recvmmsg(-1, nowhere, 0, 0, NULL));
	free(room);
}

static const struct { /* of a msghdr, what is not as it should be */
	const char *name;
	void *iov, *control, *addr;
	size_t iovlen, controllen;
	int namelen;
} messages[] = {
	{"no pieces", NULL, NULL, NULL, 0, 0, 0},
	{"pieces at NULL", NULL, NULL, NULL, 1, 0, 0},
	{"unmapped pieces", (void *)16, NULL, NULL, 1, 0, 0},
	{"too many pieces", (void *)16, NULL, NULL, 1025, 0, 0},
	{"far too many pieces", (void *)16, NULL, NULL, SIZE_MAX, 0, 0},
	{"control at NULL", NULL, NULL, NULL, 0, 64, 0},
	{"unmapped control", NULL, (void *)16, NULL, 0, 64, 0},
	{"huge control", NULL, (void *)16, NULL, 0, SIZE_MAX / 2, 0},
	{"control of more than INT_MAX", NULL, (void *)16, NULL, 0, (size_t)INT_MAX + 1,
	 0},
	{"unmapped address", NULL, NULL, (void *)16, 0, 0, 16},
	{"negative address", NULL, NULL, (void *)16, 0, 0, -1},
	{"address at NULL", NULL, NULL, NULL, 0, 0, 16},
};

static struct msghdr message_of(size_t i)
{
	return (struct msghdr){.msg_iov = messages[i].iov,
			       .msg_iovlen = messages[i].iovlen,
			       .msg_control = messages[i].control,
			       .msg_controllen = messages[i].controllen,
			       .msg_name = messages[i].addr,
			       .msg_namelen = (socklen_t)messages[i].namelen};
}

static void say_message(const struct msghdr *msg)
{
	fact("message=%u bytes of address, %zu of control, flags 0x%x", msg->msg_namelen,
	     msg->msg_controllen, (unsigned int)msg->msg_flags);
}

/* args: the family, and the flags of timestamps that are on. */
static void receive_messages(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = (uint32_t)strtoul(args[1], NULL, 0);

	MUST(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
			sizeof(flags)));
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct msghdr msg = message_of(i);
		struct mmsghdr several[2] = {{.msg_hdr = msg, .msg_len = 77},
					     {.msg_hdr = msg, .msg_len = 77}};
		struct timespec past = {0, 0}, bad = {-1, -1};

		fact("%s:", messages[i].name);
		send_ten(pair);
		TRY(recvmsg(pair.far, &msg, MSG_DONTWAIT));
		say_message(&msg);
		send_ten(pair);
		TRY(recvmmsg(pair.far, several, 2, MSG_DONTWAIT, &past));
		fact("lengths=%u %u", several[0].msg_len, several[1].msg_len);
		TRY(recvmmsg(pair.far, several, 2, MSG_DONTWAIT, &bad));
		TRY(recvmmsg(pair.far, several, 2, MSG_DONTWAIT, unmapped));
		TRY(recvmmsg(pair.far, several, 0, MSG_DONTWAIT, NULL));
		drain(pair.far);
	}
}

/* A message whose header cannot be written, or is cut short by the end of memory. */
static void receive_at_edges(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	char room[16];
	struct iovec iov = {room, sizeof(room)};
	const struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	const struct mmsghdr one = {.msg_hdr = msg};

	send_ten(pair);
	TRY(recvmsg(pair.far, read_only(&msg, sizeof(msg)), MSG_DONTWAIT));
	TRY(recv(pair.far, room, sizeof(room), MSG_DONTWAIT));
	send_ten(pair);
	TRY(recvmmsg(pair.far, read_only(&one, sizeof(one)), 1, MSG_DONTWAIT, NULL));
	TRY(recv(pair.far, room, sizeof(room), MSG_DONTWAIT));
	send_ten(pair);
	TRY(recvmsg(pair.far, (struct msghdr *)at_edge(sizeof(msg) - 1), MSG_DONTWAIT));
	TRY(recvmsg(pair.far, memcpy(at_edge(sizeof(msg)), &msg, sizeof(msg)),
		    MSG_DONTWAIT));
	send_ten(pair);
	TRY(recvmmsg(pair.far, memcpy(at_edge(sizeof(one)), &one, sizeof(one)), 2,
		     MSG_DONTWAIT, NULL));
	TRY(recv(pair.far, room, sizeof(room), MSG_DONTWAIT));
}

/* Control data of every kind, stamps aside: byte for byte. */
static void controls(char **args)
{
	const struct pair pair = connected_pair(family_named("udp4"));
	const struct pair channel = connected_pair(family_named("unix_dgram"));
	const int on = 1;

	(void)args;
	MUST(setsockopt(pair.far, SOL_IP, IP_PKTINFO, &on, sizeof(on)));
	MUST(setsockopt(pair.far, SOL_IP, IP_RECVTTL, &on, sizeof(on)));
	MUST(setsockopt(pair.far, SOL_IP, IP_RECVTOS, &on, sizeof(on)));
	for (size_t room = 0; room <= 96; room += 4) {
		unsigned char *control = at_edge(room);
		char data[16];
		struct iovec iov = {data, sizeof(data)};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = room};

		send_ten(pair);
		TRY(recvmsg(pair.far, &msg, 0));
		say_message(&msg);
		say_bytes("control", control, room);
	}
	MUST(setsockopt(channel.far, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	for (int several = 0; several <= 1; several++) {
		send_descriptor(channel.near, STDIN_FILENO);
		fact("descriptor=%d", receive_descriptor(channel.far, several) >= 0);
	}
}

/* ---- sending */

static void send_flags(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	signal(SIGPIPE, SIG_IGN);
	for (int bit = 0; bit < 32; bit++) {
		const int flag = (int)(1U << bit);
		struct iovec iov = {(char[]){"0123"}, 4};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

		if (flag == 0x400)
			continue;
		fact("flag 0x%x:", (unsigned int)flag);
		TRY(send(pair.near, "0123", 4, flag | MSG_DONTWAIT));
		TRY(sendmsg(pair.near, &msg, flag | MSG_DONTWAIT));
		MUST(send(pair.near, "end", 3, 0));
		wait_for(pair.far, POLLIN);
		drain(pair.far);
	}
}

static void send_arguments(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int fd = pair.near, fresh = fresh_socket(family);
	struct sockaddr_in addr = {.sin_family = AF_INET};

	signal(SIGPIPE, SIG_IGN);
	TRY(send(fd, nowhere, 4, 0));
	TRY(send(fd, unmapped, 4, 0));
	TRY(send(fd, nowhere, 0, 0));
	TRY(send(fd, at_edge(4), 64, 0));
	TRY(send(fd, at_edge(10), 10, 0));
	TRY(send(-1, "0", 1, 0));
	TRY(send(1000, "0", 1, 0));
	TRY(send(STDIN_FILENO, "0", 1, 0));
	TRY(send(fresh, "0", 1, 0));
	TRY(sendto(fresh, "0", 1, 0, (struct sockaddr *)&addr, sizeof(addr)));
	TRY(sendto(fresh, "0", 1, 0, (struct sockaddr *)&addr, 3));
	TRY(sendto(fresh, "0", 1, 0, (struct sockaddr *)&addr, (socklen_t)-1));
	TRY(sendto(fresh, "0", 1, 0, unmapped, sizeof(addr)));
	TRY(sendto(fresh, "0", 1, 0, nowhere, sizeof(addr)));
	TRY(sendmsg(fd, nowhere, 0));
	TRY(sendmsg(fd, unmapped, 0));
	TRY(sendmmsg(fd, nowhere, 1, 0));
	TRY(sendmmsg(fd, unmapped, 1, 0));
	TRY(sendmmsg(fd, nowhere, 0, 0));
	TRY(sendmmsg(-1, nowhere, 0, 0));
}

/* args: the family, and the flags of timestamps that are on. */
static void send_messages(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = (uint32_t)strtoul(args[1], NULL, 0);
	struct iovec iov = {(char[]){"0123"}, 4};
	const struct mmsghdr good = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1},
				     .msg_len = 77};

	MUST(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
			sizeof(flags)));
	for (size_t i = 0; i < COUNT(messages); i++) {
		const struct msghdr msg = message_of(i);
		struct mmsghdr several[] = {good, {.msg_hdr = msg, .msg_len = 77}, good};

		fact("%s:", messages[i].name);
		TRY(sendmsg(pair.near, &msg, MSG_DONTWAIT));
		TRY(sendmmsg(pair.near, several, 3, MSG_DONTWAIT));
		fact("lengths=%u %u %u", several[0].msg_len, several[1].msg_len,
		     several[2].msg_len);
		TRY(sendmmsg(pair.near, several + 1, 2, MSG_DONTWAIT));
		TRY(sendmmsg(pair.near, several, 0, MSG_DONTWAIT));
		drain(pair.far);
	}
	fact("edges:");
	TRY(sendmmsg(pair.near, read_only(&good, sizeof(good)), 1, 0));
	TRY(sendmmsg(pair.near, memcpy(at_edge(sizeof(good)), &good, sizeof(good)), 2,
		     0));
	TRY(sendmsg(pair.near,
		    memcpy(at_edge(sizeof(good.msg_hdr)), &good, sizeof(good.msg_hdr)),
		    0));
	TRY(sendmsg(pair.near, (struct msghdr *)at_edge(sizeof(good.msg_hdr) - 1), 0));
}

/* Control data that the kernel refuses, or that ends too early. */
static void send_controls(char **args)
{
	static const struct {
		const char *name;
		size_t length;
		int level, type;
		uint32_t value;
	} headers[] = {
		{"length 0", 0, SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"length 1", 1, SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"no value", CMSG_LEN(0), SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"short value", CMSG_LEN(3), SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"whole value", CMSG_LEN(4), SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"long value", CMSG_LEN(8), SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"beyond the end", CMSG_LEN(100), SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"huge", SIZE_MAX, SOL_SOCKET, SO_TIMESTAMPING_OLD, 2},
		{"hardware and more", CMSG_LEN(4), SOL_SOCKET, SO_TIMESTAMPING_OLD, 0x45},
		{"unknown type", CMSG_LEN(4), SOL_SOCKET, 9999, 2},
		{"unknown level", CMSG_LEN(4), 9999, SO_TIMESTAMPING_OLD, 2},
	};
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = (uint32_t)strtoul(args[1], NULL, 0);

	MUST(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
			sizeof(flags)));
	for (size_t i = 0; i < COUNT(headers); i++) {
		const struct cmsghdr header = {headers[i].length, headers[i].level,
					       headers[i].type};
		unsigned char *control = at_edge(CMSG_LEN(8));
		struct iovec iov = {(char[]){"0123"}, 4};
		struct msghdr msg = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};

		memcpy(control, &header, sizeof(header));
		memcpy(control + CMSG_LEN(0), &headers[i].value,
		       sizeof(headers[i].value));
		fact("%s:", headers[i].name);
		for (msg.msg_controllen = 0; msg.msg_controllen <= CMSG_LEN(8);
		     msg.msg_controllen += 4)
			TRY(sendmsg(pair.near, &msg, MSG_DONTWAIT));
		say_bytes("control", control, CMSG_LEN(8));
		drain(pair.far);
	}
}

/* ---- descriptors */

static void duplicates(char **args)
{
	const int fd = fresh_socket(family_named("udp4")), file = memfd_create("file", 0);

	(void)args;
	TRY(dup(-1));
	TRY(dup(1000));
	TRY(dup(fd));
	TRY(dup2(fd, fd));
	TRY(dup2(fd, -1));
	TRY(dup2(fd, INT_MAX));
	TRY(dup2(1000, 1000));
	TRY(dup2(1000, fd));
	TRY(dup2(-1, fd));
	TRY(dup2(file, 30));
	TRY(dup2(fd, 30));
	TRY(dup3(fd, fd, 0));
	TRY(dup3(fd, 31, O_CLOEXEC));
	TRY(fcntl(31, F_GETFD));
	TRY(dup3(fd, 31, 12345));
	TRY(dup3(fd, -1, 0));
	TRY(dup3(1000, 31, 0));
	TRY(close(30));
	TRY(close(30));
	TRY(close(-1));
	TRY(close(INT_MAX));
	TRY(close(INT_MIN));
	TRY(close(31));
	TRY(fcntl(31, F_GETFD));
}

static void fcntls(char **args)
{
	const int fd = fresh_socket(family_named("udp4")),
		  file = memfd_create("file", MFD_ALLOW_SEALING);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 4};
	int ends[2];

	(void)args;
	MUST(pipe(ends));
	TRY(fcntl(fd, F_DUPFD, 40));
	TRY(fcntl(fd, F_DUPFD, 40));
	TRY(fcntl(fd, F_DUPFD, -1));
	TRY(fcntl(fd, F_DUPFD, INT_MAX));
	TRY(fcntl(1000, F_DUPFD, 40));
	TRY(fcntl(fd, F_DUPFD_CLOEXEC, 50));
	TRY(fcntl(50, F_GETFD));
	TRY(fcntl(fd, F_DUPFD_CLOEXEC, -1));
	TRY(fcntl(fd, F_GETFD));
	TRY(fcntl(fd, F_SETFD, 0));
	TRY(fcntl(fd, F_GETFD));
	TRY(fcntl(fd, F_GETFL));
	TRY(fcntl(fd, F_SETFL, O_NONBLOCK));
	TRY(fcntl(fd, F_GETFL));
	TRY(fcntl(fd, F_GETOWN));
	TRY(fcntl(fd, F_SETOWN, 0));
	TRY(fcntl(fd, F_GETSIG));
	TRY(fcntl(fd, F_SETSIG, SIGUSR1));
	TRY(fcntl(fd, F_GETSIG));
	TRY(fcntl(fd, F_SETSIG, 12345));
	TRY(fcntl(file, F_GETLEASE));
	TRY(fcntl(file, F_SETLK, &lock));
	TRY(fcntl(file, F_GETLK, &lock));
	fact("type=%d", lock.l_type);
	TRY(fcntl(file, F_SETLK, nowhere));
	TRY(fcntl(file, F_SETLK, unmapped));
	TRY(fcntl(file, F_OFD_SETLK, &lock));
	TRY(fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
	TRY(fcntl(file, F_GET_SEALS));
	TRY(fcntl(ends[0], F_GETPIPE_SZ));
	TRY(fcntl(ends[0], F_SETPIPE_SZ, 8192));
	TRY(fcntl(ends[0], F_SETPIPE_SZ, -1));
	TRY(fcntl(fd, 9999, 1));
	TRY(fcntl(fd, -1, 1));
	TRY(fcntl(-1, F_GETFD));
	TRY(fcntl64(fd, F_DUPFD, 60));
	TRY(fcntl64(file, F_GETLK, &lock));
	TRY(fcntl64(fd, F_GETFL));
}

static void ranges(char **args)
{
	const int fd = fresh_socket(family_named("udp4"));

	(void)args;
	for (int number = 70; number < 80; number++)
		MUST(dup2(fd, number));
	TRY(close_range(75, 70, 0));
	TRY(close_range(70, 71, 9999));
	TRY(close_range(70, 71, CLOSE_RANGE_CLOEXEC));
	TRY(fcntl(70, F_GETFD));
	TRY(close_range(70, 71, 0));
	TRY(fcntl(70, F_GETFD));
	TRY(fcntl(72, F_GETFD));
	TRY(close_range(72, 73, CLOSE_RANGE_UNSHARE));
	TRY(fcntl(73, F_GETFD));
	TRY(close_range(76, ~0U, 0));
	TRY(fcntl(76, F_GETFD));
	closefrom(75);
	TRY(fcntl(75, F_GETFD));
	TRY(fcntl(74, F_GETFD));
	closefrom(INT_MAX);
	TRY(fcntl(74, F_GETFD));
	TRY(pidfd_getfd(-1, 0, 0));
	TRY(pidfd_getfd(fd, 0, 0));
	TRY(pidfd_getfd(fd, 0, 1));
}

static void sockets(char **args)
{
	int ends[2] = {-7, -7};

	(void)args;
	TRY(socket(AF_INET, SOCK_STREAM, 0));
	TRY(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
	TRY(socket(-1, SOCK_STREAM, 0));
	TRY(socket(9999, SOCK_STREAM, 0));
	TRY(socket(AF_INET, 99, 0));
	TRY(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	fact("ends=%d %d", ends[0], ends[1]);
	TRY(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	TRY(socketpair(AF_INET, SOCK_STREAM, 0, ends));
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 99, ends));
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, unmapped));
	TRY(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static void accepts(char **args)
{
	const struct family *family = family_named(args[0]);
	const int listener = bound_socket(family, NULL, NULL),
		  fresh = fresh_socket(family);
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr), negative = (socklen_t)-1, tiny = 1;

	MUST(fcntl(listener, F_SETFL, O_NONBLOCK));
	TRY(accept(listener, NULL, NULL));
	TRY(accept4(listener, NULL, NULL, 0));
	TRY(accept(fresh, NULL, NULL));
	TRY(accept(-1, NULL, NULL));
	TRY(accept(STDIN_FILENO, NULL, NULL));
	TRY(accept4(listener, NULL, NULL, 12345));
	for (int i = 0; i < 8; i++)
		connect_to(family, listener);
	wait_for(listener, POLLIN);
	TRY(accept(listener, (struct sockaddr *)&addr, &size));
	fact("family=%d, size=%u", addr.ss_family, size);
	TRY(accept(listener, (struct sockaddr *)&addr, &tiny));
	fact("size=%u", tiny);
	TRY(accept(listener, (struct sockaddr *)&addr, &negative));
	TRY(accept(listener, (struct sockaddr *)&addr, nowhere));
	TRY(accept(listener, unmapped, &size));
	TRY(accept(listener, (struct sockaddr *)&addr, unmapped));
	TRY(accept4(listener, nowhere, nowhere, SOCK_NONBLOCK | SOCK_CLOEXEC));
	TRY(accept4(listener, nowhere, unmapped, 0));
	TRY(accept4(listener, NULL, NULL, 0));
}

/* ---- threads that are cancelled, and calls that are interrupted */

static struct {    /* on which a call waits for ever */
	int empty; /* nothing comes */
	int full;  /* it can take no more */
	int listener;
	int locked; /* a file, locked by another */
} endless;

static char byte;
static struct iovec one_byte = {&byte, 1};

static struct msghdr one_message(void)
{
	return (struct msghdr){.msg_iov = &one_byte, .msg_iovlen = 1};
}

static long wait_recv(void)
{
	return recv(endless.empty, &byte, 1, 0);
}

static long wait_recvfrom(void)
{
	return recvfrom(endless.empty, &byte, 1, 0, NULL, NULL);
}

static long wait_recvmsg(void)
{
	struct msghdr msg = one_message();

	return recvmsg(endless.empty, &msg, 0);
}

static long wait_recvmmsg(void)
{
	struct mmsghdr msg = {.msg_hdr = one_message()};

	return recvmmsg(endless.empty, &msg, 1, 0, NULL);
}

static long wait_send(void)
{
	return send(endless.full, &byte, 1, 0);
}

static long wait_sendto(void)
{
	return sendto(endless.full, &byte, 1, 0, NULL, 0);
}

static long wait_sendmsg(void)
{
	const struct msghdr msg = one_message();

	return sendmsg(endless.full, &msg, 0);
}

static long wait_sendmmsg(void)
{
	struct mmsghdr msg = {.msg_hdr = one_message()};

	return sendmmsg(endless.full, &msg, 1, 0);
}

static long wait_accept(void)
{
	return accept(endless.listener, NULL, NULL);
}

static long wait_accept4(void)
{
	return accept4(endless.listener, NULL, NULL, 0);
}

static long wait_lock(void)
{
	struct flock lock = {.l_type = F_WRLCK};

	return fcntl(endless.locked, F_OFD_SETLKW, &lock);
}

static long no_wait_close(void)
{
	return close(-1);
}

static long no_wait_setsockopt(void)
{
	const uint32_t flags =
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;

	return setsockopt(endless.empty, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
			  sizeof(flags));
}

static long no_wait_getsockopt(void)
{
	uint32_t flags;
	socklen_t size = sizeof(flags);

	return getsockopt(endless.empty, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, &size);
}

static long no_wait_descriptors(void)
{
	dup2(endless.locked, 90);
	fcntl(90, F_GETFL);
	return close_range(90, 90, 0);
}

static long no_wait_socket(void)
{
	int ends[2];

	socket(AF_INET, SOCK_STREAM, 0);
	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static const struct {
	const char *name;
	long (*call)(void);
	bool waits;
} calls[] = {
	{"recv", wait_recv, true},
	{"recvfrom", wait_recvfrom, true},
	{"recvmsg", wait_recvmsg, true},
	{"recvmmsg", wait_recvmmsg, true},
	{"send", wait_send, true},
	{"sendto", wait_sendto, true},
	{"sendmsg", wait_sendmsg, true},
	{"sendmmsg", wait_sendmmsg, true},
	{"accept", wait_accept, true},
	{"accept4", wait_accept4, true},
	{"fcntl", wait_lock, true},
	{"close", no_wait_close, false},
	{"setsockopt", no_wait_setsockopt, false},
	{"getsockopt", no_wait_getsockopt, false},
	{"dup2, fcntl, close_range", no_wait_descriptors, false},
	{"socket, socketpair", no_wait_socket, false},
};

static void prepare_calls(void)
{
	static const char bytes[4096];
	struct flock lock = {.l_type = F_WRLCK};
	char name[64];
	int other;

	endless.empty = connected_pair(family_named("unix_stream")).far;
	endless.full = connected_pair(family_named("unix_stream")).near;
	while (send(endless.full, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	endless.listener = bound_socket(family_named("tcp4"), NULL, NULL);
	other = (int)MUST(memfd_create("locked", MFD_CLOEXEC));
	MUST(fcntl(other, F_OFD_SETLK, &lock));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", other);
	endless.locked = (int)MUST(open(name, O_RDWR | O_CLOEXEC));
}

struct reaching { /* a thread that makes a call, to be cancelled */
	size_t call;
	bool pending; /* before the call */
	bool cleaned; /* its clean-up ran */
};

static void clean(void *arg)
{
	((struct reaching *)arg)->cleaned = true;
}

static void *reach(void *arg)
{
	struct reaching *const reaching = arg;

	pthread_cleanup_push(clean, reaching);
	if (reaching->pending)
		cancel_this_thread();
	calls[reaching->call].call();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel(size_t call, bool pending)
{
	struct reaching reaching = {call, pending, false};
	pthread_t thread;
	void *result;

	MUST(-pthread_create(&thread, NULL, reach, &reaching));
	if (!pending)
		MUST(-pthread_cancel(thread));
	MUST(-pthread_join(thread, &result));
	fact("%s, %s=%s%s", calls[call].name, pending ? "pending" : "waiting",
	     result == PTHREAD_CANCELED ? "cancelled" : "returned",
	     reaching.cleaned ? ", cleaned up" : "");
}

/* A point of cancellation is one still, and what is none has not become one. */
static void cancellation(char **args)
{
	(void)args;
	prepare_calls();
	for (size_t i = 0; i < COUNT(calls); i++) {
		cancel(i, true);
		if (calls[i].waits)
			cancel(i, false);
	}
}

static void ignore_alarm(int signal)
{
	(void)signal;
}

#define ALARM_US 2000 /* again and again: one comes while the call waits */

static void interruption(char **args)
{
	const struct sigaction action = {.sa_handler = ignore_alarm};
	const struct itimerval often = {{0, ALARM_US}, {0, ALARM_US}};

	(void)args;
	prepare_calls();
	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(setitimer(ITIMER_REAL, &often, NULL));
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (calls[i].waits)
			fact("%s=%s", calls[i].name, outcome(calls[i].call()));
	}
}

/* ---- a process that is watched for stamps, and has none */

/* From here on getsockopt kills: only the program's own calls are made. */
static void forbid_getsockopt(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {COUNT(code), code};

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		not_run("seccomp filters");
}

/* An AF_UNIX socket may bring any other, but has not. */
static void sandboxed(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct iovec iov = {(char[]){"0123"}, 4};
	struct mmsghdr one = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
	char room[64];

	connected_pair(family_named("unix_dgram"));
	forbid_getsockopt();
	fact("sendmsg=%s", outcome(sendmsg(pair.near, &one.msg_hdr, 0)));
	fact("sendmmsg=%s", outcome(sendmmsg(pair.near, &one, 1, 0)));
	iov = (struct iovec){room, sizeof(room)};
	wait_for(pair.far, POLLIN);
	fact("recvmsg=%s", outcome(recvmsg(pair.far, &one.msg_hdr, 0) > 0));
}

#define HANDLERS_ROOM 2048 /* beside what the kernel puts on the stack for a signal */

static struct pair handlers_pair;

static void send_and_receive(int signal)
{
	char room[8] = "0123";
	struct iovec iov = {room, 4};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	(void)signal;
	sendmsg(handlers_pair.near, &msg, 0);
	recvmsg(handlers_pair.far, &msg, 0);
}

/* A handler's stack may be small, and memory below it may be another's. args: the family, and
 * the flags of another socket */
static void small_stack(char **args)
{
	const struct sigaction action = {.sa_handler = send_and_receive,
					 .sa_flags = SA_ONSTACK};
	const size_t size = getauxval(AT_MINSIGSTKSZ) + HANDLERS_ROOM;
	const size_t mapped = (size + 4095) / 4096 * 4096;
	char *memory =
		mmap(NULL, 4096 + mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const stack_t stack = {.ss_sp = memory + 4096 + mapped - size, .ss_size = size};
	const uint32_t flags = (uint32_t)strtoul(args[1], NULL, 0);

	MUST(memory == MAP_FAILED ? -1 : 0);
	MUST(mprotect(memory + 4096, mapped, PROT_READ | PROT_WRITE));
	memset(memory + 4096, 0x5a, mapped - size);
	connected_pair(family_named("unix_dgram"));
	ask(fresh_socket(family_named("udp4")), flags);
	handlers_pair = connected_pair(family_named(args[0]));
	MUST(sigaltstack(&stack, NULL));
	MUST(sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
	for (size_t i = 0; i < mapped - size; i++)
		MUST(memory[4096 + i] == 0x5a ? 0 : -1);
	fact("handled=yes");
}

/* ---- what a process has, before it does anything */

static void process(char **args)
{
	sigset_t mask;

	(void)args;
	for (int fd = 0; fd < 64; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			fact("descriptor=%d, flags %d", fd, fcntl(fd, F_GETFD));
	}
	MUST(sigprocmask(SIG_BLOCK, NULL, &mask));
	for (int number = 1; number < 32; number++) {
		struct sigaction action;

		MUST(number == SIGKILL ? 0 : sigaction(number, NULL, &action));
		if (sigismember(&mask, number) ||
		    (number != SIGKILL && action.sa_handler))
			fact("signal %d=not as usual", number);
	}
}

const struct scenario scenarios[] = {
	{"options", options},
	{"option_of_onload", option_of_onload},
	{"option_descriptors", option_descriptors},
	{"receive_flags", receive_flags},
	{"receive_arguments", receive_arguments},
	{"receive_messages", receive_messages},
	{"receive_at_edges", receive_at_edges},
	{"controls", controls},
	{"send_flags", send_flags},
	{"send_arguments", send_arguments},
	{"send_messages", send_messages},
	{"send_controls", send_controls},
	{"duplicates", duplicates},
	{"fcntls", fcntls},
	{"ranges", ranges},
	{"sockets", sockets},
	{"accepts", accepts},
	{"sandboxed", sandboxed},
	{"small_stack", small_stack},
	{"cancellation", cancellation},
	{"interruption", interruption},
	{"process", process},
	{NULL, NULL},
};
