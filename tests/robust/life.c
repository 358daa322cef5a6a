/* SPDX-License-Identifier: GPL-2.0-only */
/* usage: life SCENARIO [ARGUMENT...]
 *
 * What processes do in their lives: signals, cancelled threads, fork, vfork,
 * exec, dlopen, many descriptors, limits that change, memory that is short.
 * Each scenario prints lines that are the same on each run. status: 0 well, 2
 * it could not be set up */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/robust/datagrams.h"
#include "tests/robust/must.h"
#include "tests/robust/stamped.h"
#include "tests/robust/undeclared.h"

/* ---- signals */

static volatile sig_atomic_t handled, bad_in_handler;
static int handlers_own, mains_own;
static struct sockaddr_in handlers_address;

static void in_handler(int number)
{
	static const uint32_t sets[] = {HARD, SOFT, HARD | SOFT};
	const uint32_t flags = sets[handled % 3];
	const int kept = errno;
	uint32_t seen = 0;
	socklen_t size = sizeof(seen);
	struct room room;

	(void)number;
	if (setsockopt(handlers_own, SOL_SOCKET, SO_TIMESTAMPING, &flags,
		       sizeof(flags)) != 0 ||
	    getsockopt(handlers_own, SOL_SOCKET, SO_TIMESTAMPING, &seen, &size) != 0 ||
	    seen != flags ||
	    sendto(handlers_own, "x", 1, 0, (struct sockaddr *)&handlers_address,
		   sizeof(handlers_address)) != 1 ||
	    receive(handlers_own, &room, 0) != 1)
		bad_in_handler = bad_in_handler + 1;
	/* Into what the main line may be inside of, too. */
	receive(mains_own, &room, MSG_DONTWAIT);
	close(dup(mains_own));
	handled = handled + 1;
	errno = kept;
}

static void signals(char **args)
{
	const struct sigaction action = {.sa_handler = in_handler,
					 .sa_flags = SA_RESTART};
	const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
	const time_t end = now() + WAIT_SECONDS;
	struct sockaddr_in address;
	struct room room;
	int wrong = 0;

	(void)args;
	handlers_own = udp(&handlers_address);
	mains_own = udp(&address);
	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(setitimer(ITIMER_REAL, &often, NULL));
	for (uint32_t turn = 0; handled < 2000 && now() < end; turn++) {
		const uint32_t flags = turn & 1 ? HARD : HARD | SOFT;

		ask(mains_own, flags);
		wrong += asked(mains_own) != flags;
		send_to(mains_own, &address);
		receive(mains_own, &room, MSG_DONTWAIT);
		errno = 1234;
		close((int)MUST(dup(mains_own)));
		wrong += errno != 1234;
	}
	MUST(setitimer(ITIMER_REAL, &never, NULL));
	fact("%s, %d wrong, %d wrong in the handler",
	     handled >= 2000 ? "handled 2000 signals" : "too few signals", wrong,
	     (int)bad_in_handler);
	all_is_well();
}

/* ---- signals at each point inside the library (signal_behind.c) */

static int (*signal_at)(int point);
static uint32_t handlers_flags; /* what it asks for on the main line's socket */

static void find_signal_at(void)
{
	signal_at = (int (*)(int))dlsym(RTLD_DEFAULT, "signal_at");
	MUST(signal_at ? 0 : -1);
}

static const char *slots_for(uint32_t flags)
{
	return flags == HARD            ? "--T"
	       : flags == SOFT          ? "T--"
	       : flags == (HARD | SOFT) ? "T-T"
					: "none";
}

/* On a socket of the handler's own all is exact; the main line's is used as
 * well. */
static void inside(int number)
{
	static const uint32_t sets[] = {HARD, SOFT, HARD | SOFT};
	const uint32_t flags = sets[handled % 3];
	const int kept = errno;
	struct room room;

	(void)number;
	ask(handlers_own, flags);
	send_to(handlers_own, &handlers_address);
	if (asked(handlers_own) != flags || receive(handlers_own, &room, 0) != 4 ||
	    strcmp(slots(&room), slots_for(flags)) != 0)
		bad_in_handler = bad_in_handler + 1;
	ask(mains_own, handlers_flags);
	receive(mains_own, &room, MSG_DONTWAIT);
	handled = handled + 1;
	errno = kept;
}

