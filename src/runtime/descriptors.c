/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/descriptors.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/net_tstamp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/runtime/libc.h"
#include "src/runtime/next.h"

#define HAS_FLAGS (UINT64_C(1) << 31) /* in an entry and in the generation */
#define ONE_GENERATION (UINT64_C(1) << 32)
#define BLOCK_SIZE (LKOS_FDS_PER_BLOCK * sizeof(lkos_fd_entry))
#define BLOCKS (LKOS_FDS_MOST / LKOS_FDS_PER_BLOCK)
#define USUAL_LIMIT 1024 /* of descriptors, where /proc cannot say which there are */

lkos_fd_entry lkos_fd_first_block[LKOS_FDS_PER_BLOCK];
_Atomic uint32_t lkos_fd_times_forgotten = 1; /* 0 is in entries never used */
_Atomic uint64_t lkos_fd_generation = ONE_GENERATION | HAS_FLAGS;

static lkos_fd_entry *_Atomic blocks[BLOCKS] = {lkos_fd_first_block};
static atomic_bool caches_nothing, no_memory;
static _Atomic pid_t own_process;

/* By system call number: old libcs remember the answer, and in a vfork child it is the parent's. */
static pid_t process(void)
{
	return (pid_t)syscall(SYS_getpid);
}

void lkos_fd_own_process(void)
{
	atomic_store(&own_process, process());
}

void lkos_fd_forked(void)
{
	const pid_t thread = lkos_thread();

	atomic_store(&own_process, thread > 0 ? thread : process());
}

/* false: in a vfork child. 0: a constructor that runs before ours has made a call. */
static bool has_own_memory(void)
{
	const pid_t own = atomic_load(&own_process);

	return own == 0 || own == process();
}

static bool may_cache(const lkos_fd_entry *at, uint32_t requested)
{
	return at && requested < LKOS_FLAGS_END && has_own_memory();
}

lkos_fd_entry *lkos_fd_entry_of(int fd)
{
	const unsigned int number = (unsigned int)fd;
	lkos_fd_entry *block = NULL;

	if (number < LKOS_FDS_MOST)
		block = atomic_load(&blocks[number / LKOS_FDS_PER_BLOCK]);
	return block ? &block[number % LKOS_FDS_PER_BLOCK] : NULL;
}

