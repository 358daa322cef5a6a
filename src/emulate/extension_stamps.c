/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_timestamping_request(), SO_TIMESTAMPING_OOEXT, and SO_TIMESTAMPING with Onload's bits.
 *
 * source: onload src/lib/transport/unix/onload_ext_intercept.c, src/lib/transport/ip/common_sockopts.c */
#include "src/emulate/extension_stamps.h"

#include <errno.h>
#include <stddef.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/lock.h"
#include "src/emulate/own_pktinfo.h"
#include "src/emulate/own_time.h"
#include "src/emulate/receive.h"
#include "src/emulate/sockets.h"
#include "src/emulate/stack_options.h"
#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/runtime/stamping.h"
#include "src/translate/endpoints.h"

static bool find(uint64_t cookie, struct lkos_stamps *found)
{
	const uint64_t signals = lkos_lock();
	const struct lkos_socket *const known = lkos_socket_at(cookie);

	if (known)
		*found = known->stamps;
	lkos_unlock(signals);
	return known;
}

bool lkos_stamps_find(int fd, struct lkos_stamps *found)
{
	uint64_t cookie;

	if (!lkos_sockets_known && !lkos_receiving_matters)
		return false;
	cookie = lkos_socket_cookie(fd);
	return find(cookie, found) || (lkos_own_time_adopt(fd) && find(cookie, found));
}

/* ---- Asking the kernel. return: 0 or a negative errno */

int lkos_option_ask(int fd, int option, const void *value, socklen_t size)
{
	const int kept = errno;
	const int err = lkos_next.setsockopt(fd, SOL_SOCKET, option, value, size) == 0
				? 0
				: -errno;

	errno = kept;
	return err;
}

static int ask_stamps(int fd, uint32_t flags)
{
	return lkos_option_ask(fd, LKOS_SCM_STAMPS_OLD, &flags, sizeof(flags));
}

/* Bytes of a TCP socket are numbered from when it is connected, whenever that was asked for: *waits says
 * that it is not yet. */
static int ask_numbered(int fd, uint32_t flags, bool *waits)
{
	int err = ask_stamps(fd, flags);

	if (err == -EINVAL && flags & LKOS_SOF_OPT_ID_TCP) /* before Linux 6.2 */
		err = ask_stamps(fd, flags & ~LKOS_SOF_OPT_ID_TCP);
	*waits = err == -EINVAL && flags & LKOS_SOF_OPT_ID;
	return *waits ? ask_stamps(fd, flags & ~LKOS_SOF_NUMBERS) : err;
}

/* ---- Requests */

/* What is kept from now on of a socket for which the kernel has been asked. */
static void keep(uint64_t cookie, const struct lkos_stamps_request *request, bool waits)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_at(cookie);

	if (known) {
		const bool goes_on = lkos_stamps_are_of_stream(request) &&
				     lkos_stamps_are_of_stream(&known->stamps.request);

		if (!goes_on)
			lkos_stamps_end(&known->stamps);
		known->stamps.request = *request;
		known->stamps.waits = waits;
		known->stamps.any_sent = false;
	}
	lkos_unlock(signals);
}

/* There is memory to keep it. before: what was requested until now. */
static int make_known(uint64_t cookie, struct lkos_stamps_request *before)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_make_at(cookie);

	if (known)
		*before = known->stamps.request;
	lkos_unlock(signals);
	return known ? 0 : -ENOMEM;
}

static bool same_numbers(const struct lkos_stamps_request *one,
			 const struct lkos_stamps_request *other)
{
	return one->form == other->form &&
	       lkos_stamps_are_of_stream(one) == lkos_stamps_are_of_stream(other);
}

static void say_what_is_off(int fd, const struct lkos_stamps_request *request)
{
	if (!lkos_log_is_on)
		return;
	if (!request->receives)
		lkos_log("timestamps: descriptor %d gets no hardware stamps of what "
			 "arrives: EF_RX_TIMESTAMPING is 0",
			 fd);
	if (!request->sends)
		lkos_log("timestamps: descriptor %d gets no stamps of what is sent: "
			 "EF_TX_TIMESTAMPING is 0",
			 fd);
}

/* A number that the kernel gave for our sake is not the one from which the application counts. */
static int request_stamps(int fd, const struct lkos_endpoint *endpoint,
			  enum lkos_stamps_form form, uint32_t flags)
{
	const struct lkos_stamps_request request = {
		.form = form,
		.flags = flags,
		.receives = lkos_stack_option_in_force(LKOS_RX_TIMESTAMPING) != 0,
		.sends = lkos_stack_option_in_force("EF_TX_TIMESTAMPING") != 0,
		.only_in_sync =
			lkos_stack_option_in_force("EF_TIMESTAMPING_REPORTING") != 0,
	};
	const uint32_t held = lkos_stamps_to_kernel(&request, endpoint->tcp);
	struct lkos_stamps_request before;
	bool waits = false;
	int err = make_known(endpoint->cookie, &before);

