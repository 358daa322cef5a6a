/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/buffers.h"

#include <errno.h>
#include <sys/mman.h>

#include "generated/onload_emulated.h"
#include "src/emulate/lock.h"
#include "src/runtime/log.h"

#define BUFFERS_OF_SET 1024 /* as many as Onload gets at once */

enum owner { FREE, OURS, APPLICATIONS, FOLLOWING, COMING_BACK };

/* What is known of a buffer. */
struct record {
	struct record *next; /* free: the next free one; else: what follows of a datagram */
	int32_t stack;
	enum owner owner;
	bool counted; /* in in_use */
};

struct set {
	struct set *next;
	struct record records[BUFFERS_OF_SET];
	_Alignas(LKOS_BUFFER_SIZE) struct oo_zc_buf buffers[BUFFERS_OF_SET];
};

/* Guarded by the lock. */
static struct set *sets;
static struct record *free_records;
static size_t in_use;

/* Of AddressSanitizer's runtime, where there is one. */
void __asan_poison_memory_region(const volatile void *at, size_t size)
	__attribute__((weak));
void __asan_unpoison_memory_region(const volatile void *at, size_t size)
	__attribute__((weak));

static struct set *set_of_record(const struct record *record)
{
	struct set *set = sets;

	while ((uintptr_t)record - (uintptr_t)set->records >= sizeof(set->records))
		set = set->next;
	return set;
}

static struct oo_zc_buf *buffer_of(const struct record *record)
{
	struct set *const set = set_of_record(record);

	return set->buffers + (record - set->records);
}

/* NULL: there is no such buffer. */
static struct record *record_of(const struct oo_zc_buf *buffer)
{
	for (struct set *set = sets; set; set = set->next) {
		const uintptr_t offset = (uintptr_t)buffer - (uintptr_t)set->buffers;

		if (offset < sizeof(set->buffers))
			return offset % sizeof(*buffer)
				       ? NULL
				       : set->records + offset / sizeof(*buffer);
	}
	return NULL;
}

/* The frame of it, that is: what comes before is nobody's to touch. */
static void forbid(const struct oo_zc_buf *buffer)
{
	if (__asan_poison_memory_region)
		__asan_poison_memory_region(buffer->bytes, sizeof(buffer->bytes));
}

static void allow(const struct oo_zc_buf *buffer)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(buffer->bytes + LKOS_BUFFER_FRAME,
					      sizeof(buffer->bytes) - LKOS_BUFFER_FRAME);
}

static void make_free(struct record *record)
{
	forbid(buffer_of(record));
	record->owner = FREE;
	record->next = free_records;
	free_records = record;
}

/* The lock is held. */
static bool make_set(void)
{
	const int kept = errno;
	struct set *const made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	errno = kept;
	if (made == MAP_FAILED)
		return false;
	made->next = sets;
	sets = made;
	for (size_t i = BUFFERS_OF_SET; i > 0; i--)
		make_free(made->records + i - 1);
	return true;
}

static size_t limit(void)
{
	int64_t packets = 0;

	lkos_emulated_onload_stack_opt_get_int("EF_MAX_PACKETS", &packets);
	return (size_t)packets;
}

static void count(struct record *record, bool counts)
{
	in_use += counts;
	in_use -= record->counted;
	record->counted = counts;
}

/* With all that follow. The lock is held. */
static void give(struct record *record)
{
	while (record) {
		struct record *const following = record->next;

		count(record, false);
		make_free(record);
		record = following;
	}
}

/* The lock is held. */
static void give_each(struct oo_zc_buf *const *buffers, size_t number)
{
	for (size_t i = 0; i < number; i++)
		give(record_of(buffers[i]));
}

bool lkos_buffers_take(int32_t stack, struct oo_zc_buf **buffers, size_t number,
		       size_t counted)
{
	const size_t allowed = limit();
	const uint64_t signals = lkos_lock();
	const bool may = in_use + counted <= allowed;
	size_t taken = 0;

	while (may && taken < number && (free_records || make_set())) {
		struct record *const record = free_records;

		free_records = record->next;
		*record = (struct record){.stack = stack, .owner = OURS};
		count(record, taken < counted);
		buffers[taken] = buffer_of(record);
		allow(buffers[taken]);
		taken++;
	}
	if (taken < number)
		give_each(buffers, taken);
	lkos_unlock(signals);
	return taken == number;
}

void lkos_buffers_give(struct oo_zc_buf *const *buffers, size_t number)
{
	const uint64_t signals = lkos_lock();

	give_each(buffers, number);
	lkos_unlock(signals);
}

void lkos_buffers_hand_over(struct oo_zc_buf *const *buffers, size_t number)
{
	const uint64_t signals = lkos_lock();

	for (size_t i = 0; i < number; i++) {
		struct record *const record = record_of(buffers[i]);

		record->owner = i == 0 ? APPLICATIONS : FOLLOWING;
		record->next = i + 1 < number ? record_of(buffers[i + 1]) : NULL;
		count(record, true);
	}
	lkos_unlock(signals);
}

/* What is wrong with a handle that the application gives. NULL: nothing. */
static const char *fault_of(const struct record *record, int32_t stack)
{
	if (!record)
		return "is not a packet buffer";
	switch (record->owner) {
	case FREE:
		return "has been given back or sent before";
	case OURS:
		return "is not kept before the callback has answered so";
	case FOLLOWING:
		return "is given back with the first buffer of its datagram";
	case COMING_BACK:
		return "is given twice";
	case APPLICATIONS:
		break;
	}
	return record->stack == stack ? NULL : "belongs to another stack";
}

static int refuse(const struct oo_zc_buf *handle, const char *fault)
{
	lkos_log("packet buffer %p: %s", (const void *)handle, fault);
	return -EINVAL;
}

int lkos_buffers_return(int32_t stack, struct oo_zc_buf *const *handles, size_t number)
{
	const uint64_t signals = lkos_lock();
	const char *fault = NULL;
	size_t checked = 0;

	for (; checked < number; checked++) {
		struct record *const record = record_of(handles[checked]);

		fault = fault_of(record, stack);
		if (fault)
			break;
		record->owner = COMING_BACK;
	}
	for (size_t i = 0; i < checked; i++) {
		struct record *const record = record_of(handles[i]);

		if (fault)
			record->owner = APPLICATIONS;
		else
			give(record);
	}
	lkos_unlock(signals);
	return fault ? refuse(handles[checked], fault) : 0;
}

int lkos_buffer_is_of_application(int32_t stack, const struct oo_zc_buf *handle)
{
	const uint64_t signals = lkos_lock();
	const char *const fault = fault_of(record_of(handle), stack);

	lkos_unlock(signals);
	return fault ? refuse(handle, fault) : 0;
}
