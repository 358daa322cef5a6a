/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs ask about a descriptor.
 *
 * source: onload src/lib/transport/unix/onload_ext_intercept.c */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/translate/endpoints.h"

/* The name belongs to the caller. A socket's own number is its endpoint. */
int lkos_emulated_onload_fd_stat(int fd, struct onload_stat *stat)
{
	struct lkos_endpoint endpoint;

	if (!lkos_endpoint_of(fd, &endpoint))
		return 0;
	if (!stat)
		return 1;
	stat->stack_id = endpoint.socket.stack.number;
	stat->endpoint_id = (int32_t)(endpoint.cookie & INT32_MAX);
	stat->endpoint_state = lkos_endpoint_state_of(&endpoint);
	stat->stack_name = strdup(endpoint.socket.stack.name);
	return stat->stack_name ? 1 : -ENOMEM;
}

int lkos_emulated_onload_fd_check_feature(int fd, enum onload_fd_feature feature)
{
	struct lkos_endpoint endpoint;

	switch (feature) {
	case ONLOAD_FD_FEAT_MSG_WARM:
		return lkos_endpoint_of(fd, &endpoint) && endpoint.tcp &&
		       lkos_endpoint_can_be_warmed(lkos_endpoint_state_of(&endpoint));
	case ONLOAD_FD_FEAT_UDP_TX_TS_HDR:
	case ONLOAD_FD_FEAT_TX_SCM_TS_PKTINFO:
		return 1; /* of every descriptor, open or not */
	}
	return -EOPNOTSUPP;
}
