/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that receives and sends with packet buffers. */
#include <onload/extensions.h>
#include <onload/extensions_zc.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"
#include "tests/harness/signal_storm.h"

#define BUFFER_SIZE 2048
#define LIMIT 1024 /* the smallest value of EF_MAX_PACKETS */
#define BYTES 70000

/* ---- data that tells where it belongs */

static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 7 + at / 251);
}

static unsigned char *data(void)
{
	static unsigned char bytes[BYTES];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pattern(i);
	return bytes;
}

static void send_bytes(int fd, size_t from, size_t length)
{
	must(send(fd, data() + from, length, 0) == (ssize_t)length ? 0 : -1, "send");
}

/* ---- what callbacks were given */

struct seen {
	enum onload_zc_callback_rc answers[16]; /* to each callback; then CONTINUE */
	bool quiet;
	int calls;
	size_t bytes; /* of all callbacks: of a stream they are in order */
	onload_zc_handle kept[16];
	void *kept_bytes[16];
	int kept_count;
	void (*also)(struct onload_zc_recv_args *args); /* in the first callback */
};

/* The bytes of a message, and whether they are those from `from` on. */
static size_t length_of(const struct onload_zc_recv_args *args, size_t from, bool *right)
{
	size_t length = 0;

	*right = true;
	for (size_t i = 0; i < args->msg.msghdr.msg_iovlen; i++) {
		const struct onload_zc_iovec *piece = args->msg.iov + i;
		const unsigned char *bytes = piece->iov_base;

		*right &= piece->iov_len <= BUFFER_SIZE && piece->buf &&
			  piece->iov_flags == 0;
		for (size_t at = 0; at < piece->iov_len; at++)
			*right &= bytes[at] == pattern(from + length++);
	}
	return length;
}

static const char *flags_text(int flags)
{
	return flags == 0                        ? "none"
	       : flags == ONLOAD_ZC_END_OF_BURST ? "END_OF_BURST"
	       : flags == ONLOAD_ZC_MSG_SHARED   ? "SHARED"
						 : "SHARED|END_OF_BURST";
}

static enum onload_zc_callback_rc note(struct onload_zc_recv_args *args, int flags)
{
	struct seen *const seen = args->user_ptr;
	const enum onload_zc_callback_rc answer = seen->calls < (int)COUNT(seen->answers)
							  ? seen->answers[seen->calls]
							  : ONLOAD_ZC_CONTINUE;
	struct sockaddr_storage *const name = args->msg.msghdr.msg_name;
	const bool tcp = name && args->msg.msghdr.msg_namelen == 0;
	bool right;
	const size_t length = length_of(args, tcp ? seen->bytes : 0, &right);

	if (!seen->quiet)
		fact("callback: %zu bytes in %zu, %s; name of %u%s; control of %zu; "
		     "msg_flags 0x%x; %s",
		     length, args->msg.msghdr.msg_iovlen, right ? "right" : "WRONG",
		     args->msg.msghdr.msg_namelen,
		     name && !tcp ? name->ss_family == AF_INET ? " IPv4" : " IPv6" : "",
		     args->msg.msghdr.msg_controllen,
		     (unsigned int)args->msg.msghdr.msg_flags, flags_text(flags));
	else if (!right)
		fact("WRONG");
	if (answer & ONLOAD_ZC_KEEP) {
		seen->kept_bytes[seen->kept_count] = args->msg.iov[0].iov_base;
		seen->kept[seen->kept_count++] = args->msg.iov[0].buf;
	}
	seen->bytes += length;
	if (seen->calls++ == 0 && seen->also)
		seen->also(args);
	return answer;
}

static int receive(int fd, struct seen *seen, int flags)
{
	struct sockaddr_storage name;
	struct onload_zc_recv_args args = {
		.msg.msghdr = {.msg_name = &name, .msg_namelen = sizeof(name)},
		.cb = note,
		.user_ptr = seen,
		.flags = flags,
	};

	return onload_zc_recv(fd, &args);
}

static void say_receive(const char *what, int fd, struct seen *seen, int flags)
{
	errno = UNTOUCHED;
	say_answer(what, receive(fd, seen, flags));
}

/* ---- buffers */

static int take_buffer(int fd, struct onload_zc_iovec *buffer)
{
	return onload_zc_alloc_buffers(fd, buffer, 1, ONLOAD_ZC_BUFFER_HDR_TCP);
}

/* How many can be had: all that are in nobody's hands. */
static int buffers_left(int fd)
{
	static struct onload_zc_iovec buffers[LIMIT + 1];
	int count = 0;

	while (count <= LIMIT && take_buffer(fd, buffers + count) == 0)
		count++;
	for (int i = 0; i < count; i++)
		MUST(onload_zc_release_buffers(fd, &buffers[i].buf, 1) == 0 ? 0 : -1);
	return count;
}

/* From here on this thread can have no more than LIMIT buffers. */
static void set_limit(void)
{
	MUST(onload_stack_opt_set_int("EF_MAX_PACKETS", LIMIT));
}

static void say_left(int fd)
{
	fact("buffers that are not out=%d", buffers_left(fd) - LIMIT);
}

static void in_stack(const char *name)
{
	MUST(onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, name));
}

/* ---- each class of descriptor */

static void row(const char *what, int fd)
{
	struct onload_zc_iovec none = {.iov_base = NULL};
	onload_zc_handle no_handle = NULL;
	struct onload_zc_mmsg message = {.fd = fd, .msg.iov = &none};
	struct msghdr header = {.msg_iov = NULL};
	struct seen seen = {.quiet = true};
	int receives, allocates, releases, sends, syncs, kernel;

	errno = UNTOUCHED;
	receives = receive(fd, &seen, MSG_DONTWAIT);
	allocates = onload_zc_alloc_buffers(fd, &none, 0, ONLOAD_ZC_BUFFER_HDR_NONE);
	releases = onload_zc_release_buffers(fd, &no_handle, 0);
	sends = onload_zc_send(&message, 1, 0);
	syncs = onload_zc_await_stack_sync(fd);
	fact("%s: recv %d, alloc %d, release %d, send %d rc %d, sync %d, %s", what,
	     receives, allocates, releases, sends, message.rc, syncs,
	     errno == UNTOUCHED ? "errno untouched" : strerrorname_np(errno));
	kernel = onload_recvmsg_kernel(fd, &header, 0);
	fact("%s: recvmsg_kernel %d, %s", what, kernel,
	     errno == UNTOUCHED ? "errno untouched" : strerrorname_np(errno));
}

static void table(char **args)
{
	const struct family *tcp = family_named(args[0]), *udp = family_named(args[1]);
	int ends[2], fd;

	row("UDP", fresh_socket(udp));
	row("TCP, fresh", fresh_socket(tcp));
	row("TCP, listening", bound_socket(tcp, NULL, NULL));
	row("TCP, connected", connected_pair(tcp).near);
	row("plain UDP", onload_socket_nonaccel(udp->domain, SOCK_DGRAM, 0));
	row("plain TCP", onload_socket_nonaccel(tcp->domain, SOCK_STREAM, 0));
	row("UNIX", fresh_socket(family_named("unix_stream")));
	MUST(pipe(ends));
	row("pipe", ends[0]);
	row("epoll", epoll_create1(0));
	row("file", fd = (int)MUST(open("/dev/null", O_RDONLY)));
	close(fd);
	row("closed", fd);
	row("-1", -1);
	row("beyond the limit", 1 << 30);
}

/* ---- UDP */

static void datagrams(char **args)
{
	static const size_t lengths[] = {100, 0, 1726, 1727, 5000, 65000, 1};
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = false};

	set_limit();
	for (size_t i = 0; i < COUNT(lengths); i++)
		send_bytes(pair.near, 0, lengths[i]);
	say_receive("all of them", pair.far, &seen, 0);
	say_receive("empty", pair.far, &seen, MSG_DONTWAIT);
	say_left(pair.far);
}

