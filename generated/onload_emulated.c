/* SPDX-License-Identifier: GPL-2.0-only */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* What liblk_onload_emulation.so exports of Onload's functions. Where it cannot emulate, because the
 * stub is not behind it, the next library's function is called; where there is none, the answer
 * is that of a process without Onload. */

#include "generated/onload_emulated.h"

#include "src/emulate/start.h"
#include "src/runtime/c.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"

LKOS_EXPORT int onload_is_present(void)
{
	int (*behind)(void);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_is_present, "1");
		return 1;
	}
	behind = lkos_symbol_behind("onload_is_present");
	if (behind)
		return behind();
	return 0;
}

LKOS_EXPORT int onload_socket_nonaccel(int domain, int type, int protocol)
{
	int (*behind)(int, int, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_socket_nonaccel, "emulated");
		return lkos_emulated_onload_socket_nonaccel(domain, type, protocol);
	}
	behind = lkos_symbol_behind("onload_socket_nonaccel");
	if (behind)
		return behind(domain, type, protocol);
	return lkos_next.socket(domain, type, protocol);
}

LKOS_EXPORT int onload_socket_unicast_nonaccel(int domain, int type, int protocol)
{
	int (*behind)(int, int, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_socket_unicast_nonaccel, "emulated");
		return lkos_emulated_onload_socket_unicast_nonaccel(domain, type, protocol);
	}
	behind = lkos_symbol_behind("onload_socket_unicast_nonaccel");
	if (behind)
		return behind(domain, type, protocol);
	return lkos_next.socket(domain, type, protocol);
}

LKOS_EXPORT int onload_socket_rx_nonaccel(int domain, int type, int protocol)
{
	int (*behind)(int, int, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_socket_rx_nonaccel, "emulated");
		return lkos_emulated_onload_socket_rx_nonaccel(domain, type, protocol);
	}
	behind = lkos_symbol_behind("onload_socket_rx_nonaccel");
	if (behind)
		return behind(domain, type, protocol);
	return lkos_next.socket(domain, type, protocol);
}

LKOS_EXPORT int onload_set_stackname(enum onload_stackname_who who, enum onload_stackname_scope scope,
		const char *stackname)
{
	int (*behind)(enum onload_stackname_who, enum onload_stackname_scope, const char *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_set_stackname, "emulated");
		return lkos_emulated_onload_set_stackname(who, scope, stackname);
	}
	behind = lkos_symbol_behind("onload_set_stackname");
	if (behind)
		return behind(who, scope, stackname);
	return 0;
}

LKOS_EXPORT int onload_stackname_save(void)
{
	int (*behind)(void);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_stackname_save, "emulated");
		return lkos_emulated_onload_stackname_save();
	}
	behind = lkos_symbol_behind("onload_stackname_save");
	if (behind)
		return behind();
	return 0;
}

LKOS_EXPORT int onload_stackname_restore(void)
{
	int (*behind)(void);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_stackname_restore, "emulated");
		return lkos_emulated_onload_stackname_restore();
	}
	behind = lkos_symbol_behind("onload_stackname_restore");
	if (behind)
		return behind();
	return 0;
}

LKOS_EXPORT int onload_move_fd(int fd)
{
	int (*behind)(int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_move_fd, "emulated");
		return lkos_emulated_onload_move_fd(fd);
	}
	behind = lkos_symbol_behind("onload_move_fd");
	if (behind)
		return behind(fd);
	return 0;
}

LKOS_EXPORT int onload_stack_opt_set_int(const char *opt, int64_t val)
{
	int (*behind)(const char *, int64_t);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_stack_opt_set_int, "emulated");
		return lkos_emulated_onload_stack_opt_set_int(opt, val);
	}
	behind = lkos_symbol_behind("onload_stack_opt_set_int");
	if (behind)
		return behind(opt, val);
	return 0;
}

LKOS_EXPORT int onload_stack_opt_get_int(const char *opt, int64_t *val)
{
	int (*behind)(const char *, int64_t *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_stack_opt_get_int, "emulated");
		return lkos_emulated_onload_stack_opt_get_int(opt, val);
	}
	behind = lkos_symbol_behind("onload_stack_opt_get_int");
	if (behind)
		return behind(opt, val);
	return -ENOSYS;
}

LKOS_EXPORT int onload_stack_opt_set_str(const char *opt, const char *val)
{
	int (*behind)(const char *, const char *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_stack_opt_set_str, "emulated");
		return lkos_emulated_onload_stack_opt_set_str(opt, val);
	}
	behind = lkos_symbol_behind("onload_stack_opt_set_str");
	if (behind)
		return behind(opt, val);
	return 0;
}

LKOS_EXPORT int onload_stack_opt_get_str(const char *opt, char *val_out, size_t *val_out_len)
{
	int (*behind)(const char *, char *, size_t *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_stack_opt_get_str, "emulated");
		return lkos_emulated_onload_stack_opt_get_str(opt, val_out, val_out_len);
	}
	behind = lkos_symbol_behind("onload_stack_opt_get_str");
	if (behind)
		return behind(opt, val_out, val_out_len);
	return -ENOSYS;
}

