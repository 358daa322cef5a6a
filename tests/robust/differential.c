/* SPDX-License-Identifier: GPL-2.0-only */
/* usage: differential calls | table [SHARE] | quiet | random [SEED [CALLS]]
 *
 * calls   prints the names of the calls
 * table   every hostile call of differential_calls.c on every kind of descriptor; of the pairs of
 *         hostile values, each kind gets one of SHARE
 * quiet   of these, what a process does that has no timestamp and no AF_UNIX socket: then the
 *         library looks at no message
 * random  calls made at random, one after the other on the same twins; CALLS of them on
 *         sockets
 *
 * Where the twins end differently, the same is tried with both calls made by number,
 * often. It is the kernel's own difference only where the kernel differs from itself
 * then; that is counted apart, and must stay rare. Where the kernel is alike each time,
 * it is the library's: "different", or "unsteady" if some later try through the library
 * was alike.
 *
 * status: 0 no difference, 1 a difference (on stdout), 2 it could not be set up */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/robust/differential.h"
#include "tests/robust/must.h"

#define NO_ERROR 4242 /* errno, where a call left it alone */
#define STEPS 24      /* calls on the same twins, at random */
#define TRIES 8
#define KERNEL_TRIES 400 /* at most: what it does once in a hundred times must be seen */
#define SHOWN 3          /* differences of one call on one kind */

/* Where a call can open or close a number: the lowest ones, those that it names, and those from
 * O_NONBLOCK on, which F_DUPFD takes for a number as well. */
#define LOW_NUMBERS 40
#define CHOSEN_SEEN (LAST_CHOSEN - CHOSEN + 1)
#define NUMBERS_SEEN (LOW_NUMBERS + CHOSEN_SEEN + 2)

struct outcome {
	long result;
	int error;
	int signals;
	unsigned char open[NUMBERS_SEEN]; /* 1: open, 2: and to be closed on exec */
	unsigned char data[DATA_SIZE], head[HEAD_SIZE];
	size_t after_size;
	unsigned char after[16384]; /* what could be received or read afterwards */
};

enum way { LIBRARY, KERNEL };

static struct outcome outcomes[2], first_outcomes[2], untouched;

enum family { TCP, UDP, UNIX, PACKET, NETLINK, OTHER, FAMILIES };

static const char *const families[FAMILIES] = {"TCP",       "UDP",     "AF_UNIX",
					       "AF_PACKET", "netlink", "other"};

static struct {
	unsigned long compared, kernel_itself, different, unsteady;
	unsigned long of[FAMILIES]; /* of those compared */
} sum;

static unsigned int shown[32][64]; /* kinds, calls */

static struct {
	const char *rule;
	unsigned long calls;
} rules[8];

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals = signals + 1;
}

/* ---- one call on one twin */

static int number_of(size_t i)
{
	if (i < LOW_NUMBERS)
		return (int)i;
	i -= LOW_NUMBERS;
	return (int)(i < CHOSEN_SEEN ? CHOSEN + i : O_NONBLOCK + i - CHOSEN_SEEN);
}

/* poll tells of all of them at once, but not of those that can only be named (O_PATH). */
static void look_at_numbers(unsigned char *open, bool path_only)
{
	struct pollfd all[NUMBERS_SEEN];

	for (size_t i = 0; i < NUMBERS_SEEN; i++)
		all[i] = (struct pollfd){.fd = number_of(i)};
	MUST(poll(all, NUMBERS_SEEN, 0));
	for (size_t i = 0; i < NUMBERS_SEEN; i++) {
		open[i] = path_only || !(all[i].revents & POLLNVAL);
		if (open[i])
			open[i] +=
				(unsigned char)syscall(SYS_fcntl, number_of(i), F_GETFD);
	}
}

static void close_new_numbers(const unsigned char *open)
{
	for (size_t i = 0; i < NUMBERS_SEEN; i++) {
		if (open[i] && !untouched.open[i])
			close(number_of(i));
	}
}