static void stopping(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {
		.answers = {ONLOAD_ZC_CONTINUE, ONLOAD_ZC_TERMINATE, ONLOAD_ZC_MODIFIED}};

	for (size_t i = 1; i < 5; i++)
		send_bytes(pair.near, 0, i);
	say_receive("stopped after two", pair.far, &seen, 0);
	say_receive("the rest, inline", pair.far, &seen, ONLOAD_MSG_RECV_OS_INLINE);
}

static void keeping(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.answers = {ONLOAD_ZC_KEEP, ONLOAD_ZC_CONTINUE,
					ONLOAD_ZC_KEEP | ONLOAD_ZC_TERMINATE}};
	const size_t lengths[] = {100, 1000, 5000};

	set_limit();
	for (size_t i = 0; i < COUNT(lengths); i++)
		send_bytes(pair.near, 0, lengths[i]);
	say_receive("kept two of three", pair.far, &seen, 0);
	fact("still out=%d", LIMIT - buffers_left(pair.far));
	/* as many as wanted, by the first of each */
	SAY(onload_zc_release_buffers(pair.near, seen.kept, 2));
	SAY(onload_zc_release_buffers(pair.near, seen.kept, 1));
	say_left(pair.far);
}

/* Kept buffers stay as they are while others come and go. */
static void keeping_long(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen kept = {.answers = {ONLOAD_ZC_KEEP}, .quiet = true};
	struct seen others = {.quiet = true};

	send_bytes(pair.near, 0, 500);
	MUST(receive(pair.far, &kept, 0));
	for (int i = 0; i < 3000; i++) {
		send_bytes(pair.near, 0, 1000);
		MUST(receive(pair.far, &others, 0));
		others.bytes = 0;
	}
	fact("others=%d, same=%d", others.calls,
	     memcmp(kept.kept_bytes[0], data(), 500) == 0);
	SAY(onload_zc_release_buffers(pair.far, kept.kept, 1));
}

static onload_zc_handle second_buffer;

static void note_second(struct onload_zc_recv_args *args)
{
	second_buffer = args->msg.iov[1].buf;
}

static onload_zc_handle first_buffer;

static void note_first(struct onload_zc_recv_args *args)
{
	first_buffer = args->msg.iov[0].buf;
}

/* What is no buffer to give back. */
static void misuse(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	struct seen seen = {
		.answers = {ONLOAD_ZC_KEEP}, .also = note_second, .quiet = true};
	struct seen not_kept = {.also = note_first, .quiet = true};
	struct onload_zc_iovec buffers[2];
	onload_zc_handle handles[3];
	int elsewhere;

	set_limit();
	in_stack("elsewhere");
	elsewhere = fresh_socket(family);
	in_stack("");
	send_bytes(pair.near, 0, 5000);
	MUST(receive(pair.far, &seen, 0));
	SAY_AS("the second of a datagram",
	       onload_zc_release_buffers(pair.far, &second_buffer, 1));
	SAY_AS("by a socket of another stack",
	       onload_zc_release_buffers(elsewhere, seen.kept, 1));
	handles[0] = (onload_zc_handle)((char *)seen.kept[0] + 1);
	SAY_AS("inside of a buffer", onload_zc_release_buffers(pair.far, handles, 1));
	handles[0] = (onload_zc_handle)&seen;
	SAY_AS("memory of the program", onload_zc_release_buffers(pair.far, handles, 1));
	handles[0] = NULL;
	SAY_AS("NULL", onload_zc_release_buffers(pair.far, handles, 1));
	handles[0] = ONLOAD_ZC_HANDLE_NONZC;
	SAY_AS("no buffer", onload_zc_release_buffers(pair.far, handles, 1));
	handles[0] = handles[1] = seen.kept[0];
	SAY_AS("twice in a call", onload_zc_release_buffers(pair.far, handles, 2));
	MUST(onload_zc_alloc_buffers(pair.far, buffers, 2, ONLOAD_ZC_BUFFER_HDR_UDP));
	handles[0] = buffers[0].buf;
	handles[1] = NULL;
	handles[2] = buffers[1].buf;
	SAY_AS("two and a bad one", onload_zc_release_buffers(pair.far, handles, 3));
	handles[1] = seen.kept[0];
	SAY_AS("all three, which are not given back yet",
	       onload_zc_release_buffers(pair.far, handles, 3));
	SAY_AS("all three, again", onload_zc_release_buffers(pair.far, handles, 3));
	send_bytes(pair.near, 0, 10);
	MUST(receive(pair.far, &not_kept, 0));
	SAY_AS("not kept", onload_zc_release_buffers(pair.far, &first_buffer, 1));
	SAY_AS("no list", onload_zc_release_buffers(pair.far, NULL, 1));
	SAY_AS("no memory", onload_zc_alloc_buffers(pair.far, NULL, 1, 0));
	SAY_AS("no arguments", onload_zc_recv(pair.far, NULL));
	SAY_AS("no callback",
	       onload_zc_recv(pair.far, &(struct onload_zc_recv_args){.flags = 0}));
	say_left(pair.far);
}

/* ---- the codes of both */

static void ignore(int number)
{
	(void)number;
}

static int to_send_from_handler = -1;

static void send_from_handler(int number)
{
	const int kept = errno;

	(void)number;
	if (to_send_from_handler >= 0)
		must(send(to_send_from_handler, "", 1, 0), "send");
	to_send_from_handler = -1;
	errno = kept;
}

/* Alarms until one has come while the call waited. */
static int receive_under_alarms(int fd, struct seen *seen, void (*handler)(int), int flags)
{
	const struct itimerval often = {.it_interval.tv_usec = 2000,
					.it_value.tv_usec = 2000};
	const struct itimerval never = {.it_value.tv_usec = 0};
	const struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	int result;

	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(setitimer(ITIMER_REAL, &often, NULL));
	result = receive(fd, seen, 0);
	MUST(setitimer(ITIMER_REAL, &never, NULL));
	return result;
}

static void waiting(char **args)
{
	const struct timeval soon = {.tv_usec = 1000}, never = {.tv_usec = 0};
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true};

	set_limit();
	SAY_AS("DONTWAIT", receive(pair.far, &seen, ONLOAD_MSG_DONTWAIT));
	MUST(fcntl(pair.far, F_SETFL, O_NONBLOCK));
	SAY_AS("O_NONBLOCK", receive(pair.far, &seen, 0));
	MUST(fcntl(pair.far, F_SETFL, 0));
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	SAY_AS("SO_RCVTIMEO", receive(pair.far, &seen, 0));
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never)));
	SAY_AS("signal", receive_under_alarms(pair.far, &seen, ignore, 0));
	to_send_from_handler = pair.near;
	SAY_AS("signal with SA_RESTART, then data",
	       receive_under_alarms(pair.far, &seen, send_from_handler, SA_RESTART));
	fact("callbacks=%d", seen.calls);
	say_left(pair.far);
}

static atomic_bool data_flows;

static enum onload_zc_callback_rc note_flow(struct onload_zc_recv_args *args, int flags)
{
	(void)args;
	(void)flags;
	data_flows = true;
	return ONLOAD_ZC_CONTINUE;
}

static void *receive_in_thread(void *arg)
{
	struct onload_zc_recv_args args = {.cb = note_flow};

	while (onload_zc_recv(*(int *)arg, &args) >= 0)
		;
	return NULL;
}

