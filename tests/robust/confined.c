/* SPDX-License-Identifier: GPL-2.0-only */
/* usage: confined SCENARIO [ARGUMENT...]
 *
 * Programs with little room: a sandbox of few system calls, little memory that may be locked, a small
 * stack, a descriptor whose file system does not answer. Each scenario prints lines that are the same
 * on each run. status: 0 well, 2 it could not be set up */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "tests/robust/datagrams.h"
#include "tests/robust/must.h"
#include "tests/robust/stamped.h"

static char *self;

static _Noreturn void not_run(const char *what)
{
	fact("not run: needs %s: %s", what, strerror(errno));
	exit(0);
}

/* ---- a sandbox */

#define ALLOW(name)                                                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                           \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void confine(const struct sock_fprog *program)
{
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) != 0)
		not_run("seccomp filters");
}

/* From now on each other system call kills. */
static void allow_messages_only(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(sendmsg),
		ALLOW(recvmsg),
		ALLOW(sendmmsg),
		ALLOW(recvmmsg),
		ALLOW(accept),
		ALLOW(accept4),
		ALLOW(sendto),
		ALLOW(recvfrom),
		ALLOW(read),
		ALLOW(write),
		ALLOW(dup),
		ALLOW(close),
		ALLOW(exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};

	confine(&(struct sock_fprog){COUNT(code), code});
}

/* What such a program uses: an own datagram socket, a channel that brings descriptors, a listener with
 * connections that wait. */
struct sandboxed {
	int datagrams, channel[2], listener;
};

static void connect_one(const struct sockaddr_in *address)
{
	const int fd = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	MUST(connect(fd, (const struct sockaddr *)address, sizeof(*address)));
}

static struct sandboxed open_sandboxed(void)
{
	struct sandboxed has;
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	has.datagrams = udp(&address);
	MUST(connect(has.datagrams, (struct sockaddr *)&address, size));
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, has.channel));
	has.listener = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	MUST(listen(has.listener, 4));
	MUST(getsockname(has.listener, (struct sockaddr *)&address, &size));
	connect_one(&address);
	connect_one(&address);
	return has;
}

static void send_descriptor(int channel, int fd)
{
	struct room room = {.data = "d"};
	struct cmsghdr *at;

	make_room(&room);
	room.piece.iov_len = 1;
	room.msg.msg_controllen = CMSG_SPACE(sizeof(fd));
	at = CMSG_FIRSTHDR(&room.msg);
	*at = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(fd)),
			       .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(at), &fd, sizeof(fd));
	MUST(sendmsg(channel, &room.msg, 0));
}

static int receive_descriptor(int channel)
{
	struct room room;
	int fd;

	MUST(receive(channel, &room, 0));
	MUST(CMSG_FIRSTHDR(&room.msg) ? 0 : -1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&room.msg)), sizeof(fd));
	return fd;
}

/* Each message call, on a socket that is the program's own. */
static void use_messages(int fd)
{
	struct room room = {.data = "text"};
	struct mmsghdr one = {.msg_len = 0};

	make_room(&room);
	room.msg.msg_controllen = 0;
	MUST(sendmsg(fd, &room.msg, 0));
	MUST(receive(fd, &room, 0));
	make_room(&room);
	one.msg_hdr = room.msg;
	one.msg_hdr.msg_controllen = 0;
	MUST(sendmmsg(fd, &one, 1, 0));
	make_room(&room);
	one.msg_hdr = room.msg;
	MUST(recvmmsg(fd, &one, 1, 0, NULL));
	MUST(send(fd, "", 0, 0));
	MUST(recv(fd, room.data, 1, 0));
}

static void use_all(const struct sandboxed *has)
{
	use_messages(has->datagrams);
	MUST(close((int)MUST(accept(has->listener, NULL, NULL))));
	MUST(close((int)MUST(dup((int)MUST(accept4(has->listener, NULL, NULL, 0))))));
}

static void in_sandbox(const struct sandboxed *has, int arrives)
{
	if (arrives >= 0)
		send_descriptor(has->channel[0], arrives);
	allow_messages_only();
	use_messages(has->datagrams);
	if (arrives >= 0)
		receive_descriptor(has->channel[1]);
	use_all(has);
}

static void say_end(const char *what, pid_t child)
{
	fact("%s: status %d", what, status_of(child));
}

