/* SPDX-License-Identifier: GPL-2.0-only */
/* The next symbols: each libc function that we stand in front of, or call past ourselves.
 *
 * A member is the function that the loader finds behind us, in another preloaded library or in
 * libc. Until it has been looked up it is a small function that looks all of them up and calls
 * on, so a call needs no test and works before our constructor has run. A function that nobody
 * behind us has answers -1 with ENOSYS. A test may define lkos_next itself: a fake kernel.
 *
 * source: rows from spec/onload_api.yaml, `libc:` */
#ifndef LKOS_RUNTIME_NEXT_H
#define LKOS_RUNTIME_NEXT_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "src/runtime/c.h"

/* A library that calls others compiles next.c with rows of its own. */
#ifndef LKOS_NEXT_ROWS
#define LKOS_NEXT_ROWS "generated/next_symbols.inc"
#endif

struct lkos_next {
#define LKOS_NEXT(ret, name, params, args, proto) ret(*name) proto;
#define LKOS_NEXT_VOID(name, params, args, proto) void(*name) proto;
#include LKOS_NEXT_ROWS
#undef LKOS_NEXT
#undef LKOS_NEXT_VOID
};

extern LKOS_HIDDEN struct lkos_next lkos_next;

/* Looks all of them up. errno is kept. Threads that race here store the same addresses. */
void lkos_next_resolve(void);

#endif
