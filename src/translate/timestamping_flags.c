/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/timestamping_flags.h"

static const struct
{ /* a direction's hardware record, its stand-in, what must go with that */
	uint32_t hardware, software, dropped;
} directions[] = {
	{SOF_TIMESTAMPING_RX_HARDWARE, SOF_TIMESTAMPING_RX_SOFTWARE, 0},
	{SOF_TIMESTAMPING_TX_HARDWARE, SOF_TIMESTAMPING_TX_SOFTWARE,
	 SOF_TIMESTAMPING_OPT_TX_SWHW},
};

#define DIRECTIONS (sizeof(directions) / sizeof(directions[0]))

uint32_t lkos_sof_to_kernel(uint32_t asked)
{
	uint32_t kernel = asked;

	if (!(asked & SOF_TIMESTAMPING_RAW_HARDWARE))
		return asked;
	for (unsigned int i = 0; i < DIRECTIONS; i++) {
		if (!(asked & directions[i].hardware))
			continue;
		if (!(asked & directions[i].software))
			kernel &= ~directions[i].dropped;
		kernel |= directions[i].software | SOF_TIMESTAMPING_SOFTWARE;
	}
	return kernel;
}

uint32_t lkos_sof_held(uint32_t remembered)
{
	const uint32_t per_call = LKOS_SOF_TX_HARDWARE_PER_CALL;
	uint32_t kernel = lkos_sof_to_kernel(remembered & ~per_call);

	if (!(remembered & per_call))
		return kernel;
	if (!(kernel & SOF_TIMESTAMPING_TX_SOFTWARE))
		kernel &= ~(uint32_t)SOF_TIMESTAMPING_OPT_TX_SWHW;
	return kernel | SOF_TIMESTAMPING_SOFTWARE;
}

uint32_t lkos_sof_remembered(uint32_t asked, uint32_t before)
{
	return asked & SOF_TIMESTAMPING_RAW_HARDWARE
		       ? asked | (before & LKOS_SOF_TX_HARDWARE_PER_CALL)
		       : asked;
}

uint32_t lkos_sof_to_app(uint32_t kernel)
{
	const uint32_t records =
		SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE;
	uint32_t asked = kernel;

	if (kernel & SOF_TIMESTAMPING_SYS_HARDWARE)
		return kernel;
	for (unsigned int i = 0; i < DIRECTIONS; i++) {
		if ((kernel & directions[i].hardware) &&
		    !(kernel & directions[i].dropped))
			asked &= ~directions[i].software;
	}
	if (!(asked & records))
		asked &= ~(uint32_t)SOF_TIMESTAMPING_SOFTWARE;
	return lkos_sof_to_kernel(asked) == kernel ? asked : kernel;
}

uint32_t lkos_sof_send_to_kernel(uint32_t call)
{
	return call & SOF_TIMESTAMPING_TX_HARDWARE ? call | SOF_TIMESTAMPING_TX_SOFTWARE
						   : call;
}
