/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_zc_alloc_buffers(), onload_zc_release_buffers() and onload_zc_send(): the bytes of packet buffers
 * are sent as any others, each buffer by a call of its own, with an end of record, so that it is a
 * segment of its own as on Onload, and that what comes next does not share memory with it: a buffer is
 * sent whole or not at all.
 *
 * source: onload src/lib/transport/unix/zc_intercept.c, src/lib/transport/ip/tcp_send.c */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "generated/onload_emulated.h"
#include "src/emulate/buffers.h"
#include "src/emulate/delegated_send.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/send.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"
#include "src/translate/endpoints.h"

/* ---- buffers */

int lkos_emulated_onload_zc_alloc_buffers(int fd, struct onload_zc_iovec *iovecs,
					  int iovecs_len,
					  enum onload_zc_buffer_type_flags flags)
{
	struct lkos_endpoint endpoint;
	struct lkos_buffer_part part;
	bool connected;

	if (!lkos_endpoint_of(fd, &endpoint))
		return lkos_refused(fd, -EINVAL);
	if (iovecs_len > 0 && !iovecs)
		return lkos_misused("onload_zc_alloc_buffers", "iovecs is NULL");
	connected = endpoint.tcp &&
		    lkos_endpoint_can_be_warmed(lkos_endpoint_state_of(&endpoint));
	part = lkos_buffer_to_fill((unsigned int)flags,
				   connected ? endpoint.info.snd_mss : 0);
	for (int i = 0; i < iovecs_len; i++) {
		struct oo_zc_buf *buffer;

		if (!lkos_buffers_take(endpoint.socket.stack.number, &buffer, 1, 1)) {
			while (i-- > 0)
				lkos_buffers_give(&iovecs[i].buf, 1);
			return -ENOMEM;
		}
		iovecs[i].iov_ptr = 0; /* all of it, where a pointer is shorter */
		iovecs[i].iov_base = buffer->bytes + part.start;
		iovecs[i].iov_len = part.length & LKOS_BUFFER_LENGTHS;
		iovecs[i].buf = buffer;
	}
	for (int i = 0; i < iovecs_len; i++)
		lkos_buffers_hand_over(&iovecs[i].buf, 1);
	return 0;
}

int lkos_emulated_onload_zc_release_buffers(int fd, onload_zc_handle *bufs, int bufs_len)
{
	struct lkos_endpoint endpoint;

	if (!lkos_endpoint_of(fd, &endpoint))
		return lkos_refused(fd, -EINVAL);
	if (bufs_len <= 0)
		return 0;
	if (!bufs)
		return lkos_misused("onload_zc_release_buffers", "bufs is NULL");
	return lkos_buffers_return(endpoint.socket.stack.number, bufs, (size_t)bufs_len);
}

/* ---- sending */

/* return: 0 or -EINVAL. */
static int check(const struct onload_zc_iovec *buffer, int32_t stack, uint32_t mss)
{
	const int err = lkos_buffer_is_of_application(stack, buffer->buf);

	return err ? err
		   : lkos_buffer_check((uintptr_t)buffer->buf,
				       (uintptr_t)buffer->iov_base, buffer->iov_len, mss);
}

/* Nothing is sent, and the application keeps the buffer. */
static int warm(const struct onload_zc_mmsg *message, int32_t stack, int flags)
{
	const struct onload_zc_iovec *const buffer = message->msg.iov;
	struct iovec piece = {buffer->iov_base, (size_t)buffer->iov_len};
	const struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
	ssize_t length;

	if (message->msg.msghdr.msg_iovlen > 1 || check(buffer, stack, 0) != 0)
		return -EINVAL;
	if (lkos_send_is_busy(message->fd))
		return -EBUSY;
	length = lkos_next.sendmsg(message->fd, &header, flags);
	return length < 0 ? -errno : (int)length;
}

static uint32_t mss_of(const struct lkos_endpoint *endpoint)
{
	return endpoint->info.state != LKOS_TCP_SYN_SENT &&
			       lkos_endpoint_can_be_warmed(lkos_endpoint_state_of(endpoint))
		       ? endpoint->info.snd_mss
		       : 0;
}

/* As many buffers as can be sent: those are ours, and what is left is the application's. return: bytes,
 * or -errno where there are none. */
static int send_buffers(const struct onload_zc_mmsg *message,
			const struct lkos_endpoint *endpoint, int flags)
{
	const struct onload_zc_iovec *buffer = message->msg.iov;
	const struct onload_zc_iovec *const end = buffer + message->msg.msghdr.msg_iovlen;
	const int32_t stack = endpoint->socket.stack.number;
	const int of_last = flags & MSG_MORE ? MSG_MORE : MSG_EOR;
	int total = 0;

	flags &= ~MSG_MORE;
	for (; buffer < end; buffer++) {
		int sent = check(buffer, stack, mss_of(endpoint));

		if (sent == 0)
			sent = lkos_send_whole(
				message->fd, buffer->iov_base, (size_t)buffer->iov_len,
				flags | (buffer + 1 < end ? MSG_EOR : of_last));
		if (sent < 0)
			return total ? total : sent;
		total += sent;
		if ((uint64_t)sent < buffer->iov_len)
			break;
		lkos_buffers_return(stack, &buffer->buf, 1);
		flags |= MSG_NOSIGNAL; /* a broken connection is for the next call */
	}
	return total;
}

static int send_message(const struct onload_zc_mmsg *message, int flags)
{
	struct lkos_endpoint endpoint;

	if (!lkos_endpoint_of(message->fd, &endpoint)) {
		if (message->fd == -1)
			lkos_log("onload_zc_send: a message's fd is -1");
		return lkos_refused(message->fd, -EBADF);
	}
	if (!endpoint.tcp)
		return -EOPNOTSUPP;
	if (flags & ~ONLOAD_ZC_SEND_FLAGS_MASK)
		return -EINVAL;
	if (message->msg.msghdr.msg_iovlen == 0 || !message->msg.iov)
		return lkos_misused("onload_zc_send", "a message has no buffers");
	return flags & ONLOAD_MSG_WARM ? warm(message, endpoint.socket.stack.number, flags)
				       : send_buffers(message, &endpoint, flags);
}

int lkos_emulated_onload_zc_send(struct onload_zc_mmsg *msgs, int mlen, int flags)
{
	const int kept = errno;
	int done = 0;

	if (mlen > 0 && !msgs)
		return lkos_misused("onload_zc_send", "msgs is NULL");
	while (done < mlen) {
		const int rc = send_message(msgs + done, flags);

		msgs[done++].rc = rc;
		if (rc < 0)
			break;
	}
	errno = kept;
	return done;
}

/* What was sent is with the kernel. */
int lkos_emulated_onload_zc_await_stack_sync(int fd)
{
	struct lkos_endpoint endpoint;

	return lkos_endpoint_of(fd, &endpoint) ? 0 : lkos_refused(fd, -EINVAL);
}
