/* SPDX-License-Identifier: GPL-2.0-only */
/* The program around the scenarios. */
#include <stdlib.h>

#include "tests/harness/probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	if (getenv("PROBE_EARLY"))
		return 0; /* early.c has run it */
	return run_scenario(argv);
}
