/* SPDX-License-Identifier: GPL-2.0-only */
/* A feed handler as an Onload user writes it: quotes come over several feeds, each with a number, and are
 * read in the order in which they reached the machine (onload_ordered_epoll_wait). An order gateway reads a
 * connection packet by packet (ONLOAD_MSG_ONEPKT). It sends the quotes itself, over loopback.
 *
 *     cc -o emulated_order emulated_order.c -lonload_ext
 *     EF_RX_TIMESTAMPING=1 LD_PRELOAD=liblk_onload_emulation.so:liblk_onload_stub.so ./emulated_order
 *
 * Exit status: 0 whatever the answers are; 1 if sockets do not work here. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <onload/extensions.h>

#define FEEDS 10
#define WAIT_MS 5000

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(EXIT_FAILURE);
	}
	return result;
}

/* ---- Sockets */

struct feed {
	int sender, receiver;
};

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void connect_to(int fd, int other)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	must(getsockname(other, (struct sockaddr *)&address, &size), "getsockname");
	must(connect(fd, (struct sockaddr *)&address, size), "connect");
}

static int bound_socket(int type)
{
	const struct sockaddr_in address = loopback();
	const int fd = must(socket(AF_INET, type, 0), "socket");

	must(bind(fd, (const struct sockaddr *)&address, sizeof(address)), "bind");
	return fd;
}

static struct feed new_feed(void)
{
	const struct feed feed = {
		.sender = must(socket(AF_INET, SOCK_DGRAM, 0), "socket"),
		.receiver = bound_socket(SOCK_DGRAM),
	};

	connect_to(feed.sender, feed.receiver);
	return feed;
}

static struct feed new_connection(void)
{
	const int listener = bound_socket(SOCK_STREAM), on = 1;
	struct feed feed = {.sender = must(socket(AF_INET, SOCK_STREAM, 0), "socket")};

	must(listen(listener, 1), "listen");
	connect_to(feed.sender, listener);
	feed.receiver = must(accept(listener, NULL, NULL), "accept");
	must(setsockopt(feed.sender, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)),
	     "setsockopt");
	close(listener);
	return feed;
}

/* So many bytes are queued, or of datagrams the first. */
static void wait_until_queued(int fd, int bytes)
{
	int queued = 0;

	for (int ms = 0; queued < bytes && ms < WAIT_MS; ms++) {
		must(ioctl(fd, FIONREAD, &queued), "ioctl");
		if (queued < bytes)
			poll(NULL, 0, 1);
	}
}

/* ---- The set of feeds */

struct handler {
	int set;
	struct feed feeds[FEEDS];
	struct epoll_event events[FEEDS];
	struct onload_ordered_epoll_event order[FEEDS];
};

static int wait_for_quotes(struct handler *handler, int timeout)
{
	return onload_ordered_epoll_wait(handler->set, handler->events, handler->order,
					 FEEDS, timeout);
}

static void add_feed(struct handler *handler, unsigned int index, struct feed feed)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};

	handler->feeds[index] = feed;
	must(epoll_ctl(handler->set, EPOLL_CTL_ADD, feed.receiver, &event), "epoll_ctl");
}

static struct handler new_handler(void)
{
	struct handler handler = {.set = must(epoll_create1(0), "epoll_create1")};

	for (unsigned int i = 0; i < FEEDS; i++)
		add_feed(&handler, i, new_feed());
	wait_for_quotes(&handler, 0); /* from now on what comes has its time */
	return handler;
}

static void send_quote(const struct handler *handler, int feed, uint32_t number)
{
	must((int)send(handler->feeds[feed].sender, &number, sizeof(number), 0), "send");
}

/* Reads what the events tell, and no more; of a feed whose order is not known, all. Calls back with each
 * quote. return: the number of events, or a negative errno. */
