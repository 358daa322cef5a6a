/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/requested.h"

#include "src/runtime/file.h"
#include "src/runtime/next.h"
#include "src/translate/timestamping_flags.h"
#include "src/translate/timestamping_note.h"

#define LOOKS 4 /* so often is looked again where somebody changes what is looked at */

static const uint32_t per_call = LKOS_SOF_TX_HARDWARE_PER_CALL;

/* The flags that the kernel holds. By the old number, since the new one shows only what was set by
 * the new one. false: fd is no socket, or the kernel an old one. */
static bool read_held(int fd, uint32_t *held)
{
	return lkos_socket_option(fd, SO_TIMESTAMPING_OLD, held) == 0;
}

static LKOS_NOINLINE struct lkos_note read_note(int fd)
{
	lkos_file file;

	return lkos_file_read(fd, &file)
		       ? lkos_note_from_times(file.st_ino, file.st_atim, file.st_mtim)
		       : (struct lkos_note){LKOS_NOTE_NONE, LKOS_NOTE_NONE};
}

static LKOS_NOINLINE bool write_note(int fd, uint32_t now, uint32_t before)
{
	struct timespec times[2];
	lkos_file file;

	if (!lkos_file_read(fd, &file))
		return false;
	lkos_note_to_times(&(struct lkos_note){now, before}, file.st_ino, times);
	return lkos_file_set_times(fd, times);
}

/* What any process can tell that was requested, if it led to `held`: noted, else worked out. */
static uint32_t told(const struct lkos_note *note, uint32_t held)
{
	uint32_t requested;

	return lkos_note_tells(note, held, &requested) ? requested : lkos_sof_to_app(held);
}

/* What was requested, if it led to `held`: as any process can tell, unless this one was refused the
 * note, or has a hint in place of a note that was written over. */
static uint32_t requested_for(int fd, const struct lkos_note *note, uint32_t held)
{
	uint32_t hint, requested;
	bool not_noted;

	if (lkos_fd_hint(fd, &hint, &not_noted) && lkos_sof_held(hint) == held &&
	    (not_noted || !lkos_note_tells(note, held, &requested)))
		return hint;
	return told(note, held);
}

/* The note and what was requested, where the kernel was seen to hold `held`. If the note of now is about
 * other flags, they may have changed in between, and are read again. */
static uint32_t look(int fd, uint32_t *held, struct lkos_note *note)
{
	for (int looks = 0; looks < LOOKS; looks++) {
		const uint32_t seen = *held;

		*note = read_note(fd);
		if (note->now == LKOS_NOTE_NONE || lkos_sof_held(note->now) == seen ||
		    !read_held(fd, held) || *held == seen)
			break;
	}
	return requested_for(fd, note, *held);
}

/* Without RAW_HARDWARE, the kernel holds what was requested. */
static uint32_t requested_where(int fd, uint32_t held)
{
	struct lkos_note note;
	uint32_t requested = held;

	if (held & SOF_TIMESTAMPING_RAW_HARDWARE) {
		requested = look(fd, &held, &note);
		lkos_requests_become_possible();
	}
	if (held)
		lkos_stamps_become_possible();
	return requested;
}

uint32_t lkos_requested_learn(int fd)
{
	const struct lkos_fd_snapshot snapshot = lkos_fd_look(fd);
	uint32_t held, requested;

	if (!read_held(fd, &held))
		return 0;
	requested = requested_where(fd, held);
	lkos_fd_cache(&snapshot, requested);
	return requested;
}

uint32_t lkos_requested_of_any(int fd)
{
	uint32_t requested;

	return lkos_fd_cached(fd, &requested) ? requested : lkos_requested_learn(fd);
}

uint32_t lkos_requested_shown(int fd, uint32_t held)
{
	const uint32_t requested = requested_where(fd, held);
	uint32_t cached;

	if (held && lkos_fd_cached(fd, &cached) && cached != requested)
		lkos_fd_expire();
	return requested & ~LKOS_SOF_OURS;
}

/* A request of `requested`, or of what was requested before (LKOS_NOTE_NONE), and of `more`. It is noted
 * where it could not be read without a note, or where there is one about something older. */
static struct lkos_request begin(int fd, uint32_t requested, uint32_t more)
{
	struct lkos_request request = {.fd = fd, .requested = requested};
	struct lkos_note note;
	uint32_t expected;

