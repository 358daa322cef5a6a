/* SPDX-License-Identifier: GPL-2.0-only */
/* Control data message by message: taken apart, and written as the kernel writes it.
 *
 * Pure: bytes in, bytes out. Buffers may be unaligned, and what they say of their lengths may lie.
 * source: linux net/core/scm.c, put_cmsg() */
#ifndef LKOS_TRANSLATE_CONTROL_MESSAGES_H
#define LKOS_TRANSLATE_CONTROL_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* One message of control data. */
struct lkos_control_message {
	unsigned char *data;
	size_t data_size;
	size_t data_span;      /* with what fills it up to the next message */
	struct cmsghdr header; /* ends in an array of no elements */
};

/* Takes the first message off. A length that lies is cut to what is there. false: none is left,
 * or one too short to be one. */
static inline bool lkos_control_take(unsigned char **at, size_t *left,
				     struct lkos_control_message *taken)
{
	size_t length;

	if (*left < sizeof(taken->header))
		return false;
	memcpy(&taken->header, *at, sizeof(taken->header));
	length = taken->header.cmsg_len < *left ? taken->header.cmsg_len : *left;
	if (length < CMSG_LEN(0))
		return false;
	taken->data = *at + CMSG_LEN(0);
	taken->data_size = length - CMSG_LEN(0);
	length = CMSG_ALIGN(length) < *left ? CMSG_ALIGN(length) : *left;
	taken->data_span = length - CMSG_LEN(0);
	*at += length;
	*left -= length;
	return true;
}

/* Where control data is written to. */
struct lkos_control_room {
	unsigned char *at;
	size_t left;
	bool cut; /* something did not fit: MSG_CTRUNC */
};

/* Of a message that does not fit, what fits is written; without room for its head, nothing is. */
static inline void lkos_control_put(struct lkos_control_room *to, int level, int type,
				    const void *data, size_t size)
{
	struct cmsghdr header = {.cmsg_level = level, .cmsg_type = type};
	const size_t whole = CMSG_LEN(size), space = CMSG_SPACE(size);

	to->cut = to->cut || to->left < whole;
	if (to->left < sizeof(header))
		return;
	header.cmsg_len = to->left < whole ? to->left : whole;
	memcpy(to->at, &header, sizeof(header));
	if (header.cmsg_len > CMSG_LEN(0))
		memcpy(to->at + CMSG_LEN(0), data, header.cmsg_len - CMSG_LEN(0));
	to->at += space < to->left ? space : to->left;
	to->left -= space < to->left ? space : to->left;
}

#endif
