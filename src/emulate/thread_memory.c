/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/thread_memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#include "src/emulate/lock.h"
#include "src/runtime/libc.h"

/* A block begins with this; what its owner gets follows. */
struct block {
	struct block *next;
	size_t size; /* with this head */
	void **owner;
	max_align_t content[];
};

LKOS_OF_THREAD struct block *blocks;

/* Looked up, because before glibc 2.34 they are in a library of their own. Without it there is one
 * thread only, whose end is the process's. */
static int (*set_specific)(pthread_key_t key, const void *value);
static pthread_key_t ending;

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
	int (*create)(pthread_key_t *, void (*)(void *));

	create = (__typeof__(create))lkos_dlsym(RTLD_DEFAULT, "pthread_key_create");
	if (create && create(&ending, end_thread) == 0)
		set_specific = (__typeof__(set_specific))lkos_dlsym(
			RTLD_DEFAULT, "pthread_setspecific");
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
	if (set_specific)
		set_specific(ending, made);
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