/* Threads that are cancelled where they wait, and while data comes. */
static void cancelled(char **args)
{
	struct pair pair = connected_pair(family_named(args[0]));
	pthread_t thread;
	void *result;
	int ended = 0;

	set_limit();
	for (int i = 0; i < 200; i++) {
		MUST(pthread_create(&thread, NULL, receive_in_thread, &pair.far) ? -1 : 0);
		data_flows = false;
		while (i % 2 && !data_flows)
			send_bytes(pair.near, 0, 10);
		for (int more = 0; i % 2 && more < 20; more++)
			send_bytes(pair.near, 0, 10);
		MUST(pthread_cancel(thread) ? -1 : 0);
		MUST(pthread_join(thread, &result) ? -1 : 0);
		ended += result == PTHREAD_CANCELED;
	}
	fact("cancelled=%d", ended);
	say_left(pair.far);
}

static void udp_codes(char **args)
{
	const struct family *family = family_named(args[0]);
	struct pair pair = connected_pair(family);
	struct seen seen = {.quiet = true};

	SAY_AS("MSG_PEEK", receive(pair.far, &seen, MSG_PEEK | MSG_DONTWAIT));
	SAY_AS("MSG_ERRQUEUE", receive(pair.far, &seen, MSG_ERRQUEUE));
	SAY_AS("MSG_OOB", receive(pair.far, &seen, MSG_OOB | MSG_DONTWAIT));
	SAY_AS("MSG_TRUNC", receive(pair.far, &seen, MSG_TRUNC | MSG_DONTWAIT));
	SAY_AS("ONEPKT", receive(pair.far, &seen, ONLOAD_MSG_ONEPKT | MSG_DONTWAIT));
	SAY_AS("inline", receive(pair.far, &seen, ONLOAD_ZC_RECV_FLAGS_MASK));
	/* after the other end has gone */
	MUST(close(pair.far));
	send_bytes(pair.near, 0, 1);
	SAY_AS("refused", receive(pair.near, &seen, 0));
	SAY_AS("once", receive(pair.near, &seen, MSG_DONTWAIT));
	pair = connected_pair(family);
	MUST(shutdown(pair.far, SHUT_RD));
	SAY_AS("shut down", receive(pair.far, &seen, 0));
	SAY_AS("shut down, DONTWAIT", receive(pair.far, &seen, MSG_DONTWAIT));
	fact("callbacks=%d", seen.calls);
	seen.quiet = false;
	pair = connected_pair(family);
	send_bytes(pair.near, 0, 4);
	send_bytes(pair.near, 0, 5);
	MUST(shutdown(pair.far, SHUT_RD));
	say_receive("shut down with data", pair.far, &seen, 0);
}

static struct pair callback_pair;
static bool callback_is_tcp;

/* The other end goes, and this one learns of it. */
static void break_connection(struct onload_zc_recv_args *args)
{
	const struct linger reset = {.l_onoff = 1};

	(void)args;
	MUST(setsockopt(callback_pair.near, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	MUST(close(callback_pair.near));
	if (!callback_is_tcp) /* a datagram, which is refused */
		MUST(send(callback_pair.far, "", 1, 0));
	wait_for(callback_pair.far, 0);
}

/* An error that is found after a message was received is for the next call; poll() tells it where nothing
 * else is QUEUED. */
static void error_after_data(char **args)
{
	struct seen seen = {.quiet = true, .also = break_connection};
	const bool by_recv = strcmp(args[1], "recv") == 0;
	const bool queued = strcmp(args[1], "queued") == 0;
	char byte;

	callback_is_tcp = is_tcp(family_named(args[0]));
	callback_pair = connected_pair(family_named(args[0]));
	send_bytes(callback_pair.near, 0, 8);
	if (queued)
		send_bytes(callback_pair.near, 0, 9);
	SAY_AS("first", receive(callback_pair.far, &seen, 0));
	if (!callback_is_tcp && !queued)
		fact("poll tells it=%d",
		     (wait_for(callback_pair.far, POLLIN) & POLLERR) != 0);
	if (by_recv)
		fact("second=%s", outcome(recv(callback_pair.far, &byte, 1, 0)));
	else
		SAY_AS("second", receive(callback_pair.far, &seen, 0));
	fact("callbacks=%d", seen.calls);
	SAY_AS("third", receive(callback_pair.far, &seen, MSG_DONTWAIT));
}

/* A callback that changes all that it may, so that nothing of it is left for the next one. */
static enum onload_zc_callback_rc scribble(struct onload_zc_recv_args *args, int flags)
{
	const enum onload_zc_callback_rc answer = note(args, flags);

	memset(&args->msg, 0x5a, sizeof(args->msg));
	return answer;
}

/* Control data comes with each message. */
static void control(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int on = 1;
	_Alignas(struct cmsghdr) char room[256];
	struct sockaddr_storage name;
	struct seen seen = {.quiet = false};
	struct onload_zc_recv_args receive_args = {
		.msg.msghdr = {.msg_name = &name,
			       .msg_namelen = sizeof(name),
			       .msg_control = room,
			       .msg_controllen = sizeof(room)},
		.cb = scribble,
		.user_ptr = &seen,
	};

	if (family->domain == AF_INET)
		MUST(setsockopt(pair.far, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)));
	else
		MUST(setsockopt(pair.far, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on,
				sizeof(on)));
	for (size_t i = 0; i < 3; i++)
		send_bytes(pair.near, 0, 2000 + i);
	SAY(onload_zc_recv(pair.far, &receive_args));
	fact("user_ptr=%d, cb=%d", receive_args.user_ptr == &seen,
	     receive_args.cb == scribble);
	/* no room for all of it, and no room for a name */
	receive_args.msg.msghdr = (struct msghdr){
		.msg_control = room, .msg_controllen = sizeof(struct cmsghdr)};
	send_bytes(pair.near, 0, 3);
	SAY(onload_zc_recv(pair.far, &receive_args));
}

static void multicast(char **args)
{
	const struct family *family = family_named("udp4");
	const struct in_addr lo = {htonl(INADDR_LOOPBACK)};
	struct sockaddr_in group = {.sin_family = AF_INET};
	struct ip_mreq membership = {.imr_interface = lo};
	socklen_t size = sizeof(group);
	const int on = 1, receiver = fresh_socket(family), sender = fresh_socket(family);
	const bool any = strcmp(args[0], "any") == 0;
	_Alignas(struct cmsghdr) char room[256];
	struct seen seen = {.quiet = false};
	struct onload_zc_recv_args receive_args = {
		.msg.msghdr = {.msg_control = room, .msg_controllen = sizeof(room)},
		.cb = note,
		.user_ptr = &seen,
	};

	group.sin_addr.s_addr = membership.imr_multiaddr.s_addr = inet_addr("239.1.2.3");
	if (any) {
		group.sin_addr.s_addr = htonl(INADDR_ANY);
		MUST(setsockopt(receiver, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)));
	}
	MUST(bind(receiver, (struct sockaddr *)&group, sizeof(group)));
	MUST(getsockname(receiver, (struct sockaddr *)&group, &size));
	MUST(setsockopt(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership,
			sizeof(membership)));
	MUST(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)));
	group.sin_addr = membership.imr_multiaddr;
	for (size_t i = 1; i < 3; i++)
		MUST(sendto(sender, data(), i, 0, (struct sockaddr *)&group, size));
	if (any) {
		group.sin_addr = lo;
		MUST(sendto(sender, data(), 3, 0, (struct sockaddr *)&group, size));
	}
	SAY(onload_zc_recv(receiver, &receive_args));
}

/* ---- callbacks that call */

