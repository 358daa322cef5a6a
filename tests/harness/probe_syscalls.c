/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/probe.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK 4095 /* no system call: made before and after those that are counted */

/* The child. It inherits all that the process knows of its descriptors. */
static _Noreturn void be_traced(void (*call)(int fd), int fd)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(1);
	raise(SIGSTOP);
	syscall(MARK);
	call(fd);
	syscall(MARK);
	raise(SIGSYS); /* the mark of those who count steps */
	_exit(0);
}

/* Lets the child run into its next system call. return: that call's number, or -1. */
static long next_call(pid_t child)
{
	struct __ptrace_syscall_info info;
	int status;

	do {
		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0 ||
		    waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) <= 0)
			return -1;
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY);
	return (long)info.entry.nr;
}

/* The system calls up to the next mark. -1: it did not come. */
static int calls_to_mark(pid_t child)
{
	for (int count = 0;; count++) {
		const long number = next_call(child);

		if (number < 0 || number == MARK)
			return number < 0 ? -1 : count;
	}
}

/* A step at a time, to the signal behind the last mark. -1: it did not come. */
static int steps_to_mark(pid_t child)
{
	int status, count = 0;

	do {
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0 ||
		    waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
			return -1;
		count++;
	} while (WSTOPSIG(status) == SIGTRAP);
	return WSTOPSIG(status) == SIGSYS ? count : -1;
}

/* `count` is called at the first mark. */
static int trace(void (*call)(int fd), int fd, int (*count)(pid_t child))
{
	const pid_t child = (pid_t)MUST(fork());
	int status, counted;

	if (child == 0)
		be_traced(call, fd);
	MUST(waitpid(child, &status, 0));
	if (!WIFSTOPPED(status))
		return -1;
	MUST(ptrace(PTRACE_SETOPTIONS, child, NULL,
		    PTRACE_O_TRACESYSGOOD |
			    PTRACE_O_EXITKILL)); /* without the first, no info */
	counted = calls_to_mark(child) < 0 ? -1 : count(child);
	kill(child, SIGKILL);
	MUST(waitpid(child, &status, 0));
	return counted;
}

int count_syscalls(void (*call)(int fd), int fd)
{
	return trace(call, fd, calls_to_mark);
}

int count_instructions(void (*call)(int fd), int fd)
{
	return trace(call, fd, steps_to_mark);
}
