/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes each interposed call once, and prints how often each of the other libraries has
 * seen it, and calls of other names that send or receive. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/robust/must.h"
#include "tests/robust/undeclared.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DATA_CALLS 10 /* the first of the rows */

static int fd, listener, spare = 100, flag;
static struct sockaddr_in own;
static char byte;
static struct iovec piece = {&byte, 1};
static struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};

static long by_recv(void)
{
	return recv(fd, &byte, 1, MSG_DONTWAIT | flag);
}

static long by_recvfrom(void)
{
	return recvfrom(fd, &byte, 1, MSG_DONTWAIT | flag, NULL, NULL);
}

static long by_recvmsg(void)
{
	return recvmsg(fd, &message.msg_hdr, MSG_DONTWAIT | flag);
}

static long by_recvmmsg(void)
{
	return recvmmsg(fd, &message, 1, MSG_DONTWAIT | flag, NULL);
}

static long by_recv_chk(void)
{
	return __recv_chk(fd, &byte, 1, 1, MSG_DONTWAIT | flag);
}

static long by_recvfrom_chk(void)
{
	return __recvfrom_chk(fd, &byte, 1, 1, MSG_DONTWAIT | flag, NULL, NULL);
}

static long by_send(void)
{
	return send(fd, &byte, 1, flag);
}

static long by_sendto(void)
{
	return sendto(fd, &byte, 1, flag, (struct sockaddr *)&own, sizeof(own));
}

static long by_sendmsg(void)
{
	return sendmsg(fd, &message.msg_hdr, flag);
}

static long by_sendmmsg(void)
{
	return sendmmsg(fd, &message, 1, flag);
}

static long by_setsockopt(void)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
}

static long by_getsockopt(void)
{
	int on;
	socklen_t size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, &size);
}

static long by_close(void)
{
	return close((int)syscall(SYS_dup, fd));
}

static long by_close_range(void)
{
	return close_range(5000, 5001, 0);
}

static long by_closefrom(void)
{
	closefrom(5000);
	return 0;
}

static long by_dup(void)
{
	return dup(fd);
}

static long by_dup2(void)
{
	return dup2(fd, spare++);
}

static long by_dup3(void)
{
	return dup3(fd, spare++, 0);
}

static long by_fcntl(void)
{
	return fcntl(fd, F_GETFD);
}

static long by_fcntl64(void)
{
	return fcntl64(fd, F_DUPFD, spare);
}

static long by_ioctl(void)
{
	int waiting;

	return ioctl(fd, FIONREAD, &waiting);
}

static long by_accept(void)
{
	return accept(listener, NULL, NULL);
}

static long by_accept4(void)
{
	return accept4(listener, NULL, NULL, 0);
}

static long by_pidfd_getfd(void)
{
	return pidfd_getfd((int)syscall(SYS_pidfd_open, getpid(), 0), fd, 0);
}

static long by_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static long by_socketpair(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
}

static long by_unshare(void)
{
	return unshare(CLONE_FS);
}

static const struct {
	const char *name;
	long (*call)(void);
	int flag;
} rows[] = {
	{"send", by_send, 0},
	{"recv", by_recv, 0},
	{"sendto", by_sendto, 0},
	{"recvfrom", by_recvfrom, 0},
	{"sendmsg", by_sendmsg, 0},
	{"recvmsg", by_recvmsg, 0},
	{"sendmmsg", by_sendmmsg, 0},
	{"recvmmsg", by_recvmmsg, 0},
	{"__recv_chk", by_recv_chk, 0},
	{"__recvfrom_chk", by_recvfrom_chk, 0},
	{"send", by_send, WARM},
	{"recv", by_recv, ONEPKT},
	{"sendto", by_sendto, WARM},
	{"recvfrom", by_recvfrom, ONEPKT},
	{"sendmsg", by_sendmsg, WARM},
	{"recvmsg", by_recvmsg, ONEPKT},
	{"sendmmsg", by_sendmmsg, WARM},
	{"recvmmsg", by_recvmmsg, ONEPKT},
	{"__recv_chk", by_recv_chk, ONEPKT},
	{"__recvfrom_chk", by_recvfrom_chk, ONEPKT},
	{"setsockopt", by_setsockopt, 0},
	{"getsockopt", by_getsockopt, 0},
	{"close", by_close, 0},
	{"close_range", by_close_range, 0},
	{"closefrom", by_closefrom, 0},
	{"dup", by_dup, 0},
	{"dup2", by_dup2, 0},
	{"dup3", by_dup3, 0},
	{"fcntl", by_fcntl, 0},
	{"fcntl64", by_fcntl64, 0},
	{"ioctl", by_ioctl, 0},
	{"accept", by_accept, 0},
	{"accept4", by_accept4, 0},
	{"socket", by_socket, 0},
	{"pidfd_getfd", by_pidfd_getfd, 0},
	{"socketpair", by_socketpair, 0},
	{"unshare", by_unshare, 0},
};

static int calls_seen(const char *library, const char *name)
{
	int (*calls)(const char *) = (int (*)(const char *))dlsym(RTLD_DEFAULT, library);

	return calls ? calls(name) : -1;
}

/* Calls that send or receive, but for those of this name. */
static int others_seen(const char *library, const char *name)
{
	int seen = 0;

	for (size_t i = 0; i < DATA_CALLS; i++) {
		if (strcmp(rows[i].name, name) != 0)
			seen += calls_seen(library, rows[i].name);
	}
	return seen;
}

struct seen {
	int calls, others;
};

static struct seen look_at(const char *library, const char *name)
{
	return (struct seen){calls_seen(library, name), others_seen(library, name)};
}

static void show(const char *where, const char *name, const struct seen *before)
{
	const struct seen now = look_at(where, name);

	printf(", %s %d and %d", where, now.calls - before->calls,
	       now.others - before->others);
}

static void make_call(const char *name, long (*call)(void))
{
	const struct seen before = look_at("company_before", name);
	const struct seen behind = look_at("company_behind", name);
	const long result = call();

	printf("%s, flag 0x%x: %s", name, flag,
	       result >= 0                          ? "done"
	       : errno == EAGAIN || errno == EINVAL ? "nothing there"
						    : strerror(errno));
	show("company_before", name, &before);
	show("company_behind", name, &behind);
	printf("\n");
}

static void prepare(void)
{
	socklen_t size = sizeof(own);
	const int client =
		(int)MUST(syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	own = (struct sockaddr_in){.sin_family = AF_INET};
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	MUST(bind(listener, (struct sockaddr *)&own, sizeof(own)));
	MUST(listen(listener, 2));
	MUST(getsockname(listener, (struct sockaddr *)&own, &size));
	connect(client, (struct sockaddr *)&own, sizeof(own));
	fd = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
	own.sin_port = 0;
	MUST(bind(fd, (struct sockaddr *)&own, sizeof(own)));
	MUST(getsockname(fd, (struct sockaddr *)&own, &size));
	MUST(connect(fd, (struct sockaddr *)&own, sizeof(own)));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	prepare();
	for (size_t i = 0; i < COUNT(rows); i++) {
		flag = rows[i].flag;
		make_call(rows[i].name, rows[i].call);
	}
	return 0;
}
