/* SPDX-License-Identifier: GPL-2.0-only */
/* usage: stress SECONDS | calls
 *
 * calls prints the names of the calls that are made.
 * Threads in every interposed call at once, on the same sockets, for so long. Whatever one of
 * them reads must be what some thread could have written there: of a shared socket's flags, one
 * of the sets that are being set; of a socket that no other thread knows, exactly its own.
 * Where company.c stands before the library, it must have seen each of these calls.
 *
 * status: 0 all was as it must be, 1 something was not (on stdout), 2 it could not be set up */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/robust/must.h"
#include "tests/robust/undeclared.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHARED 6     /* sockets that all threads use */
#define NUMBER 900   /* that threads make their duplicates at */
#define OWN 950      /* and above: of one thread alone */
#define NOBODYS 5000 /* from here on there are no descriptors */
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

static int shared[SHARED], listener, connected, stream[2], own_pidfd;
static struct sockaddr_in addresses[SHARED], listening;
static atomic_bool over;
static atomic_ulong wrong;

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
	const int flags = MSG_DONTWAIT | (number & 64 ? MSG_ERRQUEUE : 0) |
			  (number & 128 ? ONEPKT : 0);

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
	got = recvmmsg(shared[number % SHARED], msgs, COUNT(msgs),
		       MSG_DONTWAIT | (number & 128 ? ONEPKT : 0), NULL);
	for (int i = 0; i < got; i++)
		check_stamps(&msgs[i].msg_hdr);
}

static void receive_data(uint32_t number)
{
	const int fd = shared[number % SHARED];
	const int flags = MSG_DONTWAIT | (number & 128 ? ONEPKT : 0);
	char data[64];

	switch (number / 16 % 4) {
	case 0:
		recv(fd, data, sizeof(data), flags);
		break;
	case 1:
		recvfrom(fd, data, sizeof(data), flags, NULL, NULL);
		break;
	case 2:
		__recv_chk(fd, data, sizeof(data), sizeof(data), flags);
		break;
	default:
		__recvfrom_chk(fd, data, sizeof(data), sizeof(data), flags, NULL, NULL);
	}
}

static void send_data(uint32_t number)
{
	const int flags = MSG_DONTWAIT | (number & 128 ? WARM : 0);
	const struct sockaddr *to = (struct sockaddr *)&addresses[number / 8 % SHARED];

	if (number & 256)
		send(connected, "text", 4, flags);
	else
		sendto(shared[number % SHARED], "text", 4, flags, to,
		       sizeof(addresses[0]));
}