	if (err)
		return err;
	atomic_store(&lkos_receiving_matters, true);
	if (!same_numbers(&before, &request) &&
	    (lkos_stamps_are_numbered_by_us(&before, endpoint->tcp) ||
	     lkos_stamps_are_numbered_by_us(&request, endpoint->tcp)))
		ask_stamps(fd, held & ~LKOS_SOF_NUMBERS);
	err = ask_numbered(fd, held, &waits);
	if (err)
		return err;
	keep(endpoint->cookie, &request, waits);
	lkos_own_pktinfo_switch(fd, !endpoint->tcp && lkos_stamps_want_pktinfo(&request));
	say_what_is_off(fd, &request);
	return 0;
}

int lkos_emulated_onload_timestamping_request(int fd, unsigned flags)
{
	const int err = lkos_stamps_check_v1(flags);
	struct lkos_endpoint endpoint;

	if (err)
		return err;
	return lkos_endpoint_of(fd, &endpoint)
		       ? request_stamps(fd, &endpoint, LKOS_STAMPS_V1, flags)
		       : -ENOTTY;
}

/* ---- SO_TIMESTAMPING_OOEXT */

static bool is_connected(const struct lkos_endpoint *endpoint)
{
	const unsigned int state = endpoint->info.state;

	return state != LKOS_TCP_CLOSE && state != LKOS_TCP_LISTEN &&
	       state != LKOS_TCP_SYN_SENT;
}

/* Of UDP, the kernel is asked first, as SO_TIMESTAMPING without the bits that it need not know: if it
 * refuses, that is the answer. What it has granted in vain is taken back. */
static int refuse_v2(int fd, const struct lkos_endpoint *endpoint, uint32_t flags)
{
	const uint32_t unknown = 1U << 17 | 1U << 18 | LKOS_SOF_TRAILER;
	const int before = lkos_int_option(fd, SOL_SOCKET, LKOS_SCM_STAMPS_OLD);
	int err;

	if (endpoint->tcp)
		return -EINVAL;
	err = ask_stamps(fd, flags & ~unknown);
	if (err == 0)
		ask_stamps(fd, (uint32_t)before);
	return err ? err : -EINVAL;
}

static int set_v2(int fd, const void *optval, socklen_t optlen)
{
	struct lkos_endpoint endpoint;
	lkos_known_page page = 0;
	uint32_t flags;
	int err;

	/* A kernel's socket, and one of TCP that still is one: the option is unknown. */
	if (!lkos_endpoint_of(fd, &endpoint) || (endpoint.tcp && !is_connected(&endpoint)))
		return lkos_next.setsockopt(fd, SOL_SOCKET, LKOS_SO_STAMPS_V2, optval,
					    optlen);
	if ((int)optlen < (int)sizeof(flags))
		return lkos_fail(-EINVAL);
	err = lkos_memory_read(&flags, optval, sizeof(flags), &page);
	if (err)
		return lkos_fail(err);
	err = lkos_stamps_check_v2(flags)
		      ? refuse_v2(fd, &endpoint, flags)
		      : request_stamps(fd, &endpoint, LKOS_STAMPS_V2, flags);
	return err ? lkos_fail(err) : 0;
}

/* ---- SO_TIMESTAMPING */

struct value { /* struct so_timestamping, which has a second member since Linux 5.14 */
	uint32_t flags;
	int32_t bind_phc;
};

/* A TCP socket on which OPT_ID is set before it is connected: Onload takes it, a kernel does not. */
static int set_before_connecting(int fd, const struct lkos_endpoint *endpoint,
				 struct value value, socklen_t size)
{
	const struct lkos_stamps_request request = {.form = LKOS_STAMPS_OF_KERNEL,
						    .flags = value.flags};
	struct lkos_stamps_request before;
	int err = make_known(endpoint->cookie, &before);

	value.flags &= ~LKOS_SOF_NUMBERS;
	if (!err)
		err = lkos_option_ask(fd, LKOS_SCM_STAMPS_OLD, &value, size);
	if (!err)
		keep(endpoint->cookie, &request, true);
	return err;
}

static int set_unknown_to_kernel(int fd, struct value value, socklen_t size)
{
	struct lkos_endpoint endpoint;
	int err = -EINVAL;

	if (!lkos_endpoint_of(fd, &endpoint) || !endpoint.tcp)
		return -EINVAL;
	if (value.flags & LKOS_SOF_ONLOAD)
		err = lkos_stamps_check_plain(value.flags);
	else if (value.flags & LKOS_SOF_OPT_ID && !is_connected(&endpoint))
		return set_before_connecting(fd, &endpoint, value, size);
	return err ? err : request_stamps(fd, &endpoint, LKOS_STAMPS_PLAIN, value.flags);
}

/* The kernel has taken the place of what was requested in a form of Onload's. */
static void forget(int fd)
{
	static const struct lkos_stamps_request none;

	if (!lkos_sockets_known)
		return;
	keep(lkos_socket_cookie(fd), &none, false);
	lkos_own_pktinfo_switch(fd, false);
}

/* A kernel's request is about to take the place of one for which the kernel numbered for our sake: it is to
 * begin anew. */
