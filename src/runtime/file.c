/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/file.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __i386__
#define FSTAT SYS_fstat64
#else
#define FSTAT SYS_fstat
#endif

bool lkos_file_read(int fd, lkos_file *file)
{
	const int kept = errno;
	const bool is_open = syscall(FSTAT, fd, file) == 0;

	errno = kept;
	return is_open;
}

bool lkos_file_set_times(int fd, const struct timespec times[2])
{
	const int kept = errno;
	const bool is_set = syscall(SYS_utimensat, fd, NULL, times, 0) == 0;

	errno = kept;
	return is_set;
}
