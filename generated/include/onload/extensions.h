/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* The Onload extensions API: all of it but zero copy and templated sends. */

#ifndef __ONLOAD_EXTENSIONS_H__
#define __ONLOAD_EXTENSIONS_H__

#include <sys/types.h>
#include <stdint.h>
#include <string.h>
#include <sched.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <onload/extensions_timestamping.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Presence and ordinary sockets ---- */

/* Tells whether this process runs under Onload. It does not, so the answer is 0.
 * here:    0.
 * Onload:  1 wherever libonload is loaded; neither driver nor card is looked at.
 * since:   201205
 * notes:   The static library had it since 201104-u1.
 * source:  src/lib/onload_ext/onload_ext.c */
int onload_is_present(void);

#ifndef ONLOAD_INCLUDE_DS_DATA_ONLY

/* Makes a socket that Onload leaves to the kernel. Every socket here is one: the same as
 * socket().
 * here:    socket().
 * Onload:  The descriptor, or -1 with errno as socket() sets it.
 * since:   201606-u1
 * source:  src/lib/onload_ext/onload_ext.c */
int onload_socket_nonaccel(int domain, int type, int protocol);

/* Makes a UDP socket whose unicast traffic is left to the kernel. The same as socket()
 * here.
 * here:    socket().
 * Onload:  The descriptor, or -1 with errno. Anything but a plain UDP SOCK_DGRAM becomes
 *          an ordinary kernel socket.
 * since:   201710
 * source:  src/lib/onload_ext/onload_ext.c */
int onload_socket_unicast_nonaccel(int domain, int type, int protocol);

/* Makes a UDP socket that sends through Onload and receives through the kernel. The same
 * as socket() here.
 * here:    socket().
 * Onload:  The descriptor, or -1 with errno. Anything but a plain UDP SOCK_DGRAM becomes
 *          an ordinary kernel socket.
 * since:   9.0.0
 * notes:   The 9.0.0 ChangeLog speaks of onload_socket_tx_only; no library exports that
 *          name.
 * source:  src/lib/onload_ext/onload_ext.c */
int onload_socket_rx_nonaccel(int domain, int type, int protocol);

#endif /* ONLOAD_INCLUDE_DS_DATA_ONLY */

/* ---- Message flags ---- */

/* Flag of send(), sendto() and sendmsg() on TCP: walk the path of a send, to keep it in
 * the caches, and send nothing. Linux knows no such bit and would transmit the data, so
 * the stub stops it: -1 with EPIPE unless connected, -1 with EINVAL for a length of the
 * MSS or more, 0 with MSG_MORE, length 0 or unsent data, else the length. On other
 * sockets the bit is dropped and the message is sent, as in Onload. */
#define ONLOAD_MSG_WARM 0x400

/* Flag of recv(), recvfrom() and recvmsg() on TCP: return the data of one packet at most.
 * The stub drops the bit before the kernel sees it, and the kernel may join packets in
 * its queue, so that one call can return more. With MSG_WAITALL on a TCP socket: -1 with
 * EINVAL, as in Onload. */
#define ONLOAD_MSG_ONEPKT 0x20000

/* ---- Stacks and their names ---- */

/* Name to give to onload_set_stackname() so that the next sockets are ordinary ones. */
#define ONLOAD_DONT_ACCELERATE NULL

/* Whose stack name to set. */
enum onload_stackname_who {
	ONLOAD_THIS_THREAD = 0, /* the calling thread's */
	ONLOAD_ALL_THREADS = 1 /* that of all threads without one of their own */
};

/* Who shares a stack of that name. */
enum onload_stackname_scope {
	ONLOAD_SCOPE_NOCHANGE = 0, /* back to the setting of the process */
	ONLOAD_SCOPE_THREAD = 1, /* each thread has one */
	ONLOAD_SCOPE_PROCESS = 2, /* each process has one */
	ONLOAD_SCOPE_USER = 3, /* each user has one */
	ONLOAD_SCOPE_GLOBAL = 4 /* the machine has one */
};

