/* SPDX-License-Identifier: GPL-2.0-only */
/* The twins: two descriptors in the same state, by fixed numbers. Both talk with the same peer
 * where a peer's address can be seen. Nothing about them blocks. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/robust/differential.h"
#include "tests/robust/must.h"
#include "tests/robust/stamped.h"

#define LOCAL_EXPERIMENT 0x88b5 /* an ethertype that nobody else sends */

struct sockaddr_storage kind_address;
socklen_t kind_address_size;

static bool packets_allowed;

/* By number: what the library knows of the number that it had is of no interest here, and what it
 * knows of the number that it gets, it must forget. */
static int place_at(int number, int fd)
{
	MUST(dup2(fd, number));
	MUST(close(fd));
	return number;
}

static void fresh(int number, int domain, int type, int protocol)
{
	place_at(number, (int)MUST(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
					  protocol)));
}

static socklen_t own_address(int fd, struct sockaddr_storage *address)
{
	socklen_t size = sizeof(*address);

	MUST(getsockname(fd, (struct sockaddr *)address, &size));
	return size;
}

static void bind_to_loopback(int fd, int domain, int port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)port)};

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	if (domain == AF_INET)
		MUST(bind(fd, (struct sockaddr *)&v4, sizeof(v4)));
	else
		MUST(bind(fd, (struct sockaddr *)&v6, sizeof(v6)));
}

static void await(int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};

	MUST(poll(&one, 1, 10000));
	if (!one.revents) {
		fprintf(stderr, "nothing came on %d\n", fd);
		exit(2);
	}
}

static void set(int fd, int level, int optname, int value)
{
	MUST(setsockopt(fd, level, optname, &value, sizeof(value)));
}

/* ---- closing packet sockets */

/* The kernel closes one after a grace period of its own, 8 to 16 ms, and a table makes thousands.
 * So the last reference to each is given to one of several processes, which wait at the same
 * time. All by number: to the library there is no AF_UNIX socket. */

#define CLOSERS 16

struct parcel {
	struct msghdr msg;
	struct iovec piece;
	char byte;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
};

static struct msghdr *parcel_make(struct parcel *parcel, int fd)
{
	*parcel = (struct parcel){
		.control.header = {CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS},
	};
	memcpy(CMSG_DATA(&parcel->control.header), &fd, sizeof(fd));
	parcel->piece = (struct iovec){&parcel->byte, 1};
	parcel->msg = (struct msghdr){
		.msg_iov = &parcel->piece,
		.msg_iovlen = 1,
		.msg_control = &parcel->control,
		.msg_controllen = sizeof(parcel->control),
	};
	return &parcel->msg;
}

/* Until the other end is closed. */
static void close_all_that_come(int end)
{
	struct parcel parcel;
	int fd;

	while (syscall(SYS_recvmsg, end, parcel_make(&parcel, -1), 0) > 0) {
		memcpy(&fd, CMSG_DATA(&parcel.control.header), sizeof(fd));
		syscall(SYS_close, fd);
	}
	_exit(0);
}

static void start_closers(void)
{
	int ends[2];

	MUST(syscall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	for (int i = 0; i < CLOSERS; i++) {
		if (MUST(fork()) == 0) {
			MUST(close(ends[1]));
			close_all_that_come(ends[0]);
		}
	}
	MUST(close(ends[0]));
	place_at(CLOSER, ends[1]);
}

static void let_others_close(int fd)
{
	struct parcel parcel;

	MUST(syscall(SYS_sendmsg, CLOSER, parcel_make(&parcel, fd), 0));
}

/* ---- the kinds */

static const char text[] =
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void udp(int domain, bool connected)
{
	struct sockaddr_storage to;

	fresh(SHARED, domain, SOCK_DGRAM, 0);
	bind_to_loopback(SHARED, domain, 0);
	kind_address_size = own_address(SHARED, &kind_address);
	for (int i = 0; i < 2; i++) {
		socklen_t size;

		fresh(TWIN + i, domain, SOCK_DGRAM, 0);
		bind_to_loopback(TWIN + i, domain, 0);
		if (connected)
			MUST(connect(TWIN + i, (struct sockaddr *)&kind_address,
				     kind_address_size));
		size = own_address(TWIN + i, &to);
		for (size_t length = sizeof(text); length > 3; length /= 4) {
			MUST(sendto(SHARED, text, length, 0, (struct sockaddr *)&to,
				    size));
		}
		await(TWIN + i, POLLIN);
	}
}

static void udp4(void)
{
	udp(AF_INET, false);
}

static void udp6(void)
{
	udp(AF_INET6, true);
}

static void keep_stamps_coming(void)
{
	if (syscall(SYS_fcntl, STAMPED, F_GETFD) == -1)
		place_at(STAMPED, stamped_socket());
}

static void ask_stamps(uint32_t library, uint32_t kernel)
{
	keep_stamps_coming();
	MUST(setsockopt(TWIN, SOL_SOCKET, SO_TIMESTAMPING_OLD, &library,
			sizeof(library)));
	MUST(syscall(SYS_setsockopt, TWIN + 1, SOL_SOCKET, SO_TIMESTAMPING_OLD, &kernel,
		     sizeof(kernel)));
}

/* Stamps of what was received, and a report on the error queue. */
static void stamped(int domain, uint32_t library, uint32_t kernel)
{
	char room[64];

	udp(domain, true);
	ask_stamps(library, kernel);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage to;
		const socklen_t size = own_address(TWIN + i, &to);

		MUST(sendto(SHARED, text, 33, 0, (struct sockaddr *)&to, size));
		MUST(send(TWIN + i, text, 22, 0));
		await(TWIN + i, POLLERR);
		MUST(recv(SHARED, room, sizeof(room), 0));
	}
}

