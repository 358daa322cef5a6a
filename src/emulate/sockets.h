/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of sockets that are not as the process's first stack makes them, or that use a feature.
 *
 * What: the stack that a socket is in, what has become of it there, and what each feature keeps.
 * Keyed by: the socket's SO_COOKIE, which is the same through dup, fork and SCM_RIGHTS.
 * Not found: a socket of the first stack, made before a thread chose another one, or elsewhere.
 * When it is forgotten: no call is watched for closing. When the table is half full, the sockets
 *     that no open descriptor leads to are dropped, and it becomes four times as large as what is
 *     left takes. So memory is bounded by the sockets that are open, whatever comes and goes. A
 *     socket that is only on its way to another process just then, or only in another table of
 *     descriptors (unshare), is dropped with them: if it comes back, it is one of the first stack.
 * A forked child starts with what its parent knew.
 * errno is kept.
 *
 * source: SO_COOKIE, linux net/core/sock_diag.c, since 4.6; before, no socket is ever found */
#ifndef LKOS_EMULATE_SOCKETS_H
#define LKOS_EMULATE_SOCKETS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/emulate/extension_stamps.h"
#include "src/emulate/packets.h"
#include "src/emulate/recv_filter.h"
#include "src/runtime/c.h"
#include "src/translate/stack_names.h"

struct lkos_stack {
	int32_t number;
	bool accelerated; /* false: plain kernel sockets; the name is empty */
	char name[LKOS_SCOPED_NAME_MOST + 1];
};

struct lkos_socket {
	struct lkos_stack stack;
	bool moved; /* onload_move_fd() moved it while it was connected */
	bool no_unicast; /* of onload_socket_unicast_nonaccel() and onload_socket_rx_nonaccel() */
	struct lkos_stamps stamps;
	struct lkos_arrivals arrivals;
	struct lkos_recv_filter filter;
	uint32_t reserved;  /* bytes of the stream, for a delegated send */
	unsigned int looks; /* threads in lkos_look(), which may wait there */
	int error; /* that a call of ours took from the socket: its next receiving call has it */
};

/* How many are known. 0: nothing needs to be asked of any socket. */
extern LKOS_HIDDEN atomic_size_t lkos_sockets_known;

/* A number that no other socket has. 0: fd is no socket, or this kernel has no such numbers. */
uint64_t lkos_socket_cookie(int fd);

/* false: not found. */
bool lkos_socket_find(uint64_t cookie, struct lkos_socket *found);

/* What is kept of a socket, to be read and changed while the lock is held; NULL: nothing is known. */
struct lkos_socket *lkos_socket_at(uint64_t cookie);

/* The same, and what a socket of the first stack is where nothing is known yet. NULL: there is no
 * memory, or the cookie is 0. */
struct lkos_socket *lkos_socket_make_at(uint64_t cookie);

/* Drops the sockets that no open descriptor leads to. The lock is held. */
void lkos_sockets_drop_closed(void);

/* What is known of a socket that has just been made. return: 0, or -ENOMEM and nothing has changed.
 * A cookie of 0 is passed over. */
int lkos_socket_keep(uint64_t cookie, const struct lkos_socket *socket);

#endif