/* In a child each: what arrives is a file, a socket, nothing. */
static void sandbox(char **args)
{
	const struct {
		const char *name;
		int fd;
	} arrivals[] = {
		{"nothing arrived", -1},
		{"a file arrived", (int)MUST(open("/dev/null", O_RDONLY | O_CLOEXEC))},
		{"a socket arrived",
		 (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))},
	};

	(void)args;
	for (size_t i = 0; i < COUNT(arrivals); i++) {
		const struct sandboxed has = open_sandboxed();
		const pid_t child = (pid_t)MUST(fork());

		if (child == 0) {
			in_sandbox(&has, arrivals[i].fd);
			_exit(0);
		}
		say_end(arrivals[i].name, child);
	}
}

/* A sandbox in which a process may fork, but not ask for its number. */
static void sandbox_forks(char **args)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sandboxed has = open_sandboxed();
	pid_t child;

	(void)args;
	confine(&(struct sock_fprog){COUNT(code), code});
	child = (pid_t)MUST(fork());
	if (child == 0) {
		use_all(&has);
		_exit(0);
	}
	say_end("forked", child);
}

/* Its standard input may be a socket. */
static void sandbox_alone(char **args)
{
	const struct sandboxed has = open_sandboxed();

	(void)args;
	allow_messages_only();
	use_all(&has);
	fact("lived");
	_exit(0);
}

/* A sibling, forked from the same process, receives a descriptor while this one is in its sandbox. */
static void sandbox_sibling(char **args)
{
	const struct sandboxed has = open_sandboxed();
	const int file = (int)MUST(open("/dev/null", O_RDONLY | O_CLOEXEC));
	int turn[2];
	char byte = 'x';
	pid_t child, sibling;

	(void)args;
	MUST(pipe2(turn, O_CLOEXEC));
	child = (pid_t)MUST(fork());
	if (child == 0) {
		allow_messages_only();
		use_messages(has.datagrams);
		MUST(read(turn[0], &byte, 1));
		use_all(&has);
		_exit(0);
	}
	sibling = (pid_t)MUST(fork());
	if (sibling == 0) {
		send_descriptor(has.channel[0], file);
		receive_descriptor(has.channel[1]);
		_exit(0);
	}
	say_end("the sibling", sibling);
	MUST(write(turn[1], &byte, 1));
	say_end("in the sandbox", child);
}

/* ---- memory */

/* How many mappings of this process are shared and can be written. */
static int shared_mappings(void)
{
	char line[512], rights[8];
	FILE *maps = fopen("/proc/self/maps", "re");
	int count = 0;

	MUST(maps ? 0 : -1);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*s %7s", rights) == 1)
			count += rights[1] == 'w' && rights[3] == 's';
	}
	fclose(maps);
	return count;
}

/* What one process writes to its memory, another must not read. */
static void shared_memory(char **args)
{
	pid_t child;

	(void)args;
	all_is_well();
	fact("%d shared mappings that can be written", shared_mappings());
	child = (pid_t)MUST(fork());
	if (child == 0) {
		all_is_well();
		fact("%d in a child", shared_mappings());
		_exit(0);
	}
	status_of(child);
}

#define LOCKED_MOST (4 << 20)

/* No way around the limit: without CAP_IPC_LOCK. */
static void limit_locked_memory(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	const struct rlimit limit = {LOCKED_MOST, LOCKED_MOST};

	MUST(syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	data[0].permitted &= ~(1U << CAP_IPC_LOCK);
	MUST(syscall(SYS_capset, &header, data));
	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		not_run("4 MiB that may be locked");
}

static void locked_memory(char **args)
{
	int result;

	(void)args;
	limit_locked_memory();
	result = mlockall(MCL_CURRENT | MCL_FUTURE);
	fact("mlockall: %s", result == 0 ? "0" : strerror(errno));
	all_is_well();
}

/* ---- a socket of another user */

#define NOBODY 65534
#define CHOSEN 50 /* a number that nothing else has */

static void say_asked(const char *how, int fd)
{
	fact("%s: read 0x%x", how, asked(fd));
}

/* Made by root, and used when that was given up: now somebody else's. */
static void rights_dropped(char **args)
{
	struct sockaddr_in address;
	const int fd = udp(&address), other = udp(&address);
	pid_t child;

	(void)args;
	if (setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) != 0)
		not_run("root");
	ask(fd, HARD | SOFT);
	ask(other, HARD);
	say_asked("itself", fd);
	say_asked("dup", (int)MUST(dup(fd)));
	say_asked("dup2 to itself", (int)MUST(dup2(fd, fd)));
	if (dup3(fd, fd, 0) == 0)
		printf("dup3 to itself succeeded\n");
	say_asked("refused dup3 to itself", fd);
	say_asked("dup2", (int)MUST(dup2(fd, CHOSEN)));
	say_asked("dup3", (int)MUST(dup3(CHOSEN, CHOSEN + 1, O_CLOEXEC)));
	say_asked("F_DUPFD", (int)MUST(fcntl(fd, F_DUPFD, CHOSEN)));
	say_asked("F_DUPFD_CLOEXEC", (int)MUST(fcntl(fd, F_DUPFD_CLOEXEC, CHOSEN)));
	child = (pid_t)MUST(fork());
	if (child == 0) {
		say_asked("in a child", fd);
		_exit(0);
	}
	status_of(child);
	ask(fd, HARD);
	say_asked("set anew", fd);
}

