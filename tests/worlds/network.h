/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the two ends of a connection are: both on loopback, or each in a network of its own, with
 * a cable between them. */
#ifndef LKOS_TESTS_WORLDS_NETWORK_H
#define LKOS_TESTS_WORLDS_NETWORK_H

#include <stdbool.h>
#include <sys/socket.h>

enum end { NEAR, FAR };

/* Makes two network namespaces with a veth pair between them; sockets made from now on are in
 * one of these. They go when the process ends. false, with errno: it is not allowed here. */
bool network_open(void);

bool network_is_loopback(void);

/* From now on this process makes the sockets of this end. Of no effect on loopback. */
void network_enter(enum end end);

/* An address of the end, with port 0. */
socklen_t network_address(enum end end, int family, struct sockaddr_storage *addr);

#endif