/* On TCP nothing of it may arrive. */
static void warm_one(uint32_t number)
{
	char text[] = "text";
	struct iovec piece = {text, 4};
	struct mmsghdr one = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | WARM;
	long sent;
	char byte;

	switch (number % 4) {
	case 0:
		sent = send(stream[0], text, 4, flags);
		break;
	case 1:
		sent = sendto(stream[0], text, 4, flags, NULL, 0);
		break;
	case 2:
		sent = sendmsg(stream[0], &one.msg_hdr, flags);
		break;
	default:
		sent = sendmmsg(stream[0], &one, 1, flags) == 1 ? (long)one.msg_len : -1;
	}
	if (sent != 4)
		complain("a warm send", (uint32_t)sent, 4);
	if (recv(stream[1], &byte, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN)
		complain("a warm send arrived", 1, 0);
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

static int duplicate_by(uint32_t how, int fd)
{
	switch (how % 3) {
	case 0:
		return dup3(fd, OWN, O_CLOEXEC);
	case 1:
		return fcntl64(fd, F_DUPFD_CLOEXEC, OWN);
	default:
		return pidfd_getfd(own_pidfd, fd, 0);
	}
}

/* The rarer ways to a duplicate, and from it. A range is closed only where no other
 * thread's numbers are: ThreadSanitizer does not know that call. */
static void duplicate_otherwise(uint32_t number)
{
	const int copy = (int)MUST(duplicate_by(number / 16, shared[number % SHARED]));
	uint32_t flags = 0;

	if (!get(copy, &flags) || !is_known(flags))
		complain("a rarer duplicate", flags, 0);
	if (copy >= OWN)
		MUST(close_range(OWN, OWN + 1, 0));
	else
		MUST(close(copy));
}

static void pass_through_pair(uint32_t number)
{
	int ends[2];
	char byte = 0;

	MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends));
	check_same(ends[0], 0, "a pair");
	MUST(send(ends[0], "x", 1, 0));
	if (recv(ends[1], &byte, 1, 0) != 1 || byte != 'x')
		complain("a pair's byte", (uint32_t)byte, 'x');
	MUST(close(ends[0]));
	MUST(close(ends[1]));
	MUST(unshare(number & 1 ? CLONE_FS : 0));
	closefrom(NOBODYS);
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

/* Where it is allowed; two threads do it. */
static void set_up_device(uint32_t number)
{
	const int tx_type = number & 1 ? HWTSTAMP_TX_ON : HWTSTAMP_TX_OFF;
	struct hwtstamp_config config = {.tx_type = tx_type,
					 .rx_filter = tx_type ? HWTSTAMP_FILTER_ALL
							      : HWTSTAMP_FILTER_NONE};
	struct ifreq request = {.ifr_name = "lo", .ifr_data = (char *)&config};

	ioctl(shared[number % SHARED], SIOCSHWTSTAMP, &request);
	if (ioctl(shared[number % SHARED], SIOCGHWTSTAMP, &request) == 0 &&
	    config.rx_filter !=
		    (config.tx_type ? HWTSTAMP_FILTER_ALL : HWTSTAMP_FILTER_NONE))
		complain("a device", (uint32_t)config.rx_filter,
			 (uint32_t)config.tx_type);
}

static const struct {
	void (*run)(uint32_t number);
	const char *calls; /* a line each */
} doings[] = {
	{set_one, "setsockopt\n"},
	{set_one, ""},
	{get_one, "getsockopt\n"},
	{get_one, ""},
	{receive_one, "recvmsg\n"},
	{receive_several, "recvmmsg\n"},
	{receive_data, "recv\nrecvfrom\n__recv_chk\n__recvfrom_chk\n"},
	{send_one, "sendmsg\n"},
	{send_several, "sendmmsg\n"},
	{send_data, "send\nsendto\n"},
	{warm_one, ""},
	{own_socket, "socket\ndup\nfcntl\nclose\n"},
	{duplicate_shared, ""},
	{duplicate_otherwise, "dup3\nfcntl64\npidfd_getfd\nclose_range\n"},
	{pass_through_pair, "socketpair\nunshare\nclosefrom\n"},
	{reuse_number, "dup2\n"},
	{accept_one, "accept\naccept4\n"},
	{set_up_device, "ioctl\n"},
	{set_up_device, ""},
};

static atomic_ulong rounds[COUNT(doings)];

static void *thread_main(void *arg)
{
	const size_t which = (size_t)(uintptr_t)arg;
	uint32_t state = (uint32_t)which * 7919 + 1;

	while (!atomic_load(&over)) {
		doings[which].run(next_number(&state));
		atomic_fetch_add(&rounds[which], 1);
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

static void open_stream(void)
{
	struct pollfd arrives = {.fd = listener, .events = POLLIN};

	stream[0] = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	MUST(connect(stream[0], (struct sockaddr *)&listening, sizeof(listening)));
	MUST(poll(&arrives, 1, -1));
	stream[1] = (int)MUST(accept(listener, NULL, NULL));
}

static void open_shared(void)
{
	for (int i = 0; i < SHARED; i++) {
		shared[i] = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		addresses[i] = bound(shared[i]);
	}
	connected = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	MUST(connect(connected, (struct sockaddr *)&addresses[0], sizeof(addresses[0])));
	listener =
		(int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	listening = bound(listener);
	MUST(listen(listener, 64));
	open_stream();
	own_pidfd = (int)MUST(syscall(SYS_pidfd_open, getpid(), 0));
}

/* Each by its own name, says the library that counts them, if it is there. */
static void check_calls(void)
{
	int (*counted)(const char *) =
		(int (*)(const char *))dlsym(RTLD_DEFAULT, "company_before");
	char name[32];

	for (size_t i = 0; counted && i < COUNT(doings); i++) {
		const char *at = doings[i].calls;

		for (int size; sscanf(at, "%31s%n", name, &size) == 1; at += size) {
			if (counted(name) <= 0)
				complain(name, 0, 1);
		}
	}
}

static unsigned long fewest_rounds(void)
{
	unsigned long fewest = atomic_load(&rounds[0]);

	for (size_t i = 0; i < COUNT(doings); i++) {
		const unsigned long made = atomic_load(&rounds[i]);

		fprintf(stderr, "thread %zu: %lu rounds\n", i, made);
		fewest = made < fewest ? made : fewest;
	}
	return fewest;
}

int main(int argc, char **argv)
{
	const bool names = argc == 2 && strcmp(argv[1], "calls") == 0;
	const int seconds = argc == 2 ? atoi(argv[1]) : 0;

	for (size_t i = 0; names && i < COUNT(doings); i++)
		fputs(doings[i].calls, stdout);
	if (names)
		return 0;
	if (seconds <= 0) {
		fprintf(stderr, "usage: stress SECONDS | calls\n");
		return 2;
	}
	open_shared();
	run_threads(seconds);
	for (int i = 0; i < SHARED; i++) {
		MUST(set(shared[i], sets[1 + (size_t)i % (COUNT(sets) - 1)]));
		check_same(shared[i], sets[1 + (size_t)i % (COUNT(sets) - 1)],
			   "when all is over");
	}
	check_calls();
	printf("%zu threads, %lu rounds at least, %lu wrong\n", COUNT(doings),
	       fewest_rounds(), atomic_load(&wrong));
	return atomic_load(&wrong) != 0;
}
