/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/tcp_refusals.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	bool is_new; /* not all kernels since 4.18 have it */
} of_netstat[] = {
	{"TCPRcvQDrop", false},       /* no memory, in order */
	{"TCPOFODrop", false},        /* the same, out of order */
	{"OfoPruned", false},         /* what was taken in out of order, dropped again */
	{"RcvPruned", false},         /* no memory, though all was pruned */
	{"TCPBacklogDrop", false},    /* while somebody used the socket */
	{"TCPZeroWindowDrop", false}, /* the window was closed */
	{"PAWSOldAck", true},         {"TSEcrRejected", true}, {"BeyondWindow", true},
};

static const char of_snmp[] = "InErrs"; /* of TCP: the checksum is wrong */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *next_line(const char *line)
{
	const char *const end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

static const char *next_word(const char *at)
{
	at += strcspn(at, " \n");
	return at + strspn(at, " ");
}

static uint64_t number_at(const char *at)
{
	uint64_t number = 0;

	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Two lines begin with `of`: one has names, and the next one their numbers. false: it is not there. */
static bool find(const char *text, const char *of, const char *name, uint64_t *number)
{
	const size_t length = strlen(name);
	const char *names = text, *numbers;

	while (names && !begins_with(names, of))
		names = next_line(names);
	numbers = names ? next_line(names) : NULL;
	if (!numbers || !begins_with(numbers, of))
		return false;
	for (; *names && *names != '\n';
	     names = next_word(names), numbers = next_word(numbers)) {
		if (begins_with(names, name) &&
		    (names[length] == ' ' || names[length] == '\n')) {
			*number = number_at(numbers);
			return true;
		}
	}
	return false;
}

bool lkos_tcp_refusals(const char *netstat, const char *snmp, uint64_t *refused)
{
	uint64_t number, sum;

	if (!find(snmp, "Tcp: ", of_snmp, &sum))
		return false;
	for (size_t i = 0; i < COUNT(of_netstat); i++) {
		if (find(netstat, "TcpExt: ", of_netstat[i].name, &number))
			sum += number;
		else if (!of_netstat[i].is_new)
			return false;
	}
	*refused = sum;
	return true;
}
