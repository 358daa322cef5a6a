/* SPDX-License-Identifier: GPL-2.0-only */
/* Timestamps as words: what a probe of SO_TIMESTAMPING asks for, and what it is told. */
#ifndef LKOS_TESTS_HARNESS_STAMPS_H
#define LKOS_TESTS_HARNESS_STAMPS_H

#include <linux/net_tstamp.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/harness/probe.h"

#define OPT_ID_TCP (1U << 16) /* Linux 6.2; Debian 12's linux/net_tstamp.h is of 6.1 */

/* What an application asks, by name: "none", "hardware", "software", "both", ... */
uint32_t stamps_named(const char *name);

/* Whether this kernel has these flags, asked of a socket that is gone afterwards. */
bool kernel_knows(uint32_t flags);

/* Sets them in the old form of 4 bytes; must succeed. */
void ask(int fd, uint32_t flags);

/* "as asked", or the number that getsockopt gives instead. */
const char *read_back(int fd, uint32_t flags);

/* To be called first, so that each message from now on has a stamp. */
void turn_stamping_on(void);

/* How a message is received. */
struct how {
	int flags;    /* of the call */
	bool several; /* by recvmmsg */
	int number;   /* of the option: its messages have the same; 0 is the old one */
};

/* Receives one message and says what came with it, in order:
 *     stamps   a letter a slot, software, old, hardware: '-' empty, 'T' a time just now, 'S'
 *              one that differs from the software slot's, '?' another
 *     reports  of the error queue: "snd 4", "sched 0", "ack 4" with their ids; ECONNREFUSED; and
 *              "from here" where an address on loopback is named
 *     others   "other LEVEL/TYPE"
 *     the size of an error queue message: "packet", "payload" or "nothing"
 * "none": no control message; "-1 EAGAIN": no message. Good until this thread's next call. */
const char *receive_word(int fd, struct how how);

/* Of control data that came another way: the same words. number: as in struct how. */
const char *control_word(const struct msghdr *msg, int number);

/* Sends "hello" and waits until it is at the far end. */
void send_hello(struct pair pair);
#define HELLO "hello"
#define HELLO_SIZE 5

/* The same, and what receiving it says. */
const char *exchange(struct pair pair, struct how how);

/* Reads the error queue until it is empty: all of it, with "; " between. Where TX_ACK was asked
 * on TCP, waits for that many acknowledgements. */
const char *reports_word(int fd, struct how how, int acks);

#endif