static void keep_after(struct outcome *end, const void *bytes, size_t size)
{
	if (end->after_size + size <= sizeof(end->after)) {
		memcpy(end->after + end->after_size, bytes, size);
		end->after_size += size;
	}
}

/* Takes what there is to receive. A stream's pieces may be cut differently: only bytes count. */
static void drain(struct outcome *end, int fd, bool stream)
{
	static unsigned char piece[65536];
	long got;

	for (int i = 0; i < 12; i++) {
		got = syscall(SYS_recvfrom, fd, piece, sizeof(piece), MSG_DONTWAIT, 0, 0);
		if (got < 0 || (got == 0 && stream))
			break;
		if (!stream)
			keep_after(end, &got, sizeof(got));
		keep_after(end, piece, got > 2000 ? 2000 : (size_t)got);
	}
}

static bool sent_something(const struct call *call, const struct outcome *end)
{
	return call->does & SENDS && end->result > 0;
}

/* A datagram of UDP that is on its way is in the sender's queue. */
static void wait_until_sent(int fd)
{
	int queued = 1;

	for (int i = 0; i < 500 && ioctl(fd, SIOCOUTQ, &queued) == 0 && queued > 0; i++)
		sched_yield();
}

/* A byte of TCP that was sent is in the peer's queue, which was empty, or on its way.
 * What MSG_MORE or the peer's window holds back is not waited for. Once all is
 * acknowledged, all has arrived. */
static void wait_until_arrived(int fd, int peer)
{
	for (int i = 0; i < 2000; i++) {
		int queued = 0, unsent = 0, arrived = 0;

		ioctl(fd, SIOCOUTQ, &queued);
		ioctl(fd, SIOCOUTQNSD, &unsent);
		if (ioctl(peer, FIONREAD, &arrived) != 0 || arrived >= queued - unsent)
			return;
		poll(NULL, 0, 1);
	}
}

/* What an option is now: as the program sees it and, unless the library by design told the kernel
 * more, as it is. */
static void read_option(const long *a, int twin, enum way way, struct outcome *end)
{
	unsigned char value[512] = {0};
	int size = sizeof(value);
	const bool more = asks_for_hardware(a);
	const long result = way == LIBRARY ? getsockopt(TWIN + twin, (int)a[1], (int)a[2],
							value, (socklen_t *)&size)
					   : syscall(SYS_getsockopt, TWIN + twin, a[1],
						     a[2], value, &size);

	if (result == 0)
		keep_after(end, value, size > 0 ? (size_t)size : 0);
	size = sizeof(value);
	if (!more && syscall(SYS_getsockopt, TWIN + twin, a[1], a[2], value, &size) == 0)
		keep_after(end, value, size > 0 ? (size_t)size : 0);
}

static void look_after(const struct call *call, const struct kind *kind, const long *a,
		       int twin, enum way way, struct outcome *end, bool at_random)
{
	const bool shared = syscall(SYS_fcntl, SHARED, F_GETFD) != -1;
	const int peer = shared ? SHARED : PEER + twin;

	if (call->does & SETS_OPTION && end->result == 0 &&
	    !option_varies(a, kind->traits))
		read_option(a, twin, way, end);
	if (!(call->does & (SENDS | RECEIVES)) ||
	    kind->traits & (IS_PACKET | IS_LISTENER))
		return;
	if (sent_something(call, end) && kind->traits & IS_TCP)
		wait_until_arrived(TWIN + twin, peer);
	else if (sent_something(call, end) && !(kind->traits & (IS_UNIX | IS_NETLINK)))
		wait_until_sent(TWIN + twin);
	drain(end, peer, kind->traits & IS_STREAM);
	if (!at_random)
		drain(end, TWIN + twin, kind->traits & IS_STREAM);
}

