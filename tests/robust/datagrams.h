/* SPDX-License-Identifier: GPL-2.0-only */
/* Datagrams on loopback and their timestamps, for programs that say what they
 * see in lines that are the same on each run. */
#ifndef LKOS_TESTS_ROBUST_DATAGRAMS_H
#define LKOS_TESTS_ROBUST_DATAGRAMS_H

#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/robust/must.h"
#include "tests/robust/stamped.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WAIT_SECONDS 40

#define HARD (SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE)
#define SOFT (SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE)

/* One write each: nothing here may need memory. */
static inline void fact(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void fact(const char *format, ...)
{
	char line[256];
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	line[size++] = '\n';
	MUST(write(STDOUT_FILENO, line, (size_t)size));
}

static inline time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static inline int udp(struct sockaddr_in *address)
{
	const int fd = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_in){.sin_family = AF_INET};
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(bind(fd, (struct sockaddr *)address, sizeof(*address)));
	MUST(getsockname(fd, (struct sockaddr *)address, &size));
	return fd;
}

static inline void ask(int fd, uint32_t flags)
{
	MUST(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)));
}

static inline uint32_t asked(int fd)
{
	uint32_t flags = 0;
	socklen_t size = sizeof(flags);

	MUST(getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, &size));
	return flags;
}

static inline void send_to(int fd, const struct sockaddr_in *address)
{
	MUST(sendto(fd, "text", 4, 0, (const struct sockaddr *)address,
		    sizeof(*address)));
}

struct room {
	struct msghdr msg;
	struct iovec piece;
	char data[64];
	_Alignas(struct cmsghdr) char control[256];
};

static inline void make_room(struct room *room)
{
	room->piece = (struct iovec){room->data, sizeof(room->data)};
	room->msg = (struct msghdr){
		.msg_iov = &room->piece,
		.msg_iovlen = 1,
		.msg_control = room->control,
		.msg_controllen = sizeof(room->control),
	};
}

static inline ssize_t receive(int fd, struct room *room, int flags)
{
	make_room(room);
	return recvmsg(fd, &room->msg, flags);
}

/* Which slots of the stamp have one: "T--" software, "--T" hardware. */
static inline const char *slots(struct room *room)
{
	static __thread char texts[2][4];
	static __thread unsigned int turn;
	char *text = texts[turn++ % 2]; /* good until the one after the next */
	const struct cmsghdr *at = CMSG_FIRSTHDR(&room->msg);
	struct timespec stamps[3];

	if (!at || at->cmsg_type != SO_TIMESTAMPING ||
	    at->cmsg_len < CMSG_LEN(sizeof(stamps)))
		return "none";
	memcpy(stamps, CMSG_DATA(at), sizeof(stamps));
	for (int i = 0; i < 3; i++)
		text[i] = stamps[i].tv_sec ? 'T' : '-';
	return text;
}

static inline const char *received(int fd)
{
	struct room room;
	struct pollfd one = {.fd = fd, .events = POLLIN};

	MUST(poll(&one, 1, WAIT_SECONDS * 1000));
	MUST(receive(fd, &room, 0));
	return slots(&room);
}

/* What the library is for still works. */
static inline void all_is_well(void)
{
	static const uint32_t sets[] = {HARD, SOFT, HARD | SOFT, 0};
	struct sockaddr_in address;
	const int fd = udp(&address);

	for (size_t i = 0; i < COUNT(sets); i++) {
		ask(fd, sets[i]);
		send_to(fd, &address);
		fact("asked 0x%x, read 0x%x, received %s", sets[i], asked(fd),
		     received(fd));
	}
	MUST(close(fd));
}

static inline int status_of(pid_t child)
{
	int status;

	MUST(waitpid(child, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* What a program does that a test tells what to do. */
struct scenario {
	const char *name;
	void (*run)(char **args);
};

/* Runs the scenario that the first argument names. return: the program's exit status. */
static inline int run_scenario(const struct scenario *scenarios, size_t count, int argc,
			       char **argv)
{
	for (size_t i = 0; argc > 1 && i < count; i++) {
		if (strcmp(argv[1], scenarios[i].name) == 0) {
			stamped_socket(); /* stays open */
			scenarios[i].run(argv + 2);
			return 0;
		}
	}
	fprintf(stderr, "usage: %s SCENARIO [ARGUMENT...]\n", argv[0]);
	return 2;
}

#endif
