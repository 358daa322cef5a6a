/* SPDX-License-Identifier: GPL-2.0-only */
/* src/runtime/records.h and descriptors.h for C++, which cannot read the atomic types of C.
 * Each function is the one of the same name there. */
#ifndef TESTS_HARNESS_PLAIN_RECORDS_H
#define TESTS_HARNESS_PLAIN_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

struct plain_record {
	uint32_t tag, asked, setters, closed, turn;
};

void *plain_record_find(uint64_t cookie);
void *plain_record_place(uint64_t cookie, uint32_t asked);
bool plain_record_see(void *place, uint64_t cookie, struct plain_record *seen);
bool plain_record_begin(void *place, uint64_t cookie);
bool plain_record_end(void *place, const struct plain_record *seen, uint32_t asked);
void plain_record_closed(void *place);

bool plain_stamps_possible(void);
void plain_possible_rule_out(void);
void plain_stamps_become_possible(void);

struct plain_fd_seen {
	int fd;
	void *at;
	uint64_t entry;
};

bool plain_fd_asked(int fd, uint32_t *asked);
struct plain_fd_seen plain_fd_before(int fd);
bool plain_fd_make_room(int fd);
bool plain_fd_is_as_before(const struct plain_fd_seen *before);
void plain_fd_keep(const struct plain_fd_seen *before, void *place, uint64_t cookie);
void *plain_fd_forget(int fd);
void plain_fd_keep_nothing(void);
bool plain_fd_leads_to(void *place);
unsigned int plain_fd_limit(void);
bool plain_sockets_are_open(void);

#endif
