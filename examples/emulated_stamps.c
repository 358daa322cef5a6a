/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as an Onload user writes it: it asks when its messages arrived and left, in each of Onload's own
 * ways. One function per way, one line of output for each answer. It talks to itself over loopback.
 *
 *     cc -o emulated_stamps emulated_stamps.c -lonload_ext
 *     LD_PRELOAD=liblk_onload_emulation.so:liblk_onload_stub.so ./emulated_stamps
 *
 * Exit status: 0 whatever the answers are; 1 if sockets do not work here. */
#define _GNU_SOURCE 1 /* for strerrorname_np */

#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* wants timespec of time.h */

#include <onload/extensions.h>
#include <onload/extensions_timestamping.h>

#define WAIT_MS 10000 /* more than a report ever takes */

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(EXIT_FAILURE);
	}
	return result;
}

/* A value, and errno where the call set it. return: did it succeed? */
static bool print_result(const char *feature, int value)
{
	const int error = errno;

	if (value == -1)
		printf("%s: -1, errno %s\n", feature, strerrorname_np(error));
	else
		printf("%s: %d\n", feature, value);
	return value == 0;
}

/* ---- Sockets */

struct ends {
	int near, far;
};

static int bound(int type, struct sockaddr_in *address)
{
	const int fd = must(socket(AF_INET, type, 0), "socket");
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_in){.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	must(bind(fd, (struct sockaddr *)address, size), "bind");
	must(getsockname(fd, (struct sockaddr *)address, &size), "getsockname");
	return fd;
}

static struct ends udp(void)
{
	struct sockaddr_in address;
	struct ends ends = {.far = bound(SOCK_DGRAM, &address)};

	ends.near = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	must(connect(ends.near, (struct sockaddr *)&address, sizeof(address)), "connect");
	return ends;
}

/* near: not connected yet. */
static struct ends tcp(int near)
{
	struct sockaddr_in address;
	const int listener = bound(SOCK_STREAM, &address);
	struct ends ends = {.near = near};

	must(listen(listener, 1), "listen");
	must(connect(near, (struct sockaddr *)&address, sizeof(address)), "connect");
	ends.far = must(accept(listener, NULL, NULL), "accept");
	close(listener);
	return ends;
}

static int fresh_tcp(void)
{
	return must(socket(AF_INET, SOCK_STREAM, 0), "socket");
}

static void close_ends(struct ends ends)
{
	close(ends.near);
	close(ends.far);
}

static void send_quote(struct ends ends)
{
	must((int)send(ends.near, "quote", 5, 0), "send");
}

static int set(int fd, int option, uint32_t flags)
{
	return setsockopt(fd, SOL_SOCKET, option, &flags, sizeof(flags));
}

/* ---- Control messages */

struct message {
	_Alignas(struct cmsghdr) char control[512];
	struct msghdr header;
	bool received;
};

static void receive(int fd, int flags, struct message *message)
{
	static char data[2048];
	static struct iovec piece = {data, sizeof(data)};

	message->header = (struct msghdr){
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = message->control,
		.msg_controllen = sizeof(message->control),
	};
	message->received = recvmsg(fd, &message->header, flags) >= 0;
}

/* A report of the error queue; of a stream it comes when the send is acknowledged. */
static void receive_report(int fd, struct message *message)
{
	struct pollfd one = {.fd = fd};

	do {
		if (poll(&one, 1, WAIT_MS) != 1)
			break;
		receive(fd, MSG_ERRQUEUE, message);
	} while (!message->received && errno == EAGAIN);
}

/* The data of the message of this type, and how much of it there is. NULL: none came. */
static const void *find(struct message *message, int level, int type, size_t *size)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message->header); at;
	     at = CMSG_NXTHDR(&message->header, at)) {
		if (at->cmsg_level == level && at->cmsg_type == type) {
			*size = at->cmsg_len - CMSG_LEN(0);
			return CMSG_DATA(at);
		}
	}
	return NULL;
}

static void print_v1(const char *feature, struct message *message)
{
	struct onload_timestamp stamp;
	size_t size = 0;
	const void *data = find(message, SOL_SOCKET, SO_TIMESTAMPING, &size);

	if (!data || size != sizeof(stamp)) {
		printf("%s: none\n", feature);
		return;
	}
	memcpy(&stamp, data, sizeof(stamp));
	printf("%s: %s, flags 0x%x\n", feature, stamp.sec ? "a time" : "no time",
	       stamp.flags);
}

