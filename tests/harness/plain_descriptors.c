/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/plain_descriptors.h"

#include "src/runtime/descriptors.h"

bool plain_fd_cached(int fd, uint32_t *requested)
{
	return lkos_fd_cached(fd, requested);
}

bool plain_fd_cached_first(int fd, uint32_t *requested)
{
	return lkos_fd_cached_first(fd, requested);
}

bool plain_fd_hint(int fd, uint32_t *requested)
{
	bool not_noted;

	return lkos_fd_hint(fd, requested, &not_noted);
}

void plain_fd_leave_hint(int fd, uint32_t requested)
{
	lkos_fd_leave_hint(fd, requested, false);
}

struct plain_fd_snapshot plain_fd_look(int fd)
{
	const struct lkos_fd_snapshot snapshot = lkos_fd_look(fd);

	return (struct plain_fd_snapshot){
		.at = snapshot.at,
		.entry = snapshot.entry,
		.generation = snapshot.generation,
	};
}

void plain_fd_cache(const struct plain_fd_snapshot *snapshot, uint32_t requested)
{
	const struct lkos_fd_snapshot same = {
		.at = snapshot->at,
		.entry = snapshot->entry,
		.generation = snapshot->generation,
	};

	lkos_fd_cache(&same, requested);
}

void plain_fd_forget(int fd)
{
	lkos_fd_forget(fd);
}

void plain_fd_forget_range(unsigned int first, unsigned int last)
{
	lkos_fd_forget_range(first, last);
}

void plain_fd_expire(void)
{
	lkos_fd_expire();
}

void plain_fd_cache_nothing(void)
{
	lkos_fd_cache_nothing();
}

void plain_fd_own_process(void)
{
	lkos_fd_own_process();
}

int plain_descriptor_number(const char *text)
{
	return lkos_descriptor_number(text);
}

bool plain_stamps_possible(void)
{
	return lkos_stamps_possible;
}

bool plain_requests_possible(void)
{
	return lkos_requests_possible;
}

void plain_stamps_become_possible(void)
{
	lkos_stamps_become_possible();
}

void plain_requests_become_possible(void)
{
	lkos_requests_become_possible();
}

void plain_possible_look(void)
{
	lkos_possible_look();
}
