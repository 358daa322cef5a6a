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

bool lkos_is_epoll_set(int fd)
{
	const int kept = errno;
	char path[64], target[64];
	long size;

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	size = syscall(SYS_readlinkat, AT_FDCWD, path, target, sizeof(target) - 1);
	target[size < 0 ? 0 : size] = '\0';
	errno = kept;
	return strcmp(target, "anon_inode:[eventpoll]") == 0;
}

/* The number that follows a name in a line. false: the name is not there. */
static bool number_after(const char *line, const char *name, int base,
			 unsigned long long *number)
{
	const char *const at = strstr(line, name);

	if (at)
		*number = strtoull(at + strlen(name), NULL, base);
	return at;
}

/* "tfd: 4 events: 1 data: 0  pos:0 ino:2f sdev:8". false: the line is about something else. */
static bool read_member(const char *line, struct lkos_epoll_member *member)
{
	unsigned long long fd, events, data;

	if (strncmp(line, "tfd:", strlen("tfd:")) != 0 ||
	    !number_after(line, "tfd:", 10, &fd) ||
	    !number_after(line, "events:", 16, &events) ||
	    !number_after(line, "data:", 16, &data))
		return false;
	*member = (struct lkos_epoll_member){
		.fd = (int)fd,
		.events = (uint32_t)events,
		.data = data,
	};
	member->has_file = number_after(line, " ino:", 16, &member->inode) &&
			   number_after(line, " sdev:", 16, &member->device);
	return true;
}

bool lkos_epoll_each_member(int epfd,
			    bool (*visit)(const struct lkos_epoll_member *member,
					  void *arg),
			    void *arg)
{
	const int kept = errno;
	struct lkos_epoll_member member;
	char path[64], text[4096];
	size_t left = 0; /* bytes of a line whose end has not been read yet */
	bool goes_on = true;
	long got = -1;
	int info;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", epfd);
	info = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	while (info >= 0 && goes_on &&
	       (got = syscall(SYS_read, info, text + left, sizeof(text) - 1 - left)) > 0) {
		char *line = text, *end;

		text[left + (size_t)got] = '\0';
		for (; goes_on && (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			goes_on = !read_member(line, &member) || visit(&member, arg);
		}
		left = strlen(line);
		memmove(text, line, left);
	}
	if (info >= 0)
		syscall(SYS_close, info);
	errno = kept;
	return got >= 0;
}

static bool is_file(const struct lkos_epoll_member *member, const lkos_file *file)
{
	return member->inode == file->st_ino &&
	       member->device == ((unsigned long long)major(file->st_dev) << 20 |
				  minor(file->st_dev));
}

bool lkos_epoll_member_is_open(const struct lkos_epoll_member *member)
{
	lkos_file file;

	return lkos_file_read(member->fd, &file) &&
	       (!member->has_file || is_file(member, &file));
}

struct search {
	lkos_file file;
	bool found;
};

static bool compare(const struct lkos_epoll_member *member, void *arg)
{
	struct search *const search = arg;

	search->found = member->has_file && is_file(member, &search->file);
	return !search->found;
}

static bool look_into_set(int fd, void *arg)
{
	struct search *const search = arg;

	if (lkos_is_epoll_set(fd))
		lkos_epoll_each_member(fd, compare, search);
	return !search->found;
}

bool lkos_is_in_epoll_set(int fd)
{
	struct search search = {.found = false};

	if (lkos_file_read(fd, &search.file))
		lkos_each_descriptor(look_into_set, &search);
	return search.found;
}
