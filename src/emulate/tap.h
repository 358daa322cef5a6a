/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets of TCP as they arrived, from a packet socket: where one ends, and when it came.
 *
 * What: for each network namespace in which this process makes TCP sockets, for four at most, an
 *     AF_PACKET socket with a ring of headers, in memory that the kernel fills. It has no descriptor, so
 *     a program does not see it, and it is read only when somebody asks.
 * When there is one: with CAP_NET_RAW, unless LKOS_TAP is 0, in a process that wants it: from the first TCP
 *     socket on that it makes, accepts from or asks about. So does a child of fork(), which opens its own.
 * Memory: for each, the ring (LKOS_TAP, in MiB) and half as much for what is known from it.
 * What is not known: see src/translate/tcp_packets.h. A ring that was full for some time is such a case.
 * The lock is taken by each of these functions. errno is kept. */
#ifndef LKOS_EMULATE_TAP_H
#define LKOS_EMULATE_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "src/translate/tcp_packets.h"

/* A TCP socket as it is at one moment, for a walk over what it has queued. */
struct lkos_tap_view {
	uint64_t network; /* its namespace's cookie */
	bool is_open; /* there is a tap in it, also where nothing is known of this socket */
	struct lkos_tcp_connection connection;
	struct lkos_tcp_unread unread; /* where its next read begins, and where what it has ends */
};

/* It costs a dozen system calls. To look also while nothing is queued helps: that is how connections that
 * were seen late become known. What asks wants the tap.
 * false: nothing is known of it, or fd is no connection of TCP. */
bool lkos_tap_look(int fd, struct lkos_tap_view *view);

/* The packet that byte `offset` of the stream is in, from view->unread.begin on: the next one begins
 * where it ends. false: not known, or at the end of what was queued. */
bool lkos_tap_packet(const struct lkos_tap_view *view, uint64_t offset,
		     struct lkos_tcp_packet *packet);

/* When the packet came that this byte of the stream is in, also if it came after the look. 0: not known.
 */
uint64_t lkos_tap_arrival(const struct lkos_tap_view *view, uint64_t offset);

/* As the process starts. mebibytes: of LKOS_TAP; 0: none is opened. */
void lkos_tap_start(unsigned int mebibytes);

/* From now on this process is one that may ask about packets, and its children. */
void lkos_tap_want(void);
bool lkos_tap_is_wanted(void);

/* This process has opened none yet, and wants one. */
bool lkos_tap_is_missing(void);

/* A thread has made this socket, or is about to accept from it; others than TCP's are passed over. The
 * first one is told in the log. */
void lkos_tap_open_for(int fd);

#endif
