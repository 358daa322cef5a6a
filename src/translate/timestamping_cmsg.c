/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/timestamping_cmsg.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

#include "src/translate/control_messages.h"
#include "src/translate/timestamping_flags.h"

/* By number, since libc has none of them and not everybody has headers that new. */
#define PACKET_STAMP_REPORT 16 /* PACKET_TX_TIMESTAMP of linux/if_packet.h */
#define LEVEL_CAN_RAW 101      /* SOL_CAN_RAW of linux/can/raw.h */
#define CAN_RAW_REPORT 1       /* SCM_CAN_RAW_ERRQUEUE */
#define LEVEL_CAN_J1939 107    /* SOL_CAN_J1939 of linux/can/j1939.h */
#define CAN_J1939_REPORT 4     /* SCM_J1939_ERRQUEUE */
#define LEVEL_BLUETOOTH 274    /* SOL_BLUETOOTH */
#define BLUETOOTH_REPORT 4     /* BT_SCM_ERROR of net/bluetooth/bluetooth.h */

static const struct { /* where an error queue message says what it reports */
	int level, type;
} reports[] = {
	{SOL_IP, IP_RECVERR},
	{SOL_IPV6, IPV6_RECVERR},
	{SOL_PACKET, PACKET_STAMP_REPORT},
	{LEVEL_CAN_RAW, CAN_RAW_REPORT},
	{LEVEL_CAN_J1939, CAN_J1939_REPORT},
	{LEVEL_BLUETOOTH, BLUETOOTH_REPORT},
};

static bool is_report(const struct cmsghdr *header, size_t size)
{
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		if (header->cmsg_level == reports[i].level &&
		    header->cmsg_type == reports[i].type)
			return size >= sizeof(struct sock_extended_err);
	}
	return false;
}

static bool is_stamping(const struct cmsghdr *header)
{
	return header->cmsg_level == SOL_SOCKET &&
	       (header->cmsg_type == LKOS_SCM_STAMPS_OLD ||
		header->cmsg_type == LKOS_SCM_STAMPS_NEW);
}

static bool is_time(const struct cmsghdr *header)
{
	return header->cmsg_level == SOL_SOCKET &&
	       (header->cmsg_type == LKOS_SCM_TIME_OLD ||
		header->cmsg_type == LKOS_SCM_TIME_NS_OLD ||
		header->cmsg_type == LKOS_SCM_TIME_NEW ||
		header->cmsg_type == LKOS_SCM_TIME_NS_NEW);
}

void lkos_control_find(const struct msghdr *msg, struct lkos_control *found)
{
	unsigned char *at = msg->msg_control;
	size_t left = msg->msg_controllen;
	struct lkos_control_message message;

	*found = (struct lkos_control){0};
	while (lkos_control_take(&at, &left, &message)) {
		if (is_stamping(&message.header)) {
			found->stamps = message.data;
			found->stamps_size = message.data_size;
			found->stamps_span = message.data_span;
			found->slot_size = message.header.cmsg_type == LKOS_SCM_STAMPS_NEW
						   ? LKOS_SLOT_SIZE_NEW
						   : 2 * sizeof(long);
		} else if (is_report(&message.header, message.data_size)) {
			found->report = message.data;
			found->report_size = message.data_size;
		} else if (message.header.cmsg_level == SOL_SOCKET &&
			   message.header.cmsg_type == SCM_RIGHTS) {
			found->rights = message.data;
			found->rights_count = message.data_size / sizeof(int);
		} else if (is_time(&message.header)) {
			found->has_time = true;
		}
	}
}

bool lkos_send_control_to_kernel(unsigned char *control, size_t size)
{
	struct lkos_control_message message;
	bool requests = false;

	while (lkos_control_take(&control, &size, &message)) {
		uint32_t flags;

		if (!is_stamping(&message.header) || message.data_size != sizeof(flags))
			continue;
		memcpy(&flags, message.data, sizeof(flags));
		requests = requests || flags & SOF_TIMESTAMPING_TX_HARDWARE;
		flags = lkos_sof_send_to_kernel(flags);
		memcpy(message.data, &flags, sizeof(flags));
	}
	return requests;
}

/* What else of a send can be stamped: its queueing, acknowledgement, and completion. */
#define OTHER_SENT_STAMPS (LKOS_SOF_TX_SCHED | LKOS_SOF_TX_ACK | LKOS_SOF_TX_COMPLETION)

/* Is this error queue message the stamp of a send? Where its report was cut off, it is taken for
 * one if the socket could get no other kind of stamp, and if there is no address: an error brings
 * one. source: linux net/ipv4/ip_sockglue.c (ipv4_datagram_support_addr) */
static bool reports_send(const struct lkos_control *found, const struct msghdr *msg,
			 uint32_t requested)
{
	struct sock_extended_err report;

	if (!found->report)
		return !(requested & OTHER_SENT_STAMPS) &&
		       !(msg->msg_name && msg->msg_namelen > 0);
	memcpy(&report, found->report, sizeof(report));
	return report.ee_errno == ENOMSG &&
	       report.ee_origin == SO_EE_ORIGIN_TIMESTAMPING &&
	       report.ee_info == SCM_TSTAMP_SND;
}

/* Takes the control message out; those behind it move up. */
static void drop_stamps(const struct lkos_control *found, struct msghdr *msg)
{
	unsigned char *const start = found->stamps - CMSG_LEN(0);
	unsigned char *const next = found->stamps + found->stamps_span;
	unsigned char *const end = (unsigned char *)msg->msg_control + msg->msg_controllen;

	memmove(start, next, (size_t)(end - next));
	msg->msg_controllen -= (size_t)(next - start);
}

/* The flags by which slots with a hardware stamp are shown. For SO_TIMESTAMP and SO_TIMESTAMPNS the
 * kernel makes up the software stamp that a card's report does not have.
 * source: linux net/socket.c (__sock_recv_timestamp) */
static uint32_t shown_by(const struct lkos_control *found, uint32_t requested, bool sent)
{
	return sent && found->has_time ? requested
				       : lkos_sof_of_direction(requested, sent);
}

/* The slots are made whole, changed, and put back as far as they are there: a cut message has the bytes of
 * the whole one, up to the cut. */
void lkos_stamps_to_app(const struct lkos_control *found, struct msghdr *msg,
			uint32_t requested)
{
	const bool sent = msg->msg_flags & MSG_ERRQUEUE;
	const bool wants_hardware = lkos_sof_wants_hardware(requested, sent);
	const size_t slot = found->slot_size, all = 3 * slot;
	const size_t known = found->stamps_size < all ? found->stamps_size : all;
	unsigned char slots[LKOS_STAMPS_SIZE] = {0};

	if (!wants_hardware && !lkos_sof_reports_ours(requested))
		return;
	if (sent && !reports_send(found, msg, requested))
		return;
	memcpy(slots, found->stamps, known);
	if (!wants_hardware && known == all && lkos_slot_is_empty(slots + 2 * slot, slot)) {
		drop_stamps(found, msg);
		return;
	}
	if (wants_hardware)
		lkos_slots_to_app(slots, slot, shown_by(found, requested, sent));
	else
		memset(slots, 0, slot);
	memcpy(found->stamps, slots, known);
}