/* What the main line does, with a signal inside. `is` and `handlers` are the
 * flags that the socket has and that the handler asks for. false: what it got
 * can be of neither. */
static bool sets_flags(int fd, uint32_t is, uint32_t handlers)
{
	(void)handlers;
	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &is, sizeof(is)) == 0;
}

static bool gets_flags(int fd, uint32_t is, uint32_t handlers)
{
	const uint32_t seen = asked(fd);

	return seen == is || seen == handlers;
}

static bool receives(int fd, uint32_t is, uint32_t handlers)
{
	struct room room;
	const char *seen;

	if (receive(fd, &room, MSG_DONTWAIT) != 4)
		return false;
	seen = slots(&room);
	return strcmp(seen, slots_for(is)) == 0 || strcmp(seen, slots_for(handlers)) == 0;
}

/* The flags that the kernel holds are those for `flags`. */
static bool kernel_has(int fd, uint32_t flags)
{
	uint32_t seen = 0;
	socklen_t size = sizeof(seen);

	MUST(syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TIMESTAMPING, &seen, &size));
	return seen == (flags & HARD ? flags | SOFT : flags);
}

/* Once all is over: the socket has the flags of one of the two who asked, and
 * is in order. */
static bool is_in_order(int fd, const struct sockaddr_in *address, uint32_t is,
			uint32_t handlers)
{
	const uint32_t seen = asked(fd);
	struct room room;

	while (receive(fd, &room, MSG_DONTWAIT) >= 0)
		;
	send_to(fd, address);
	return (seen == is || seen == handlers) && kernel_has(fd, seen) &&
	       strcmp(received(fd), slots_for(seen)) == 0;
}

struct doing {
	const char *name;
	bool (*right)(int fd, uint32_t is, uint32_t handlers);
	bool new_number; /* one that the library does not know yet */
};

/* A turn with a signal at this point. return: there is such a point. */
static bool at_point(const struct doing *doing, const struct sockaddr_in *address,
		     uint32_t is, uint32_t handlers, int point)
{
	const int fd = doing->new_number ? (int)MUST(dup(mains_own)) : mains_own;
	bool right, reached;

	handlers_flags = handlers;
	if (doing->right == sets_flags)
		ask(mains_own, is == HARD ? SOFT : HARD);
	else
		ask(mains_own, is);
	send_to(mains_own, address);
	send_to(mains_own, address); /* one for the handler */
	signal_at(point);
	right = doing->right(fd, is, handlers);
	reached = signal_at(0) == 0;
	if (!is_in_order(fd, address, is, reached ? handlers : is))
		right = false;
	if (fd != mains_own)
		MUST(close(fd));
	if (!right)
		fact("wrong: %s, point %d%s, 0x%x, handler 0x%x", doing->name, point,
		     doing->new_number ? ", new number" : "", is, handlers);
	return reached;
}

/* return: how many points there are. */
static int at_each_point(const struct doing *doing, const struct sockaddr_in *address,
			 uint32_t is, uint32_t handlers)
{
	int point = 1;

	while (at_point(doing, address, is, handlers, point))
		point++;
	return point - 1;
}

static void signals_inside(char **args)
{
	static const struct doing doings[] = {
		{"setsockopt", sets_flags, false}, {"setsockopt", sets_flags, true},
		{"getsockopt", gets_flags, false}, {"getsockopt", gets_flags, true},
		{"recvmsg", receives, false},      {"recvmsg", receives, true},
	};
	static const uint32_t sets[] = {HARD, SOFT, HARD | SOFT};
	const struct sigaction action = {.sa_handler = inside};
	struct sockaddr_in address;

	(void)args;
	find_signal_at();
	handlers_own = udp(&handlers_address);
	mains_own = udp(&address);
	MUST(sigaction(SIGUSR1, &action, NULL));
	for (size_t i = 0; i < COUNT(doings); i++) {
		int points = 0;

		for (size_t pair = 0; pair < COUNT(sets) * COUNT(sets); pair++)
			points += at_each_point(&doings[i], &address, sets[pair / 3],
						sets[pair % 3]);
		fact("%s: signals at %d points", doings[i].name, points);
	}
	fact("handled %d, %d wrong in the handler", (int)handled, (int)bad_in_handler);
	all_is_well();
}

