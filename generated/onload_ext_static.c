/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* libonload_ext.a: what a program has in it that was linked with that. Each function calls what is
 * preloaded under its name, and with nothing preloaded answers as libonload_ext.so. */

#include "src/link/preloaded.h"

#include "generated/onload_api.h"

#include <errno.h>

#define EXPORT __attribute__((visibility("default")))

static const unsigned int linked_for[3] = {1, 2, 0};

EXPORT int onload_is_present(void)
{
	static void *known;
	__typeof__(onload_is_present) *next =
		lkos_preloaded(&known, "onload_is_present", (void *)onload_is_present, linked_for);

	if (next != onload_is_present)
		return next();
	return 0;
}

EXPORT int onload_socket_nonaccel(int domain, int type, int protocol)
{
	static void *known;
	__typeof__(onload_socket_nonaccel) *next =
		lkos_preloaded(&known, "onload_socket_nonaccel", (void *)onload_socket_nonaccel, linked_for);

	if (next != onload_socket_nonaccel)
		return next(domain, type, protocol);
	return socket(domain, type, protocol);
}

EXPORT int onload_socket_unicast_nonaccel(int domain, int type, int protocol)
{
	static void *known;
	__typeof__(onload_socket_unicast_nonaccel) *next =
		lkos_preloaded(&known, "onload_socket_unicast_nonaccel", (void *)onload_socket_unicast_nonaccel, linked_for);

	if (next != onload_socket_unicast_nonaccel)
		return next(domain, type, protocol);
	return socket(domain, type, protocol);
}

EXPORT int onload_socket_rx_nonaccel(int domain, int type, int protocol)
{
	static void *known;
	__typeof__(onload_socket_rx_nonaccel) *next =
		lkos_preloaded(&known, "onload_socket_rx_nonaccel", (void *)onload_socket_rx_nonaccel, linked_for);

	if (next != onload_socket_rx_nonaccel)
		return next(domain, type, protocol);
	return socket(domain, type, protocol);
}

EXPORT int onload_set_stackname(enum onload_stackname_who who, enum onload_stackname_scope scope,
		const char *stackname)
{
	static void *known;
	__typeof__(onload_set_stackname) *next =
		lkos_preloaded(&known, "onload_set_stackname", (void *)onload_set_stackname, linked_for);

	if (next != onload_set_stackname)
		return next(who, scope, stackname);
	(void)who;
	(void)scope;
	(void)stackname;
	return 0;
}

EXPORT int onload_stackname_save(void)
{
	static void *known;
	__typeof__(onload_stackname_save) *next =
		lkos_preloaded(&known, "onload_stackname_save", (void *)onload_stackname_save, linked_for);

	if (next != onload_stackname_save)
		return next();
	return 0;
}

EXPORT int onload_stackname_restore(void)
{
	static void *known;
	__typeof__(onload_stackname_restore) *next =
		lkos_preloaded(&known, "onload_stackname_restore", (void *)onload_stackname_restore, linked_for);

	if (next != onload_stackname_restore)
		return next();
	return 0;
}

EXPORT int onload_move_fd(int fd)
{
	static void *known;
	__typeof__(onload_move_fd) *next =
		lkos_preloaded(&known, "onload_move_fd", (void *)onload_move_fd, linked_for);

	if (next != onload_move_fd)
		return next(fd);
	(void)fd;
	return 0;
}

EXPORT int onload_stack_opt_set_int(const char *opt, int64_t val)
{
	static void *known;
	__typeof__(onload_stack_opt_set_int) *next =
		lkos_preloaded(&known, "onload_stack_opt_set_int", (void *)onload_stack_opt_set_int, linked_for);

	if (next != onload_stack_opt_set_int)
		return next(opt, val);
	(void)opt;
	(void)val;
	return 0;
}

EXPORT int onload_stack_opt_get_int(const char *opt, int64_t *val)
{
	static void *known;
	__typeof__(onload_stack_opt_get_int) *next =
		lkos_preloaded(&known, "onload_stack_opt_get_int", (void *)onload_stack_opt_get_int, linked_for);

	if (next != onload_stack_opt_get_int)
		return next(opt, val);
	(void)opt;
	(void)val;
	return -ENOSYS;
}

