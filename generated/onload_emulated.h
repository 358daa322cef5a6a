/* SPDX-License-Identifier: GPL-2.0-only */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* The functions whose emulation has a body in src/emulate/. */
#ifndef LKOS_ONLOAD_EMULATED_H
#define LKOS_ONLOAD_EMULATED_H

#include "generated/onload_api.h"

int lkos_emulated_onload_socket_nonaccel(int domain, int type, int protocol);

int lkos_emulated_onload_socket_unicast_nonaccel(int domain, int type, int protocol);

int lkos_emulated_onload_socket_rx_nonaccel(int domain, int type, int protocol);

int lkos_emulated_onload_set_stackname(enum onload_stackname_who who,
		enum onload_stackname_scope scope, const char *stackname);

int lkos_emulated_onload_stackname_save(void);

int lkos_emulated_onload_stackname_restore(void);

int lkos_emulated_onload_move_fd(int fd);

int lkos_emulated_onload_stack_opt_set_int(const char *opt, int64_t val);

int lkos_emulated_onload_stack_opt_get_int(const char *opt, int64_t *val);

int lkos_emulated_onload_stack_opt_set_str(const char *opt, const char *val);

int lkos_emulated_onload_stack_opt_get_str(const char *opt, char *val_out,
		size_t *val_out_len);

int lkos_emulated_onload_stack_opt_reset(void);

int lkos_emulated_onload_fd_stat(int fd, struct onload_stat *stat);

int lkos_emulated_onload_fd_check_feature(int fd, enum onload_fd_feature feature);

int lkos_emulated_onload_thread_set_spin(enum onload_spin_type type, int spin);

int lkos_emulated_onload_thread_get_spin(unsigned *state);

int lkos_emulated_onload_ordered_epoll_wait(int epfd, struct epoll_event *events,
		struct onload_ordered_epoll_event *oo_events, int maxevents, int timeout);

int lkos_emulated_onload_zc_await_stack_sync(int fd);

int lkos_emulated_onload_zc_alloc_buffers(int fd, struct onload_zc_iovec *iovecs,
		int iovecs_len, enum onload_zc_buffer_type_flags flags);

int lkos_emulated_onload_zc_release_buffers(int fd, onload_zc_handle *bufs, int bufs_len);

int lkos_emulated_onload_zc_recv(int fd, struct onload_zc_recv_args *args);

int lkos_emulated_onload_recvmsg_kernel(int fd, struct msghdr *msg, int flags);

int lkos_emulated_onload_zc_send(struct onload_zc_mmsg *msgs, int mlen, int flags);

int lkos_emulated_onload_set_recv_filter(int fd, onload_zc_recv_filter_callback filter,
		void *cb_arg, int flags);

int lkos_emulated_onload_msg_template_alloc(int fd, const struct iovec *initial_msg,
		int mlen, onload_template_handle *handle, unsigned flags);

int lkos_emulated_onload_msg_template_update(int fd, onload_template_handle handle,
		const struct onload_template_msg_update_iovec *updates, int ulen,
		unsigned flags);

int lkos_emulated_onload_msg_template_abort(int fd, onload_template_handle handle);

enum onload_delegated_send_rc lkos_emulated_onload_delegated_send_prepare(int fd,
		int size, unsigned flags, struct onload_delegated_send *out);

int lkos_emulated_onload_delegated_send_complete(int fd, const struct iovec *iov,
		int iovlen, int flags);

int lkos_emulated_onload_delegated_send_cancel(int fd);

int lkos_emulated_oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt);

int lkos_emulated_onload_get_tcp_info(int fd, struct onload_tcp_info *info,
		int *len_in_out);

int lkos_emulated_onload_timestamping_request(int fd, unsigned flags);

#endif
