/* SPDX-License-Identifier: GPL-2.0-only */
/* What each socket asked of SO_TIMESTAMPING: the records.
 *
 * What is remembered: the SOF_TIMESTAMPING_* bits that the application set last, for each socket
 *     on which it set any, or on which we worked them out.
 * Keyed by: the socket's SO_COOKIE, a number that no other socket has until the machine
 *     restarts, and that is the same through dup, fork and SCM_RIGHTS. Which record a descriptor
 *     number leads to is kept beside it (runtime/descriptors.h).
 * Where: one table in memory that forked processes share, made before main. An exec'd process
 *     starts with an empty one. No locks: a record is one 64-bit word.
 * When it is forgotten: a closed socket's record stays until its place is wanted. The table has
 *     262,144 places in groups of 8, and a socket can only take one of its group, which the low
 *     bits of its cookie choose. In a full group first a record goes whose last known descriptor
 *     was closed, then any. So memory is bounded, and an open socket can lose its record where
 *     its group is full of open ones. Cookies are counted up, but by the whole machine: the
 *     groups of one process fill less evenly while others make sockets too. 180,000 open
 *     sockets with timestamps on a quiet machine lost none.
 * Without a record: the caller works the flags out from those that the kernel holds
 *     (translate/timestamping_flags.h, which says for which sets this is not exact).
 *
 * Threads that set the flags of one socket at once: each counts itself in (lkos_record_begin),
 * asks the kernel, and replaces the record as it saw it; a record that has changed in between is
 * looked at anew. interpose/asked.c has that loop and the reason why it is right.
 *
 * source: SO_COOKIE, linux net/core/sock_diag.c */
#ifndef LKOS_RUNTIME_RECORDS_H
#define LKOS_RUNTIME_RECORDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/runtime/export.h"

#define LKOS_GROUP_BITS 15
#define LKOS_PLACES_PER_GROUP 8
#define LKOS_PLACES ((1U << LKOS_GROUP_BITS) * LKOS_PLACES_PER_GROUP)

/* A record, from its lowest bit. An empty place is all zero; the turn of a used one never is. */
enum {
	LKOS_RECORD_TAG_BITS = 27,    /* the cookie above the bits that chose the group */
	LKOS_RECORD_ASKED_BITS = 24,  /* the SOF_TIMESTAMPING_* bits; Linux 6.18 has 19 */
	LKOS_RECORD_SETTERS_BITS = 6, /* threads that are inside setsockopt */
	LKOS_RECORD_CLOSED_BITS = 1,  /* a descriptor of it was closed: may be replaced */
	LKOS_RECORD_TURN_BITS = 6,    /* 1 to 63, another after each change */
};

struct lkos_record {
	uint32_t tag;
	uint32_t asked;
	uint32_t setters;
	uint32_t closed;
	uint32_t turn;
};

typedef _Atomic uint64_t lkos_place;

/* What sockets of this process, and of those it shares memory with, may have asked by now. */
struct lkos_possible {
	atomic_bool stamps; /* any: a message that comes in may have a stamp */
	atomic_bool
		requests; /* RAW_HARDWARE: one that is sent may ask for a stamp of it */
};

/* What forked processes share. */
struct lkos_table {
	lkos_place places[LKOS_PLACES];
	struct lkos_possible possible;
};

/* NULL until it is mapped, and without memory for it. */
extern LKOS_INNER struct lkos_table *_Atomic lkos_table;

/* Maps the table. Later calls do nothing. errno is kept. */
void lkos_records_open(void);

static inline uint32_t lkos_record_tag(uint64_t cookie)
{
	return (uint32_t)(cookie >> LKOS_GROUP_BITS) & ((1U << LKOS_RECORD_TAG_BITS) - 1);
}

static inline uint32_t lkos_word_asked(uint64_t word)
{
	return (uint32_t)(word >> LKOS_RECORD_TAG_BITS) &
	       ((1U << LKOS_RECORD_ASKED_BITS) - 1);
}

/* The socket's record. NULL: it has none. */
lkos_place *lkos_record_find(uint64_t cookie);

/* The socket's record, which is made with `asked` if there is none. NULL: no table. */
lkos_place *lkos_record_place(uint64_t cookie, uint32_t asked);

/* The record as it is. false: the place is another socket's by now. */
bool lkos_record_see(lkos_place *place, uint64_t cookie, struct lkos_record *seen);

/* One more thread sets the flags of this socket. false: the place is another socket's by now, or
 * there are too many such threads. */
bool lkos_record_begin(lkos_place *place, uint64_t cookie);

/* Puts `asked` and one setter less where `seen` still is. false: it has changed; see it anew. */
bool lkos_record_end(lkos_place *place, const struct lkos_record *seen, uint32_t asked);

/* A descriptor that led to this record was closed. */
void lkos_record_closed(lkos_place *place);

/* In the memory of the table, once that is mapped; until then one where all is true. */
extern LKOS_INNER struct lkos_possible *_Atomic lkos_possible;

/* false: a message that comes in needs no second look. It turns true for good when a socket asks
 * for timestamps, and whenever others can ask for it past us: one was inherited over exec, an
 * AF_UNIX socket is made (SCM_RIGHTS), another process's is taken (pidfd_getfd), or this process
 * forks, since the child may execute a program that asks. It is not told of vfork and posix_spawn.
 * What it says is of now: a call that waits is not told when it turns. */
static inline bool lkos_stamps_possible(void)
{
	return atomic_load_explicit(
		&atomic_load_explicit(&lkos_possible, memory_order_relaxed)->stamps,
		memory_order_relaxed);
}

/* false: a message that is sent needs no look. It turns true for good when a socket asks for
 * RAW_HARDWARE, or when a socket has come from elsewhere. Not when another program may ask on a
 * socket that it shares with us: that is seen once something is learnt of the socket, so that a
 * program which asks for nothing has no system call of ours when it sends. */
static inline bool lkos_requests_possible(void)
{
	return atomic_load_explicit(
		&atomic_load_explicit(&lkos_possible, memory_order_relaxed)->requests,
		memory_order_relaxed);
}

/* From here on the table's flags decide. For a process that starts without sockets. */
void lkos_possible_rule_out(void);

void lkos_stamps_become_possible(void);
void lkos_requests_become_possible(void);

#endif
