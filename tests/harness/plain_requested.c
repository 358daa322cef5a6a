/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/plain_requested.h"

#include <string.h>

#include "src/interpose/requested.h"

uint32_t plain_requested(int fd)
{
	return lkos_requested(fd);
}

uint32_t plain_requested_learn(int fd)
{
	return lkos_requested_learn(fd);
}

uint32_t plain_requested_shown(int fd, uint32_t held)
{
	return lkos_requested_shown(fd, held);
}

struct plain_request plain_request_begin(int fd, int optname, uint32_t requested)
{
	const struct lkos_request request = lkos_request_begin(fd, optname, requested);
	struct plain_request plain = {
		.requested = request.requested,
	};

	_Static_assert(sizeof(request) <= sizeof(plain.whole), "room for all of it");
	memcpy(plain.whole, &request, sizeof(request));
	return plain;
}

void plain_request_end(const struct plain_request *request, bool granted)
{
	struct lkos_request same;

	memcpy(&same, request->whole, sizeof(same));
	lkos_request_end(&same, granted);
}

void plain_request_per_call(int fd)
{
	lkos_request_per_call(fd);
}

void plain_request_inherit(int listener, int accepted)
{
	lkos_request_inherit(listener, accepted);
}
