/* SPDX-License-Identifier: GPL-2.0-only */
/* The log: one line, one write, to a private duplicate of the descriptor that LKOS_LOG_FD names.
 *
 * Before each line the duplicate is compared with the file that it was made of: when the
 * application has closed it and the number now is another file, the log ends. A line is cut at
 * 255 bytes. No error reaches the caller: errno is kept, no signal is raised, and writing is
 * no cancellation point. */
#ifndef LKOS_RUNTIME_LOG_H
#define LKOS_RUNTIME_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "src/runtime/c.h"

extern LKOS_HIDDEN bool lkos_log_is_on;

/* Starts the log on fd. false: fd is not open; or a socket that is not standard error, since in a
 * program that was executed the number that the environment names may be one of its own by now. */
bool lkos_log_open(int fd);

void lkos_log_write(int fd, const struct iovec *parts, int count);

void lkos_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first use of an extension function: what it answered. */
#define LKOS_LOG_ANSWER(name, answer)                                                    \
	do {                                                                             \
		static atomic_bool said;                                                 \
		if (lkos_log_is_on && !atomic_exchange(&said, true))                     \
			lkos_log("%s: %s", #name, answer);                               \
	} while (0)

#endif
