/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the layouts no compiler tells: bit-fields are where the table says, seen by writing a
 * member and looking at the bytes of the struct, and by writing the bytes and looking at the
 * member; and the constants that are pointers. For little-endian machines. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "generated/onload_api.h"

#if defined(__x86_64__)
#define HERE(x86_64, i386, aarch64) (x86_64)
#elif defined(__i386__)
#define HERE(x86_64, i386, aarch64) (i386)
#elif defined(__aarch64__)
#define HERE(x86_64, i386, aarch64) (aarch64)
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "bits are counted from the first byte");

static const uint64_t patterns[] = {
	0,
	1,
	~0ULL,
	0x5555555555555555,
	0xaaaaaaaaaaaaaaaa,
	0x0123456789abcdef,
	0x8000000000000000,
};

static int wrong;

/* Puts the low `width` bits of value from bit `first` of the word at `at`. */
static void put(unsigned char *at, unsigned first, unsigned width, uint64_t value)
{
	for (unsigned bit = first; bit < first + width; bit++, value >>= 1) {
		const unsigned char mask = (unsigned char)(1U << bit % 8);

		at[bit / 8] = (unsigned char)(value & 1 ? at[bit / 8] | mask
							: at[bit / 8] & ~mask);
	}
}

static uint64_t low_bits(uint64_t value, unsigned width)
{
	return width < 64 ? value & ((1ULL << width) - 1) : value;
}

static void compare(const char *what, uint64_t pattern, const void *got, const void *want,
		    size_t size)
{
	if (memcmp(got, want, size) == 0)
		return;
	wrong++;
	printf("%s = 0x%llx gives bytes", what, (unsigned long long)pattern);
	for (size_t i = 0; i < size; i++)
		printf(" %02x", ((const unsigned char *)got)[i]);
	printf(", not");
	for (size_t i = 0; i < size; i++)
		printf(" %02x", ((const unsigned char *)want)[i]);
	puts("");
}

/* fill: what the rest of the struct holds; it must stay. */
#define LKOS_BITS(type, member, x, i, a, first, width)                                   \
	static void check_##member(unsigned char fill, uint64_t pattern)                 \
	{                                                                                \
		const uint64_t value = low_bits(pattern, width);                         \
		unsigned char want[sizeof(type)];                                        \
		uint64_t got;                                                            \
		type it;                                                                 \
                                                                                         \
		memset(&it, fill, sizeof(it));                                           \
		memset(want, fill, sizeof(want));                                        \
		put(want + HERE(x, i, a), first, width, value);                          \
		it.member = value;                                                       \
		compare(#type " ." #member, value, &it, want, sizeof(want));             \
		memcpy(&it, want, sizeof(it));                                           \
		got = it.member;                                                         \
		compare("reading " #type " ." #member, value, &got, &value,              \
			sizeof(got));                                                    \
	}
#define LKOS_SIZE(...)
#define LKOS_ALIGN(...)
#define LKOS_FIELD(...)
#define LKOS_ENUM(...)
#define LKOS_CONSTANT(...)
#define LKOS_POINTER_CONSTANT(...)
#include "generated/layout_asserts.inc"
#undef LKOS_BITS
#undef LKOS_POINTER_CONSTANT

static void check_pointer(const char *name, const void *constant, intptr_t want)
{
	if ((intptr_t)constant == want)
		return;
	wrong++;
	printf("%s is %p, not %p\n", name, constant, (void *)want);
}

static int check_pointers(void)
{
	int pointers = 0;

#define LKOS_BITS(...)
#define LKOS_POINTER_CONSTANT(name, value)                                               \
	check_pointer(#name, name, value);                                               \
	pointers++;
#include "generated/layout_asserts.inc"
#undef LKOS_BITS
#undef LKOS_POINTER_CONSTANT
	return pointers;
}

int main(void)
{
	static void (*const checks[])(unsigned char fill, uint64_t pattern) = {
#define LKOS_BITS(type, member, ...) check_##member,
#define LKOS_POINTER_CONSTANT(...)
#include "generated/layout_asserts.inc"
	};
	const size_t fields = sizeof(checks) / sizeof(checks[0]);
	const size_t values = sizeof(patterns) / sizeof(patterns[0]);
	const int pointers = check_pointers();

	for (size_t i = 0; i < fields; i++) {
		for (size_t j = 0; j < values; j++) {
			checks[i](0x00, patterns[j]);
			checks[i](0xff, patterns[j]);
		}
	}
	printf("checked: %zu bit-fields with %zu values each, %d constants that are pointers\n",
	       fields, values, pointers);
	return wrong == 0 ? 0 : 1;
}
