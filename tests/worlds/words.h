/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program sees of a message, in words that are the same on each run. */
#ifndef LKOS_TESTS_WORLDS_WORDS_H
#define LKOS_TESTS_WORLDS_WORDS_H

#include <sys/socket.h>

/* Each message that is sent has this. */
#define HELLO "hello"
#define HELLO_SIZE 5

/* For messages that this process and others caused: stamps older than this call, by more than a
 * minute, are wrong. */
void words_begin(void);

/* result: of the call. msg: as it left it. In this order:
 *     the size, or "-1 ERRNO" and no more
 *     "partly" where it does not end with what was sent
 *     msg_flags, by name
 *     "name N" where there is room for an address
 *     each control message in its order with its length, and of stamps the three slots: '-' is
 *     empty, 'T' a time just now, '?' another; of a slot that was cut only whether it is empty:
 *     '.' or 't' */
const char *message_words(ssize_t result, const struct msghdr *msg);

/* "5", or "-1 ERRNO". */
const char *result_words(long result);

#endif
