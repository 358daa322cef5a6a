/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define EXPERIMENT 253   /* the IP protocol number for experiments, RFC 3692 */
#define ETHERTYPE 0x88b5 /* the first of IEEE 802's two for experiments */

static const struct family families[] = {
	{"tcp4", AF_INET, SOCK_STREAM, 0},
	{"tcp6", AF_INET6, SOCK_STREAM, 0},
	{"udp4", AF_INET, SOCK_DGRAM, 0},
	{"udp6", AF_INET6, SOCK_DGRAM, 0},
	{"unix_stream", AF_UNIX, SOCK_STREAM, 0},
	{"unix_dgram", AF_UNIX, SOCK_DGRAM, 0},
	{"unix_seqpacket", AF_UNIX, SOCK_SEQPACKET, 0},
	{"netlink", AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK},
	{"raw", AF_INET, SOCK_RAW, EXPERIMENT},
	{"packet", AF_PACKET, SOCK_DGRAM, ETHERTYPE},
};

const struct family *family_named(const char *name)
{
	for (size_t i = 0; name && i < COUNT(families); i++) {
		if (strcmp(families[i].name, name) == 0)
			return &families[i];
	}
	errno = EINVAL;
	must(-1, "a family's name is the first argument");
	return NULL;
}

bool is_inet(const struct family *family)
{
	return family->domain == AF_INET || family->domain == AF_INET6;
}

bool is_tcp(const struct family *family)
{
	return is_inet(family) && family->type == SOCK_STREAM;
}

int fresh_socket(const struct family *family)
{
	const int protocol =
		family->domain == AF_PACKET ? htons(ETHERTYPE) : family->protocol;

	return (int)MUST(socket(family->domain, family->type | SOCK_CLOEXEC, protocol));
}

/* An address to bind to. The kernel chooses the port where there is one. */
static socklen_t own_address(const struct family *family, struct sockaddr_storage *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->ss_family = (sa_family_t)family->domain;
	if (family->domain == AF_INET) {
		((struct sockaddr_in *)addr)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(struct sockaddr_in);
	}
	if (family->domain == AF_INET6) {
		((struct sockaddr_in6 *)addr)->sin6_addr = in6addr_loopback;
		return sizeof(struct sockaddr_in6);
	}
	if (family->domain == AF_PACKET) {
		((struct sockaddr_ll *)addr)->sll_protocol = htons(ETHERTYPE);
		((struct sockaddr_ll *)addr)->sll_ifindex = (int)if_nametoindex("lo");
		return sizeof(struct sockaddr_ll);
	}
	return sizeof(struct sockaddr_nl);
}

int bound_socket(const struct family *family, struct sockaddr_storage *addr,
		 socklen_t *size)
{
	const int fd = fresh_socket(family);
	struct sockaddr_storage own;
	socklen_t own_size = own_address(family, &own);

	MUST(bind(fd, (struct sockaddr *)&own, own_size));
	if (is_tcp(family))
		MUST(listen(fd, 16));
	if (addr) {
		*size = sizeof(*addr);
		MUST(getsockname(fd, (struct sockaddr *)addr, size));
	}
	return fd;
}

struct pair connect_to(const struct family *family, int listener)
{
	const struct pair pair = {fresh_socket(family), -1};
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);

	MUST(getsockname(listener, (struct sockaddr *)&addr, &size));
	MUST(connect(pair.near, (struct sockaddr *)&addr, size));
	return pair;
}

static struct pair tcp_pair(const struct family *family)
{
	const int listener = bound_socket(family, NULL, NULL);
	struct pair pair = connect_to(family, listener);

	pair.far = (int)MUST(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	MUST(close(listener));
	return pair;
}

/* Both bound. A packet socket is not connected: bound, it sends to where it is. */
static struct pair datagram_pair(const struct family *family)
{
	struct sockaddr_storage near, far;
	socklen_t near_size, far_size;
	struct pair pair;

	pair.near = bound_socket(family, &near, &near_size);
	pair.far = bound_socket(family, &far, &far_size);
	if (family->domain != AF_PACKET) {
		MUST(connect(pair.near, (struct sockaddr *)&far, far_size));
		MUST(connect(pair.far, (struct sockaddr *)&near, near_size));
	}
	return pair;
}

struct pair connected_pair(const struct family *family)
{
	int ends[2];

	if (family->domain == AF_UNIX) {
		MUST(socketpair(AF_UNIX, family->type | SOCK_CLOEXEC, 0, ends));
		return (struct pair){ends[0], ends[1]};
	}
	return is_tcp(family) ? tcp_pair(family) : datagram_pair(family);
}

void for_other_descriptors(void (*look)(const char *what, int fd))
{
	int ends[2], fd;

	look("UNIX", fresh_socket(family_named("unix_stream")));
	MUST(pipe(ends));
	look("pipe", ends[0]);
	look("epoll", (int)MUST(epoll_create1(0)));
	look("file", fd = (int)MUST(open("/dev/null", O_RDONLY)));
	close(fd);
	look("closed", fd);
	look("-1", -1);
	look("beyond the limit", 1 << 30);
}

void wait_until_sent(int fd)
{
	int unsent = 0;

	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent == 0)
			return;
		poll(NULL, 0, 1);
	}
}

void close_pair(struct pair pair)
{
	MUST(close(pair.near));
	MUST(close(pair.far));
}

void enter_own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		not_run("a network namespace");
	fd = socket(AF_INET, SOCK_RAW, EXPERIMENT);
	if (fd < 0)
		not_run("CAP_NET_RAW");
	MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	MUST(close(fd));
}

union rights { /* control data with room for one descriptor, aligned */
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static struct msghdr rights_message(union rights *control, struct iovec *byte)
{
	return (struct msghdr){.msg_iov = byte,
			       .msg_iovlen = 1,
			       .msg_control = control,
			       .msg_controllen = sizeof(*control)};
}

void send_descriptor(int channel, int fd)
{
	union rights control = {
		.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS},
	};
	char x = 'x';
	struct iovec byte = {&x, 1};
	const struct msghdr msg = rights_message(&control, &byte);

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	MUST(sendmsg(channel, &msg, 0));
}

int receive_descriptor(int channel, bool several)
{
	union rights control;
	char x;
	struct iovec byte = {&x, 1};
	struct mmsghdr msg = {.msg_hdr = rights_message(&control, &byte)};
	int fd;

	if (several)
		MUST(recvmmsg(channel, &msg, 1, 0, NULL));
	else
		MUST(recvmsg(channel, &msg.msg_hdr, 0));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}
