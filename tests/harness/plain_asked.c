/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/plain_asked.h"

#include "src/interpose/asked.h"

uint32_t plain_asked(int fd)
{
	return lkos_asked(fd);
}

uint32_t plain_asked_learn(int fd)
{
	return lkos_asked_learn(fd);
}

uint32_t plain_asked_shown(int fd, uint32_t kernel)
{
	return lkos_asked_shown(fd, kernel);
}

void *plain_asked_begin(int fd, uint64_t *cookie)
{
	return lkos_asked_begin(fd, cookie);
}

void plain_asked_end(int fd, void *place, uint64_t cookie, uint32_t asked, bool granted)
{
	lkos_asked_end(fd, place, cookie, asked, granted);
}

void plain_asked_per_call(int fd)
{
	lkos_asked_per_call(fd);
}

void plain_asked_inherit(int listener, int accepted)
{
	lkos_asked_inherit(listener, accepted);
}
