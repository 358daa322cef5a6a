/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/thread_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "src/emulate/lock.h"

/* A block begins with this; what its owner gets follows. */
struct block {
	struct block *next;
	size_t size; /* with this head */
	void **owner;
	max_align_t content[];
};

LKOS_OF_THREAD struct block *blocks;

static pthread_key_t ending;
static bool ending_is_seen;

static void end_thread(void *of_no_use)
{
	const uint64_t signals = lkos_lock();

	(void)of_no_use;
	while (blocks)
		lkos_thread_memory_give(blocks->content);
	lkos_unlock(signals);
}

void lkos_thread_memory_start(void)
{
	ending_is_seen = pthread_key_create(&ending, end_thread) == 0;
}

void *lkos_thread_memory_take(size_t size, void **owner)
{
	const int kept = errno;
	struct block *made;

	size += sizeof(*made);
	made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	errno = kept;
	if (made == MAP_FAILED)
		return NULL;
	*made = (struct block){.next = blocks, .size = size, .owner = owner};
	blocks = made;
	*owner = made->content;
	if (ending_is_seen)
		pthread_setspecific(ending, made);
	return made->content;
}

void lkos_thread_memory_give(void *memory)
{
	const int kept = errno;

	for (struct block **at = &blocks; *at; at = &(*at)->next) {
		struct block *const found = *at;

		if (found->content != memory)
			continue;
		*at = found->next;
		if (*found->owner == memory)
			*found->owner = NULL;
		munmap(found, found->size);
		break;
	}
	errno = kept;
}
