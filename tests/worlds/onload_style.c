/* SPDX-License-Identifier: GPL-2.0-only */
/* A program from the Onload world: it asks for all receive timestamps that a card can give, makes
 * sure that it was understood, and prints the card's stamp of each packet. It sends the packets
 * to itself over loopback.
 *
 *     onload_style           "udp packet 1: 1763846921.123456789", or "no hardware stamp"
 *     onload_style DEVICE    the same, after it has switched on the stamping of that device
 *
 * Exit status: 0; 1 if the flags that are read back are not those that were set, if the device
 * cannot be switched on, or if sockets do not work here. */
#include <time.h> /* before linux/errqueue.h, which needs it */

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PACKETS 3
#define WAIT_S 5

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static int bound_socket(int type)
{
	const struct timeval limit = {.tv_sec = WAIT_S};
	const struct sockaddr_in addr = {.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = must(socket(AF_INET, type, 0), "socket");

	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
	     "SO_RCVTIMEO");
	must(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), "bind");
	return fd;
}

static void connect_to(int fd, int peer)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);

	must(getsockname(peer, (struct sockaddr *)&addr, &size), "getsockname");
	must(connect(fd, (struct sockaddr *)&addr, size), "connect");
}

static void ask_for_stamps(const char *name, int fd)
{
	const int asked = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
			  SOF_TIMESTAMPING_SYS_HARDWARE | SOF_TIMESTAMPING_SOFTWARE;
	int told = 0;
	socklen_t size = sizeof(told);

	must(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &asked, sizeof(asked)),
	     "SO_TIMESTAMPING");
	must(getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &told, &size),
	     "SO_TIMESTAMPING");
	if (told != asked) {
		fprintf(stderr, "%s: asked for 0x%x, was told 0x%x\n", name,
			(unsigned int)asked, (unsigned int)told);
		exit(1);
	}
	printf("%s flags: as set\n", name);
}

static void print_stamp(const char *name, int packet, int fd)
{
	char data[64];
	_Alignas(struct cmsghdr) char control[256];
	struct iovec piece = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {.msg_iov = &piece,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct scm_timestamping stamps = {0};

	must((int)recvmsg(fd, &msg, 0), "recvmsg");
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&msg); at; at = CMSG_NXTHDR(&msg, at)) {
		if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPING)
			memcpy(&stamps, CMSG_DATA(at), sizeof(stamps));
	}
	if (stamps.ts[2].tv_sec == 0)
		printf("%s packet %d: no hardware stamp\n", name, packet);
	else
		printf("%s packet %d: %lld.%09ld\n", name, packet,
		       (long long)stamps.ts[2].tv_sec, stamps.ts[2].tv_nsec);
}

static void exchange(const char *name, int from, int to)
{
	ask_for_stamps(name, to);
	for (int packet = 1; packet <= PACKETS; packet++) {
		must((int)send(from, "quote", 5, 0), "send");
		print_stamp(name, packet, to);
	}
	close(from);
	close(to);
}

static void udp(void)
{
	const int from = bound_socket(SOCK_DGRAM), to = bound_socket(SOCK_DGRAM);

	connect_to(from, to);
	exchange("udp", from, to);
}

static void tcp(void)
{
	const int listener = bound_socket(SOCK_STREAM), from = bound_socket(SOCK_STREAM);
	int to;

	must(listen(listener, 1), "listen");
	connect_to(from, listener);
	to = must(accept(listener, NULL, NULL), "accept");
	close(listener);
	exchange("tcp", from, to);
}

static void switch_on(const char *device)
{
	struct hwtstamp_config config = {.tx_type = HWTSTAMP_TX_ON,
					 .rx_filter = HWTSTAMP_FILTER_ALL};
	struct ifreq request = {.ifr_data = (char *)&config};
	const int fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	must(ioctl(fd, SIOCSHWTSTAMP, &request), "SIOCSHWTSTAMP");
	printf("%s: filter %d\n", device, config.rx_filter);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		switch_on(argv[1]);
	udp();
	tcp();
	return 0;
}
