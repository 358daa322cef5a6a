/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/sockets.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "src/emulate/lock.h"
#include "src/emulate/open_descriptors.h"
#include "src/emulate/stackname.h"
#include "src/emulate/templates.h"
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
	const int kept = errno;
	struct place *made;

	for (size_t i = 0; i < capacity; i++)
		staying += places[i].cookie && (all_stay || places[i].is_open);
	while (wanted < 4 * staying)
		wanted *= 2;
	made = mmap(NULL, wanted * sizeof(*made), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	errno = kept;
	if (made == MAP_FAILED)
		return -ENOMEM;
	for (size_t i = 0; i < capacity; i++) {
		struct place *const old = places + i;

		if (old->cookie && (all_stay || old->is_open)) {
			old->is_open = false;
			*place_of(made, wanted, old->cookie) = *old;
		} else if (old->cookie) {
			lkos_stamps_end(&old->socket.stamps);
			lkos_templates_end(old->cookie);
		}
	}
	if (places)
		munmap(places, capacity * sizeof(*places));
	places = made;
	capacity = wanted;
	atomic_store(&lkos_sockets_known, staying);
	return 0;
}

void lkos_sockets_drop_closed(void)
{
	make_room(); /* without memory they stay until there is some */
}

struct lkos_socket *lkos_socket_at(uint64_t cookie)
{
	struct place *const place =
		capacity && cookie ? place_of(places, capacity, cookie) : NULL;

	return place && place->cookie ? &place->socket : NULL;
}

struct lkos_socket *lkos_socket_make_at(uint64_t cookie)
{
	struct lkos_socket *const known = lkos_socket_at(cookie);
	struct place *place;

	if (known || !cookie)
		return known;
	if (2 * (lkos_sockets_known + 1) > capacity && make_room() != 0)
		return NULL;
	place = place_of(places, capacity, cookie);
	place->cookie = cookie;
	place->socket = (struct lkos_socket){.stack = lkos_first_stack};
	atomic_fetch_add(&lkos_sockets_known, 1);
	return &place->socket;
}

bool lkos_socket_find(uint64_t cookie, struct lkos_socket *found)
{
	const uint64_t signals = lkos_lock();
	const struct lkos_socket *const known = lkos_socket_at(cookie);

	if (known)
		*found = *known;
	lkos_unlock(signals);
	return known;
}

int lkos_socket_keep(uint64_t cookie, const struct lkos_socket *socket)
{
	struct lkos_socket *at;
	uint64_t signals;

	if (!cookie)
		return 0;
	signals = lkos_lock();
	at = lkos_socket_make_at(cookie);
	if (at)
		*at = *socket;
	lkos_unlock(signals);
	return at ? 0 : -ENOMEM;
}