static void call_all(struct onload_zc_recv_args *args)
{
	const int fd = callback_pair.far;
	struct seen seen = {.quiet = true,
			    .bytes = ((struct seen *)args->user_ptr)->bytes};
	const struct pair pair = connected_pair(family_named("tcp4"));
	struct onload_zc_iovec buffer;
	struct onload_zc_mmsg message = {.fd = pair.near, .msg.iov = &buffer};
	onload_zc_handle handle = args->msg.iov[0].buf;
	char bytes[BUFFER_SIZE];
	struct onload_stat stat;
	int sent;

	(void)args;
	message.msg.msghdr.msg_iovlen = 1;
	fact("in it: recv=%s", outcome(recv(fd, bytes, 100, MSG_DONTWAIT)));
	seen.bytes += 100;
	fact("in it: onload_zc_recv=%d", receive(fd, &seen, MSG_DONTWAIT) >= 0);
	fact("in it: callbacks=%d", seen.calls > 0);
	fact("in it: empty=%d", receive(fd, &seen, MSG_DONTWAIT));
	fact("in it: send=%s", outcome(send(fd, bytes, 10, 0)));
	fact("in it: fd_stat=%d", onload_fd_stat(fd, &stat));
	free(stat.stack_name);
	fact("in it: release=%d", onload_zc_release_buffers(fd, &handle, 1));
	fact("in it: alloc=%d", take_buffer(fd, &buffer));
	buffer.iov_len = 20;
	memcpy(buffer.iov_base, data(), 20);
	sent = onload_zc_send(&message, 1, 0);
	fact("in it: zc_send=%d rc %d", sent, message.rc);
	seen = (struct seen){.quiet = true};
	fact("in it: onload_zc_recv of another=%d", receive(pair.far, &seen, 0));
	close_pair(pair);
}

static void calls_inside(char **args)
{
	const struct family *family = family_named(args[0]);
	struct seen seen = {.also = call_all, .quiet = true};
	char bytes[100];

	set_limit();
	callback_pair = connected_pair(family);
	if (is_tcp(family)) {
		send_bytes(callback_pair.near, 0, 20000);
	} else {
		for (int i = 0; i < 3; i++)
			send_bytes(callback_pair.near, 0, 100);
	}
	wait_until_sent(callback_pair.near);
	fact("onload_zc_recv ended well=%d", receive(callback_pair.far, &seen, 0) >= 0);
	fact("callbacks=%d", seen.calls);
	fact("answer=%s", outcome(recv(callback_pair.near, bytes, sizeof(bytes), 0)));
	say_left(callback_pair.far);
}

static void close_inside(struct onload_zc_recv_args *args)
{
	struct pair other;

	(void)args;
	MUST(close(callback_pair.far));
	/* which gets the number that has been closed */
	other = connected_pair(family_named("udp4"));
	send_bytes(other.near, 0, 10);
	send_bytes(other.far, 0, 10);
}

/* Nothing is read from the socket that has its number then. */
static void closes_inside(char **args)
{
	const struct family *family = family_named(args[0]);
	const int stays = fresh_socket(family);
	struct seen seen = {.also = close_inside, .quiet = true};

	set_limit();
	callback_pair = connected_pair(family);
	send_bytes(callback_pair.near, 0, 3000);
	if (!is_tcp(family))
		send_bytes(callback_pair.near, 0, 3000);
	wait_until_sent(callback_pair.near);
	fact("ended well=%d", receive(callback_pair.far, &seen, 0) >= 0);
	fact("callbacks=%d", seen.calls);
	say_left(stays);
}

/* ---- TCP */

static void stream(char **args)
{
	const struct family *family = family_named(args[0]);
	struct pair pair = connected_pair(family);
	struct seen seen = {.quiet = false};
	int total = 0;

	set_limit();
	send_bytes(pair.near, 0, 1000);
	say_receive("1000 bytes", pair.far, &seen, 0);
	say_receive("nothing", pair.far, &seen, MSG_DONTWAIT);
	seen = (struct seen){.quiet = true};
	send_bytes(pair.near, 0, 60000);
	while (total < 60000)
		total += receive(pair.far, &seen, 0);
	fact("60000 bytes=%d, in order=%d, several callbacks=%d", total,
	     seen.bytes == 60000, seen.calls >= 60000 / BUFFER_SIZE);
	MUST(shutdown(pair.near, SHUT_WR));
	SAY_AS("end", receive(pair.far, &seen, 0));
	SAY_AS("end, DONTWAIT", receive(pair.far, &seen, MSG_DONTWAIT));
	say_left(pair.far);
	pair = connected_pair(family);
	MUST(shutdown(pair.far, SHUT_RD));
	SAY_AS("shut down for reading", receive(pair.far, &seen, 0));
}

static void stream_stops(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true,
			    .answers = {ONLOAD_ZC_CONTINUE, ONLOAD_ZC_TERMINATE}};
	int got;

	send_bytes(pair.near, 0, 10000);
	wait_until_sent(pair.near);
	got = receive(pair.far, &seen, 0);
	fact("stopped after two=%d, the bytes of two=%d", seen.calls == 2,
	     got == (int)seen.bytes && got < 10000);
	while (seen.bytes < 10000)
		MUST(receive(pair.far, &seen, 0) > 0 ? 0 : -1);
	fact("the rest in order=%d", seen.bytes == 10000);
}

static void tcp_codes(char **args)
{
	const struct family *family = family_named(args[0]);
	struct pair pair = connected_pair(family);
	struct seen seen = {.quiet = true};

	SAY_AS("fresh", receive(fresh_socket(family), &seen, 0));
	SAY_AS("listening", receive(bound_socket(family, NULL, NULL), &seen, 0));
	SAY_AS("MSG_OOB", receive(pair.far, &seen, MSG_OOB));
	SAY_AS("WAITALL and ONEPKT",
	       receive(pair.far, &seen, MSG_WAITALL | ONLOAD_MSG_ONEPKT));
	SAY_AS("MSG_ERRQUEUE", receive(pair.far, &seen, MSG_ERRQUEUE));
	SAY_AS("inline", receive(pair.far, &seen, ONLOAD_ZC_RECV_FLAGS_MASK));
	fact("callbacks=%d", seen.calls);
	send_bytes(pair.near, 0, 10);
	SAY_AS("WAITALL", receive(pair.far, &seen, MSG_WAITALL));
	seen.bytes = 0;
	send_bytes(pair.near, 0, 10);
	SAY_AS("MSG_TRUNC", receive(pair.far, &seen, MSG_TRUNC));
	fact("callbacks=%d", seen.calls);
}

static void peeking(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true}, again = {.quiet = true},
		    kept = {.quiet = true, .answers = {ONLOAD_ZC_KEEP}},
		    stopped = {.quiet = true, .answers = {ONLOAD_ZC_TERMINATE}},
		    one = {.quiet = true};
	int got;

	set_limit();
	SAY_AS("nothing", receive(pair.far, &seen, MSG_PEEK | MSG_DONTWAIT));
	send_bytes(pair.near, 0, 10000);
	wait_until_sent(pair.near);
	SAY_AS("all", receive(pair.far, &seen, MSG_PEEK));
	SAY_AS("once more", receive(pair.far, &again, MSG_PEEK));
	fact("the same=%d, several callbacks=%d",
	     seen.bytes == 10000 && again.bytes == 10000,
	     seen.calls >= 10000 / BUFFER_SIZE);
	SAY_AS("kept", receive(pair.far, &kept, MSG_PEEK));
	SAY_AS("which is not", onload_zc_release_buffers(pair.far, kept.kept, 1));
	got = receive(pair.far, &stopped, MSG_PEEK);
	fact("stopped after one=%d", stopped.calls == 1 && got == (int)stopped.bytes);
	got = receive(pair.far, &one, MSG_PEEK | ONLOAD_MSG_ONEPKT);
	fact("of one packet=%d", one.calls == 1 && got == (int)one.bytes);
	seen = (struct seen){.quiet = true};
	SAY_AS("then received", receive(pair.far, &seen, 0));
	say_left(pair.far);
}

