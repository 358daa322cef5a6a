/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_ordered_epoll_wait(), in rounds: what is ready is gathered, its packets are looked at, and the plan
 * puts it in order (translate/wire_order.h).
 *
 * The limit is taken before anything is gathered: what arrived until then is seen. If all that is ready
 * arrived later, the next round has it.
 * source: onload src/lib/transport/unix/epoll_fd.c */
#include "src/emulate/wire_order.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "generated/onload_emulated.h"
#include "src/emulate/epoll_sets.h"
#include "src/emulate/kept_error.h"
#include "src/emulate/packets.h"
#include "src/runtime/c.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"
#include "src/translate/option_values.h"
#include "src/translate/wire_order.h"

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define FIRST_ROOM 64 /* members of a set */

static const struct lkos_int_option epoll_option = {
	.name = "EF_UL_EPOLL",
	.first = 1,
	.max = 3,
	.text = LKOS_OPTION_NUMBER,
};

static int64_t epoll_mode = 1; /* constant after the start */

void lkos_wire_order_start(const char *value)
{
	epoll_mode = epoll_option.first;
	if (value)
		lkos_option_read(&epoll_option, value, &epoll_mode);
}

static int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* ---- The members of the set, and what of them is ready */

struct member {
	struct lkos_epoll_member told;
	bool is_ready;
};

/* Mapped, not on the stack of a signal handler and not from malloc. */
struct room {
	size_t size; /* members, and as many of each of the others */
	struct member *members;
	struct lkos_wire_event *plan;
	struct epoll_event *ready;
	int *fds; /* of the ready ones; -1: not known */
	size_t members_count, ready_count;
};

static size_t bytes_of(size_t size)
{
	return size * (sizeof(struct member) + sizeof(struct lkos_wire_event) +
		       sizeof(struct epoll_event) + sizeof(int));
}

