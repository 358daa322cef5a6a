/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/runtime/next.h"
#include "src/runtime/number.h"

static struct lkos_fds no_fds;

struct lkos_fds *_Atomic lkos_fds = &no_fds;

static _Atomic unsigned int limit;
static atomic_bool keeps_nothing;
static _Atomic unsigned int refused = 2 * LKOS_FDS_MOST; /* so many had no memory */

/* The entry of a number, or NULL where there is none. */
static _Atomic uint64_t *entry_of(int fd)
{
	struct lkos_fds *fds = atomic_load(&lkos_fds);

	return (unsigned int)fd < fds->count ? &fds->entries[fd] : NULL;
}

static size_t size_of(unsigned int count)
{
	return sizeof(struct lkos_fds) + count * sizeof(uint64_t);
}

static unsigned int count_for(unsigned int fd)
{
	unsigned int count = LKOS_FDS_FEWEST;

	while (count <= fd)
		count *= 2;
	return count;
}

static struct lkos_fds *map_entries(unsigned int count)
{
	const int kept = errno;
	struct lkos_fds *fresh = mmap(NULL, size_of(count), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	errno = kept;
	if (fresh == MAP_FAILED)
		return NULL;
	fresh->count = count;
	return fresh;
}

/* The fewer entries that there were stay mapped: a thread may be looking at them. */
bool lkos_fd_make_room(int fd)
{
	struct lkos_fds *fewer = atomic_load(&lkos_fds), *fresh;
	unsigned int count;

	if ((unsigned int)fd >= LKOS_FDS_MOST || atomic_load(&keeps_nothing))
		return false;
	count = count_for((unsigned int)fd);
	if (count <= fewer->count)
		return true; /* another thread was first */
	if (count >= atomic_load(&refused))
		return false;
	fresh = map_entries(count);
	if (!fresh) {
		atomic_store(&refused, count);
		return false;
	}
	if (!atomic_compare_exchange_strong(&lkos_fds, &fewer, fresh))
		munmap(fresh, size_of(count)); /* another thread was first */
	if (atomic_load(&keeps_nothing))
		atomic_store(&lkos_fds, &no_fds); /* was said meanwhile */
	return entry_of(fd) != NULL;
}

/* The place that an entry leads to. NULL: not known. */
static lkos_place *place_of(uint64_t entry)
{
	const uint64_t number = entry >> LKOS_FD_PLACE_SHIFT;

	return number ? atomic_load(&lkos_table)->places + number - 1 : NULL;
}

struct lkos_fd_before lkos_fd_before(int fd)
{
	struct lkos_fd_before before = {.fd = fd, .at = entry_of(fd)};

	if (before.at)
		before.entry = atomic_load(before.at);
	return before;
}

/* Entries that others took the place of say nothing any more. */
bool lkos_fd_is_as_before(const struct lkos_fd_before *before)
{
	return before->at == entry_of(before->fd) &&
	       (!before->at || atomic_load(before->at) == before->entry);
}

/* An entry without what it led to. */
static uint64_t emptied(uint64_t entry)
{
	return entry & ((UINT64_C(1) << LKOS_FD_PLACE_SHIFT) - 1) & ~(uint64_t)UINT16_MAX;
}

void lkos_fd_keep(const struct lkos_fd_before *before, lkos_place *place, uint64_t cookie)
{
	const uint64_t number = (uint64_t)(place - atomic_load(&lkos_table)->places) + 1;
	uint64_t seen = before->entry;
	unsigned int above, highest = atomic_load(&limit);

	if (!before->at)
		return;
	above = (unsigned int)before->fd + 1;
	while (highest < above && !atomic_compare_exchange_weak(&limit, &highest, above))
		;
	atomic_compare_exchange_strong(before->at, &seen,
				       emptied(seen) | number << LKOS_FD_PLACE_SHIFT |
					       (uint16_t)lkos_record_tag(cookie));
}

void lkos_fd_keep_nothing(void)
{
	atomic_store(&keeps_nothing, true);
	atomic_store(&lkos_fds, &no_fds);
}

lkos_place *lkos_fd_forget(int fd)
{
	_Atomic uint64_t *at = entry_of(fd);
	uint64_t seen;

	if (!at)
		return NULL;
	seen = atomic_load(at);
	while (!atomic_compare_exchange_weak(
		at, &seen, emptied(emptied(seen) + (1 << LKOS_FD_TAG_BITS))))
		;
	return place_of(seen);
}

bool lkos_fd_leads_to(const lkos_place *place)
{
	struct lkos_fds *fds = atomic_load(&lkos_fds);
	const unsigned int highest = lkos_fd_limit();
	const unsigned int end = highest < fds->count ? highest : fds->count;

	for (unsigned int fd = 0; fd < end; fd++) {
		if (place_of(atomic_load(&fds->entries[fd])) == place)
			return true;
	}
	return false;
}

unsigned int lkos_fd_limit(void)
{
	return atomic_load(&limit);
}

/* The layout of getdents64, which libc names only in newer versions. */
struct entry {
	uint64_t ino, off;
	unsigned short size;
	unsigned char type;
	char name[];
};

/* Is there a socket among the entries? */
static bool has_socket(const char *entries, size_t size)
{
	for (size_t at = 0; at < size;) {
		const struct entry *entry = (const struct entry *)(entries + at);
		struct stat file;

		if (fstat(lkos_descriptor_number(entry->name), &file) == 0 &&
		    S_ISSOCK(file.st_mode))
			return true; /* '.' and '..' are no number: no file */
		at += entry->size;
	}
	return false;
}

bool lkos_sockets_are_open(void)
{
	const int kept = errno;
	const int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct entry) char entries[1024];
	long size = -1;
	bool found = list < 0;

	while (!found &&
	       (size = syscall(SYS_getdents64, list, entries, sizeof(entries))) > 0)
		found = has_socket(entries, (size_t)size);
	if (list >= 0)
		lkos_next.close(list);
	errno = kept;
	return found || size < 0;
}