static void map_block(lkos_fd_entry *_Atomic *at)
{
	const int kept = errno;
	lkos_fd_entry *none = NULL;
	void *fresh = mmap(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	errno = kept;
	if (fresh == MAP_FAILED)
		atomic_store(&no_memory, true); /* and is not tried again */
	else if (!atomic_compare_exchange_strong(at, &none, fresh))
		syscall(SYS_munmap, fresh, BLOCK_SIZE); /* another thread was first */
}

static lkos_fd_entry *make_entry(int fd)
{
	if (caches_nothing)
		return NULL;
	if ((unsigned int)fd < LKOS_FDS_MOST && !lkos_fd_entry_of(fd) && !no_memory)
		map_block(&blocks[fd / LKOS_FDS_PER_BLOCK]);
	return lkos_fd_entry_of(fd);
}

bool lkos_fd_hint(int fd, uint32_t *requested, bool *not_noted)
{
	const lkos_fd_entry *at = lkos_fd_entry_of(fd);
	const uint64_t entry = at ? atomic_load(at) : 0;

	*requested = (uint32_t)entry & (LKOS_FLAGS_END - 1);
	*not_noted = entry & LKOS_FD_NOT_NOTED;
	return entry & HAS_FLAGS;
}

/* Above its flags, the entry has the number of no generation. */
void lkos_fd_leave_hint(int fd, uint32_t requested, bool not_noted)
{
	lkos_fd_entry *at = make_entry(fd);

	if (may_cache(at, requested))
		atomic_store(at,
			     HAS_FLAGS | (not_noted ? LKOS_FD_NOT_NOTED : 0) | requested);
}

struct lkos_fd_snapshot lkos_fd_look(int fd)
{
	struct lkos_fd_snapshot snapshot = {make_entry(fd), 0,
					    atomic_load(&lkos_fd_generation)};

	if (snapshot.at)
		snapshot.entry = atomic_load(snapshot.at);
	return snapshot;
}

void lkos_fd_cache(const struct lkos_fd_snapshot *snapshot, uint32_t requested)
{
	uint64_t seen = snapshot->entry;
	const uint64_t kept = (uint32_t)seen % LKOS_FLAGS_END == requested
				      ? seen & LKOS_FD_NOT_NOTED
				      : 0;

	if (may_cache(snapshot->at, requested))
		atomic_compare_exchange_strong(snapshot->at, &seen,
					       snapshot->generation | kept | requested);
}

void lkos_fd_forget_range(unsigned int first, unsigned int last)
{
	const unsigned int end = last < LKOS_FDS_MOST ? last + 1 : LKOS_FDS_MOST;

	for (unsigned int number = first; number < end; number++) {
		lkos_fd_entry *at = lkos_fd_entry_of((int)number);

		if (at)
			lkos_fd_forget_entry(at);
		else
			number |= LKOS_FDS_PER_BLOCK - 1; /* on to the next block */
	}
}

void lkos_fd_expire(void)
{
	atomic_fetch_add(&lkos_fd_generation, ONE_GENERATION);
}

void lkos_fd_cache_nothing(void)
{
	if (has_own_memory()) /* a vfork child caches nothing anyway */
		atomic_store(&caches_nothing, true);
	lkos_fd_forget_range(0, LKOS_FDS_MOST);
}

/* strtol would take blanks and signs, too. */
int lkos_descriptor_number(const char *text)
{
	long long number = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9' && number <= INT_MAX; at++)
		number = number * 10 + (*at - '0');
	return at != text && *at == '\0' && number <= INT_MAX ? (int)number : -1;
}

atomic_bool lkos_stamps_possible = true, lkos_requests_possible = true;

int lkos_socket_option(int fd, int optname, uint32_t *value)
{
	const int kept = errno;
	socklen_t size = sizeof(*value);
	const int error =
		lkos_next.getsockopt(fd, SOL_SOCKET, optname, value, &size) ? -errno : 0;

	errno = kept;
	return error;
}

static void look_at(int fd)
{
	uint32_t held, domain;

	if (lkos_socket_option(fd, SO_TIMESTAMPING_OLD, &held) != 0)
		return;
	if (held != 0 || lkos_socket_option(fd, SO_DOMAIN, &domain) != 0 ||
	    domain == AF_UNIX)
		lkos_stamps_become_possible();
	if (held & SOF_TIMESTAMPING_RAW_HARDWARE)
		lkos_requests_become_possible();
}

/* The layout of getdents64, which libc names only in newer versions. */
struct directory_entry {
	uint64_t ino, off;
	unsigned short size;
	unsigned char type;
	char name[];
};

/* false: not all descriptors were seen. */
static bool look_at_listed(int list)
{
	_Alignas(struct directory_entry) char entries[1024];
	long size;

	while ((size = syscall(SYS_getdents64, list, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < size;) {
			const struct directory_entry *entry =
				(const struct directory_entry *)(entries + at);

			look_at(lkos_descriptor_number(entry->name));
			at += entry->size;
		}
	}
	return size == 0;
}

/* By number: a thread that is being cancelled may load the library. */
void lkos_possible_look(void)
{
	const int kept = errno;
	const int list = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd",
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	atomic_store(&lkos_stamps_possible, false);
	atomic_store(&lkos_requests_possible, false);
	if (list < 0 || !look_at_listed(list)) {
		for (int fd = 0; fd < USUAL_LIMIT; fd++)
			look_at(fd);
	}
	if (list >= 0)
		syscall(SYS_close, list);
	errno = kept;
}
