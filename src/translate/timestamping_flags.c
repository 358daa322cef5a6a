/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/timestamping_flags.h"

/* Each request for hardware records, the software one that stands in for it, and what is dropped where
 * software transmit records were not requested. A request per call brings its record with it. */
static const struct {
	uint32_t hardware, software, dropped;
} requests[] = {
	{SOF_TIMESTAMPING_RX_HARDWARE, SOF_TIMESTAMPING_RX_SOFTWARE, 0},
	{SOF_TIMESTAMPING_TX_HARDWARE, SOF_TIMESTAMPING_TX_SOFTWARE, LKOS_SOF_OPT_TX_SWHW},
	{LKOS_SOF_TX_HARDWARE_PER_CALL, 0, LKOS_SOF_OPT_TX_SWHW},
};

#define REQUESTS (sizeof(requests) / sizeof(requests[0]))

uint32_t lkos_sof_held(uint32_t requested)
{
	uint32_t held = requested & ~LKOS_SOF_OURS;

	if (!(requested & SOF_TIMESTAMPING_RAW_HARDWARE))
		return held;
	for (unsigned int i = 0; i < REQUESTS; i++) {
		if (!(requested & requests[i].hardware))
			continue;
		if (!(requested & SOF_TIMESTAMPING_TX_SOFTWARE))
			held &= ~requests[i].dropped;
		held |= requests[i].software | SOF_TIMESTAMPING_SOFTWARE;
	}
	return held;
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
	for (unsigned int i = 0; i < REQUESTS; i++) {
		if ((held & requests[i].hardware) && !(held & requests[i].dropped))
			requested &= ~requests[i].software;
	}
	if (!(requested & records))
		requested &= ~(uint32_t)SOF_TIMESTAMPING_SOFTWARE;
	return lkos_sof_held(requested) == held ? requested : held;
}

uint32_t lkos_sof_send_to_kernel(uint32_t call)
{
	return call & SOF_TIMESTAMPING_TX_HARDWARE ? call | SOF_TIMESTAMPING_TX_SOFTWARE
						   : call;
}
