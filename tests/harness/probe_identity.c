/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios about whose stamps are whose: sockets that are reached through other descriptors,
 * threads and processes, and descriptor numbers that come to be other sockets. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/stamps.h"

#define ALL_SETS 128 /* of the seven bits of SO_TIMESTAMPING that every kernel has */

static const struct how plainly = {0};

int pidfd_getfd(int pidfd, int target_fd, unsigned int flags);

/* ---- read back: set one way, read another */

/* Each gives fd's socket a second descriptor: `number`, where the call lets one choose, else the
 * lowest that is free. */
static int by_dup(int fd, int number)
{
	(void)number;
	return (int)MUST(dup(fd));
}

static int by_dup2(int fd, int number)
{
	return (int)MUST(dup2(fd, number));
}

static int by_dup3(int fd, int number)
{
	return (int)MUST(dup3(fd, number, O_CLOEXEC));
}

static int by_dupfd(int fd, int number)
{
	return (int)MUST(fcntl(fd, F_DUPFD, number));
}

static int by_dupfd_cloexec(int fd, int number)
{
	return (int)MUST(fcntl(fd, F_DUPFD_CLOEXEC, number));
}

static int by_system_call(int fd, int number)
{
	(void)number;
	return (int)MUST(syscall(SYS_dup, fd));
}

/* What the next three go through, opened before so that it takes no number then. */
static struct {
	struct pair channel;
	int pidfd;
} own;

static void open_own(void)
{
	own.channel = connected_pair(family_named("unix_stream"));
	own.pidfd = (int)MUST(syscall(SYS_pidfd_open, getpid(), 0));
}

static int by_recvmsg(int fd, int number)
{
	(void)number;
	send_descriptor(own.channel.near, fd);
	return receive_descriptor(own.channel.far, false);
}

static int by_recvmmsg(int fd, int number)
{
	(void)number;
	send_descriptor(own.channel.near, fd);
	return receive_descriptor(own.channel.far, true);
}

static int by_pidfd(int fd, int number)
{
	(void)number;
	return (int)MUST(pidfd_getfd(own.pidfd, fd, 0));
}

static const struct {
	const char *name;
	int (*copy)(int fd, int number);
} copies[] = {
	{"dup", by_dup},
	{"dup2", by_dup2},
	{"dup3", by_dup3},
	{"F_DUPFD", by_dupfd},
	{"F_DUPFD_CLOEXEC", by_dupfd_cloexec},
	{"recvmsg", by_recvmsg},
	{"recvmmsg", by_recvmmsg},
	{"pidfd_getfd", by_pidfd},
	{"raw dup", by_system_call},
};

static bool reads_right(int fd, uint32_t flags)
{
	return strcmp(read_back(fd, flags), "as asked") == 0;
}

/* Each way tells whether the flags that were set are those that are read. */
static bool same(int fd, uint32_t flags)
{
	ask(fd, flags);
	return reads_right(fd, flags);
}

static bool child_reads(int fd, uint32_t flags)
{
	pid_t child;

	ask(fd, flags);
	child = (pid_t)MUST(fork());
	if (child == 0)
		_exit(reads_right(fd, flags));
	return finish(child);
}

static bool child_sets(int fd, uint32_t flags)
{
	const pid_t child = (pid_t)MUST(fork());

	if (child == 0) {
		ask(fd, flags);
		_exit(0);
	}
	finish(child);
	return reads_right(fd, flags);
}

struct setting {
	int fd;
	uint32_t flags;
};

static void *set_in_thread(void *arg)
{
	const struct setting *setting = arg;

	ask(setting->fd, setting->flags);
	return NULL;
}

static bool thread_sets(int fd, uint32_t flags)
{
	struct setting setting = {fd, flags};
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, set_in_thread, &setting));
	MUST(-pthread_join(thread, NULL));
	return reads_right(fd, flags);
}

static const struct {
	const char *name;
	bool (*agrees)(int fd, uint32_t flags);
} ways[] = {
	{"same descriptor", same},
	{"child reads", child_reads},
	{"child sets", child_sets},
	{"thread sets", thread_sets},
};

/* Of the sets that were tried, those that were read back wrong. */
struct tally {
	int tried, wrong;
	uint32_t last_wrong;
};

static void count_set(struct tally *tally, uint32_t flags, bool right)
{
	tally->tried++;
	if (!right) {
		tally->wrong++;
		tally->last_wrong = flags;
	}
}