	if (!read_held(fd, &request.held))
		return request;
	request.before = look(fd, &request.held, &note);
	if (requested == LKOS_NOTE_NONE)
		requested = request.before;
	request.requested = lkos_sof_requested_after(requested | more, request.before);
	expected = lkos_sof_held(request.requested);
	request.is_noted = note.now != LKOS_NOTE_NONE ||
			   told(&note, expected) != request.requested ||
			   requested_for(fd, &note, expected) != request.requested;
	if (request.is_noted && note.now != request.requested)
		write_note(fd, request.requested, request.before);
	return request;
}

/* What is cached ends already here, in case the caller does not get to the end (siglongjmp). Linux 5.10
 * and 5.15 set by the new number, and do not read by it. */
struct lkos_request lkos_request_begin(int fd, int optname, uint32_t requested)
{
	uint32_t held;

	if (optname == SO_TIMESTAMPING_NEW && requested & SOF_TIMESTAMPING_RAW_HARDWARE &&
	    lkos_socket_option(fd, SO_TIMESTAMPING_NEW, &held) != 0)
		requested |= LKOS_SOF_SET_BY_NEW;
	lkos_stamps_become_possible();
	if (requested & SOF_TIMESTAMPING_RAW_HARDWARE)
		lkos_requests_become_possible();
	lkos_fd_expire();
	return begin(fd, requested, 0);
}

/* Of two threads that change one socket at once, each may have written over the other's note. So each
 * looks again: if the kernel holds what it requested and the note does not say so, it puts its own in
 * front of the other's. false: the note is refused. */
static bool confirm_note(const struct lkos_request *request)
{
	const struct lkos_note note = read_note(request->fd);
	const uint32_t expected = lkos_sof_held(request->requested);
	uint32_t held;

	return told(&note, expected) == request->requested ||
	       !read_held(request->fd, &held) || held != expected ||
	       write_note(request->fd, request->requested, note.now);
}

/* The note of a request that was refused tells nothing, as it does not fit what the kernel holds, and
 * stays; unless it fits, too. */
void lkos_request_end(const struct lkos_request *request, bool granted)
{
	if (granted)
		lkos_fd_expire();
	if (!request->is_noted)
		return;
	if (granted)
		lkos_fd_leave_hint(request->fd, request->requested,
				   !confirm_note(request));
	else if (lkos_sof_held(request->requested) == request->held)
		write_note(request->fd, request->before, request->before);
}

/* What was requested, for the kernel, under the number by which the application set its own flags: that
 * decides the form of the messages, and under the new one the kernel shows only what was set by it. The
 * second member of the value counts with SOF_TIMESTAMPING_BIND_PHC, and stays.
 * false: refused, or the kernel holds something else than before the request. */
static bool change_held(const struct lkos_request *request)
{
	const uint32_t to = lkos_sof_held(request->requested);
	const int fd = request->fd;
	int optname = SO_TIMESTAMPING_OLD;
	uint32_t by_new, value[2] = {0};
	socklen_t size = sizeof(value);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size) != 0 ||
	    value[0] != request->held)
		return false;
	if (request->requested & LKOS_SOF_SET_BY_NEW ||
	    (lkos_socket_option(fd, SO_TIMESTAMPING_NEW, &by_new) == 0 && by_new != 0))
		optname = SO_TIMESTAMPING_NEW;
	value[0] = to;
	return request->held == to ||
	       lkos_next.setsockopt(fd, SOL_SOCKET, optname, value, size) == 0;
}

/* A request of another thread meanwhile is kept, and this one built upon it: it shows in what the
 * kernel holds, or, once that was overwritten here, in the note. */
void lkos_request_per_call(int fd)
{
	const int kept = errno;
	uint32_t held, noted = LKOS_NOTE_NONE;
	bool done = lkos_requested(fd) & per_call;

	for (int looks = 0; looks < LOOKS && !done; looks++) {
		const struct lkos_request request = begin(fd, noted, per_call);
		const bool granted = change_held(&request);

		noted = granted ? read_note(fd).now : LKOS_NOTE_NONE;
		lkos_request_end(&request, granted);
		done = granted ? noted == LKOS_NOTE_NONE || noted == request.requested
			       : !read_held(fd, &held) || held == request.held;
	}
	errno = kept;
}

/* Noted on the accepted socket, if the kernel's flags do not tell. Between the connection's arrival
 * and now the listener's may have changed. */
void lkos_request_inherit(int listener, int accepted)
{
	uint32_t requested, held;

	if (!lkos_requests_possible)
		return;
	requested = lkos_requested(listener);
	if (lkos_sof_to_app(lkos_sof_held(requested)) != requested &&
	    read_held(accepted, &held) && held == lkos_sof_held(requested) &&
	    !write_note(accepted, requested, LKOS_NOTE_NONE))
		lkos_fd_leave_hint(accepted, requested, true);
}
