/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/worlds/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S 10
#define PREFIX_V4 24
#define PREFIX_V6 64

static struct place {
	const char *device;
	const char *v4, *v6;
	int namespace; /* -1: that of the process */
} places[] = {
	[NEAR] = {"lo", "127.0.0.1", "::1", -1},
	[FAR] = {"lo", "127.0.0.1", "::1", -1},
};

/* By RFC 5737 and RFC 3849 addresses of nobody. */
static const struct place ends[] = {
	[NEAR] = {"near", "192.0.2.1", "2001:db8::1", -1},
	[FAR] = {"far", "192.0.2.2", "2001:db8::2", -1},
};

static void must(bool done, const char *what)
{
	if (!done) {
		perror(what);
		exit(2);
	}
}

bool network_is_loopback(void)
{
	return places[NEAR].namespace < 0;
}

void network_enter(enum end end)
{
	if (!network_is_loopback())
		must(setns(places[end].namespace, CLONE_NEWNET) == 0, "setns");
}

socklen_t network_address(enum end end, int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = (sa_family_t)family;
	if (family == AF_INET6) {
		inet_pton(AF_INET6, places[end].v6, &v6->sin6_addr);
		return sizeof(*v6);
	}
	inet_pton(AF_INET, places[end].v4, &v4->sin_addr);
	return sizeof(*v4);
}

/* ---- Requests to the kernel's network, by netlink */

struct netlink {
	struct nlmsghdr header;
	char body[512];
};

/* Adds `size` bytes that are aligned as netlink wants them. */
static void *add(struct netlink *request, const void *data, size_t size)
{
	void *at = (char *)request + NLMSG_ALIGN(request->header.nlmsg_len);

	if (data)
		memcpy(at, data, size);
	request->header.nlmsg_len =
		NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)NLMSG_ALIGN(size);
	return at;
}

static struct rtattr *attribute(struct netlink *request, unsigned short type,
				const void *data, size_t size)
{
	const struct rtattr header = {(unsigned short)RTA_LENGTH(size), type};
	struct rtattr *at = add(request, &header, sizeof(header));

	if (size > 0)
		add(request, data, size);
	return at;
}

/* One that holds what is added until it ends. */
static void end(struct netlink *request, struct rtattr *holder)
{
	holder->rta_len = (unsigned short)((char *)request + request->header.nlmsg_len -
					   (char *)holder);
}

static struct netlink new_request(unsigned short type)
{
	return (struct netlink){
		.header = {NLMSG_LENGTH(0), type,
			   NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 1, 0}};
}

static bool ask_kernel(struct netlink *request)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;

	must(fd >= 0, "netlink");
	must(send(fd, request, request->header.nlmsg_len, 0) > 0, "netlink: send");
	must(recv(fd, &answer, sizeof(answer), 0) > 0, "netlink: recv");
	close(fd);
	errno = -answer.error.error;
	return answer.header.nlmsg_type == NLMSG_ERROR && answer.error.error == 0;
}

/* The near end here, the far one in the other namespace. */
static bool lay_cable(int far_namespace)
{
	const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
	struct netlink request = new_request(RTM_NEWLINK);
	struct rtattr *info, *data, *peer;

	add(&request, &any, sizeof(any));
	attribute(&request, IFLA_IFNAME, ends[NEAR].device,
		  strlen(ends[NEAR].device) + 1);
	info = attribute(&request, IFLA_LINKINFO, NULL, 0);
	attribute(&request, IFLA_INFO_KIND, "veth", strlen("veth"));
	data = attribute(&request, IFLA_INFO_DATA, NULL, 0);
	peer = attribute(&request, VETH_INFO_PEER, NULL, 0);
	add(&request, &any, sizeof(any));
	attribute(&request, IFLA_IFNAME, ends[FAR].device, strlen(ends[FAR].device) + 1);
	attribute(&request, IFLA_NET_NS_FD, &far_namespace, sizeof(far_namespace));
	end(&request, peer);
	end(&request, data);
	end(&request, info);
	return ask_kernel(&request);
}

static bool add_address(const char *device, int family, const char *text, uint8_t prefix)
{
	const struct ifaddrmsg about = {.ifa_family = (uint8_t)family,
					.ifa_prefixlen = prefix,
					.ifa_flags = IFA_F_NODAD, /* there at once */
					.ifa_index = if_nametoindex(device)};
	struct netlink request = new_request(RTM_NEWADDR);
	struct in6_addr addr;
	const size_t size = family == AF_INET6 ? sizeof(addr) : sizeof(struct in_addr);

	inet_pton(family, text, &addr);
	add(&request, &about, sizeof(about));
	attribute(&request, IFA_LOCAL, &addr, size);
	attribute(&request, IFA_ADDRESS, &addr, size);
	return ask_kernel(&request);
}

static short flags_of(const char *device, unsigned long call, short flags)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {.ifr_flags = flags};

	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	must(ioctl(fd, call, &request) == 0, device);
	close(fd);
	return request.ifr_flags;
}

static void turn_on(const char *device)
{
	flags_of(device, SIOCSIFFLAGS, IFF_UP);
}

/* The kernel sees a moment later that both ends are on, and loses what is sent before that. */
static void wait_for(const char *device)
{
	const time_t end = time(NULL) + WAIT_S;

	while (!(flags_of(device, SIOCGIFFLAGS, 0) & IFF_RUNNING)) {
		errno = ETIME;
		must(time(NULL) < end, device);
		sched_yield();
	}
}

static int new_namespace(void)
{
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return -1;
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

bool network_open(void)
{
	const int far = new_namespace(), near = far < 0 ? -1 : new_namespace();

	if (near < 0)
		return false;
	must(lay_cable(far), "a veth pair");
	memcpy(places, ends, sizeof(places));
	places[NEAR].namespace = near;
	places[FAR].namespace = far;
	for (enum end at = NEAR; at <= FAR; at++) {
		const struct place *place = &places[at];

		network_enter(at);
		turn_on("lo"); /* by it the kernel answers what it sends to itself */
		turn_on(place->device);
		must(add_address(place->device, AF_INET, place->v4, PREFIX_V4),
		     place->v4);
		/* A kernel may have been built or booted without IPv6. */
		if (!add_address(place->device, AF_INET6, place->v6, PREFIX_V6) &&
		    errno != EOPNOTSUPP && errno != EAFNOSUPPORT)
			must(false, place->v6);
	}
	for (enum end at = NEAR; at <= FAR; at++) {
		network_enter(at);
		wait_for(places[at].device);
	}
	return true;
}
