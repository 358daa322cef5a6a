/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as an Onload user writes it: a filter looks for gaps in the numbers of all quotes that come,
 * whichever call receives them. It talks to itself over loopback.
 *
 *     cc -o emulated_filter emulated_filter.c -lonload_ext
 *     LD_PRELOAD=liblk_onload_emulation.so:liblk_onload_stub.so ./emulated_filter
 *
 * Exit status: 0 whatever the answers are; 1 if sockets do not work here. */
#define _GNU_SOURCE 1 /* for recvmmsg and strerrorname_np */

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
#include <onload/extensions_zc.h>

struct quote {
	uint32_t number;
	char text[12];
};

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

static int exchange, trader;

static void connect_both(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);

	trader = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	must(bind(trader, (struct sockaddr *)&address, size), "bind");
	must(getsockname(trader, (struct sockaddr *)&address, &size), "getsockname");
	exchange = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	must(connect(exchange, (struct sockaddr *)&address, size), "connect");
}

static void send_quote(uint32_t number)
{
	const struct quote quote = {.number = number, .text = "buy at 9.75"};

	must((int)send(exchange, &quote, sizeof(quote), 0), "send");
}

/* ---- The filter ---- */

struct watch {
	int quotes, gaps;
	uint32_t last;
};

/* Is shown each quote, before the call that receives it returns. */
static enum onload_zc_callback_rc look(struct onload_zc_msg *msg, void *arg, int flags)
{
	struct watch *const watch = arg;
	uint32_t number;

	(void)flags;
	if (msg->msghdr.msg_iovlen == 0 || msg->iov[0].iov_len < sizeof(number))
		return ONLOAD_ZC_CONTINUE;
	memcpy(&number, msg->iov[0].iov_base, sizeof(number));
	watch->quotes++;
	watch->gaps += number != watch->last + 1;
	watch->last = number;
	return ONLOAD_ZC_CONTINUE;
}

/* ---- Receiving ---- */

/* By one call after the other. return: how many quotes. */
static int receive_six(void)
{
	struct quote quotes[6];
	struct iovec pieces[6];
	struct mmsghdr messages[6] = {{.msg_len = 0}};

	for (int i = 0; i < 6; i++) {
		pieces[i] = (struct iovec){&quotes[i], sizeof(quotes[i])};
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	must((int)read(trader, &quotes[0], sizeof(quotes[0])), "read");
	must((int)recv(trader, &quotes[1], sizeof(quotes[1]), 0), "recv");
	must((int)recvmsg(trader, &messages[2].msg_hdr, 0), "recvmsg");
	return 3 + must(recvmmsg(trader, messages + 3, 3, 0, NULL), "recvmmsg");
}

static void receive_quotes(void)
{
	struct watch watch = {.quotes = 0};
	struct quote quote;

	say("onload_set_recv_filter", onload_set_recv_filter(trader, look, &watch, 0));
	for (uint32_t number = 1; number <= 7; number++) {
		if (number != 5) /* it gets lost on its way */
			send_quote(number);
	}
	say("quotes received by four calls", receive_six());
	say("quotes that the filter was shown", watch.quotes);
	say("gaps that it found", watch.gaps);
	say("filter removed", onload_set_recv_filter(trader, NULL, NULL, 0));
	send_quote(8);
	must((int)recv(trader, &quote, sizeof(quote), 0), "recv");
	say("quotes that it was shown afterwards", watch.quotes);
}

/* What has come through the kernel, such as from loopback; it never waits. */
static void receive_from_kernel(void)
{
	struct quote quote = {.number = 0};
	struct iovec piece = {&quote, sizeof(quote)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

	say("onload_recvmsg_kernel, nothing there",
	    onload_recvmsg_kernel(trader, &message, 0));
	send_quote(9);
	say("onload_recvmsg_kernel, a quote", onload_recvmsg_kernel(trader, &message, 0));
	say("number of the quote", (int)quote.number);
}

int main(void)
{
	connect_both();
	receive_quotes();
	receive_from_kernel();
	close(exchange);
	close(trader);
	return 0;
}
