/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as an Onload user writes it: Onload's header, libc, and -lonload_ext. One
 * function per feature, one line of output for each answer. It talks to itself over
 * loopback.
 *
 *     cc -o onload_app onload_app.c -lonload_ext
 *     ./onload_app                                       libonload_ext alone answers
 *     LD_PRELOAD=liblk_onload_stub.so ./onload_app       the stub answers
 *     ./onload_app --stamps                              prints the timestamps too
 *
 * Exit status: 0 whatever the answers are; 1 if sockets do not work here; 2 for a bad
 * argument. */
#include <time.h> /* before linux/errqueue.h, which needs it */

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <onload/extensions.h>

/* Every wait ends: the first limit holds for each socket call, the second for a report on
 * a packet that is known to have left. */
#define SOCKET_WAIT_SECONDS 5
#define REPORT_WAIT_MS 250

static bool show_stamps;

/* ---- Sockets ---- */

struct pair {
	int client, server; /* connected to each other over loopback */
};

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(EXIT_FAILURE);
	}
	return result;
}

/* Port 0: the kernel chooses one that is free. */
static socklen_t loopback_address(int family, struct sockaddr_storage *address)
{
	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)family;
	if (family == AF_INET6) {
		((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
		return sizeof(struct sockaddr_in6);
	}
	((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(struct sockaddr_in);
}

static bool has_loopback(int family)
{
	struct sockaddr_storage address;
	const socklen_t size = loopback_address(family, &address);
	const int fd = socket(family, SOCK_DGRAM, 0);
	const bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0;

	if (fd >= 0)
		close(fd);
	return bound;
}

static int bound_socket(int family, int type)
{
	const struct timeval limit = {.tv_sec = SOCKET_WAIT_SECONDS};
	struct sockaddr_storage address;
	const socklen_t size = loopback_address(family, &address);
	const int fd = must(socket(family, type, 0), "socket");

	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
	     "SO_RCVTIMEO");
	must(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)),
	     "SO_SNDTIMEO");
	must(bind(fd, (struct sockaddr *)&address, size), "bind");
	return fd;
}

static void connect_to(int fd, int peer)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	must(getsockname(peer, (struct sockaddr *)&address, &size), "getsockname");
	must(connect(fd, (struct sockaddr *)&address, size), "connect");
}

static struct pair udp_pair(int family)
{
	const struct pair pair = {
		.client = bound_socket(family, SOCK_DGRAM),
		.server = bound_socket(family, SOCK_DGRAM),
	};

	connect_to(pair.client, pair.server);
	connect_to(pair.server, pair.client);
	return pair;
}

/* An accepted socket has the time limits of its listener. */
static struct pair tcp_pair(int family)
{
	const int listener = bound_socket(family, SOCK_STREAM);
	struct pair pair = {.client = bound_socket(family, SOCK_STREAM)};

	must(listen(listener, 1), "listen");
	connect_to(pair.client, listener);
	pair.server = must(accept(listener, NULL, NULL), "accept");
	close(listener);
	return pair;
}

static void send_text(int fd, const char *text)
{
	must((int)send(fd, text, strlen(text), 0), "send");
}

static void close_pair(struct pair pair)
{
	close(pair.client);
	close(pair.server);
}

/* ---- Answers ---- */

/* The errors that may be answered here. */
static const char *error_name(int error)
{
	switch (error) {
	case EINVAL:
		return "EINVAL";
	case ENOSYS:
		return "ENOSYS";
	default:
		return strerror(error);
	}
}

/* As Onload's calls have it: 0 or more, a negative errno, or -1 and errno. */
static void print_result(const char *feature, int result)
{
	if (result == -1)
		printf("%s: -1, errno %s\n", feature, error_name(errno));
	else
		printf("%s: %d\n", feature, result);
}

/* Of the text that a receive call brought, for printf's %.*s. */
static int length(ssize_t received)
{
	return received > 0 ? (int)received : 0;
}

/* ---- Presence, stacks and their options ---- */

static void presence(void)
{
	print_result("onload_is_present", onload_is_present());
}

/* Sockets made between set and restore go into a stack of that name. */
static void stack_name(void)
{
	const int saved = onload_stackname_save();
	const int set =
		onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "orders");
	const int restored = onload_stackname_restore();

	printf("stack name saved, set, restored: %d, %d, %d\n", saved, set, restored);
}

static void stack_options(void)
{
	int64_t value = 0;

	print_result("onload_stack_opt_set_int",
		     onload_stack_opt_set_int("EF_RXQ_SIZE", 1024));
	print_result("onload_stack_opt_get_int",
		     onload_stack_opt_get_int("EF_RXQ_SIZE", &value));
}

