/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/option_values.h"

#include <errno.h>
#include <string.h>

#include "src/translate/stdlib.h"

static int64_t number(const char *text, int base)
{
	const int kept = errno;
	const int64_t value = strtoll(text, NULL, base);

	errno = kept;
	return value;
}

bool lkos_option_read(const struct lkos_int_option *option, const char *text,
		      int64_t *value)
{
	int64_t read;

	switch (option->text) {
	case LKOS_OPTION_NUMBER:
		read = number(text, 10);
		break;
	case LKOS_OPTION_HEXADECIMAL:
		read = number(text, 16);
		break;
	case LKOS_OPTION_WORD:
		for (read = 0; option->words[read]; read++)
			if (strcmp(option->words[read], text) == 0)
				break;
		if (!option->words[read])
			return false;
		read += option->min;
		break;
	default:
		return false;
	}
	*value = lkos_option_kept(option, lkos_option_cut(option, read));
	return true;
}

int lkos_option_check(const struct lkos_int_option *option, int64_t value)
{
	return value < option->min || value > option->max ? -EINVAL : 0;
}

int64_t lkos_option_cut(const struct lkos_int_option *option, int64_t value)
{
	return value < option->min   ? option->min
	       : value > option->max ? option->max
				     : value;
}

int64_t lkos_option_kept(const struct lkos_int_option *option, int64_t value)
{
	return option->bits ? value & (((int64_t)1 << option->bits) - 1) : value;
}
