/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/timestamping_note.h"

#include "src/translate/timestamping_flags.h"

#define FLAGS_END (1 << 24) /* above all flags; fits the nanoseconds of a second */

/* From 1929 back to 1912, which fits the 32 bits of old kernels. */
static time_t date_of(uint64_t inode)
{
	return -1280003923 - (time_t)(inode & ((1U << 29) - 1));
}

static uint32_t from_time(uint64_t inode, struct timespec time)
{
	return time.tv_sec == date_of(inode) && time.tv_nsec < FLAGS_END
		       ? (uint32_t)time.tv_nsec
		       : LKOS_NOTE_NONE;
}

struct lkos_note lkos_note_from_times(uint64_t inode, struct timespec access,
				      struct timespec modification)
{
	return (struct lkos_note){.now = from_time(inode, modification),
				  .before = from_time(inode, access)};
}

void lkos_note_to_times(const struct lkos_note *note, uint64_t inode,
			struct timespec times[2])
{
	const uint32_t flags[] = {note->before, note->now};

	for (int i = 0; i < 2; i++)
		times[i] = (struct timespec){
			.tv_sec = date_of(inode),
			.tv_nsec = flags[i] < FLAGS_END ? (long)flags[i] : FLAGS_END,
		};
}

bool lkos_note_tells(const struct lkos_note *note, uint32_t held, uint32_t *requested)
{
	const uint32_t noted[] = {note->now, note->before};

	for (int i = 0; i < 2; i++) {
		*requested = noted[i];
		if (noted[i] != LKOS_NOTE_NONE && lkos_sof_held(noted[i]) == held)
			return true;
	}
	return false;
}