/* A socket for what need not be fast. */
static void ordinary_socket(void)
{
	const int fd = onload_socket_nonaccel(AF_INET, SOCK_DGRAM, 0);
	int type = 0;
	socklen_t size = sizeof(type);

	if (fd < 0) {
		print_result("onload_socket_nonaccel", fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	printf("onload_socket_nonaccel: a %s socket\n",
	       type == SOCK_DGRAM ? "UDP" : "strange");
	close(fd);
}

/* ---- Hardware timestamps ---- */

/* What came with a packet, or in the report on one that was sent. */
struct arrival {
	bool stamped;
	struct scm_timestamping stamps; /* ts[0]: by the kernel; ts[2]: by the card */

	bool numbered;
	uint32_t id; /* by OPT_ID: UDP counts sends, TCP bytes, both from 0 */
};

static void ask_for_stamps(int fd, int flags)
{
	must(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)),
	     "SO_TIMESTAMPING");
}

static bool is_stamp(const struct cmsghdr *cmsg)
{
	return cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_TIMESTAMPING;
}

/* The error queue also has what went wrong: ee_origin tells the two apart. */
static bool is_report(const struct cmsghdr *cmsg)
{
	return (cmsg->cmsg_level == SOL_IP && cmsg->cmsg_type == IP_RECVERR) ||
	       (cmsg->cmsg_level == SOL_IPV6 && cmsg->cmsg_type == IPV6_RECVERR);
}

/* flags: 0 for a packet, MSG_ERRQUEUE for a report. */
static struct arrival receive(int fd, int flags)
{
	struct arrival arrival = {.stamped = false};
	char data[64];
	_Alignas(struct cmsghdr) char control[256];
	struct iovec piece = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err report;
	struct cmsghdr *cmsg;

	if (recvmsg(fd, &msg, flags) < 0)
		return arrival;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (is_stamp(cmsg)) {
			memcpy(&arrival.stamps, CMSG_DATA(cmsg), sizeof(arrival.stamps));
			arrival.stamped = true;
		} else if (is_report(cmsg)) {
			memcpy(&report, CMSG_DATA(cmsg), sizeof(report));
			arrival.numbered = report.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
			arrival.id = report.ee_data;
		}
	}
	return arrival;
}

static const char *which_stamps(const struct arrival *arrival)
{
	const bool software = arrival->stamps.ts[0].tv_sec != 0;
	const bool hardware = arrival->stamps.ts[2].tv_sec != 0;

	if (!arrival->stamped)
		return "no stamp";
	if (!software && !hardware)
		return "an empty stamp";
	if (!software)
		return "hardware stamp only";
	return hardware ? "both stamps" : "software stamp only";
}

static void print_stamps(const char *feature, const struct arrival *arrival)
{
	const struct timespec *software = &arrival->stamps.ts[0];
	const struct timespec *hardware = &arrival->stamps.ts[2];

	printf("%s: %s", feature, which_stamps(arrival));
	if (arrival->numbered)
		printf(", id %u", arrival->id);
	if (show_stamps && arrival->stamped)
		printf(" (software %lld.%09ld, hardware %lld.%09ld)",
		       (long long)software->tv_sec, software->tv_nsec,
		       (long long)hardware->tv_sec, hardware->tv_nsec);
	putchar('\n');
}

static time_t seconds(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
	return now.tv_sec;
}

/* Linux begins to stamp what arrives a moment after the first socket of the machine asks
 * for it, so that the very first packets may have no stamp. This socket asks until the
 * program ends, and is sent datagrams until one has its stamp. */
