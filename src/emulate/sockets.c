/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/sockets.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "src/emulate/lock.h"
#include "src/emulate/open_descriptors.h"
#include "src/runtime/next.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

#define FEWEST_PLACES 256

/* Open addressing: a socket is at the first free place from where its cookie leads. All of it is
 * guarded by the lock. */
struct place {
	uint64_t cookie; /* 0: free */
	bool is_open;    /* while those that are not are looked for */
	struct lkos_socket socket;
};

static struct place *places;
static size_t capacity; /* a power of two, or 0 */

atomic_size_t lkos_sockets_known;

uint64_t lkos_socket_cookie(int fd)
{
	const int kept = errno;
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (lkos_next.getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0)
		cookie = 0;
	errno = kept;
	return cookie;
}

static struct place *place_of(struct place *in, size_t count, uint64_t cookie)
{
	size_t at = (size_t)(cookie * 0x9e3779b97f4a7c15 >> 32) & (count - 1);

	while (in[at].cookie != 0 && in[at].cookie != cookie)
		at = (at + 1) & (count - 1);
	return in + at;
}

static bool mark_open(int fd, void *of_no_use)
{
	const uint64_t cookie = lkos_socket_cookie(fd);

	(void)of_no_use;
	if (cookie)
		place_of(places, capacity, cookie)->is_open = true;
	return true;
}

/* Makes room for one more. return: 0 or -ENOMEM. */
static int make_room(void)
{
	const bool all_stay = capacity == 0 || !lkos_each_descriptor(mark_open, NULL);
	size_t staying = 0, wanted = FEWEST_PLACES;
	struct place *made;

	for (size_t i = 0; i < capacity; i++)
		staying += places[i].cookie && (all_stay || places[i].is_open);
	while (wanted < 4 * staying)
		wanted *= 2;
	made = mmap(NULL, wanted * sizeof(*made), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (made == MAP_FAILED)
		return -ENOMEM;
	for (size_t i = 0; i < capacity; i++) {
		struct place *const old = places + i;

		if (old->cookie && (all_stay || old->is_open)) {
			old->is_open = false;
			*place_of(made, wanted, old->cookie) = *old;
		}
	}
	if (places)
		munmap(places, capacity * sizeof(*places));
	places = made;
	capacity = wanted;
	atomic_store(&lkos_sockets_known, staying);
	return 0;
}

bool lkos_socket_find(uint64_t cookie, struct lkos_socket *found)
{
	const uint64_t signals = lkos_lock();
	const struct place *place =
		capacity && cookie ? place_of(places, capacity, cookie) : NULL;
	const bool is_known = place && place->cookie;

	if (is_known)
		*found = place->socket;
	lkos_unlock(signals);
	return is_known;
}

int lkos_socket_keep(uint64_t cookie, const struct lkos_socket *socket)
{
	const int kept = errno;
	uint64_t signals;
	int err = 0;

	if (!cookie)
		return 0;
	signals = lkos_lock();
	if (2 * (lkos_sockets_known + 1) > capacity)
		err = make_room();
	if (!err) {
		struct place *const place = place_of(places, capacity, cookie);

		if (!place->cookie)
			atomic_fetch_add(&lkos_sockets_known, 1);
		place->cookie = cookie;
		place->socket = *socket;
	}
	lkos_unlock(signals);
	errno = kept;
	return err;
}
