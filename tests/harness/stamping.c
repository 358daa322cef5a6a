/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/stamping.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#define PATIENCE_MS 10000

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A socket that is connected to itself. */
static int stamped_socket(void)
{
	const uint32_t flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(addr);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&addr, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &size) != 0 ||
	    connect(fd, (struct sockaddr *)&addr, size) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) != 0)
		return -1;
	return fd;
}

static bool is_stamped(int fd)
{
	_Alignas(struct cmsghdr) char control[128];
	struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof(control)};

	return send(fd, "", 0, 0) == 0 && recvmsg(fd, &msg, 0) == 0 &&
	       msg.msg_controllen > 0;
}

int keep_stamping_on(int steady_ms)
{
	const int64_t start = now_ms();
	const int fd = stamped_socket();
	int64_t since = start, now;

	if (fd < 0)
		return -1;
	do {
		const bool stamped = is_stamped(fd);

		now = now_ms();
		if (stamped && now - since >= steady_ms)
			return 0;
		if (!stamped)
			since = now;
	} while (now - start < PATIENCE_MS);
	errno = ETIME;
	return -1;
}
