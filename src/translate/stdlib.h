/* SPDX-License-Identifier: GPL-2.0-only */
/* <stdlib.h>, with strtol and its relatives as every glibc has them. Since glibc 2.38 the header gives
 * programs with _GNU_SOURCE others of C23, which would then be needed to load.
 * source: glibc's include/features.h; the macro was renamed in 2.40 */
#ifndef LKOS_TRANSLATE_STDLIB_H
#define LKOS_TRANSLATE_STDLIB_H

#include <features.h>

#undef __GLIBC_USE_C2X_STRTOL
#define __GLIBC_USE_C2X_STRTOL 0
#undef __GLIBC_USE_C23_STRTOL
#define __GLIBC_USE_C23_STRTOL 0

#include <stdlib.h>

#endif
