/* SPDX-License-Identifier: GPL-2.0-only */
/* A program that imports nothing of Onload's, and what the tap costs it: each scenario prints how many
 * packet sockets its network has in the end, where there was none. */
#include <onload/extensions.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>

#include "tests/harness/probe.h"

static const struct family *const tcp4 = &(struct family){
	"tcp4",
	AF_INET,
	SOCK_STREAM,
	IPPROTO_TCP,
};

static void tell_packet_sockets(void)
{
	FILE *const list = fopen("/proc/thread-self/net/packet", "r");
	char line[256];
	int count = -1; /* the first line has the headings */

	must(list ? 0 : -1, "/proc/thread-self/net/packet");
	while (fgets(line, sizeof(line), list))
		count++;
	fclose(list);
	fact("packet sockets=%d", count);
}

static void make_socket(int of_no_use)
{
	(void)of_no_use;
	socket(AF_INET, SOCK_STREAM, 0);
}

static void accept_nothing(int listener)
{
	accept4(listener, NULL, NULL, SOCK_NONBLOCK);
}

static void talk(int flags)
{
	const struct pair pair = connected_pair(tcp4);
	char byte = 1;

	MUST(send(pair.near, &byte, sizeof(byte), 0));
	MUST(recv(pair.far, &byte, sizeof(byte), flags));
	close_pair(pair);
}

/* As a program does that knows nothing of Onload: */
static void plain(char **args)
{
	int listener;

	(void)args;
	enter_own_network();
	talk(0);
	listener = bound_socket(tcp4, NULL, NULL);
	MUST(fcntl(listener, F_SETFL, O_NONBLOCK));
	fact("system calls of socket()=%d", count_syscalls(make_socket, -1));
	fact("system calls of accept4()=%d", count_syscalls(accept_nothing, listener));
	tell_packet_sockets();
}

/* As one does that looks for Onload's functions when it runs: */
static void found(char **args)
{
	(void)args;
	enter_own_network();
	fact("found=%d", dlsym(RTLD_DEFAULT, "onload_zc_recv") != NULL);
	talk(0);
	tell_packet_sockets();
}

static void called(char **args)
{
	int (*is_present)(void);

	(void)args;
	enter_own_network();
	is_present = (int (*)(void))dlsym(RTLD_DEFAULT, "onload_is_present");
	fact("present=%d", is_present());
	talk(0);
	tell_packet_sockets();
}

/* As one does that asks for a packet by a flag alone: */
static void one_packet(char **args)
{
	(void)args;
	enter_own_network();
	talk(ONLOAD_MSG_ONEPKT);
	tell_packet_sockets();
}

const struct scenario scenarios[] = {
	{"plain", plain},           {"found", found}, {"called", called},
	{"one_packet", one_packet}, {NULL, NULL},
};
