/* SPDX-License-Identifier: GPL-2.0-only */
/* Segments that reached a socket, and that TCP then refused: its memory was full, its window closed, a
 * checksum wrong. The sender sends them again. Not among them is what came with an old timestamp
 * (PAWSEstab): of most of that an earlier copy was taken.
 *
 * source: linux net/ipv4/proc.c, and where net/ipv4/tcp_input.c and tcp_ipv4.c count */
#ifndef LKOS_TRANSLATE_TCP_REFUSALS_H
#define LKOS_TRANSLATE_TCP_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

/* How many there were in a network namespace. A number to be compared with an earlier one: some are counted
 * twice.
 * netstat, snmp: the texts of these files of /proc/net, which end with a zero.
 * false: this kernel does not count them. */
bool lkos_tcp_refusals(const char *netstat, const char *snmp, uint64_t *refused);

#endif
