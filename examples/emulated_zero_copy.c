/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as an Onload user writes it: it receives quotes by zero copy and keeps one for later, and
 * sends orders from packet buffers that it has filled. It talks to itself over loopback.
 *
 *     cc -o emulated_zero_copy emulated_zero_copy.c -lonload_ext
 *     LD_PRELOAD=liblk_onload_emulation.so:liblk_onload_stub.so ./emulated_zero_copy
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

#define BOOK_SIZE 5000 /* takes several buffers */

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

static int bound_socket(int type, struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	const int fd = must(socket(AF_INET, type, 0), "socket");

	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	must(bind(fd, (struct sockaddr *)address, size), "bind");
	must(getsockname(fd, (struct sockaddr *)address, &size), "getsockname");
	return fd;
}

static int connected_socket(int type, const struct sockaddr_in *address)
{
	const int fd = must(socket(AF_INET, type, 0), "socket");

	must(connect(fd, (const struct sockaddr *)address, sizeof(*address)), "connect");
	return fd;
}

/* ---- Receiving ---- */

struct feed {
	int messages, bytes;
	int buffers_of_book;
	onload_zc_handle book; /* kept */
	const char *title;     /* in it */
};

/* Is given each message. Quotes are done with when it returns; the order book is for later. */
static enum onload_zc_callback_rc take(struct onload_zc_recv_args *args, int flags)
{
	struct feed *const feed = args->user_ptr;
	const struct onload_zc_iovec *const pieces = args->msg.iov;
	int length = 0;

	(void)flags;
	for (size_t i = 0; i < args->msg.msghdr.msg_iovlen; i++)
		length += (int)pieces[i].iov_len;
	feed->messages++;
	feed->bytes += length;
	if (length != BOOK_SIZE)
		return ONLOAD_ZC_CONTINUE;
	feed->buffers_of_book = (int)args->msg.msghdr.msg_iovlen;
	feed->title = pieces[0].iov_base;
	feed->book = pieces[0].buf; /* stands for all of them */
	return ONLOAD_ZC_KEEP;
}

static int receive(int fd, struct feed *feed)
{
	struct onload_zc_recv_args args = {.cb = take, .user_ptr = feed};

	return onload_zc_recv(fd, &args);
}

static void receive_quotes(void)
{
	struct sockaddr_in address;
	const int receiver = bound_socket(SOCK_DGRAM, &address);
	const int sender = connected_socket(SOCK_DGRAM, &address);
	struct feed feed = {.messages = 0};
	char book[BOOK_SIZE] = "order book";

	must((int)send(sender, "quote", 5, 0), "send");
	must((int)send(sender, book, sizeof(book), 0), "send");
	must((int)send(sender, "quote", 5, 0), "send");
	say("onload_zc_recv on UDP", receive(receiver, &feed));
	say("datagrams handed over", feed.messages);
	say("buffers of a datagram of 5000 bytes", feed.buffers_of_book);
	printf("kept datagram, read later: %s\n", feed.title ? feed.title : "nothing");
	say("kept datagram released", onload_zc_release_buffers(receiver, &feed.book, 1));
	say("released once more", onload_zc_release_buffers(receiver, &feed.book, 1));
	close(sender);
	close(receiver);
}

/* ---- Sending ---- */

static void fill(struct onload_zc_iovec *buffer, const char *text)
{
	buffer->iov_len = (unsigned char)strlen(text);
	memcpy(buffer->iov_base, text, strlen(text));
}

static void send_orders(void)
{
	struct sockaddr_in address;
	const int listener = bound_socket(SOCK_STREAM, &address);
	struct onload_zc_mmsg orders[2] = {{.rc = 0}};
	struct onload_zc_iovec buffers[2];
	struct feed feed = {.messages = 0};
	int client, server, allocated;

	must(listen(listener, 1), "listen");
	client = connected_socket(SOCK_STREAM, &address);
	server = must(accept(listener, NULL, NULL), "accept");
	allocated = onload_zc_alloc_buffers(client, buffers, 2, ONLOAD_ZC_BUFFER_HDR_TCP);
	say("onload_zc_alloc_buffers", allocated);
	if (allocated == 0) {
		fill(&buffers[0], "buy 100");
		fill(&buffers[1], "sell 50");
	}
	for (int i = 0; i < 2; i++) {
		orders[i].fd = client;
		orders[i].msg.iov = &buffers[i];
		orders[i].msg.msghdr.msg_iovlen = 1;
	}
	say("onload_zc_send, messages", onload_zc_send(orders, 2, 0));
	say("bytes sent of the second", orders[1].rc);
	must(shutdown(client, SHUT_WR), "shutdown");
	say("onload_zc_recv on TCP", receive(server, &feed) > 0);
	while (receive(server, &feed) > 0)
		;
	say("bytes handed over", feed.bytes);
	say("onload_zc_recv at the end of the stream", receive(server, &feed));
	close(server);
	close(client);
	close(listener);
}

int main(void)
{
	receive_quotes();
	send_orders();
	return 0;
}
