/* SPDX-License-Identifier: GPL-2.0-only */
/* SO_PEEK_OFF of a socket whose queue was walked over from its beginning, from byte to byte. */
#ifndef LKOS_TRANSLATE_PEEK_OFFSET_H
#define LKOS_TRANSLATE_PEEK_OFFSET_H

/* What it is to be afterwards. found: what it was before. walked: bytes that were seen. now: what it is:
 * the kernel takes off what a reader receives meanwhile, and stops at 0. */
static inline int lkos_peek_offset_after(int found, int walked, int now)
{
	const int received = now < walked ? walked - now : 0;

	if (found < 0 || now < 0)
		return -1; /* it was off, or somebody has switched it off */
	return found > received ? found - received : 0;
}

#endif
