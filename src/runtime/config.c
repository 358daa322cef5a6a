/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/config.h"

#include <stddef.h>

#include "src/runtime/number.h"

struct lkos_config lkos_config_read(char *(*get)(const char *name))
{
	const char *text = get("LKOS_LOG_FD");
	const int fd = text ? lkos_descriptor_number(text) : -1;

	return (struct lkos_config){
		.log_fd = fd,
		.bad_log_fd = text && fd < 0 ? text : NULL,
	};
}