static void say_tally(const char *name, const struct tally *tally)
{
	fact("%s=%d sets, %d wrong", name, tally->tried, tally->wrong);
	if (tally->wrong)
		fact("%s.last wrong=0x%x", name, tally->last_wrong);
}

/* All sets on one socket, one after the other, and each on a socket of its own. */
static void try_way(const struct family *family, size_t way)
{
	const int one = fresh_socket(family);
	struct tally tally = {0};

	for (uint32_t flags = 0; flags < ALL_SETS; flags++) {
		const int another = fresh_socket(family);

		count_set(&tally, flags,
			  ways[way].agrees(another, flags) &&
				  ways[way].agrees(one, flags));
		MUST(close(another));
	}
	MUST(close(one));
	say_tally(ways[way].name, &tally);
}

#define CHOSEN 700 /* a number that nothing else has */

/* A copy that was made before the set, one made after it, and the original when the copy sets. */
static bool copy_agrees(const struct family *family, int (*copy)(int, int),
			uint32_t flags)
{
	const uint32_t others = ~flags & (ALL_SETS - 1);
	const int fd = fresh_socket(family);
	int other = copy(fd, CHOSEN);
	bool right;

	ask(fd, flags);
	right = reads_right(other, flags);
	MUST(close(other));
	other = copy(fd, CHOSEN);
	right = right && reads_right(other, flags);
	ask(other, others);
	right = right && reads_right(fd, others);
	MUST(close(fd));
	right = right && reads_right(other, others);
	MUST(close(other));
	return right;
}

static void try_copy(const struct family *family, size_t i)
{
	struct tally tally = {0};

	for (uint32_t flags = 0; flags < ALL_SETS; flags++)
		count_set(&tally, flags, copy_agrees(family, copies[i].copy, flags));
	say_tally(copies[i].name, &tally);
}

static void readback(char **args)
{
	const struct family *family = family_named(args[0]);

	open_own();
	for (size_t i = 0; i < COUNT(ways); i++)
		try_way(family, i);
	for (size_t i = 0; i < COUNT(copies); i++)
		try_copy(family, i);
}

#define ALL_BITS                                                                         \
	17 /* 0 to 14, 16 and 17: with 15, the kernel looks for a module each time */

/* Every set of every bit that a kernel may know: those that it refuses too. */
static void readback_all_bits(char **args)
{
	const int fd = fresh_socket(family_named(args[0]));
	uint32_t granted = 0;
	int wrong = 0;

	turn_stamping_on(); /* else the kernel does it again and again */
	for (uint32_t i = 0; i < 1U << ALL_BITS; i++) {
		const uint32_t flags = i >> 15 << 16 | (i & 0x7fff);

		if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
			       sizeof(flags)) == 0)
			granted = flags;
		wrong += !reads_right(fd, granted);
	}
	fact("sets=%u", 1U << ALL_BITS);
	fact("wrong=%d", wrong);
}

/* What the kernel holds, asked past everything that may stand in front of it. */
static uint32_t kernel_holds(int fd)
{
	uint32_t flags = 0;
	socklen_t size = sizeof(flags);

	MUST(syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, &size));
	return flags;
}

/* For each set of the basic bits, alone and with OPT_TX_SWHW and others. */
static void kernel_flags(char **args)
{
	static const uint32_t options[] = {0, SOF_TIMESTAMPING_OPT_TX_SWHW,
					   SOF_TIMESTAMPING_OPT_CMSG |
						   SOF_TIMESTAMPING_OPT_TSONLY |
						   SOF_TIMESTAMPING_TX_SCHED};
	const int fd = fresh_socket(family_named(args[0]));

	for (uint32_t i = 0; i < ALL_SETS * COUNT(options); i++) {
		const uint32_t flags = i % ALL_SETS | options[i / ALL_SETS];

		ask(fd, flags);
		fact("0x%x=0x%x", flags, kernel_holds(fd));
	}
}

/* The old and the new number, 4 bytes and 8, set and read in each combination. Linux 5.10 and 5.15
 * set by the new one, and do not read by it. */