/* Times differ, so they are replaced by what matters: is there one? */
static void hide_stamps(unsigned char *data, size_t size, bool all)
{
	for (size_t at = 0; at < size; at += 16) {
		const size_t slot = size - at < 16 ? size - at : 16;
		bool any = all;

		for (size_t i = 0; i < slot; i++)
			any = any || data[at + i];
		memset(data + at, any, slot);
	}
}

static bool is_stamp(const struct cmsghdr *header)
{
	static const int types[] = {29, 35, 37, 63, 64, 65}; /* SCM_TIMESTAMP and so on */

	for (size_t i = 0; i < COUNT(types); i++) {
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == types[i])
			return true;
	}
	return false;
}

static void hide_stamps_of(const struct msghdr *msg, bool all)
{
	unsigned char *at = msg->msg_control, *const end = head_area + HEAD_SIZE;
	size_t left = msg->msg_controllen;

	if (at < head_area || at >= end)
		return;
	if (left > (size_t)(end - at))
		left = (size_t)(end - at);
	while (left >= sizeof(struct cmsghdr)) {
		struct cmsghdr header;
		size_t length;

		memcpy(&header, at, sizeof(header));
		length = header.cmsg_len < left ? header.cmsg_len : left;
		if (length < sizeof(header))
			return;
		if (is_stamp(&header))
			hide_stamps(at + sizeof(header), length - sizeof(header), all);
		length = CMSG_ALIGN(length) < left ? CMSG_ALIGN(length) : left;
		at += length;
		left -= length;
	}
}

static bool lies_in(const unsigned char *area, size_t area_size, long address,
		    size_t size)
{
	return address >= (long)area && address + (long)size <= (long)(area + area_size);
}

static bool lies_in_head(long address, size_t size)
{
	return lies_in(head_area, HEAD_SIZE, address, size);
}

static bool lies_in_data(long address, size_t size)
{
	return lies_in(data_area, DATA_SIZE, address, size);
}

static void hide_times(const struct call *call, const struct kind *kind, const long *a)
{
	const bool several = strstr(call->name, "mmsg");
	const size_t size = several ? sizeof(struct mmsghdr) : sizeof(struct msghdr);
	const long count = several ? MESSAGES : 1; /* one that failed has stamps too */

	if (!(call->does & RECEIVES) || !strstr(call->name, "msg"))
		return;
	if (several &&
	    lies_in_head(a[4], sizeof(struct timespec))) /* what is left of the time */
		memset((void *)a[4], 0, sizeof(struct timespec));
	for (long i = 0; i < count && lies_in_head(a[1] + i * (long)size, size); i++) {
		struct msghdr msg;

		memcpy(&msg, (void *)(a[1] + i * (long)size), sizeof(msg));
		hide_stamps_of(&msg, kind->traits & HAS_HARDWARE);
	}
}

/* Of an option's value, the bytes that may differ: as many as the kernel says it has, or,
 * where it failed half way, as many as there is room for. Those behind them may not, nor
 * what the kernel says. */
static void hide_value(const struct call *call, const struct kind *kind, const long *a)
{
	const bool stamping = kind->traits & HAS_HARDWARE && is_timestamping(a);
	socklen_t size = stamping ? sizeof(uint32_t) : option_varies(a, kind->traits);
	socklen_t got;

	if (!(call->does & READS_OPTION) || !lies_in_head(a[4], sizeof(got)))
		return;
	memcpy(&got, (void *)a[4], sizeof(got));
	if (got < size)
		size = got;
	for (socklen_t i = 0; i < size; i++) {
		if (lies_in_head(a[3] + i, 1) || lies_in_data(a[3] + i, 1))
			*(unsigned char *)(a[3] + i) = 0;
	}
}

