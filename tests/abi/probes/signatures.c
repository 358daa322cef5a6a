/* SPDX-License-Identifier: GPL-2.0-only */
/* In C: the headers declare each function as the table says. Compiling it is the test. */
#include "generated/onload_api.h"

#define LKOS_API_ROW(name, ret, types, ...)                                              \
	_Static_assert(__builtin_types_compatible_p(__typeof__(name), ret types),        \
		       #name " must be declared as " #ret " " #name #types);
#include "generated/api_table.inc"
