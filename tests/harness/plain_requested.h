/* SPDX-License-Identifier: GPL-2.0-only */
/* src/interpose/requested.h for C++, which cannot read the atomic types of C.
 * Each function is the one of the same name there. */
#ifndef TESTS_HARNESS_PLAIN_REQUESTED_H
#define TESTS_HARNESS_PLAIN_REQUESTED_H

#include <stdbool.h>
#include <stdint.h>

/* struct lkos_request, and of its members the one that a caller needs. */
struct plain_request {
	uint32_t requested;
	uint64_t whole[8];
};

uint32_t plain_requested(int fd);
uint32_t plain_requested_learn(int fd);
uint32_t plain_requested_shown(int fd, uint32_t held);
struct plain_request plain_request_begin(int fd, int optname, uint32_t requested);
void plain_request_end(const struct plain_request *request, bool granted);
void plain_request_per_call(int fd);
void plain_request_inherit(int listener, int accepted);

#endif
