/* SPDX-License-Identifier: GPL-2.0-only */
/*     program WORLD FAMILY BASE [veth]
 *
 * WORLD   libc, card
 * FAMILY  udp4, udp6, tcp4, tcp6, unix
 * BASE    a set of flags, tried with each option beside it, or several with commas between them;
 *         "grid", all sets of the basic flags; or "held", what the kernel itself holds of a
 *         request per call
 * veth    the ends are not both on loopback, but at the two ends of a veth pair
 *
 * Exit status: 0; 2 if something other than what is tried here failed, which stderr tells. */
#include "tests/worlds/program.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/stamping.h"

static const struct set bases[] = {
	{"none", 0},
	{"hardware", RX_HW | TX_HW | RAW},
	{"hardware_software", RX_HW | TX_HW | RAW | SOFT},
	{"all", RX_HW | TX_HW | RAW | SYS | RX_SW | TX_SW | SOFT},
	{"software", RX_SW | TX_SW | SOFT},
	{"rx_hardware", RX_HW | RAW},
	{"tx_hardware", TX_HW | RAW},
	{"onload", RX_HW | RAW | SYS | SOFT},
};

static const struct set options[] = {
	{"", 0},
	{"+id", ID},
	{"+id_tcp", ID | ID_TCP},
	{"+tsonly", TSONLY},
	{"+cmsg", SOF_TIMESTAMPING_OPT_CMSG},
	{"+swhw", SWHW},
	{"+sched", SCHED},
	{"+ack", ACK},
	{"+sched+ack+id+tsonly", SCHED | ACK | ID | TSONLY},
	{"+rx_filter", RX_FILTER},
	{"+pktinfo", PKTINFO},
};

static const struct set basics[] = {
	{" TX_HW", TX_HW}, {" TX_SW", TX_SW}, {" RX_HW", RX_HW},
	{" RX_SW", RX_SW}, {" SOFT", SOFT},   {" SYS", SYS},
	{" RAW", RAW},     {" SWHW", SWHW},   {" FILTER", RX_FILTER},
};

static const struct family families[] = {
	{"udp4", AF_INET, SOCK_DGRAM},  {"udp6", AF_INET6, SOCK_DGRAM},
	{"tcp4", AF_INET, SOCK_STREAM}, {"tcp6", AF_INET6, SOCK_STREAM},
	{"unix", AF_UNIX, SOCK_DGRAM},
};

const struct calls libc_calls = {
	.setsockopt = setsockopt,
	.getsockopt = getsockopt,
	.recvmsg = recvmsg,
	.recvmmsg = recvmmsg,
	.send = send,
	.sendmsg = sendmsg,
	.sendmmsg = sendmmsg,
	.accept = accept,
	.poll = poll,
	.close = close,
};

const struct calls *calls;
const struct family *family;
const char *set_name = "program";

long must(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s: %s\n", set_name, what, strerror(errno));
		exit(2);
	}
	return result;
}

bool is_tcp(void)
{
	return family->type == SOCK_STREAM;
}

/* ---- Sockets */

void set_int(int fd, int level, int number, int value)
{
	MUST(calls->setsockopt(fd, level, number, &value, sizeof(value)));
}

void ask_pktinfo(int fd)
{
	if (family->domain == AF_INET)
		set_int(fd, SOL_IP, IP_PKTINFO, 1);
	else
		set_int(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1);
}

int try_to_ask(int fd, uint32_t flags)
{
	return calls->setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
				 sizeof(flags));
}

void ask(int fd, uint32_t flags)
{
	MUST(try_to_ask(fd, flags));
}

int bound_socket(enum end end)
{
	const struct timeval limit = {.tv_sec = WAIT_MS / 1000};
	struct sockaddr_storage addr;
	const socklen_t size = network_address(end, family->domain, &addr);
	int fd;

	network_enter(end);
	fd = (int)MUST(socket(family->domain, family->type, 0));
	MUST(calls->setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	MUST(bind(fd, (struct sockaddr *)&addr, size));
	if (is_tcp())
		set_int(fd, SOL_TCP, TCP_NODELAY, 1); /* each send is a segment */
	return fd;
}

static void connect_to(int fd, int peer)
{
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);

	MUST(getsockname(peer, (struct sockaddr *)&addr, &size));
	MUST(connect(fd, (struct sockaddr *)&addr, size));
}