/* ---- a small stack */

#define STACK_SIZE 65536
#define PAINT 0xA5

static unsigned char stack[STACK_SIZE];
static ucontext_t main_line, on_stack;
static int called_fd;
static struct mmsghdr messages[9];
static _Alignas(struct cmsghdr) char request[CMSG_SPACE(sizeof(uint32_t))];
static struct iovec text = {(char[]){"text"}, 4};
static const uint32_t noted_flags = HARD | SOFT; /* of those that cannot be worked out */

static void prepare_messages(void)
{
	const uint32_t flags = SOF_TIMESTAMPING_TX_HARDWARE;
	struct cmsghdr *at = (struct cmsghdr *)request;

	*at = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(flags)),
			       .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SO_TIMESTAMPING};
	memcpy(CMSG_DATA(at), &flags, sizeof(flags));
	for (size_t i = 0; i < COUNT(messages); i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &text,
						      .msg_iovlen = 1,
						      .msg_control = request,
						      .msg_controllen = sizeof(request)};
}

static void call_sendmsg(void)
{
	MUST(sendmsg(called_fd, &messages[0].msg_hdr, 0));
}

static void raw_sendmsg(void)
{
	MUST(syscall(SYS_sendmsg, called_fd, &messages[0].msg_hdr, 0));
}

static void call_sendmmsg(void)
{
	MUST(sendmmsg(called_fd, messages, COUNT(messages), 0));
}

static void raw_sendmmsg(void)
{
	MUST(syscall(SYS_sendmmsg, called_fd, messages, COUNT(messages), 0));
}

static void call_setsockopt(void)
{
	MUST(setsockopt(called_fd, SOL_SOCKET, SO_TIMESTAMPING, &noted_flags,
			sizeof(noted_flags)));
}

/* A set that the kernel gets another of, which is what the log has a line for. */
static void call_setsockopt_logged(void)
{
	ask(called_fd, HARD);
}

static void raw_setsockopt(void)
{
	MUST(syscall(SYS_setsockopt, called_fd, SOL_SOCKET, SO_TIMESTAMPING, &noted_flags,
		     sizeof(noted_flags)));
}

static void call_getsockopt(void)
{
	asked(called_fd);
}

static void raw_getsockopt(void)
{
	uint32_t flags;
	socklen_t size = sizeof(flags);

	MUST(syscall(SYS_getsockopt, called_fd, SOL_SOCKET, SO_TIMESTAMPING, &flags,
		     &size));
}

static void call_recvmsg(void)
{
	struct room room;

	MUST(receive(called_fd, &room, 0));
}

static void raw_recvmsg(void)
{
	struct room room;

	make_room(&room);
	MUST(syscall(SYS_recvmsg, called_fd, &room.msg, 0));
}

static void call_accept(void)
{
	MUST(close((int)MUST(accept(called_fd, NULL, NULL))));
}

static void raw_accept(void)
{
	MUST(syscall(SYS_close, MUST(syscall(SYS_accept, called_fd, NULL, NULL))));
}

