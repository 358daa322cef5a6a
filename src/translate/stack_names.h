/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of stacks, as onload_set_stackname() takes them and onload_fd_stat() gives them.
 *
 * source: onload src/lib/transport/unix/stackname.c */
#ifndef LKOS_TRANSLATE_STACK_NAMES_H
#define LKOS_TRANSLATE_STACK_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LKOS_STACK_NAME_MOST 16 /* bytes of a name that a program gives */
#define LKOS_SCOPED_NAME_MOST                                                            \
	25 /* bytes of a name with its suffix; what is longer is cut */

/* enum onload_stackname_who and enum onload_stackname_scope. Plain numbers, because programs pass
 * others, too. */
enum { LKOS_WHO_THIS_THREAD, LKOS_WHO_ALL_THREADS };
enum {
	LKOS_SCOPE_NOCHANGE,
	LKOS_SCOPE_THREAD,
	LKOS_SCOPE_PROCESS,
	LKOS_SCOPE_USER,
	LKOS_SCOPE_GLOBAL,
};

/* Which name a thread, or the process, uses for the sockets that it makes. */
struct lkos_naming {
	uint8_t who, scope;
	bool accelerated; /* false: the name is NULL, sockets are plain kernel ones */
	char name[LKOS_STACK_NAME_MOST + 1];
};

/* What the suffixes say. */
struct lkos_identity {
	pid_t thread, process;
	uid_t user;
};

/* May this be set? Checked in Onload's order. name: may be NULL, not to be accelerated.
 * return: 0, -EINVAL, -ENAMETOOLONG. */
int lkos_naming_check(unsigned int who, unsigned int scope, const char *name);

/* Copies a name that was checked; of a longer one its first bytes. name: may be NULL. */
struct lkos_naming lkos_naming_of(unsigned int who, unsigned int scope, const char *name);

/* The naming that holds for a thread: its own, or the process-wide one if it follows that.
 *
 * A thread that follows a process-wide THREAD scope gets a suffix only if its own scope is THREAD,
 * too: where it made that setting, or was started under EF_STACK_PER_THREAD. */
struct lkos_naming lkos_naming_in_force(const struct lkos_naming *own,
					const struct lkos_naming *process_wide);

/* The name with its suffix: "-t" thread, "-p" process, "-u" user, or none. */
void lkos_stack_name(char scoped[LKOS_SCOPED_NAME_MOST + 1],
		     const struct lkos_naming *naming,
		     const struct lkos_identity *identity);

/* A number from 0 to INT32_MAX that tells stacks apart: the same for the same name, in every
 * process. Two names share one by chance in one of 2^31 cases. own: tells the stacks without a
 * name apart, which are private to a process. */
int32_t lkos_stack_number(const char *scoped, uint64_t own);

#endif
