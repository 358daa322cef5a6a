/* SPDX-License-Identifier: GPL-2.0-only */
/* usage: stress SECONDS
 *
 * Threads in every interposed call at once, on the same sockets, for so long. Whatever one of
 * them reads must be what some thread could have written there: of a shared socket's flags, one
 * of the sets that are being set; of a socket that no other thread knows, exactly its own.
 *
 * status: 0 all was as it must be, 1 something was not (on stdout), 2 it could not be set up */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/robust/must.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHARED 6   /* sockets that all threads use */
#define NUMBER 900 /* that threads make their duplicates at */
#define SHOWN 20

#define RX_HARD (SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE)
#define TX_HARD (SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_TX_HARDWARE)
#define SOFT                                                                             \
	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |                      \
	 SOF_TIMESTAMPING_TX_SOFTWARE)

static const uint32_t sets[] = {
	0,
	RX_HARD,
	RX_HARD | TX_HARD,
	SOFT,
	RX_HARD | TX_HARD | SOFT,
	RX_HARD | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE,
	SOF_TIMESTAMPING_RAW_HARDWARE | SOFT,
	TX_HARD | SOF_TIMESTAMPING_OPT_TSONLY,
};

static int shared[SHARED], listener;
static struct sockaddr_in addresses[SHARED], listening;
static atomic_bool over;
static atomic_ulong wrong, made;

static void complain(const char *what, uint32_t value, uint32_t wanted)
{
	if (atomic_fetch_add(&wrong, 1) < SHOWN)
		printf("wrong: %s: 0x%x, not 0x%x\n", what, value, wanted);
}

/* Each thread has its own numbers: the same on each run. */
static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static bool is_known(uint32_t flags)
{
	for (size_t i = 0; i < COUNT(sets); i++) {
		if (sets[i] == flags)
			return true;
	}
	return false;
}

static int set(int fd, uint32_t flags)
{
	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
}

/* false: fd was no socket by then. */
static bool get(int fd, uint32_t *flags)
{
	socklen_t size = sizeof(*flags);

	return getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, flags, &size) == 0;
}

static struct sockaddr_in bound(int fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	MUST(getsockname(fd, (struct sockaddr *)&address, &size));
	return address;
}

/* ---- what the threads do, once each time */

static void set_one(uint32_t number)
{
	const uint32_t flags = sets[number % COUNT(sets)];

	if (set(shared[number / 16 % SHARED], flags) != 0)
		complain("setsockopt", (uint32_t)errno, 0);
}

static void get_one(uint32_t number)
{
	uint32_t flags;

	if (!get(shared[number % SHARED], &flags))
		complain("getsockopt", (uint32_t)errno, 0);
	else if (!is_known(flags))
		complain("getsockopt", flags, sets[0]);
}

/* A stamp of nothing at all is one that was lost on the way. */
static void check_stamps(struct msghdr *msg)
{
	static const unsigned char zeros[48];
	struct cmsghdr *at;

	for (at = CMSG_FIRSTHDR(msg); at; at = CMSG_NXTHDR(msg, at)) {
		if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_TIMESTAMPING &&
		    at->cmsg_len >= CMSG_LEN(sizeof(zeros)) &&
		    memcmp(CMSG_DATA(at), zeros, sizeof(zeros)) == 0)
			complain("a stamp", 0, 1);
	}
}

#define ROOM 512

struct room {
	struct msghdr msg;
	struct iovec piece;
	char data[64];
	_Alignas(struct cmsghdr) char control[ROOM];
};

static struct msghdr *make_room(struct room *room)
{
	room->piece = (struct iovec){room->data, sizeof(room->data)};
	room->msg = (struct msghdr){
		.msg_iov = &room->piece,
		.msg_iovlen = 1,
		.msg_control = room->control,
		.msg_controllen = sizeof(room->control),
	};
	return &room->msg;
}

static void receive_one(uint32_t number)
{
	struct room room;
	const int flags = MSG_DONTWAIT | (number & 64 ? MSG_ERRQUEUE : 0);

	if (recvmsg(shared[number % SHARED], make_room(&room), flags) >= 0)
		check_stamps(&room.msg);
}

static void receive_several(uint32_t number)
{
	struct room rooms[3];
	struct mmsghdr msgs[COUNT(rooms)];
	int got;

	for (size_t i = 0; i < COUNT(rooms); i++)
		msgs[i].msg_hdr = *make_room(&rooms[i]);
	got = recvmmsg(shared[number % SHARED], msgs, COUNT(msgs), MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++)
		check_stamps(&msgs[i].msg_hdr);
}

static void fill(struct room *room, uint32_t number)
{
	const uint32_t flags = number & 128 ? SOF_TIMESTAMPING_TX_HARDWARE
					    : SOF_TIMESTAMPING_TX_SOFTWARE;
	struct cmsghdr *header = (struct cmsghdr *)room->control;

	make_room(room);
	memset(room->data, 'x', sizeof(room->data));
	room->msg.msg_name = &addresses[number / 8 % SHARED];
	room->msg.msg_namelen = sizeof(addresses[0]);
	*header = (struct cmsghdr){CMSG_LEN(sizeof(flags)), SOL_SOCKET, SO_TIMESTAMPING};
	memcpy(CMSG_DATA(header), &flags, sizeof(flags));
	room->msg.msg_controllen = number & 1024 ? CMSG_SPACE(sizeof(flags)) : 0;
}