struct ends tcp_ends(int listener)
{
	struct ends ends = {.near = bound_socket(NEAR)};

	connect_to(ends.near, listener);
	ends.far = (int)MUST(calls->accept(listener, NULL, NULL));
	return ends;
}

struct ends open_ends(void)
{
	struct ends ends;
	int fds[2];

	if (family->domain == AF_UNIX) {
		MUST(socketpair(AF_UNIX, family->type, 0, fds));
		return (struct ends){fds[0], fds[1]};
	}
	if (is_tcp()) {
		const int listener = bound_socket(FAR);

		MUST(listen(listener, 1));
		ends = tcp_ends(listener);
		calls->close(listener);
		return ends;
	}
	ends = (struct ends){bound_socket(NEAR), bound_socket(FAR)};
	connect_to(ends.near, ends.far);
	connect_to(ends.far, ends.near);
	return ends;
}

void close_ends(struct ends ends)
{
	calls->close(ends.near);
	calls->close(ends.far);
}

/* ---- Messages */

const size_t rooms[] = {0, 8, 15, 16, 20, 32, 40, 48, 60, 63, 64, 65, 72, 100, 112, 200};
const size_t rooms_count = COUNT(rooms);

void send_hello(int fd)
{
	MUST(calls->send(fd, HELLO, HELLO_SIZE, 0));
}

short ready(int fd, int timeout_ms)
{
	struct pollfd one = {.fd = fd, .events = POLLIN | POLLPRI};

	MUST(calls->poll(&one, 1, timeout_ms));
	return one.revents;
}

void send_across(struct ends ends)
{
	send_hello(ends.near);
	ready(ends.far, WAIT_MS);
}

void send_and_drop(struct ends ends)
{
	send_across(ends);
	receive_words(ends.far, (struct how){PLAIN});
}

const char *receive_words(int fd, struct how how)
{
	static char data[1024];
	_Alignas(struct cmsghdr) static char control[640];
	struct sockaddr_storage addr;
	struct iovec room = {data, how.data};
	struct msghdr msg = {.msg_iov = &room,
			     .msg_iovlen = how.no_data ? 0 : 1,
			     .msg_control = how.room > 0 ? control + how.unaligned : NULL,
			     .msg_controllen = how.room};

	if (how.named) {
		msg.msg_name = &addr;
		msg.msg_namelen = sizeof(addr);
	}
	memset(control, 0x5a,
	       sizeof(control)); /* nor zero, nor what the last message left */
	return message_words(calls->recvmsg(fd, &msg, how.flags), &msg);
}

/* ---- Facts */

void say(const char *where, const char *words)
{
	printf("%s/%s: %s\n", set_name, where, words);
}

void say_number(const char *where, unsigned int number, const char *words)
{
	printf("%s/%s.%u: %s\n", set_name, where, number, words);
}

void say_received(const char *where, struct ends ends, struct how how)
{
	send_across(ends);
	say(where, receive_words(ends.far, how));
	if (is_tcp() && (how.data < HELLO_SIZE || how.no_data))
		receive_words(ends.far, (struct how){PLAIN}); /* the rest */
}

void say_reports_until(const char *where, int fd, struct how how, const char *word,
		       int count)
{
	const char *words;

	how.flags |= MSG_ERRQUEUE;
	printf("%s/%s: ", set_name, where);
	do {
		if (count > 0)
			ready(fd, WAIT_MS);
		words = receive_words(fd, how);
		if (words[0] == '-' && count > 0) {
			errno = ETIME;
			must(-1, where);
		}
		count -= strstr(words, word) ? 1 : 0;
		printf("%s%s", words, words[0] == '-' ? "\n" : "; ");
	} while (words[0] != '-');
}

void say_reports(const char *where, int fd, struct how how)
{
	say_reports_until(where, fd, how, "", 0);
}

void say_reports_of(const char *where, int fd, struct how how, uint32_t flags, int sends)
{
	say_reports_until(where, fd, how, " ack ", is_tcp() && flags & ACK ? sends : 0);
}

const char *value_words(int fd, int number, socklen_t size)
{
	static char words[64];
	uint32_t value[2] = {0x5a5a5a5a, 0x5a5a5a5a};

	if (calls->getsockopt(fd, SOL_SOCKET, number, value, &size) != 0)
		return result_words(-1);
	snprintf(words, sizeof(words), "%u bytes 0x%x 0x%x", size, value[0], value[1]);
	return words;
}

