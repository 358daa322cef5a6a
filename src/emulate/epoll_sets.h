/* SPDX-License-Identifier: GPL-2.0-only */
/* What epoll sets have in them, as the kernel tells it, so that no call of epoll is watched. */
#ifndef LKOS_EMULATE_EPOLL_SETS_H
#define LKOS_EMULATE_EPOLL_SETS_H

#include <stdbool.h>

/* Is fd's file in a set of this process? Found by inode, since a number in a set may have been closed
 * and used again. Without /proc: no. errno is kept.
 * source: linux Documentation/filesystems/proc.rst, "Eventpoll files"; inodes since 4.13 */
bool lkos_is_in_epoll_set(int fd);

#endif