static void print_v2(const char *feature, struct message *message)
{
	struct scm_timestamping_ooext record;
	size_t size = 0;
	const char *data = find(message, SOL_SOCKET, SCM_TIMESTAMPING_OOEXT, &size);

	printf("%s:", feature);
	for (size_t at = 0; at + sizeof(record) <= size; at += sizeof(record)) {
		memcpy(&record, data + at, sizeof(record));
		printf(" 0x%x", record.type);
	}
	printf("%s\n", data ? "" : " none");
}

/* ---- Onload's ways */

static void version_1(void)
{
	const struct ends ends = udp();
	struct message message;

	print_result(
		"version 1, of what arrives",
		onload_timestamping_request(ends.far, ONLOAD_TIMESTAMPING_FLAG_RX_NIC));
	send_quote(ends);
	receive(ends.far, 0, &message);
	print_v1("version 1, a message", &message);
	if (print_result("version 1, of what is sent",
			 onload_timestamping_request(ends.near,
						     ONLOAD_TIMESTAMPING_FLAG_TX_NIC))) {
		send_quote(ends);
		receive_report(ends.near, &message);
	}
	print_v1("version 1, a report", &message);
	print_result("version 1, an unknown flag",
		     onload_timestamping_request(ends.near, 8));
	close_ends(ends);
}

static void version_2(void)
{
	const struct ends ends = udp();
	struct message message;

	print_result("version 2, of both",
		     set(ends.far, SO_TIMESTAMPING_OOEXT,
			 SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_SOFTWARE |
				 SOF_TIMESTAMPING_SYS_HARDWARE |
				 SOF_TIMESTAMPING_RAW_HARDWARE));
	send_quote(ends);
	receive(ends.far, 0, &message);
	print_v2("version 2, records of a message", &message);
	if (set(ends.near, SO_TIMESTAMPING_OOEXT,
		SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE) == 0) {
		send_quote(ends);
		receive_report(ends.near, &message);
	}
	print_v2("version 2, records of a report", &message);
	close_ends(ends);
}

static void print_stream(const char *feature, struct message *message)
{
	struct onload_scm_timestamping_stream record;
	size_t size = 0;
	const void *data =
		find(message, SOL_SOCKET, ONLOAD_SCM_TIMESTAMPING_STREAM, &size);

	if (!data || size != sizeof(record)) {
		printf("%s: none\n", feature);
		return;
	}
	memcpy(&record, data, sizeof(record));
	printf("%s: %zu bytes, sent %s\n", feature, record.len,
	       record.last_sent.tv_sec ? "again" : "once");
}

static void stream(void)
{
	const struct ends ends = tcp(fresh_tcp());
	struct message message = {.received = false};

	if (print_result("stream, set", set(ends.near, SO_TIMESTAMPING,
					    SOF_TIMESTAMPING_TX_HARDWARE |
						    SOF_TIMESTAMPING_SYS_HARDWARE |
						    ONLOAD_SOF_TIMESTAMPING_STREAM))) {
		send_quote(ends);
		receive_report(ends.near, &message);
	}
	print_stream("stream, a send that was acknowledged", &message);
	close_ends(ends);
}

static void print_number(const char *feature, struct message *message)
{
	struct sock_extended_err report;
	size_t size = 0;
	const void *data = find(message, SOL_IP, IP_RECVERR, &size);

	if (!data) {
		printf("%s: none\n", feature);
		return;
	}
	memcpy(&report, data, sizeof(report));
	printf("%s: %u\n", feature, report.ee_data);
}

static void numbers(void)
{
	const int near = fresh_tcp();
	const bool asked = print_result("OPT_ID before connect",
					set(near, SO_TIMESTAMPING,
					    SOF_TIMESTAMPING_TX_HARDWARE |
						    SOF_TIMESTAMPING_RAW_HARDWARE |
						    SOF_TIMESTAMPING_OPT_ID));
	const struct ends ends = tcp(near);
	struct message message = {.received = false};

	if (asked) {
		send_quote(ends);
		receive_report(ends.near, &message);
	}
	print_number("OPT_ID before connect, last byte of the first send", &message);
	close_ends(ends);
}

int main(void)
{
	/* As EF_RX_TIMESTAMPING=1 and EF_TX_TIMESTAMPING=1 in the environment do. */
	onload_stack_opt_set_int("EF_RX_TIMESTAMPING", 1);
	onload_stack_opt_set_int("EF_TX_TIMESTAMPING", 1);
	version_1();
	version_2();
	stream();
	numbers();
	return 0;
}
