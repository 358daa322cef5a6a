/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/stamping.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/runtime/libc.h"

#define DESCRIPTOR_FLOOR 512 /* above the numbers that programs name by hand */

/* The switch may be on because somebody else, who has just let go of it, is not heard yet: so many
 * messages in a row must be stamped, with a pause after each. All tries together take a second. */
#define STEADY 10
#define TRIES 5000
#define PAUSE_NS 100000
#define ARRIVAL_NS 100000000 /* on loopback a message is there at once, or not at all */

/* All calls are made by number: libc's would be points of cancellation, and other preloaded
 * libraries would see them, which are the program's and not ours to show. */

#ifdef SYS_mmap2
#define LKOS_SYS_MMAP SYS_mmap2 /* i386: SYS_mmap has another form there */
#else
#define LKOS_SYS_MMAP SYS_mmap
#endif

static int option_set(int fd, uint32_t flags)
{
	return (int)syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
			    sizeof(flags));
}

/* The mapped page keeps the socket, and with it the switch, also when it has no descriptor any more.
 * Before Linux 4.18 a TCP socket cannot be mapped: there it keeps one. false: it cannot be held now.
 * source: linux net/ipv4/tcp.c (tcp_mmap) */
static bool take_hold(int family)
{
	const int fd = (int)syscall(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool taken;

	if (fd < 0)
		return false;
	taken = option_set(fd, SOF_TIMESTAMPING_RX_SOFTWARE) == 0 &&
		(syscall(LKOS_SYS_MMAP, NULL, 1L, PROT_READ, MAP_SHARED, fd, 0L) != -1 ||
		 syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, DESCRIPTOR_FLOOR) >= 0);
	syscall(SYS_close, fd);
	return taken;
}

struct address {
	socklen_t size;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

static struct address loopback(int family)
{
	struct address address = {.any.sa_family = (sa_family_t)family};

	if (family == AF_INET) {
		address.size = sizeof(address.in);
		address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		address.size = sizeof(address.in6);
		address.in6.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
	}
	return address;
}

/* A socket that is connected to itself and shows the stamps that are made for others, since it asks
 * for none to be made. -1: there is none. */
static int open_probe(int family)
{
	const int fd = (int)syscall(SYS_socket, family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct address address = loopback(family);

	if (syscall(SYS_bind, fd, &address.any, address.size) == 0 &&
	    syscall(SYS_getsockname, fd, &address.any, &address.size) == 0 &&
	    syscall(SYS_connect, fd, &address.any, address.size) == 0 &&
	    option_set(fd, SOF_TIMESTAMPING_SOFTWARE) == 0)
		return fd;
	if (fd >= 0)
		syscall(SYS_close, fd);
	return -1;
}

struct nanoseconds { /* the kernel's struct timespec, which in libc may have another size */
	long seconds, nanoseconds;
};

static void wait_for(struct pollfd *fds, unsigned int count, long nanoseconds)
{
	struct nanoseconds limit = {0, nanoseconds};

	syscall(SYS_ppoll, fds, count, &limit, NULL, 0);
}

/* A message to itself. return: was it stamped? -1: it did not arrive. */
static int try(int fd)
{
	_Alignas(struct cmsghdr) unsigned char control[128];
	struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof(control)};
	struct pollfd arrival = {.fd = fd, .events = POLLIN};

	if (syscall(SYS_sendto, fd, NULL, 0, MSG_NOSIGNAL, NULL, 0) != 0)
		return -1;
	wait_for(&arrival, 1, ARRIVAL_NS);
	if (syscall(SYS_recvmsg, fd, &msg, MSG_DONTWAIT) != 0)
		return -1;
	return msg.msg_controllen > 0;
}

/* false: it cannot be tried by this protocol. */
static bool wait_until_steady(int fd)
{
	int stamped, steady = 0;

	for (int i = 0; i < TRIES && steady < STEADY; i++) {
		stamped = try(fd);
		if (stamped < 0)
			return false;
		steady = stamped ? steady + 1 : 0;
		wait_for(NULL, 0, PAUSE_NS);
	}
	return true;
}

static bool try_by(int family)
{
	const int fd = open_probe(family);
	bool tried;

	if (fd < 0)
		return false;
	tried = wait_until_steady(fd);
	syscall(SYS_close, fd);
	return tried;
}

/* A thread that comes while another one waits here waits too: it takes a hold of its own. What could
 * not be held, for want of a descriptor, is tried again the next time. */
void lkos_stamping_hold(void)
{
	static atomic_bool held;
	const int kept = errno;
	bool taken;

	if (atomic_load(&held))
		return;
	taken = take_hold(AF_INET) || take_hold(AF_INET6);
	if (!try_by(AF_INET))
		try_by(AF_INET6);
	if (taken)
		atomic_store(&held, true);
	errno = kept;
}
