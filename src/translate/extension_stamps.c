/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/extension_stamps.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

#include "src/translate/control_messages.h"
#include "src/translate/timestamping_flags.h"

#define RECEIVES (SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RX_SOFTWARE)
#define REPORTS                                                                          \
	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_SYS_HARDWARE |                     \
	 SOF_TIMESTAMPING_RAW_HARDWARE)

/* SO_TIMESTAMPING's bits 0 to 16, but those that Onload refuses. */
#define ACCEPTED                                                                         \
	(((LKOS_SOF_OPT_ID_TCP << 1) - 1) &                                              \
	 ~(uint32_t)(LKOS_SOF_OPT_STATS | LKOS_SOF_OPT_TX_SWHW | 1U << 15))

/* What the kernel does as Onload does it. */
#define PASSED_ON                                                                        \
	(LKOS_SOF_NUMBERS | LKOS_SOF_OPT_CMSG | LKOS_SOF_OPT_TSONLY |                    \
	 LKOS_SOF_OPT_PKTINFO)

/* Of a stamp in Onload's form: onload_ts_flags. */
#define CLOCK_SET 1U
#define CLOCK_IN_SYNC 2U
#define ACCEPTABLE 0x80U

/* struct onload_timestamp. Its last word is 24 bits of a fraction, which nobody has here, and 8 of flags. */
struct onload_stamp {
	uint64_t sec;
	uint32_t nsec, flags;
};

/* struct scm_timestamping_ooext. */
struct typed_stamp {
	uint32_t type, padding;
	struct onload_stamp stamp;
};

_Static_assert(sizeof(struct onload_stamp) == 16, "as Onload has it");
_Static_assert(sizeof(struct typed_stamp) == 24, "as Onload has it");

/* ---- What may be requested */

int lkos_stamps_check_v1(uint32_t flags)
{
	const uint32_t accepted = LKOS_STAMP_TX_NIC | LKOS_STAMP_RX_NIC |
				  LKOS_STAMP_RX_CPACKET | LKOS_STAMP_OPT_PKTINFO;

	return flags & ~accepted ? -EINVAL : 0;
}

int lkos_stamps_check_v2(uint32_t flags)
{
	const bool is_half = (flags & LKOS_SOF_NUMBERS) == LKOS_SOF_OPT_ID_TCP;

	return flags & ~(ACCEPTED | LKOS_SOF_TRAILER) || is_half ? -EINVAL : 0;
}

int lkos_stamps_check_plain(uint32_t flags)
{
	if (flags & LKOS_SOF_STREAM && !(flags & SOF_TIMESTAMPING_TX_HARDWARE))
		return -EINVAL;
	return lkos_stamps_check_v2(flags & ~LKOS_SOF_STREAM);
}

static bool wants_received(const struct lkos_stamps_request *request)
{
	return request->flags & (request->form == LKOS_STAMPS_V1
					 ? LKOS_STAMP_RX_NIC | LKOS_STAMP_RX_CPACKET
					 : RECEIVES);
}

static bool wants_sent(const struct lkos_stamps_request *request)
{
	return request->sends && request->flags & (request->form == LKOS_STAMPS_V1
							   ? LKOS_STAMP_TX_NIC
							   : SOF_TIMESTAMPING_TX_HARDWARE);
}

bool lkos_stamps_want_pktinfo(const struct lkos_stamps_request *request)
{
	return request->form != LKOS_STAMPS_OF_KERNEL && wants_received(request) &&
	       request->flags & LKOS_SOF_OPT_PKTINFO;
}

bool lkos_stamps_are_numbered_by_us(const struct lkos_stamps_request *request, bool tcp)
{
	return tcp && wants_sent(request) &&
	       (request->form == LKOS_STAMPS_V1 || lkos_stamps_are_of_stream(request));
}

uint32_t lkos_stamps_to_kernel(const struct lkos_stamps_request *request, bool tcp)
{
	const bool by_us = lkos_stamps_are_numbered_by_us(request, tcp);
	uint32_t held = request->form == LKOS_STAMPS_V1
				? request->flags & LKOS_SOF_OPT_PKTINFO
				: request->flags & PASSED_ON;

	if (wants_received(request))
		held |= RECEIVES | SOF_TIMESTAMPING_SOFTWARE |
			SOF_TIMESTAMPING_RAW_HARDWARE;
	if (wants_sent(request))
		held |= SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	if (by_us)
		held |= LKOS_SOF_OPT_ID;
	if (by_us && request->form == LKOS_STAMPS_PLAIN)
		held |= LKOS_SOF_TX_ACK | LKOS_SOF_OPT_ID_TCP | LKOS_SOF_OPT_TSONLY;
	return held;
}