/* ---- setters that do not return */

static sigjmp_buf out;

static void leave(int number)
{
	(void)number;
	siglongjmp(out, 1);
}

static void end_process(int number)
{
	(void)number;
	_exit(0);
}

static void set_and_leave(int fd, uint32_t flags, int point)
{
	if (sigsetjmp(out, 1) == 0) {
		signal_at(point);
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
	}
}

static void set_in_child_that_ends(int fd, uint32_t flags, int point)
{
	const pid_t child = (pid_t)MUST(fork());

	if (child == 0) {
		signal_at(point);
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
		_exit(1); /* no such point */
	}
	status_of(child);
}

#define POINTS 16 /* at least as many as a setsockopt has */
#define LEFT_ROUNDS 64

struct leaving {
	const char *name;
	void (*handler)(int number);
	void (*set)(int fd, uint32_t flags, int point);
};

/* All on one socket, one after the other. return: how many left it wrong. */
static int leave_often(const struct leaving *leaving, int fd,
		       const struct sockaddr_in *address)
{
	static const uint32_t sets[] = {HARD, HARD | SOFT, SOFT, 0};
	int wrong = 0;

	for (int round = 0; round < LEFT_ROUNDS; round++) {
		const uint32_t before = sets[round % COUNT(sets)],
			       after = sets[(round / COUNT(sets) + 1) % COUNT(sets)];

		for (int point = 1; point <= POINTS; point++) {
			ask(fd, before);
			leaving->set(fd, after, point);
			signal_at(0);
			wrong += !is_in_order(fd, address, before, after);
		}
	}
	return wrong;
}

static void left_setters(char **args)
{
	static const struct leaving rows[] = {
		{"siglongjmp", leave, set_and_leave},
		{"the process ends", end_process, set_in_child_that_ends},
	};

	(void)args;
	find_signal_at();
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct sigaction action = {.sa_handler = rows[i].handler};
		struct sockaddr_in address;
		const int fd = udp(&address);

		MUST(sigaction(SIGUSR1, &action, NULL));
		fact("%s: %d times at each point, %d wrong", rows[i].name, LEFT_ROUNDS,
		     leave_often(&rows[i], fd, &address));
		ask(fd, HARD);
		send_to(fd, &address);
		fact("then read 0x%x, received %s", asked(fd), received(fd));
	}
	all_is_well();
}

/* ---- threads that are cancelled */

static void in_recvmsg(int fd)
{
	struct room room;

	receive(fd, &room, 0);
}

static void in_recvmsg_one_packet(int fd)
{
	struct room room;

	receive(fd, &room, ONEPKT);
}

static void in_recvmmsg(int fd)
{
	struct mmsghdr one = {.msg_len = 0};
	struct room room;

	make_room(&room);
	one.msg_hdr = room.msg;
	recvmmsg(fd, &one, 1, 0, NULL);
}

static void in_recv(int fd)
{
	char byte;

	recv(fd, &byte, 1, 0);
}

static void in_recvfrom(int fd)
{
	char byte;

	recvfrom(fd, &byte, 1, 0, NULL, NULL);
}

static void in_accept(int fd)
{
	accept(fd, NULL, NULL);
}

