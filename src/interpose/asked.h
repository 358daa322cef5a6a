/* SPDX-License-Identifier: GPL-2.0-only */
/* What the application asked of SO_TIMESTAMPING on a socket: remembered, or worked out.
 * Flags are sets of SOF_TIMESTAMPING_* bits. errno is kept by all of these. */
#ifndef LKOS_INTERPOSE_ASKED_H
#define LKOS_INTERPOSE_ASKED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "src/runtime/descriptors.h"
#include "src/runtime/records.h"

/* Is this, of the options of SOL_SOCKET, SO_TIMESTAMPING in its old or its new form? */
static inline bool lkos_is_timestamping(int optname)
{
	return optname == SO_TIMESTAMPING_OLD || optname == SO_TIMESTAMPING_NEW;
}

/* Some socket asks for `asked`: said before the kernel is told, where we tell it. */
void lkos_asks(uint32_t asked);

/* For a socket that we have not met yet; from then on it has a record. Two system calls, and some
 * more where there is no memory for a record, or to be mapped for one. */
uint32_t lkos_asked_learn(int fd);

/* No system call once the socket is known. */
static inline uint32_t lkos_asked(int fd)
{
	uint32_t asked;

	return LKOS_LIKELY(lkos_fd_asked(fd, &asked)) ? asked : lkos_asked_learn(fd);
}

/* What getsockopt shows where the kernel holds `kernel`. */
uint32_t lkos_asked_shown(int fd, uint32_t kernel);

/* Before the kernel is told: NULL where the socket cannot have a record. */
lkos_place *lkos_asked_begin(int fd, uint64_t *cookie);

/* After it: `asked` was granted, or (granted false) refused. */
void lkos_asked_end(int fd, lkos_place *place, uint64_t cookie, uint32_t asked,
		    bool granted);

/* The socket, which asked for RAW_HARDWARE, asks for hardware transmit stamps per call. */
void lkos_asked_per_call(int fd);

/* accepted came from the listener and has its flags, as the kernel inherits them. */
void lkos_asked_inherit(int listener, int accepted);

#endif
