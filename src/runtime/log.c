/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/runtime/next.h"

/* Above the numbers that programs and shells name by hand; lower when the limit is lower. */
#define LOG_FD_FLOOR 512

bool lkos_log_is_on;

static int log_fd = -1;
static struct stat log_file; /* what log_fd was when we made it */

static bool is_log_file(int fd)
{
	struct stat now;

	return fstat(fd, &now) == 0 && now.st_dev == log_file.st_dev &&
	       now.st_ino == log_file.st_ino && now.st_rdev == log_file.st_rdev;
}

bool lkos_log_open(int fd)
{
	const int kept = errno;

	if (fstat(fd, &log_file) == 0 && !S_ISSOCK(log_file.st_mode)) {
		log_fd = lkos_next.fcntl64(fd, F_DUPFD_CLOEXEC, (void *)LOG_FD_FLOOR);
		if (log_fd < 0)
			log_fd = lkos_next.fcntl64(fd, F_DUPFD_CLOEXEC, NULL);
	}
	lkos_log_is_on = log_fd >= 0;
	errno = kept;
	return lkos_log_is_on;
}

/* A pipe without a reader raises SIGPIPE in this thread: it is taken back, unless one was waiting
 * already. */
void lkos_log_write(int fd, const struct iovec *parts, int count)
{
	const int kept = errno;
	sigset_t pipe_only, before, waiting;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&waiting);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	/* By number: libc's writev() is a cancellation point, which our callers are not. */
	if (syscall(SYS_writev, fd, parts, count) < 0 && errno == EPIPE &&
	    !sigismember(&waiting, SIGPIPE))
		sigtimedwait(&pipe_only, NULL, &(struct timespec){0});
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = kept;
}

void lkos_log(const char *format, ...)
{
	static const char prefix[] = "lk_onload_stub: ";
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