static void end_our_numbers(int fd, const struct value *value)
{
	struct lkos_stamps known;

	if (!(value->flags & LKOS_SOF_ONLOAD) && lkos_stamps_find(fd, &known) &&
	    lkos_stamps_are_numbered_by_us(&known.request, true))
		ask_stamps(fd, lkos_stamps_to_kernel(&known.request, true) &
				       ~LKOS_SOF_NUMBERS);
}

/* What the kernel refuses is looked at once more. */
static int set_plain(int fd, int optname, const void *optval, socklen_t optlen)
{
	struct value value = {0};
	const socklen_t size =
		optlen == sizeof(value) ? sizeof(value) : sizeof(value.flags);
	const int kept = errno;
	lkos_known_page page = 0;
	const bool is_read = (int)optlen >= (int)sizeof(value.flags) &&
			     lkos_memory_read(&value, optval, size, &page) == 0;
	int result;

	if (is_read)
		end_our_numbers(fd, &value);
	result = lkos_next.setsockopt(fd, SOL_SOCKET, optname, optval, optlen);
	if (result == 0) {
		forget(fd);
		return 0;
	}
	if (errno != EINVAL || optname != LKOS_SCM_STAMPS_OLD || !is_read)
		return result;
	result = set_unknown_to_kernel(fd, value, size);
	if (result)
		return lkos_fail(result);
	errno = kept;
	return 0;
}

void lkos_stamps_connect(int fd)
{
	struct lkos_stamps known;
	uint64_t signals;
	struct lkos_socket *at;
	uint32_t flags;
	int err;

	if (!lkos_stamps_find(fd, &known) || !known.waits)
		return;
	flags = known.request.form == LKOS_STAMPS_OF_KERNEL
			? known.request.flags
			: lkos_stamps_to_kernel(&known.request, true);
	/* From the first byte, also while the connection is being made; from Linux 6.2 on. */
	err = ask_stamps(fd, flags | LKOS_SOF_OPT_ID_TCP);
	if (err || !(flags & LKOS_SOF_OPT_ID_TCP))
		err = ask_stamps(fd, flags);
	if (err && flags & LKOS_SOF_OPT_ID_TCP)
		err = ask_stamps(fd, flags & ~LKOS_SOF_OPT_ID_TCP);
	if (err)
		return;
	signals = lkos_lock();
	at = lkos_socket_at(lkos_socket_cookie(fd));
	if (at)
		at->stamps.waits = false;
	lkos_unlock(signals);
}

struct lkos_stamps lkos_stamps_inherited(const struct lkos_stamps *listener)
{
	return (struct lkos_stamps){
		.request = listener->request,
		.time = listener->time,
		.waits = listener->waits,
	};
}

/* ---- Options, by their numbers */

int lkos_stamps_set(int fd, int optname, const void *optval, socklen_t optlen)
{
	if (optname == LKOS_SO_STAMPS_V2)
		return set_v2(fd, optval, optlen);
	if (lkos_is_time_option(optname))
		return lkos_own_time_set(fd, optname, optval, optlen);
	return set_plain(fd, optname, optval, optlen);
}

/* As the kernel tells SO_TIMESTAMPING, but of no more than the flags. */
static int get_flags(int fd, const uint32_t *flags, void *optval, socklen_t *optlen)
{
	lkos_known_page page = 0;
	socklen_t size;
	int result;

	if (lkos_memory_read(&size, optlen, sizeof(size), &page) != 0)
		return lkos_next.getsockopt(fd, SOL_SOCKET, LKOS_SCM_STAMPS_OLD, optval,
					    optlen);
	if (size <= INT32_MAX && size > sizeof(*flags))
		size = sizeof(*flags);
	result = lkos_next.getsockopt(fd, SOL_SOCKET, LKOS_SCM_STAMPS_OLD, optval, &size);
	if (result == 0) {
		*optlen = size;
		if (flags)
			lkos_option_tell(optval, size, (int)*flags);
	}
	return result;
}

static int get_stamps(int fd, int optname, void *optval, socklen_t *optlen)
{
	struct lkos_endpoint endpoint;
	struct lkos_stamps known;
	uint32_t told;

	if (lkos_stamps_find(fd, &known) &&
	    (known.waits || known.request.form != LKOS_STAMPS_OF_KERNEL)) {
		told = lkos_stamps_told(&known.request);
		return get_flags(fd, &told, optval, optlen);
	}
	if (optname == LKOS_SO_STAMPS_V2 && lkos_endpoint_of(fd, &endpoint))
		return get_flags(fd, NULL, optval, optlen);
	return lkos_next.getsockopt(fd, SOL_SOCKET, optname, optval, optlen);
}

int lkos_stamps_get(int fd, int optname, void *optval, socklen_t *optlen)
{
	if (lkos_is_time_option(optname))
		return lkos_own_time_get(fd, optname, optval, optlen);
	if (optname == LKOS_SCM_STAMPS_NEW)
		return lkos_next.getsockopt(fd, SOL_SOCKET, optname, optval, optlen);
	return get_stamps(fd, optname, optval, optlen);
}