/* Reports without the packet, which has numbers of its own. */
#define SOFT                                                                             \
	(SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_SOFTWARE |                       \
	 SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE)
#define HARD                                                                             \
	(SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_RAW_HARDWARE |                   \
	 SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_TX_HARDWARE)

static void udp4_software(void)
{
	stamped(AF_INET, SOFT, SOFT);
}

static void udp4_hardware(void)
{
	stamped(AF_INET, HARD, HARD | SOFT);
}

static void udp6_per_call(void)
{
	stamped(AF_INET6, SOF_TIMESTAMPING_RAW_HARDWARE | SOFT,
		SOF_TIMESTAMPING_RAW_HARDWARE | SOFT);
}

/* A datagram that nobody wanted: ECONNREFUSED, and its report. */
static void udp4_refused(void)
{
	udp(AF_INET, true);
	set(TWIN, SOL_IP, IP_RECVERR, 1);
	set(TWIN + 1, SOL_IP, IP_RECVERR, 1);
	MUST(close(SHARED));
	for (int i = 0; i < 2; i++) {
		MUST(send(TWIN + i, text, 10, 0));
		await(TWIN + i, POLLERR);
	}
}

static int listener_of(int domain)
{
	const int number = LISTENERS + (domain == AF_INET6);
	int stray;

	if (fcntl(number, F_GETFD) == -1) {
		fresh(number, domain, SOCK_STREAM, 0);
		bind_to_loopback(number, domain, 0);
		MUST(listen(number, 16));
	}
	/* Connections that a hostile send made (MSG_FASTOPEN). */
	while ((stray = accept(number, NULL, NULL)) >= 0)
		MUST(close(stray));
	return number;
}

static void abort_on_close(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
}

static void connect_now(int fd, const struct sockaddr_storage *to, socklen_t size)
{
	if (connect(fd, (const struct sockaddr *)to, size) != 0 && errno != EINPROGRESS)
		must(-1, "connect");
	await(fd, POLLOUT);
}

static void tcp(int domain)
{
	const int listener = listener_of(domain);

	kind_address_size = own_address(listener, &kind_address);
	for (int i = 0; i < 2; i++) {
		fresh(TWIN + i, domain, SOCK_STREAM, 0);
		connect_now(TWIN + i, &kind_address, kind_address_size);
		await(listener, POLLIN);
		place_at(PEER + i,
			 (int)MUST(accept4(listener, NULL, NULL, SOCK_NONBLOCK)));
		/* Or bytes wait, by the clock, until those before are acknowledged. */
		set(TWIN + i, IPPROTO_TCP, 1 /* TCP_NODELAY */, 1);
		set(PEER + i, IPPROTO_TCP, 1 /* TCP_NODELAY */, 1);
		abort_on_close(PEER + i);
		MUST(send(PEER + i, text, sizeof(text), 0));
		await(TWIN + i, POLLIN);
	}
}

static void tcp4(void)
{
	tcp(AF_INET);
}

static void tcp6_hardware(void)
{
	tcp(AF_INET6);
	ask_stamps(HARD, HARD | SOFT);
	for (int i = 0; i < 2; i++)
		MUST(send(PEER + i, text, 20, 0));
}

static void tcp4_reset(void)
{
	tcp(AF_INET);
	for (int i = 0; i < 2; i++) {
		MUST(close(PEER + i));
		await(TWIN + i, POLLHUP);
	}
}