/* Sockets on which the calls are made. Each is new, so that nothing is known of it. */
static int sending_socket(void)
{
	struct sockaddr_in address;
	const int fd = udp(&address);

	MUST(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	ask(fd, SOF_TIMESTAMPING_RAW_HARDWARE);
	return fd;
}

static int receiving_socket(void)
{
	struct sockaddr_in address;
	const int fd = udp(&address);

	ask(fd, noted_flags);
	send_to(fd, &address);
	return fd;
}

static int plain_socket(void)
{
	struct sockaddr_in address;

	return udp(&address);
}

static int listening_socket(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	const int fd = (int)MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	MUST(listen(fd, 4));
	ask(fd, noted_flags);
	MUST(getsockname(fd, (struct sockaddr *)&address, &size));
	connect_one(&address);
	return fd;
}

/* The bytes of the painted stack that the call, or what it calls, has written over. */
static size_t stack_used(void (*call)(void), int (*open_socket)(void))
{
	size_t untouched = 0;

	called_fd = open_socket();
	memset(stack, PAINT, sizeof(stack));
	MUST(getcontext(&on_stack));
	on_stack.uc_stack.ss_sp = stack;
	on_stack.uc_stack.ss_size = sizeof(stack);
	on_stack.uc_link = &main_line;
	makecontext(&on_stack, call, 0);
	MUST(swapcontext(&main_line, &on_stack));
	MUST(close(called_fd));
	while (untouched < sizeof(stack) && stack[untouched] == PAINT)
		untouched++;
	return sizeof(stack) - untouched;
}

/* args: the most that a call may use beyond the same system call */
static void small_stack(char **args)
{
	static const struct {
		const char *name;
		void (*call)(void), (*raw)(void);
		int (*open_socket)(void);
	} rows[] = {
		{"sendmsg", call_sendmsg, raw_sendmsg, sending_socket},
		{"sendmmsg", call_sendmmsg, raw_sendmmsg, sending_socket},
		{"setsockopt", call_setsockopt, raw_setsockopt, plain_socket},
		{"setsockopt of hardware stamps", call_setsockopt_logged, raw_setsockopt,
		 plain_socket},
		{"getsockopt", call_getsockopt, raw_getsockopt, receiving_socket},
		{"recvmsg", call_recvmsg, raw_recvmsg, receiving_socket},
		{"accept", call_accept, raw_accept, listening_socket},
	};
	const long most = atol(args[0]);

	prepare_messages();
	for (size_t i = 0; i < COUNT(rows); i++) {
		long used = 0;

		/* The first time, the loader finds the functions. */
		for (int turn = 0; turn < 2; turn++)
			used = (long)stack_used(rows[i].call, rows[i].open_socket) -
			       (long)stack_used(rows[i].raw, rows[i].open_socket);
		fprintf(stderr, "%s: %ld bytes of stack\n", rows[i].name, used);
		if (used < most)
			fact("%s: fits", rows[i].name);
		else
			fact("%s: %ld bytes", rows[i].name, used);
	}
}

/* ---- a file system that does not answer */

#define SERVER_WAIT_MS 20000

/* The root of a FUSE file system that nobody serves: whatever asks about it waits. */
static int open_unanswered(void)
{
	char folder[] = "/tmp/unansweredXXXXXX", options[128];
	const int server = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int fd;

	if (server < 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		not_run("root and /dev/fuse");
	MUST(mkdtemp(folder) ? 0 : -1);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 server);
	if (mount("nobody", folder, "fuse", MS_NOSUID | MS_NODEV, options) != 0) {
		MUST(rmdir(folder));
		not_run("a mount of FUSE");
	}
	fd = (int)MUST(open(folder, O_PATH));
	MUST(umount2(folder, MNT_DETACH));
	MUST(rmdir(folder));
	return fd;
}

/* What starts with such a descriptor must start. */
static void unanswered(char **args)
{
	const int fd = open_unanswered();
	struct pollfd end = {.events = POLLIN};
	const pid_t child = (pid_t)MUST(fork());

	(void)args;
	if (child == 0) {
		execl(self, self, "plain", NULL);
		_exit(1);
	}
	end.fd = (int)MUST(syscall(SYS_pidfd_open, child, 0));
	if (MUST(poll(&end, 1, SERVER_WAIT_MS)) == 0) {
		MUST(kill(child, SIGKILL));
		fact("it waited for the file system");
	}
	say_end("started with it", child);
	MUST(close(fd));
}

static void plain(char **args)
{
	(void)args;
	all_is_well();
}

static const struct scenario scenarios[] = {
	{"locked_memory", locked_memory},   {"plain", plain},
	{"rights_dropped", rights_dropped}, {"sandbox", sandbox},
	{"sandbox_alone", sandbox_alone},   {"sandbox_forks", sandbox_forks},
	{"sandbox_sibling", sandbox_sibling},
	{"shared_memory", shared_memory},   {"small_stack", small_stack},
	{"unanswered", unanswered},
};

int main(int argc, char **argv)
{
	self = argv[0];
	return run_scenario(scenarios, COUNT(scenarios), argc, argv);
}
