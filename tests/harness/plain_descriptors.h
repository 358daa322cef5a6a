/* SPDX-License-Identifier: GPL-2.0-only */
/* src/runtime/descriptors.h for C++, which cannot read the atomic types of C.
 * Each function is the one of the same name there. */
#ifndef TESTS_HARNESS_PLAIN_DESCRIPTORS_H
#define TESTS_HARNESS_PLAIN_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

struct plain_fd_snapshot {
	void *at;
	uint64_t entry, generation;
};

bool plain_fd_cached(int fd, uint32_t *requested);
bool plain_fd_cached_first(int fd, uint32_t *requested);
bool plain_fd_hint(int fd, uint32_t *requested);
void plain_fd_leave_hint(int fd, uint32_t requested);
struct plain_fd_snapshot plain_fd_look(int fd);
void plain_fd_cache(const struct plain_fd_snapshot *snapshot, uint32_t requested);
void plain_fd_forget(int fd);
void plain_fd_forget_range(unsigned int first, unsigned int last);
void plain_fd_expire(void);
void plain_fd_cache_nothing(void);
void plain_fd_own_process(void);
int plain_descriptor_number(const char *text);

bool plain_stamps_possible(void);
bool plain_requests_possible(void);
void plain_stamps_become_possible(void);
void plain_requests_become_possible(void);
void plain_possible_look(void);

#endif
