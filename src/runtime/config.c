/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/config.h"

#include <limits.h>
#include <stddef.h>

/* A whole decimal number from 0 to INT_MAX, or -1. strtol would also take blanks and signs. */
static int descriptor_number(const char *text)
{
	long long number = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9' && number <= INT_MAX; at++)
		number = number * 10 + (*at - '0');
	return at != text && *at == '\0' && number <= INT_MAX ? (int)number : -1;
}

struct lkos_config lkos_config_read(char *(*get)(const char *name))
{
	const char *text = get("LKOS_LOG_FD");
	const int fd = text ? descriptor_number(text) : -1;

	return (struct lkos_config){
		.log_fd = fd,
		.bad_log_fd = text && fd < 0 ? text : NULL,
	};
}