/* Names the stack in which the thread, or every thread, makes its next sockets. There are
 * no stacks: accepted and forgotten.
 * here:    0.
 * Onload:  0; -1 with errno EINVAL for a bad who, scope or name, ENAMETOOLONG for more
 *          than 16 bytes (8 before 8.0). stackname may be NULL, ONLOAD_DONT_ACCELERATE.
 * since:   201205
 * source:  src/lib/transport/unix/stackname.c */
int onload_set_stackname(enum onload_stackname_who who, enum onload_stackname_scope scope,
		const char *stackname);

/* Pushes the thread's stack name, to be restored later. Nothing is kept here.
 * here:    0.
 * Onload:  0, or -ENOMEM. Depth is unlimited.
 * since:   201310
 * source:  src/lib/transport/unix/stackname.c */
int onload_stackname_save(void);

/* Takes back the stack name that the thread saved last. Succeeds here even if nothing was
 * saved.
 * here:    0.
 * Onload:  0, or -EINVAL when nothing is saved.
 * since:   201310
 * source:  src/lib/transport/unix/stackname.c */
int onload_stackname_restore(void);

/* Moves a fresh socket into the thread's current stack. There is nowhere to move to: it
 * stays, and that is a success.
 * here:    0.
 * Onload:  0; -EINVAL for what cannot be moved, -EBUSY inside an epoll set, -ENOMEM.
 *          errno is not set, whatever Onload's header says.
 * since:   201405
 * notes:   libonload_ext answered -EINVAL up to 201606.
 * source:  src/lib/transport/unix/onload_ext_intercept.c */
int onload_move_fd(int fd);

/* ---- Options of a stack ---- */

/* Sets a numeric EF_ option of the stacks that this thread makes from now on. Here 0:
 * accepted and forgotten, whatever the name; but from EF_RX_TIMESTAMPING with 1, 2 or 3
 * on, what arrives has a timestamp.
 * here:    as described; 0 from libonload_ext alone.
 * Onload:  0; -EINVAL for an unknown name, a string option, or a value out of range;
 *          -ENOMEM.
 * since:   201310
 * source:  src/lib/transport/unix/stackopt.c */
int onload_stack_opt_set_int(const char *opt, int64_t val);

/* Reads a numeric option. No stack has one, so this fails and leaves *val as it was.
 * here:    -1, errno ENOSYS; -ENOSYS from libonload_ext alone.
 * Onload:  0 and *val set; -EINVAL for an unknown name or a string option.
 * since:   201502
 * notes:   libonload_ext answered 0 up to 201606.
 * source:  src/lib/transport/unix/stackopt.c */
int onload_stack_opt_get_int(const char *opt, int64_t *val);

/* Sets a textual EF_ option of the stacks that this thread makes from now on. Accepted
 * and forgotten.
 * here:    0.
 * Onload:  0; -EINVAL for an unknown name, a numeric option, or more than 255 bytes;
 *          -ENOMEM.
 * since:   201710
 * notes:   libonload itself exports it since 7.1.3 only.
 * source:  src/lib/transport/unix/stackopt.c */
int onload_stack_opt_set_str(const char *opt, const char *val);

/* Reads a textual option. No stack has one, so this fails and leaves both outputs as they
 * were.
 * here:    -1, errno ENOSYS; -ENOSYS from libonload_ext alone.
 * Onload:  0, val_out a string and *val_out_len its size in bytes with the final NUL;
 *          -ENOSPC and the size needed when the buffer is too small; -EINVAL.
 * since:   201710
 * notes:   libonload itself exports it since 7.1.3 only.
 * source:  src/lib/transport/unix/stackopt.c */
int onload_stack_opt_get_str(const char *opt, char *val_out, size_t *val_out_len);

/* Drops the options that this thread has set. Nothing was kept, so there is nothing to
 * drop.
 * here:    0.
 * Onload:  0 always.
 * since:   201310
 * source:  src/lib/transport/unix/stackopt.c */
int onload_stack_opt_reset(void);

/* ---- Asking about a descriptor ---- */

