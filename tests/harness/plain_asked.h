/* SPDX-License-Identifier: GPL-2.0-only */
/* src/interpose/asked.h for C++, which cannot read the atomic types of C.
 * Each function is the one of the same name there. */
#ifndef TESTS_HARNESS_PLAIN_ASKED_H
#define TESTS_HARNESS_PLAIN_ASKED_H

#include <stdbool.h>
#include <stdint.h>

uint32_t plain_asked(int fd);
uint32_t plain_asked_learn(int fd);
uint32_t plain_asked_shown(int fd, uint32_t kernel);
void *plain_asked_begin(int fd, uint64_t *cookie);
void plain_asked_end(int fd, void *place, uint64_t cookie, uint32_t asked, bool granted);
void plain_asked_per_call(int fd);
void plain_asked_inherit(int listener, int accepted);

#endif
