/* SPDX-License-Identifier: GPL-2.0-only */
/* SO_TIMESTAMPING's flags, in both directions.
 *
 * Each function is pure: sets of SOF_TIMESTAMPING_* bits in, such a set out, an answer for each
 * set; bits that are not named here pass through unchanged, and errno is not touched.
 * 'Requested' are the flags that the application set, 'held' those that the kernel has for it.
 * source: linux Documentation/networking/timestamping.rst */
#ifndef LKOS_TRANSLATE_TIMESTAMPING_FLAGS_H
#define LKOS_TRANSLATE_TIMESTAMPING_FLAGS_H

#include <linux/net_tstamp.h>
#include <stdbool.h>
#include <stdint.h>

/* The functions, each of which takes what was requested and says:
 *
 * | lkos_sof_held            | what the kernel is to hold for it                                 |
 * | lkos_sof_to_app          | the other way, from what the kernel holds: the likeliest request  |
 * | lkos_sof_requested_after | what counts as requested from now on, given what was before       |
 * | lkos_sof_send_to_kernel  | the flags of one sendmsg, for the kernel                          |
 * | lkos_sof_reports_ours    | are software stamps reported only because we asked for them?      |
 * | lkos_sof_wants_hardware  | are raw hardware stamps wanted of what arrives, or of what is sent? |
 * | lkos_sof_of_direction    | the flags as they work on what arrives, or on what is sent        |
 * | lkos_sof_is_common       | does the short way of most stamped messages apply?                | */

/* Among the flags that were requested, beside RAW_HARDWARE. Linux has no such bits, and refuses them. */
#define LKOS_SOF_SET_BY_NEW                                                              \
	(1U << 22) /* by the new number, which does not read them back */
#define LKOS_SOF_TX_HARDWARE_PER_CALL (1U << 23) /* transmit stamps, per sendmsg call */
#define LKOS_SOF_OURS (LKOS_SOF_SET_BY_NEW | LKOS_SOF_TX_HARDWARE_PER_CALL)

/* SOF_TIMESTAMPING_* of Linux 3.17 to 6.15, whose headers not everybody has. */
#define LKOS_SOF_OPT_ID (1U << 7)
#define LKOS_SOF_TX_SCHED (1U << 8)
#define LKOS_SOF_TX_ACK (1U << 9)
#define LKOS_SOF_OPT_CMSG (1U << 10)
#define LKOS_SOF_OPT_TSONLY (1U << 11)
#define LKOS_SOF_OPT_STATS (1U << 12)
#define LKOS_SOF_OPT_PKTINFO (1U << 13)
#define LKOS_SOF_OPT_TX_SWHW (1U << 14)
#define LKOS_SOF_OPT_ID_TCP (1U << 16)
#define LKOS_SOF_OPT_RX_FILTER (1U << 17)
#define LKOS_SOF_TX_COMPLETION (1U << 18)

/* For a kernel whose card may stamp nothing: where raw hardware stamps of a direction are requested,
 * the software ones of that direction are requested too, and SOFTWARE, so that they are reported.
 * Nothing is taken away, because a card that does stamp shall go on, but for OPT_TX_SWHW where the
 * software transmit stamp is ours: with it one send would give two reports. */
uint32_t lkos_sof_held(uint32_t requested);

/* Requests per call stay for as long as RAW_HARDWARE does, since reports of what was sent may be
 * still to come. */
uint32_t lkos_sof_requested_after(uint32_t requested, uint32_t before);

/* For a socket whose application was not seen to request: what it most likely did, given what the
 * kernel holds. Always a set that lkos_sof_held turns into `held`, if there is one, and otherwise
 * `held` itself.
 *
 * With SYS_HARDWARE, the flags are taken to be the application's own: who names that old flag
 * names them all. Without it, a software record beside the hardware one of its direction is taken
 * to be our stand-in (not beside OPT_TX_SWHW, which we would have left out), and SOFTWARE to be
 * ours too where no software record is left. So these sets are not exact, if they have RAW_HARDWARE and
 * a hardware record:
 * - without SYS_HARDWARE: a software record beside its hardware one, unless OPT_TX_SWHW is there
 *   too; SOFTWARE without a software record, or a software record without SOFTWARE;
 * - with SYS_HARDWARE: SOFTWARE or such a direction's software record missing;
 * - OPT_TX_SWHW without TX_SOFTWARE, which the kernel was never told.
 * These are noted on the socket (translate/timestamping_note.h). */
uint32_t lkos_sof_to_app(uint32_t held);

/* The record bits in a control message of sendmsg. They count on a socket on which RAW_HARDWARE is
 * requested, which then has LKOS_SOF_TX_HARDWARE_PER_CALL. */
uint32_t lkos_sof_send_to_kernel(uint32_t call);

static inline bool lkos_sof_reports_ours(uint32_t requested)
{
	const uint32_t both = SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_SOFTWARE;

	return (requested & both) == SOF_TIMESTAMPING_RAW_HARDWARE;
}

static inline bool lkos_sof_wants_hardware(uint32_t requested, bool sent)
{
	const uint32_t sends =
		SOF_TIMESTAMPING_TX_HARDWARE | LKOS_SOF_TX_HARDWARE_PER_CALL;
	const uint32_t receives = SOF_TIMESTAMPING_RX_HARDWARE;

	return (requested & SOF_TIMESTAMPING_RAW_HARDWARE) &&
	       (requested & (sent ? sends : receives));
}

/* Of what arrives, OPT_RX_FILTER shows software stamps only where their record was requested too. The
 * report of a send, where hardware stamps of it are requested, has one stamp: the card's, if it made one.
 * source: linux net/socket.c (__sock_recv_timestamp), net/core/skbuff.c (__skb_tstamp_tx) */
static inline uint32_t lkos_sof_of_direction(uint32_t requested, bool sent)
{
	const bool filtered = requested & LKOS_SOF_OPT_RX_FILTER &&
			      !(requested & SOF_TIMESTAMPING_RX_SOFTWARE);

	return sent || filtered ? requested & ~(uint32_t)SOF_TIMESTAMPING_SOFTWARE
				: requested;
}

/* Hardware stamps of what arrives are requested, and no filter. */
static inline bool lkos_sof_is_common(uint32_t requested)
{
	const uint32_t receives =
		SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE;

	return (requested & (receives | LKOS_SOF_OPT_RX_FILTER)) == receives;
}

#endif
