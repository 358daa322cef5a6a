/* SPDX-License-Identifier: GPL-2.0-only */
/* SO_TIMESTAMPING's flags, in both directions.
 *
 * Each function is pure: sets of SOF_TIMESTAMPING_* bits in, such a set out, an answer for each
 * set; bits that are not named here pass through unchanged, and errno is not touched.
 * source: linux Documentation/networking/timestamping.rst */
#ifndef LKOS_TRANSLATE_TIMESTAMPING_FLAGS_H
#define LKOS_TRANSLATE_TIMESTAMPING_FLAGS_H

#include <linux/net_tstamp.h>
#include <stdbool.h>
#include <stdint.h>

/* Beside the application's flags in what we remember of a socket: it asks for hardware transmit
 * stamps per sendmsg call. Linux has no such bit, and refuses it. */
#define LKOS_SOF_TX_HARDWARE_PER_CALL (1U << 23)

/* SOF_TIMESTAMPING_OPT_RX_FILTER, since Linux 6.12, whose header not everybody has. */
#define LKOS_SOF_OPT_RX_FILTER (1U << 17)

/* What an application asks, restated for a kernel whose card may stamp nothing: where it asks
 * for raw hardware stamps of a direction, the software ones of that direction are asked too, and
 * SOFTWARE, so that they are reported. Nothing is taken away, because a card that does stamp
 * shall go on, but for OPT_TX_SWHW where the software transmit stamp is ours: with it one send
 * would give two reports. */
uint32_t lkos_sof_to_kernel(uint32_t asked);

/* What the kernel holds for a socket of which we remember this: a request per call brings record
 * bits of its own, is reported by the socket's SOFTWARE, and gives one report only without
 * OPT_TX_SWHW. */
uint32_t lkos_sof_held(uint32_t remembered);

/* What is remembered of a socket that asks for `asked`, after `before`: requests per call stay
 * for as long as RAW_HARDWARE does, since reports of what was sent may be still to come. */
uint32_t lkos_sof_remembered(uint32_t asked, uint32_t before);

/* The other way, for a socket whose application we did not see asking: what was most likely
 * asked, given what the kernel holds. Always a set that lkos_sof_to_kernel turns into `kernel`,
 * if there is one, and otherwise `kernel` itself.
 *
 * With SYS_HARDWARE, the flags are taken to be the application's own: who names that old flag
 * names them all. Without it, a software record beside the hardware one of its direction is taken
 * to be our stand-in (not beside OPT_TX_SWHW, which we would have left out), and SOFTWARE to be
 * ours too where no software record is left. So exact are 'hardware only' (without SYS_HARDWARE,
 * one direction or both), 'all of hardware and software' (with it), and whatever has no direction
 * with both its hardware record and RAW_HARDWARE. Of the others these are not exact:
 * - without SYS_HARDWARE: a software record beside its hardware one, unless OPT_TX_SWHW is there
 *   too; SOFTWARE without a software record, or a software record without SOFTWARE;
 * - with SYS_HARDWARE: SOFTWARE or such a direction's software record missing;
 * - OPT_TX_SWHW without TX_SOFTWARE, which the kernel was never told. */
uint32_t lkos_sof_to_app(uint32_t kernel);

/* The same per sendmsg call, for the record bits in its control message. They count on a socket
 * that asked for RAW_HARDWARE, which then has LKOS_SOF_TX_HARDWARE_PER_CALL. */
uint32_t lkos_sof_send_to_kernel(uint32_t call);

/* Does the kernel report software stamps only because we asked it to? */
static inline bool lkos_sof_lent_software(uint32_t asked)
{
	const uint32_t both = SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_SOFTWARE;

	return (asked & both) == SOF_TIMESTAMPING_RAW_HARDWARE;
}

/* Did the application ask for raw hardware stamps of what arrives, or of what it sends? */
static inline bool lkos_sof_wants_hardware(uint32_t asked, bool sent)
{
	const uint32_t sends =
		SOF_TIMESTAMPING_TX_HARDWARE | LKOS_SOF_TX_HARDWARE_PER_CALL;
	const uint32_t receives = SOF_TIMESTAMPING_RX_HARDWARE;

	return (asked & SOF_TIMESTAMPING_RAW_HARDWARE) &&
	       (asked & (sent ? sends : receives));
}

/* The flags as they work on what arrives, or on what was sent: of what arrives, OPT_RX_FILTER
 * shows software stamps only where their record was asked too.
 * source: linux net/socket.c (__sock_recv_timestamp) */
static inline uint32_t lkos_sof_in_effect(uint32_t asked, bool sent)
{
	const bool filtered = !sent && asked & LKOS_SOF_OPT_RX_FILTER &&
			      !(asked & SOF_TIMESTAMPING_RX_SOFTWARE);

	return filtered ? asked & ~(uint32_t)SOF_TIMESTAMPING_SOFTWARE : asked;
}

/* Are hardware stamps of what arrives asked, and all software ones shown or none? One test, for
 * the path that nearly every stamped message takes. */
static inline bool lkos_sof_is_usual(uint32_t asked)
{
	const uint32_t receives =
		SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE;

	return (asked & (receives | LKOS_SOF_OPT_RX_FILTER)) == receives;
}

#endif