static void wait_for_stamping(void)
{
	const struct pair pair = udp_pair(AF_INET);
	const time_t end = seconds() + SOCKET_WAIT_SECONDS;

	ask_for_stamps(pair.server,
		       SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
	do
		send_text(pair.client, "stamped?");
	while (!receive(pair.server, 0).stamped && seconds() < end);
	close(pair.client);
}

static void receive_stamp(const char *feature, struct pair pair)
{
	struct arrival arrival;

	ask_for_stamps(pair.server,
		       SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE);
	send_text(pair.client, "quote");
	arrival = receive(pair.server, 0);
	print_stamps(feature, &arrival);
	close_pair(pair);
}

static void receive_stamps(void)
{
	receive_stamp("receive stamp, UDP", udp_pair(AF_INET));
	receive_stamp("receive stamp, TCP", tcp_pair(AF_INET));
	if (has_loopback(AF_INET6)) {
		receive_stamp("receive stamp, UDP over IPv6", udp_pair(AF_INET6));
		receive_stamp("receive stamp, TCP over IPv6", tcp_pair(AF_INET6));
	} else {
		puts("receive stamp, UDP over IPv6: no IPv6 here");
		puts("receive stamp, TCP over IPv6: no IPv6 here");
	}
}

/* TSONLY: the report holds the stamp and not the packet. A report that waits is POLLERR,
 * which poll() tells without being asked. */
static void transmit_stamp(const char *feature, struct pair pair)
{
	struct pollfd report = {.fd = pair.client};
	struct arrival arrival = {.stamped = false};

	ask_for_stamps(pair.client,
		       SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
			       SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	send_text(pair.client, "order");
	receive(pair.server, 0);
	if (poll(&report, 1, REPORT_WAIT_MS) > 0)
		arrival = receive(pair.client, MSG_ERRQUEUE);
	print_stamps(feature, &arrival);
	close_pair(pair);
}

static void transmit_stamps(void)
{
	transmit_stamp("transmit stamp, UDP", udp_pair(AF_INET));
	transmit_stamp("transmit stamp, TCP", tcp_pair(AF_INET));
}

static void read_back(void)
{
	const int fd = bound_socket(AF_INET, SOCK_DGRAM);
	const int asked = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_TX_HARDWARE |
			  SOF_TIMESTAMPING_RAW_HARDWARE;
	int told = 0;
	socklen_t size = sizeof(told);

	ask_for_stamps(fd, asked);
	must(getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &told, &size), "getsockopt");
	if (told == asked)
		puts("SO_TIMESTAMPING read back: as set");
	else
		printf("SO_TIMESTAMPING read back: %#x, set %#x\n", (unsigned int)told,
		       (unsigned int)asked);
	close(fd);
}

/* ---- Message flags ---- */

static void one_packet(void)
{
	const struct pair pair = udp_pair(AF_INET);
	char first[64], second[64];
	ssize_t got_first, got_second;

	send_text(pair.client, "first");
	send_text(pair.client, "second");
	got_first = recv(pair.server, first, sizeof(first), ONLOAD_MSG_ONEPKT);
	got_second = recv(pair.server, second, sizeof(second), ONLOAD_MSG_ONEPKT);
	printf("ONEPKT, UDP, two queued: \"%.*s\", then \"%.*s\"\n", length(got_first),
	       first, length(got_second), second);
	close_pair(pair);
}

/* One packet, or all of the buffer? Onload refuses to choose. */
static void one_packet_and_all(void)
{
	const struct pair pair = tcp_pair(AF_INET);
	char data[4];
	ssize_t got;

	send_text(pair.client, "enough for the buffer");
	got = recv(pair.server, data, sizeof(data), ONLOAD_MSG_ONEPKT | MSG_WAITALL);
	print_result("ONEPKT and WAITALL, TCP, 4 bytes", (int)got);
	close_pair(pair);
}

/* A warm send readies the send path, and nothing may leave: bytes that arrive are a false
 * order. */
static void warm_send(void)
{
	const struct pair pair = tcp_pair(AF_INET);
	const ssize_t warmed = send(pair.client, "FALSE ORDER ", 12, ONLOAD_MSG_WARM);
	char data[64];
	ssize_t got;

	send_text(pair.client, "order");
	shutdown(pair.client, SHUT_WR);
	/* To the end of the stream. */
	got = recv(pair.server, data, sizeof(data), MSG_WAITALL);
	printf("WARM send, TCP: %zd, peer reads \"%.*s\"\n", warmed, length(got), data);
	close_pair(pair);
}

/* ---- Events in the order of the wire ---- */

/* An entry whose time is 0 is not ordered among the others. */
static void ordered_events(void)
{
	const struct pair pair = udp_pair(AF_INET);
	const int epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
	struct epoll_event event = {.events = EPOLLIN, .data.fd = pair.server};
	struct onload_ordered_epoll_event order = {.ts = {.tv_sec = 1}, .bytes = 1};
	int count;

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event), "epoll_ctl");
	send_text(pair.client, "quote");
	count = onload_ordered_epoll_wait(epoll, &event, &order, 1,
					  SOCKET_WAIT_SECONDS * 1000);
	if (count == 1)
		printf("onload_ordered_epoll_wait: 1 event, %s\n",
		       order.ts.tv_sec == 0 ? "unordered" : "ordered");
	else
		print_result("onload_ordered_epoll_wait", count);
	close(epoll);
	close_pair(pair);
}

int main(int argc, char **argv)
{
	show_stamps = argc == 2 && strcmp(argv[1], "--stamps") == 0;
	if (argc > 1 && !show_stamps) {
		fprintf(stderr, "usage: %s [--stamps]\n", argv[0]);
		return 2;
	}
	presence();
	stack_name();
	stack_options();
	ordinary_socket();
	wait_for_stamping();
	receive_stamps();
	transmit_stamps();
	read_back();
	one_packet();
	one_packet_and_all();
	warm_send();
	ordered_events();
	return 0;
}
