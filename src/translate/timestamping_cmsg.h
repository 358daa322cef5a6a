/* SPDX-License-Identifier: GPL-2.0-only */
/* Timestamps in control messages: finding them in what the kernel wrote, and showing them as a
 * kernel with a card that stamps would.
 *
 * Pure: bytes of the application's buffer in, bytes of it out. Nothing in it is trusted: it may
 * be unaligned or cut, and a cmsg_len may lie; nothing outside msg_controllen bytes is touched.
 * source: linux net/core/scm.c (put_cmsg, put_cmsg_scm_timestamping), timestamping.rst */
#ifndef LKOS_TRANSLATE_TIMESTAMPING_CMSG_H
#define LKOS_TRANSLATE_TIMESTAMPING_CMSG_H

#include <linux/net_tstamp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Numbers of the kernel's ABI, the same on x86, arm and most others. libc gives only the name of
 * the form that its time_t has. source: linux include/uapi/asm-generic/socket.h */
#define LKOS_SCM_STAMPS_OLD 37 /* slots of two longs */
#define LKOS_SCM_STAMPS_NEW 65 /* slots of two 64-bit numbers */
#define LKOS_SLOT_SIZE_NEW 16
#define LKOS_STAMPS_SIZE 48  /* three slots of that size */
#define LKOS_SCM_TIME_OLD 29 /* SO_TIMESTAMP's, and SO_TIMESTAMPNS's */
#define LKOS_SCM_TIME_NS_OLD 35
#define LKOS_SCM_TIME_NEW 63
#define LKOS_SCM_TIME_NS_NEW 64

/* What matters to us in a message's control data. A pointer is NULL where there is none. */
struct lkos_control {
	unsigned char *stamps; /* data of SCM_TIMESTAMPING: three slots */
	size_t stamps_size;    /* bytes of it that are there, cut or not */
	size_t stamps_span;    /* bytes from there to the next message */
	size_t slot_size;      /* of one slot, in its old or new form */
	unsigned char *report; /* struct sock_extended_err of an error queue message, and address */
	size_t report_size;
	const unsigned char *rights; /* descriptors that came in, int each */
	size_t rights_count;
	bool has_time; /* SO_TIMESTAMP's or SO_TIMESTAMPNS's */
};

/* msg: as a successful recvmsg left it. */
void lkos_control_find(const struct msghdr *msg, struct lkos_control *found);

/* Rewrites the stamps that were found in msg, for a socket on which these SOF_TIMESTAMPING_* bits were
 * requested. Where they include hardware stamps of the message's direction, an
 * empty hardware slot takes the software stamp; stamps of a card stay. A software stamp that is
 * reported only because of us is emptied, and where no other is there the control message is
 * taken out, since a kernel would not have made it. Of the error queue's messages only the report
 * of a send itself is concerned: not those of queueing (SCHED) and of acknowledgement (ACK), nor
 * ICMP errors. Afterwards `found` is not to be used any more. */
void lkos_stamps_to_app(const struct lkos_control *found, struct msghdr *msg,
			uint32_t requested);

/* Most messages with a stamp have that one control message, whole. For these there is a short
 * way, which must do what the two functions above do.
 * return: the three slots, of 16 bytes each, or NULL for a message of any other shape. */
static inline unsigned char *lkos_control_only_stamps(const struct msghdr *msg)
{
	unsigned char *const control = (unsigned char *)msg->msg_control;
	struct cmsghdr header;

	if (msg->msg_controllen != CMSG_SPACE(LKOS_STAMPS_SIZE) ||
	    msg->msg_flags & MSG_ERRQUEUE)
		return NULL;
	memcpy(&header, control, sizeof(header));
	return header.cmsg_len == CMSG_LEN(LKOS_STAMPS_SIZE) &&
			       header.cmsg_level == SOL_SOCKET &&
			       header.cmsg_type == LKOS_SCM_STAMPS_OLD
		       ? control + CMSG_LEN(0)
		       : NULL;
}

/* size: 16, or on 32-bit machines 8. */
static inline bool lkos_slot_is_empty(const unsigned char *slot, size_t size)
{
	uint64_t value[2] = {0};

	memcpy(value, slot, size);
	return (value[0] | value[1]) == 0;
}

/* Rewrites three slots of this size: of a message that was received, or that reports a send.
 * Without SOFTWARE in `requested`, the software stamp is emptied. */
static inline void lkos_slots_to_app(unsigned char *slots, size_t size, uint32_t requested)
{
	unsigned char *const hardware = slots + 2 * size;

	if (__builtin_expect(lkos_slot_is_empty(hardware, size), true))
		memcpy(hardware, slots, size);
	if (!(requested & SOF_TIMESTAMPING_SOFTWARE))
		memset(slots, 0, size);
}

/* The control data of a sendmsg that requests hardware transmit stamps: the software ones are
 * requested too. control: a copy of the application's. return: did it request any? */
bool lkos_send_control_to_kernel(unsigned char *control, size_t size);

#endif
