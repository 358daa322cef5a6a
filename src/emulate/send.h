/* SPDX-License-Identifier: GPL-2.0-only */
/* Sending what an extension has in its own memory. */
#ifndef LKOS_EMULATE_SEND_H
#define LKOS_EMULATE_SEND_H

#include <stddef.h>
#include <sys/uio.h>

/* A misuse that Onload would not survive: a line in the log. return: -EINVAL. */
int lkos_misused(const char *call, const char *how);

/* The length of all pieces; where that is above `most`, some number above it. */
size_t lkos_length(const struct iovec *pieces, int count, size_t most);

/* Sends on a TCP socket what fits a segment: all of it; or nothing, where it may not wait and there is no
 * room. With MSG_EOR it is a segment of its own, as far as Nagle's rule and the windows let it.
 * return: bytes, fewer than all where the connection broke in between; or -errno. errno may change. */
int lkos_send_whole(int fd, const void *bytes, size_t length, int flags);

#endif