/* What onload_fd_check_feature() can be asked. */
enum onload_fd_feature {
	ONLOAD_FD_FEAT_MSG_WARM = 0, /* ONLOAD_MSG_WARM sends nothing on this descriptor */
	ONLOAD_FD_FEAT_UDP_TX_TS_HDR = 1, /* send stamps of UDP come with the frame's headers */
	ONLOAD_FD_FEAT_TX_SCM_TS_PKTINFO = 2 /* a control message may choose the port of a send */
};

/* What onload_fd_stat() tells about a descriptor. */
struct onload_stat {
	int32_t stack_id;
	char *stack_name; /* to be freed by the caller */
	int32_t endpoint_id;
	int32_t endpoint_state; /* Onload's own numbers */
};

/* Describes an accelerated descriptor. None is accelerated: 0 for every number, *stat
 * untouched.
 * here:    0.
 * Onload:  1 for an Onload descriptor, whose stack_name the caller then frees; 0 for any
 *          other; -ENOMEM. stat may be NULL.
 * since:   201205
 * source:  src/lib/transport/unix/onload_ext_intercept.c */
int onload_fd_stat(int fd, struct onload_stat *stat);

/* Asks whether a feature works on a descriptor. There is nothing to ask here.
 * here:    -ENOSYS.
 * Onload:  1 if it does, 0 if not; -EOPNOTSUPP for an unknown feature.
 * since:   201310-u1
 * source:  src/lib/transport/unix/onload_ext_intercept.c */
int onload_fd_check_feature(int fd, enum onload_fd_feature feature);

/* ---- Spinning ---- */

/* What a thread can busy-wait in. */
enum onload_spin_type {
	ONLOAD_SPIN_ALL = 0, /* everything but ONLOAD_SPIN_MIMIC_EF_POLL */
	ONLOAD_SPIN_UDP_RECV = 1,
	ONLOAD_SPIN_UDP_SEND = 2,
	ONLOAD_SPIN_TCP_RECV = 3,
	ONLOAD_SPIN_TCP_SEND = 4,
	ONLOAD_SPIN_TCP_ACCEPT = 5,
	ONLOAD_SPIN_PIPE_RECV = 6,
	ONLOAD_SPIN_PIPE_SEND = 7,
	ONLOAD_SPIN_SELECT = 8,
	ONLOAD_SPIN_POLL = 9,
	ONLOAD_SPIN_PKT_WAIT = 10,
	ONLOAD_SPIN_EPOLL_WAIT = 11,
	ONLOAD_SPIN_STACK_LOCK = 12,
	ONLOAD_SPIN_SOCK_LOCK = 13,
	ONLOAD_SPIN_SO_BUSY_POLL = 14,
	ONLOAD_SPIN_TCP_CONNECT = 15,
	ONLOAD_SPIN_MIMIC_EF_POLL = 16, /* those that EF_POLL_USEC would turn on */
	ONLOAD_SPIN_MAX = 17 /* how many there are; grows with releases */
};

/* Turns busy waiting on or off for one kind of call of this thread. Nothing spins here:
 * accepted and forgotten.
 * here:    0.
 * Onload:  0, or -EINVAL when type is ONLOAD_SPIN_MAX or more. spin is a truth value.
 * since:   201205
 * notes:   libonload_ext answered -ENOSYS up to 201606.
 * source:  src/lib/transport/unix/onload_ext_intercept.c */
int onload_thread_set_spin(enum onload_spin_type type, int spin);

/* Reads which kinds of call of this thread busy-wait. Nothing spins here: no answer,
 * *state untouched.
 * here:    -ENOSYS.
 * Onload:  0 always, and bit 1 << type of *state for each kind that spins.
 * since:   201606
 * source:  src/lib/transport/unix/onload_ext_intercept.c */
int onload_thread_get_spin(unsigned *state);

/* ---- Wire order delivery ---- */

/* The system's, from sys/epoll.h. */
struct epoll_event;

/* What onload_ordered_epoll_wait() adds to an event. The stub writes zeroes. */
struct onload_ordered_epoll_event {
	struct timespec ts; /* when the first unread packet came; 0 if not known */
	int bytes; /* to be read now to keep the order */
};

