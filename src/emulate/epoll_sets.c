/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/epoll_sets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "src/emulate/open_descriptors.h"
#include "src/runtime/file.h"
#include "src/translate/stdlib.h"

struct search {
	unsigned long long inode, device;
	bool found;
};

static bool is_epoll_set(int fd)
{
	char path[64], target[64];
	long size;

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	size = syscall(SYS_readlinkat, AT_FDCWD, path, target, sizeof(target) - 1);
	target[size < 0 ? 0 : size] = '\0';
	return strcmp(target, "anon_inode:[eventpoll]") == 0;
}

/* "tfd: 4 events: 1 data: 0  pos:0 ino:2f sdev:8", of a member. */
static bool is_of_file(const char *line, const struct search *search)
{
	const char *inode = strstr(line, " ino:"), *device = strstr(line, " sdev:");

	return strncmp(line, "tfd:", strlen("tfd:")) == 0 && inode && device &&
	       strtoull(inode + strlen(" ino:"), NULL, 16) == search->inode &&
	       strtoull(device + strlen(" sdev:"), NULL, 16) == search->device;
}

static bool look_into_set(int fd, void *arg)
{
	struct search *const search = arg;
	char path[64], text[4096];
	size_t left = 0; /* bytes of a line whose end has not been read yet */
	int info;
	long got;

	if (!is_epoll_set(fd))
		return true;
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	info = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	while (info >= 0 && !search->found &&
	       (got = syscall(SYS_read, info, text + left, sizeof(text) - 1 - left)) > 0) {
		char *line = text, *end;

		text[left + (size_t)got] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			search->found |= is_of_file(line, search);
		}
		left = strlen(line);
		memmove(text, line, left);
	}
	if (info >= 0)
		syscall(SYS_close, info);
	return !search->found;
}

bool lkos_is_in_epoll_set(int fd)
{
	const int kept = errno;
	struct search search = {0};
	lkos_file file;

	if (lkos_file_read(fd, &file)) {
		search.inode = file.st_ino;
		search.device =
			(unsigned long long)major(file.st_dev) << 20 | minor(file.st_dev);
		lkos_each_descriptor(look_into_set, &search);
	}
	errno = kept;
	return search.found;
}
