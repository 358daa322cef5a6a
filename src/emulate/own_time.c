/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/own_time.h"

#include <errno.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/extension_stamps.h"
#include "src/emulate/lock.h"
#include "src/emulate/open_descriptors.h"
#include "src/emulate/receive.h"
#include "src/emulate/sockets.h"
#include "src/emulate/stack_options.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/runtime/stamping.h"
#include "src/translate/extension_stamps.h"

static bool has(int fd, int option)
{
	return lkos_int_option(fd, SOL_SOCKET, option) > 0;
}

/* What the application has set. source: linux net/core/sock.c, sk_getsockopt() */
static struct lkos_own_time time_of(int fd)
{
	const bool nano = has(fd, LKOS_SCM_TIME_NS_OLD) || has(fd, LKOS_SCM_TIME_NS_NEW);
	const bool micro = has(fd, LKOS_SCM_TIME_OLD) || has(fd, LKOS_SCM_TIME_NEW);

	return (struct lkos_own_time){
		.ours = true,
		.asked = nano || micro,
		.micro = micro && !nano,
	};
}

/* Whether its messages are in the newer form: one setting for all kinds of stamps. */
static bool is_newer(int fd)
{
	return has(fd, LKOS_SCM_STAMPS_NEW) || has(fd, LKOS_SCM_TIME_NEW) ||
	       has(fd, LKOS_SCM_TIME_NS_NEW);
}

/* return: 0; 1 if it was so already; or -ENOMEM. */
static int change_time(uint64_t cookie, const struct lkos_own_time *time)
{
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_make_at(cookie);
	const bool changes = known && known->stamps.time.ours != time->ours;

	if (changes)
		known->stamps.time = *time;
	lkos_unlock(signals);
	return changes ? 0 : known ? 1 : -ENOMEM;
}

/* Where the application has not asked for it, another program is to know that, too. */
static void mark(int fd, bool is_ours_alone)
{
	const int value = is_ours_alone;

	lkos_option_ask(fd, LKOS_OWN_TIME_MARK, &value, sizeof(value));
}

int lkos_own_time_start(int fd)
{
	static const struct lkos_own_time off;
	const struct lkos_own_time time = time_of(fd);
	const int option = is_newer(fd) ? LKOS_SCM_TIME_NS_NEW : LKOS_SCM_TIME_NS_OLD;
	const uint64_t cookie = lkos_socket_cookie(fd);
	const int on = 1;
	struct lkos_stamps known;
	int err;

	if (lkos_stamps_find(fd, &known) && known.time.ours)
		return 0;
	err = change_time(cookie, &time);
	if (err)
		return err < 0 ? err : 0;
	atomic_store(&lkos_receiving_matters, true);
	mark(fd, !time.asked);
	err = lkos_option_ask(fd, option, &on, sizeof(on));
	if (err) {
		mark(fd, false);
		change_time(cookie, &off);
	}
	return err;
}

static bool is_inet(int fd)
{
	const int domain = lkos_int_option(fd, SOL_SOCKET, SO_DOMAIN);

	return domain == AF_INET || domain == AF_INET6;
}

bool lkos_own_time_adopt(int fd)
{
	static const struct lkos_own_time ours = {.ours = true};

	if (!has(fd, LKOS_OWN_TIME_MARK) || !is_inet(fd))
		return false;
	atomic_store(&lkos_receiving_matters, true);
	return change_time(lkos_socket_cookie(fd), &ours) >= 0;
}

static bool adopt(int fd, void *of_no_use)
{
	(void)of_no_use;
	lkos_own_time_adopt(fd);
	return true;
}

void lkos_own_times_begin(void)
{
	if (lkos_stack_option_in_force(LKOS_RX_TIMESTAMPING))
		atomic_store(&lkos_receiving_matters, true);
	lkos_each_descriptor(adopt, NULL);
}

static void keep_time(int fd, bool asked, bool micro)
{
	const uint64_t cookie = lkos_socket_cookie(fd);
	const uint64_t signals = lkos_lock();
	struct lkos_socket *const known = lkos_socket_at(cookie);

	if (known) {
		known->stamps.time.asked = asked;
		known->stamps.time.micro = micro;
	}
	lkos_unlock(signals);
	mark(fd, !asked);
}

/* The kernel keeps nanoseconds. What is switched off stays on for us. */
int lkos_own_time_set(int fd, int optname, const void *optval, socklen_t optlen)
{
	lkos_known_page page = 0;
	struct lkos_stamps known;
	int value, result = 0;

	if (!lkos_stamps_find(fd, &known) || !known.time.ours ||
	    (int)optlen < (int)sizeof(value) ||
	    lkos_memory_read(&value, optval, sizeof(value), &page) != 0)
		return lkos_next.setsockopt(fd, SOL_SOCKET, optname, optval, optlen);
	if (value)
		result = lkos_next.setsockopt(
			fd, SOL_SOCKET, lkos_time_option_of_ours(optname), optval, optlen);
	if (result == 0)
		keep_time(fd, value, value && lkos_time_option_is_micro(optname));
	return result;
}

int lkos_own_time_get(int fd, int optname, void *optval, socklen_t *optlen)
{
	const int result = lkos_next.getsockopt(fd, SOL_SOCKET, optname, optval, optlen);
	struct lkos_stamps known;

	if (result == 0 && lkos_stamps_find(fd, &known) && known.time.ours)
		lkos_option_tell(optval, *optlen,
				 lkos_time_option_told(&known.time, optname,
						       has(fd, LKOS_SCM_TIME_NS_NEW)));
	return result;
}

/* A socket that is known is not looked at for a mark of another program's. */
int lkos_own_time_set_mark(int fd, const void *optval, socklen_t optlen)
{
	const int result =
		lkos_next.setsockopt(fd, SOL_SOCKET, LKOS_OWN_TIME_MARK, optval, optlen);
	struct lkos_own_time time = {.ours = false};
	const struct lkos_socket *known;
	uint64_t cookie, signals;

	if (result != 0 || !is_inet(fd))
		return result;
	cookie = lkos_socket_cookie(fd);
	signals = lkos_lock();
	known = lkos_socket_make_at(cookie);
	if (known)
		time = known->stamps.time;
	lkos_unlock(signals);
	if (time.ours)
		mark(fd, !time.asked);
	return result;
}

int lkos_own_time_get_mark(int fd, void *optval, socklen_t *optlen)
{
	const int result =
		lkos_next.getsockopt(fd, SOL_SOCKET, LKOS_OWN_TIME_MARK, optval, optlen);
	struct lkos_stamps known;

	if (result == 0 && lkos_stamps_find(fd, &known) && known.time.ours)
		lkos_option_tell(optval, *optlen, 0);
	return result;
}