/* epoll_wait() whose events come in the order in which packets reached the card. Here it
 * is epoll_wait(), and each entry of oo_events that belongs to an event is zeroed: time 0
 * says that the order is not known. timeout is in milliseconds, negative is for ever; a
 * NULL oo_events is not written.
 * here:    as described; -ENOSYS from libonload_ext alone.
 * Onload:  The number of events, 0 at the timeout; -EINVAL for an epoll set that is not
 *          Onload's; -1 with errno from the wait.
 * since:   201405
 * source:  src/lib/transport/unix/epoll_fd.c */
int onload_ordered_epoll_wait(int epfd, struct epoll_event *events,
		struct onload_ordered_epoll_event *oo_events, int maxevents, int timeout);

/* ---- Delegated sends ---- */

/* Prepare even if the next hop's address is not known. */
#define ONLOAD_DELEGATED_SEND_FLAG_IGNORE_ARP 0x1

/* Find out the next hop's address first. Onload always does, with this flag or without. */
#define ONLOAD_DELEGATED_SEND_FLAG_RESOLVE_ARP 0x2

/* What onload_delegated_send_prepare() answers. */
enum onload_delegated_send_rc {
	ONLOAD_DELEGATED_SEND_RC_OK = 0, /* reserved */
	ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET = 1, /* not accelerated, not TCP or not connected: the answer here */
	ONLOAD_DELEGATED_SEND_RC_SMALL_HEADER = 2, /* headers_len is too small and now says what is needed */
	ONLOAD_DELEGATED_SEND_RC_SENDQ_BUSY = 3, /* earlier data is still queued */
	ONLOAD_DELEGATED_SEND_RC_NOWIN = 4, /* the peer's window is shut */
	ONLOAD_DELEGATED_SEND_RC_NOARP = 5, /* the next hop's address is not known */
	ONLOAD_DELEGATED_SEND_RC_NOCWIN = 6 /* reserved, but the congestion window is below one MSS */
};

/* A reservation made by onload_delegated_send_prepare(). Lengths, windows and offsets are
 * in bytes. */
struct onload_delegated_send {
	void *headers; /* the caller's buffer; receives Ethernet, IPv4 and TCP headers */
	int headers_len; /* in: room; out: used */
	int mss; /* most payload of one packet */
	int send_wnd;
	int cong_wnd;
	int user_size; /* left of what the caller asked for */
	int tcp_seq_offset; /* of the sequence number in headers */
	int ip_len_offset; /* of the IPv4 total length in headers */
	int ip_tcp_hdr_len; /* of the IPv4 and TCP headers, without Ethernet's */
	int reserved[5];
};

#ifndef ONLOAD_INCLUDE_DS_DATA_ONLY

/* Reserves size bytes of a TCP stream for the caller to put on the wire himself, and
 * makes the headers. No socket can do that here: *out untouched.
 * here:    1 (ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET).
 * Onload:  An enum onload_delegated_send_rc, ONLOAD_DELEGATED_SEND_RC_OK (0) being
 *          success; flags are ONLOAD_DELEGATED_SEND_FLAG_*.
 * since:   201502
 * source:  src/lib/transport/unix/tcp_fd.c */
enum onload_delegated_send_rc onload_delegated_send_prepare(int fd, int size,
		unsigned flags, struct onload_delegated_send *out);

/* Tells Onload which of the reserved bytes went out, so that it can send them again if
 * need be. Nothing was reserved.
 * here:    -1, errno ENOSYS.
 * Onload:  Bytes accepted; -1 with errno ENOTTY for a kernel socket, EMSGSIZE, EINVAL,
 *          EAGAIN, EPIPE and other errors of the connection.
 * since:   201502
 * notes:   libonload_ext answered -EINVAL in 201502, and -1 with EINVAL in 201509.
 * source:  src/lib/transport/unix/tcp_fd.c */
int onload_delegated_send_complete(int fd, const struct iovec *iov, int iovlen,
		int flags);