static void reset_memory(void)
{
	static unsigned char pattern[DATA_SIZE];

	if (!pattern[1]) {
		for (size_t i = 0; i < sizeof(pattern); i++)
			pattern[i] = (unsigned char)(i * 7 + i / 256);
	}
	memcpy(data_area, pattern, sizeof(pattern));
	memset(head_area, 0xc3, HEAD_SIZE);
	memcpy(head_area + AT_ADDRESS, &kind_address, sizeof(kind_address));
}

static void make_call(const struct call *call, const struct kind *kind, const long *v,
		      int twin, enum way way, struct outcome *end, bool at_random)
{
	long a[PARAMS + 1] = {0};

	reset_memory();
	call->prepare(TWIN + twin, v, a);
	signals = 0;
	end->after_size = 0;
	errno = NO_ERROR;
	end->result = way == LIBRARY ? call->library(a) : call->kernel(a);
	end->error = errno;
	end->signals = signals;
	if (end->result == TWIN + twin)
		end->result = TWIN; /* a number that differs because the twins' do */
	look_at_numbers(end->open, kind->traits & IS_PATH);
	close_new_numbers(end->open);
	hide_times(call, kind, a);
	hide_value(call, kind, a);
	memcpy(end->data, data_area, DATA_SIZE);
	memcpy(end->head, head_area, HEAD_SIZE);
	look_after(call, kind, a, twin, way, end, at_random);
}

/* ---- comparing */

static size_t first_difference(const unsigned char *one, const unsigned char *other,
			       size_t size)
{
	size_t at = 0;

	while (at < size && one[at] == other[at])
		at++;
	return at;
}

static bool alike(const struct outcome *one, const struct outcome *other)
{
	return one->result == other->result && one->error == other->error &&
	       one->signals == other->signals &&
	       memcmp(one->open, other->open, sizeof(one->open)) == 0 &&
	       memcmp(one->data, other->data, sizeof(one->data)) == 0 &&
	       memcmp(one->head, other->head, sizeof(one->head)) == 0 &&
	       one->after_size == other->after_size &&
	       memcmp(one->after, other->after, one->after_size) == 0;
}

static void show_bytes(const char *what, const unsigned char *one,
		       const unsigned char *other, size_t size)
{
	const size_t at = first_difference(one, other, size);

	if (at < size)
		printf("  %s, from byte %zu: %02x%02x and %02x%02x\n", what, at, one[at],
		       one[at + 1], other[at], other[at + 1]);
}

/* As the twins ended on the first try. */
static void show(const char *how, const struct call *call, const struct kind *kind,
		 const long *v)
{
	const struct outcome *one = &first_outcomes[0], *other = &first_outcomes[1];

	printf("%s: %s on %s, values", how, call->name, kind->name);
	if (shown[kind - kinds][call - calls]++ >= SHOWN) {
		printf(" like some before\n");
		return;
	}
	for (int i = 0; i < PARAMS && call->param[i].count; i++)
		printf(" %ld", v[i]);
	printf("\n  %ld %s %d signals and %ld %s %d signals\n", one->result,
	       one->error == NO_ERROR ? "no error" : strerrorname_np(one->error),
	       one->signals, other->result,
	       other->error == NO_ERROR ? "no error" : strerrorname_np(other->error),
	       other->signals);
	show_bytes("descriptors", one->open, other->open, sizeof(one->open));
	show_bytes("data", one->data, other->data, sizeof(one->data));
	show_bytes("headers", one->head, other->head, sizeof(one->head));
	if (one->after_size != other->after_size)
		printf("  afterwards %zu and %zu bytes\n", one->after_size,
		       other->after_size);
	else
		show_bytes("afterwards", one->after, other->after, one->after_size);
}

/* What happened when a difference was tried again. */
struct tries {
	bool kernel_alike; /* each time */
	bool same;         /* through the library, once at least */
};

/* Counts it as what it is. return: its name. */
static const char *judge(const struct tries *tries)
{
	if (!tries->kernel_alike) {
		sum.kernel_itself++;
		return "in the kernel alone";
	}
	if (tries->same) {
		sum.unsteady++;
		return "unsteady";
	}
	sum.different++;
	return "different";
}