static void readback_forms(char **args)
{
	static const int numbers[] = {SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW};
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);

	for (int form = 0; form < 16; form++) {
		const int set = numbers[form & 1], get = numbers[form >> 1 & 1];
		const uint32_t value[2] = {flags, 0};
		uint32_t shown[2] = {0xA5A5A5A5, 0xA5A5A5A5};
		socklen_t set_size = form & 4 ? 8 : 4, get_size = form & 8 ? 8 : 4;
		const int fd = fresh_socket(family);
		int result;

		MUST(setsockopt(fd, SOL_SOCKET, set, value, set_size));
		result = getsockopt(fd, SOL_SOCKET, get, shown, &get_size);
		fact("%d of %u, %d of %u=%s, 0x%x 0x%x, %u bytes", set, set_size, get,
		     form & 8 ? 8 : 4, outcome(result), shown[0], shown[1], get_size);
		MUST(close(fd));
	}
}

/* ---- sockets that arrive with flags that this process did not set */

/* Receiving comes first: reading back may set right what is known of the descriptor. */
static void say_stamps(const char *name, struct pair pair, uint32_t flags)
{
	fact("%s.received=%s", name, exchange(pair, plainly));
	fact("%s.asked=%s", name, read_back(pair.far, flags));
}

/* A connection to the listener, accepted. */
static struct pair accept_from(const struct family *family, int listener)
{
	struct pair pair = connect_to(family, listener);

	pair.far = (int)MUST(accept(listener, NULL, NULL));
	return pair;
}

/* The same, where the listener's flags change between its arrival and accept. */
static struct pair accept_late(const struct family *family, int listener, uint32_t flags)
{
	struct pair pair = connect_to(family, listener);

	ask(listener, flags);
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	return pair;
}

/* A listener's flags go to what is accepted. */
static void accepted(char **args)
{
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);
	const int listener = bound_socket(family, NULL, NULL);
	struct pair pair;

	turn_stamping_on();
	ask(listener, flags);
	say_stamps("accept", accept_from(family, listener), flags);
	pair = connect_to(family, listener);
	pair.far = (int)MUST(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	say_stamps("accept4", pair, flags);
}

/* They are those that it had when the connection came. */
static void accepted_late(char **args)
{
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);
	const int listener = bound_socket(family, NULL, NULL);

	turn_stamping_on();
	ask(listener, flags);
	say_stamps("turned off before accept", accept_late(family, listener, 0), flags);
	say_stamps("turned on before accept", accept_late(family, listener, flags), 0);
}

static void accepted_all(char **args)
{
	const struct family *family = family_named(args[0]);
	const int listener = bound_socket(family, NULL, NULL);
	struct tally tally = {0};

	for (uint32_t flags = 0; flags < ALL_SETS; flags++) {
		struct pair pair;

		ask(listener, flags);
		pair = accept_from(family, listener);
		count_set(&tally, flags, reads_right(pair.far, flags));
		close_pair(pair);
	}
	say_tally("accept", &tally);
}

/* The other program: args are the flags and the number of a socket that has a message queued,
 * or of a channel that brings one. */
static void other_program(char **args)
{
	const uint32_t flags = (uint32_t)strtoul(args[0], NULL, 0);
	int fd = atoi(args[1]);

	turn_stamping_on();
	if (args[2])
		fd = receive_descriptor(fd, false);
	fact("other program.received=%s", receive_word(fd, plainly));
	fact("other program.asked=%s", read_back(fd, flags));
}

static void run_program(const char *name, uint32_t flags, int fd, const char *channel)
{
	const pid_t child = (pid_t)MUST(fork());
	char flags_word[16], fd_word[16];

	snprintf(flags_word, sizeof(flags_word), "0x%x", flags);
	snprintf(fd_word, sizeof(fd_word), "%d", fd);
	if (child == 0) {
		MUST(fcntl(fd, F_SETFD, 0));
		execl("/proc/self/exe", "probe", name, flags_word, fd_word, channel,
		      NULL);
		_exit(127);
	}
	finish(child);
}

static void inherited(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = stamps_named(args[1]);

	turn_stamping_on();
	ask(pair.far, flags);
	send_hello(pair);
	run_program("other_program", flags, pair.far, NULL);
	fact("received=%s", exchange(pair, plainly));
	fact("asked=%s", read_back(pair.far, flags));
}

/* ---- every set, over each way into another program */

#define ARRIVING (2 * ALL_SETS) /* the basic bits, and each with OPT_TX_SWHW */

static uint32_t arriving_set(int i)
{
	return (uint32_t)i % ALL_SETS |
	       (i >= ALL_SETS ? SOF_TIMESTAMPING_OPT_TX_SWHW : 0);
}

