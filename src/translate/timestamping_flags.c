/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/timestamping_flags.h"

#define TX_REQUESTS (SOF_TIMESTAMPING_TX_HARDWARE | LKOS_SOF_TX_HARDWARE_PER_CALL)

/* A request per call brings its software record with it. */
uint32_t lkos_sof_held(uint32_t requested)
{
	uint32_t held = requested & ~LKOS_SOF_OURS;

	if (!(requested & SOF_TIMESTAMPING_RAW_HARDWARE))
		return held;
	if (requested & SOF_TIMESTAMPING_RX_HARDWARE)
		held |= SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	if (!(requested & TX_REQUESTS))
		return held;
	if (!(requested & SOF_TIMESTAMPING_TX_SOFTWARE))
		held &= ~LKOS_SOF_OPT_TX_SWHW;
	if (requested & SOF_TIMESTAMPING_TX_HARDWARE)
		held |= SOF_TIMESTAMPING_TX_SOFTWARE;
	return held | SOF_TIMESTAMPING_SOFTWARE;
}

uint32_t lkos_sof_requested_after(uint32_t requested, uint32_t before)
{
	const uint32_t per_call = LKOS_SOF_TX_HARDWARE_PER_CALL;

	return requested & SOF_TIMESTAMPING_RAW_HARDWARE ? requested | (before & per_call)
							 : requested & ~LKOS_SOF_OURS;
}

uint32_t lkos_sof_to_app(uint32_t held)
{
	const uint32_t records =
		SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE;
	uint32_t requested = held;

	if (held & SOF_TIMESTAMPING_SYS_HARDWARE)
		return held;
	if (held & SOF_TIMESTAMPING_RX_HARDWARE)
		requested &= ~(uint32_t)SOF_TIMESTAMPING_RX_SOFTWARE;
	if (held & SOF_TIMESTAMPING_TX_HARDWARE && !(held & LKOS_SOF_OPT_TX_SWHW))
		requested &= ~(uint32_t)SOF_TIMESTAMPING_TX_SOFTWARE;
	if (!(requested & records))
		requested &= ~(uint32_t)SOF_TIMESTAMPING_SOFTWARE;
	return lkos_sof_held(requested) == held ? requested : held;
}

uint32_t lkos_sof_send_to_kernel(uint32_t call)
{
	return call & SOF_TIMESTAMPING_TX_HARDWARE ? call | SOF_TIMESTAMPING_TX_SOFTWARE
						   : call;
}
