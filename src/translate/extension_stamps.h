/* SPDX-License-Identifier: GPL-2.0-only */
/* Onload's own timestamps: what may be requested, what a kernel is to be asked for it, and the control
 * messages that show it.
 *
 * Pure: flags and bytes in, flags and bytes out; errno is not touched.
 * source: onload src/lib/transport/ip/common_sockopts.c, ip_cmsg.c, ip_tx_cmsg.h;
 *     include/onload/extensions_timestamping.h */
#ifndef LKOS_TRANSLATE_EXTENSION_STAMPS_H
#define LKOS_TRANSLATE_EXTENSION_STAMPS_H

#include <linux/net_tstamp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "src/translate/timestamping_cmsg.h"
#include "src/translate/timestamping_flags.h"

/* Options and control messages by number, as programs compile them in. */
#define LKOS_SO_STAMPS_V2 0xF5300   /* SO_TIMESTAMPING_OOEXT, and its message */
#define LKOS_SCM_STREAM (1 << 23)   /* ONLOAD_SCM_TIMESTAMPING_STREAM */
#define LKOS_SCM_STAMPS_PKTINFO 58  /* SCM_TIMESTAMPING_PKTINFO */
#define LKOS_SOF_STREAM (1U << 23)  /* ONLOAD_SOF_TIMESTAMPING_STREAM */
#define LKOS_SOF_TRAILER (1U << 31) /* SOF_TIMESTAMPING_OOEXT_TRAILER */
#define LKOS_SOF_ONLOAD (LKOS_SOF_STREAM | LKOS_SOF_TRAILER)
#define LKOS_SOF_NUMBERS (LKOS_SOF_OPT_ID | LKOS_SOF_OPT_ID_TCP)

/* Of onload_timestamping_request(). */
#define LKOS_STAMP_TX_NIC 1U
#define LKOS_STAMP_RX_NIC 2U
#define LKOS_STAMP_RX_CPACKET 4U
#define LKOS_STAMP_OPT_PKTINFO (1U << 13)

/* In which form a socket's timestamps were requested, and are told. */
enum lkos_stamps_form {
	LKOS_STAMPS_OF_KERNEL, /* none, or SO_TIMESTAMPING as every kernel has it */
	LKOS_STAMPS_PLAIN,     /* SO_TIMESTAMPING with a bit that only Onload has */
	LKOS_STAMPS_V1,        /* onload_timestamping_request() */
	LKOS_STAMPS_V2,        /* SO_TIMESTAMPING_OOEXT */
};

struct lkos_stamps_request {
	enum lkos_stamps_form form;
	uint32_t flags; /* as they were requested; v1 has flags of its own */
	bool receives;  /* EF_RX_TIMESTAMPING: hardware stamps of what arrives exist */
	bool sends;     /* EF_TX_TIMESTAMPING: stamps of what is sent exist */
	bool only_in_sync; /* EF_TIMESTAMPING_REPORTING: a clock that is only set is not enough */
};

/* ---- What may be requested. return: 0 or -EINVAL */

int lkos_stamps_check_v1(uint32_t flags);
int lkos_stamps_check_v2(uint32_t flags);
int lkos_stamps_check_plain(uint32_t flags); /* of a TCP socket */

/* Reports of a stream: one for each send, when it is acknowledged. */
static inline bool lkos_stamps_are_of_stream(const struct lkos_stamps_request *request)
{
	return request->form == LKOS_STAMPS_PLAIN && request->flags & LKOS_SOF_STREAM;
}

/* What getsockopt(SO_TIMESTAMPING) tells, and getsockopt(SO_TIMESTAMPING_OOEXT). */
static inline uint32_t lkos_stamps_told(const struct lkos_stamps_request *request)
{
	return request->form == LKOS_STAMPS_V1 ? 0 : request->flags;
}

/* SO_TIMESTAMPING's flags for a kernel whose card stamps, which has all that is to be told. Not for the
 * kernel's own form. */
uint32_t lkos_stamps_to_kernel(const struct lkos_stamps_request *request, bool tcp);

/* The kernel numbers what is sent for our sake: to know a retransmission, or the bytes of a stream. */
bool lkos_stamps_are_numbered_by_us(const struct lkos_stamps_request *request, bool tcp);