/* ---- What is told */

static bool is_set(const struct lkos_stamp *stamp)
{
	return stamp->sec != 0 || stamp->nsec != 0;
}

static bool is_in_sync(const struct lkos_stamp_pair *pair)
{
	return !is_set(&pair->software) || (pair->software.sec == pair->hardware.sec &&
					    pair->software.nsec == pair->hardware.nsec);
}

static bool is_acceptable(const struct lkos_stamps_request *request,
			  const struct lkos_stamp_pair *pair)
{
	return !request->only_in_sync || is_in_sync(pair);
}

static struct onload_stamp hardware_stamp(const struct lkos_stamps_request *request,
					  const struct lkos_stamp_pair *pair)
{
	const uint32_t flags = CLOCK_SET | (is_in_sync(pair) ? CLOCK_IN_SYNC : 0) |
			       (is_acceptable(request, pair) ? ACCEPTABLE : 0);

	return is_set(&pair->hardware)
		       ? (struct onload_stamp){pair->hardware.sec, pair->hardware.nsec,
					       flags << 24}
		       : (struct onload_stamp){0};
}

static void add(struct lkos_records *to, const void *bytes, size_t size)
{
	memcpy(to->bytes + to->size, bytes, size);
	to->size += size;
}

/* Those that were asked for, the card's first. No switch has added a stamp to what arrives here. */
static void record_v1(struct lkos_records *to, const struct lkos_stamps_request *request,
		      bool sent, const struct onload_stamp *hardware)
{
	static const struct onload_stamp of_switch;

	to->type = LKOS_SCM_STAMPS_OLD;
	if (sent || request->flags & LKOS_STAMP_RX_NIC)
		add(to, hardware, sizeof(*hardware));
	if (!sent && request->flags & LKOS_STAMP_RX_CPACKET)
		add(to, &of_switch, sizeof(of_switch));
}

static void add_typed(struct lkos_records *to, uint32_t type,
		      const struct onload_stamp *stamp)
{
	const struct typed_stamp record = {.type = type, .stamp = *stamp};

	add(to, &record, sizeof(record));
}

static void record_v2(struct lkos_records *to, const struct lkos_stamps_request *request,
		      bool sent, const struct lkos_stamp_pair *pair,
		      const struct onload_stamp *hardware)
{
	const uint32_t direction =
		sent ? SOF_TIMESTAMPING_TX_HARDWARE : SOF_TIMESTAMPING_RX_HARDWARE;
	const struct onload_stamp software = {pair->software.sec, pair->software.nsec, 0};
	const bool is_there = is_set(&pair->hardware);
	const uint32_t flags = request->flags;

	to->type = LKOS_SO_STAMPS_V2;
	if (!sent && flags & SOF_TIMESTAMPING_SOFTWARE && is_set(&pair->software))
		add_typed(to, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
			  &software);
	if (is_there && flags & SOF_TIMESTAMPING_SYS_HARDWARE &&
	    is_acceptable(request, pair))
		add_typed(to, direction | SOF_TIMESTAMPING_SYS_HARDWARE, hardware);
	if ((is_there || sent) && flags & SOF_TIMESTAMPING_RAW_HARDWARE)
		add_typed(to, direction | SOF_TIMESTAMPING_RAW_HARDWARE, hardware);
}

/* The three slots of SCM_TIMESTAMPING. The report of a send has no software stamp. */
static void record_plain(struct lkos_records *to,
			 const struct lkos_stamps_request *request, bool sent,
			 const struct lkos_stamp_pair *pair)
{
	const uint32_t flags = request->flags;
	const struct lkos_stamp none = {0};
	const struct lkos_stamp *const shown[3] = {
		flags & SOF_TIMESTAMPING_SOFTWARE && !sent ? &pair->software : &none,
		flags & SOF_TIMESTAMPING_SYS_HARDWARE && is_acceptable(request, pair)
			? &pair->hardware
			: &none,
		flags & SOF_TIMESTAMPING_RAW_HARDWARE ? &pair->hardware : &none,
	};

	to->type = LKOS_SCM_STAMPS_OLD;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const long slot[2] = {(long)shown[i]->sec, (long)shown[i]->nsec};

		add(to, slot, sizeof(slot));
	}
}

