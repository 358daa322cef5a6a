/* SPDX-License-Identifier: GPL-2.0-only */
/* Is the first packet stamped that comes after a socket asked for a card's stamps? Each process can
 * have one first packet only, so it is a program that executes itself again and again:
 *
 *     first_packet KIND COUNT hardware    KIND is a name of `kinds` below
 *     first_packet KIND COUNT software    the same for software stamps: the kernel's own affair
 *     first_packet held           how long the kernel goes on stamping, in lines `what=yes` or `no`
 *     first_packet unmapped       the same, where a socket cannot be mapped, as before Linux 4.18
 *     first_packet down           what asking gives where loopback is down
 *     first_packet started        whether it is held from the start, in such a line
 *     first_packet exhausted      the same after asking without a free descriptor, and again with some
 *
 * All in a network of its own, on loopback. The kernel's switch for stamping is the whole machine's:
 * each process is started once it is off; where somebody else keeps it on, one that finds it on is
 * counted as such.
 *
 * exit: 0; 2 with a message where something cannot be set up; 3 where no network of its own is
 * allowed. */
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/robust/must.h"

#define WAIT_MS 10000 /* for a packet, or for a switch that somebody turns for certain */
#define OFF_MS 2000   /* for a switch that somebody else may keep on */
#define PAUSE_US 500

#define NOT_ALLOWED 3

static const char *self;

/* ---- sockets */

static int bound(int type)
{
	const struct sockaddr_in own = {.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = (int)MUST(socket(AF_INET, type | SOCK_CLOEXEC, 0));

	MUST(bind(fd, (const struct sockaddr *)&own, sizeof(own)));
	return fd;
}

static void connect_to(int fd, int peer)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);

	MUST(getsockname(peer, (struct sockaddr *)&addr, &size));
	MUST(connect(fd, (struct sockaddr *)&addr, size));
}

static void ask(int fd, uint32_t flags)
{
	MUST(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)));
}

#define HARDWARE (SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)
#define SOFTWARE (SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)

static void arrive(int fd)
{
	struct pollfd arrival = {.fd = fd, .events = POLLIN};

	MUST(poll(&arrival, 1, WAIT_MS) == 1 ? 0 : -1);
}

/* The slot of the one stamp that a message brings; -1: it brings none. */
static int slot_of_stamp(int fd)
{
	_Alignas(struct cmsghdr) unsigned char control[256];
	char data[16];
	struct iovec piece = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &piece,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};

	arrive(fd);
	MUST(recvmsg(fd, &msg, 0));
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&msg); at; at = CMSG_NXTHDR(&msg, at)) {
		struct timespec stamps[3];

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SO_TIMESTAMPING)
			continue;
		memcpy(stamps, CMSG_DATA(at), sizeof(stamps));
		for (int i = 0; i < 3; i++) {
			if (stamps[i].tv_sec != 0)
				return i;
		}
	}
	return -1;
}

/* ---- one process: is its first packet stamped? */

static int by_udp(uint32_t flags)
{
	const int from = bound(SOCK_DGRAM), to = bound(SOCK_DGRAM);

	connect_to(from, to);
	ask(to, flags);
	MUST(send(from, "first", 5, 0));
	return slot_of_stamp(to);
}

/* early: the packet is there before the socket is, which asks then. */
static int by_connection(uint32_t flags, bool early)
{
	const int listener = bound(SOCK_STREAM), from = bound(SOCK_STREAM);
	int to;

	MUST(listen(listener, 1));
	connect_to(from, listener);
	if (early) {
		MUST(send(from, "first", 5, 0));
		to = (int)MUST(accept(listener, NULL, NULL));
		arrive(to);
		ask(to, flags);
	} else {
		to = (int)MUST(accept(listener, NULL, NULL));
		ask(to, flags);
		MUST(send(from, "first", 5, 0));
	}
	return slot_of_stamp(to);
}

static int by_tcp(uint32_t flags)
{
	return by_connection(flags, false);
}

static int by_early_tcp(uint32_t flags)
{
	return by_connection(flags, true);
}

static int by_stack_option(uint32_t flags)
{
	int (*set)(const char *, int64_t) = (int (*)(const char *, int64_t))dlsym(
		RTLD_DEFAULT, "onload_stack_opt_set_int");

	if (set)
		MUST(set("EF_RX_TIMESTAMPING", 1));
	return by_connection(flags, true);
}

static const struct {
	const char *name;
	int (*slot_of_first)(uint32_t flags);
} kinds[] = {
	{"udp", by_udp},
	{"tcp", by_tcp},
	{"early_tcp", by_early_tcp}, /* to be told by its environment */
	{"stack_option", by_stack_option},
};

/* exit: 0 where the first packet has its stamp, 1 where not. */
static int run_kind(const char *name, bool hardware)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return hardware ? kinds[i].slot_of_first(HARDWARE) != 2
					: kinds[i].slot_of_first(SOFTWARE) != 0;
	}
	errno = EINVAL;
	return (int)MUST(-1);
}

/* ---- the switch */

static void own_network(bool up)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		exit(NOT_ALLOWED);
	if (!up)
		return;
	fd = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
	MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

/* A socket that shows stamps which are made for others. */
static int looking_socket(void)
{
	const int fd = bound(SOCK_DGRAM);

	connect_to(fd, fd);
	ask(fd, SOF_TIMESTAMPING_SOFTWARE);
	return fd;
}

static bool is_on(int looking)
{
	MUST(send(looking, "look", 4, 0));
	return slot_of_stamp(looking) >= 0;
}

