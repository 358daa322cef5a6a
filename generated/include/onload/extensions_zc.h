/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* The Onload extensions API: zero copy, receive filters and templated sends. */

#ifndef __ONLOAD_ZC_H__
#define __ONLOAD_ZC_H__

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/socket.h>
#include <onload/extensions.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Zero copy ---- */

/* Handle of memory that is no packet buffer. */
#define ONLOAD_ZC_HANDLE_NONZC ((onload_zc_handle)(uintptr_t)-1)

/* Flag of onload_zc_recv(): hand over what came through the kernel too. 0x1 through
 * 7.1.0. */
#define ONLOAD_MSG_RECV_OS_INLINE 0x40000000

/* Flag of onload_zc_recv() and onload_zc_send(): do not wait. */
#define ONLOAD_MSG_DONTWAIT MSG_DONTWAIT

/* Flag of onload_zc_send(): more is to follow. */
#define ONLOAD_MSG_MORE MSG_MORE

/* Flag of onload_zc_send(): no SIGPIPE. */
#define ONLOAD_MSG_NOSIGNAL MSG_NOSIGNAL

/* The flags that the header promises for onload_zc_recv(). */
#define ONLOAD_ZC_RECV_FLAGS_MASK (ONLOAD_MSG_DONTWAIT | ONLOAD_MSG_RECV_OS_INLINE)

/* Those of them that are the kernel's too. */
#define ONLOAD_ZC_RECV_FLAGS_PTHRU_MASK (ONLOAD_MSG_DONTWAIT)

/* All flags of onload_zc_send(). ONLOAD_MSG_WARM joined in 201310, ONLOAD_MSG_DONTWAIT in
 * 8.0.0. */
#define ONLOAD_ZC_SEND_FLAGS_MASK (ONLOAD_MSG_MORE | ONLOAD_MSG_NOSIGNAL | ONLOAD_MSG_WARM | ONLOAD_MSG_DONTWAIT)

/* Those of them that are the kernel's too. */
#define ONLOAD_ZC_SEND_FLAGS_PTHRU_MASK (ONLOAD_MSG_MORE | ONLOAD_MSG_NOSIGNAL | ONLOAD_MSG_DONTWAIT)

/* Flag given to a callback: others read these buffers too, so they must not be changed. */
#define ONLOAD_ZC_MSG_SHARED 0x1

/* Flag given to a callback: no further call follows at once. */
#define ONLOAD_ZC_END_OF_BURST 0x2

/* Headers for which onload_zc_alloc_buffers() leaves room. */
enum onload_zc_buffer_type_flags {
	ONLOAD_ZC_BUFFER_HDR_NONE = 0,
	ONLOAD_ZC_BUFFER_HDR_UDP = 1,
	ONLOAD_ZC_BUFFER_HDR_TCP = 2
};

/* What a callback answers: a set of bits. */
enum onload_zc_callback_rc {
	ONLOAD_ZC_CONTINUE = 0, /* go on */
	ONLOAD_ZC_TERMINATE = 1, /* no more, please */
	ONLOAD_ZC_KEEP = 2, /* I keep the buffers and release them later */
	ONLOAD_ZC_MODIFIED = 4 /* I have changed the data; Onload takes no notice */
};

/* A packet buffer. */
typedef struct oo_zc_buf *onload_zc_handle;

/* Part of a packet buffer. iov_len and iov_flags share a 64-bit word, so neither has an
 * address. Four layouts so far: iov_base, size_t iov_len, buf, unsigned iov_flags through
 * 7.1; 40 bytes in 8.0.0; from 8.0.1 as it is now, but for a last member that was a union
 * with addr_space and became 4 bytes shorter on i386 in 9.0.0. */
struct onload_zc_iovec {
	__extension__ union {
		void *iov_base;
		uint64_t iov_ptr;
	};
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	__extension__ uint64_t iov_flags : 16;
	__extension__ uint64_t iov_len : 48;
#else
	__extension__ uint64_t iov_len : 48; /* bytes */
	__extension__ uint64_t iov_flags : 16;
#endif
	onload_zc_handle buf;
	void *unused;
};

/* A message of packet buffers: iov takes the place of msghdr.msg_iov, msghdr.msg_iovlen
 * counts it. */
struct onload_zc_msg {
	struct onload_zc_iovec *iov;
	struct msghdr msghdr;
};

/* One message of an onload_zc_send(). */
struct onload_zc_mmsg {
	struct onload_zc_msg msg;
	int rc; /* out: bytes sent, or a negative errno */
	int fd; /* the socket to send on */
};

struct onload_zc_recv_args;

/* Is given each message of an onload_zc_recv(). */
typedef enum onload_zc_callback_rc (*onload_zc_recv_callback)(struct onload_zc_recv_args *args,
		int flags);

/* What onload_zc_recv() is to do. */
struct onload_zc_recv_args {
	struct onload_zc_msg msg; /* set before each call of cb */
	onload_zc_recv_callback cb;
	void *user_ptr; /* the caller's own */
	int flags; /* ONLOAD_ZC_RECV_FLAGS_MASK */
};

/* Waits until the card has taken all that was queued for sending. Nothing is queued here:
 * done at once.
 * here:    0.
 * Onload:  0; -ESOCKTNOSUPPORT, -ENOTSOCK or -EINVAL for what is not an Onload socket.
 * since:   8.0.0
 * notes:   Declared in extensions_zc_hlrx.h in 8.x.
 * source:  src/lib/transport/unix/zc_intercept.c */
int onload_zc_await_stack_sync(int fd);

/* Lends packet buffers to fill and send. There are none to lend: iovecs stays untouched.
 * here:    -ENOSYS.
 * Onload:  0, and buf, iov_base and iov_len set in each of the iovecs_len entries;
 *          -ENOMEM; -ESOCKTNOSUPPORT for a kernel socket.
 * since:   201205
 * source:  src/lib/transport/unix/zc_intercept.c */
