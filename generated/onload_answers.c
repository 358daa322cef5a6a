/* SPDX-License-Identifier: GPL-2.0-only */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* What liblk_onload_stub.so answers where an answer is all there is; other bodies are in src/api/. */

#include "generated/onload_api.h"

#include <errno.h>

#include "src/runtime/c.h"
#include "src/runtime/log.h"

LKOS_EXPORT int onload_is_present(void)
{
	LKOS_LOG_ANSWER(onload_is_present, "0");
	return 0;
}

LKOS_EXPORT int onload_socket_nonaccel(int domain, int type, int protocol)
{
	LKOS_LOG_ANSWER(onload_socket_nonaccel, "socket()");
	return socket(domain, type, protocol);
}

LKOS_EXPORT int onload_socket_unicast_nonaccel(int domain, int type, int protocol)
{
	LKOS_LOG_ANSWER(onload_socket_unicast_nonaccel, "socket()");
	return socket(domain, type, protocol);
}

LKOS_EXPORT int onload_socket_rx_nonaccel(int domain, int type, int protocol)
{
	LKOS_LOG_ANSWER(onload_socket_rx_nonaccel, "socket()");
	return socket(domain, type, protocol);
}

LKOS_EXPORT int onload_set_stackname(enum onload_stackname_who who, enum onload_stackname_scope scope,
		const char *stackname)
{
	(void)who;
	(void)scope;
	(void)stackname;
	LKOS_LOG_ANSWER(onload_set_stackname, "0");
	return 0;
}

LKOS_EXPORT int onload_stackname_save(void)
{
	LKOS_LOG_ANSWER(onload_stackname_save, "0");
	return 0;
}

LKOS_EXPORT int onload_stackname_restore(void)
{
	LKOS_LOG_ANSWER(onload_stackname_restore, "0");
	return 0;
}

LKOS_EXPORT int onload_move_fd(int fd)
{
	(void)fd;
	LKOS_LOG_ANSWER(onload_move_fd, "0");
	return 0;
}

