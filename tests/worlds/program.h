/* SPDX-License-Identifier: GPL-2.0-only */
/* One program for both worlds: asks for timestamps in every way it knows, and prints what it saw
 * as lines `SET/WHERE: WORDS` (words.h), the same on each run. */
#ifndef LKOS_TESTS_WORLDS_PROGRAM_H
#define LKOS_TESTS_WORLDS_PROGRAM_H

#include <linux/net_tstamp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/worlds/calls.h"
#include "tests/worlds/network.h"
#include "tests/worlds/words.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WAIT_MS 10000 /* no wait is longer; none is expected to come near */

#define RX_HW SOF_TIMESTAMPING_RX_HARDWARE
#define RX_SW SOF_TIMESTAMPING_RX_SOFTWARE
#define TX_HW SOF_TIMESTAMPING_TX_HARDWARE
#define TX_SW SOF_TIMESTAMPING_TX_SOFTWARE
#define SCHED SOF_TIMESTAMPING_TX_SCHED
#define ACK SOF_TIMESTAMPING_TX_ACK
#define RAW SOF_TIMESTAMPING_RAW_HARDWARE
#define SYS SOF_TIMESTAMPING_SYS_HARDWARE
#define SOFT SOF_TIMESTAMPING_SOFTWARE
#define ID SOF_TIMESTAMPING_OPT_ID
#define TSONLY SOF_TIMESTAMPING_OPT_TSONLY
#define SWHW SOF_TIMESTAMPING_OPT_TX_SWHW
#define PKTINFO SOF_TIMESTAMPING_OPT_PKTINFO
#define ID_TCP (1U << 16) /* these two are newer than Debian 12's header */
#define RX_FILTER (1U << 17)

#define TX_RECORDS ((uint32_t)(TX_HW | TX_SW | SCHED | ACK))

struct set { /* of flags */
	const char *name;
	uint32_t flags;
};

struct family {
	const char *name;
	int domain, type;
};

/* What is being tried: in which world, on which sockets, by which flags. */
extern const struct calls *calls;
extern const struct family *family;
extern const char *set_name;

bool is_tcp(void);

/* The result, unless it is below 0: then the program ends with status 2. */
long must(long result, const char *what);
#define MUST(call) must((long)(call), #call)

/* ---- Sockets */

struct ends {
	int near, far; /* connected to each other */
};

int bound_socket(enum end end);
struct ends tcp_ends(int listener);
struct ends open_ends(void);
void close_ends(struct ends ends);

void set_int(int fd, int level, int number, int value);

/* IP_PKTINFO, of either family. */
void ask_pktinfo(int fd);

/* SO_TIMESTAMPING, by its old number and of 4 bytes; the second must succeed. */
int try_to_ask(int fd, uint32_t flags);
void ask(int fd, uint32_t flags);

/* ---- Messages */

/* How one is received. */
struct how {
	int flags;
	size_t room;      /* for control data */
	size_t unaligned; /* bytes off */
	size_t data;      /* room for the rest */
	bool no_data;     /* no iovec at all */
	bool named;       /* room for an address */
};

#define PLAIN .room = 512, .data = 512

/* Rooms for control data in which messages are cut, and some in which they are not. */
extern const size_t rooms[];
extern const size_t rooms_count;

void send_hello(int fd);

/* What poll() tells of reading: 0 at the end of the time. */
short ready(int fd, int timeout_ms);

/* Waits until it is there. */
void send_across(struct ends ends);

/* And takes it away. A report of the send is then there too. */
void send_and_drop(struct ends ends);

const char *receive_words(int fd, struct how how);

/* ---- Facts */

void say(const char *where, const char *words);
void say_number(const char *where, unsigned int number, const char *words);

/* One message, sent and received so. */
void say_received(const char *where, struct ends ends, struct how how);

/* The error queue to its end, in one line; and until so many of its messages had this word. */
void say_reports_until(const char *where, int fd, struct how how, const char *word,
		       int count);
void say_reports(const char *where, int fd, struct how how);

/* Of sends with these flags, whose acknowledgements are waited for where some will come. */
void say_reports_of(const char *where, int fd, struct how how, uint32_t flags, int sends);

/* What getsockopt gives by this number of the option, for so many bytes. */
const char *value_words(int fd, int number, socklen_t size);

/* ---- What is tried, with a set of flags */

void try_asking(uint32_t flags);
void try_receiving(uint32_t flags);
void try_sending(uint32_t flags);
void try_asking_per_call(uint32_t flags);

/* One send with a request of its own, whose report stays. */
void ask_per_call(struct ends ends, uint32_t records);
void try_other_ways(uint32_t flags);

#endif
