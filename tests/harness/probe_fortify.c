/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program built with _FORTIFY_SOURCE: its recv and recvfrom, where the compiler
 * knows the size of the buffer and not that of the request, call libc's checking versions. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/harness/probe.h"

#define ONLOAD_MSG_ONEPKT 0x20000 /* onload/extensions.h */

static char room[16];

static long receive(const char *call, int fd, size_t size, int flags)
{
	return strcmp(call, "recv") == 0 ? recv(fd, room, size, flags)
					 : recvfrom(fd, room, size, flags, NULL, NULL);
}

/* args: the family, the call, "plain" or the flag's name, and how many bytes to ask for. */
static void fortified(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const int bit = strcmp(args[2], "onepkt") == 0 ? ONLOAD_MSG_ONEPKT : 0;
	const size_t size = strtoul(args[3], NULL, 0);

	MUST(send(pair.near, "0123456789", 10, 0));
	wait_for(pair.far, POLLIN);
	fact("received=%s %.10s", outcome(receive(args[1], pair.far, size, bit)), room);
	fact("waitall=%s",
	     outcome(receive(args[1], pair.far, size, bit | MSG_WAITALL | MSG_DONTWAIT)));
}

const struct scenario scenarios[] = {
	{"fortified", fortified},
	{NULL, NULL},
};
