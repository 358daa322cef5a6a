/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/interpose/each.h"

#include <errno.h>
#include <stdint.h>

#include "src/runtime/next.h"
#include "src/translate/message_flags.h"

/* The address may be any: nothing is there that could be named before it was looked at. */
static const struct msghdr *message_at(const struct mmsghdr *msgs, int number)
{
	return (const struct msghdr *)((uintptr_t)msgs +
				       (unsigned int)number * sizeof(*msgs));
}

/* The kernel writes the place first, so that one which cannot be written is EFAULT. */
static int put_length(int fd, unsigned int *at, ssize_t length)
{
	socklen_t size = sizeof(*at);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, SO_TYPE, at, &size) != 0)
		return -1;
	*at = (unsigned int)length;
	return 0;
}

int lkos_send_each(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		   lkos_send_one send_one)
{
	const int kept = errno;
	bool last = false;
	int done;

	if (count > LKOS_MESSAGES_MAX)
		count = LKOS_MESSAGES_MAX;
	for (done = 0; done < (int)count && !last; done++) {
		const ssize_t sent = send_one(fd, message_at(msgs, done), flags, &last);

		if (sent < 0 || put_length(fd, &msgs[done].msg_len, sent) != 0)
			break;
	}
	if (done == 0 && count > 0)
		return -1;
	errno = kept; /* the error of a later message is not told */
	return done;
}