LKOS_EXPORT int onload_stack_opt_reset(void)
{
	int (*behind)(void);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_stack_opt_reset, "emulated");
		return lkos_emulated_onload_stack_opt_reset();
	}
	behind = lkos_symbol_behind("onload_stack_opt_reset");
	if (behind)
		return behind();
	return 0;
}

LKOS_EXPORT int onload_fd_stat(int fd, struct onload_stat *stat)
{
	int (*behind)(int, struct onload_stat *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_fd_stat, "emulated");
		return lkos_emulated_onload_fd_stat(fd, stat);
	}
	behind = lkos_symbol_behind("onload_fd_stat");
	if (behind)
		return behind(fd, stat);
	return 0;
}

LKOS_EXPORT int onload_fd_check_feature(int fd, enum onload_fd_feature feature)
{
	int (*behind)(int, enum onload_fd_feature);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_fd_check_feature, "emulated");
		return lkos_emulated_onload_fd_check_feature(fd, feature);
	}
	behind = lkos_symbol_behind("onload_fd_check_feature");
	if (behind)
		return behind(fd, feature);
	return -ENOSYS;
}

LKOS_EXPORT int onload_thread_set_spin(enum onload_spin_type type, int spin)
{
	int (*behind)(enum onload_spin_type, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_thread_set_spin, "emulated");
		return lkos_emulated_onload_thread_set_spin(type, spin);
	}
	behind = lkos_symbol_behind("onload_thread_set_spin");
	if (behind)
		return behind(type, spin);
	return 0;
}

LKOS_EXPORT int onload_thread_get_spin(unsigned *state)
{
	int (*behind)(unsigned *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_thread_get_spin, "emulated");
		return lkos_emulated_onload_thread_get_spin(state);
	}
	behind = lkos_symbol_behind("onload_thread_get_spin");
	if (behind)
		return behind(state);
	return -ENOSYS;
}

LKOS_EXPORT int onload_ordered_epoll_wait(int epfd, struct epoll_event *events,
		struct onload_ordered_epoll_event *oo_events, int maxevents, int timeout)
{
	int (*behind)(int, struct epoll_event *, struct onload_ordered_epoll_event *, int, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_ordered_epoll_wait, "emulated");
		return lkos_emulated_onload_ordered_epoll_wait(epfd, events, oo_events, maxevents, timeout);
	}
	behind = lkos_symbol_behind("onload_ordered_epoll_wait");
	if (behind)
		return behind(epfd, events, oo_events, maxevents, timeout);
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_await_stack_sync(int fd)
{
	int (*behind)(int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_zc_await_stack_sync, "emulated");
		return lkos_emulated_onload_zc_await_stack_sync(fd);
	}
	behind = lkos_symbol_behind("onload_zc_await_stack_sync");
	if (behind)
		return behind(fd);
	return 0;
}

LKOS_EXPORT int onload_zc_alloc_buffers(int fd, struct onload_zc_iovec *iovecs, int iovecs_len,
		enum onload_zc_buffer_type_flags flags)
{
	int (*behind)(int, struct onload_zc_iovec *, int, enum onload_zc_buffer_type_flags);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_zc_alloc_buffers, "emulated");
		return lkos_emulated_onload_zc_alloc_buffers(fd, iovecs, iovecs_len, flags);
	}
	behind = lkos_symbol_behind("onload_zc_alloc_buffers");
	if (behind)
		return behind(fd, iovecs, iovecs_len, flags);
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_release_buffers(int fd, onload_zc_handle *bufs, int bufs_len)
{
	int (*behind)(int, onload_zc_handle *, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_zc_release_buffers, "emulated");
		return lkos_emulated_onload_zc_release_buffers(fd, bufs, bufs_len);
	}
	behind = lkos_symbol_behind("onload_zc_release_buffers");
	if (behind)
		return behind(fd, bufs, bufs_len);
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_recv(int fd, struct onload_zc_recv_args *args)
{
	int (*behind)(int, struct onload_zc_recv_args *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_zc_recv, "emulated");
		return lkos_emulated_onload_zc_recv(fd, args);
	}
	behind = lkos_symbol_behind("onload_zc_recv");
	if (behind)
		return behind(fd, args);
	return -ENOSYS;
}

LKOS_EXPORT int onload_recvmsg_kernel(int fd, struct msghdr *msg, int flags)
{
	int (*behind)(int, struct msghdr *, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_recvmsg_kernel, "emulated");
		return lkos_emulated_onload_recvmsg_kernel(fd, msg, flags);
	}
	behind = lkos_symbol_behind("onload_recvmsg_kernel");
	if (behind)
		return behind(fd, msg, flags);
	return -ENOSYS;
}

