/* SPDX-License-Identifier: GPL-2.0-only */
/* A probe is an application of libc's sockets and of nothing else: it is run with and without the
 * library, and what it prints is compared.
 *
 * It runs one scenario and prints what that saw as lines `key=value`: words and numbers that are
 * the same on each run, so no times, descriptors, ports or pointers. Scenarios are functions, so
 * that early.c can run them in a constructor too.
 * Whatever cannot be set up ends the probe with a line on stderr and status 2. */
#ifndef LKOS_TESTS_HARNESS_PROBE_H
#define LKOS_TESTS_HARNESS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WAIT_MS 10000 /* no wait is longer; none is expected to come near */

struct scenario {
	const char *name;
	void (*run)(char **args); /* the words after the name, then NULL */
};

/* Ends with an empty row; each probe_*.c that holds scenarios has one. */
extern const struct scenario scenarios[];

/* argv as main gets it: the scenario's name and its arguments follow the program's name. */
int run_scenario(char **argv);

/* Prints one line. One write, so that forked processes do not mix theirs. */
void fact(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a call gave: "5", or "-1 EINVAL". Good until some calls later. */
const char *outcome(long result);

/* The result, unless it is -1: then the probe ends here. */
long must(long result, const char *what);
#define MUST(call) must((long)(call), #call)

/* Says what this machine lacks, and ends the probe well. */
_Noreturn void not_run(const char *needs);

/* poll() for these events: what came, or 0 when the wait was over. */
short wait_for(int fd, short events);

/* From its return on, the next point of cancellation ends this thread. */
void cancel_this_thread(void);

/* The child's exit status; anything else it ends with ends the probe. */
int finish(pid_t child);

/* ---- sockets (probe_net.c) */

struct family {
	const char *name;
	int domain, type, protocol;
};

const struct family *family_named(const char *name);
bool is_tcp(const struct family *family);
bool is_inet(const struct family *family);

/* A new socket; unbound. */
int fresh_socket(const struct family *family);

/* A bound socket, on loopback; TCP listens too. addr may be NULL. */
int bound_socket(const struct family *family, struct sockaddr_storage *addr,
		 socklen_t *size);

/* Two ends, each connected to the other. */
struct pair {
	int near, far;
};
struct pair connected_pair(const struct family *family);
void close_pair(struct pair pair);

/* Calls a function for each kind of descriptor that is none of an IP socket, by its name: an open one, one
 * that is closed, and numbers that are never one. */
void for_other_descriptors(void (*look)(const char *what, int fd));

/* Waits until all that was sent on an IP socket is with the other end: on a slow machine, what is sent on
 * loopback arrives some time after the call. */
void wait_until_sent(int fd);

/* A TCP connection made to this listener: `near` connects, `far` is not accepted yet (-1). */
struct pair connect_to(const struct family *family, int listener);

/* A namespace of its own for networks, with loopback: packet and raw sockets are allowed there.
 * Where the machine does not allow one, the scenario is not run. */
void enter_own_network(void);

/* ---- descriptors that travel (probe_net.c) */

void send_descriptor(int channel, int fd);
int receive_descriptor(int channel, bool several); /* by recvmsg, or by recvmmsg */

/* ---- system calls (probe_syscalls.c) */

/* How many the call makes, counted in a forked child. -1: tracing is not allowed here. */
int count_syscalls(void (*call)(int fd), int fd);

/* The same for instructions outside of the kernel: some of getting there and back are among them. */
int count_instructions(void (*call)(int fd), int fd);

#endif