/* Each of the other program takes its socket from `source` in one way; `number` is the socket's in the
 * program that set it up. */
static int by_exec(int source, int number)
{
	(void)source;
	return number;
}

static int by_message(int source, int number)
{
	(void)number;
	return receive_descriptor(source, false);
}

static int from_process(int source, int number)
{
	return (int)MUST(pidfd_getfd(source, number, 0));
}

static const struct {
	const char *name;
	int (*take)(int source, int number);
} arrivals[] = {
	{"exec", by_exec},
	{"SCM_RIGHTS", by_message},
	{"pidfd_getfd", from_process},
};

/* The other program. args: the way, its source, the sockets' numbers with commas between */
static void arriving_program(char **args)
{
	const int way = atoi(args[0]);
	const char *numbers = args[2];

	turn_stamping_on();
	for (int i = 0; i < ARRIVING; i++) {
		const int fd = arrivals[way].take(atoi(args[1]), atoi(numbers));
		const uint32_t flags = arriving_set(i);

		fact("%s 0x%x=%s, %s", arrivals[way].name, flags,
		     receive_word(fd, plainly), read_back(fd, flags));
		MUST(close(fd));
		numbers = strchr(numbers, ',') + 1;
	}
}

static void run_arriving_program(size_t way, const struct pair *pairs, int source)
{
	char way_word[16], source_word[16], numbers[ARRIVING * 12] = "";
	size_t used = 0;
	pid_t child;

	snprintf(way_word, sizeof(way_word), "%zu", way);
	snprintf(source_word, sizeof(source_word), "%d", source);
	for (int i = 0; i < ARRIVING; i++)
		used += (size_t)snprintf(numbers + used, sizeof(numbers) - used, "%d,",
					 pairs[i].far);
	child = (pid_t)MUST(fork());
	if (child == 0) {
		MUST(fcntl(source, F_SETFD, 0));
		for (int i = 0; arrivals[way].take == by_exec && i < ARRIVING; i++)
			MUST(fcntl(pairs[i].far, F_SETFD, 0));
		execl("/proc/self/exe", "probe", "arriving_program", way_word,
		      source_word, numbers, NULL);
		_exit(127);
	}
	if (arrivals[way].take == by_message) {
		for (int i = 0; i < ARRIVING; i++)
			send_descriptor(own.channel.near, pairs[i].far);
	}
	finish(child);
}

static void arriving(char **args)
{
	const struct family *family = family_named(args[0]);

	turn_stamping_on();
	open_own();
	MUST(prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0) == 0 || errno == EINVAL
		     ? 0
		     : -1); /* EINVAL: pidfd_getfd is not limited to ancestors */
	for (size_t way = 0; way < COUNT(arrivals); way++) {
		const bool by_pidfd_getfd = arrivals[way].take == from_process;
		struct pair pairs[ARRIVING];

		for (int i = 0; i < ARRIVING; i++) {
			pairs[i] = connected_pair(family);
			ask(pairs[i].far, arriving_set(i));
			send_hello(pairs[i]);
		}
		run_arriving_program(way, pairs,
				     by_pidfd_getfd ? own.pidfd : own.channel.far);
		for (int i = 0; i < ARRIVING; i++)
			close_pair(pairs[i]);
	}
}

/* Another program that shares a socket with us asks on it, and we never do. args: flags, number */
static void asking_program(char **args)
{
	ask(atoi(args[1]), (uint32_t)strtoul(args[0], NULL, 0));
}

static void shared(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = stamps_named(args[1]);

	run_program("asking_program", flags, pair.far, NULL);
	say_stamps("shared", pair, flags);
}

static void sent_away(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const struct pair channel = connected_pair(family_named("unix_stream"));
	const uint32_t flags = stamps_named(args[1]);

	turn_stamping_on();
	ask(pair.far, flags);
	send_hello(pair);
	send_descriptor(channel.near, pair.far);
	run_program("other_program", flags, channel.far, "channel");
}

/* ---- numbers that come to be other sockets */

static void by_close(int fd)
{
	MUST(close(fd));
}

static void by_close_range(int fd)
{
	MUST(close_range((unsigned int)fd, (unsigned int)fd, 0));
}

static void by_closefrom(int fd)
{
	closefrom(fd);
}

static void by_fclose(int fd)
{
	MUST(fclose(fdopen(fd, "r")));
}