static void count_rule(const char *rule)
{
	size_t i = 0;

	while (rules[i].rule && rules[i].rule != rule)
		i++;
	rules[i].rule = rule;
	rules[i].calls++;
}

/* What the call is made on. */
static enum family family_of(const struct call *call, const struct kind *kind)
{
	if (call->does & NO_DESCRIPTOR || kind->traits & IS_FILE)
		return OTHER;
	return kind->traits & IS_TCP       ? TCP
	       : kind->traits & IS_UNIX    ? UNIX
	       : kind->traits & IS_PACKET  ? PACKET
	       : kind->traits & IS_NETLINK ? NETLINK
					   : UDP;
}

static void count_compared(const struct call *call, const struct kind *kind)
{
	sum.compared++;
	sum.of[family_of(call, kind)]++;
}

static const char *ruled_out(const struct call *call, const struct kind *kind,
			     const long *v, bool at_random)
{
	long a[PARAMS + 1] = {0};

	reset_memory();
	call->prepare(TWIN, v, a);
	return rule_for(call, kind, v, a, at_random);
}

/* ---- the table */

static bool once(const struct call *call, const struct kind *kind, const long *v,
		 enum way first)
{
	twins_make(kind);
	make_call(call, kind, v, 0, first, &outcomes[0], false);
	make_call(call, kind, v, 1, KERNEL, &outcomes[1], false);
	return alike(&outcomes[0], &outcomes[1]);
}

static void try_again(const struct call *call, const struct kind *kind, const long *v)
{
	struct tries tries = {.kernel_alike = true};

	memcpy(first_outcomes, outcomes, sizeof(outcomes));
	for (int i = 0; i < KERNEL_TRIES && tries.kernel_alike; i++)
		tries.kernel_alike = once(call, kind, v, KERNEL);
	for (int i = 0; i < TRIES && !tries.same; i++)
		tries.same = once(call, kind, v, LIBRARY);
	show(judge(&tries), call, kind, v);
}

static void compare(const struct call *call, const struct kind *kind, const long *v)
{
	const char *rule = ruled_out(call, kind, v, false);

	if (rule) {
		count_rule(rule);
		return;
	}
	count_compared(call, kind);
	if (!once(call, kind, v, LIBRARY))
		try_again(call, kind, v);
}

/* Each value of one parameter; and of the pairs of values of two, one of so many, others than
 * those of the next kinds. share 0: none. The other parameters are ordinary. */
static void compare_values(const struct call *call, const struct kind *kind, size_t share)
{
	size_t turn = (size_t)(kind - kinds);
	long v[PARAMS] = {0};

	for (int i = 0; i < PARAMS && call->param[i].count; i++)
		v[i] = call->param[i].values[0];
	compare(call, kind, v);
	for (int i = 0; i < PARAMS && call->param[i].count; i++) {
		for (size_t one = 1; one < call->param[i].count; one++) {
			v[i] = call->param[i].values[one];
			compare(call, kind, v);
			for (int j = i + 1; share && j < PARAMS && call->param[j].count;
			     j++) {
				for (size_t other = 1; other < call->param[j].count;
				     other++) {
					v[j] = call->param[j].values[other];
					if (turn++ % share == 0)
						compare(call, kind, v);
				}
				v[j] = call->param[j].values[0];
			}
		}
		v[i] = call->param[i].values[0];
	}
}

static bool makes_watchful(const struct call *call)
{
	return call->does & SETS_OPTION || strstr(call->name, "setsockopt") ||
	       strcmp(call->name, "unshare") == 0 ||
	       strncmp(call->name, "socket", 6) == 0 ||
	       strcmp(call->name, "pidfd_getfd") == 0;
}