EXPORT int onload_stack_opt_set_str(const char *opt, const char *val)
{
	static void *known;
	__typeof__(onload_stack_opt_set_str) *next =
		lkos_preloaded(&known, "onload_stack_opt_set_str", (void *)onload_stack_opt_set_str, linked_for);

	if (next != onload_stack_opt_set_str)
		return next(opt, val);
	(void)opt;
	(void)val;
	return 0;
}

EXPORT int onload_stack_opt_get_str(const char *opt, char *val_out, size_t *val_out_len)
{
	static void *known;
	__typeof__(onload_stack_opt_get_str) *next =
		lkos_preloaded(&known, "onload_stack_opt_get_str", (void *)onload_stack_opt_get_str, linked_for);

	if (next != onload_stack_opt_get_str)
		return next(opt, val_out, val_out_len);
	(void)opt;
	(void)val_out;
	(void)val_out_len;
	return -ENOSYS;
}

EXPORT int onload_stack_opt_reset(void)
{
	static void *known;
	__typeof__(onload_stack_opt_reset) *next =
		lkos_preloaded(&known, "onload_stack_opt_reset", (void *)onload_stack_opt_reset, linked_for);

	if (next != onload_stack_opt_reset)
		return next();
	return 0;
}

EXPORT int onload_fd_stat(int fd, struct onload_stat *stat)
{
	static void *known;
	__typeof__(onload_fd_stat) *next =
		lkos_preloaded(&known, "onload_fd_stat", (void *)onload_fd_stat, linked_for);

	if (next != onload_fd_stat)
		return next(fd, stat);
	(void)fd;
	(void)stat;
	return 0;
}

EXPORT int onload_fd_check_feature(int fd, enum onload_fd_feature feature)
{
	static void *known;
	__typeof__(onload_fd_check_feature) *next =
		lkos_preloaded(&known, "onload_fd_check_feature", (void *)onload_fd_check_feature, linked_for);

	if (next != onload_fd_check_feature)
		return next(fd, feature);
	(void)fd;
	(void)feature;
	return -ENOSYS;
}

EXPORT int onload_thread_set_spin(enum onload_spin_type type, int spin)
{
	static void *known;
	__typeof__(onload_thread_set_spin) *next =
		lkos_preloaded(&known, "onload_thread_set_spin", (void *)onload_thread_set_spin, linked_for);

	if (next != onload_thread_set_spin)
		return next(type, spin);
	(void)type;
	(void)spin;
	return 0;
}

EXPORT int onload_thread_get_spin(unsigned *state)
{
	static void *known;
	__typeof__(onload_thread_get_spin) *next =
		lkos_preloaded(&known, "onload_thread_get_spin", (void *)onload_thread_get_spin, linked_for);

	if (next != onload_thread_get_spin)
		return next(state);
	(void)state;
	return -ENOSYS;
}

EXPORT int onload_ordered_epoll_wait(int epfd, struct epoll_event *events,
		struct onload_ordered_epoll_event *oo_events, int maxevents, int timeout)
{
	static void *known;
	__typeof__(onload_ordered_epoll_wait) *next =
		lkos_preloaded(&known, "onload_ordered_epoll_wait", (void *)onload_ordered_epoll_wait, linked_for);

	if (next != onload_ordered_epoll_wait)
		return next(epfd, events, oo_events, maxevents, timeout);
	(void)epfd;
	(void)events;
	(void)oo_events;
	(void)maxevents;
	(void)timeout;
	return -ENOSYS;
}

EXPORT int onload_zc_await_stack_sync(int fd)
{
	static void *known;
	__typeof__(onload_zc_await_stack_sync) *next =
		lkos_preloaded(&known, "onload_zc_await_stack_sync", (void *)onload_zc_await_stack_sync, linked_for);

	if (next != onload_zc_await_stack_sync)
		return next(fd);
	(void)fd;
	return 0;
}

EXPORT int onload_zc_alloc_buffers(int fd, struct onload_zc_iovec *iovecs, int iovecs_len,
		enum onload_zc_buffer_type_flags flags)
{
	static void *known;
	__typeof__(onload_zc_alloc_buffers) *next =
		lkos_preloaded(&known, "onload_zc_alloc_buffers", (void *)onload_zc_alloc_buffers, linked_for);

