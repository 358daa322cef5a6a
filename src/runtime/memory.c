/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/memory.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/runtime/next.h"

#define NO_SUCH_CHANGE (-1)
#define SIGNAL_SET_SIZE (_NSIG / CHAR_BIT) /* of the kernel's set, in bytes */
#define SMALLEST_PAGE                                                                    \
	4096 /* of all machines: looking twice at a larger one does no harm */

/* The kernel reads the signal set before it sees that the change is none, and does nothing.
 * Sandboxes allow this call, unlike process_vm_readv. The set is aligned, so it is in one page.
 * source: linux kernel/signal.c; abseil's AddressIsReadable does the same */
static bool word_is_readable(uintptr_t at)
{
	const uintptr_t aligned = at & ~(uintptr_t)(SIGNAL_SET_SIZE - 1);
	const uintptr_t set = aligned ? aligned : SIGNAL_SET_SIZE; /* 0 would be no set */

	return syscall(SYS_rt_sigprocmask, NO_SUCH_CHANGE, set, NULL, SIGNAL_SET_SIZE) ==
		       0 ||
	       errno != EFAULT;
}

static uintptr_t page_of(uintptr_t at)
{
	return at / SMALLEST_PAGE * SMALLEST_PAGE;
}

bool lkos_memory_is_readable(const void *from, size_t size, lkos_known_page *page)
{
	const int kept = errno;
	const uintptr_t first = (uintptr_t)from, end = first + size;
	bool readable = end >= first;

	for (uintptr_t at = first; readable && at < end; at = page_of(at) + SMALLEST_PAGE) {
		if (page_of(at) == *page && *page != 0)
			continue;
		readable = word_is_readable(at);
		*page = readable ? page_of(at) : 0;
	}
	errno = kept;
	return readable;
}

/* The kernel writes the type of the socket there. Misaligned, a number may lie in two pages. */
bool lkos_memory_is_writable(int socket, unsigned int *number, lkos_known_page *page)
{
	const uintptr_t at = (uintptr_t)number;
	const int kept = errno;
	unsigned int value;
	socklen_t size = sizeof(value);
	bool writable;

	if (page_of(at) == *page && page_of(at + size - 1) == *page)
		return true;
	memcpy(&value, number, sizeof(value));
	writable = lkos_next.getsockopt(socket, SOL_SOCKET, SO_TYPE, number, &size) == 0;
	if (writable)
		memcpy(number, &value, sizeof(value));
	*page = writable ? page_of(at) : 0;
	errno = kept;
	return writable;
}
