/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_ordered_epoll_wait(): events in the order in which packets arrived. */
#ifndef LKOS_EMULATE_WIRE_ORDER_H
#define LKOS_EMULATE_WIRE_ORDER_H

/* value: of EF_UL_EPOLL; may be NULL. */
void lkos_wire_order_start(const char *value);

#endif
