/* SPDX-License-Identifier: GPL-2.0-only */
/* An open file's identity and times, by system call number: a preloaded library that fakes the time
 * stands in front of libc's fstat and futimens. errno is kept. */
#ifndef LKOS_RUNTIME_FILE_H
#define LKOS_RUNTIME_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#ifdef __i386__
typedef struct stat64 lkos_file; /* the kernel's own layout, by the number that gives it */
#else
typedef struct stat lkos_file;
#endif

/* false: fd is not open. */
bool lkos_file_read(int fd, lkos_file *file);

/* Sets the times of the last access and modification. false: refused, as with EPERM for a file of
 * another user. */
bool lkos_file_set_times(int fd, const struct timespec times[2]);

#endif