/* ---- What is told */

/* One stamp; all zero: there is none. */
struct lkos_stamp {
	uint64_t sec;
	uint32_t nsec;
};

struct lkos_stamp_pair {
	struct lkos_stamp software, hardware;
};

#define LKOS_RECORDS_MOST 96 /* bytes: four records of v2 */

/* The message that tells stamps. */
struct lkos_records {
	int type; /* 0: no message; its level is SOL_SOCKET */
	size_t size;
	unsigned char bytes[LKOS_RECORDS_MOST];
};

/* sent: the report of a send, else something that has arrived. Where the two stamps of what has arrived
 * are the same, the clock of the hardware stamp is the system's: it is in sync with it. So is that of a
 * send, of which no other stamp is known. */
void lkos_stamps_record(struct lkos_records *to, const struct lkos_stamps_request *request,
			bool sent, const struct lkos_stamp_pair *pair);

/* SO_TIMESTAMPNS, where it is on for our sake. */
struct lkos_own_time {
	bool ours;
	bool asked; /* by the application, too: by this option or a relative of it */
	bool micro; /* it asked for microseconds: SO_TIMESTAMP */
};

/* Is this, of the options of SOL_SOCKET, SO_TIMESTAMP, SO_TIMESTAMPNS, or one of their newer forms? An
 * option has the number of its messages. */
static inline bool lkos_is_time_option(int optname)
{
	return optname == LKOS_SCM_TIME_OLD || optname == LKOS_SCM_TIME_NS_OLD ||
	       optname == LKOS_SCM_TIME_NEW || optname == LKOS_SCM_TIME_NS_NEW;
}

/* Of such an option: the one of that form whose messages have nanoseconds, and whether its own have
 * microseconds. */
int lkos_time_option_of_ours(int optname);
bool lkos_time_option_is_micro(int optname);

/* The value of such an option as the application has it, on a socket whose kernel has SO_TIMESTAMPNS on:
 * in its newer form, or in its older.
 * source: linux net/core/sock.c, sk_getsockopt() */
int lkos_time_option_told(const struct lkos_own_time *time, int optname, bool is_newer);

/* IP_PKTINFO, or IPV6_RECVPKTINFO of an IPv6 socket, where it is on for our sake. */
struct lkos_own_pktinfo {
	bool ours;
	bool asked; /* by the application, too */
};

/* Of a UDP socket, to tell OPT_PKTINFO's interface of a datagram that no card has stamped. */
bool lkos_stamps_want_pktinfo(const struct lkos_stamps_request *request);

/* What a socket shows. */
struct lkos_stamps_view {
	struct lkos_stamps_request request;
	struct lkos_own_time time;
	struct lkos_own_pktinfo pktinfo;
	bool carries; /* of what arrives: not the end of a stream, which has no stamp */
	uint32_t length; /* of a datagram, in bytes, also where it was cut */
};

/* Has it to do with control messages at all? */
static inline bool lkos_stamps_are_shown(const struct lkos_stamps_view *view)
{
	return view->request.form != LKOS_STAMPS_OF_KERNEL || view->time.ours;
}

#define LKOS_CONTROL_HIDDEN 192 /* bytes, at most, of messages that are not shown */

/* Writes the control data of a message that was received.
 * got: as recvmsg left it, with LKOS_CONTROL_HIDDEN bytes more room than the application has.
 * app: msg_control and msg_controllen are the application's room; what it has of them, and of MSG_CTRUNC,
 *     is worked out for what it sees. */
void lkos_stamps_show(const struct msghdr *got, struct msghdr *app,
		      const struct lkos_stamps_view *view);

/* ---- The error queue */

enum lkos_sent { LKOS_SENT_NOTHING, LKOS_SENT_STAMP, LKOS_SENT_ACK };

/* What a message of the error queue reports of a send. LKOS_SENT_NOTHING: it is about something else. */
struct lkos_sent_report {
	enum lkos_sent what;
	uint32_t number; /* of OPT_ID */
	struct lkos_stamp stamp;
};

/* Does it report an error that came by ICMP? */
bool lkos_is_icmp_report(const struct msghdr *got);

void lkos_sent_report_of(const struct msghdr *got, struct lkos_sent_report *report);

#endif
