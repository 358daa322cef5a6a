/* SPDX-License-Identifier: GPL-2.0-only */
/* A library that is preloaded where no memory shall be had. */
#include <errno.h>
#include <stdlib.h>

void *malloc(size_t size)
{
	(void)size;
	errno = ENOMEM;
	return NULL;
}

void *calloc(size_t count, size_t size)
{
	(void)count;
	(void)size;
	errno = ENOMEM;
	return NULL;
}

void *realloc(void *old, size_t size)
{
	(void)old;
	(void)size;
	errno = ENOMEM;
	return NULL;
}

void free(void *memory)
{
	(void)memory;
}