static int peek_offset_of(int fd)
{
	int offset;
	socklen_t size = sizeof(offset);

	MUST(getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &size));
	return offset;
}

/* The program has seen all that is queued, and receives it then. */
static void peeked_before(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	struct seen seen = {.quiet = true, .bytes = 4}; /* behind what is peeked at */
	const int start = 0;
	char room[64];

	set_limit();
	if (setsockopt(pair.far, SOL_SOCKET, SO_PEEK_OFF, &start, sizeof(start)) != 0) {
		fact("not run: the kernel has no SO_PEEK_OFF for this socket");
		return;
	}
	send_bytes(pair.near, 0, 10);
	wait_until_sent(pair.near);
	SAY_AS("peeked", (int)recv(pair.far, room, 4, MSG_PEEK));
	if (family->type == SOCK_STREAM) {
		SAY_AS("the rest", receive(pair.far, &seen, MSG_PEEK));
		fact("bytes=%zu", seen.bytes);
	} else {
		SAY_AS("the rest", (int)recv(pair.far, room, sizeof(room), MSG_PEEK));
	}
	fact("offset=%d", peek_offset_of(pair.far));
	seen = (struct seen){.quiet = true};
	MUST(receive(pair.far, &seen, MSG_DONTWAIT));
	fact("received=%zu, offset=%d", seen.bytes, peek_offset_of(pair.far));
	SAY_AS("nothing", receive(pair.far, &seen, MSG_DONTWAIT));
	say_left(pair.far);
}

/* One callback a call; each packet that comes alone is one. */
static void one_packet(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true};

	send_bytes(pair.near, 0, 5000);
	wait_until_sent(pair.near);
	MUST(receive(pair.far, &seen, ONLOAD_MSG_ONEPKT));
	fact("callbacks=%d", seen.calls);
	while (seen.bytes < 5000)
		MUST(receive(pair.far, &seen, 0) > 0 ? 0 : -1);
	fact("in order=%d", seen.bytes == 5000);
	send_bytes(pair.near, 5000, 700);
	wait_until_sent(pair.near);
	SAY_AS("alone", receive(pair.far, &seen, ONLOAD_MSG_ONEPKT));
}

/* Packets that came one by one, and were looked at then, are handed over one by one. */
static void packets(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = false};
	size_t sent = 0;

	for (size_t length = 100; length <= 300; length += 100) {
		struct seen look = {.quiet = true};

		send_bytes(pair.near, sent, length);
		sent += length;
		wait_until_sent(pair.near);
		MUST(receive(pair.far, &look, MSG_PEEK | ONLOAD_MSG_ONEPKT));
	}
	say_receive("three packets", pair.far, &seen, 0);
}

static enum onload_zc_callback_rc count_filtered(struct onload_zc_msg *message, void *arg,
						 int flags)
{
	(void)message;
	(void)flags;
	++*(int *)arg;
	return ONLOAD_ZC_CONTINUE;
}

/* A filter is for the calls of libc. */
static void filtered(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true};
	char bytes[100];
	struct iovec piece = {bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
	int calls = 0;

	MUST(onload_set_recv_filter(pair.far, count_filtered, &calls, 0));
	for (size_t i = 1; i < 4; i++)
		send_bytes(pair.near, 0, i);
	seen.answers[0] = ONLOAD_ZC_TERMINATE;
	SAY_AS("onload_zc_recv", receive(pair.far, &seen, 0));
	SAY(onload_recvmsg_kernel(pair.far, &header, 0));
	fact("calls of the filter=%d", calls);
	fact("recv=%s", outcome(recv(pair.far, bytes, sizeof(bytes), 0)));
	fact("calls of the filter=%d", calls);
}

static void urgent(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true};
	const int on = 1;
	int total = 0;

	MUST(setsockopt(pair.far, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)));
	send_bytes(pair.near, 0, 100);
	MUST(send(pair.near, data() + 100, 1, MSG_OOB));
	send_bytes(pair.near, 101, 100);
	while (total < 201)
		total += (int)MUST(receive(pair.far, &seen, 0));
	fact("all of it in line=%d", seen.bytes == 201);
}

/* ---- memory */

static void limits(char **args)
{
	static struct onload_zc_iovec buffers[LIMIT + 1];
	static onload_zc_handle handles[LIMIT];
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true};

	set_limit();
	SAY_AS("too many", onload_zc_alloc_buffers(pair.far, buffers, LIMIT + 1,
						   ONLOAD_ZC_BUFFER_HDR_NONE));
	SAY_AS("all", onload_zc_alloc_buffers(pair.far, buffers, LIMIT,
					      ONLOAD_ZC_BUFFER_HDR_NONE));
	SAY_AS("one more", take_buffer(pair.near, buffers + LIMIT));
	send_bytes(pair.near, 0, 5000);
	wait_until_sent(pair.near);
	SAY_AS("no buffer to receive into", receive(pair.far, &seen, 0));
	for (int i = 0; i < LIMIT; i++)
		handles[i] = buffers[i].buf;
	SAY_AS("two of them", onload_zc_release_buffers(pair.far, handles, 2));
	seen.answers[0] = seen.answers[1] = ONLOAD_ZC_KEEP;
	fact("in two=%d", receive(pair.far, &seen, 0) >= 0 ? 0 : -1);
	SAY_AS("the others", onload_zc_release_buffers(pair.far, handles + 2, LIMIT - 2));
	while (seen.bytes < 5000)
		MUST(receive(pair.far, &seen, 0) >= 0 ? 0 : -1);
	SAY_AS("kept", onload_zc_release_buffers(pair.far, seen.kept, seen.kept_count));
	fact("nothing lost=%d", seen.bytes == 5000);
	say_left(pair.far);
}

/* What two threads have received of one socket. */
static atomic_int of_both, cut, refused;
static atomic_bool all_sent;

static enum onload_zc_callback_rc note_cut(struct onload_zc_recv_args *args, int flags)
{
	(void)flags;
	cut += (args->msg.msghdr.msg_flags & MSG_TRUNC) != 0;
	of_both++;
	return ONLOAD_ZC_CONTINUE;
}

static void *receive_in_one_of_two(void *fd)
{
	struct onload_zc_recv_args args = {.cb = note_cut, .flags = MSG_DONTWAIT};

	set_limit();
	while (!all_sent)
		refused += onload_zc_recv(*(int *)fd, &args) == -ENOBUFS;
	return NULL;
}

/* Datagrams that take one buffer and two by turns, for two threads, when there are LEFT buffers: one may receive
 * another datagram than it has seen. */
static void few_left(char **args)
{
	static struct onload_zc_iovec buffers[LIMIT];
	struct pair pair = connected_pair(family_named(args[0]));
	const int left = atoi(args[1]);
	pthread_t threads[2];

	set_limit();
	MUST(onload_zc_alloc_buffers(pair.far, buffers, LIMIT - left,
				     ONLOAD_ZC_BUFFER_HDR_NONE));
	for (size_t i = 0; i < COUNT(threads); i++)
		MUST(pthread_create(&threads[i], NULL, receive_in_one_of_two, &pair.far)
			     ? -1
			     : 0);
	for (int sent = 0; sent < 1000; sent += 10) {
		for (int i = 0; i < 10; i++)
			send_bytes(pair.near, 0, i % 2 ? 3000 : 100);
		while (of_both < sent + 10)
			sched_yield();
	}
	all_sent = true;
	for (size_t i = 0; i < COUNT(threads); i++)
		MUST(pthread_join(threads[i], NULL) ? -1 : 0);
	fact("cut=%d", cut);
	if (left >= 4)
		fact("refused=%d", refused);
}

static atomic_int of_all, failed_waits;