void lkos_stamps_record(struct lkos_records *to, const struct lkos_stamps_request *request,
			bool sent, const struct lkos_stamp_pair *pair)
{
	struct lkos_stamp_pair known = *pair;
	struct onload_stamp hardware;

	*to = (struct lkos_records){0};
	if (sent ? !wants_sent(request) : !wants_received(request))
		return;
	if (!sent && !request->receives)
		known.hardware = (struct lkos_stamp){0};
	hardware = hardware_stamp(request, &known);
	if (request->form == LKOS_STAMPS_V1)
		record_v1(to, request, sent, &hardware);
	else if (request->form == LKOS_STAMPS_V2)
		record_v2(to, request, sent, &known, &hardware);
	else if (request->form == LKOS_STAMPS_PLAIN && request->flags & REPORTS)
		record_plain(to, request, sent, &known);
}

/* ---- SO_TIMESTAMP and its relatives */

static const struct {
	int option, of_ours;
	bool micro, newer;
} time_options[] = {
	{LKOS_SCM_TIME_OLD, LKOS_SCM_TIME_NS_OLD, true, false},
	{LKOS_SCM_TIME_NS_OLD, LKOS_SCM_TIME_NS_OLD, false, false},
	{LKOS_SCM_TIME_NEW, LKOS_SCM_TIME_NS_NEW, true, true},
	{LKOS_SCM_TIME_NS_NEW, LKOS_SCM_TIME_NS_NEW, false, true},
};

#define TIME_OPTIONS (sizeof(time_options) / sizeof(time_options[0]))

static size_t find_time_option(int optname)
{
	size_t i = 0;

	while (i < TIME_OPTIONS - 1 && time_options[i].option != optname)
		i++;
	return i;
}

int lkos_time_option_of_ours(int optname)
{
	return time_options[find_time_option(optname)].of_ours;
}

bool lkos_time_option_is_micro(int optname)
{
	return time_options[find_time_option(optname)].micro;
}

/* Of the four, only the newer form of SO_TIMESTAMP does not look at what kind of time it is. */
int lkos_time_option_told(const struct lkos_own_time *time, int optname, bool is_newer)
{
	const size_t i = find_time_option(optname);
	const bool same_kind = time_options[i].micro == time->micro ||
			       (time_options[i].micro && time_options[i].newer);

	return time->asked && time_options[i].newer == is_newer && same_kind;
}

/* Nanoseconds for who asked for them, or microseconds in their place; both have 4 or 8 bytes a number. */
static void put_time(struct lkos_control_room *to,
		     const struct lkos_control_message *message,
		     const struct lkos_own_time *time)
{
	const bool is_newer = message->header.cmsg_type == LKOS_SCM_TIME_NS_NEW;

	if (!time->asked)
		return;
	if (!time->micro) {
		lkos_control_put(to, SOL_SOCKET, message->header.cmsg_type, message->data,
				 message->data_size);
	} else if (is_newer) {
		int64_t value[2];

		memcpy(value, message->data, sizeof(value));
		value[1] /= 1000;
		lkos_control_put(to, SOL_SOCKET, LKOS_SCM_TIME_NEW, value, sizeof(value));
	} else {
		long value[2];

		memcpy(value, message->data, sizeof(value));
		value[1] /= 1000;
		lkos_control_put(to, SOL_SOCKET, LKOS_SCM_TIME_OLD, value, sizeof(value));
	}
}

static bool is_time_of_ours(const struct lkos_control_message *message)
{
	const int type = message->header.cmsg_type;

	return message->header.cmsg_level == SOL_SOCKET &&
	       ((type == LKOS_SCM_TIME_NS_OLD && message->data_size == 2 * sizeof(long)) ||
		(type == LKOS_SCM_TIME_NS_NEW &&
		 message->data_size == 2 * sizeof(int64_t)));
}

/* ---- What was received, as it is shown */

static struct lkos_stamp stamp_in(const unsigned char *slot, size_t slot_size)
{
	if (slot_size == 2 * sizeof(long)) {
		long value[2];

		memcpy(value, slot, sizeof(value));
		return (struct lkos_stamp){(uint64_t)value[0], (uint32_t)value[1]};
	} else {
		int64_t value[2];

		memcpy(value, slot, sizeof(value));
		return (struct lkos_stamp){(uint64_t)value[0], (uint32_t)value[1]};
	}
}