LKOS_EXPORT int onload_stack_opt_get_int(const char *opt, int64_t *val)
{
	(void)opt;
	(void)val;
	LKOS_LOG_ANSWER(onload_stack_opt_get_int, "-1, errno ENOSYS");
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int onload_stack_opt_set_str(const char *opt, const char *val)
{
	(void)opt;
	(void)val;
	LKOS_LOG_ANSWER(onload_stack_opt_set_str, "0");
	return 0;
}

LKOS_EXPORT int onload_stack_opt_get_str(const char *opt, char *val_out, size_t *val_out_len)
{
	(void)opt;
	(void)val_out;
	(void)val_out_len;
	LKOS_LOG_ANSWER(onload_stack_opt_get_str, "-1, errno ENOSYS");
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int onload_stack_opt_reset(void)
{
	LKOS_LOG_ANSWER(onload_stack_opt_reset, "0");
	return 0;
}

LKOS_EXPORT int onload_fd_stat(int fd, struct onload_stat *stat)
{
	(void)fd;
	(void)stat;
	LKOS_LOG_ANSWER(onload_fd_stat, "0");
	return 0;
}

LKOS_EXPORT int onload_fd_check_feature(int fd, enum onload_fd_feature feature)
{
	(void)fd;
	(void)feature;
	LKOS_LOG_ANSWER(onload_fd_check_feature, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_thread_set_spin(enum onload_spin_type type, int spin)
{
	(void)type;
	(void)spin;
	LKOS_LOG_ANSWER(onload_thread_set_spin, "0");
	return 0;
}

LKOS_EXPORT int onload_thread_get_spin(unsigned *state)
{
	(void)state;
	LKOS_LOG_ANSWER(onload_thread_get_spin, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_await_stack_sync(int fd)
{
	(void)fd;
	LKOS_LOG_ANSWER(onload_zc_await_stack_sync, "0");
	return 0;
}

LKOS_EXPORT int onload_zc_alloc_buffers(int fd, struct onload_zc_iovec *iovecs, int iovecs_len,
		enum onload_zc_buffer_type_flags flags)
{
	(void)fd;
	(void)iovecs;
	(void)iovecs_len;
	(void)flags;
	LKOS_LOG_ANSWER(onload_zc_alloc_buffers, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_release_buffers(int fd, onload_zc_handle *bufs, int bufs_len)
{
	(void)fd;
	(void)bufs;
	(void)bufs_len;
	LKOS_LOG_ANSWER(onload_zc_release_buffers, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_recv(int fd, struct onload_zc_recv_args *args)
{
	(void)fd;
	(void)args;
	LKOS_LOG_ANSWER(onload_zc_recv, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_recvmsg_kernel(int fd, struct msghdr *msg, int flags)
{
	(void)fd;
	(void)msg;
	(void)flags;
	LKOS_LOG_ANSWER(onload_recvmsg_kernel, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_send(struct onload_zc_mmsg *msgs, int mlen, int flags)
{
	(void)msgs;
	(void)mlen;
	(void)flags;
	LKOS_LOG_ANSWER(onload_zc_send, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_set_recv_filter(int fd, onload_zc_recv_filter_callback filter, void *cb_arg,
		int flags)
{
	(void)fd;
	(void)filter;
	(void)cb_arg;
	(void)flags;
	LKOS_LOG_ANSWER(onload_set_recv_filter, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_alloc(int fd, const struct iovec *initial_msg, int mlen,
		onload_template_handle *handle, unsigned flags)
{
	(void)fd;
	(void)initial_msg;
	(void)mlen;
	(void)handle;
	(void)flags;
	LKOS_LOG_ANSWER(onload_msg_template_alloc, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_update(int fd, onload_template_handle handle,
		const struct onload_template_msg_update_iovec *updates, int ulen,
		unsigned flags)
{
	(void)fd;
	(void)handle;
	(void)updates;
	(void)ulen;
	(void)flags;
	LKOS_LOG_ANSWER(onload_msg_template_update, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_abort(int fd, onload_template_handle handle)
{
	(void)fd;
	(void)handle;
	LKOS_LOG_ANSWER(onload_msg_template_abort, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_set(int fd, struct iovec *base_pkt, int blen,
		onload_template_handle *handle)
{
	(void)fd;
	(void)base_pkt;
	(void)blen;
	(void)handle;
	LKOS_LOG_ANSWER(onload_msg_template_set, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_release(onload_template_handle handle)
{
	(void)handle;
	LKOS_LOG_ANSWER(onload_msg_template_release, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT enum onload_delegated_send_rc onload_delegated_send_prepare(int fd, int size,
		unsigned flags, struct onload_delegated_send *out)
{
	(void)fd;
	(void)size;
	(void)flags;
	(void)out;
	LKOS_LOG_ANSWER(onload_delegated_send_prepare, "1");
	return ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET;
}

LKOS_EXPORT int onload_delegated_send_complete(int fd, const struct iovec *iov, int iovlen, int flags)
{
	(void)fd;
	(void)iov;
	(void)iovlen;
	(void)flags;
	LKOS_LOG_ANSWER(onload_delegated_send_complete, "-1, errno ENOSYS");
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int onload_delegated_send_cancel(int fd)
{
	(void)fd;
	LKOS_LOG_ANSWER(onload_delegated_send_cancel, "-1, errno ENOSYS");
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt)
{
	(void)fd;
	(void)hwport;
	(void)iov;
	(void)iovcnt;
	LKOS_LOG_ANSWER(oo_raw_send, "-1, errno ENOSYS");
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int onload_get_tcp_info(int fd, struct onload_tcp_info *info, int *len_in_out)
{
	(void)fd;
	(void)info;
	(void)len_in_out;
	LKOS_LOG_ANSWER(onload_get_tcp_info, "-1, errno EINVAL");
	return lkos_fail(-EINVAL);
}

LKOS_EXPORT int onload_timestamping_request(int fd, unsigned flags)
{
	(void)fd;
	(void)flags;
	LKOS_LOG_ANSWER(onload_timestamping_request, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_buffer_incref(int fd, onload_zc_handle buf)
{
	(void)fd;
	(void)buf;
	LKOS_LOG_ANSWER(onload_zc_buffer_incref, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_buffer_decref(int fd, onload_zc_handle buf)
{
	(void)fd;
	(void)buf;
	LKOS_LOG_ANSWER(onload_zc_buffer_decref, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_register_buffers(int fd, ef_addrspace addr_space, uint64_t base_ptr,
		uint64_t len, int flags, onload_zc_handle *handle)
{
	(void)fd;
	(void)addr_space;
	(void)base_ptr;
	(void)len;
	(void)flags;
	(void)handle;
	LKOS_LOG_ANSWER(onload_zc_register_buffers, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_unregister_buffers(int fd, onload_zc_handle handle, int flags)
{
	(void)fd;
	(void)handle;
	(void)flags;
	LKOS_LOG_ANSWER(onload_zc_unregister_buffers, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_query_rx_memregs(int fd, struct onload_zc_iovec *iov, int *iovecs_len,
		int flags)
{
	(void)fd;
	(void)iov;
	(void)iovecs_len;
	(void)flags;
	LKOS_LOG_ANSWER(onload_zc_query_rx_memregs, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_hlrx_alloc(int fd, int flags, struct onload_zc_hlrx **hlrx)
{
	(void)fd;
	(void)flags;
	(void)hlrx;
	LKOS_LOG_ANSWER(onload_zc_hlrx_alloc, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_hlrx_free(struct onload_zc_hlrx *hlrx)
{
	(void)hlrx;
	LKOS_LOG_ANSWER(onload_zc_hlrx_free, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_hlrx_buffer_release(int fd, onload_zc_handle buf)
{
	(void)fd;
	(void)buf;
	LKOS_LOG_ANSWER(onload_zc_hlrx_buffer_release, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT ssize_t onload_zc_hlrx_recv_copy(struct onload_zc_hlrx *hlrx, struct msghdr *msg,
		int flags)
{
	(void)hlrx;
	(void)msg;
	(void)flags;
	LKOS_LOG_ANSWER(onload_zc_hlrx_recv_copy, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT ssize_t onload_zc_hlrx_recv_zc(struct onload_zc_hlrx *hlrx, struct onload_zc_msg *msg,
		size_t max_bytes, int flags)
{
	(void)hlrx;
	(void)msg;
	(void)max_bytes;
	(void)flags;
	LKOS_LOG_ANSWER(onload_zc_hlrx_recv_zc, "-ENOSYS");
	return -ENOSYS;
}

LKOS_EXPORT ssize_t onload_zc_hlrx_recv_oob(struct onload_zc_hlrx *hlrx,
		const struct onload_zc_iovec *inband, void *buf, size_t len, int *flags)
{
	(void)hlrx;
	(void)inband;
	(void)buf;
	(void)len;
	(void)flags;
	LKOS_LOG_ANSWER(onload_zc_hlrx_recv_oob, "-ENOSYS");
	return -ENOSYS;
}
