/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of Onload's options: as the environment writes them, and as an option keeps them.
 *
 * source: onload src/lib/transport/ip/netif_init.c; what is written how: spec/onload_options.yaml */
#ifndef LKOS_TRANSLATE_OPTION_VALUES_H
#define LKOS_TRANSLATE_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* How a variable is written. */
enum lkos_option_text {
	LKOS_OPTION_NUMBER,      /* decimal; what is none is 0, as for atoi() */
	LKOS_OPTION_HEXADECIMAL, /* with or without 0x */
	LKOS_OPTION_WORD,  /* one of the option's words, which count from its minimum */
	LKOS_OPTION_OTHER, /* not read here */
	LKOS_OPTION_NONE,  /* there is no variable */
};

struct lkos_int_option {
	const char *name;
	int64_t first, min, max;
	unsigned int bits; /* that are kept of it; 0: all */
	enum lkos_option_text text;
	const char *const *words; /* ended by NULL */
};

/* The value that a variable gives: cut to the option's range. false: none. */
bool lkos_option_read(const struct lkos_int_option *option, const char *text,
		      int64_t *value);

/* May it be set to this? return: 0 or -EINVAL. */
int lkos_option_check(const struct lkos_int_option *option, int64_t value);

int64_t lkos_option_cut(const struct lkos_int_option *option, int64_t value);

/* What is kept of a value in range. */
int64_t lkos_option_kept(const struct lkos_int_option *option, int64_t value);

#endif
