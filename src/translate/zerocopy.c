/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/zerocopy.h"

#include <stddef.h>

_Static_assert(offsetof(struct lkos_zerocopy, msg_flags) + sizeof(uint32_t) ==
		       LKOS_ZEROCOPY_SIZE,
	       "as the kernel has it");

bool lkos_zerocopy_control(const struct lkos_zerocopy *before,
			   const struct lkos_zerocopy *after, struct msghdr *msg)
{
	const uint64_t size = after->msg_control - before->msg_control;

	if (size == 0 || size > before->msg_controllen)
		return false;
	*msg = (struct msghdr){.msg_control = (void *)(uintptr_t)before->msg_control,
			       .msg_controllen = (size_t)size};
	return true;
}

void lkos_zerocopy_shorten(const struct msghdr *msg, struct lkos_zerocopy *after)
{
	const uint64_t end = (uintptr_t)msg->msg_control + msg->msg_controllen;

	after->msg_controllen += after->msg_control - end;
	after->msg_control = end;
}
