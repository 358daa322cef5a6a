/* SPDX-License-Identifier: GPL-2.0-only */
/* probe KIND COUNT: makes COUNT calls of one kind, on loopback.
 *
 * An ordinary program that knows libc only. bench/measure.py counts its instructions for two
 * counts, with and without a preloaded library; everything but the call is the same in all four
 * runs, so it falls out of the differences. For this the other half of each call (the send before
 * a receive) goes to the kernel by number, past every library.
 *
 * Prints which stamp the last message carried: none, software or hardware.
 * exit: 0; 1 with a message when a call fails; 2 when the arguments are wrong. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BATCH 8       /* messages of one recvmmsg or sendmmsg */
#define LENGTH 32     /* bytes of a message */
#define CONTROL 256   /* bytes of a control buffer */
#define PATIENCE 10   /* seconds until a receive that gets nothing fails */

static const int hardware = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
static const int software = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

/* Two UDP sockets that are connected to each other, a third, and one of TCP. */
static int here, there, beside, stream;

static char data[BATCH][LENGTH];
static union {
	struct cmsghdr aligned;
	char bytes[CONTROL];
} control[BATCH];
static struct iovec pieces[BATCH];
static struct mmsghdr messages[BATCH];

static void die(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(long result, long expected, const char *what)
{
	if (result != expected)
		die(what);
}

static int udp_socket(struct sockaddr_in *address)
{
	const struct timeval patience = {.tv_sec = PATIENCE};
	socklen_t size = sizeof(*address);
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET};
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)address, &size) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
		die("UDP socket on loopback");
	return fd;
}

static void open_sockets(void)
{
	struct sockaddr_in address_here, address_there, other;

	here = udp_socket(&address_here);
	there = udp_socket(&address_there);
	beside = udp_socket(&other);
	stream = socket(AF_INET, SOCK_STREAM, 0);
	if (stream < 0 ||
	    connect(here, (struct sockaddr *)&address_there, sizeof(address_there)) != 0 ||
	    connect(there, (struct sockaddr *)&address_here, sizeof(address_here)) != 0)
		die("sockets on loopback");
}

/* The control buffer is offered anew each time: the kernel has put its use in place of its size. */
static struct msghdr *prepare(int count, size_t control_size)
{
	for (int i = 0; i < count; i++) {
		pieces[i] = (struct iovec){data[i], LENGTH};
		messages[i].msg_hdr = (struct msghdr){
		    .msg_iov = &pieces[i],
		    .msg_iovlen = 1,
		    .msg_control = control_size ? &control[i] : NULL,
		    .msg_controllen = control_size,
		};
	}
	return &messages[0].msg_hdr;
}

static void arrive(int count)
{
	for (int i = 0; i < count; i++)
		check(syscall(SYS_sendto, there, data[i], LENGTH, 0, NULL, 0), LENGTH, "sendto");
}

static void leave(int count)
{
	for (int i = 0; i < count; i++)
		check(syscall(SYS_recvfrom, there, data[i], LENGTH, 0, NULL, NULL), LENGTH, "recvfrom");
}

/* ---- receiving */

static void do_recv(void)
{
	arrive(1);
	check(recv(here, data, LENGTH, 0), LENGTH, "recv");
}

static void do_recvfrom(void)
{
	arrive(1);
	check(recvfrom(here, data, LENGTH, 0, NULL, NULL), LENGTH, "recvfrom");
}

static void receive(size_t control_size)
{
	struct msghdr *msg = prepare(1, control_size);

	arrive(1);
	check(recvmsg(here, msg, 0), LENGTH, "recvmsg");
}

static void receive_many(int count, size_t control_size)
{
	prepare(count, control_size);
	arrive(count);
	check(recvmmsg(here, messages, (unsigned int)count, 0, NULL), count, "recvmmsg");
}

static void do_recvmsg(void)
{
	receive(0);
}

static void do_recvmsg_control(void)
{
	receive(CONTROL);
}

static void do_recvmmsg(void)
{
	receive_many(1, 0);
}

static void do_recvmmsg_8(void)
{
	receive_many(BATCH, 0);
}

static void do_recvmmsg_8_control(void)
{
	receive_many(BATCH, CONTROL);
}

/* ---- sending */

static void do_send(void)
{
	check(send(here, data, LENGTH, 0), LENGTH, "send");
	leave(1);
}

static void do_sendto(void)
{
	check(sendto(here, data, LENGTH, 0, NULL, 0), LENGTH, "sendto");
	leave(1);
}

static void do_sendmsg(void)
{
	const struct msghdr *msg = prepare(1, 0);

	check(sendmsg(here, msg, 0), LENGTH, "sendmsg");
	leave(1);
}

static void do_sendmmsg_8(void)
{
	prepare(BATCH, 0);
	check(sendmmsg(here, messages, BATCH, 0), BATCH, "sendmmsg");
	leave(BATCH);
}

/* ---- options */

static void get(int fd, int level, int option)
{
	int value;
	socklen_t size = sizeof(value);

	check(getsockopt(fd, level, option, &value, &size), 0, "getsockopt");
}

static void set(int fd, int level, int option, int value)
{
	check(setsockopt(fd, level, option, &value, sizeof(value)), 0, "setsockopt");
}

static void do_getsockopt(void)
{
	get(here, SOL_SOCKET, SO_RCVBUF);
}