/* Becomes it so within that time? */
static bool becomes(int looking, bool on, int milliseconds)
{
	for (int i = 0; i < milliseconds * 1000 / PAUSE_US; i++) {
		if (is_on(looking) == on)
			return true;
		usleep(PAUSE_US);
	}
	return false;
}

/* ---- many processes */

static int status_of(pid_t child)
{
	int status;

	MUST(waitpid(child, &status, 0));
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		fprintf(stderr, "first_packet: a process ended with 0x%x\n", status);
		exit(2);
	}
	return WEXITSTATUS(status);
}

static pid_t execute(const char *kind, const char *stamps)
{
	const pid_t child = (pid_t)MUST(fork());

	if (child == 0) {
		MUST(setenv("EF_RX_TIMESTAMPING",
			    strcmp(kind, "early_tcp") == 0 ? "1" : "0", 1));
		execl(self, self, "one", kind, stamps, (char *)NULL);
		MUST(-1);
	}
	return child;
}

static void many(const char *kind, int count, const char *stamps)
{
	const int looking = looking_socket();
	int were_off = 0, without = 0;

	for (int i = 0; i < count; i++) {
		/* Of a machine where it stays on, this is not waited for a thousand times. */
		const bool patient = i < 3 || were_off > 0;

		were_off += becomes(looking, false, patient ? OFF_MS : 1);
		without += status_of(execute(kind, stamps));
	}
	printf("%d processes, %d of them begun with stamping off, %d first packets "
	       "without a stamp\n",
	       count, were_off, without);
}

/* ---- how long it is held */

static void say(const char *what, bool yes)
{
	printf("%s=%s\n", what, yes ? "yes" : "no");
	fflush(stdout);
}

static int open_descriptors(void)
{
	DIR *entries = opendir("/proc/self/fd");
	int count = 0;

	MUST(entries ? 0 : -1);
	while (readdir(entries))
		count++;
	closedir(entries);
	return count;
}

static bool is_socket_mapped(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[1024];
	bool found = false;

	MUST(file ? 0 : -1);
	while (fgets(line, sizeof(line), file))
		found = found || strstr(line, " socket:[");
	fclose(file);
	return found;
}

/* What is mapped to be shared is refused from now on, also in a program that is executed. */
static void forbid_mapping(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAP_SHARED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENODEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* Asks, and lets its socket go: what is left is what the library holds. */
static void ask_and_close(void)
{
	const int before = open_descriptors(), fd = bound(SOCK_DGRAM);

	ask(fd, HARDWARE);
	close(fd);
	say("another descriptor", open_descriptors() != before);
}

/* The library needs a descriptor for a moment. */
static void exhaust(void)
{
	const int fd = bound(SOCK_DGRAM);
	struct rlimit usual, none_left;

	MUST(getrlimit(RLIMIT_NOFILE, &usual));
	none_left = usual;
	none_left.rlim_cur = (rlim_t)fd + 1;
	MUST(setrlimit(RLIMIT_NOFILE, &none_left));
	ask(fd, HARDWARE);
	MUST(setrlimit(RLIMIT_NOFILE, &usual));
	say("held with none left", is_socket_mapped());
	ask(fd, HARDWARE);
	say("held with more", is_socket_mapped());
}

/* Until the process has become another program. */
static void wait_for_program(pid_t child)
{
	char path[32], name[8] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)child);
	while (strcmp(name, "cat\n") != 0) {
		file = fopen(path, "re");
		MUST(file && fgets(name, sizeof(name), file) ? 0 : -1);
		fclose(file);
	}
}

/* Until the other end is closed. */
static void wait_for_end(int fd)
{
	char byte;

	MUST(read(fd, &byte, 1));
}

/* Its parent has asked, and is gone. */
static void leave_to_child(int ended)
{
	if (MUST(fork()) > 0)
		_exit(0);
	wait_for_end(ended);
	_exit(0);
}

/* A program that asks for nothing, and reads to the end too. */
static void leave_to_program(int ended)
{
	MUST(dup2(ended, STDIN_FILENO));
	execl("/bin/cat", "cat", (char *)NULL);
	MUST(-1);
}

static void hold(int looking, bool can_map, const char *name, void (*leave_to)(int ended))
{
	int ends[2];
	pid_t child;
	char text[64];

	say("on before", !becomes(looking, false, OFF_MS));
	MUST(pipe2(ends, O_CLOEXEC));
	child = (pid_t)MUST(fork());
	if (child == 0) {
		close(ends[1]);
		if (!can_map)
			forbid_mapping();
		ask_and_close();
		leave_to(ends[0]);
	}
	close(ends[0]);
	if (leave_to == leave_to_child)
		status_of(child);
	else
		wait_for_program(child);
	snprintf(text, sizeof(text), "on in %s", name);
	say(text, is_on(looking) && !becomes(looking, false, OFF_MS));
	close(ends[1]);
	say("on in the end", !becomes(looking, false, OFF_MS));
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 4 && strcmp(argv[1], "one") == 0)
		return run_kind(argv[2], strcmp(argv[3], "hardware") == 0);
	if (argc == 2 && strcmp(argv[1], "started") == 0) {
		say("held", is_socket_mapped());
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "exhausted") == 0) {
		exhaust();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "down") == 0) {
		own_network(false);
		ask((int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), HARDWARE);
		puts("asked");
		return 0;
	}
	own_network(true);
	if (argc == 4) {
		many(argv[1], atoi(argv[2]), argv[3]);
	} else {
		const bool can_map = argc == 2 && strcmp(argv[1], "held") == 0;
		const int looking = looking_socket();

		hold(looking, can_map, "a forked child", leave_to_child);
		hold(looking, can_map, "an executed program", leave_to_program);
	}
	return 0;
}
