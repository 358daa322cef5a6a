/* SPDX-License-Identifier: GPL-2.0-only */
/* Signal sets, for system calls that are made by number. */
#ifndef LKOS_RUNTIME_SIGNAL_SET_H
#define LKOS_RUNTIME_SIGNAL_SET_H

#define LKOS_SIGNAL_SET_SIZE 8 /* of the kernel's sigset_t, in bytes */

#endif
