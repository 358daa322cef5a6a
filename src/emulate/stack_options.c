/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_stack_opt_set_int() and its relatives. A value is kept and given back; what an option does
 * here is in spec/onload_options.yaml.
 *
 * source: onload src/lib/transport/unix/stackopt.c */
#include "src/emulate/stack_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "generated/onload_emulated.h"
#include "src/emulate/lock.h"
#include "src/emulate/stackname.h"
#include "src/emulate/start.h"
#include "src/emulate/thread_memory.h"
#include "src/runtime/stamping.h"
#include "src/translate/option_values.h"
#include "src/translate/stdlib.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STR_MOST 255 /* bytes of a value, without its end */

#define LIST(...) ((const char *const[]){__VA_ARGS__})

static const struct lkos_int_option int_options[] = {
#define LKOS_INT_OPTION(name, first, min, max, bits, text, words, rule, paths, low, high) \
	{name, first, min, max, bits, LKOS_OPTION_##text, LIST words},
#define LKOS_STR_OPTION(name, first)
#include "generated/stack_options.inc"
#undef LKOS_INT_OPTION
#undef LKOS_STR_OPTION
};

/* How /proc/sys has a value. */
enum rule { RULE_DEFAULT, RULE_TIMES, RULE_WITHIN, RULE_ONLY, RULE_BITS };

static const struct {
	enum rule rule;
	const char *const *paths;
	int64_t low, high;
} of_system[] = {
#define LKOS_INT_OPTION(name, first, min, max, bits, text, words, rule, paths, low, high) \
	{RULE_##rule, LIST paths, low, high},
#define LKOS_STR_OPTION(name, first)
#include "generated/stack_options.inc"
#undef LKOS_INT_OPTION
#undef LKOS_STR_OPTION
};

static const struct {
	const char *name, *first;
} str_options[] = {
#define LKOS_INT_OPTION(name, first, min, max, bits, text, words, rule, paths, low, high)
#define LKOS_STR_OPTION(name, first) {name, first},
#include "generated/stack_options.inc"
#undef LKOS_INT_OPTION
#undef LKOS_STR_OPTION
};

struct values {
	int64_t ints[COUNT(int_options)];
	char strs[COUNT(str_options)][STR_MOST + 1];
};

/* Guarded by the lock. */
static struct values process_wide;
static bool from_environment[COUNT(int_options)];
LKOS_OF_THREAD void *thread_values; /* a struct values; NULL: the process's hold */

static atomic_bool system_was_asked; /* for the values that /proc/sys has */

/* The stub's: it has timestamps, and an option switches them on. Constant after the start. */
static int (*set_int_behind)(const char *name, int64_t value);

static int find_int(const char *name)
{
	for (size_t i = 0; i < COUNT(int_options); i++)
		if (strcmp(int_options[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int find_str(const char *name)
{
	for (size_t i = 0; i < COUNT(str_options); i++)
		if (strcmp(str_options[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void copy_text(char to[STR_MOST + 1], const char *text)
{
	const size_t size = strnlen(text, STR_MOST);

	memcpy(to, text, size);
	to[size] = '\0';
}

static void take_variable(const char *variable)
{
	const char *value = strchr(variable, '=');
	char name[64];
	int at;

	if (!value || strncmp(variable, "EF_", 3) != 0 ||
	    value - variable >= (int)sizeof(name))
		return;
	memcpy(name, variable, (size_t)(value - variable));
	name[value - variable] = '\0';
	value++;
	at = find_int(name);
	if (at >= 0)
		from_environment[at] =
			lkos_option_read(&int_options[at], value, &process_wide.ints[at]);
	at = find_str(name);
	if (at >= 0)
		copy_text(process_wide.strs[at], value);
}

/* A stack with this option has sockets that are looked at when they are made. */
static void look_at_sockets(int option, int64_t value)
{
	if (value && option == find_int(LKOS_RX_TIMESTAMPING))
		atomic_store(&lkos_making_matters, true);
}

void lkos_stack_options_start(char **environment)
{
	for (size_t i = 0; i < COUNT(int_options); i++)
		process_wide.ints[i] = int_options[i].first;
	for (size_t i = 0; i < COUNT(str_options); i++)
		copy_text(process_wide.strs[i], str_options[i].first);
	for (; environment && *environment; environment++)
		take_variable(*environment);
	look_at_sockets(find_int(LKOS_RX_TIMESTAMPING),
			process_wide.ints[find_int(LKOS_RX_TIMESTAMPING)]);
	set_int_behind = lkos_symbol_behind("onload_stack_opt_set_int");
}

/* ---- the values that /proc/sys has */

/* The number in a file below /proc/sys. By number, as calls of ours are no cancellation points. */
static bool read_system(const char *path, int64_t *value)
{
	char text[64];
	const int root = (int)syscall(SYS_openat, AT_FDCWD, "/proc/sys",
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int file = (int)syscall(SYS_openat, root, path, O_RDONLY | O_CLOEXEC);
	const long size = file < 0 ? -1 : syscall(SYS_read, file, text, sizeof(text) - 1);

	if (file >= 0)
		syscall(SYS_close, file);
	if (root >= 0)
		syscall(SYS_close, root);
	if (size <= 0)
		return false;
	text[size] = '\0';
	*value = strtoll(text, NULL, 10);
	return true;
}

/* false: the default holds. */
static bool value_of_system(size_t option, int64_t *value)
{
	const char *const *paths = of_system[option].paths;
	const int64_t low = of_system[option].low, high = of_system[option].high;
	int64_t read = 0, bits = 0;

	for (size_t i = 0; paths[i]; i++) {
		if (!read_system(paths[i], &read))
			return false;
		bits |= (int64_t)(read != 0) << i;
	}
	switch (of_system[option].rule) {
	case RULE_DEFAULT:
		return false;
	case RULE_TIMES:
		*value = low * read;
		return true;
	case RULE_WITHIN:
		*value = read >= low && read <= high;
		return true;
	case RULE_ONLY:
		*value = read;
		return read >= low && read <= high;
	case RULE_BITS:
		*value = bits;
		return true;
	}
	return false;
}

/* Not at the start, which programs that never ask should not pay for. */
static void ask_system(void)
{
	const int kept = errno;
	uint64_t signals;
	int64_t value;

	if (atomic_load(&system_was_asked))
		return;
	for (size_t i = 0; i < COUNT(int_options); i++) {
		if (!value_of_system(i, &value))
			continue;
		signals = lkos_lock();
		if (!from_environment[i])
			process_wide.ints[i] = lkos_option_cut(&int_options[i], value);
		lkos_unlock(signals);
	}
	atomic_store(&system_was_asked, true);
	errno = kept;
}

/* ---- the calls */

/* The thread's own values, made of the process's at its first set. NULL: no memory. The lock is
 * held. */
static struct values *own_values(void)
{
	if (!thread_values &&
	    lkos_thread_memory_take(sizeof(struct values), &thread_values))
		memcpy(thread_values, &process_wide, sizeof(struct values));
	return thread_values;
}

static const struct values *values_in_force(void)
{
	return thread_values ? thread_values : &process_wide;
}

int64_t lkos_stack_option_in_force(const char *name)
{
	const int at = find_int(name);
	const uint64_t signals = lkos_lock();
	const int64_t value = values_in_force()->ints[at];

	lkos_unlock(signals);
	return value;
}

int lkos_emulated_onload_stack_opt_set_int(const char *opt, int64_t val)
{
	const int at = find_int(opt);
	struct values *own;
	uint64_t signals;

	if (at < 0 || lkos_option_check(&int_options[at], val) != 0)
		return -EINVAL;
	ask_system();
	signals = lkos_lock();
	own = own_values();
	if (own)
		own->ints[at] = lkos_option_kept(&int_options[at], val);
	lkos_unlock(signals);
	if (!own)
		return -ENOMEM;
	look_at_sockets(at, val);
	if (set_int_behind)
		set_int_behind(opt, val);
	return 0;
}

int lkos_emulated_onload_stack_opt_get_int(const char *opt, int64_t *val)
{
	const int at = find_int(opt);
	uint64_t signals;
	int64_t found;

	if (at < 0)
		return -EINVAL;
	ask_system();
	signals = lkos_lock();
	found = values_in_force()->ints[at];
	lkos_unlock(signals);
	*val = found; /* not while the lock is held: it may be no address */
	return 0;
}

int lkos_emulated_onload_stack_opt_set_str(const char *opt, const char *val)
{
	const int at = find_str(opt);
	struct values *own;
	uint64_t signals;

	if (at < 0 || strnlen(val, STR_MOST + 1) > STR_MOST)
		return -EINVAL;
	ask_system();
	signals = lkos_lock();
	own = own_values();
	if (own)
		copy_text(own->strs[at], val);
	lkos_unlock(signals);
	return own ? 0 : -ENOMEM;
}

int lkos_emulated_onload_stack_opt_get_str(const char *opt, char *val_out,
					   size_t *val_out_len)
{
	const int at = find_str(opt);
	char value[STR_MOST + 1];
	size_t size, room;
	uint64_t signals;

	if (at < 0)
		return -EINVAL;
	signals = lkos_lock();
	copy_text(value, values_in_force()->strs[at]);
	lkos_unlock(signals);
	size = strlen(value) + 1;
	room = *val_out_len;
	*val_out_len = size;
	if (room < size)
		return -ENOSPC;
	memcpy(val_out, value, size);
	return 0;
}

int lkos_emulated_onload_stack_opt_reset(void)
{
	const uint64_t signals = lkos_lock();

	lkos_thread_memory_give(thread_values);
	lkos_unlock(signals);
	return 0;
}