static void by_raw_close(int fd)
{
	MUST(syscall(SYS_close, fd));
}

static const struct {
	const char *name;
	void (*close)(int fd);
} closers[] = {
	{"close", by_close},         {"close_range", by_close_range},
	{"closefrom", by_closefrom}, {"fclose", by_fclose},
	{"raw close", by_raw_close},
};

/* The first number above those in use. All that are free below it are taken, for good, so it is
 * also the lowest free one. */
static int next_number(void)
{
	int top = 1023, number;

	while (fcntl(top, F_GETFD) < 0)
		top--;
	while ((number = (int)MUST(dup(STDIN_FILENO))) < top)
		;
	MUST(close(number));
	return number;
}

/* A number with a socket that is known to have these flags: it received with them. */
static int known_number(struct pair pair, uint32_t flags)
{
	const int number = next_number();

	ask(pair.far, flags);
	MUST(dup2(pair.far, number));
	exchange((struct pair){pair.near, number}, plainly);
	return number;
}

static void say_reused(const char *closer, const char *opener, struct pair pair,
		       uint32_t flags)
{
	char name[64];

	snprintf(name, sizeof(name), "%s, %s", closer, opener);
	say_stamps(name, pair, flags);
	MUST(close(pair.far));
}

/* What the sets of a number's two sockets are. */
struct reuse {
	const struct family *family;
	uint32_t earlier, later;
};

static void reuse_by_copy(const struct reuse *reuse, size_t closer, size_t opener)
{
	const struct pair later = connected_pair(reuse->family);
	const struct pair earlier = connected_pair(reuse->family);
	const int number = known_number(earlier, reuse->earlier);

	ask(later.far, reuse->later);
	closers[closer].close(number);
	say_reused(closers[closer].name, copies[opener].name,
		   (struct pair){later.near, copies[opener].copy(later.far, number)},
		   reuse->later);
	close_pair(earlier);
	close_pair(later);
}

/* dup2 and dup3 close it themselves. */
static void reuse_by_copy_over(const struct reuse *reuse, size_t opener)
{
	const struct pair later = connected_pair(reuse->family);
	const struct pair earlier = connected_pair(reuse->family);
	const int number = known_number(earlier, reuse->earlier);

	ask(later.far, reuse->later);
	MUST(copies[opener].copy(later.far, number));
	say_reused("not closed", copies[opener].name, (struct pair){later.near, number},
		   reuse->later);
	close_pair(earlier);
	close_pair(later);
}

/* A socket that is made anew; TCP's far end is the one that is accepted. */
static void reuse_by_new(const struct reuse *reuse, size_t closer)
{
	const struct pair earlier = connected_pair(reuse->family);
	const int listener = bound_socket(reuse->family, NULL, NULL);
	struct pair later = {-1, -1};
	int number;

	if (is_tcp(reuse->family)) {
		ask(listener, reuse->later);
		later = connect_to(reuse->family, listener);
		number = known_number(earlier, reuse->earlier);
		closers[closer].close(number);
		later.far = (int)MUST(accept(listener, NULL, NULL));
	} else {
		number = known_number(earlier, reuse->earlier);
		closers[closer].close(number);
		later = connected_pair(reuse->family);
		later = (struct pair){later.far,
				      later.near}; /* the first one has the number */
		ask(later.far, reuse->later);
	}
	say_reused(closers[closer].name, is_tcp(reuse->family) ? "accept" : "socket",
		   later, reuse->later);
	MUST(close(later.near));
	MUST(close(listener));
	close_pair(earlier);
}

/* Not tried: a number closed inside libc or by a system call, and given out by a system call.
 * Nothing else in the process can see either. */
static bool is_seen(size_t closer, size_t opener)
{
	return copies[opener].copy != by_system_call ||
	       (closers[closer].close != by_raw_close &&
		closers[closer].close != by_fclose);
}

static void reused(char **args)
{
	const struct reuse reuse = {family_named(args[0]), stamps_named(args[2]),
				    stamps_named(args[1])};

	turn_stamping_on();
	open_own();
	for (size_t closer = 0; closer < COUNT(closers); closer++) {
		reuse_by_new(&reuse, closer);
		for (size_t opener = 0; opener < COUNT(copies); opener++) {
			if (is_seen(closer, opener))
				reuse_by_copy(&reuse, closer, opener);
		}
	}
	for (size_t opener = 0; opener < COUNT(copies); opener++) {
		if (copies[opener].copy == by_dup2 || copies[opener].copy == by_dup3)
			reuse_by_copy_over(&reuse, opener);
	}
}