static void tcp4_unconnected(void)
{
	kind_address_size = own_address(listener_of(AF_INET), &kind_address);
	fresh(TWIN, AF_INET, SOCK_STREAM, 0);
	fresh(TWIN + 1, AF_INET, SOCK_STREAM, 0);
}

/* Each with a connection that waits, made from the same address. */
static void tcp4_listener(void)
{
	struct sockaddr_storage to, from;
	socklen_t size = 0;

	for (int i = 0; i < 2; i++) {
		fresh(TWIN + i, AF_INET, SOCK_STREAM, 0);
		bind_to_loopback(TWIN + i, AF_INET, 0);
		MUST(listen(TWIN + i, 4));
		fresh(PEER + i, AF_INET, SOCK_STREAM, 0);
		abort_on_close(PEER + i);
		set(PEER + i, SOL_SOCKET, SO_REUSEADDR, 1);
		set(PEER + i, SOL_SOCKET, SO_REUSEPORT, 1);
		if (i == 0)
			bind_to_loopback(PEER, AF_INET, 0);
		else
			MUST(bind(PEER + 1, (struct sockaddr *)&from, size));
		size = own_address(PEER, &from);
		own_address(TWIN + i, &to);
		connect_now(PEER + i, &to, size);
		await(TWIN + i, POLLIN);
	}
}

static void unix_pair(int type)
{
	for (int i = 0; i < 2; i++) {
		int ends[2];

		MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
		place_at(PEER + i, ends[1]);
		place_at(TWIN + i, ends[0]);
	}
}

/* A file's descriptor comes along with the last message. */
static void send_file(int fd)
{
	const int file = (int)MUST(open("/dev/null", O_RDONLY | O_CLOEXEC));
	struct parcel parcel;

	parcel_make(&parcel, file);
	parcel.piece = (struct iovec){(void *)text, 7};
	MUST(sendmsg(fd, &parcel.msg, 0));
	MUST(close(file));
}

static void unix_stream(void)
{
	unix_pair(SOCK_STREAM);
	for (int i = 0; i < 2; i++) {
		send_file(PEER + i);
		MUST(send(PEER + i, text, sizeof(text), 0));
	}
}

static void unix_datagram(void)
{
	unix_pair(SOCK_DGRAM);
	for (int i = 0; i < 2; i++) {
		MUST(send(PEER + i, text, sizeof(text), 0));
		send_file(PEER + i);
	}
}

static void unix_packets(void)
{
	unix_pair(SOCK_SEQPACKET);
	for (int i = 0; i < 2; i++) {
		send_file(PEER + i);
		MUST(send(PEER + i, text, sizeof(text), 0));
	}
}

static void packet(int type)
{
	struct sockaddr_ll *to = (struct sockaddr_ll *)&kind_address;

	*to = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(LOCAL_EXPERIMENT),
		.sll_ifindex = (int)MUST(if_nametoindex("lo")),
		.sll_halen = 6,
	};
	kind_address_size = sizeof(*to);
	/* Without a protocol until it is bound: to change one takes a grace period, too. */
	for (int i = 0; i < 2; i++) {
		fresh(TWIN + i, AF_PACKET, type, 0);
		MUST(bind(TWIN + i, (struct sockaddr *)to, sizeof(*to)));
	}
	fresh(SHARED, AF_PACKET, SOCK_DGRAM, 0);
	for (int i = 0; i < 3; i++)
		MUST(sendto(SHARED, text, sizeof(text), 0, (struct sockaddr *)to,
			    sizeof(*to)));
	await(TWIN, POLLIN);
	await(TWIN + 1, POLLIN);
}

static void packet_raw(void)
{
	packet(SOCK_RAW);
}

static void packet_cooked(void)
{
	packet(SOCK_DGRAM);
}

