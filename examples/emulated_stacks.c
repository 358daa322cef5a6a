/* SPDX-License-Identifier: GPL-2.0-only */
/* A server as an Onload user writes it: it names the stacks that its sockets are made in, gives each
 * worker a stack of its own, moves accepted connections there, and asks what has become of them.
 * One function per feature, one line of output for each answer. It talks to itself over loopback.
 *
 *     cc -o emulated_stacks emulated_stacks.c -lonload_ext -lpthread
 *     LD_PRELOAD=liblk_onload_emulation.so:liblk_onload_stub.so ./emulated_stacks
 *
 * Exit status: 0 whatever the answers are; 1 if sockets do not work here. */
#define _GNU_SOURCE 1 /* for strerrorname_np */

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <onload/extensions.h>

#define NAME_ROOM 64

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(EXIT_FAILURE);
	}
	return result;
}

/* A value, and errno where the call set it. */
static void print_result(const char *feature, int value)
{
	const int error = errno;

	if (value == -1)
		printf("%s: -1, errno %s\n", feature, strerrorname_np(error));
	else
		printf("%s: %d\n", feature, value);
}

/* ---- Sockets ---- */

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int new_socket(void)
{
	return must(socket(AF_INET, SOCK_STREAM, 0), "socket");
}

struct connection {
	int listener, client, server;
};

static struct connection connection(void)
{
	struct sockaddr_in address = loopback();
	socklen_t size = sizeof(address);
	struct connection made = {.listener = new_socket()};

	must(bind(made.listener, (struct sockaddr *)&address, size), "bind");
	must(listen(made.listener, 1), "listen");
	must(getsockname(made.listener, (struct sockaddr *)&address, &size),
	     "getsockname");
	made.client = new_socket();
	must(connect(made.client, (struct sockaddr *)&address, size), "connect");
	made.server = must(accept(made.listener, NULL, NULL), "accept");
	return made;
}

static void close_connection(struct connection connection)
{
	close(connection.client);
	close(connection.server);
	close(connection.listener);
}

/* ---- Stacks ---- */

/* The name of the stack that a socket is in, with T for this thread's number. */
static const char *stack_of(int fd)
{
	static __thread char text[NAME_ROOM];
	char own[NAME_ROOM];
	struct onload_stat stat;
	char *suffix;

	if (onload_fd_stat(fd, &stat) != 1)
		return "none";
	snprintf(text, sizeof(text), "\"%s\"", stat.stack_name);
	free(stat.stack_name);
	snprintf(own, sizeof(own), "-t%ld\"", syscall(SYS_gettid));
	suffix = strstr(text, own);
	if (suffix)
		strcpy(suffix, "-tT\"");
	return text;
}

static const char *stack_now(void)
{
	const int fd = new_socket();
	const char *name = stack_of(fd);

	close(fd);
	return name;
}

static void in_stack(const char *name)
{
	onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, name);
}

static void presence(void)
{
	printf("onload_is_present: %d\n", onload_is_present());
}

static void named_stack(void)
{
	printf("stack of a new socket: %s\n", stack_now());
	in_stack("trading");
	printf("stack after onload_set_stackname: %s\n", stack_now());
	print_result("a name of 17 bytes",
		     onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL,
					  "0123456789abcdefg"));
}

static void saved_stack(void)
{
	in_stack("trading");
	onload_stackname_save();
	in_stack("logging");
	onload_stackname_restore();
	printf("stack saved, set, restored: %s\n", stack_now());
	print_result("restored once more", onload_stackname_restore());
}

static void ordinary_socket(void)
{
	const int fd = onload_socket_nonaccel(AF_INET, SOCK_DGRAM, 0);

	in_stack(ONLOAD_DONT_ACCELERATE);
	printf("stack after ONLOAD_DONT_ACCELERATE: %s\n", stack_now());
	printf("stack of onload_socket_nonaccel: %s\n", stack_of(fd));
	close(fd);
}

/* What a worker does with a connection that it is given. */
static void *work(void *given)
{
	const int server = *(int *)given;

	onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "worker");
	print_result("accepted connection moved by a worker", onload_move_fd(server));
	printf("stack of the moved connection: %s\n", stack_of(server));
	onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "other");
	print_result("moved a second time", onload_move_fd(server));
	return NULL;
}

static void moves(void)
{
	struct connection made;
	pthread_t worker;

	in_stack("listening");
	made = connection();
	in_stack("trading");
	printf("stack of an accepted connection: %s\n", stack_of(made.server));
	pthread_create(&worker, NULL, work, &made.server);
	pthread_join(worker, NULL);
	print_result("listener moved", onload_move_fd(made.listener));
	close_connection(made);
}

/* ---- What else is asked ---- */

static void options(void)
{
	int64_t value = -1;
	const int set =
		onload_stack_opt_set_int("EF_TCP_SNDBUF_ESTABLISHED_DEFAULT", 262144);
	const int got =
		onload_stack_opt_get_int("EF_TCP_SNDBUF_ESTABLISHED_DEFAULT", &value);

	printf("stack option set, read back: %d, %d, %lld\n", set, got, (long long)value);
	print_result("stack option out of its range",
		     onload_stack_opt_set_int("EF_TX_PUSH", 7));
	onload_stack_opt_reset();
}

static void spinning(void)
{
	unsigned mask = 0;
	const int set = onload_thread_set_spin(ONLOAD_SPIN_MIMIC_EF_POLL, 1);
	const int got = onload_thread_get_spin(&mask);

	printf("spinning set, read back: %d, %d, 0x%x\n", set, got, mask);
}

static void connection_state(void)
{
	const struct connection made = connection();
	struct onload_stat stat = {.stack_name = NULL};
	struct onload_tcp_info info = {.rcvbuf_used = -1};
	int size = sizeof(info);

	must((int)send(made.client, "quote", 5, 0), "send");
	must((int)recv(made.server, &(char[5]){0}, 5, MSG_PEEK | MSG_WAITALL), "recv");
	if (onload_fd_stat(made.server, &stat) == 1)
		free(stat.stack_name);
	printf("endpoint state of a connection: 0x%x\n",
	       (unsigned int)stat.endpoint_state);
	print_result("can be warmed",
		     onload_fd_check_feature(made.client, ONLOAD_FD_FEAT_MSG_WARM));
	if (onload_get_tcp_info(made.server, &info, &size) == 0)
		printf("onload_get_tcp_info, unread bytes: %d\n", info.rcvbuf_used);
	else
		print_result("onload_get_tcp_info, unread bytes", -1);
	close_connection(made);
}

int main(void)
{
	presence();
	named_stack();
	saved_stack();
	ordinary_socket();
	moves();
	options();
	spinning();
	connection_state();
	return 0;
}
