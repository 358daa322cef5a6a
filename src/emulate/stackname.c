/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/stackname.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "generated/onload_emulated.h"
#include "src/emulate/lock.h"
#include "src/emulate/thread_memory.h"
#include "src/runtime/c.h"

#define SAVES_AT_FIRST 32

/* What a thread has saved, the newest last. */
struct saves {
	size_t count, room;
	struct lkos_naming naming[];
};

/* All of it is guarded by the lock, which keeps signal handlers out, too. */
static struct lkos_naming at_start, process_wide;
LKOS_OF_THREAD struct lkos_naming of_thread;
LKOS_OF_THREAD bool thread_has_begun; /* false: of_thread is not filled in yet */
LKOS_OF_THREAD void *thread_saves;

static uint64_t process_number; /* tells this process's stack without a name apart */

struct lkos_stack lkos_first_stack;
atomic_bool lkos_making_matters;

static struct lkos_naming *own_naming(void)
{
	if (!thread_has_begun) {
		of_thread = at_start;
		thread_has_begun = true;
	}
	return &of_thread;
}

struct lkos_stack lkos_current_stack(void)
{
	const struct lkos_identity identity = {
		.thread = (pid_t)syscall(SYS_gettid), /* libc has it since 2.30 */
		.process = getpid(),
		.user = getuid(),
	};
	const uint64_t signals = lkos_lock();
	const struct lkos_naming naming =
		lkos_naming_in_force(own_naming(), &process_wide);
	struct lkos_stack stack = {.accelerated = naming.accelerated};

	lkos_unlock(signals);
	if (stack.accelerated) {
		lkos_stack_name(stack.name, &naming, &identity);
		stack.number = lkos_stack_number(stack.name, process_number);
	}
	return stack;
}

bool lkos_is_same_stack(const struct lkos_stack *one, const struct lkos_stack *other)
{
	return one->accelerated == other->accelerated && one->number == other->number &&
	       strcmp(one->name, other->name) == 0;
}

void lkos_stackname_start(const struct lkos_stackname_start *start)
{
	const unsigned int scope =
		start->stack_per_thread ? LKOS_SCOPE_THREAD : LKOS_SCOPE_GLOBAL;
	const char *name = start->name ? start->name : "";

	at_start = lkos_naming_of(LKOS_WHO_ALL_THREADS, scope,
				  start->dont_accelerate ? NULL : name);
	process_wide = at_start;
	process_number = (uint64_t)getpid();
	lkos_first_stack = lkos_current_stack();
	atomic_store(&lkos_making_matters, start->stack_per_thread);
}

static void set(const struct lkos_naming *naming)
{
	struct lkos_naming *const own = own_naming();

	if (naming->who == LKOS_WHO_ALL_THREADS && naming->scope != LKOS_SCOPE_NOCHANGE)
		process_wide = *naming;
	*own = *naming;
	atomic_store(&lkos_making_matters, true);
}

int lkos_emulated_onload_set_stackname(enum onload_stackname_who who,
				       enum onload_stackname_scope scope,
				       const char *stackname)
{
	const int err =
		lkos_naming_check((unsigned int)who, (unsigned int)scope, stackname);
	struct lkos_naming naming;
	uint64_t signals;

	if (err)
		return lkos_fail(err);
	naming = lkos_naming_of((unsigned int)who, (unsigned int)scope, stackname);
	signals = lkos_lock();
	set(&naming);
	lkos_unlock(signals);
	return 0;
}

/* Room for one more, or NULL. */
static struct lkos_naming *place_for_save(void)
{
	struct saves *saves = thread_saves;

	if (!saves || saves->count == saves->room) {
		const size_t room = saves ? 2 * saves->room : SAVES_AT_FIRST;
		struct saves *const made = lkos_thread_memory_take(
			sizeof(*made) + room * sizeof(made->naming[0]), &thread_saves);

		if (!made)
			return NULL;
		if (saves)
			memcpy(made, saves,
			       sizeof(*saves) + saves->count * sizeof(saves->naming[0]));
		made->room = room;
		lkos_thread_memory_give(saves);
		saves = made;
	}
	return saves->naming + saves->count++;
}

int lkos_emulated_onload_stackname_save(void)
{
	const uint64_t signals = lkos_lock();
	const struct lkos_naming *const own = own_naming();
	struct lkos_naming *const place = place_for_save();

	if (place)
		*place = own->scope == LKOS_SCOPE_NOCHANGE ? process_wide : *own;
	lkos_unlock(signals);
	return place ? 0 : -ENOMEM;
}

int lkos_emulated_onload_stackname_restore(void)
{
	const uint64_t signals = lkos_lock();
	struct saves *const saves = thread_saves;
	const bool is_any = saves && saves->count;

	if (is_any)
		set(saves->naming + --saves->count);
	lkos_unlock(signals);
	return is_any ? 0 : -EINVAL;
}