static bool map_room(struct room *room, size_t size)
{
	void *const memory = mmap(NULL, bytes_of(size), PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	*room = (struct room){.size = size, .members = memory};
	room->plan = (struct lkos_wire_event *)(room->members + size);
	room->ready = (struct epoll_event *)(room->plan + size);
	room->fds = (int *)(room->ready + size);
	return true;
}

static void unmap_room(struct room *room)
{
	const int kept = errno;

	munmap(room->members, bytes_of(room->size));
	errno = kept;
}

static bool add_member(const struct lkos_epoll_member *member, void *arg)
{
	struct room *const room = arg;

	if (room->members_count < room->size)
		room->members[room->members_count].told = *member;
	room->members_count++;
	return true;
}

enum listed { LISTED, NOT_LISTED, NO_MEMORY };

/* Maps room for all members, and lists them there. */
static enum listed list_members(int epfd, struct room *room)
{
	for (size_t size = FIRST_ROOM;; size = 2 * room->members_count) {
		if (!map_room(room, size))
			return NO_MEMORY;
		if (!lkos_epoll_each_member(epfd, add_member, room)) {
			unmap_room(room);
			return NOT_LISTED;
		}
		if (room->members_count <= room->size)
			return LISTED;
		unmap_room(room);
	}
}

static bool has_event(const struct lkos_epoll_member *member, uint32_t events)
{
	const struct timespec none = {.tv_sec = 0};
	struct pollfd poll = {.fd = member->fd, .events = (short)member->events};

	return lkos_epoll_member_is_open(member) &&
	       syscall(SYS_ppoll, &poll, 1, &none, NULL, 0) == 1 &&
	       (uint32_t)poll.revents & events;
}

/* The member that an event is of: several may have the same data, and then those that are ready are told
 * apart by what they are ready for. NULL: it was added in this moment. */
static struct member *member_of(const struct room *room, const struct epoll_event *event)
{
	struct member *found = NULL, *only = NULL;
	bool is_only = true;

	for (size_t i = 0; i < room->members_count; i++) {
		struct member *const member = room->members + i;

		if (member->told.data != event->data.u64 || member->is_ready)
			continue;
		is_only = !only;
		if (!is_only)
			break;
		only = member;
	}
	if (is_only)
		return only;
	for (size_t i = 0; i < room->members_count && !found; i++)
		if (room->members[i].told.data == event->data.u64 &&
		    !room->members[i].is_ready &&
		    has_event(&room->members[i].told, event->events))
			found = room->members + i;
	return found;
}

/* Ready for its error alone, of which the kernel does not know any more. */
static void add_kept_errors(struct room *room)
{
	for (size_t i = 0; i < room->members_count && room->ready_count < room->size; i++) {
		struct member *const member = room->members + i;

		if (member->is_ready || !(member->told.events & EPOLLERR) ||
		    !lkos_epoll_member_is_open(&member->told) ||
		    !lkos_error_is_kept(member->told.fd))
			continue;
		member->is_ready = true;
		room->fds[room->ready_count] = member->told.fd;
		room->ready[room->ready_count++] = (struct epoll_event){
			.events = EPOLLERR, .data.u64 = member->told.data};
	}
}

/* By number: no point of cancellation while there is room mapped. */
static void gather(int epfd, struct room *room)
{
	const int kept = errno;
	const long count =
		syscall(SYS_epoll_pwait, epfd, room->ready, (int)room->size, 0, NULL, 8);

	errno = kept;
	room->ready_count = count < 0 ? 0 : (size_t)count;
	for (size_t i = 0; i < room->ready_count; i++) {
		struct member *const member = member_of(room, room->ready + i);
		const bool is_open = member && lkos_epoll_member_is_open(&member->told);

		if (member)
			member->is_ready = true;
		room->fds[i] = is_open ? member->told.fd : -1;
	}
	add_kept_errors(room);
}

/* ---- What is queued */

/* When its first packet arrived, with its bytes; if that is not known, the bytes of all that is not. */
static void look_at_first(int fd, struct lkos_wire_event *event)
{
	struct lkos_packets walk;
	struct lkos_packet packet;

	if (!lkos_packets_begin(&walk, fd))
		return;
	while (!event->first && lkos_packets_next(&walk, &packet)) {
		if (packet.arrived && event->bytes)
			break;
		event->first = packet.arrived;
		event->bytes += packet.bytes;
	}
	lkos_packets_end(&walk);
}

/* Where times end, it is known at least that nothing after it came earlier. Where nothing is known any more,
 * the first packet is told, and nothing after it. */
static struct lkos_wire_queue walk_queue(size_t source, uint64_t bound, void *arg)
{
	const struct room *const room = arg;
	struct lkos_wire_queue queue = {.bytes = 0, .left = 0};
	struct lkos_packets walk;
	struct lkos_packet packet;
	uint64_t last = 0;

	if (!lkos_packets_begin(&walk, room->fds[source]))
		return queue;
	queue.left = LKOS_NEVER;
	while (queue.left == LKOS_NEVER && lkos_packets_next(&walk, &packet)) {
		if (!packet.arrived)
			queue.left = last;
		else if (packet.arrived > bound)
			queue.left = packet.arrived;
		else
			queue.bytes += packet.bytes;
		last = packet.arrived;
	}
	lkos_packets_end(&walk);
	return queue;
}

/* ---- The call */

static void tell(const struct room *room, size_t count, struct epoll_event *events,
		 struct onload_ordered_epoll_event *oo_events)
{
	for (size_t i = 0; i < count; i++) {
		const struct lkos_wire_event *const event = room->plan + i;

		events[i] = room->ready[event->source];
		if (lkos_error_is_kept(room->fds[event->source]))
			events[i].events |= EPOLLERR;
		oo_events[i] = (struct onload_ordered_epoll_event){
			.ts.tv_sec = (time_t)(event->first / SECOND),
			.ts.tv_nsec = (long)(event->first % SECOND),
			.bytes = event->bytes < INT_MAX ? (int)event->bytes : INT_MAX,
		};
	}
}

/* A time that has not come yet is of a clock that was set back since: it tells nothing. */
static size_t order(struct room *room, size_t most, uint64_t limit)
{
	uint64_t gathered;

	for (size_t i = 0; i < room->ready_count; i++) {
		room->plan[i] = (struct lkos_wire_event){.source = i};
		if (room->ready[i].events & EPOLLIN)
			look_at_first(room->fds[i], room->plan + i);
	}
	gathered = (uint64_t)now(CLOCK_REALTIME);
	for (size_t i = 0; i < room->ready_count; i++)
		if (room->plan[i].first > gathered)
			room->plan[i].first = 0;
	return lkos_wire_plan(room->plan, room->ready_count, most, limit, walk_queue,
			      room);
}

/* Nothing is known of the set's members: the kernel's events in the kernel's order. */
static int wait_unordered(int epfd, struct epoll_event *events,
			  struct onload_ordered_epoll_event *oo_events, int maxevents,
			  int timeout)
{
	const int kept = errno;
	const int count = lkos_next.epoll_wait(epfd, events, maxevents, timeout);

	if (count < 0 && (errno == EINVAL || errno == EBADF)) {
		errno = kept;
		return -EINVAL;
	}
	if (count > 0) {
		LKOS_LOG_ANSWER(onload_ordered_epoll_wait,
				"every event is unordered: the set's members cannot be "
				"listed, for want of /proc or of a descriptor");
		memset(oo_events, 0, (size_t)count * sizeof(*oo_events));
	}
	return count;
}

/* Milliseconds, rounded up; -1: for ever. */
static int time_left(int timeout, int64_t start)
{
	const int64_t left = timeout * MILLISECOND - (now(CLOCK_MONOTONIC) - start);

	return timeout < 0 ? -1 : left <= 0 ? 0 : (int)((left - 1) / MILLISECOND + 1);
}

int lkos_emulated_onload_ordered_epoll_wait(int epfd, struct epoll_event *events,
					    struct onload_ordered_epoll_event *oo_events,
					    int maxevents, int timeout)
{
	const int64_t start = timeout > 0 ? now(CLOCK_MONOTONIC) : 0;
	struct pollfd poll = {.fd = epfd, .events = POLLIN};

	if (epoll_mode != 1 && epoll_mode != 3)
		return -EINVAL;
	if (maxevents <= 0)
		return lkos_fail(-EINVAL);
	if (!events || !oo_events) {
		lkos_log("onload_ordered_epoll_wait: %s is NULL",
			 events ? "oo_events" : "events");
		return lkos_fail(-EFAULT);
	}
	if (!lkos_is_epoll_set(epfd))
		return wait_unordered(epfd, events, oo_events, maxevents, timeout);
	lkos_packets_have_times();
	for (;;) {
		const uint64_t limit = (uint64_t)now(CLOCK_REALTIME);
		struct room room;
		size_t count;
		int left;

		switch (list_members(epfd, &room)) {
		case LISTED:
			break;
		case NOT_LISTED:
			return wait_unordered(epfd, events, oo_events, maxevents,
					      time_left(timeout, start));
		case NO_MEMORY:
			return lkos_fail(-ENOMEM);
		}
		gather(epfd, &room);
		count = order(&room, (size_t)maxevents, limit);
		tell(&room, count, events, oo_events);
		unmap_room(&room);
		left = time_left(timeout, start);
		if (count > 0 || left == 0)
			return (int)count;
		if (lkos_next.poll(&poll, 1, left) < 0)
			return -1;
	}
}
