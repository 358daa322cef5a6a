/* SPDX-License-Identifier: GPL-2.0-only */
/* Software timestamps are made while any socket on the machine asks for them: a switch of the
 * whole kernel, which it turns a moment after it was asked to. Until then messages come without. */
#ifndef LKOS_TESTS_HARNESS_STAMPING_H
#define LKOS_TESTS_HARNESS_STAMPING_H

#ifdef __cplusplus
extern "C" {
#endif

/* Leaves a socket open that asks for stamps, and waits until messages have been stamped for so long,
 * in milliseconds, that the kernel has surely turned the switch; 0 where somebody else keeps it on.
 * return: 0; -1 with errno where there is no such socket, ETIME if none was within ten seconds. */
int keep_stamping_on(int steady_ms);

#ifdef __cplusplus
}
#endif

#endif