	if (next != onload_zc_alloc_buffers)
		return next(fd, iovecs, iovecs_len, flags);
	(void)fd;
	(void)iovecs;
	(void)iovecs_len;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_zc_release_buffers(int fd, onload_zc_handle *bufs, int bufs_len)
{
	static void *known;
	__typeof__(onload_zc_release_buffers) *next =
		lkos_preloaded(&known, "onload_zc_release_buffers", (void *)onload_zc_release_buffers, linked_for);

	if (next != onload_zc_release_buffers)
		return next(fd, bufs, bufs_len);
	(void)fd;
	(void)bufs;
	(void)bufs_len;
	return -ENOSYS;
}

EXPORT int onload_zc_recv(int fd, struct onload_zc_recv_args *args)
{
	static void *known;
	__typeof__(onload_zc_recv) *next =
		lkos_preloaded(&known, "onload_zc_recv", (void *)onload_zc_recv, linked_for);

	if (next != onload_zc_recv)
		return next(fd, args);
	(void)fd;
	(void)args;
	return -ENOSYS;
}

EXPORT int onload_recvmsg_kernel(int fd, struct msghdr *msg, int flags)
{
	static void *known;
	__typeof__(onload_recvmsg_kernel) *next =
		lkos_preloaded(&known, "onload_recvmsg_kernel", (void *)onload_recvmsg_kernel, linked_for);

	if (next != onload_recvmsg_kernel)
		return next(fd, msg, flags);
	(void)fd;
	(void)msg;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_zc_send(struct onload_zc_mmsg *msgs, int mlen, int flags)
{
	static void *known;
	__typeof__(onload_zc_send) *next =
		lkos_preloaded(&known, "onload_zc_send", (void *)onload_zc_send, linked_for);

	if (next != onload_zc_send)
		return next(msgs, mlen, flags);
	(void)msgs;
	(void)mlen;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_set_recv_filter(int fd, onload_zc_recv_filter_callback filter, void *cb_arg,
		int flags)
{
	static void *known;
	__typeof__(onload_set_recv_filter) *next =
		lkos_preloaded(&known, "onload_set_recv_filter", (void *)onload_set_recv_filter, linked_for);

	if (next != onload_set_recv_filter)
		return next(fd, filter, cb_arg, flags);
	(void)fd;
	(void)filter;
	(void)cb_arg;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_msg_template_alloc(int fd, const struct iovec *initial_msg, int mlen,
		onload_template_handle *handle, unsigned flags)
{
	static void *known;
	__typeof__(onload_msg_template_alloc) *next =
		lkos_preloaded(&known, "onload_msg_template_alloc", (void *)onload_msg_template_alloc, linked_for);

	if (next != onload_msg_template_alloc)
		return next(fd, initial_msg, mlen, handle, flags);
	(void)fd;
	(void)initial_msg;
	(void)mlen;
	(void)handle;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_msg_template_update(int fd, onload_template_handle handle,
		const struct onload_template_msg_update_iovec *updates, int ulen,
		unsigned flags)
{
	static void *known;
	__typeof__(onload_msg_template_update) *next =
		lkos_preloaded(&known, "onload_msg_template_update", (void *)onload_msg_template_update, linked_for);

	if (next != onload_msg_template_update)
		return next(fd, handle, updates, ulen, flags);
	(void)fd;
	(void)handle;
	(void)updates;
	(void)ulen;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_msg_template_abort(int fd, onload_template_handle handle)
{
	static void *known;
	__typeof__(onload_msg_template_abort) *next =
		lkos_preloaded(&known, "onload_msg_template_abort", (void *)onload_msg_template_abort, linked_for);

	if (next != onload_msg_template_abort)
		return next(fd, handle);
	(void)fd;
	(void)handle;
	return -ENOSYS;
}

EXPORT int onload_msg_template_set(int fd, struct iovec *base_pkt, int blen,
		onload_template_handle *handle)
{
	static void *known;
	__typeof__(onload_msg_template_set) *next =
		lkos_preloaded(&known, "onload_msg_template_set", (void *)onload_msg_template_set, linked_for);

	if (next != onload_msg_template_set)
		return next(fd, base_pkt, blen, handle);
	(void)fd;
	(void)base_pkt;
	(void)blen;
	(void)handle;
	return -ENOSYS;
}

EXPORT int onload_msg_template_release(onload_template_handle handle)
{
	static void *known;
	__typeof__(onload_msg_template_release) *next =
		lkos_preloaded(&known, "onload_msg_template_release", (void *)onload_msg_template_release, linked_for);

	if (next != onload_msg_template_release)
		return next(handle);
	(void)handle;
	return -ENOSYS;
}

EXPORT enum onload_delegated_send_rc onload_delegated_send_prepare(int fd, int size,
		unsigned flags, struct onload_delegated_send *out)
{
	static void *known;
	__typeof__(onload_delegated_send_prepare) *next =
		lkos_preloaded(&known, "onload_delegated_send_prepare", (void *)onload_delegated_send_prepare, linked_for);

	if (next != onload_delegated_send_prepare)
		return next(fd, size, flags, out);
	(void)fd;
	(void)size;
	(void)flags;
	(void)out;
	return ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET;
}

EXPORT int onload_delegated_send_complete(int fd, const struct iovec *iov, int iovlen, int flags)
{
	static void *known;
	__typeof__(onload_delegated_send_complete) *next =
		lkos_preloaded(&known, "onload_delegated_send_complete", (void *)onload_delegated_send_complete, linked_for);

	if (next != onload_delegated_send_complete)
		return next(fd, iov, iovlen, flags);
	(void)fd;
	(void)iov;
	(void)iovlen;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

EXPORT int onload_delegated_send_cancel(int fd)
{
	static void *known;
	__typeof__(onload_delegated_send_cancel) *next =
		lkos_preloaded(&known, "onload_delegated_send_cancel", (void *)onload_delegated_send_cancel, linked_for);

	if (next != onload_delegated_send_cancel)
		return next(fd);
	(void)fd;
	errno = ENOSYS;
	return -1;
}

EXPORT int oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt)
{
	static void *known;
	__typeof__(oo_raw_send) *next =
		lkos_preloaded(&known, "oo_raw_send", (void *)oo_raw_send, linked_for);

	if (next != oo_raw_send)
		return next(fd, hwport, iov, iovcnt);
	(void)fd;
	(void)hwport;
	(void)iov;
	(void)iovcnt;
	errno = ENOSYS;
	return -1;
}

EXPORT int onload_get_tcp_info(int fd, struct onload_tcp_info *info, int *len_in_out)
{
	static void *known;
	__typeof__(onload_get_tcp_info) *next =
		lkos_preloaded(&known, "onload_get_tcp_info", (void *)onload_get_tcp_info, linked_for);

	if (next != onload_get_tcp_info)
		return next(fd, info, len_in_out);
	(void)fd;
	(void)info;
	(void)len_in_out;
	errno = EINVAL;
	return -1;
}

EXPORT int onload_timestamping_request(int fd, unsigned flags)
{
	static void *known;
	__typeof__(onload_timestamping_request) *next =
		lkos_preloaded(&known, "onload_timestamping_request", (void *)onload_timestamping_request, linked_for);

	if (next != onload_timestamping_request)
		return next(fd, flags);
	(void)fd;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_zc_buffer_incref(int fd, onload_zc_handle buf)
{
	static void *known;
	__typeof__(onload_zc_buffer_incref) *next =
		lkos_preloaded(&known, "onload_zc_buffer_incref", (void *)onload_zc_buffer_incref, linked_for);

	if (next != onload_zc_buffer_incref)
		return next(fd, buf);
	(void)fd;
	(void)buf;
	return -ENOSYS;
}

EXPORT int onload_zc_buffer_decref(int fd, onload_zc_handle buf)
{
	static void *known;
	__typeof__(onload_zc_buffer_decref) *next =
		lkos_preloaded(&known, "onload_zc_buffer_decref", (void *)onload_zc_buffer_decref, linked_for);

	if (next != onload_zc_buffer_decref)
		return next(fd, buf);
	(void)fd;
	(void)buf;
	return -ENOSYS;
}

EXPORT int onload_zc_register_buffers(int fd, ef_addrspace addr_space, uint64_t base_ptr,
		uint64_t len, int flags, onload_zc_handle *handle)
{
	static void *known;
	__typeof__(onload_zc_register_buffers) *next =
		lkos_preloaded(&known, "onload_zc_register_buffers", (void *)onload_zc_register_buffers, linked_for);

	if (next != onload_zc_register_buffers)
		return next(fd, addr_space, base_ptr, len, flags, handle);
	(void)fd;
	(void)addr_space;
	(void)base_ptr;
	(void)len;
	(void)flags;
	(void)handle;
	return -ENOSYS;
}

EXPORT int onload_zc_unregister_buffers(int fd, onload_zc_handle handle, int flags)
{
	static void *known;
	__typeof__(onload_zc_unregister_buffers) *next =
		lkos_preloaded(&known, "onload_zc_unregister_buffers", (void *)onload_zc_unregister_buffers, linked_for);

	if (next != onload_zc_unregister_buffers)
		return next(fd, handle, flags);
	(void)fd;
	(void)handle;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_zc_query_rx_memregs(int fd, struct onload_zc_iovec *iov, int *iovecs_len,
		int flags)
{
	static void *known;
	__typeof__(onload_zc_query_rx_memregs) *next =
		lkos_preloaded(&known, "onload_zc_query_rx_memregs", (void *)onload_zc_query_rx_memregs, linked_for);

	if (next != onload_zc_query_rx_memregs)
		return next(fd, iov, iovecs_len, flags);
	(void)fd;
	(void)iov;
	(void)iovecs_len;
	(void)flags;
	return -ENOSYS;
}

EXPORT int onload_zc_hlrx_alloc(int fd, int flags, struct onload_zc_hlrx **hlrx)
{
	static void *known;
	__typeof__(onload_zc_hlrx_alloc) *next =
		lkos_preloaded(&known, "onload_zc_hlrx_alloc", (void *)onload_zc_hlrx_alloc, linked_for);

	if (next != onload_zc_hlrx_alloc)
		return next(fd, flags, hlrx);
	(void)fd;
	(void)flags;
	(void)hlrx;
	return -ENOSYS;
}

EXPORT int onload_zc_hlrx_free(struct onload_zc_hlrx *hlrx)
{
	static void *known;
	__typeof__(onload_zc_hlrx_free) *next =
		lkos_preloaded(&known, "onload_zc_hlrx_free", (void *)onload_zc_hlrx_free, linked_for);

	if (next != onload_zc_hlrx_free)
		return next(hlrx);
	(void)hlrx;
	return -ENOSYS;
}

EXPORT int onload_zc_hlrx_buffer_release(int fd, onload_zc_handle buf)
{
	static void *known;
	__typeof__(onload_zc_hlrx_buffer_release) *next =
		lkos_preloaded(&known, "onload_zc_hlrx_buffer_release", (void *)onload_zc_hlrx_buffer_release, linked_for);

	if (next != onload_zc_hlrx_buffer_release)
		return next(fd, buf);
	(void)fd;
	(void)buf;
	return -ENOSYS;
}

EXPORT ssize_t onload_zc_hlrx_recv_copy(struct onload_zc_hlrx *hlrx, struct msghdr *msg,
		int flags)
{
	static void *known;
	__typeof__(onload_zc_hlrx_recv_copy) *next =
		lkos_preloaded(&known, "onload_zc_hlrx_recv_copy", (void *)onload_zc_hlrx_recv_copy, linked_for);

	if (next != onload_zc_hlrx_recv_copy)
		return next(hlrx, msg, flags);
	(void)hlrx;
	(void)msg;
	(void)flags;
	return -ENOSYS;
}

EXPORT ssize_t onload_zc_hlrx_recv_zc(struct onload_zc_hlrx *hlrx, struct onload_zc_msg *msg,
		size_t max_bytes, int flags)
{
	static void *known;
	__typeof__(onload_zc_hlrx_recv_zc) *next =
		lkos_preloaded(&known, "onload_zc_hlrx_recv_zc", (void *)onload_zc_hlrx_recv_zc, linked_for);

	if (next != onload_zc_hlrx_recv_zc)
		return next(hlrx, msg, max_bytes, flags);
	(void)hlrx;
	(void)msg;
	(void)max_bytes;
	(void)flags;
	return -ENOSYS;
}

EXPORT ssize_t onload_zc_hlrx_recv_oob(struct onload_zc_hlrx *hlrx,
		const struct onload_zc_iovec *inband, void *buf, size_t len, int *flags)
{
	static void *known;
	__typeof__(onload_zc_hlrx_recv_oob) *next =
		lkos_preloaded(&known, "onload_zc_hlrx_recv_oob", (void *)onload_zc_hlrx_recv_oob, linked_for);

	if (next != onload_zc_hlrx_recv_oob)
		return next(hlrx, inband, buf, len, flags);
	(void)hlrx;
	(void)inband;
	(void)buf;
	(void)len;
	(void)flags;
	return -ENOSYS;
}
