/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_stack_opt_set_int: every option is accepted and forgotten, but for one that has a
 * counterpart in the kernel. */
#include <string.h>

#include "generated/onload_api.h"
#include "src/runtime/c.h"
#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/stamping.h"

/* The name may be any pointer. */
static bool is_rx_timestamping(const char *opt)
{
	char name[sizeof(LKOS_RX_TIMESTAMPING)];
	lkos_known_page page = 0;

	return lkos_memory_read(name, opt, sizeof(name), &page) == 0 &&
	       memcmp(name, LKOS_RX_TIMESTAMPING, sizeof(name)) == 0;
}

LKOS_EXPORT int onload_stack_opt_set_int(const char *opt, int64_t val)
{
	LKOS_LOG_ANSWER(onload_stack_opt_set_int, "0");
	if (lkos_rx_timestamping_is_on(val) && is_rx_timestamping(opt))
		lkos_stamping_hold();
	return 0;
}