/* Gives up what is left of a reservation. Nothing was reserved.
 * here:    -1, errno ENOSYS.
 * Onload:  0, also with nothing reserved; -1 with errno ENOTTY for a kernel or listening
 *          socket.
 * since:   201502
 * notes:   libonload_ext answered -EINVAL in 201502, and -1 with EINVAL in 201509.
 * source:  src/lib/transport/unix/tcp_fd.c */
int onload_delegated_send_cancel(int fd);

/* Fits the prepared headers to a packet with that many bytes of payload: sets IPv4's
 * total length, and TCP's PSH bit as push says.
 * since:   201502
 * source:  onload/extensions.h */
static __inline void onload_delegated_send_tcp_update(struct onload_delegated_send *ds,
		int bytes, int push)
{
	unsigned char *headers = (unsigned char *)ds->headers;
	unsigned char *tcp_flags = headers + ds->tcp_seq_offset + 9;
	const unsigned int psh = 0x08;
	uint16_t total = htons((uint16_t)(bytes + ds->ip_tcp_hdr_len));

	memcpy(headers + ds->ip_len_offset, &total, sizeof(total));
	*tcp_flags = (unsigned char)(push ? *tcp_flags | psh : *tcp_flags & ~psh);
}

/* Moves on after a packet with that many bytes of payload: takes them off the windows and
 * adds them to the sequence number.
 * since:   201502
 * source:  onload/extensions.h */
static __inline void onload_delegated_send_tcp_advance(struct onload_delegated_send *ds,
		int bytes)
{
	unsigned char *tcp_seq = (unsigned char *)ds->headers + ds->tcp_seq_offset;
	uint32_t seq;

	ds->send_wnd -= bytes;
	ds->cong_wnd -= bytes;
	ds->user_size -= bytes;
	memcpy(&seq, tcp_seq, sizeof(seq));
	seq = htonl(ntohl(seq) + (uint32_t)bytes);
	memcpy(tcp_seq, &seq, sizeof(seq));
}

#endif /* ONLOAD_INCLUDE_DS_DATA_ONLY */

/* ---- TCP state ---- */

#ifndef ONLOAD_INCLUDE_DS_DATA_ONLY

/* What onload_get_tcp_info() tells. Bytes, unless a name says packets. */
struct onload_tcp_info {
	int so_recvbuf;
	int rcvbuf_used; /* received and not yet read */
	int rcv_window;
	int so_sndbuf;
	int so_sndbuf_pkts;
	int sndbuf_pkts_avail;
	int snd_mss;
	int snd_window;
	int cong_window;
};

/* Reads the buffers and windows of an accelerated TCP socket. None is accelerated: *info
 * and *len_in_out untouched.
 * here:    -1, errno EINVAL.
 * Onload:  0, and *len_in_out becomes the bytes written, 36 at most; -1 with errno EINVAL
 *          for a kernel, closed or listening socket.
 * since:   201509
 * source:  src/lib/transport/unix/onload_ext_intercept.c */
int onload_get_tcp_info(int fd, struct onload_tcp_info *info, int *len_in_out);

#endif /* ONLOAD_INCLUDE_DS_DATA_ONLY */

/* ---- Timestamps ---- */

/* Flag of SO_TIMESTAMPING on TCP: report each sent segment on the error queue. Linux
 * refuses the bit with EINVAL. */
#define ONLOAD_SOF_TIMESTAMPING_STREAM (1 << 23)

/* Type, at level SOL_SOCKET, of the control message with a struct
 * onload_scm_timestamping_stream. */
#define ONLOAD_SCM_TIMESTAMPING_STREAM ONLOAD_SOF_TIMESTAMPING_STREAM

/* Report of one sent TCP segment. */
struct onload_scm_timestamping_stream {
	struct timespec first_sent;
	struct timespec last_sent; /* 0 unless it was sent again */
	size_t len; /* bytes of payload */
};

#ifdef __cplusplus
}
#endif

#endif /* __ONLOAD_EXTENSIONS_H__ */
