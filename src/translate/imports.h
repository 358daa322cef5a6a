/* SPDX-License-Identifier: GPL-2.0-only */
/* What an object of ELF, a program or a library, takes from others.
 *
 * source: System V ABI, chapter 5, "Dynamic Linking" */
#ifndef LKOS_TRANSLATE_IMPORTS_H
#define LKOS_TRANSLATE_IMPORTS_H

#include <link.h>
#include <stdbool.h>

/* Does it refer to a function of Onload's that it does not define? That is one that is called onload_ or
 * oo_ something. Only what a relocation refers to counts: how many symbols there are, the dynamic section
 * does not tell.
 * dynamic: of the object, up to DT_NULL; NULL: it has none. base: where the object is, for addresses that
 * the loader has left as they are in the file. */
bool lkos_imports_onload(const ElfW(Dyn) * dynamic, ElfW(Addr) base);

#endif