/* ---- Sets */

static void try_set(const struct set *base, const struct set *option)
{
	static char name[64];
	const uint32_t flags = base->flags | option->flags;

	snprintf(name, sizeof(name), "%s%s", base->name, option->name);
	set_name = name;
	if (family->domain != AF_UNIX) {
		try_asking(flags);
		try_sending(flags);
		try_asking_per_call(flags);
		try_other_ways(flags);
	}
	try_receiving(flags);
}

static void try_options(const struct set *base)
{
	for (size_t i = 0; i < COUNT(options); i++)
		try_set(base, &options[i]);
}

static void try_basics(unsigned int which)
{
	char name[128] = "grid";
	const struct ends ends = open_ends();
	uint32_t flags = 0;

	for (size_t i = 0; i < COUNT(basics); i++) {
		if (which >> i & 1) {
			flags |= basics[i].flags;
			strcat(name, basics[i].name);
		}
	}
	set_name = name;
	ask(ends.near, flags);
	ask(ends.far, flags);
	say("asked", value_words(ends.near, SO_TIMESTAMPING_OLD, 4));
	say_received("received", ends, (struct how){PLAIN});
	if (family->domain != AF_UNIX) /* it has no such queue */
		say_reports("sent", ends.near, (struct how){PLAIN});
	close_ends(ends);
}

static void try_all_basics(void)
{
	for (unsigned int which = 0; which < 1U << COUNT(basics); which++)
		try_basics(which);
}

/* Asks the kernel past any library. */
static void try_held(void)
{
	const struct ends ends = open_ends();
	uint32_t flags = 0;
	socklen_t size = sizeof(flags);

	set_name = "held";
	ask(ends.near, RAW | SOFT | SWHW);
	ask_per_call(ends, TX_HW);
	MUST(syscall(SYS_getsockopt, ends.near, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
		     &size));
	say("kernel", flags & SWHW ? "OPT_TX_SWHW" : "no OPT_TX_SWHW");
	close_ends(ends);
}

/* Until something has come through. */
static void wait_for_cable(void)
{
	const struct family *const asked = family;
	const time_t end = time(NULL) + WAIT_MS / 1000;
	struct ends ends;

	family = asked->domain == AF_INET6 ? &families[1] : &families[0];
	ends = open_ends();
	do {
		send_hello(ends.near);
		if (time(NULL) > end) {
			errno = ETIME;
			must(-1, "the cable");
		}
	} while (!ready(ends.far, 10));
	close_ends(ends);
	family = asked;
}

static const void *named(const char *name, const void *rows, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		const void *row = (const char *)rows + i * size;

		if (strcmp(*(const char *const *)row, name) == 0)
			return row;
	}
	errno = EINVAL;
	must(-1, name);
	return NULL;
}

#define NAMED(name, rows) named(name, rows, COUNT(rows), sizeof((rows)[0]))

static _Noreturn void not_run(const char *needs)
{
	printf("not run: needs %s\n", needs);
	exit(0);
}

static bool has_ipv6(void)
{
	struct sockaddr_storage addr;
	const socklen_t size = network_address(NEAR, AF_INET6, &addr);
	bool bound;
	int fd;

	network_enter(NEAR);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bound = fd >= 0 && bind(fd, (struct sockaddr *)&addr, size) == 0;
	close(fd);
	return bound;
}

int main(int argc, char **argv)
{
	const bool veth = argc == 5 && strcmp(argv[4], "veth") == 0;

	if (argc != 4 && !veth) {
		fprintf(stderr, "usage: %s libc|card FAMILY BASE|grid|held [veth]\n",
			argv[0]);
		return 2;
	}
	calls = strcmp(argv[1], "card") == 0 ? &card_calls : &libc_calls;
	family = NAMED(argv[2], families);
	words_begin();
	MUST(keep_stamping_on(0));
	if (veth && !network_open())
		not_run("CAP_NET_ADMIN");
	if (family->domain == AF_INET6 && !has_ipv6())
		not_run("IPv6");
	if (veth)
		wait_for_cable();
	for (const char *base = strtok(argv[3], ","); base; base = strtok(NULL, ",")) {
		if (strcmp(base, "held") == 0)
			try_held();
		else if (strcmp(base, "grid") == 0)
			try_all_basics();
		else
			try_options(NAMED(base, bases));
	}
	return 0;
}
