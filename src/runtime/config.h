/* SPDX-License-Identifier: GPL-2.0-only */
/* What the environment asks of us. README has the one table of variables. */
#ifndef LKOS_RUNTIME_CONFIG_H
#define LKOS_RUNTIME_CONFIG_H

struct lkos_config {
	int log_fd; /* LKOS_LOG_FD; -1 when there is no log */
	const char
		*bad_log_fd; /* its text, when that is no descriptor number; else NULL */
};

/* Pure: reads what `get` gives, as secure_getenv would. A bad value leaves the default. */
struct lkos_config lkos_config_read(char *(*get)(const char *name));

#endif
