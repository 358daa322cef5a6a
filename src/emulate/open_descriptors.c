/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/open_descriptors.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/translate/stdlib.h"

/* What getdents64() fills in. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
};

int lkos_number_of(const char *text)
{
	char *end;
	const unsigned long number = strtoul(text, &end, 10);

	return isdigit((unsigned char)*text) && *end == '\0' && number <= INT_MAX
		       ? (int)number
		       : -1;
}

bool lkos_each_descriptor(bool (*visit)(int fd, void *arg), void *arg)
{
	_Alignas(struct entry) char buffer[4096];
	const int kept = errno;
	const int folder = (int)syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/fd",
					O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool goes_on = true;
	long got = -1;

	while (folder >= 0 && goes_on &&
	       (got = syscall(SYS_getdents64, folder, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got && goes_on;) {
			const struct entry *entry = (const struct entry *)(buffer + at);
			const int fd = lkos_number_of(entry->name);

			if (fd >= 0 && fd != folder)
				goes_on = visit(fd, arg);
			at += entry->size;
		}
	}
	if (folder >= 0)
		syscall(SYS_close, folder);
	errno = kept;
	return got >= 0;
}