static void do_getsockopt_ip(void)
{
	get(here, IPPROTO_IP, IP_TTL);
}

static void do_ioctl(void)
{
	int waiting;

	check(ioctl(here, FIONREAD, &waiting), 0, "ioctl");
}

/* TCP_TX_DELAY has the number of SO_TIMESTAMPING, at another level. */
static void do_getsockopt_tcp_37(void)
{
	get(stream, IPPROTO_TCP, SO_TIMESTAMPING);
}

static void do_setsockopt(void)
{
	set(here, SOL_SOCKET, SO_RCVBUF, 1 << 16);
}

static void do_setsockopt_ip(void)
{
	set(here, IPPROTO_IP, IP_TTL, 64);
}

static void do_setsockopt_tcp_37(void)
{
	set(stream, IPPROTO_TCP, SO_TIMESTAMPING, 0);
}

static void do_getsockopt_timestamping(void)
{
	get(here, SOL_SOCKET, SO_TIMESTAMPING);
}

static void do_setsockopt_timestamping(void)
{
	set(here, SOL_SOCKET, SO_TIMESTAMPING, hardware);
}

/* ---- descriptors */

static void do_socket(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(syscall(SYS_close, fd), 0, "socket");
}

static void do_close(void)
{
	check(close((int)syscall(SYS_dup, beside)), 0, "close");
}

/* ---- what is so before the first call */

static void stamp_here(void)
{
	set(here, SOL_SOCKET, SO_TIMESTAMPING, hardware);
}

static void stamp_here_software(void)
{
	set(here, SOL_SOCKET, SO_TIMESTAMPING, software);
}

static void stamp_beside(void)
{
	set(beside, SOL_SOCKET, SO_TIMESTAMPING, hardware);
}

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void second_thread(void)
{
	pthread_t thread;

	check(pthread_create(&thread, NULL, sleep_on, NULL), 0, "pthread_create");
}

static void destination_here(void)
{
	set(here, IPPROTO_IP, IP_PKTINFO, 1);
}

static const struct kind {
	const char *name;
	void (*call)(void); /* NULL: the program only starts */
	void (*before)(void);
} kinds[] = {
    {"start", NULL, NULL},
    {"recv", do_recv, NULL},
    {"recvfrom", do_recvfrom, NULL},
    {"recvmsg", do_recvmsg, NULL},
    {"recvmsg_empty", do_recvmsg_control, NULL},
    {"recvmsg_beside", do_recvmsg, stamp_beside},
    {"recvmsg_threads", do_recvmsg, second_thread},
    {"recvmsg_pktinfo", do_recvmsg_control, destination_here},
    {"recvmsg_software", do_recvmsg_control, stamp_here_software},
    {"recvmsg_hardware", do_recvmsg_control, stamp_here},
    {"recvmmsg", do_recvmmsg, NULL},
    {"recvmmsg_beside", do_recvmmsg, stamp_beside},
    {"recvmmsg_8", do_recvmmsg_8, NULL},
    {"recvmmsg_8_beside", do_recvmmsg_8, stamp_beside},
    {"recvmmsg_8_hardware", do_recvmmsg_8_control, stamp_here},
    {"send", do_send, NULL},
    {"sendto", do_sendto, NULL},
    {"sendmsg", do_sendmsg, NULL},
    {"sendmsg_beside", do_sendmsg, stamp_beside},
    {"sendmsg_hardware", do_sendmsg, stamp_here},
    {"sendmmsg_8", do_sendmmsg_8, NULL},
    {"getsockopt", do_getsockopt, NULL},
    {"getsockopt_ip", do_getsockopt_ip, NULL},
    {"getsockopt_tcp_37", do_getsockopt_tcp_37, NULL},
    {"ioctl", do_ioctl, NULL},
    {"setsockopt", do_setsockopt, NULL},
    {"setsockopt_ip", do_setsockopt_ip, NULL},
    {"setsockopt_tcp_37", do_setsockopt_tcp_37, NULL},
    {"getsockopt_timestamping", do_getsockopt_timestamping, stamp_here},
    {"setsockopt_timestamping", do_setsockopt_timestamping, stamp_here},
    {"socket", do_socket, stamp_beside},
    {"close", do_close, stamp_beside},
};

static const struct kind *kind_named(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	fprintf(stderr, "probe: no kind '%s'; try: probe recv 1000\n", name);
	exit(2);
}

/* Of the last message that came with a control buffer. */
static const char *stamp_seen(void)
{
	struct timespec stamps[3];

	for (struct cmsghdr *at = CMSG_FIRSTHDR(&messages[0].msg_hdr); at;
	     at = CMSG_NXTHDR(&messages[0].msg_hdr, at)) {
		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SO_TIMESTAMPING)
			continue;
		memcpy(stamps, CMSG_DATA(at), sizeof(stamps));
		return stamps[2].tv_sec ? "hardware" : "software";
	}
	return "none";
}

int main(int argc, char **argv)
{
	const struct kind *kind;
	int count;

	if (argc != 3) {
		fputs("usage: probe KIND COUNT, e.g. probe recv 1000\n", stderr);
		return 2;
	}
	kind = kind_named(argv[1]);
	count = atoi(argv[2]);
	if (!kind->call)
		return 0;
	open_sockets();
	if (kind->before)
		kind->before();
	for (int i = 0; i < count; i++)
		kind->call();
	puts(stamp_seen());
	return 0;
}
