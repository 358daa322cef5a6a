/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/imports.h"

#include <stddef.h>
#include <string.h>

/* Relocations of either kind: ElfW(Rela) begins as ElfW(Rel) does. */
struct relocations {
	const char *first;
	size_t bytes, each;
};

struct object {
	const ElfW(Sym) * symbols;
	const char *names;
	struct relocations of_calls, with_addends, without;
};

static struct object read_dynamic(const ElfW(Dyn) * dynamic, ElfW(Addr) base)
{
	struct object object = {
		.of_calls.each = sizeof(ElfW(Rela)),
		.with_addends.each = sizeof(ElfW(Rela)),
		.without.each = sizeof(ElfW(Rel)),
	};

	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		const ElfW(Addr) value = dynamic->d_un.d_ptr;
		const void *const at = (const void *)(value < base ? base + value : value);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			object.symbols = at;
			break;
		case DT_STRTAB:
			object.names = at;
			break;
		case DT_JMPREL:
			object.of_calls.first = at;
			break;
		case DT_PLTRELSZ:
			object.of_calls.bytes = value;
			break;
		case DT_PLTREL:
			object.of_calls.each =
				value == DT_REL ? sizeof(ElfW(Rel)) : sizeof(ElfW(Rela));
			break;
		case DT_RELA:
			object.with_addends.first = at;
			break;
		case DT_RELASZ:
			object.with_addends.bytes = value;
			break;
		case DT_REL:
			object.without.first = at;
			break;
		case DT_RELSZ:
			object.without.bytes = value;
			break;
		}
	}
	return object;
}

static size_t symbol_of(const char *relocation)
{
	const ElfW(Rel) *const found = (const void *)relocation;

	return (size_t)(sizeof(found->r_info) == 8 ? ELF64_R_SYM((uint64_t)found->r_info)
						   : ELF32_R_SYM(found->r_info));
}

static bool is_of_onload(const struct object *object, size_t symbol)
{
	const char *const name = object->names + object->symbols[symbol].st_name;

	return object->symbols[symbol].st_shndx == SHN_UNDEF &&
	       (strncmp(name, "onload_", 7) == 0 || strncmp(name, "oo_", 3) == 0);
}

static bool some_are_of_onload(const struct object *object, struct relocations list)
{
	for (size_t at = 0; list.first && at < list.bytes; at += list.each) {
		const size_t symbol = symbol_of(list.first + at);

		if (symbol != STN_UNDEF && is_of_onload(object, symbol))
			return true;
	}
	return false;
}

bool lkos_imports_onload(const ElfW(Dyn) * dynamic, ElfW(Addr) base)
{
	const struct object object = read_dynamic(dynamic, base);

	return object.symbols && object.names &&
	       (some_are_of_onload(&object, object.of_calls) ||
		some_are_of_onload(&object, object.with_addends) ||
		some_are_of_onload(&object, object.without));
}