/* The kernel chooses the addresses: others may have any that we could. */
static socklen_t bind_to_netlink(int fd, struct sockaddr_storage *address)
{
	const struct sockaddr_nl any = {.nl_family = AF_NETLINK};

	fresh(fd, AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	MUST(bind(fd, (const struct sockaddr *)&any, sizeof(any)));
	return own_address(fd, address);
}

static void netlink_user(void)
{
	struct sockaddr_storage to;

	kind_address_size = bind_to_netlink(SHARED, &kind_address);
	for (int i = 0; i < 2; i++) {
		const socklen_t size = bind_to_netlink(TWIN + i, &to);

		MUST(sendto(SHARED, text, sizeof(text), 0, (struct sockaddr *)&to, size));
		MUST(sendto(SHARED, text, 9, 0, (struct sockaddr *)&to, size));
	}
}

/* With an answer of the kernel's that waits. */
static void netlink_route(void)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	memcpy(&kind_address, &kernel, sizeof(kernel));
	kind_address_size = sizeof(kernel);
	fresh(TWIN, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	fresh(TWIN + 1, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static void file(void)
{
	for (int i = 0; i < 2; i++) {
		place_at(TWIN + i, (int)MUST(memfd_create("twin", MFD_CLOEXEC)));
		MUST(write(TWIN + i, text, sizeof(text)));
	}
}

static void pipe_end(void)
{
	for (int i = 0; i < 2; i++) {
		int ends[2];

		MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
		place_at(PEER + i, ends[1]);
		place_at(TWIN + i, ends[0]);
		MUST(write(PEER + i, text, sizeof(text)));
	}
}

static void epoll(void)
{
	place_at(TWIN, (int)MUST(epoll_create1(EPOLL_CLOEXEC)));
	place_at(TWIN + 1, (int)MUST(epoll_create1(EPOLL_CLOEXEC)));
}

static void path_only(void)
{
	place_at(TWIN, (int)MUST(open("/", O_PATH | O_CLOEXEC)));
	place_at(TWIN + 1, (int)MUST(open("/", O_PATH | O_CLOEXEC)));
}

/* A number that the library knew as a socket with stamps, and that is closed since. */
static void closed(void)
{
	udp4_software();
	MUST(close(TWIN));
	MUST(close(TWIN + 1));
}

const struct kind kinds[] = {
	{"udp4", 0, udp4, NULL},
	{"udp6 connected", 0, udp6, NULL},
	{"udp4 refused", 0, udp4_refused, NULL},
	{"tcp4", IS_TCP | IS_STREAM, tcp4, NULL},
	{"tcp4 reset", IS_TCP | IS_STREAM, tcp4_reset, NULL},
	{"tcp4 unconnected", IS_TCP | IS_STREAM, tcp4_unconnected, NULL},
	{"tcp4 listener", IS_TCP | IS_STREAM | IS_LISTENER, tcp4_listener, NULL},
	{"packet raw", IS_PACKET, packet_raw, "CAP_NET_RAW"},
	{"packet cooked", IS_PACKET, packet_cooked, "CAP_NET_RAW"},
	{"netlink user", IS_NETLINK, netlink_user, NULL},
	{"netlink route", IS_NETLINK, netlink_route, NULL},
	{"file", IS_FILE, file, NULL},
	{"pipe", IS_FILE, pipe_end, NULL},
	{"epoll", IS_FILE, epoll, NULL},
	{"path only", IS_FILE | IS_PATH, path_only, NULL},
	{"unix stream", IS_UNIX | IS_STREAM, unix_stream, NULL},
	{"unix datagram", IS_UNIX, unix_datagram, NULL},
	{"unix packets", IS_UNIX, unix_packets, NULL},
	{"udp4 software stamps", HAS_STAMPS, udp4_software, NULL},
	{"udp4 hardware stamps", HAS_STAMPS | HAS_HARDWARE, udp4_hardware, NULL},
	{"udp6 stamps per call", HAS_STAMPS | HAS_HARDWARE, udp6_per_call, NULL},
	{"tcp6 hardware stamps", IS_TCP | IS_STREAM | HAS_STAMPS | HAS_HARDWARE,
	 tcp6_hardware, NULL},
	{"closed", HAS_STAMPS | IS_FILE, closed, NULL},
};
const size_t kind_count = COUNT(kinds);

/* So that whatever a hostile option does is done to a network that ends with us. */
void kinds_start(void)
{
	struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) {
		fd = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		MUST(ioctl(fd, SIOCSIFFLAGS, &up));
		MUST(close(fd));
	} else {
		printf("not run: in a network of its own: unshare: %s\n",
		       strerror(errno));
	}
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	packets_allowed = fd >= 0;
	if (fd >= 0)
		close(fd);
	start_closers();
}

bool kind_is_here(const struct kind *kind)
{
	return !(kind->traits & IS_PACKET) || packets_allowed;
}

void twins_close(void)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0}; /* no close waits */

	for (int fd = TWIN; fd <= SHARED; fd++) {
		int domain = 0;

		if (syscall(SYS_fcntl, fd, F_GETFD) == -1)
			continue;
		syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &domain,
			&(socklen_t){sizeof(domain)});
		if (domain == AF_PACKET)
			let_others_close(fd);
		close(fd);
	}
}

void twins_make(const struct kind *kind)
{
	memset(&kind_address, 0, sizeof(kind_address));
	kind_address_size = 0;
	twins_close();
	kind->make();
}
