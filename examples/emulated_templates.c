/* SPDX-License-Identifier: GPL-2.0-only */
/* A trader as an Onload user writes it: the order is prepared before it is needed, only its price is filled
 * in when the moment has come, and then it is sent. It talks to itself over loopback.
 *
 *     cc -o emulated_templates emulated_templates.c -lonload_ext
 *     LD_PRELOAD=liblk_onload_emulation.so:liblk_onload_stub.so ./emulated_templates
 *
 * Exit status: 0 whatever the answers are; 1 if sockets do not work here. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <onload/extensions.h>
#include <onload/extensions_zc.h>

#define PRICE_AT 11 /* in the order */

#define GREETING "hello "

static char order[] = "buy 100 at ____";
static char book[1 << 17]; /* more than a segment has room for */

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(EXIT_FAILURE);
	}
	return result;
}

static void say(const char *what, int value)
{
	printf("%s: %d\n", what, value);
}

/* ---- Sockets ---- */

static int trader, exchange;

static void connect_both(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	const int listener = must(socket(AF_INET, SOCK_STREAM, 0), "socket");

	must(bind(listener, (struct sockaddr *)&address, size), "bind");
	must(listen(listener, 1), "listen");
	must(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
	trader = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(connect(trader, (struct sockaddr *)&address, size), "connect");
	exchange = must(accept(listener, NULL, NULL), "accept");
	close(listener);
}

/* What the exchange gets until the trader hangs up, after the greeting. */
static void print_order(void)
{
	char text[256] = "";
	size_t length = 0;
	ssize_t received;

	must(shutdown(trader, SHUT_WR), "shutdown");
	while ((received = recv(exchange, text + length, sizeof(text) - 1 - length, 0)) > 0)
		length += (size_t)received;
	printf("order received: %s\n",
	       length > strlen(GREETING) ? text + strlen(GREETING) : "none");
}

/* ---- Templates ---- */

static int prepare(void *message, size_t length, onload_template_handle *handle)
{
	const struct iovec piece = {message, length};

	return onload_msg_template_alloc(trader, &piece, 1, handle,
					 ONLOAD_TEMPLATE_FLAGS_PIO_RETRY);
}

static int set_price(onload_template_handle handle, off_t at, char *price, unsigned flags)
{
	const struct onload_template_msg_update_iovec update = {
		.otmu_base = price,
		.otmu_len = strlen(price),
		.otmu_offset = at,
	};

	return onload_msg_template_update(trader, handle, &update, 1, flags);
}

static void trade(void)
{
	onload_template_handle first = NULL, second = NULL;
	char price[] = "9.75", better[] = "9.80";

	say("onload_msg_template_alloc", prepare(order, strlen(order), &first));
	say("a second template", prepare(order, strlen(order), &second));
	must((int)send(trader, GREETING, strlen(GREETING), 0), "send");
	say("price filled in", set_price(first, PRICE_AT, price, 0));
	say("price beyond the end", set_price(first, 1000, price, 0));
	say("better price, and sent",
	    set_price(first, PRICE_AT, better, ONLOAD_TEMPLATE_FLAGS_SEND_NOW));
	say("sent once more", onload_msg_template_update(trader, first, NULL, 0,
							 ONLOAD_TEMPLATE_FLAGS_SEND_NOW));
	say("second template aborted", onload_msg_template_abort(trader, second));
	say("longer than a segment", prepare(book, sizeof(book), &first));
}

int main(void)
{
	connect_both();
	trade();
	print_order();
	close(exchange);
	close(trader);
	return 0;
}