/* ---- numbers that are other sockets to somebody else */

/* A vfork child has a table of descriptors of its own and shares the memory. */
static void vforked(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair ours = connected_pair(family), theirs = connected_pair(family);
	const uint32_t flags = stamps_named(args[1]);
	pid_t child;

	turn_stamping_on();
	ask(ours.far, flags);
	ask(theirs.far, stamps_named(args[2]));
	exchange(ours, plainly);
	exchange(theirs, plainly);
	child = vfork();
	if (child == 0) {
		dup2(theirs.far, ours.far);
		_exit(0);
	}
	MUST(child);
	finish(child);
	say_stamps("after the child's dup2", ours, flags);
}

struct theirs { /* what a thread with its own table does with a number that is ours too */
	struct pair pair;
	int number;
	uint32_t flags;
	pthread_barrier_t turn;
};

static void *own_table(void *arg)
{
	struct theirs *theirs = arg;
	const struct pair pair = {theirs->pair.near, theirs->number};

	MUST(unshare(CLONE_FILES));
	MUST(dup2(theirs->pair.far, theirs->number));
	say_stamps("theirs", pair, theirs->flags);
	pthread_barrier_wait(&theirs->turn); /* ours */
	pthread_barrier_wait(&theirs->turn);
	say_stamps("theirs again", pair, theirs->flags);
	return NULL;
}

static void unshared(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair ours = connected_pair(family);
	const uint32_t flags = stamps_named(args[1]);
	struct theirs theirs = {
		connected_pair(family), ours.far, stamps_named(args[2]), {{0}}};
	pthread_t thread;

	turn_stamping_on();
	ask(ours.far, flags);
	ask(theirs.pair.far, theirs.flags);
	exchange(ours, plainly);
	MUST(-pthread_barrier_init(&theirs.turn, NULL, 2));
	MUST(-pthread_create(&thread, NULL, own_table, &theirs));
	pthread_barrier_wait(&theirs.turn);
	say_stamps("ours", ours, flags);
	pthread_barrier_wait(&theirs.turn);
	MUST(-pthread_join(thread, NULL));
}

/* ---- threads at once */

#define ROUNDS 200
#define SETS_A_ROUND 50

static void *set_often(void *arg)
{
	const struct setting *setting = arg;

	for (int i = 0; i < SETS_A_ROUND; i++)
		ask(setting->fd, setting->flags);
	return NULL;
}

static bool reads_either(int fd, const struct setting settings[2])
{
	uint32_t flags;
	socklen_t size = sizeof(flags);

	MUST(getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, &size));
	return flags == settings[0].flags || flags == settings[1].flags;
}

/* Two threads that set different flags: whose came last is not told, but what is read is what
 * the kernel holds for it. */
static void racing(char **args)
{
	const int fd = fresh_socket(family_named(args[0]));
	struct setting settings[] = {{fd, stamps_named(args[1])},
				     {fd, stamps_named(args[2])}};
	uint32_t held[2];
	int wrong = 0;

	for (int i = 0; i < 2; i++) {
		ask(fd, settings[i].flags);
		held[i] = kernel_holds(fd);
	}
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t threads[2];

		for (int i = 0; i < 2; i++)
			MUST(-pthread_create(&threads[i], NULL, set_often, &settings[i]));
		for (int i = 0; i < SETS_A_ROUND; i++)
			wrong += !reads_either(fd, settings);
		for (int i = 0; i < 2; i++)
			MUST(-pthread_join(threads[i], NULL));
		for (int i = 0; i < 2; i++)
			wrong += reads_right(fd, settings[i].flags) &&
				 kernel_holds(fd) != held[i];
	}
	fact("rounds=%d", ROUNDS);
	fact("wrong=%d", wrong);
}

struct worker { /* opens, asks, receives, closes, and again; with others that take its numbers */
	const struct family *family;
	uint32_t flags;
	char first[64]; /* what the first one received */
	int others;     /* that received anything else */
};

static void *come_and_go(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; i < 500; i++) {
		const struct pair pair = connected_pair(worker->family);
		const char *word;

		ask(pair.far, worker->flags);
		word = exchange(pair, plainly);
		if (i == 0)
			snprintf(worker->first, sizeof(worker->first), "%s", word);
		worker->others += strcmp(word, worker->first) != 0;
		worker->others += !reads_right(pair.far, worker->flags);
		close_pair(pair);
	}
	return NULL;
}

