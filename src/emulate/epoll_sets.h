/* SPDX-License-Identifier: GPL-2.0-only */
/* What epoll sets have in them, as the kernel tells it, so that no call of epoll is watched. */
#ifndef LKOS_EMULATE_EPOLL_SETS_H
#define LKOS_EMULATE_EPOLL_SETS_H

#include <stdbool.h>
#include <stdint.h>

/* Without /proc: no. */
bool lkos_is_epoll_set(int fd);

struct lkos_epoll_member {
	int fd; /* the number that was added: closed since, or of another file, if the file differs */
	uint32_t events;
	uint64_t data;
	bool has_file;                    /* before Linux 4.13 there is none */
	unsigned long long inode, device; /* as the kernel writes them there */
};

/* Calls visit for each member, until it returns false. return: false where they cannot be listed, for
 * want of /proc or of a descriptor. errno is kept. */
bool lkos_epoll_each_member(int epfd,
			    bool (*visit)(const struct lkos_epoll_member *member,
					  void *arg),
			    void *arg);

/* Does the member's number still lead to the file that was added? errno is kept. */
bool lkos_epoll_member_is_open(const struct lkos_epoll_member *member);

/* Is fd's file in a set of this process? Found by inode, since a number in a set may have been closed
 * and used again. Without /proc: no. errno is kept.
 * source: linux Documentation/filesystems/proc.rst, "Eventpoll files"; inodes since 4.13 */
bool lkos_is_in_epoll_set(int fd);

#endif