int onload_zc_alloc_buffers(int fd, struct onload_zc_iovec *iovecs, int iovecs_len,
		enum onload_zc_buffer_type_flags flags);

/* Gives packet buffers back. None was lent.
 * here:    -ENOSYS.
 * Onload:  0; -EINVAL when a buffer belongs to another stack; -ESOCKTNOSUPPORT for a
 *          kernel socket.
 * since:   201205
 * source:  src/lib/transport/unix/zc_intercept.c */
int onload_zc_release_buffers(int fd, onload_zc_handle *bufs, int bufs_len);

/* Receives by handing packet buffers to a callback. The callback is not called here;
 * receive with recvmsg().
 * here:    -ENOSYS.
 * Onload:  UDP: 0. TCP, since 8.0.0: bytes handed over, 0 at the end of the stream.
 *          -EAGAIN when there is no data, -ESOCKTNOSUPPORT for a kernel socket.
 * since:   201205
 * notes:   On TCP, -EOPNOTSUPP through 7.1.
 * source:  src/lib/transport/unix/zc_intercept.c */
int onload_zc_recv(int fd, struct onload_zc_recv_args *args);

/* Receives, without waiting, what reached an accelerated UDP socket through the kernel.
 * No socket is accelerated: *msg untouched.
 * here:    -ENOSYS.
 * Onload:  UDP: bytes received, or -1 with errno EAGAIN or EPERM. Other descriptors: a
 *          negative errno.
 * since:   201205
 * source:  src/lib/transport/unix/zc_intercept.c */
int onload_recvmsg_kernel(int fd, struct msghdr *msg, int flags);

/* Sends messages made of packet buffers. Nothing is sent here, and no msgs[i].rc is
 * written.
 * here:    -ENOSYS.
 * Onload:  The number of messages whose rc was written, the first that failed included.
 *          rc: bytes sent, or a negative errno.
 * since:   201205
 * source:  src/lib/transport/unix/zc_intercept.c */
int onload_zc_send(struct onload_zc_mmsg *msgs, int mlen, int flags);

/* ---- Receive filter ---- */

/* Is given each datagram that the application receives; it has to answer
 * ONLOAD_ZC_CONTINUE. */
typedef enum onload_zc_callback_rc (*onload_zc_recv_filter_callback)(struct onload_zc_msg *msg,
		void *arg, int flags);

/* Has a callback look at each datagram as it is received. The callback is not kept here.
 * here:    -ENOSYS.
 * Onload:  0 on UDP; -EOPNOTSUPP on TCP; -ESOCKTNOSUPPORT for a kernel socket. A NULL
 *          filter removes; flags must be 0.
 * since:   201205
 * notes:   libonload did not export it from 201509 to 201805; libonload_ext always did.
 * source:  src/lib/transport/unix/zc_intercept.c */
int onload_set_recv_filter(int fd, onload_zc_recv_filter_callback filter, void *cb_arg,
		int flags);

/* ---- Templated sends ---- */

/* Flags of templated sends. */
enum onload_template_flags {
	ONLOAD_TEMPLATE_FLAGS_SEND_NOW = 1, /* send after the update */
	ONLOAD_TEMPLATE_FLAGS_PIO_RETRY = 2, /* without room on the card, prepare in memory */
	ONLOAD_TEMPLATE_FLAGS_DONTWAIT = MSG_DONTWAIT /* do not wait */
};

/* A prepared message. */
typedef struct oo_msg_template *onload_template_handle;

/* Bytes to overwrite in a prepared message. */
struct onload_template_msg_update_iovec {
	void *otmu_base; /* the new bytes */
	size_t otmu_len; /* how many */
	off_t otmu_offset; /* where in the message */
	unsigned otmu_flags; /* none are defined */
};

/* Prepares a message inside the card, to be sent later. There is no such card: *handle
 * untouched.
 * here:    -ENOSYS.
 * Onload:  0 and *handle set; -EINVAL for flags other than
 *          ONLOAD_TEMPLATE_FLAGS_PIO_RETRY, -ENOTCONN, -EHOSTUNREACH, -EOPNOTSUPP,
 *          -E2BIG, -EBUSY, -ENOMEM; -ESOCKTNOSUPPORT for a kernel socket.
 * since:   201310
 * notes:   The array became const in 201502.
 * source:  src/lib/transport/unix/tmpl_intercept.c */
int onload_msg_template_alloc(int fd, const struct iovec *initial_msg, int mlen,
		onload_template_handle *handle, unsigned flags);

/* Overwrites parts of a prepared message, and sends it if so asked. No message was
 * prepared, none is sent.
 * here:    -ENOSYS.
 * Onload:  0; -EINVAL for bad flags, a bad range or another socket's handle; an error of
 *          the send, after which the template is gone.
 * since:   201205
 * notes:   Up to 201210 a stub with the arguments (onload_template_handle, struct
 *          onload_msg_update *, int, int). The array became const in 201502.
 * source:  src/lib/transport/unix/tmpl_intercept.c */
int onload_msg_template_update(int fd, onload_template_handle handle,
		const struct onload_template_msg_update_iovec *updates, int ulen,
		unsigned flags);

/* Throws a prepared message away. None was prepared.
 * here:    -ENOSYS.
 * Onload:  0; -EINVAL for another socket's handle; -ESOCKTNOSUPPORT for a kernel socket.
 * since:   201310
 * source:  src/lib/transport/unix/tmpl_intercept.c */
int onload_msg_template_abort(int fd, onload_template_handle handle);

#ifdef __cplusplus
}
#endif

#endif /* __ONLOAD_ZC_H__ */
