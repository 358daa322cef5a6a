/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/asked.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "src/runtime/next.h"
#include "src/translate/timestamping_flags.h"

/* An option of SOL_SOCKET. It is left as it was where fd is no socket, or the kernel an old one. */
static void read_option(int fd, int optname, void *value, socklen_t size)
{
	const int kept = errno;

	lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size);
	errno = kept;
}

/* The flags that the kernel holds; 0 where it holds none.
 * By the old number, since the new one shows only what was set by the new one. */
static uint32_t kernel_flags(int fd)
{
	uint32_t flags = 0;

	read_option(fd, SO_TIMESTAMPING_OLD, &flags, sizeof(flags));
	return flags;
}

/* The socket's cookie, which is never 0; 0 where there is none. */
static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;

	read_option(fd, SO_COOKIE, &cookie, sizeof(cookie));
	return cookie;
}

void lkos_asks(uint32_t asked)
{
	lkos_stamps_become_possible();
	if (asked & SOF_TIMESTAMPING_RAW_HARDWARE)
		lkos_requests_become_possible();
}

/* The record of fd's socket, by its cookie and not by what we know of the number; from then on
 * the number leads there. A socket without one gets the flags that were most likely asked: looked
 * at anew if the number was closed in between, for then they may be another socket's, and once
 * there is room to keep what was found.
 * NULL: it cannot have one. */
static lkos_place *record_of(int fd, uint64_t *cookie)
{
	struct lkos_fd_before before;
	lkos_place *place;
	uint32_t likely;

	do {
		before = lkos_fd_before(fd);
		*cookie = cookie_of(fd);
		if (*cookie == 0)
			return NULL;
		place = lkos_record_find(*cookie);
		likely = place ? 0 : lkos_sof_to_app(kernel_flags(fd));
	} while (!lkos_fd_is_as_before(&before) || (!before.at && lkos_fd_make_room(fd)));
	if (likely)
		lkos_asks(likely);
	if (!place)
		place = lkos_record_place(*cookie, likely);
	if (place)
		lkos_fd_keep(&before, place, *cookie);
	return place;
}

uint32_t lkos_asked_learn(int fd)
{
	uint64_t cookie;
	lkos_place *place = record_of(fd, &cookie);
	struct lkos_record seen;

	return place && lkos_record_see(place, cookie, &seen)
		       ? seen.asked
		       : lkos_sof_to_app(kernel_flags(fd));
}

/* The record holds while the kernel's flags are those that it led to: either those that it has
 * told, or, if they were set anew since, those of now. While a thread is setting others, the old
 * flags are still a right answer. Otherwise somebody set them past us: such as a program that
 * shares the socket, and then a record of nothing is mended. */
uint32_t lkos_asked_shown(int fd, uint32_t kernel)
{
	const uint32_t likely = lkos_sof_to_app(kernel);
	uint64_t cookie;
	lkos_place *place = kernel ? record_of(fd, &cookie) : NULL;
	struct lkos_record seen;

	if (!place || !lkos_record_see(place, cookie, &seen))
		return likely;
	if (seen.setters > 0 || lkos_sof_held(seen.asked) == kernel ||
	    lkos_sof_held(seen.asked) == kernel_flags(fd))
		return seen.asked & ~LKOS_SOF_TX_HARDWARE_PER_CALL;
	lkos_asks(likely);
	if (seen.asked == 0 && lkos_record_begin(place, cookie))
		lkos_asked_end(fd, place, cookie, likely, true);
	return likely;
}

lkos_place *lkos_asked_begin(int fd, uint64_t *cookie)
{
	lkos_place *place = record_of(fd, cookie);

	return place && lkos_record_begin(place, *cookie) ? place : NULL;
}

/* Of threads that set the same socket's flags at once, the one that the kernel heard last must
 * be the one that is remembered. Each looks at the record first and at the kernel after. If the
 * kernel holds what the record says and not what this thread set, a later set is recorded
 * already. Otherwise this thread records its own; should a later set be under way, its thread
 * will find that, or have changed the record so that this one looks again. */
void lkos_asked_end(int fd, lkos_place *place, uint64_t cookie, uint32_t asked,
		    bool granted)
{
	struct lkos_record seen;
	uint32_t kernel, kept;

	do {
		if (!lkos_record_see(place, cookie, &seen))
			return; /* given to another socket: this one was closed meanwhile */
		kernel = granted ? kernel_flags(fd) : 0;
		kept = !granted || (kernel != lkos_sof_held(asked) &&
				    kernel == lkos_sof_held(seen.asked))
			       ? seen.asked
			       : asked;
	} while (!lkos_record_end(place, &seen, kept));
}

/* Flags for the kernel, under the number by which the application set its own: that decides the
 * form of the messages, and under the new one the kernel shows only what was set by it. The
 * second member of the value counts with SOF_TIMESTAMPING_BIND_PHC, and stays. */
static int tell_kernel(int fd, uint32_t flags)
{
	int optname = SO_TIMESTAMPING_NEW;
	uint32_t value[2] = {0};
	socklen_t size = sizeof(value);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size) != 0 ||
	    value[0] == 0) {
		optname = SO_TIMESTAMPING_OLD;
		size = sizeof(value);
		if (lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size) != 0)
			return -1;
	}
	if (value[0] == flags)
		return 0;
	value[0] = flags;
	return lkos_next.setsockopt(fd, SOL_SOCKET, optname, value, size);
}

/* A set of another thread in between changes the record, and then it is built upon that one. */
void lkos_asked_per_call(int fd)
{
	const uint32_t per_call = LKOS_SOF_TX_HARDWARE_PER_CALL;
	const int kept = errno;
	struct lkos_record seen;
	uint64_t cookie;
	lkos_place *place;
	uint32_t asks;

	if (lkos_asked(fd) & per_call)
		return;
	place = lkos_asked_begin(fd, &cookie);
	while (place && lkos_record_see(place, cookie, &seen)) {
		asks = seen.asked & SOF_TIMESTAMPING_RAW_HARDWARE ? per_call : 0;
		if (tell_kernel(fd, lkos_sof_held(seen.asked | asks)) != 0)
			asks = 0;
		if (lkos_record_end(place, &seen, seen.asked | asks))
			break;
	}
	errno = kept;
}

void lkos_asked_inherit(int listener, int accepted)
{
	uint64_t cookie;
	uint32_t asked;

	/* Without RAW_HARDWARE the kernel's flags tell all. */
	if (!lkos_requests_possible())
		return;
	asked = lkos_asked(listener);
	/* Between the connection's arrival and now the listener's flags may have changed. */
	if (asked == 0 || kernel_flags(accepted) != lkos_sof_held(asked))
		return;
	cookie = cookie_of(accepted);
	if (cookie)
		lkos_record_place(cookie, asked);
}