static enum onload_zc_callback_rc count_one(struct onload_zc_recv_args *args, int flags)
{
	(void)flags;
	*(bool *)args->user_ptr = true;
	of_all += (int)args->msg.iov[0].iov_len;
	return ONLOAD_ZC_TERMINATE;
}

/* Until the end. */
static void *wait_with_others(void *fd)
{
	bool any;
	struct onload_zc_recv_args args = {.cb = count_one, .user_ptr = &any};
	int result;

	do {
		any = false;
		result = onload_zc_recv(*(int *)fd, &args);
		failed_waits += result < 0;
	} while (any || result < 0);
	return NULL;
}

/* Threads that wait on one socket: who comes too late goes on waiting. */
static void waiting_together(char **args)
{
	struct pair pair = connected_pair(family_named(args[0]));
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		MUST(pthread_create(&threads[i], NULL, wait_with_others, &pair.far) ? -1
										    : 0);
	for (int sent = 0; sent < 2000; sent += 10) {
		for (int i = 0; i < 10; i++)
			send_bytes(pair.near, 0, 1);
		while (of_all < sent + 10)
			sched_yield();
	}
	MUST(shutdown(pair.far, SHUT_RD));
	for (size_t i = 0; i < COUNT(threads); i++)
		MUST(pthread_join(threads[i], NULL) ? -1 : 0);
	fact("received=%d, failed=%d", of_all, failed_waits);
}

/* Reads a buffer that it has given back. */
static void touched(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true, .answers = {ONLOAD_ZC_KEEP}};

	send_bytes(pair.near, 0, 100);
	MUST(receive(pair.far, &seen, 0));
	fact("kept=%d", ((volatile unsigned char *)seen.kept_bytes[0])[50] == pattern(50));
	MUST(onload_zc_release_buffers(pair.far, seen.kept, 1));
	fact("given back=%d", ((volatile unsigned char *)seen.kept_bytes[0])[50]);
}

/* As many as a process has if nothing is said. */
static void default_limit(char **args)
{
	static struct onload_zc_iovec buffers[100000];
	const int fd = fresh_socket(family_named("udp4"));
	int count = 0;

	(void)args;
	while (count < (int)COUNT(buffers) && take_buffer(fd, buffers + count) == 0)
		count++;
	fact("buffers=%d", count);
	SAY(take_buffer(fd, buffers + count));
}

/* COUNT messages of which all are kept, and LEAKED buffers are not given back. */
static void leak(char **args)
{
	const int count = atoi(args[1]), leaked = atoi(args[2]);
	const struct pair pair = connected_pair(family_named(args[0]));

	set_limit();
	for (int i = 0; i < count; i++) {
		struct seen seen = {.quiet = true, .answers = {ONLOAD_ZC_KEEP}};

		send_bytes(pair.near, 0, 1000);
		MUST(receive(pair.far, &seen, 0) >= 0 ? 0 : -1);
		if (i >= leaked)
			MUST(onload_zc_release_buffers(pair.far, seen.kept, 1));
	}
	say_left(pair.far);
}

static void layout(char **args)
{
	static const struct {
		const char *name;
		enum onload_zc_buffer_type_flags flags;
	} modes[] = {{"NONE", ONLOAD_ZC_BUFFER_HDR_NONE},
		     {"UDP", ONLOAD_ZC_BUFFER_HDR_UDP},
		     {"TCP", ONLOAD_ZC_BUFFER_HDR_TCP}};
	const struct family *tcp = family_named(args[0]);
	const int mss = 700, fresh = fresh_socket(tcp);
	const int listener = bound_socket(tcp, NULL, NULL);
	struct onload_zc_iovec buffer = {.iov_flags = 5, .unused = &buffer};
	struct onload_zc_iovec few[3];
	struct pair pair;

	MUST(setsockopt(listener, IPPROTO_TCP, TCP_MAXSEG, &mss, sizeof(mss)));
	pair = connect_to(tcp, listener);
	for (size_t i = 0; i < COUNT(modes); i++) {
		const char *base;

		MUST(onload_zc_alloc_buffers(fresh, &buffer, 1, modes[i].flags));
		base = buffer.iov_base;
		fact("%s: %u bytes, to the end=%d, the rest untouched=%d", modes[i].name,
		     (unsigned int)buffer.iov_len,
		     base + buffer.iov_len == (char *)buffer.buf + BUFFER_SIZE,
		     buffer.iov_flags == 5 && buffer.unused == &buffer);
		memset(buffer.iov_base, 1, buffer.iov_len);
		MUST(onload_zc_release_buffers(fresh, &buffer.buf, 1));
	}
	MUST(onload_zc_alloc_buffers(pair.near, &buffer, 1, ONLOAD_ZC_BUFFER_HDR_TCP));
	fact("connected, at most the segment size=%d",
	     buffer.iov_len <= 700 && buffer.iov_len > 600);
	MUST(onload_zc_release_buffers(pair.near, &buffer.buf, 1));
	SAY(onload_zc_alloc_buffers(fresh, few, -1, ONLOAD_ZC_BUFFER_HDR_NONE));
	SAY(onload_zc_alloc_buffers(fresh, few, 3, ONLOAD_ZC_BUFFER_HDR_NONE));
	fact("three buffers=%d", few[0].buf != few[1].buf && few[1].buf != few[2].buf &&
					 few[0].buf != few[2].buf);
	SAY(onload_zc_release_buffers(fresh, &few[0].buf, -1));
}

/* ---- sending */

struct message {
	struct onload_zc_iovec buffers[8];
	struct onload_zc_mmsg header;
};

/* A message of as many buffers, filled with what comes after `from` in the stream. */
static struct onload_zc_mmsg fill(struct message *message, int fd, int count,
				  size_t length, size_t from)
{
	MUST(onload_zc_alloc_buffers(fd, message->buffers, count,
				     ONLOAD_ZC_BUFFER_HDR_TCP) == 0
		     ? 0
		     : -1);
	for (int i = 0; i < count; i++) {
		message->buffers[i].iov_len = length & UINT16_MAX;
		memcpy(message->buffers[i].iov_base, data() + from + (size_t)i * length,
		       length);
	}
	message->header = (struct onload_zc_mmsg){
		.fd = fd,
		.rc = UNTOUCHED,
		.msg = {.iov = message->buffers, .msghdr.msg_iovlen = (size_t)count},
	};
	return message->header;
}

/* Who has the buffers? */
static void say_owners(const char *what, int fd, struct message *message, int count)
{
	char text[32] = "";

	for (int i = 0; i < count; i++)
		strcat(text, onload_zc_release_buffers(fd, &message->buffers[i].buf, 1) == 0
				     ? " program"
				     : " gone");
	fact("%s: buffers%s", what, text);
}

static void say_send(const char *what, struct onload_zc_mmsg *messages, int count,
		     int flags)
{
	int sent;

	errno = UNTOUCHED;
	sent = onload_zc_send(messages, count, flags);
	fact("%s=%d, rc %d%s%s", what, sent, messages[0].rc,
	     errno == UNTOUCHED ? "" : ", ",
	     errno == UNTOUCHED ? "" : strerrorname_np(errno));
}

static void say_received(int fd, size_t length)
{
	struct seen seen = {.quiet = true};

	while (seen.bytes < length)
		MUST(receive(fd, &seen, 0) > 0 ? 0 : -1);
	fact("received in order=%d", seen.bytes == length);
}

