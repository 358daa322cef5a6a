/* SPDX-License-Identifier: GPL-2.0-only */
/* A library whose constructor runs a probe's scenario. Named in LD_PRELOAD behind the library
 * under test, it is initialised before that: its calls come through the library all the same. */
#include <stdlib.h>

#include "tests/harness/probe.h"

__attribute__((constructor)) static void start(int argc, char **argv)
{
	const int status = argc > 1 && getenv("PROBE_EARLY") ? run_scenario(argv) : 0;

	if (status != 0)
		exit(status);
}
