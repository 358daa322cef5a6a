/* SPDX-License-Identifier: GPL-2.0-only */
/* What this process knows of its descriptor numbers: the SOF_TIMESTAMPING_* flags that the
 * application requested on the socket of each (the cache), and whether any socket can have
 * timestamps at all.
 *
 * The cache has an entry for each number below LKOS_FDS_MOST, in blocks. The first block is always
 * there; the others are mapped when something is cached of a number in them, 32 KiB each. A number
 * without an entry is asked about each time. An entry ends when its number is closed and again when it
 * is given out (interpose/descriptors.c), so that a number which was reused unseen in one of these
 * two ways is still told apart. All entries end when this process changes the flags of a socket, which
 * may have several numbers. Nothing is cached in a vfork child, which has descriptors of its own
 * in its parent's memory.
 *
 * On i386, fcntl(F_DUPFD) is not seen: a number that libc closed by itself, as fclose does, and that
 * fcntl gave out, is taken for the socket that it was.
 *
 * No locks; a signal handler may call any of these. errno is kept. */
#ifndef LKOS_RUNTIME_DESCRIPTORS_H
#define LKOS_RUNTIME_DESCRIPTORS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/runtime/c.h"

#define LKOS_FDS_PER_BLOCK 4096
#define LKOS_FDS_MOST (1 << 20)   /* the kernel's default nr_open */
#define LKOS_FLAGS_END (1U << 24) /* above all flags that are cached */

/* An entry: the flags in its low 24 bits; LKOS_FD_NOT_NOTED where only the entry knows them; above these
 * what lkos_fd_generation has, as long as it holds, or anything else. */
typedef _Atomic uint64_t lkos_fd_entry;

#define LKOS_FD_NOT_NOTED (UINT64_C(1) << 30)

extern LKOS_HIDDEN lkos_fd_entry lkos_fd_first_block[LKOS_FDS_PER_BLOCK];
extern LKOS_HIDDEN _Atomic uint64_t lkos_fd_generation;
extern LKOS_HIDDEN _Atomic uint32_t lkos_fd_times_forgotten; /* of all numbers */

/* NULL: the number has no entry. */
lkos_fd_entry *lkos_fd_entry_of(int fd);

/* Has the entry these flags? false: it does not hold. */
static inline bool lkos_fd_entry_holds(const lkos_fd_entry *at, uint32_t *requested)
{
	const uint64_t entry = (*at & ~LKOS_FD_NOT_NOTED) ^ lkos_fd_generation;

	*requested = (uint32_t)entry;
	return entry < LKOS_FLAGS_END;
}

/* The flags that were requested on fd's socket. false: not known. */
static inline bool lkos_fd_cached(int fd, uint32_t *requested)
{
	const lkos_fd_entry *at = lkos_fd_entry_of(fd);

	return at && lkos_fd_entry_holds(at, requested);
}

/* The same for the numbers that most programs have: in the fast path. */
static inline bool lkos_fd_cached_first(int fd, uint32_t *requested)
{
	return (unsigned int)fd < LKOS_FDS_PER_BLOCK &&
	       lkos_fd_entry_holds(&lkos_fd_first_block[fd], requested);
}

/* The flags that were cached last, or left as a hint; they may have changed. not_noted: nothing else
 * knows them. false: none. */
bool lkos_fd_hint(int fd, uint32_t *requested, bool *not_noted);
void lkos_fd_leave_hint(int fd, uint32_t requested, bool not_noted);

/* A number as it was before the kernel was asked about it. */
struct lkos_fd_snapshot {
	lkos_fd_entry *at; /* NULL: nothing can be cached */
	uint64_t entry, generation;
};

struct lkos_fd_snapshot lkos_fd_look(int fd);

/* Caches what was learnt, if since then the number was not forgotten and no flags changed. */
void lkos_fd_cache(const struct lkos_fd_snapshot *snapshot, uint32_t requested);

/* The numbers from first to last were closed or given out. */
void lkos_fd_forget_range(unsigned int first, unsigned int last);

/* An entry that is forgotten differs from what it was at any time before, so that what is just being
 * learnt of the number is not kept. */
static inline void lkos_fd_forget_entry(lkos_fd_entry *at)
{
	*at = (uint64_t)lkos_fd_times_forgotten++ << 32;
}

static inline void lkos_fd_forget(int fd)
{
	if (LKOS_LIKELY((unsigned int)fd < LKOS_FDS_PER_BLOCK))
		lkos_fd_forget_entry(&lkos_fd_first_block[fd]);
	else
		lkos_fd_forget_range((unsigned int)fd, (unsigned int)fd);
}

/* The flags of a socket have changed: all entries end, but stay as hints. */
void lkos_fd_expire(void);

/* From now on nothing is cached: a thread has a descriptor table of its own, so that a number does
 * not tell the socket any more. For good, unless a vfork child says so. */
void lkos_fd_cache_nothing(void);

/* This process has memory of its own: said at start, and in the child of a fork, which has one thread,
 * of its own number. */
void lkos_fd_own_process(void);
void lkos_fd_forked(void);

/* An option of SOL_SOCKET that is a number. return: 0, or a negative errno where fd is no socket or the
 * kernel does not tell. */
int lkos_socket_option(int fd, int optname, uint32_t *value);

/* A whole decimal number from 0 to INT_MAX, as users and /proc write descriptors; else -1. */
int lkos_descriptor_number(const char *text);

/* Can a message that comes in have a timestamp, so that it needs a second look? */
extern LKOS_HIDDEN atomic_bool lkos_stamps_possible;

/* Has some socket RAW_HARDWARE, so that messages that are sent are looked at? One that came from
 * elsewhere counts once something is learnt of it: a program which requests nothing has no system
 * call of ours when it sends. */
extern LKOS_HIDDEN atomic_bool lkos_requests_possible;

static inline void lkos_stamps_become_possible(void)
{
	atomic_store_explicit(&lkos_stamps_possible, true, memory_order_relaxed);
}

static inline void lkos_requests_become_possible(void)
{
	atomic_store_explicit(&lkos_requests_possible, true, memory_order_relaxed);
}

/* At start: stamps are possible where an open socket has flags of SO_TIMESTAMPING, or can bring other
 * sockets (AF_UNIX). Only sockets answer this question: fstat could wait for the server of a dead
 * network file system. Before it, both are possible. */
void lkos_possible_look(void);

#endif
