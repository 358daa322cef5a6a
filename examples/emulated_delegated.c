/* SPDX-License-Identifier: GPL-2.0-only */
/* A trader as an Onload user writes it: it has a way of its own to put packets on the wire, and lets Onload
 * make their headers and send again what gets lost. Where Onload cannot do that, it sends as usual. It talks
 * to itself over loopback.
 *
 *     cc -o emulated_delegated emulated_delegated.c -lonload_ext
 *     LD_PRELOAD=liblk_onload_emulation.so:liblk_onload_stub.so ./emulated_delegated
 *
 * Exit status: 0 whatever the answers are; 1 if sockets do not work here. */
#define _GNU_SOURCE 1 /* for strerrorname_np */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <onload/extensions.h>

#define HEADERS_ROOM 128
#define PACKET 12 /* bytes of payload, so that there are several */

static char order[] = "buy 100 at 9.75. sell 50 at 9.90. ";

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(EXIT_FAILURE);
	}
	return result;
}

/* A value, and errno where the call set it. */
static void say(const char *what, int value)
{
	const int error = errno;

	if (value == -1)
		printf("%s: -1, errno %s\n", what, strerrorname_np(error));
	else
		printf("%s: %d\n", what, value);
}

/* ---- Sockets ---- */

static struct sockaddr_in address; /* of the exchange */
static int trader, exchange;

static void connect_both(void)
{
	socklen_t size = sizeof(address);
	const int listener = must(socket(AF_INET, SOCK_STREAM, 0), "socket");

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(bind(listener, (struct sockaddr *)&address, size), "bind");
	must(listen(listener, 1), "listen");
	must(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
	trader = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(connect(trader, (struct sockaddr *)&address, size), "connect");
	exchange = must(accept(listener, NULL, NULL), "accept");
	close(listener);
}

/* Until the trader hangs up. */
static void print_received(void)
{
	char room[256];
	ssize_t received;
	int total = 0;

	must(shutdown(trader, SHUT_WR), "shutdown");
	while ((received = recv(exchange, room, sizeof(room), 0)) > 0)
		total += (int)received;
	say("bytes received by the exchange", total);
}

/* ---- Delegated sends ---- */

static int is_to_exchange(const struct onload_delegated_send *send_)
{
	const unsigned char *const tcp =
		(unsigned char *)send_->headers + send_->tcp_seq_offset - 4;

	return memcmp(tcp + 2, &address.sin_port, sizeof(address.sin_port)) == 0;
}

/* A program with a card of its own would send each of these packets here. */
static int make_packets(struct onload_delegated_send *send_)
{
	int count = 0;

	while (send_->user_size > 0) {
		const int length = send_->user_size < PACKET ? send_->user_size : PACKET;

		onload_delegated_send_tcp_update(send_, length,
						 send_->user_size == length);
		onload_delegated_send_tcp_advance(send_, length);
		count++;
	}
	return count;
}

static void trade(void)
{
	const int length = (int)strlen(order);
	const struct iovec whole = {order, (size_t)length};
	const struct iovec too_much[] = {whole, whole};
	unsigned char headers[HEADERS_ROOM];
	struct onload_delegated_send small = {.headers = headers, .headers_len = 14};
	struct onload_delegated_send send_ = {.headers = headers,
					      .headers_len = sizeof(headers)};
	enum onload_delegated_send_rc prepared;

	say("little room for headers",
	    (int)onload_delegated_send_prepare(trader, length, 0, &small));
	prepared = onload_delegated_send_prepare(trader, length, 0, &send_);
	say("onload_delegated_send_prepare", (int)prepared);
	say("headers are for the exchange",
	    prepared == ONLOAD_DELEGATED_SEND_RC_OK && is_to_exchange(&send_));
	say("packets made",
	    prepared == ONLOAD_DELEGATED_SEND_RC_OK ? make_packets(&send_) : 0);
	say("ordinary send", (int)send(trader, order, (size_t)length, 0));
	say("more than was prepared",
	    onload_delegated_send_complete(trader, too_much, 2, 0));
	say("onload_delegated_send_complete",
	    onload_delegated_send_complete(trader, &whole, 1, 0));
	say("onload_delegated_send_cancel", onload_delegated_send_cancel(trader));
	say("ordinary send afterwards", (int)send(trader, "bye.", 4, 0));
}

int main(void)
{
	connect_both();
	trade();
	print_received();
	close(exchange);
	close(trader);
	return 0;
}
