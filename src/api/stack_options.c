/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_stack_opt_set_int: every option is accepted and forgotten, but for one that has a
 * counterpart in the kernel. */
#include <stddef.h>

#include "generated/onload_api.h"
#include "src/runtime/c.h"
#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/stamping.h"

/* The name may be any pointer; it is read no further than it goes on like ours. */
static bool is_rx_timestamping(const char *opt)
{
	static const char name[] = LKOS_RX_TIMESTAMPING;
	lkos_known_page page = 0;
	char at;

	for (size_t i = 0; i < sizeof(name); i++)
		if (lkos_memory_read(&at, opt + i, 1, &page) != 0 || at != name[i])
			return false;
	return true;
}

LKOS_EXPORT int onload_stack_opt_set_int(const char *opt, int64_t val)
{
	LKOS_LOG_ANSWER(onload_stack_opt_set_int, "0");
	if (lkos_rx_timestamping_is_on(val) && is_rx_timestamping(opt))
		lkos_stamping_hold();
	return 0;
}
