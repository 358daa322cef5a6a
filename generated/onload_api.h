/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* Every extension function of every release: the public headers, and what they do not declare. */

#ifndef LKOS_GENERATED_ONLOAD_API_H
#define LKOS_GENERATED_ONLOAD_API_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include <onload/extensions.h>
#include <onload/extensions_timestamping.h>
#include <onload/extensions_zc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Templated sends ---- */

/* The first form of onload_msg_template_alloc(), which Onload never filled in.
 * here:    -ENOSYS.
 * Onload:  -ENOSYS always.
 * since:   201205 to 201210
 * source:  src/lib/onload_ext/onload_ext.c of 201205 */
int onload_msg_template_set(int fd, struct iovec *base_pkt, int blen,
		onload_template_handle *handle);

/* The first form of onload_msg_template_abort(), which Onload never filled in.
 * here:    -ENOSYS.
 * Onload:  -ENOSYS always.
 * since:   201205 to 201210
 * source:  src/lib/onload_ext/onload_ext.c of 201205 */
int onload_msg_template_release(onload_template_handle handle);

/* ---- Raw frames ---- */

/* Puts an Ethernet frame on the wire as it is. There is no card of Onload's to do it.
 * here:    -1, errno ENOSYS.
 * Onload:  0; -1 with errno ENOTTY for a kernel socket, ENETDOWN, EMSGSIZE or ENOBUFS.
 *          hwport -1 is the socket's own interface.
 * since:   201502
 * notes:   Declared in onload/test_intf.h, which is not installed. libonload_ext answered
 *          -EINVAL in 201502, and -1 with EINVAL in 201509 and 201606.
 * source:  src/include/onload/test_intf.h */
int oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt);

/* ---- Zero copy for offloads (8.0 and 8.1 only) ---- */

/* An address space, of etherfabric/ef_vi.h. */
typedef uint64_t ef_addrspace;

/* The helper of onload_zc_hlrx_alloc(). */
struct onload_zc_hlrx;

/* Took one more reference to a packet buffer. No buffer can exist here.
 * here:    -ENOSYS.
 * Onload:  0 always; fd was ignored.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_buffer_incref(int fd, onload_zc_handle buf);

/* Dropped a reference to a packet buffer, and released it with the last one. No buffer
 * can exist here.
 * here:    -ENOSYS.
 * Onload:  0, or what onload_zc_release_buffers() says.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_buffer_decref(int fd, onload_zc_handle buf);

/* Made len bytes of the application's own memory sendable with onload_zc_send(). Not
 * here: *handle untouched.
 * here:    -ENOSYS.
 * Onload:  0; -EINVAL for bad flags, alignment or length; -ESOCKTNOSUPPORT for a kernel
 *          socket.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_register_buffers(int fd, ef_addrspace addr_space, uint64_t base_ptr,
		uint64_t len, int flags, onload_zc_handle *handle);

/* Undid onload_zc_register_buffers(). Nothing was registered.
 * here:    -ENOSYS.
 * Onload:  0; -EINVAL for a bad handle or flags; -ESOCKTNOSUPPORT for a kernel socket.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_unregister_buffers(int fd, onload_zc_handle handle, int flags);

/* Listed the memory that receive buffers come from. There is none: both outputs
 * untouched.
 * here:    -ENOSYS.
 * Onload:  0; -ESOCKTNOSUPPORT for a kernel socket.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_query_rx_memregs(int fd, struct onload_zc_iovec *iov, int *iovecs_len,
		int flags);

/* Made a helper that receives without callbacks. Not here: *hlrx untouched.
 * here:    -ENOSYS.
 * Onload:  0 for any stream or datagram socket; -ESOCKTNOSUPPORT for other types,
 *          -ENOTSOCK for what is no socket.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_hlrx_alloc(int fd, int flags, struct onload_zc_hlrx **hlrx);

/* Freed the helper. None was made.
 * here:    -ENOSYS.
 * Onload:  0.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_hlrx_free(struct onload_zc_hlrx *hlrx);

/* Released a buffer that the helper had handed out. None was.
 * here:    -ENOSYS.
 * Onload:  As onload_zc_buffer_decref().
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
int onload_zc_hlrx_buffer_release(int fd, onload_zc_handle buf);

/* Received by copying. Not here: *msg untouched.
 * here:    -ENOSYS.
 * Onload:  Bytes received, or a negative errno; -ESOCKTNOSUPPORT for a kernel socket.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
ssize_t onload_zc_hlrx_recv_copy(struct onload_zc_hlrx *hlrx, struct msghdr *msg,
		int flags);

/* Received max_bytes bytes at most by handing out packet buffers. Not here: *msg
 * untouched.
 * here:    -ENOSYS.
 * Onload:  Bytes received, or a negative errno; -ESOCKTNOSUPPORT for a kernel socket.
 * since:   8.0.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
ssize_t onload_zc_hlrx_recv_zc(struct onload_zc_hlrx *hlrx, struct onload_zc_msg *msg,
		size_t max_bytes, int flags);

/* Read what an offload had put beside the stream. Nothing is beside it here: buf and
 * *flags untouched.
 * here:    -ENOSYS.
 * Onload:  Bytes read, or a negative errno.
 * since:   8.1.0 to 8.1.0
 * source:  onload/extensions_zc_hlrx.h of 8.1 */
ssize_t onload_zc_hlrx_recv_oob(struct onload_zc_hlrx *hlrx,
		const struct onload_zc_iovec *inband, void *buf, size_t len, int *flags);

#ifdef __cplusplus
}
#endif

#endif /* LKOS_GENERATED_ONLOAD_API_H */
