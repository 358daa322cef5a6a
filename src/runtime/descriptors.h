/* SPDX-License-Identifier: GPL-2.0-only */
/* Which record (runtime/records.h) a descriptor number leads to, so that a message can be read
 * without asking the kernel which socket it came from.
 *
 * It is forgotten when the number is closed and again when it is given out
 * (interpose/descriptors.c), so a number that was reused behind our back in one of the two ways
 * is still told apart. Nothing is learnt from a dup, since it may be a vfork child's, which has
 * descriptors of its own in our memory. What was learnt is kept only if the number was not
 * forgotten meanwhile: each entry counts how often it was.
 *
 * On i386, fcntl(F_DUPFD) is not seen (interpose/descriptors.c): there a number that libc closed
 * by itself, as fclose does, and that fcntl gave out, is taken for the socket that it was.
 *
 * No locks; a signal handler may call any of these. Entries are mapped when something is first
 * learnt of a number, 4,096 of them or as many as its number takes, up to a million: a limit of
 * locked memory (RLIMIT_MEMLOCK) counts them all. More take the place of fewer, which stay mapped;
 * what those knew is learnt again. A number that has none is asked about each time. errno is
 * kept. */
#ifndef LKOS_RUNTIME_DESCRIPTORS_H
#define LKOS_RUNTIME_DESCRIPTORS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/runtime/export.h"
#include "src/runtime/records.h"

#define LKOS_FDS_FEWEST (1 << 12)
#define LKOS_FDS_MOST (1 << 20) /* numbers below the kernel's default nr_open */

/* An entry, from its lowest bit. Of the record's tag so many bits that two sockets which share
 * a place and these bits were made a thousand million sockets apart. */
enum {
	LKOS_FD_TAG_BITS = 16,
	LKOS_FD_FORGOTTEN_BITS = 29, /* how often the number was forgotten */
	LKOS_FD_PLACE_BITS = 19,     /* the place in the table plus one; 0: not known */
};

#define LKOS_FD_PLACE_SHIFT (LKOS_FD_TAG_BITS + LKOS_FD_FORGOTTEN_BITS)

/* The entries of the numbers below `count`. */
struct lkos_fds {
	unsigned int count;
	_Atomic uint64_t entries[];
};

extern LKOS_INNER struct lkos_fds *_Atomic lkos_fds;

/* The flags that were asked on fd's socket. false: not known. */
static inline bool lkos_fd_asked(int fd, uint32_t *asked)
{
	struct lkos_fds *fds = atomic_load_explicit(&lkos_fds, memory_order_acquire);
	uint64_t entry, word;

	if ((unsigned int)fd >= fds->count)
		return false;
	entry = atomic_load_explicit(&fds->entries[fd], memory_order_acquire);
	if (entry >> LKOS_FD_PLACE_SHIFT == 0)
		return false;
	word = atomic_load_explicit(
		atomic_load_explicit(&lkos_table, memory_order_relaxed)->places +
			(entry >> LKOS_FD_PLACE_SHIFT) - 1,
		memory_order_relaxed);
	*asked = lkos_word_asked(word);
	return (uint16_t)word == (uint16_t)entry;
}

/* fd as it was before something was learnt of it. */
struct lkos_fd_before {
	int fd;
	_Atomic uint64_t *at; /* NULL: it has no entry */
	uint64_t entry;
};

struct lkos_fd_before lkos_fd_before(int fd);

/* Makes an entry for a number that has none, which makes all others be learnt anew. false: there
 * is no memory for it, or nothing is to be kept. */
bool lkos_fd_make_room(int fd);

/* Was the number not forgotten, and nothing kept of it, since then? */
bool lkos_fd_is_as_before(const struct lkos_fd_before *before);

/* Keeps that fd, which was `before`, leads to `place`, the record of `cookie`. */
void lkos_fd_keep(const struct lkos_fd_before *before, lkos_place *place,
		  uint64_t cookie);

/* The number is closed, or was given out anew. return: the place that it led to, or NULL. */
lkos_place *lkos_fd_forget(int fd);

/* From now on nothing is kept: a thread has a table of descriptors of its own, so that a number
 * no longer tells the socket. For good. */
void lkos_fd_keep_nothing(void);

/* Does some number of this process lead to this place, as far as we know? */
bool lkos_fd_leads_to(const lkos_place *place);

/* One more than the highest number that something was kept of. */
unsigned int lkos_fd_limit(void);

/* Has the process a socket open, or is that not to be known? Reads /proc/self/fd. */
bool lkos_sockets_are_open(void);

#endif
