/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/kept_error.h"

#include <stdatomic.h>
#include <string.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/extension_stamps.h"
#include "src/emulate/lock.h"
#include "src/emulate/receive.h"
#include "src/emulate/sockets.h"
#include "src/runtime/next.h"

/* Some error was kept in this process: otherwise no socket is looked at. */
static atomic_bool any_was_kept;

void lkos_error_keep(uint64_t cookie, int error)
{
	struct lkos_socket *const known = lkos_socket_make_at(cookie);

	if (known)
		known->error = error;
	atomic_store(&any_was_kept, true);
	atomic_store(&lkos_receiving_matters, true);
}

bool lkos_error_is_kept(int fd)
{
	struct lkos_socket known;

	return any_was_kept && lkos_socket_find(lkos_socket_cookie(fd), &known) &&
	       known.error;
}

static int take_kept(int fd)
{
	uint64_t cookie, signals;
	struct lkos_socket *known;
	int error;

	if (!any_was_kept)
		return 0;
	cookie = lkos_socket_cookie(fd);
	signals = lkos_lock();
	known = lkos_socket_at(cookie);
	error = known ? known->error : 0;
	if (known)
		known->error = 0;
	lkos_unlock(signals);
	return error;
}

int lkos_error_take(int fd)
{
	const int kept = take_kept(fd);
	const int newer = kept ? lkos_int_option(fd, SOL_SOCKET, SO_ERROR) : 0;

	return newer > 0 ? newer : kept;
}

void lkos_error_drop(int fd)
{
	take_kept(fd);
}

/* What the kernel has filled can be written here. */
int lkos_error_get(int fd, void *optval, socklen_t *optlen)
{
	const int result = lkos_next.getsockopt(fd, SOL_SOCKET, SO_ERROR, optval, optlen);
	const int kept = result == 0 ? take_kept(fd) : 0;
	int newer = 0;

	if (!kept)
		return result;
	if (*optlen)
		memcpy(&newer, optval, *optlen < sizeof(newer) ? *optlen : sizeof(newer));
	if (!newer)
		lkos_option_tell(optval, *optlen, kept);
	return result;
}
