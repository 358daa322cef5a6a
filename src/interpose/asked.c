/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/asked.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "src/runtime/next.h"
#include "src/translate/timestamping_flags.h"

/* The flags that the kernel holds. 0 where it holds none, or fd is no socket.
 * By the old number, since the new one shows only what was set by the new one. */
static uint32_t kernel_flags(int fd)
{
	const int kept = errno;
	uint32_t flags = 0;
	socklen_t size = sizeof(flags);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, &size) != 0)
		flags = 0;
	errno = kept;
	return flags;
}

/* The socket's cookie. 0: no socket, or an old kernel. */
static uint64_t cookie_of(int fd)
{
	const int kept = errno;
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0)
		cookie = 0;
	errno = kept;
	return cookie;
}

/* The record of fd's socket, by its cookie and not by what we know of the number; from then on
 * the number leads there. `asked` is for a socket without one. NULL: it cannot have one. */
static lkos_place *record_of(int fd, uint64_t *cookie, uint32_t asked)
{
	const struct lkos_fd_before before = lkos_fd_before(fd);
	lkos_place *place;

	*cookie = cookie_of(fd);
	place = *cookie ? lkos_record_place(*cookie, asked) : NULL;
	if (place)
		lkos_fd_keep(&before, place, *cookie);
	return place;
}

uint32_t lkos_asked_learn(int fd)
{
	const uint32_t likely = lkos_sof_to_app(kernel_flags(fd));
	uint64_t cookie;
	lkos_place *place = record_of(fd, &cookie, likely);
	struct lkos_record seen;

	return place && lkos_record_see(place, cookie, &seen) ? seen.asked : likely;
}

/* The record holds while the kernel's flags are those that it led to. While a thread is setting
 * others, the old flags are still a right answer. Otherwise somebody set them past us. */
uint32_t lkos_asked_shown(int fd, uint32_t kernel)
{
	const uint32_t likely = lkos_sof_to_app(kernel);
	uint64_t cookie;
	lkos_place *place = kernel ? record_of(fd, &cookie, likely) : NULL;
	struct lkos_record seen;

	if (place && lkos_record_see(place, cookie, &seen) &&
	    (seen.setters > 0 || lkos_sof_held(seen.asked) == kernel))
		return seen.asked & ~LKOS_SOF_TX_HARDWARE_PER_CALL;
	return likely;
}

lkos_place *lkos_asked_begin(int fd, uint64_t *cookie)
{
	lkos_place *place = record_of(fd, cookie, lkos_sof_to_app(kernel_flags(fd)));

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

/* The value of SO_TIMESTAMPING; its second member counts with SOF_TIMESTAMPING_BIND_PHC.
 * Read and written under the number by which the application set it, for it decides the form of
 * the messages; by the new one the kernel shows only what was set by the new one. */
static int hold_software(int fd)
{
	int optname = SO_TIMESTAMPING_NEW;
	uint32_t value[2] = {0};
	socklen_t size = sizeof(value);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size) != 0 ||
	    value[0] == 0) {
		optname = SO_TIMESTAMPING_OLD;
		size = sizeof(value);
		if (lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size) != 0)
			return -errno;
	}
	value[0] |= SOF_TIMESTAMPING_SOFTWARE;
	return lkos_next.setsockopt(fd, SOL_SOCKET, optname, value, size) != 0 ? -errno
									       : 0;
}

void lkos_asked_per_call(int fd)
{
	const int kept = errno;
	const uint32_t asked = lkos_asked(fd) | LKOS_SOF_TX_HARDWARE_PER_CALL;
	uint64_t cookie;
	lkos_place *place;

	if (lkos_asked(fd) == asked)
		return;
	place = lkos_asked_begin(fd, &cookie);
	if (place)
		lkos_asked_end(fd, place, cookie, asked, hold_software(fd) == 0);
	errno = kept;
}

void lkos_asked_inherit(int listener, int accepted)
{
	uint64_t cookie;
	uint32_t asked;

	/* Between the connection's arrival and now the listener's flags may have changed. */
	if (lkos_fd_asked(listener, &asked) && asked != 0 &&
	    kernel_flags(accepted) == lkos_sof_held(asked))
		record_of(accepted, &cookie, asked);
}