static void run_table(bool quiet, size_t share)
{
	for (size_t k = 0; k < kind_count; k++) {
		const struct kind *kind = &kinds[k];
		const unsigned long before = sum.compared;

		if (quiet && kind->traits & (IS_UNIX | HAS_STAMPS))
			continue;
		if (!kind_is_here(kind)) {
			printf("not run: %s: needs %s\n", kind->name, kind->needs);
			continue;
		}
		for (size_t c = 0; c < call_count; c++) {
			const bool descriptor = !(calls[c].does & NO_DESCRIPTOR);
			const bool pairs = calls[c].does & EVERY_PAIR && !quiet;

			if ((descriptor || k == 0) &&
			    !(quiet && makes_watchful(&calls[c])))
				compare_values(&calls[c], kind,
					       !pairs       ? 0
					       : descriptor ? share
							    : 1);
		}
		printf("%s: %lu calls\n", kind->name, sum.compared - before);
	}
}

/* ---- at random */

static uint64_t random_state;

static uint64_t random_number(void) /* splitmix64 */
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t below(size_t limit)
{
	return (size_t)(random_number() % limit);
}

static const struct call *random_call(void)
{
	const struct call *call;

	do
		call = &calls[below(call_count)];
	while (call->does & NOT_AT_RANDOM);
	return call;
}

/* Mostly ordinary values, often those of the table, and now and then any: but none of fcntl, which
 * would let the twins block. */
static void random_values(const struct call *call, long *v)
{
	const bool any = call->does & (SENDS | RECEIVES | SETS_OPTION | READS_OPTION);

	for (int i = 0; i < PARAMS; i++) {
		const struct values *values = &call->param[i];
		const size_t luck = below(16);

		if (values->count)
			v[i] = values->values[luck < 9 ? 0 : below(values->count)];
		if (values->count && any && luck == 15 && v[i] >= 0)
			v[i] ^= 1L << below(31);
	}
}

