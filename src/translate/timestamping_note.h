/* SPDX-License-Identifier: GPL-2.0-only */
/* The note: what the application requested of SO_TIMESTAMPING, kept on the socket itself, in the times
 * of its inode, which no kernel uses. So it goes with the socket through dup, fork, exec and
 * SCM_RIGHTS, and another user's process cannot change it.
 *
 * The modification time says what is requested now, the access time what was requested before: the
 * flags in nanoseconds, and in seconds a date that no clock has, made of the inode's number. That tells
 * a note from one of an earlier socket, since Linux hands the times on with the inode's memory. The
 * note is written before the kernel is told, so whoever reads it takes the one of the two that
 * leads to the flags which the kernel holds. If neither does, somebody set them past this library.
 *
 * Pure: an answer for each input; errno is not touched. */
#ifndef LKOS_TRANSLATE_TIMESTAMPING_NOTE_H
#define LKOS_TRANSLATE_TIMESTAMPING_NOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define LKOS_NOTE_NONE UINT32_MAX /* in place of flags: nothing is noted */

/* Sets of SOF_TIMESTAMPING_* bits below 2^24, or LKOS_NOTE_NONE. */
struct lkos_note {
	uint32_t now, before;
};

/* times: of access and modification. */
struct lkos_note lkos_note_from_times(uint64_t inode, struct timespec access,
				      struct timespec modification);
void lkos_note_to_times(const struct lkos_note *note, uint64_t inode,
			struct timespec times[2]);

/* Which flags of the note lead to those that the kernel holds? Those of now come first.
 * false: none of them. */
bool lkos_note_tells(const struct lkos_note *note, uint32_t held, uint32_t *requested);

#endif