static struct lkos_stamp_pair stamps_in(const struct lkos_control *found)
{
	if (!found->stamps || found->stamps_size < 3 * found->slot_size)
		return (struct lkos_stamp_pair){0};
	return (struct lkos_stamp_pair){
		.software = stamp_in(found->stamps, found->slot_size),
		.hardware =
			stamp_in(found->stamps + 2 * found->slot_size, found->slot_size),
	};
}

static void find_report(const struct lkos_control *found, struct lkos_sent_report *report)
{
	struct sock_extended_err error;
	const struct lkos_stamp_pair pair = stamps_in(found);

	*report = (struct lkos_sent_report){.what = LKOS_SENT_NOTHING};
	if (!found->report)
		return;
	memcpy(&error, found->report, sizeof(error));
	if (error.ee_errno != ENOMSG || error.ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
		return;
	report->what = error.ee_info == SCM_TSTAMP_SND   ? LKOS_SENT_STAMP
		       : error.ee_info == SCM_TSTAMP_ACK ? LKOS_SENT_ACK
							 : LKOS_SENT_NOTHING;
	report->number = error.ee_data;
	report->stamp = is_set(&pair.hardware) ? pair.hardware : pair.software;
}

void lkos_sent_report_of(const struct msghdr *got, struct lkos_sent_report *report)
{
	struct lkos_control found;

	lkos_control_find(got, &found);
	find_report(&found, report);
}

bool lkos_is_icmp_report(const struct msghdr *got)
{
	struct sock_extended_err error = {0};
	struct lkos_control found;

	lkos_control_find(got, &found);
	if (found.report)
		memcpy(&error, found.report, sizeof(error));
	return error.ee_origin == SO_EE_ORIGIN_ICMP ||
	       error.ee_origin == SO_EE_ORIGIN_ICMP6;
}

/* struct scm_ts_pktinfo. */
struct pktinfo {
	uint32_t interface, length, reserved[2];
};

/* What takes the place of the kernel's messages about stamps. */
struct told {
	struct lkos_records records;
	struct pktinfo pktinfo; /* the kernel's, where a card has made the stamp; or ours */
	bool has_pktinfo;
};

static void put_told(struct lkos_control_room *to, struct told *told)
{
	if (told->records.type)
		lkos_control_put(to, SOL_SOCKET, told->records.type, told->records.bytes,
				 told->records.size);
	if (told->has_pktinfo)
		lkos_control_put(to, SOL_SOCKET, LKOS_SCM_STAMPS_PKTINFO, &told->pktinfo,
				 sizeof(told->pktinfo));
	*told = (struct told){0};
}

/* Whatever form it was asked in, what a kernel says of stamps is not shown. true: it is that. */
static bool take_of_kernel(const struct lkos_control_message *message, struct told *told)
{
	const int type = message->header.cmsg_type;

	if (message->header.cmsg_level != SOL_SOCKET)
		return false;
	if (type == LKOS_SCM_STAMPS_PKTINFO) {
		told->has_pktinfo = message->data_size == sizeof(told->pktinfo);
		if (told->has_pktinfo)
			memcpy(&told->pktinfo, message->data, sizeof(told->pktinfo));
		return true;
	}
	return type == LKOS_SCM_STAMPS_OLD || type == LKOS_SCM_STAMPS_NEW;
}

static bool is_pktinfo_of_ours(const struct lkos_control_message *message)
{
	const struct cmsghdr *const header = &message->header;

	return (header->cmsg_level == SOL_IP && header->cmsg_type == IP_PKTINFO &&
		message->data_size == sizeof(struct in_pktinfo)) ||
	       (header->cmsg_level == SOL_IPV6 && header->cmsg_type == IPV6_PKTINFO &&
		message->data_size == sizeof(struct in6_pktinfo));
}

#define ETHERNET_HEADER 14 /* bytes; loopback has it, too */
#define IP_HEADER 20
#define IPV6_HEADER 40
#define UDP_HEADER 8

/* The length is that of the frame, as long as there are no options of IP. What was queued before the
 * option was on has no interface. */
static void find_interface(const struct msghdr *got, uint32_t length, struct told *told)
{
	unsigned char *at = got->msg_control;
	size_t left = got->msg_controllen;
	struct lkos_control_message message;
	struct in6_pktinfo v6;
	struct in_pktinfo v4;

	while (lkos_control_take(&at, &left, &message)) {
		if (!is_pktinfo_of_ours(&message))
			continue;
		told->pktinfo.length = length + ETHERNET_HEADER + UDP_HEADER;
		if (message.header.cmsg_level == SOL_IP) {
			memcpy(&v4, message.data, sizeof(v4));
			told->pktinfo.interface = (uint32_t)v4.ipi_ifindex;
			told->pktinfo.length += IP_HEADER;
		} else {
			memcpy(&v6, message.data, sizeof(v6));
			told->pktinfo.interface = v6.ipi6_ifindex;
			told->pktinfo.length += IN6_IS_ADDR_V4MAPPED(&v6.ipi6_addr)
							? IP_HEADER
							: IPV6_HEADER;
		}
		told->has_pktinfo = told->pktinfo.interface != 0;
	}
}

/* Beside SO_TIMESTAMPNS the kernel makes up a software stamp where it has none: in the report of a send,
 * beside the hardware one. The application did not ask for it. */
static void drop_made_up(const struct lkos_control *found,
			 const struct lkos_sent_report *report)
{
	const struct lkos_stamp_pair pair = stamps_in(found);

	if (report->what == LKOS_SENT_STAMP && is_set(&pair.hardware))
		memset(found->stamps, 0, found->slot_size);
}

/* Of what a report says of a send, only what was asked: v1 has no number, and an address comes with
 * OPT_CMSG. */
static void drop_unasked(const struct lkos_control *found,
			 const struct lkos_stamps_request *request,
			 const struct lkos_sent_report *report)
{
	const bool v1 = request->form == LKOS_STAMPS_V1;
	unsigned char *const at = found->report;
	struct sock_extended_err error;

	if (report->what == LKOS_SENT_NOTHING)
		return;
	memcpy(&error, at, sizeof(error));
	if (v1)
		error.ee_data = 0;
	memcpy(at, &error, sizeof(error));
	if (v1 || !(request->flags & LKOS_SOF_OPT_CMSG))
		memset(at + sizeof(error), 0, found->report_size - sizeof(error));
}

void lkos_stamps_show(const struct msghdr *got, struct msghdr *app,
		      const struct lkos_stamps_view *view)
{
	const bool of_kernel = view->request.form == LKOS_STAMPS_OF_KERNEL;
	const bool sent = got->msg_flags & MSG_ERRQUEUE;
	struct lkos_control_room room = {app->msg_control,
					 app->msg_control ? app->msg_controllen : 0,
					 got->msg_flags & MSG_CTRUNC};
	unsigned char *at = got->msg_control;
	size_t left = got->msg_controllen;
	struct lkos_control_message message;
	struct lkos_sent_report report;
	struct lkos_control found;
	struct told told = {0};

	lkos_control_find(got, &found);
	find_report(&found, &report);
	if (of_kernel && view->time.ours && !view->time.asked)
		drop_made_up(&found, &report);
	if (!of_kernel)
		drop_unasked(&found, &view->request, &report);
	if (!of_kernel &&
	    (sent ? report.what == LKOS_SENT_STAMP && found.stamps : view->carries)) {
		const struct lkos_stamp_pair pair = stamps_in(&found);

		lkos_stamps_record(&told.records, &view->request, sent, &pair);
	}
	if (view->pktinfo.ours && !sent && lkos_stamps_want_pktinfo(&view->request))
		find_interface(got, view->length, &told);
	while (lkos_control_take(&at, &left, &message)) {
		if (view->time.ours && is_time_of_ours(&message)) {
			put_time(&room, &message, &view->time);
		} else if (view->pktinfo.ours && !view->pktinfo.asked &&
			   is_pktinfo_of_ours(&message)) {
			continue;
		} else if (of_kernel || !take_of_kernel(&message, &told)) {
			put_told(&room, &told);
			lkos_control_put(&room, message.header.cmsg_level,
					 message.header.cmsg_type, message.data,
					 message.data_size);
		}
	}
	put_told(&room, &told);
	app->msg_controllen = (size_t)(room.at - (const unsigned char *)app->msg_control);
	app->msg_flags = (got->msg_flags & ~MSG_CTRUNC) | (room.cut ? MSG_CTRUNC : 0);
}
