/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* The Onload extensions API: timestamps finer than a nanosecond, and where they were
 * taken. */

#ifndef __ONLOAD_EXTENSIONS_TIMESTAMPING_H__
#define __ONLOAD_EXTENSIONS_TIMESTAMPING_H__

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Timestamps ---- */

/* First number of Onload's own socket options. */
#define SO_OOEXT_BASE 0x000F5300

/* Option, at level SOL_SOCKET, that asks for stamps in Onload's format. Linux refuses it
 * with ENOPROTOOPT. */
#define SO_TIMESTAMPING_OOEXT SO_OOEXT_BASE

/* Type, at level SOL_SOCKET, of the control message with an array of struct
 * scm_timestamping_ooext. */
#define SCM_TIMESTAMPING_OOEXT SO_TIMESTAMPING_OOEXT

/* Flag of SO_TIMESTAMPING_OOEXT: the stamp that a switch appended to the packet. */
#define SOF_TIMESTAMPING_OOEXT_TRAILER (1U << 31)

/* Lowest of Onload's own flags. */
#define SOF_TIMESTAMPING_OOEXT_FIRST SOF_TIMESTAMPING_OOEXT_TRAILER

/* Highest of Onload's own flags. */
#define SOF_TIMESTAMPING_OOEXT_LAST SOF_TIMESTAMPING_OOEXT_TRAILER

/* All of Onload's own flags. */
#define SOF_TIMESTAMPING_OOEXT_MASK SOF_TIMESTAMPING_OOEXT_TRAILER

/* What onload_timestamping_request() can ask for. */
enum onload_timestamping_flags {
	ONLOAD_TIMESTAMPING_FLAG_TX_NIC = 1, /* sends, by the card */
	ONLOAD_TIMESTAMPING_FLAG_RX_NIC = 2, /* receives, by the card */
	ONLOAD_TIMESTAMPING_FLAG_RX_CPACKET = 4 /* receives, by a switch, in a trailer */
};

/* Bits of the member flags of struct onload_timestamp. */
enum onload_ts_flags {
	ONLOAD_TS_FLAG_CLOCK_SET = 1, /* the clock was set */
	ONLOAD_TS_FLAG_CLOCK_IN_SYNC = 2, /* the clock is kept in step */
	ONLOAD_TS_FLAG_ACCEPTABLE = 0x80 /* good enough by EF_TIMESTAMPING_REPORTING */
};

/* A point in time: seconds since 1970, nanoseconds, and 2^-24ths of a nanosecond. flags
 * was named reserved before 9.0.0. */
struct onload_timestamp {
	uint64_t sec;
	uint32_t nsec;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	unsigned flags : 8;
	unsigned nsec_frac : 24;
#else
	unsigned nsec_frac : 24;
	unsigned flags : 8; /* enum onload_ts_flags */
#endif
};

/* One stamp of a control message SCM_TIMESTAMPING_OOEXT. */
struct scm_timestamping_ooext {
	uint32_t type; /* SOF_TIMESTAMPING_* bits: whose stamp it is */
	uint32_t padding;
	struct onload_timestamp timestamp;
};

/* Asks for stamps in Onload's own format. They come from its cards only; SO_TIMESTAMPING
 * works here.
 * here:    -ENOSYS.
 * Onload:  0; -EINVAL for an unknown bit of flags, a set of ONLOAD_TIMESTAMPING_FLAG_*;
 *          -ENOTTY for a kernel socket.
 * since:   7.0.0
 * source:  src/lib/transport/unix/onload_ext_intercept.c */
int onload_timestamping_request(int fd, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif /* __ONLOAD_EXTENSIONS_TIMESTAMPING_H__ */