static void sending(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair one = connected_pair(family), other = connected_pair(family);
	struct onload_zc_mmsg messages[3];
	struct message filled[3];

	set_limit();
	messages[0] = fill(filled, one.near, 3, 1000, 0);
	messages[1] = fill(filled + 1, other.near, 1, 1702, 0);
	messages[2] = fill(filled + 2, one.near, 2, 1, 3000);
	say_send("three on two sockets", messages, 3, 0);
	fact("others: rc %d, %d", messages[1].rc, messages[2].rc);
	say_owners("first", one.near, filled, 3);
	say_owners("second", one.near, filled + 1, 1);
	say_owners("third", one.near, filled + 2, 2);
	say_received(one.far, 3002);
	say_received(other.far, 1702);
	messages[0] = fill(filled, one.near, 2, 500, 0);
	say_send("more to come", messages, 1, ONLOAD_MSG_MORE | ONLOAD_MSG_DONTWAIT);
	send_bytes(one.near, 1000, 500);
	say_received(one.far, 1500);
	say_send("none", messages, 0, 0);
	say_send("minus one", messages, -1, 0);
	say_left(one.near);
}

/* A received buffer is sent on. */
static void forwarding(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair in = connected_pair(family), out = connected_pair(family);
	struct seen seen = {.quiet = true, .answers = {ONLOAD_ZC_KEEP}};
	struct onload_zc_iovec buffer = {.iov_len = 1000};
	struct onload_zc_mmsg message = {.fd = out.near,
					 .msg = {.iov = &buffer, .msghdr.msg_iovlen = 1}};

	set_limit();
	send_bytes(in.near, 0, 1000);
	MUST(receive(in.far, &seen, 0));
	buffer.buf = seen.kept[0];
	buffer.iov_base = seen.kept_bytes[0];
	say_send("forwarded", &message, 1, 0);
	say_received(out.far, 1000);
	say_left(in.far);
}

static volatile sig_atomic_t pipes;

static void count_pipe(int number)
{
	(void)number;
	pipes++;
}

static void send_errors(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int fresh = fresh_socket(family), udp = fresh_socket(family_named("udp4"));
	struct sigaction action = {.sa_handler = count_pipe};
	struct onload_zc_mmsg messages[2];
	struct message filled[2];
	int elsewhere;

	set_limit();
	MUST(sigaction(SIGPIPE, &action, NULL));
	in_stack("elsewhere");
	elsewhere = fresh_socket(family);
	in_stack("");
	messages[0] = fill(filled, pair.near, 2, 10, 0);
	say_send("bad flags", messages, 1, MSG_OOB);
	filled[0].buffers[0].iov_len = 0;
	say_send("no bytes", messages, 1, 0);
	filled[0].buffers[0].iov_len = 1703;
	say_send("more than there is room for", messages, 1, 0);
	filled[0].buffers[0].iov_len = 10;
	filled[0].buffers[0].iov_base = (char *)filled[0].buffers[0].iov_base - 1;
	say_send("no room for headers", messages, 1, 0);
	filled[0].buffers[0].iov_base = data();
	say_send("outside", messages, 1, 0);
	filled[0].buffers[0].iov_base = filled[0].buffers[1].iov_base;
	say_send("in another buffer", messages, 1, 0);
	filled[0].buffers[0].iov_base =
		(char *)filled[0].buffers[0].buf + BUFFER_SIZE - 10;
	messages[0].msg.msghdr.msg_iovlen = 0;
	say_send("no buffers", messages, 1, 0);
	messages[0].msg.msghdr.msg_iovlen = 2;
	filled[0].buffers[1].iov_len = 0;
	messages[1] = fill(filled + 1, pair.near, 1, 5, 0);
	messages[1].rc = UNTOUCHED;
	say_send("the second buffer is bad", messages, 2, 0);
	fact("next message: rc %d", messages[1].rc);
	say_owners("half sent", pair.near, filled, 2);
	say_owners("sent", pair.near, filled + 1, 1);
	messages[0] = fill(filled, elsewhere, 1, 10, 0);
	messages[0].fd = pair.near;
	messages[1].rc = UNTOUCHED;
	say_send("of another stack", messages, 2, 0);
	fact("next message: rc %d", messages[1].rc);
	say_owners("of another stack", elsewhere, filled, 1);
	messages[0] = fill(filled, pair.near, 1, 10, 0);
	messages[0].fd = udp;
	say_send("UDP", messages, 1, 0);
	messages[0].fd = -1;
	say_send("fd -1", messages, 1, 0);
	messages[0].fd = fresh;
	say_send("fresh", messages, 1, 0);
	say_send("fresh, no signal", messages, 1, ONLOAD_MSG_NOSIGNAL);
	messages[0].fd = bound_socket(family, NULL, NULL);
	say_send("listening", messages, 1, ONLOAD_MSG_NOSIGNAL);
	messages[0].fd = pair.near;
	MUST(shutdown(pair.near, SHUT_WR));
	say_send("shut down", messages, 1, 0);
	fact("SIGPIPE=%d", (int)pipes);
	say_owners("unsent", pair.near, filled, 1);
	SAY_AS("no messages", onload_zc_send(NULL, 1, 0));
	say_left(pair.near);
}

/* The other end reads nothing. */
static void send_full(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const bool by_flag = strcmp(args[1], "flag") == 0;
	struct message message;
	struct onload_zc_mmsg header;
	size_t total = 0, received = 0;
	long whole = 0;
	bool right = true;

	set_limit();
	if (!by_flag)
		MUST(fcntl(pair.near, F_SETFL, O_NONBLOCK));
	send_bytes(pair.near, 0, 13); /* a part of a segment */
	total += 13;
	for (;;) {
		header = fill(&message, pair.near, 3, 997, 0);
		for (int i = 0; i < 3; i++)
			for (size_t at = 0; at < 997; at++)
				((unsigned char *)message.buffers[i].iov_base)[at] =
					pattern(total + (size_t)i * 997 + at);
		MUST(onload_zc_send(&header, 1, by_flag ? ONLOAD_MSG_DONTWAIT : 0) == 1
			     ? 0
			     : -1);
		if (header.rc < 0)
			break;
		total += (size_t)header.rc;
		whole += header.rc == 3 * 997;
		if (header.rc % 997) {
			fact("a part of a buffer was sent: rc %d", header.rc);
			break;
		}
		for (int i = header.rc / 997; i < 3; i++)
			MUST(onload_zc_release_buffers(pair.near, &message.buffers[i].buf,
						       1));
	}
	fact("rc %d, some before=%d", header.rc, whole > 100);
	say_owners("unsent", pair.near, &message, 3);
	while (received < total) {
		unsigned char bytes[4096];
		const ssize_t got = MUST(recv(pair.far, bytes, sizeof(bytes), 0));

		for (ssize_t i = 0; i < got; i++)
			right &= bytes[i] == pattern(received++);
	}
	fact("received in order=%d", right);
	say_left(pair.near);
}

/* As many ordinary sends of so many bytes as the kernel takes, or as are given. return: how many. */
static int send_until_full(int fd, size_t length, int most)
{
	int count = 0;

	while (count < most && send(fd, data(), length, MSG_DONTWAIT) == (ssize_t)length)
		count++;
	return count;
}

/* With little memory at both ends, so that segments are short. */
static struct pair small_pair(const struct family *family)
{
	const int size = 20000, window = 4096, listener = bound_socket(family, NULL, NULL);
	struct pair pair;

