/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios that give the library something to log, and some that are in its way. */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/probe.h"

#define NUMBER 100 /* the descriptor whose requests are logged */

static long ask(int fd, uint32_t flags)
{
	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, sizeof(flags));
}

static void quiet(char **args)
{
	(void)args;
	fact("done=yes");
}

/* One line each: hardware, hardware again, with TX_SOFTWARE. None: software, all, refused. */
static void requests(char **args)
{
	static const uint32_t flags[] = {
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
		SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
		SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
		0,
		0x7f,
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE | 1U << 30,
	};

	(void)args;
	MUST(dup2(fresh_socket(family_named("udp4")), NUMBER));
	for (size_t i = 0; i < COUNT(flags); i++)
		fact("0x%x=%s", flags[i], outcome(ask(NUMBER, flags[i])));
}

static void *extension(const char *name)
{
	void *found = dlsym(RTLD_DEFAULT, name);

	if (!found)
		fact("%s=not found", name);
	return found;
}

/* Each twice, with no arguments that matter. */
static void extensions(char **args)
{
	int (*is_present)(void) = extension("onload_is_present");
	int (*get_spin)(unsigned int *) = extension("onload_thread_get_spin");
	int (*get_option)(const char *, int64_t *) =
		extension("onload_stack_opt_get_int");
	int (*nonaccel)(int, int, int) = extension("onload_socket_nonaccel");
	int (*ordered)(int, void *, void *, int, int) =
		extension("onload_ordered_epoll_wait");

	(void)args;
	for (int i = 0; i < 2; i++) {
		fact("onload_is_present=%d", is_present());
		fact("onload_thread_get_spin=%d", get_spin(NULL));
		fact("onload_stack_opt_get_int=%s",
		     outcome(get_option("EF_POLL_USEC", NULL)));
		fact("onload_socket_nonaccel=%s", outcome(nonaccel(-1, 0, 0)));
		fact("onload_ordered_epoll_wait=%s",
		     outcome(ordered(-1, NULL, NULL, 1, 0)));
	}
}

/* What the log writes from here on, if anything, and where to. */
static void provoke(int fd)
{
	int (*is_present)(void) = extension("onload_is_present");

	is_present();
	MUST(ask(fd, SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE));
}

static void say_landed(int fd)
{
	char room[4096];

	fact("landed=%s", outcome(recv(fd, room, sizeof(room), MSG_DONTWAIT)));
}

/* The application puts a socket in the place of the log's number. args: that number. */
static void taken(char **args)
{
	const struct pair pair = connected_pair(family_named("unix_stream"));
	const int number = atoi(args[0]);

	MUST(close(number));
	MUST(dup2(pair.near, number));
	MUST(dup2(fresh_socket(family_named("udp4")), NUMBER));
	provoke(NUMBER);
	say_landed(pair.far);
}

/* It closes all but the standard ones, as daemons do, and gives the numbers out again. */
static void all_closed(char **args)
{
	struct pair pair;

	(void)args;
	closefrom(3);
	pair = connected_pair(family_named("unix_stream"));
	for (int number = 0; number < 900; number++)
		MUST(fcntl(pair.near, F_DUPFD, 3));
	MUST(dup2(fresh_socket(family_named("udp4")), NUMBER));
	provoke(NUMBER);
	say_landed(pair.far);
}

/* It puts a socket over every number, those that it does not know too. */
static void all_taken(char **args)
{
	const struct pair pair = connected_pair(family_named("unix_stream"));

	(void)args;
	for (int number = 3; number < 1000; number++) {
		if (number != pair.near && number != pair.far)
			MUST(dup2(pair.near, number));
	}
	MUST(dup2(fresh_socket(family_named("udp4")), NUMBER));
	provoke(NUMBER);
	say_landed(pair.far);
}

/* The descriptors that are not standard ones, and are not the log's own number (args). */
static void descriptors(char **args)
{
	const int number = atoi(args[0]);

	for (int fd = 3; fd < 1024; fd++) {
		if (fd != number && fcntl(fd, F_GETFD) >= 0)
			fact("descriptor=%s, %s", fd < 256 ? "low" : "high",
			     fcntl(fd, F_GETFD) & FD_CLOEXEC ? "closed by exec"
							     : "kept by exec");
	}
}

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

static void broken_pipe(char **args)
{
	(void)args;
	MUST(dup2(fresh_socket(family_named("udp4")), NUMBER));
	provoke(NUMBER); /* no handler: the signal would end us */
	signal(SIGPIPE, count_signal);
	MUST(ask(NUMBER, SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE));
	fact("signals=%d", (int)signals);
}

/* A SIGPIPE of the application's own, blocked and waiting, stays its own. */
static void broken_pipe_of_its_own(char **args)
{
	sigset_t pipe_only, waiting;

	(void)args;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	MUST(sigprocmask(SIG_BLOCK, &pipe_only, NULL));
	raise(SIGPIPE);
	MUST(dup2(fresh_socket(family_named("udp4")), NUMBER));
	provoke(NUMBER);
	MUST(sigpending(&waiting));
	fact("waiting=%d", sigismember(&waiting, SIGPIPE));
	MUST(sigprocmask(SIG_BLOCK, NULL, &waiting));
	fact("blocked=%d", sigismember(&waiting, SIGPIPE));
}

static void *provoke_cancelled(void *arg)
{
	cancel_this_thread();
	provoke(NUMBER);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return arg;
}

/* setsockopt is no point of cancellation, so it must not be one for what it logs. */
static void cancelled_before(char **args)
{
	pthread_t thread;
	void *result;

	(void)args;
	MUST(dup2(fresh_socket(family_named("udp4")), NUMBER));
	MUST(-pthread_create(&thread, NULL, provoke_cancelled, NULL));
	MUST(-pthread_join(thread, &result));
	fact("setsockopt=%s", result == PTHREAD_CANCELED ? "cancelled" : "returned");
}

const struct scenario scenarios[] = {
	{"quiet", quiet},
	{"requests", requests},
	{"extensions", extensions},
	{"taken", taken},
	{"all_closed", all_closed},
	{"all_taken", all_taken},
	{"descriptors", descriptors},
	{"broken_pipe", broken_pipe},
	{"cancelled_before", cancelled_before},
	{"broken_pipe_of_its_own", broken_pipe_of_its_own},
	{NULL, NULL},
};