static int read_quotes(struct handler *handler, void (*quote)(uint32_t number, void *arg),
		       void *arg)
{
	const int count = wait_for_quotes(handler, WAIT_MS);

	for (int i = 0; i < count; i++) {
		const int fd = handler->feeds[handler->events[i].data.u32].receiver;
		const bool is_known = handler->order[i].ts.tv_sec != 0;
		int left = is_known ? handler->order[i].bytes : INT32_MAX;
		uint32_t number;

		while (left > 0 && recv(fd, &number, sizeof(number), MSG_DONTWAIT) ==
					   sizeof(number)) {
			quote(number, arg);
			left -= (int)sizeof(number);
		}
	}
	return count;
}

/* ---- What is shown */

static void print_number(uint32_t number, void *arg)
{
	int *const left = arg;

	printf(" %u", (unsigned int)number);
	--*left;
}

/* Four quotes over two feeds, all queued before the first is read. */
static void two_feeds(void)
{
	struct handler handler = new_handler();
	int count, left = 4;

	for (uint32_t number = 1; number <= 4; number++)
		send_quote(&handler, number % 2, number);
	wait_until_queued(handler.feeds[0].receiver, sizeof(uint32_t));
	printf("quotes 1 to 4 of two feeds, as read:");
	while (left > 0) {
		count = read_quotes(&handler, print_number, &left);
		if (count <= 0)
			break;
	}
	printf("%s\n", left == 4 ? " none" : "");
}

struct check {
	uint32_t expected;
	bool in_order;
};

static void check_number(uint32_t number, void *arg)
{
	struct check *const check = arg;

	check->in_order = check->in_order && number == check->expected;
	check->expected++;
}

/* As Onload's wire order sample: numbers over sockets that are chosen at random. */
static void many_feeds(void)
{
	struct handler handler = new_handler();
	struct check check = {.in_order = true};
	unsigned int seed = 1;
	uint32_t sent = 0;
	int count = 0;

	while (check.expected < 10000 && count >= 0) {
		for (; sent < check.expected + 100; sent++)
			send_quote(&handler, rand_r(&seed) % FEEDS, sent);
		count = read_quotes(&handler, check_number, &check);
	}
	printf("10000 quotes of ten feeds: %s\n", count < 0        ? "none read"
						  : check.in_order ? "in order"
								   : "not in order");
}

static void told(void)
{
	struct handler handler = new_handler();
	const struct feed connection = new_connection();
	int count;

	close(handler.feeds[1].receiver);
	close(handler.feeds[1].sender);
	add_feed(&handler, 1, connection);
	wait_for_quotes(&handler, 0);
	send_quote(&handler, 0, 1);
	send_quote(&handler, 0, 2);
	wait_until_queued(handler.feeds[0].receiver, sizeof(uint32_t));
	count = wait_for_quotes(&handler, WAIT_MS);
	printf("bytes of two quotes of one feed: %d\n",
	       count > 0 ? handler.order[0].bytes : count);
	must((int)send(connection.sender, "order", 5, 0), "send");
	wait_until_queued(connection.receiver, 5);
	count = wait_for_quotes(&handler, WAIT_MS);
	printf("then data on a connection: %s\n", count == 2 && handler.order[1].ts.tv_sec
							  ? "later, 5 bytes"
							  : "order not known");
}

/* Two orders on one connection: the gateway looks at the first when it comes. */
static void packets(void)
{
	const struct feed connection = new_connection();
	char bytes[100];

	must((int)send(connection.sender, "buy 10", 6, 0), "send");
	wait_until_queued(connection.receiver, 6);
	recv(connection.receiver, bytes, sizeof(bytes), ONLOAD_MSG_ONEPKT | MSG_PEEK);
	must((int)send(connection.sender, "sell 5", 6, 0), "send");
	wait_until_queued(connection.receiver, 12);
	printf("bytes received of one packet of 6: %d\n",
	       (int)recv(connection.receiver, bytes, sizeof(bytes), ONLOAD_MSG_ONEPKT));
}

int main(void)
{
	two_feeds();
	many_feeds();
	told();
	packets();
	return 0;
}