	MUST(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window)));
	pair = connect_to(family, listener);
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	MUST(setsockopt(pair.near, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	MUST(close(listener));
	return pair;
}

/* One ordinary send less than the kernel takes: then the last segment that waits has room for a part of a
 * buffer. */
static void send_parts(char **args)
{
	const struct family *family = family_named(args[0]);
	int parts = 0;

	for (size_t length = 600; length < 800; length += 5) {
		struct message message;
		struct onload_zc_mmsg header;
		struct pair pair = small_pair(family);
		const int count = send_until_full(pair.near, length, INT_MAX);

		close_pair(pair);
		pair = small_pair(family);
		send_until_full(pair.near, length, count);
		header = fill(&message, pair.near, 1, 1000, 0);
		MUST(onload_zc_send(&header, 1, MSG_DONTWAIT) == 1 ? 0 : -1);
		parts += header.rc > 0 && header.rc < 1000;
		if (header.rc < 1000)
			MUST(onload_zc_release_buffers(pair.near, &message.buffers[0].buf,
						       1));
		close_pair(pair);
	}
	fact("parts of buffers=%d", parts);
}

static void *drain(void *arg)
{
	struct seen seen = {.quiet = true};

	while (receive(*(int *)arg, &seen, 0) > 0)
		;
	return seen.bytes == 4000u * 3 * 997 ? arg : NULL;
}

/* The other end reads, and signals come. */
static void send_waits(char **args)
{
	struct pair pair = connected_pair(family_named(args[0]));
	struct message message;
	struct onload_zc_mmsg header;
	struct storm storm;
	pthread_t thread;
	void *right;
	size_t total = 0;

	set_limit();
	pthread_create(&thread, NULL, drain, &pair.far);
	begin_storm(&storm, ignore);
	for (int round = 0; round < 4000; round++) {
		header = fill(&message, pair.near, 3, 997, 0);
		for (int i = 0; i < 3; i++)
			for (size_t at = 0; at < 997; at++)
				((unsigned char *)message.buffers[i].iov_base)[at] =
					pattern(total++);
		MUST(onload_zc_send(&header, 1, 0) == 1 && header.rc == 3 * 997 ? 0 : -1);
	}
	end_storm(&storm);
	MUST(shutdown(pair.near, SHUT_WR));
	pthread_join(thread, &right);
	fact("all received in order=%d", right != NULL);
	say_left(pair.near);
}

static void send_connecting(char **args)
{
	const struct family *family = family_named(args[0]);
	struct sockaddr_storage address;
	socklen_t size;
	const int listener = bound_socket(family, &address, &size);
	const int fd = fresh_socket(family);
	struct message message;
	struct onload_zc_mmsg header = fill(&message, fd, 1, 1000, 0);
	int far;

	MUST(fcntl(fd, F_SETFL, O_NONBLOCK));
	(void)!connect(fd, (struct sockaddr *)&address, size);
	MUST(fcntl(fd, F_SETFL, 0));
	say_send("connecting", &header, 1, 0);
	far = (int)MUST(accept(listener, NULL, NULL));
	say_received(far, 1000);
}

static void warm(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct message message;
	struct onload_zc_mmsg header;

	set_limit();
	header = fill(&message, pair.near, 2, 100, 0);
	say_send("two buffers", &header, 1, ONLOAD_MSG_WARM);
	header.msg.msghdr.msg_iovlen = 1;
	say_send("one", &header, 1, ONLOAD_MSG_WARM);
	say_send("one with MORE", &header, 1, ONLOAD_MSG_WARM | ONLOAD_MSG_MORE);
	message.buffers[0].buf = NULL;
	say_send("no buffer", &header, 1, ONLOAD_MSG_WARM);
	message.buffers[0].buf = header.msg.iov[1].buf;
	say_send("another buffer", &header, 1, ONLOAD_MSG_WARM);
	fact("nothing was sent=%s", outcome(recv(pair.far, &header, 1, MSG_DONTWAIT)));
}

/* ---- the rest */

static void from_kernel(char **args)
{
	struct pair pair = connected_pair(family_named(args[0]));
	char bytes[100];
	struct sockaddr_storage name;
	struct iovec piece = {bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &piece,
				.msg_iovlen = 1,
				.msg_name = &name,
				.msg_namelen = sizeof(name)};

	SAY(onload_recvmsg_kernel(pair.far, &header, 0));
	send_bytes(pair.near, 0, 30);
	SAY(onload_recvmsg_kernel(pair.far, &header, MSG_PEEK));
	SAY(onload_recvmsg_kernel(pair.far, &header, 0));
	fact("name=%d, right=%d", header.msg_namelen > 0, memcmp(bytes, data(), 30) == 0);
	MUST(close(pair.far));
	send_bytes(pair.near, 0, 1);
	SAY_AS("after a refusal", onload_recvmsg_kernel(pair.near, &header, 0));
}

/* A child has buffers of its own. */
static void forked(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct seen seen = {.quiet = true, .answers = {ONLOAD_ZC_KEEP}};
	pid_t child;

	set_limit();
	send_bytes(pair.near, 0, 100);
	MUST(receive(pair.far, &seen, 0));
	child = (pid_t)MUST(fork());
	if (child == 0) {
		SAY_AS("in a child", onload_zc_release_buffers(pair.far, seen.kept, 1));
		say_left(pair.far);
		_exit(0);
	}
	finish(child);
	SAY_AS("in the parent", onload_zc_release_buffers(pair.far, seen.kept, 1));
	say_left(pair.far);
}

static struct pair handler_pair;
static volatile sig_atomic_t handled, wrong;

static void exchange(const struct pair *pair, int size, volatile sig_atomic_t *failed)
{
	struct seen seen = {.quiet = true, .answers = {ONLOAD_ZC_KEEP}};
	struct onload_zc_iovec buffer;
	struct onload_zc_mmsg message = {.fd = pair->near,
					 .msg = {.iov = &buffer, .msghdr.msg_iovlen = 1}};

	*failed |= take_buffer(pair->near, &buffer) != 0;
	buffer.iov_len = (unsigned int)size & 0xff;
	for (int i = 0; i < size; i++)
		((unsigned char *)buffer.iov_base)[i] = pattern((size_t)i);
	*failed |= onload_zc_send(&message, 1, 0) != 1 || message.rc != size;
	*failed |= receive(pair->far, &seen, 0) != size;
	*failed |= onload_zc_release_buffers(pair->far, seen.kept, 1) != 0;
}

static void handle(int number)
{
	const int kept = errno;

	(void)number;
	handled++;
	exchange(&handler_pair, 50, &wrong);
	errno = kept;
}

/* Under a handler that makes the same calls on another connection. */
static void signals(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	volatile sig_atomic_t failed = 0;
	struct storm storm;

	set_limit();
	handler_pair = connected_pair(family_named(args[0]));
	begin_storm(&storm, handle);
	for (int i = 0; i < 1000 || handled < STORM_ENOUGH; i++)
		exchange(&pair, 200, &failed);
	end_storm(&storm);
	fact("failed=%d, in a handler %d", (int)failed, (int)wrong);
	say_left(pair.near);
}

const struct scenario scenarios[] = {
	{"table", table},
	{"datagrams", datagrams},
	{"stopping", stopping},
	{"keeping", keeping},
	{"keeping_long", keeping_long},
	{"misuse", misuse},
	{"waiting", waiting},
	{"waiting_together", waiting_together},
	{"cancelled", cancelled},
	{"udp_codes", udp_codes},
	{"error_after_data", error_after_data},
	{"control", control},
	{"multicast", multicast},
	{"calls_inside", calls_inside},
	{"closes_inside", closes_inside},
	{"stream", stream},
	{"stream_stops", stream_stops},
	{"tcp_codes", tcp_codes},
	{"peeking", peeking},
	{"peeked_before", peeked_before},
	{"one_packet", one_packet},
	{"packets", packets},
	{"filtered", filtered},
	{"urgent", urgent},
	{"limits", limits},
	{"few_left", few_left},
	{"touched", touched},
	{"default_limit", default_limit},
	{"leak", leak},
	{"layout", layout},
	{"sending", sending},
	{"forwarding", forwarding},
	{"send_errors", send_errors},
	{"send_full", send_full},
	{"send_parts", send_parts},
	{"send_waits", send_waits},
	{"send_connecting", send_connecting},
	{"warm", warm},
	{"from_kernel", from_kernel},
	{"forked", forked},
	{"signals", signals},
	{NULL, NULL},
};
