/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens when we are loaded, in this order: environment, next symbols, records, open sockets,
 * log.
 * Calls that other constructors make before this find the next symbols and the records by
 * themselves; they only miss the log. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/runtime/config.h"
#include "src/runtime/descriptors.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"
#include "src/runtime/records.h"

/* Said once, on stderr: the one place where we speak to the user of the program. */
static void complain(const char *value, const char *what)
{
	const char *parts[] = {"lk_onload_stub: LKOS_LOG_FD=", value, what};
	struct iovec line[3];

	for (int i = 0; i < 3; i++)
		line[i] = (struct iovec){(void *)parts[i], strlen(parts[i])};
	lkos_log_write(STDERR_FILENO, line, 3);
}

__attribute__((constructor)) static void start(void)
{
	const struct lkos_config config = lkos_config_read(secure_getenv);

	lkos_next_resolve();
	lkos_records_open();
	/* From then on it may have sockets in common with a program that it executed. */
	if (pthread_atfork(lkos_stamps_become_possible, NULL, NULL) != 0)
		lkos_stamps_become_possible();
	if (!lkos_sockets_are_open())
		lkos_possible_rule_out();
	if (config.bad_log_fd)
		complain(config.bad_log_fd, " is not a descriptor number; give one, e.g. "
					    "LKOS_LOG_FD=2; no log\n");
	else if (config.log_fd >= 0 && !lkos_log_open(config.log_fd))
		complain(secure_getenv("LKOS_LOG_FD"),
			 " is not open, or a socket; open a file first, e.g. 3>file; "
			 "no log\n");
	lkos_log("loaded");
}
