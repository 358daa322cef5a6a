/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/kernel_time.h"

#include <stdbool.h>
#include <string.h>

#include "src/translate/control_messages.h"
#include "src/translate/timestamping_cmsg.h"

#define SECOND UINT64_C(1000000000)

/* A timespec in its old form, of two longs, or in its new one. */
struct stamp {
	unsigned char bytes[LKOS_SLOT_SIZE_NEW];
};

static struct stamp stamp_of(uint64_t arrived, size_t size)
{
	const int64_t newer[2] = {(int64_t)(arrived / SECOND),
				  (int64_t)(arrived % SECOND)};
	const long old[2] = {(long)newer[0], (long)newer[1]};
	struct stamp stamp = {{0}};

	if (size == sizeof(newer))
		memcpy(stamp.bytes, newer, sizeof(newer));
	else
		memcpy(stamp.bytes, old, sizeof(old));
	return stamp;
}

/* The size of the stamps that such a control message has; 0: it has none. */
static size_t stamp_size(const struct lkos_control_message *message)
{
	if (message->header.cmsg_level != SOL_SOCKET)
		return 0;
	switch (message->header.cmsg_type) {
	case LKOS_SCM_TIME_NS_OLD:
	case LKOS_SCM_STAMPS_OLD:
		return 2 * sizeof(long);
	case LKOS_SCM_TIME_NS_NEW:
	case LKOS_SCM_STAMPS_NEW:
		return LKOS_SLOT_SIZE_NEW;
	default:
		return 0;
	}
}

static bool tells_time(const struct lkos_control_message *message)
{
	return message->header.cmsg_level == SOL_SOCKET &&
	       (message->header.cmsg_type == LKOS_SCM_TIME_NS_OLD ||
		message->header.cmsg_type == LKOS_SCM_TIME_NS_NEW);
}

static uint64_t time_told(const struct msghdr *msg)
{
	unsigned char *at = msg->msg_control;
	size_t left = msg->msg_controllen;
	struct lkos_control_message message;
	int64_t newer[2];
	long old[2];

	while (lkos_control_take(&at, &left, &message)) {
		if (!tells_time(&message) || message.data_size < stamp_size(&message))
			continue;
		if (stamp_size(&message) == sizeof(newer)) {
			memcpy(newer, message.data, sizeof(newer));
			return (uint64_t)newer[0] * SECOND + (uint64_t)newer[1];
		}
		memcpy(old, message.data, sizeof(old));
		return (uint64_t)old[0] * SECOND + (uint64_t)old[1];
	}
	return 0;
}

void lkos_kernel_time_replace(struct msghdr *msg, uint64_t arrived)
{
	const uint64_t told = time_told(msg);
	unsigned char *at = msg->msg_control;
	size_t left = msg->msg_controllen;
	struct lkos_control_message message;

	while (told && lkos_control_take(&at, &left, &message)) {
		const size_t size = stamp_size(&message);
		const struct stamp from = stamp_of(told, size),
				   to = stamp_of(arrived, size);

		for (size_t slot = 0; size && slot + size <= message.data_size;
		     slot += size) {
			if (memcmp(message.data + slot, from.bytes, size) == 0)
				memcpy(message.data + slot, to.bytes, size);
		}
	}
}