LKOS_EXPORT int onload_zc_send(struct onload_zc_mmsg *msgs, int mlen, int flags)
{
	int (*behind)(struct onload_zc_mmsg *, int, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_zc_send, "emulated");
		return lkos_emulated_onload_zc_send(msgs, mlen, flags);
	}
	behind = lkos_symbol_behind("onload_zc_send");
	if (behind)
		return behind(msgs, mlen, flags);
	return -ENOSYS;
}

LKOS_EXPORT int onload_set_recv_filter(int fd, onload_zc_recv_filter_callback filter, void *cb_arg,
		int flags)
{
	int (*behind)(int, onload_zc_recv_filter_callback, void *, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_set_recv_filter, "emulated");
		return lkos_emulated_onload_set_recv_filter(fd, filter, cb_arg, flags);
	}
	behind = lkos_symbol_behind("onload_set_recv_filter");
	if (behind)
		return behind(fd, filter, cb_arg, flags);
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_alloc(int fd, const struct iovec *initial_msg, int mlen,
		onload_template_handle *handle, unsigned flags)
{
	int (*behind)(int, const struct iovec *, int, onload_template_handle *, unsigned);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_msg_template_alloc, "emulated");
		return lkos_emulated_onload_msg_template_alloc(fd, initial_msg, mlen, handle, flags);
	}
	behind = lkos_symbol_behind("onload_msg_template_alloc");
	if (behind)
		return behind(fd, initial_msg, mlen, handle, flags);
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_update(int fd, onload_template_handle handle,
		const struct onload_template_msg_update_iovec *updates, int ulen,
		unsigned flags)
{
	int (*behind)(int, onload_template_handle, const struct onload_template_msg_update_iovec *, int, unsigned);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_msg_template_update, "emulated");
		return lkos_emulated_onload_msg_template_update(fd, handle, updates, ulen, flags);
	}
	behind = lkos_symbol_behind("onload_msg_template_update");
	if (behind)
		return behind(fd, handle, updates, ulen, flags);
	return -ENOSYS;
}

LKOS_EXPORT int onload_msg_template_abort(int fd, onload_template_handle handle)
{
	int (*behind)(int, onload_template_handle);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_msg_template_abort, "emulated");
		return lkos_emulated_onload_msg_template_abort(fd, handle);
	}
	behind = lkos_symbol_behind("onload_msg_template_abort");
	if (behind)
		return behind(fd, handle);
	return -ENOSYS;
}

LKOS_EXPORT enum onload_delegated_send_rc onload_delegated_send_prepare(int fd, int size,
		unsigned flags, struct onload_delegated_send *out)
{
	enum onload_delegated_send_rc (*behind)(int, int, unsigned, struct onload_delegated_send *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_delegated_send_prepare, "emulated");
		return lkos_emulated_onload_delegated_send_prepare(fd, size, flags, out);
	}
	behind = lkos_symbol_behind("onload_delegated_send_prepare");
	if (behind)
		return behind(fd, size, flags, out);
	return ONLOAD_DELEGATED_SEND_RC_BAD_SOCKET;
}

LKOS_EXPORT int onload_delegated_send_complete(int fd, const struct iovec *iov, int iovlen, int flags)
{
	int (*behind)(int, const struct iovec *, int, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_delegated_send_complete, "emulated");
		return lkos_emulated_onload_delegated_send_complete(fd, iov, iovlen, flags);
	}
	behind = lkos_symbol_behind("onload_delegated_send_complete");
	if (behind)
		return behind(fd, iov, iovlen, flags);
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int onload_delegated_send_cancel(int fd)
{
	int (*behind)(int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_delegated_send_cancel, "emulated");
		return lkos_emulated_onload_delegated_send_cancel(fd);
	}
	behind = lkos_symbol_behind("onload_delegated_send_cancel");
	if (behind)
		return behind(fd);
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt)
{
	int (*behind)(int, int, const struct iovec *, int);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(oo_raw_send, "emulated");
		return lkos_emulated_oo_raw_send(fd, hwport, iov, iovcnt);
	}
	behind = lkos_symbol_behind("oo_raw_send");
	if (behind)
		return behind(fd, hwport, iov, iovcnt);
	return lkos_fail(-ENOSYS);
}

LKOS_EXPORT int onload_get_tcp_info(int fd, struct onload_tcp_info *info, int *len_in_out)
{
	int (*behind)(int, struct onload_tcp_info *, int *);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_get_tcp_info, "emulated");
		return lkos_emulated_onload_get_tcp_info(fd, info, len_in_out);
	}
	behind = lkos_symbol_behind("onload_get_tcp_info");
	if (behind)
		return behind(fd, info, len_in_out);
	return lkos_fail(-EINVAL);
}

LKOS_EXPORT int onload_timestamping_request(int fd, unsigned flags)
{
	int (*behind)(int, unsigned);

	if (LKOS_LIKELY(lkos_emulation_answers())) {
		LKOS_LOG_ANSWER(onload_timestamping_request, "emulated");
		return lkos_emulated_onload_timestamping_request(fd, flags);
	}
	behind = lkos_symbol_behind("onload_timestamping_request");
	if (behind)
		return behind(fd, flags);
	return -ENOSYS;
}