static void send_one(uint32_t number)
{
	struct room room;

	fill(&room, number);
	sendmsg(shared[number % SHARED], &room.msg, MSG_DONTWAIT);
}

static void send_several(uint32_t number)
{
	struct room rooms[3];
	struct mmsghdr msgs[COUNT(rooms)];

	for (size_t i = 0; i < COUNT(rooms); i++) {
		fill(&rooms[i], number + (uint32_t)i);
		msgs[i].msg_hdr = rooms[i].msg;
	}
	sendmmsg(shared[number % SHARED], msgs, COUNT(msgs), MSG_DONTWAIT);
}

static void check_same(int fd, uint32_t flags, const char *what)
{
	uint32_t seen;

	if (!get(fd, &seen))
		complain(what, (uint32_t)errno, flags);
	else if (seen != flags)
		complain(what, seen, flags);
}

/* A socket of this thread alone, and a duplicate of it. */
static void own_socket(uint32_t number)
{
	const uint32_t flags = sets[number % COUNT(sets)];
	const int fd = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	int copy;

	check_same(fd, 0, "a new socket");
	MUST(set(fd, flags));
	copy = (int)(number & 256 ? MUST(dup(fd)) : MUST(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
	check_same(copy, flags, "a duplicate");
	MUST(set(copy, sets[number / 16 % COUNT(sets)]));
	MUST(close(copy));
	check_same(fd, sets[number / 16 % COUNT(sets)], "the socket of a duplicate");
	MUST(close(fd));
}

static void duplicate_shared(uint32_t number)
{
	const int copy = (int)MUST(dup(shared[number % SHARED]));
	uint32_t flags;

	if (!get(copy, &flags) || !is_known(flags))
		complain("a duplicate of a shared socket", flags, 0);
	MUST(close(copy));
}

/* One number that threads give to one socket and then to another. Which, none of them knows, but
 * each of these sockets has one of the sets. */
static void reuse_number(uint32_t number)
{
	uint32_t flags;
	struct room room;

	if (dup2(shared[number % SHARED], NUMBER) < 0)
		complain("dup2", (uint32_t)errno, 0);
	if (get(NUMBER, &flags) && !is_known(flags))
		complain("a number that is given out anew", flags, 0);
	if (recvmsg(NUMBER, make_room(&room), MSG_DONTWAIT) >= 0)
		check_stamps(&room.msg);
	if (number & 512)
		close(NUMBER);
}

static void accept_one(uint32_t number)
{
	const int fd = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	struct pollfd arrives = {.fd = listener, .events = POLLIN};
	uint32_t flags;
	int accepted;

	MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	set(listener, sets[number % COUNT(sets)]);
	if (connect(fd, (struct sockaddr *)&listening, sizeof(listening)) == 0 &&
	    poll(&arrives, 1, 100) == 1) {
		accepted = number & 256 ? accept(listener, NULL, NULL)
					: accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (accepted >= 0 && get(accepted, &flags) && !is_known(flags))
			complain("an accepted socket", flags, 0);
		if (accepted >= 0)
			close(accepted);
	}
	close(fd);
}

static void (*const doings[])(uint32_t number) = {
	set_one,     set_one,          get_one,      get_one,
	receive_one, receive_several,  send_one,     send_several,
	own_socket,  duplicate_shared, reuse_number, accept_one,
};

static void *thread_main(void *arg)
{
	const size_t which = (size_t)(uintptr_t)arg;
	uint32_t state = (uint32_t)which * 7919 + 1;

	while (!atomic_load(&over)) {
		doings[which](next_number(&state));
		atomic_fetch_add(&made, 1);
	}
	return NULL;
}

static void run_threads(int seconds)
{
	const struct timespec time = {.tv_sec = seconds};
	pthread_t threads[COUNT(doings)];

	for (size_t i = 0; i < COUNT(doings); i++)
		MUST(-pthread_create(&threads[i], NULL, thread_main,
				     (void *)(uintptr_t)i));
	nanosleep(&time, NULL); /* how long, not when: nothing waits for it */
	atomic_store(&over, true);
	for (size_t i = 0; i < COUNT(doings); i++)
		MUST(-pthread_join(threads[i], NULL));
}

int main(int argc, char **argv)
{
	if (argc != 2 || atoi(argv[1]) <= 0) {
		fprintf(stderr, "usage: stress SECONDS\n");
		return 2;
	}
	for (int i = 0; i < SHARED; i++) {
		shared[i] = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		addresses[i] = bound(shared[i]);
	}
	listener =
		(int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	listening = bound(listener);
	MUST(listen(listener, 64));
	run_threads(atoi(argv[1]));
	for (int i = 0; i < SHARED; i++) {
		MUST(set(shared[i], sets[1 + (size_t)i % (COUNT(sets) - 1)]));
		check_same(shared[i], sets[1 + (size_t)i % (COUNT(sets) - 1)],
			   "when all is over");
	}
	printf("%zu threads, %s, %lu wrong\n", COUNT(doings),
	       atomic_load(&made) > 1000 ? "more than 1000 rounds" : "too few rounds",
	       atomic_load(&wrong));
	fprintf(stderr, "%lu rounds\n", atomic_load(&made));
	return atomic_load(&wrong) != 0;
}
