/* SPDX-License-Identifier: GPL-2.0-only */
/* A slow interposer, for the test of the budget: asks for the socket's type in each recvmsg. */
#include <dlfcn.h>
#include <sys/socket.h>

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	static ssize_t (*next)(int, struct msghdr *, int);
	int type;
	socklen_t size = sizeof(type);

	if (!next)
		next = (ssize_t (*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
		return -1;
	return next(fd, msg, flags);
}
