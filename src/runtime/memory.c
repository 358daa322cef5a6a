/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/memory.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/runtime/signal_set.h"

#define NO_SUCH_CHANGE (-1)
#define SMALLEST_PAGE 4096 /* of all pages: looking twice at a larger one does no harm */

/* The kernel reads the signal set before it sees that the change is none, and does nothing.
 * Sandboxes allow this call, unlike process_vm_readv. The set is aligned, so it is in one page.
 * source: linux kernel/signal.c; abseil's AddressIsReadable does the same */
static bool word_is_readable(uintptr_t at)
{
	const uintptr_t aligned = at & ~(uintptr_t)(LKOS_SIGNAL_SET_SIZE - 1);
	const uintptr_t set =
		aligned ? aligned : LKOS_SIGNAL_SET_SIZE; /* 0 would be no set */

	return syscall(SYS_rt_sigprocmask, NO_SUCH_CHANGE, set, NULL,
		       LKOS_SIGNAL_SET_SIZE) == 0 ||
	       errno != EFAULT;
}

bool lkos_memory_is_readable(const void *from, size_t size)
{
	const int kept = errno;
	const uintptr_t first = (uintptr_t)from;
	bool readable = first + size >= first;

	for (size_t at = 0; readable && at < size;
	     at += SMALLEST_PAGE - (first + at) % SMALLEST_PAGE)
		readable = word_is_readable(first + at);
	errno = kept;
	return readable;
}

int lkos_memory_read(void *to, const void *from, size_t size)
{
	if (!lkos_memory_is_readable(from, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}
