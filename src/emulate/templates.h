/* SPDX-License-Identifier: GPL-2.0-only */
/* Templates: messages that are prepared now and sent later.
 *
 * A template belongs to a socket, as SO_COOKIE tells it, and ends when it is sent, aborted, or dropped with
 * its socket: before memory for templates doubles, those of sockets that are closed are looked for. A
 * handle is looked up before it is used, so one that is no template is refused.
 * A forked child has copies. A thread that is cancelled while it sends leaves the memory of that one
 * template behind. errno is kept. */
#ifndef LKOS_EMULATE_TEMPLATES_H
#define LKOS_EMULATE_TEMPLATES_H

#include <stdbool.h>
#include <stdint.h>

bool lkos_has_templates(uint64_t cookie);

/* Ends all templates of a socket; a cookie of 0: none has it. The lock is held. */
void lkos_templates_end(uint64_t cookie);

#endif
