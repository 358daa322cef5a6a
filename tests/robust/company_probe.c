/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes each interposed call once, and prints how often each of the other libraries has seen it. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/robust/must.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen);
int pidfd_getfd(int pidfd, int target_fd, unsigned int flags);

static int fd, listener, spare = 100;
static struct sockaddr_in own;
static char byte;
static struct iovec piece = {&byte, 1};
static struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};

static long by_recv(void)
{
	return recv(fd, &byte, 1, MSG_DONTWAIT);
}

static long by_recvfrom(void)
{
	return recvfrom(fd, &byte, 1, MSG_DONTWAIT, NULL, NULL);
}

static long by_recvmsg(void)
{
	return recvmsg(fd, &message.msg_hdr, MSG_DONTWAIT);
}

static long by_recvmmsg(void)
{
	return recvmmsg(fd, &message, 1, MSG_DONTWAIT, NULL);
}

static long by_recv_chk(void)
{
	return __recv_chk(fd, &byte, 1, 1, MSG_DONTWAIT);
}

static long by_recvfrom_chk(void)
{
	return __recvfrom_chk(fd, &byte, 1, 1, MSG_DONTWAIT, NULL, NULL);
}

static long by_send(void)
{
	return send(fd, &byte, 1, 0);
}

static long by_sendto(void)
{
	return sendto(fd, &byte, 1, 0, (struct sockaddr *)&own, sizeof(own));
}

static long by_sendmsg(void)
{
	return sendmsg(fd, &message.msg_hdr, 0);
}

static long by_sendmmsg(void)
{
	return sendmmsg(fd, &message, 1, 0);
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
} rows[] = {
	{"send", by_send},
	{"recv", by_recv},
	{"sendto", by_sendto},
	{"recvfrom", by_recvfrom},
	{"sendmsg", by_sendmsg},
	{"recvmsg", by_recvmsg},
	{"sendmmsg", by_sendmmsg},
	{"recvmmsg", by_recvmmsg},
	{"__recv_chk", by_recv_chk},
	{"__recvfrom_chk", by_recvfrom_chk},
	{"setsockopt", by_setsockopt},
	{"getsockopt", by_getsockopt},
	{"close", by_close},
	{"close_range", by_close_range},
	{"closefrom", by_closefrom},
	{"dup", by_dup},
	{"dup2", by_dup2},
	{"dup3", by_dup3},
	{"fcntl", by_fcntl},
	{"fcntl64", by_fcntl64},
	{"accept", by_accept},
	{"accept4", by_accept4},
	{"socket", by_socket},
	{"pidfd_getfd", by_pidfd_getfd},
	{"socketpair", by_socketpair},
	{"unshare", by_unshare},
};

static int calls_seen(const char *library, const char *name)
{
	int (*calls)(const char *) = (int (*)(const char *))dlsym(RTLD_DEFAULT, library);

	return calls ? calls(name) : -1;
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
		const int before = calls_seen("company_before", rows[i].name);
		const int behind = calls_seen("company_behind", rows[i].name);
		const long result = rows[i].call();

		printf("%s: %s, before %d, behind %d\n", rows[i].name,
		       result >= 0                          ? "done"
		       : errno == EAGAIN || errno == EINVAL ? "nothing there"
							    : strerror(errno),
		       calls_seen("company_before", rows[i].name) - before,
		       calls_seen("company_behind", rows[i].name) - behind);
	}
	return 0;
}