/* What comes from elsewhere: the same for both. */
static void feed(const struct kind *kind)
{
	static const char text[] = "fed to both of them, the same to each of the two";
	const size_t size = below(sizeof(text));
	struct sockaddr_storage to;

	for (int i = 0; i < 2; i++) {
		socklen_t length = sizeof(to);

		if (syscall(SYS_fcntl, SHARED, F_GETFD) == -1)
			syscall(SYS_sendto, PEER + i, text, size,
				MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
		else if (!(kind->traits & IS_PACKET) &&
			 syscall(SYS_getsockname, TWIN + i, &to, &length) == 0)
			syscall(SYS_sendto, SHARED, text, size, MSG_DONTWAIT, &to,
				length);
	}
	if (kind->traits & IS_PACKET)
		syscall(SYS_sendto, SHARED, text, size, MSG_DONTWAIT, &kind_address,
			kind_address_size);
}

/* Until the kernel has done with both of them what it does later; not for long. */
static void settle(void)
{
	for (int i = 0; i < 500; i++) {
		int in[2] = {0, 0}, out[2] = {0, 0};

		for (int twin = 0; twin < 2; twin++) {
			ioctl(TWIN + twin, FIONREAD, &in[twin]);
			ioctl(TWIN + twin, SIOCOUTQ, &out[twin]);
		}
		if (in[0] == in[1] && out[0] == out[1])
			return;
		sched_yield();
	}
}

struct step {
	const struct call *call;
	long v[PARAMS];
};

/* Runs the calls that this seed makes on fresh twins. return: the step after which they differ,
 * or -1. Counts what it compared on the first try. */
static int episode(const struct kind *kind, uint64_t seed, enum way first, bool count,
		   struct step *at)
{
	random_state = seed;
	twins_make(kind);
	for (int i = 0; i < STEPS; i++) {
		const char *rule;

		if (below(3) == 0)
			feed(kind);
		at->call = random_call();
		random_values(at->call, at->v);
		rule = ruled_out(at->call, kind, at->v, true);
		if (rule) {
			if (count)
				count_rule(rule);
			continue;
		}
		if (count)
			count_compared(at->call, kind);
		settle();
		make_call(at->call, kind, at->v, 0, first, &outcomes[0], true);
		make_call(at->call, kind, at->v, 1, KERNEL, &outcomes[1], true);
		if (!alike(&outcomes[0], &outcomes[1]))
			return i;
	}
	return -1;
}

static bool alike_until(const struct kind *kind, uint64_t seed, enum way first, int step)
{
	struct step at;
	const int found = episode(kind, seed, first, false, &at);

	return found < 0 || found > step;
}

/* step: where the library differed. */
static void try_episode_again(const struct kind *kind, uint64_t seed, int step,
			      struct tries *tries)
{
	for (int i = 0; i < KERNEL_TRIES && tries->kernel_alike; i++)
		tries->kernel_alike = alike_until(kind, seed, KERNEL, step);
	for (int i = 0; i < TRIES && !tries->same; i++)
		tries->same = alike_until(kind, seed, LIBRARY, step);
}

static void random_turn(const struct kind *kind, uint64_t seed)
{
	struct tries tries = {.kernel_alike = true};
	struct step at;
	const int step = episode(kind, seed, LIBRARY, true, &at);

	if (step < 0)
		return;
	memcpy(first_outcomes, outcomes, sizeof(outcomes));
	try_episode_again(kind, seed, step, &tries);
	printf("seed of its own %lu, step %d: ", (unsigned long)seed, step);
	show(judge(&tries), at.call, kind, at.v);
}

static void run_random(uint64_t seed, unsigned long enough)
{
	/* Calls on sockets; those on files, pipes and closed numbers come with them. */
	for (uint64_t turn = 0; sum.compared - sum.of[OTHER] < enough; turn++) {
		const struct kind *kind = &kinds[turn % kind_count];

		if (kind_is_here(kind))
			random_turn(kind, seed * 1000003 + turn);
		else if (turn < kind_count)
			printf("not run: %s: needs %s\n", kind->name, kind->needs);
	}
}

/* ---- main */

/* Which library stands behind the name? */
static void say_who_answers(void)
{
	Dl_info who;

	if (!dladdr(dlsym(RTLD_DEFAULT, "recvmsg"), &who))
		who.dli_fname = "nobody";
	printf("recvmsg is of %s\n", strrchr(who.dli_fname, '/') + 1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1; /* or share */
	const unsigned long enough = argc > 3 ? strtoul(argv[3], NULL, 0) : 100000;
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t c = 0; strcmp(what, "calls") == 0 && c < call_count; c++)
		printf("%s\n", calls[c].name);
	if (strcmp(what, "calls") == 0)
		return 0;
	say_who_answers();
	sigaction(SIGPIPE, &action, NULL);
	signal(SIGURG, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	kinds_start();
	calls_start();
	look_at_numbers(untouched.open, true);
	if (strcmp(what, "table") == 0 || strcmp(what, "quiet") == 0) {
		run_table(what[0] == 'q', (size_t)seed);
	} else if (strcmp(what, "random") == 0) {
		printf("seed %lu\n", (unsigned long)seed);
		run_random(seed, enough);
	} else {
		fprintf(stderr, "usage: differential calls | table [SHARE] | quiet | "
				"random [SEED [CALLS]]\n");
		return 2;
	}
	for (size_t i = 0; rules[i].rule; i++)
		printf("kept out by rule: %lu calls: %s\n", rules[i].calls,
		       rules[i].rule);
	for (size_t i = 0; i < FAMILIES; i++)
		printf("calls on %s: %lu\n", families[i], sum.of[i]);
	printf("%s: %lu calls compared, %lu different, %lu unsteady, "
	       "%lu differ in the kernel alone\n",
	       what, sum.compared, sum.different, sum.unsteady, sum.kernel_itself);
	return sum.different != 0 || sum.unsteady != 0;
}