static void in_accept4(int fd)
{
	accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

/* Until nothing more can be sent, and then waiting. */
static void in_send(int fd)
{
	static const char much[4096];

	while (send(fd, much, sizeof(much), 0) > 0)
		;
}

static void in_sendmsg(int fd)
{
	struct room room = {.data = "text"};

	make_room(&room);
	room.msg.msg_controllen = 0;
	while (sendmsg(fd, &room.msg, 0) > 0)
		;
}

struct waiter {
	void (*wait)(int fd);
	int fd;
	_Atomic pid_t id;
};

static void *waiter_main(void *arg)
{
	struct waiter *waiter = arg;

	atomic_store(&waiter->id, (pid_t)syscall(SYS_gettid));
	waiter->wait(waiter->fd);
	return NULL;
}

/* Until the thread sleeps, which it does in the kernel. */
static void await_sleep(struct waiter *waiter)
{
	char path[64], text[256];
	const time_t end = now() + WAIT_SECONDS;
	bool asleep = false;

	while (!asleep && now() < end) {
		ssize_t size;
		int fd;

		sched_yield();
		if (atomic_load(&waiter->id) == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", waiter->id);
		fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
		size = MUST(read(fd, text, sizeof(text) - 1));
		MUST(close(fd));
		text[size] = '\0';
		asleep = strstr(text, ") S ") != NULL;
	}
	MUST(asleep ? 0 : -1);
}

static int cancelled_of_10(void (*wait)(int fd), int fd)
{
	int cancelled = 0;

	for (int turn = 0; turn < 10; turn++) {
		struct waiter waiter = {.wait = wait, .fd = fd};
		pthread_t thread;
		void *result;

		MUST(-pthread_create(&thread, NULL, waiter_main, &waiter));
		await_sleep(&waiter);
		MUST(-pthread_cancel(thread));
		MUST(-pthread_join(thread, &result));
		cancelled += result == PTHREAD_CANCELED;
	}
	return cancelled;
}

/* What cancelled threads wait on. */
enum { DATAGRAMS, LISTENER, CONNECTION, WAITED_ON };

static void open_waited_on(int *fds, struct sockaddr_in *address)
{
	struct sockaddr_in listening;
	socklen_t size = sizeof(listening);

	fds[DATAGRAMS] = udp(address);
	fds[LISTENER] = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	MUST(listen(fds[LISTENER], 1));
	MUST(getsockname(fds[LISTENER], (struct sockaddr *)&listening, &size));
	fds[CONNECTION] = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	MUST(connect(fds[CONNECTION], (struct sockaddr *)&listening, size));
	MUST(accept(fds[LISTENER], NULL, NULL)); /* open, and never read */
}

static void cancel(char **args)
{
	static const struct {
		const char *name;
		void (*wait)(int fd);
		int on;
		uint32_t asks;
	} rows[] = {
		/* First, while no socket of the process has asked for stamps. */
		{"recvmsg without stamps", in_recvmsg, DATAGRAMS, 0},
		{"send without stamps", in_send, CONNECTION, 0},
		{"recvmsg", in_recvmsg, DATAGRAMS, HARD},
		{"recvmsg, one packet", in_recvmsg_one_packet, DATAGRAMS, HARD},
		{"recvmmsg", in_recvmmsg, DATAGRAMS, HARD},
		{"recv", in_recv, DATAGRAMS, HARD},
		{"recvfrom", in_recvfrom, DATAGRAMS, HARD},
		{"accept", in_accept, LISTENER, HARD},
		{"accept4", in_accept4, LISTENER, HARD},
		{"send", in_send, CONNECTION, HARD},
		{"sendmsg", in_sendmsg, CONNECTION, HARD},
	};
	struct sockaddr_in address;
	int fds[WAITED_ON];

	(void)args;
	open_waited_on(fds, &address);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int fd = fds[rows[i].on];
		int cancelled;

		for (int on = 0; rows[i].asks && on < WAITED_ON; on++)
			ask(fds[on], rows[i].asks);
		cancelled = cancelled_of_10(rows[i].wait, fd);
		send_to(fds[DATAGRAMS], &address);
		fact("%s: %d of 10 cancelled, then read 0x%x, received %s", rows[i].name,
		     cancelled, asked(fd), received(fds[DATAGRAMS]));
	}
	all_is_well();
}

/* ---- fork, vfork, spawn, exec */

static atomic_bool over;

static void *receiver_main(void *arg)
{
	const int fd = *(int *)arg;
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	struct room room;

	MUST(getsockname(fd, (struct sockaddr *)&address, &size));
	while (!atomic_load(&over)) {
		ask(fd, HARD);
		send_to(fd, &address);
		receive(fd, &room, MSG_DONTWAIT);
		close(dup(fd));
	}
	return NULL;
}

static int in_child(void)
{
	struct sockaddr_in address;
	const int fd = udp(&address);

	ask(fd, HARD);
	send_to(fd, &address);
	return asked(fd) == HARD && strcmp(received(fd), "--T") == 0 ? 0 : 1;
}

static void fork_while_receiving(char **args)
{
	struct sockaddr_in address;
	pthread_t threads[3];
	int sockets[COUNT(threads)], wrong = 0;

	(void)args;
	for (size_t i = 0; i < COUNT(threads); i++) {
		sockets[i] = udp(&address);
		MUST(-pthread_create(&threads[i], NULL, receiver_main, &sockets[i]));
	}
	for (int i = 0; i < 100; i++) {
		const pid_t child = (pid_t)MUST(fork());

		if (child == 0)
			_exit(in_child());
		wrong += status_of(child) != 0;
	}
	atomic_store(&over, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		MUST(-pthread_join(threads[i], NULL));
	fact("100 children, %d wrong", wrong);
	all_is_well();
}

static char *self;
static char read_words[][5] = {"read", "9"}; /* the scenario that is executed */

static void spawn(char **args)
{
	char *const words[] = {self, read_words[0], read_words[1], NULL};
	struct sockaddr_in address;
	posix_spawn_file_actions_t actions;
	const int fd = udp(&address);
	pid_t child;

	(void)args;
	ask(fd, HARD);
	MUST(-posix_spawn_file_actions_init(&actions));
	MUST(-posix_spawn_file_actions_adddup2(&actions, fd, 9));
	MUST(-posix_spawn(&child, self, &actions, NULL, words, environ));
	MUST(-posix_spawn_file_actions_destroy(&actions));
	fact("spawned: status %d", status_of(child));
	child = vfork();
	if (child == 0) {
		dup2(fd, 9);
		execv(self, words);
		_exit(1);
	}
	fact("after vfork: status %d", status_of(child));
	send_to(fd, &address);
	fact("here: read 0x%x, received %s", asked(fd), received(fd));
	all_is_well();
}

/* A child of vfork has the parent's memory, but descriptors of its own. */
static void vfork_duplicates(char **args)
{
	struct sockaddr_in hard_address, soft_address;
	const int hard = udp(&hard_address), soft = udp(&soft_address);
	struct room room;
	pid_t child;

	(void)args;
	ask(hard, HARD);
	ask(soft, SOFT);
	for (int turn = 0; turn < 2; turn++) {
		send_to(hard, &hard_address);
		send_to(soft, &soft_address);
		fact("hardware %s, software %s", received(hard), received(soft));
		send_to(hard, &hard_address); /* for the child */
		child = vfork();
		if (child == 0) {
			dup2(hard, soft);
			close(hard);
			asked(soft);
			receive(soft, &room, 0);
			_exit(0);
		}
		status_of(child);
	}
	fact("read 0x%x and 0x%x", asked(hard), asked(soft));
}

/* A child of vfork unshares what it does not share; then the socket's note is overwritten, so that only
 * what the process itself knows is exact. */
static void vfork_unshares(char **args)
{
	const struct timespec times[2] = {{1, 2}, {3, 4}};
	struct sockaddr_in address;
	const int fd = udp(&address);
	const pid_t child = vfork();

	(void)args;
	if (child == 0) {
		unshare(CLONE_FILES);
		_exit(0);
	}
	status_of(child);
	ask(fd, HARD | SOFT);
	MUST(futimens(fd, times));
	fact("read 0x%x", asked(fd));
}

static uint32_t set_of(int i)
{
	static const uint32_t sets[] = {HARD, HARD | SOFT, SOFT,
					HARD | SOF_TIMESTAMPING_SOFTWARE};

	return sets[(size_t)i % COUNT(sets)];
}

#define WORKERS 16
#define PASSING 20000                               /* sockets, for each of the workers */
#define NOT_TOLD (HARD | SOF_TIMESTAMPING_SOFTWARE) /* cannot be worked out */

/* Until told: then whether its connection still has the flags. */
static _Noreturn void serve(int connection, int turn)
{
	char byte;

	MUST(read(turn, &byte, 1));
	_exit(asked(connection) == NOT_TOLD ? 0 : 1);
}

/* Sockets that request something and that request nothing. */
static void let_sockets_pass(int count)
{
	for (int i = 0; i < count; i++) {
		const int fd = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

		ask(fd, i & 1 ? set_of(i) : 0);
		asked(fd);
		MUST(close(fd));
	}
}

/* A server that gives each connection to a process of its own, and closes it. */
static void forking_server(char **args)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	const int listener = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int turn[2], wrong = 0;

	(void)args;
	MUST(pipe2(turn, O_CLOEXEC));
	MUST(listen(listener, 1));
	MUST(getsockname(listener, (struct sockaddr *)&address, &size));
	ask(listener, NOT_TOLD);
	for (int i = 0; i < WORKERS; i++) {
		const int near =
			(int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
		int connection;

		MUST(connect(near, (struct sockaddr *)&address, size));
		connection = (int)MUST(accept(listener, NULL, NULL));
		wrong += asked(connection) != NOT_TOLD;
		if (MUST(fork()) == 0)
			serve(connection, turn[0]);
		MUST(close(connection));
	}
	let_sockets_pass(WORKERS * PASSING);
	for (int i = 0; i < WORKERS; i++)
		MUST(write(turn[1], "", 1));
	for (int i = 0; i < WORKERS; i++)
		wrong += status_of(-1) != 0;
	fact("%d connections, %d not as the listener", WORKERS, wrong);
	all_is_well();
}

/* The other side of spawn and exec. args: number */
static void read_inherited(char **args)
{
	const int fd = atoi(args[0]);
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	MUST(getsockname(fd, (struct sockaddr *)&address, &size));
	send_to(fd, &address);
	fact("inherited: read 0x%x, received %s", asked(fd), received(fd));
}

/* args: "bare" for no library in what is executed */
static void exec(char **args)
{
	char *const words[] = {self, read_words[0], read_words[1], NULL};
	struct sockaddr_in address;
	const int fd = udp(&address);

	ask(fd, HARD);
	MUST(dup2(fd, 9));
	if (args[0])
		MUST(unsetenv("LD_PRELOAD"));
	fact("before: read 0x%x", asked(fd));
	MUST(execv(self, words));
}

/* ---- dlopen */

/* args: library, "local" or "deep" */
static void open_library(char **args)
{
	const int how = RTLD_NOW | RTLD_LOCAL |
			(strcmp(args[1], "deep") == 0 ? RTLD_DEEPBIND : 0);
	int answers = 0;

	for (int turn = 0; turn < 10; turn++) {
		void *library = dlopen(args[0], how);
		int (*is_present)(void), (*their_dup)(int);
		int fd;

		if (!library) {
			fact("dlopen: %s", dlerror());
			exit(2);
		}
		is_present = (int (*)(void))dlsym(library, "onload_is_present");
		their_dup = (int (*)(int))dlsym(library, "dup");
		fd = their_dup(STDERR_FILENO);
		answers += is_present() == 0 && fd >= 0 && close(fd) == 0;
		MUST(dlclose(library));
	}
	/* What it remembers is mapped once, not each time. */
	fact("10 times opened, %d times answered, then %s", answers,
	     dlopen(args[0], RTLD_NOW | RTLD_NOLOAD) ? "still there" : "gone");
	all_is_well();
}

/* ---- many descriptors, and limits */

static bool limit_of(rlim_t wanted)
{
	struct rlimit limit;

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	limit.rlim_cur = wanted;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* Sockets, each with a set of its own. All of them, and those of the other
 * processes, are open before the first is read. */
static int open_many(int count, atomic_int *others)
{
	const time_t end = now() + WAIT_SECONDS;
	int *fds = malloc((size_t)count * sizeof(*fds));
	int wrong = 0;

	for (int i = 0; i < count; i++) {
		fds[i] = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		ask(fds[i], set_of(i));
	}
	atomic_fetch_sub(others, 1);
	while (atomic_load(others) > 0 && now() < end)
		sched_yield();
	for (int i = 0; i < count; i++)
		wrong += asked(fds[i]) != set_of(i);
	for (int i = 0; i < count; i++)
		MUST(close(fds[i]));
	free(fds);
	return wrong;
}

/* The same in several processes. */
static int open_many_forked(int count, int most, atomic_int *opening)
{
	const int processes = count / most + 1;
	int wrong = 0;

	atomic_store(opening, processes);
	for (int i = 0; i < processes; i++) {
		if (MUST(fork()) == 0) {
			wrong = open_many((count + processes - 1) / processes, opening);
			_exit(wrong < 100 ? wrong : 100);
		}
	}
	for (int i = 0; i < processes; i++)
		wrong += status_of(-1);
	return wrong;
}

/* args: how many */
static void many(char **args)
{
	const int count = atoi(args[0]);
	atomic_int *opening = mmap(NULL, sizeof(*opening), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rlimit limit;
	int wrong;

	MUST(opening == MAP_FAILED ? -1 : 0);
	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	if (limit_of((rlim_t)count + 64)) {
		atomic_store(opening, 1);
		wrong = open_many(count, opening);
	} else {
		fact("not run: %d descriptors in one process: the limit is %lu", count,
		     (unsigned long)limit.rlim_max);
		MUST(limit_of(limit.rlim_max));
		wrong = open_many_forked(count, (int)limit.rlim_max - 64, opening);
	}
	fact("%d sockets, %d not as they were set", count, wrong);
	all_is_well();
}

static void limits(char **args)
{
	struct sockaddr_in address;
	const int low = udp(&address), high = 800;

	(void)args;
	MUST(limit_of(1000));
	MUST(dup3(low, high, O_CLOEXEC));
	ask(high, HARD);
	MUST(limit_of(64));
	send_to(low, &address);
	fact("above the limit: read 0x%x, received %s", asked(high), received(high));
	ask(high, HARD | SOFT);
	fact("dup2 above the limit: %d", dup2(low, 801));
	MUST(limit_of(1000));
	MUST(dup3(high, 801, O_CLOEXEC));
	send_to(low, &address);
	fact("below it again: read 0x%x, received %s", asked(801), received(801));
	all_is_well();
}

/* ---- short of memory */

static void short_of_memory(char **args)
{
	void *volatile memory = malloc(1); /* or the compiler leaves the call out */

	(void)args;
	fact("malloc gives %s", memory ? "memory" : "none");
	all_is_well();
}

/* Executes this program anew, where no memory can be mapped that is not
 * reserved: that is how the library maps its own. args: the scenario to run so
 */
static void without_mmap(char **args)
{
	char *const words[] = {self, args[0], NULL};
	const uint32_t flags = MAP_NORESERVE | MAP_ANONYMOUS;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[3])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, flags),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {COUNT(code), code};

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		fact("not run: needs seccomp filters: %s", strerror(errno));
		return;
	}
	MUST(execv(self, words));
}

static void plain(char **args)
{
	(void)args;
	all_is_well();
}

static const struct scenario scenarios[] = {
	{"cancel", cancel},
	{"dlopen", open_library},
	{"exec", exec},
	{"fork", fork_while_receiving},
	{"forking_server", forking_server},
	{"left_setters", left_setters},
	{"limits", limits},
	{"many", many},
	{"plain", plain},
	{"read", read_inherited},
	{"short_of_memory", short_of_memory},
	{"signals", signals},
	{"signals_inside", signals_inside},
	{"spawn", spawn},
	{"vfork_duplicates", vfork_duplicates},
	{"vfork_unshares", vfork_unshares},
	{"without_mmap", without_mmap},
};

int main(int argc, char **argv)
{
	self = argv[0];
	return run_scenario(scenarios, COUNT(scenarios), argc, argv);
}
