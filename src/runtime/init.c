/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens when the library is loaded, in this order: next symbols, inherited descriptors, log,
 * stamping. Calls that other constructors make before this find the next symbols by themselves; they only miss
 * the log. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/runtime/descriptors.h"
#include "src/runtime/libc.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"
#include "src/runtime/stamping.h"

/* Said once, on stderr: the one message to the user of the program. */
static void complain(const char *value, const char *what)
{
	const char *parts[] = {"lk_onload_stub: LKOS_LOG_FD=", value, what};
	struct iovec line[3];

	for (int i = 0; i < 3; i++)
		line[i] = (struct iovec){(void *)parts[i], strlen(parts[i])};
	lkos_log_write(STDERR_FILENO, line, 3);
}

/* The value of LKOS_LOG_FD; NULL: no log. */
static void open_log(const char *value)
{
	const int fd = value ? lkos_descriptor_number(value) : -1;

	if (value && fd < 0)
		complain(value, " is not a descriptor number; give one, e.g. "
				"LKOS_LOG_FD=2; no log\n");
	else if (value && !lkos_log_open(fd))
		complain(value, " is not open, or a socket; open a file first, e.g. "
				"3>file; no log\n");
}

/* The value of EF_RX_TIMESTAMPING; NULL: off. */
static bool stamps_all(const char *value)
{
	return value && lkos_rx_timestamping_is_on(lkos_descriptor_number(value));
}

__attribute__((constructor)) static void start(void)
{
	lkos_next_resolve();
	lkos_libc_look_up();
	lkos_fd_own_process();
	/* Once forked, it may have sockets in common with a program that it executed. */
	if (lkos_atfork(lkos_stamps_become_possible, NULL, lkos_fd_forked) != 0)
		lkos_stamps_become_possible();
	lkos_possible_look();
	open_log(secure_getenv("LKOS_LOG_FD"));
	lkos_log("loaded");
	if (stamps_all(secure_getenv(LKOS_RX_TIMESTAMPING)))
		lkos_stamping_hold();
}