static void crossing(char **args)
{
	const struct family *family = family_named(args[0]);
	struct worker workers[] = {{family, stamps_named(args[1]), "", 0},
				   {family, stamps_named(args[2]), "", 0}};
	pthread_t threads[2];

	turn_stamping_on();
	for (int i = 0; i < 2; i++)
		MUST(-pthread_create(&threads[i], NULL, come_and_go, &workers[i]));
	for (int i = 0; i < 2; i++)
		MUST(-pthread_join(threads[i], NULL));
	fact("received=%s", workers[0].first);
	fact("other words=%d, %d", workers[0].others, workers[1].others);
}

/* ---- memory */

static long resident_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "VmRSS: %ld", &kib);
	if (status)
		fclose(status);
	return must(kib, "read VmRSS");
}

#define GROWTH_KIB 3072 /* what a process may cost in all, with however many sockets */

static void many(char **args)
{
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);
	const long count = args[2] ? atol(args[2]) : 100000;
	long before, grown, wrong = 0;

	turn_stamping_on();
	before = resident_kib();
	for (long i = 0; i < count; i++) {
		const int fd = fresh_socket(family);

		ask(fd, flags);
		wrong += strcmp(read_back(fd, flags), "as asked") != 0;
		MUST(close(fd));
	}
	grown = resident_kib() - before;
	fact("sockets=%ld", count);
	fact("wrong=%ld", wrong);
	if (grown <= GROWTH_KIB)
		fact("grown=at most %d KiB", GROWTH_KIB);
	else
		fact("grown=%ld KiB", grown);
}

/* So many at once that each finds its own flags among the others'. */
static void crowd(char **args)
{
	const struct family *family = family_named(args[0]);
	const int count = 900; /* below the usual limit of descriptors, 1024 */
	int fds[900], wrong = 0;

	for (int i = 0; i < count; i++) {
		fds[i] = fresh_socket(family);
		ask(fds[i], (uint32_t)i % 128);
	}
	for (int i = 0; i < count; i++)
		wrong += strcmp(read_back(fds[i], (uint32_t)i % 128), "as asked") != 0;
	fact("wrong=%d", wrong);
}

#define HIGH 19000 /* a number of a descriptor, where so many are allowed */
#define CROWD 320000

static void call_ask(int fd)
{
	const uint32_t flags = ALL_SETS - 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, sizeof(flags));
}

static int count_ask(const struct family *family)
{
	const int fd = fresh_socket(family);
	const int instructions = count_instructions(call_ask, fd);

	if (instructions < 0)
		not_run("ptrace");
	MUST(close(fd));
	return instructions;
}

/* What a set costs after many others, and beside a high number. */
static void flat(char **args)
{
	const struct family *family = family_named(args[0]);
	struct rlimit limit;
	int before, after, high, fd;

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	high = limit.rlim_max > HIGH ? HIGH : (int)limit.rlim_max - 1;
	call_ask(fresh_socket(family));
	before = count_ask(family);
	MUST(dup2(fresh_socket(family), high));
	call_ask(high);
	for (int i = 0; i < CROWD; i++) {
		fd = fresh_socket(family);
		call_ask(fd);
		MUST(close(fd));
	}
	after = count_ask(family);
	fprintf(stderr, "%d instructions, and %d after %d sockets\n", before, after,
		CROWD);
	fact("a set takes %s",
	     after <= before + before / 10 ? "as long as before" : "longer");
}

const struct scenario scenarios[] = {
	{"readback", readback},
	{"readback_all_bits", readback_all_bits},
	{"readback_forms", readback_forms},
	{"kernel_flags", kernel_flags},
	{"arriving", arriving},
	{"arriving_program", arriving_program},
	{"flat", flat},
	{"accepted", accepted},
	{"accepted_late", accepted_late},
	{"accepted_all", accepted_all},
	{"inherited", inherited},
	{"shared", shared},
	{"asking_program", asking_program},
	{"sent_away", sent_away},
	{"other_program", other_program},
	{"reused", reused},
	{"vforked", vforked},
	{"unshared", unshared},
	{"racing", racing},
	{"crossing", crossing},
	{"many", many},
	{"crowd", crowd},
	{NULL, NULL},
};
