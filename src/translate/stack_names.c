/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/stack_names.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BYTE_OF_INTERNAL_NAMES '\1'

int lkos_naming_check(unsigned int who, unsigned int scope, const char *name)
{
	if (who > LKOS_WHO_ALL_THREADS)
		return -EINVAL;
	if (who == LKOS_WHO_THIS_THREAD && scope == LKOS_SCOPE_NOCHANGE)
		return -EINVAL;
	if (name && name[0] == FIRST_BYTE_OF_INTERNAL_NAMES)
		return -EINVAL;
	if (name && strnlen(name, LKOS_STACK_NAME_MOST + 1) > LKOS_STACK_NAME_MOST)
		return -ENAMETOOLONG;
	return scope > LKOS_SCOPE_GLOBAL ? -EINVAL : 0;
}

struct lkos_naming lkos_naming_of(unsigned int who, unsigned int scope, const char *name)
{
	struct lkos_naming made = {
		.who = (uint8_t)who,
		.scope = (uint8_t)scope,
		.accelerated = name != NULL,
	};

	if (name)
		memcpy(made.name, name, strnlen(name, LKOS_STACK_NAME_MOST));
	return made;
}

struct lkos_naming lkos_naming_in_force(const struct lkos_naming *own,
					const struct lkos_naming *process_wide)
{
	struct lkos_naming in_force = *own;

	if (own->who != LKOS_WHO_THIS_THREAD) {
		in_force = *process_wide;
		if (in_force.scope == LKOS_SCOPE_THREAD &&
		    own->scope != LKOS_SCOPE_THREAD)
			in_force.scope = LKOS_SCOPE_GLOBAL;
	}
	return in_force;
}

void lkos_stack_name(char scoped[LKOS_SCOPED_NAME_MOST + 1],
		     const struct lkos_naming *naming,
		     const struct lkos_identity *identity)
{
	const struct {
		const char *format;
		unsigned int number;
	} suffixes[] = {
		[LKOS_SCOPE_NOCHANGE] = {"%.16s", 0},
		[LKOS_SCOPE_THREAD] = {"%.16s-t%u", (unsigned int)identity->thread},
		[LKOS_SCOPE_PROCESS] = {"%.16s-p%u", (unsigned int)identity->process},
		[LKOS_SCOPE_USER] = {"%.16s-u%u", identity->user},
		[LKOS_SCOPE_GLOBAL] = {"%.16s", 0},
	};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* all of them are above */
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	snprintf(scoped, LKOS_SCOPED_NAME_MOST + 1, suffixes[naming->scope].format,
		 naming->name, suffixes[naming->scope].number);
#pragma GCC diagnostic pop
}

/* FNV-1a, folded to 31 bits. */
int32_t lkos_stack_number(const char *scoped, uint64_t own)
{
	uint64_t hash = 0xcbf29ce484222325;
	const unsigned char *at = (const unsigned char *)scoped;
	size_t size = strlen(scoped);

	if (size == 0) {
		at = (const unsigned char *)&own;
		size = sizeof(own);
	}
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3;
	return (int32_t)((hash ^ hash >> 33) & INT32_MAX);
}
