/* SPDX-License-Identifier: GPL-2.0-only */
/* Sending what an extension has in its own memory. */
#ifndef LKOS_EMULATE_SEND_H
#define LKOS_EMULATE_SEND_H

#include <stdbool.h>
#include <stddef.h>

/* A misuse that Onload would not survive: a line in the log. return: -EINVAL. */
int lkos_misused(const char *call, const char *how);

/* May a call with these flags wait on this socket? errno may change. */
bool lkos_may_wait(int fd, int flags);

/* Sends all of it on a TCP socket, as a segment of its own where Nagle's rule and the windows let it; or
 * nothing, where it cannot wait and there is no room. flags: MSG_DONTWAIT, MSG_NOSIGNAL.
 * return: 0 or -errno, after which a broken connection may have taken a part. errno may change. */
int lkos_send_whole(int fd, const void *bytes, size_t length, int flags);

#endif
