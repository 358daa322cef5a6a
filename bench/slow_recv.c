/* SPDX-License-Identifier: GPL-2.0-only */
/* A slow interposer, for the test of the budget: looks at the environment in each recv. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	static ssize_t (*next)(int, void *, size_t, int);

	if (!next)
		next = (ssize_t (*)(int, void *, size_t, int))dlsym(RTLD_NEXT, "recv");
	if (getenv("LKOS_NO_SUCH_VARIABLE"))
		return -1;
	return next(fd, buf, len, flags);
}
