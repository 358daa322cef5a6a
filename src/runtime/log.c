/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/runtime/file.h"

/* The name that lines begin with. */
#ifndef LKOS_LIBRARY
#define LKOS_LIBRARY "lk_onload_stub"
#endif

#define SIGNAL(number) (UINT64_C(1) << ((number)-1)) /* in the kernel's set */

/* Above the numbers that programs and shells name by hand; lower when the limit is lower. */
#define LOG_FD_FLOOR 512

bool lkos_log_is_on;

static int log_fd = -1;
static lkos_file log_file; /* what log_fd was when it was made */

static bool is_log_file(int fd)
{
	lkos_file now;

	return lkos_file_read(fd, &now) && now.st_dev == log_file.st_dev &&
	       now.st_ino == log_file.st_ino && now.st_rdev == log_file.st_rdev;
}

bool lkos_log_open(int fd)
{
	const int kept = errno;

	if (lkos_file_read(fd, &log_file) &&
	    (!S_ISSOCK(log_file.st_mode) || is_log_file(STDERR_FILENO))) {
		log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LOG_FD_FLOOR);
		if (log_fd < 0)
			log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
	}
	lkos_log_is_on = log_fd >= 0;
	errno = kept;
	return lkos_log_is_on;
}

/* The signal that a failed write has raised in this thread: of a pipe without a reader, or a file that
 * is as long as it may be. */
static uint64_t raised_by(int error)
{
	return error == EPIPE ? SIGNAL(SIGPIPE) : error == EFBIG ? SIGNAL(SIGXFSZ) : 0;
}

/* A signal that writing raised is taken back, unless one was waiting already. One that stops
 * those who write to their terminal from the background (SIGTTOU) is not even raised while it is
 * blocked. By number: libc's writev() and sigtimedwait() are cancellation points, which our
 * callers are not; and each other function would make starting a program longer. */
void lkos_log_write(int fd, const struct iovec *parts, int count)
{
	const int kept = errno;
	const uint64_t blocked = SIGNAL(SIGPIPE) | SIGNAL(SIGXFSZ) | SIGNAL(SIGTTOU);
	const struct timespec now = {0};
	uint64_t before, waiting = 0, raised = 0;

	syscall(SYS_rt_sigpending, &waiting, sizeof(waiting));
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, &before, sizeof(before));
	if (syscall(SYS_writev, fd, parts, count) < 0)
		raised = raised_by(errno) & ~waiting;
	if (raised)
		syscall(SYS_rt_sigtimedwait, &raised, NULL, &now, sizeof(raised));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
	errno = kept;
}

void lkos_log(const char *format, ...)
{
	static const char prefix[] = LKOS_LIBRARY ": ";
	const int kept = errno;
	char line[256];
	int size;
	va_list args;

	if (!lkos_log_is_on)
		return;
	if (!is_log_file(log_fd)) {
		lkos_log_is_on = false;
		errno = kept;
		return;
	}
	size = snprintf(line, sizeof(line), "%s", prefix);
	va_start(args, format);
	size += vsnprintf(line + size, sizeof(line) - (size_t)size, format, args);
	va_end(args);
	if (size > (int)sizeof(line) - 1)
		size = (int)sizeof(line) - 1;
	line[size++] = '\n'; /* over the ending NUL, which the log does not want */
	lkos_log_write(log_fd, &(struct iovec){line, (size_t)size}, 1);
	errno = kept;
}
