/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of SO_TIMESTAMPING. Most take a family and a set of stamps, by name. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <unistd.h>

#include "tests/harness/stamps.h"

static const int numbers[] = {SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW};

static const char *number_word(int number)
{
	return number == SO_TIMESTAMPING_OLD ? "old" : "new";
}

/* ---- receiving */

/* Each form of the option, and each way to receive. */
static void receive(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct { /* the value of 8 bytes names a clock too */
		uint32_t flags;
		int clock;
	} value = {stamps_named(args[1]), 0};

	turn_stamping_on();
	for (size_t i = 0; i < COUNT(numbers); i++) {
		for (socklen_t size = 4; size <= sizeof(value); size += 4) {
			const struct pair pair = connected_pair(family);
			struct how how = {.number = numbers[i]};
			const char *name = number_word(how.number);

			MUST(setsockopt(pair.far, SOL_SOCKET, how.number, &value, size));
			fact("%s.%u.recvmsg=%s", name, size, exchange(pair, how));
			how.several = true;
			fact("%s.%u.recvmmsg=%s", name, size, exchange(pair, how));
			how.flags = MSG_PEEK;
			fact("%s.%u.peek=%s", name, size, exchange(pair, how));
			how.flags = 0;
			fact("%s.%u.peeked=%s", name, size, receive_word(pair.far, how));
			close_pair(pair);
		}
	}
}

/* On and off, with messages queued before and after. */
static void turned(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = stamps_named(args[1]);
	const struct how how = {0};

	turn_stamping_on();
	fact("before=%s", exchange(pair, how));
	ask(pair.far, flags);
	fact("on=%s", exchange(pair, how));
	send_hello(pair);
	ask(pair.far, 0);
	fact("queued, then off=%s", receive_word(pair.far, how));
	fact("off=%s", exchange(pair, how));
	send_hello(pair);
	ask(pair.far, flags);
	fact("queued, then on=%s", receive_word(pair.far, how));
	fact("on again=%s", exchange(pair, how));
}

/* Where the control buffer ends the kernel cuts; the bytes there are not looked at. */
static void add_shape(char *text, size_t room, const struct msghdr *msg)
{
	size_t used = 0;

	for (struct cmsghdr *at = CMSG_FIRSTHDR((struct msghdr *)msg); at && used < room;
	     at = CMSG_NXTHDR((struct msghdr *)msg, at))
		used += (size_t)snprintf(text + used, room - used, " %d/%d:%zu",
					 at->cmsg_level, at->cmsg_type, at->cmsg_len);
}

static void receive_with_room(int fd, size_t room, int flags)
{
	_Alignas(struct cmsghdr) unsigned char control[256];
	char data[128], shape[128] = "", untouched = 'y';
	struct iovec iov = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = room};

	memset(control, 0xA5, sizeof(control));
	MUST(recvmsg(fd, &msg, flags));
	for (size_t i = room; i < sizeof(control); i++)
		untouched = control[i] == 0xA5 ? untouched : 'n';
	add_shape(shape, sizeof(shape), &msg);
	fact("room %zu=flags 0x%x, %zu bytes, %s, beyond untouched %c", room,
	     msg.msg_flags, msg.msg_controllen, shape, untouched);
}

static void control_rooms(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = stamps_named(args[1]);
	const bool sent = strcmp(args[2], "sent") == 0;

	turn_stamping_on();
	ask(sent ? pair.near : pair.far, flags);
	for (size_t room = 0; room <= 136; room++) {
		send_hello(pair);
		receive_with_room(pair.far, sent ? 0 : room, 0);
		if (sent)
			receive_with_room(pair.near, room, MSG_ERRQUEUE);
	}
}

/* struct tcp_zerocopy_receive of Linux 5.11, which not everybody has a header of. */
struct zerocopy {
	uint64_t address;
	uint32_t length, recv_skip_hint, inq;
	int32_t err;
	uint64_t copybuf_address;
	int32_t copybuf_len;
	uint32_t flags;
	uint64_t control, room;
	uint32_t msg_flags, reserved;
};

#define ZEROCOPY_RECEIVE 35 /* TCP_ZEROCOPY_RECEIVE */
#define WANTS_STAMPS 2      /* TCP_CMSG_TS */
#define MAPPED 65536

/* Little data is copied, and so comes with this call whole. */
static void receive_zerocopy(const struct pair pair, size_t room, socklen_t size)
{
	_Alignas(struct cmsghdr) unsigned char control[256];
	char data[64];
	void *mapped = mmap(NULL, MAPPED, PROT_READ, MAP_SHARED, pair.far, 0);
	struct zerocopy zerocopy = {.address = (uintptr_t)mapped,
				    .length = MAPPED,
				    .copybuf_address = (uintptr_t)data,
				    .copybuf_len = sizeof(data),
				    .control = (uintptr_t)control,
				    .room = room,
				    .msg_flags = WANTS_STAMPS};
	struct msghdr msg = {.msg_control = control};
	bool untouched = true;
	int result;

	memset(control, 0xA5, sizeof(control));
	send_hello(pair);
	result = mapped == MAP_FAILED ? -1
				      : getsockopt(pair.far, IPPROTO_TCP,
						   ZEROCOPY_RECEIVE, &zerocopy, &size);
	msg.msg_controllen = zerocopy.control - (uintptr_t)control;
	for (size_t i = room; i < sizeof(control); i++)
		untouched = untouched && control[i] == 0xA5;
	fact("room %zu=%s, size %u, %d bytes, flags 0x%x, room %zu, beyond %s", room,
	     outcome(result), size, zerocopy.copybuf_len, zerocopy.msg_flags,
	     (size_t)zerocopy.room, untouched ? "untouched" : "written");
	fact("stamps=%s", control_word(&msg, 0));
	if (result != 0)
		receive_word(pair.far, (struct how){0});
	munmap(mapped, MAPPED);
}

/* By each length that the struct has had, and with rooms for control data that end everywhere. */
static void zerocopy(char **args)
{
	static const socklen_t sizes[] = {16, 20, 24, 36, 40, 56, 59, 60, 64};
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	ask(pair.far, stamps_named(args[1]));
	for (size_t i = 0; i < COUNT(sizes); i++)
		receive_zerocopy(pair, 256, sizes[i]);
	for (size_t room = 0; room <= 80; room++)
		receive_zerocopy(pair, room, sizeof(struct zerocopy));
}

/* The stamp that the kernel has only because the library asked for what is sent. */
static void zerocopy_unasked(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	ask(pair.far, stamps_named(args[1]));
	receive_zerocopy(pair, 256, sizeof(struct zerocopy));
}

/* ---- sending */

static const struct {
	const char *name;
	uint32_t flags;
} send_options[] = {
	{"plain", 0},
	{"id", SOF_TIMESTAMPING_OPT_ID},
	{"id, no data", SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY},
	{"id of tcp", SOF_TIMESTAMPING_OPT_ID | OPT_ID_TCP},
	{"cmsg", SOF_TIMESTAMPING_OPT_CMSG},
	{"pktinfo", SOF_TIMESTAMPING_OPT_CMSG | SOF_TIMESTAMPING_OPT_PKTINFO},
	{"both if both", SOF_TIMESTAMPING_OPT_TX_SWHW},
	{"sched", SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_TX_SCHED},
	{"ack", SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_TX_ACK},
	{"all", SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY | OPT_ID_TCP |
			SOF_TIMESTAMPING_OPT_CMSG | SOF_TIMESTAMPING_OPT_TX_SWHW |
			SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK},
};

/* Two messages, and all that is reported of them. */
static const char *reports_of_two(struct pair pair, struct how how, int acks)
{
	send_hello(pair);
	send_hello(pair);
	return reports_word(pair.near, how, acks);
}

static void transmit(char **args)
{
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);
	uint32_t known = ~0U;

	turn_stamping_on();
	if (!kernel_knows(SOF_TIMESTAMPING_OPT_ID | OPT_ID_TCP))
		known &= ~OPT_ID_TCP;
	for (size_t i = 0; i < COUNT(send_options) * COUNT(numbers) * 2; i++) {
		const size_t option = i / 4;
		const struct pair pair = connected_pair(family);
		const struct how how = {.several = i & 2, .number = numbers[i & 1]};
		const uint32_t asked = flags | (send_options[option].flags & known);
		const bool acked = is_tcp(family) && (asked & SOF_TIMESTAMPING_TX_ACK);

		MUST(setsockopt(pair.near, SOL_SOCKET, how.number, &asked, sizeof(asked)));
		fact("%s.%s.%s=%s", send_options[option].name, number_word(how.number),
		     how.several ? "recvmmsg" : "recvmsg",
		     reports_of_two(pair, how, acked ? 2 : 0));
		close_pair(pair);
	}
}

/* The record bits go with the message and the socket has only those that report. */
#define RECORDS (SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE)
#define REPORTS (SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE)

struct stamped_send { /* a message, its control data, and the bytes that must stay as they are */
	struct mmsghdr msg;
	struct iovec hello;
	_Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(16) + CMSG_SPACE(4)];
	unsigned char before[CMSG_SPACE(16) + CMSG_SPACE(4)];
};

static void add_value(struct stamped_send *send, int level, int type, const void *value,
		      size_t size)
{
	struct msghdr *msg = &send->msg.msg_hdr;
	const struct cmsghdr header = {CMSG_LEN(size), level, type};
	unsigned char *at = send->control + msg->msg_controllen;

	memcpy(at, &header, sizeof(header));
	memcpy(at + CMSG_LEN(0), value, size);
	msg->msg_controllen += CMSG_SPACE(size);
}

static void start_send(struct stamped_send *send, int number, uint32_t records)
{
	memset(send, 0, sizeof(*send));
	send->hello = (struct iovec){(void *)HELLO, HELLO_SIZE};
	send->msg.msg_hdr.msg_iov = &send->hello;
	send->msg.msg_hdr.msg_iovlen = 1;
	send->msg.msg_hdr.msg_control = send->control;
	add_value(send, SOL_SOCKET, number, &records, sizeof(records));
}

static void send_stamped(const char *name, struct pair pair, struct stamped_send *send,
			 bool several)
{
	const int number = ((struct cmsghdr *)send->control)->cmsg_type;
	long result;

	memcpy(send->before, send->control, sizeof(send->before));
	result = several ? sendmmsg(pair.near, &send->msg, 1, 0)
			 : sendmsg(pair.near, &send->msg.msg_hdr, 0);
	fact("%s.%s.%s=%s, %s", name, number_word(number),
	     several ? "sendmmsg" : "sendmsg", outcome(result),
	     memcmp(send->before, send->control, sizeof(send->before)) ? "changed"
								       : "untouched");
	if (result >= 0) {
		wait_for(pair.far, POLLIN);
		receive_word(pair.far, (struct how){0});
	}
	fact("%s.reports=%s", name, reports_word(pair.near, (struct how){0}, 0));
}

static void per_call(char **args)
{
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);
	struct stamped_send send;

	turn_stamping_on();
	for (size_t i = 0; i < COUNT(numbers) * 2; i++) {
		const struct pair pair = connected_pair(family);
		const int number = numbers[i & 1];
		const bool several = i & 2;
		int one = 1;

		ask(pair.near, (flags & REPORTS) | SOF_TIMESTAMPING_OPT_ID);
		start_send(&send, number, flags & RECORDS);
		send_stamped("records", pair, &send, several);
		start_send(&send, number, flags);
		send_stamped("more than records", pair, &send, several);
		start_send(&send, number, 0);
		send_stamped("no records", pair, &send, several);
		start_send(&send, number, flags & RECORDS);
		((struct cmsghdr *)send.control)->cmsg_len -= 1;
		send_stamped("short value", pair, &send, several);
		start_send(&send, number, flags & RECORDS);
		((struct cmsghdr *)send.control)->cmsg_len += 400;
		send_stamped("longer than the control data", pair, &send, several);
		start_send(&send, number, flags & RECORDS);
		if (family->domain == AF_INET)
			add_value(&send, SOL_IP, IP_TTL, &one, sizeof(one));
		else
			add_value(&send, SOL_IPV6, IPV6_HOPLIMIT, &one, sizeof(one));
		send_stamped("and a hop limit", pair, &send, several);
		close_pair(pair);
	}
}

/* The number by which the socket's flags were set decides on the form of its reports, whatever the
 * call's own number is. */
static void per_call_form(char **args)
{
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);
	const uint32_t reports = (flags & REPORTS) | SOF_TIMESTAMPING_OPT_ID;

	turn_stamping_on();
	for (size_t i = 0; i < COUNT(numbers) * 2; i++) {
		const struct pair pair = connected_pair(family);
		const struct how how = {.number = numbers[i & 1]};
		const int number = numbers[i >> 1];
		struct stamped_send send;

		MUST(setsockopt(pair.near, SOL_SOCKET, how.number, &reports,
				sizeof(reports)));
		for (int calls = 0; calls < 2; calls++) {
			start_send(&send, number, flags & RECORDS);
			MUST(sendmsg(pair.near, &send.msg.msg_hdr, 0));
			wait_for(pair.far, POLLIN);
			fact("%s socket, %s call=%s", number_word(how.number),
			     number_word(number), reports_word(pair.near, how, 0));
		}
		close_pair(pair);
	}
}

/* Off with reports queued: they come without stamps. */
static void turned_off_unread(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const uint32_t asked = stamps_named(args[1]) | SOF_TIMESTAMPING_OPT_ID;
	const struct how how = {0};

	turn_stamping_on();
	ask(pair.near, asked);
	send_hello(pair);
	ask(pair.near, 0);
	send_hello(pair);
	fact("off=%s", reports_word(pair.near, how, 0));
	ask(pair.near, asked);
	send_hello(pair);
	fact("on=%s", reports_word(pair.near, how, 0));
}

/* An ICMP error's own message carries a stamp of its arrival, which is not that of a send. */
static void icmp_error(char **args)
{
	const struct family *family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int on = 1;

	turn_stamping_on();
	ask(pair.near, stamps_named(args[1]));
	if (family->domain == AF_INET)
		MUST(setsockopt(pair.near, SOL_IP, IP_RECVERR, &on, sizeof(on)));
	else
		MUST(setsockopt(pair.near, SOL_IPV6, IPV6_RECVERR, &on, sizeof(on)));
	MUST(close(pair.far));
	MUST(send(pair.near, HELLO, HELLO_SIZE, 0));
	fact("reports=%s", reports_word(pair.near, (struct how){0}, 0));
}

/* ---- readiness */

static const char *poll_word(int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP};
	static char word[16];

	MUST(poll(&one, 1, 0));
	snprintf(word, sizeof(word), "0x%x", one.revents);
	return word;
}

static const char *select_word(int fd)
{
	fd_set sets[3];
	struct timeval now = {0};
	static char word[16];

	for (int i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(fd, &sets[i]);
	}
	MUST(select(fd + 1, &sets[0], &sets[1], &sets[2], &now));
	snprintf(word, sizeof(word), "%c%c%c", FD_ISSET(fd, &sets[0]) ? 'r' : '-',
		 FD_ISSET(fd, &sets[1]) ? 'w' : '-', FD_ISSET(fd, &sets[2]) ? 'x' : '-');
	return word;
}

static const char *epoll_word(int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP};
	const int epfd = (int)MUST(epoll_create1(EPOLL_CLOEXEC));
	static char word[16];

	MUST(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	event.events = 0;
	MUST(epoll_wait(epfd, &event, 1, 0));
	MUST(close(epfd));
	snprintf(word, sizeof(word), "0x%x", event.events);
	return word;
}

static void say_ready(const char *when, int fd)
{
	int err = 0;
	socklen_t size = sizeof(err);
	char byte;

	fact("%s.poll=%s", when, poll_word(fd));
	fact("%s.select=%s", when, select_word(fd));
	fact("%s.epoll=%s", when, epoll_word(fd));
	fact("%s.recv=%s", when, outcome(recv(fd, &byte, 1, MSG_DONTWAIT)));
	MUST(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size));
	fact("%s.error=%d", when, err);
}

static void readiness(char **args)
{
	const struct family *family = family_named(args[0]);
	const uint32_t flags = stamps_named(args[1]);

	turn_stamping_on();
	for (int select_errors = 0; select_errors <= 1; select_errors++) {
		const struct pair pair = connected_pair(family);

		fact("SO_SELECT_ERR_QUEUE=%d", select_errors);
		MUST(setsockopt(pair.near, SOL_SOCKET, SO_SELECT_ERR_QUEUE,
				&select_errors, sizeof(select_errors)));
		ask(pair.near, flags);
		say_ready("before", pair.near);
		send_hello(pair);
		say_ready("sent", pair.near);
		MUST(shutdown(pair.near, SHUT_RD));
		say_ready("reading ended", pair.near);
		fact("reports=%s", reports_word(pair.near, (struct how){0}, 0));
		say_ready("drained", pair.near);
		close_pair(pair);
	}
}

/* ---- what is refused */

struct refused {
	const char *name; /* NULL ends a list */
	uint32_t flags;
};

static const struct refused of_kernel[] = {
	{"unknown bit 30", 1U << 30},
	{"id of tcp, no id", OPT_ID_TCP},
	{"statistics with data", SOF_TIMESTAMPING_OPT_STATS},
	{"clock", SOF_TIMESTAMPING_BIND_PHC},
	{NULL, 0},
};

/* What Onload takes, of some sockets. */
static const struct refused of_kernel_alone[] = {
	{"unknown bit 31", 1U << 31},
	{"stream", 1U << 23},
	{"id, maybe not connected", SOF_TIMESTAMPING_OPT_ID},
	{NULL, 0},
};

static void refuse(int fd, uint32_t earlier, const char *when, const struct refused *row)
{
	for (; row->name; row++) {
		const uint32_t flags = earlier | row->flags;
		const int result = setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
					      sizeof(flags));

		fact("%s.%s=%s", when, row->name, outcome(result));
		fact("%s.%s.after=%s", when, row->name,
		     read_back(fd, result ? earlier : flags));
		ask(fd, earlier);
	}
}

static void refuse_before_and_after(char **args, const struct refused *rows)
{
	const struct family *family = family_named(args[0]);
	const uint32_t earlier = stamps_named(args[1]);
	const int fresh = fresh_socket(family);
	const struct pair pair = connected_pair(family);
	const uint32_t unknown = earlier ^ 1U << 30 ^ SOF_TIMESTAMPING_RAW_HARDWARE;

	turn_stamping_on();
	ask(fresh, earlier);
	refuse(fresh, earlier, "fresh", rows);
	ask(pair.far, earlier);
	refuse(pair.far, earlier, "connected", rows);
	fact("other set=%s", outcome(setsockopt(pair.far, SOL_SOCKET, SO_TIMESTAMPING_OLD,
						&unknown, sizeof(unknown))));
	fact("other set.after=%s", read_back(pair.far, earlier));
	fact("received=%s", exchange(pair, (struct how){0}));
}

static void refused(char **args)
{
	refuse_before_and_after(args, of_kernel);
}

static void refused_by_kernel_alone(char **args)
{
	refuse_before_and_after(args, of_kernel_alone);
}

/* ---- how many system calls */

static char call_data[64];
static _Alignas(struct cmsghdr) char call_control[256];
static struct iovec call_iov = {call_data, sizeof(call_data)};

static struct msghdr call_message(void)
{
	return (struct msghdr){.msg_iov = &call_iov,
			       .msg_iovlen = 1,
			       .msg_control = call_control,
			       .msg_controllen = sizeof(call_control)};
}

static void call_recvmsg(int fd)
{
	struct msghdr msg = call_message();

	recvmsg(fd, &msg, MSG_DONTWAIT);
}

static void call_recvmmsg(int fd)
{
	struct mmsghdr msgs[2] = {{.msg_hdr = call_message()},
				  {.msg_hdr = call_message()}};

	recvmmsg(fd, msgs, 2, MSG_DONTWAIT, NULL);
}

static void call_error_queue(int fd)
{
	struct msghdr msg = call_message();

	recvmsg(fd, &msg, MSG_ERRQUEUE);
}

static void call_recv(int fd)
{
	recv(fd, call_data, sizeof(call_data), MSG_DONTWAIT);
}

static void call_send(int fd)
{
	send(fd, HELLO, HELLO_SIZE, 0);
}

static void call_sendmsg(int fd)
{
	static _Alignas(64) struct msghdr msg; /* in one page, which is looked at once */

	msg = call_message();
	msg.msg_controllen = 0;
	sendmsg(fd, &msg, 0);
}

static void call_sendmmsg(int fd)
{
	static _Alignas(128) struct mmsghdr msgs[2];

	msgs[0].msg_hdr = msgs[1].msg_hdr = call_message();
	msgs[0].msg_hdr.msg_controllen = msgs[1].msg_hdr.msg_controllen = 0;
	sendmmsg(fd, msgs, 2, 0);
}

static void call_getsockopt(int fd)
{
	int value;
	socklen_t size = sizeof(value);

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size);
}

static void call_setsockopt(int fd)
{
	int value = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value));
}

static void call_dup(int fd)
{
	dup(fd);
}

static void call_close(int fd)
{
	close(fd);
}

static void count(const char *name, void (*call)(int fd), int fd)
{
	const int calls = count_syscalls(call, fd);

	if (calls < 0)
		not_run("ptrace");
	fact("%s=%d", name, calls);
}

/* Of a socket that was used before. */
static void syscalls(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const struct how how = {0};

	turn_stamping_on();
	ask(pair.near, stamps_named(args[1]));
	ask(pair.far, stamps_named(args[1]));
	exchange(pair, how);
	reports_word(pair.near, how, 0);

	send_hello(pair);
	count("recvmsg", call_recvmsg, pair.far);
	send_hello(pair);
	count("recvmmsg", call_recvmmsg, pair.far);
	count("nothing to receive", call_recvmsg, pair.far);
	count("error queue", call_error_queue, pair.near);
	send_hello(pair);
	count("recv", call_recv, pair.far);
	count("send", call_send, pair.near);
	count("getsockopt", call_getsockopt, pair.near);
	count("setsockopt", call_setsockopt, pair.near);
	count("dup", call_dup, pair.near);
	count("close", call_close, pair.near);
}

/* Those that may bring a request for a stamp with them. */
static void syscalls_of_messages(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	ask(pair.near, stamps_named(args[1]));
	call_sendmsg(pair.near);
	count("sendmsg", call_sendmsg, pair.near);
	count("sendmmsg", call_sendmmsg, pair.near);
}

/* Messages that each request a hardware stamp. */
#define REQUESTS_MOST 64
#define PAGE 4096

static _Alignas(PAGE) struct mmsghdr requests[REQUESTS_MOST];
static _Alignas(PAGE) unsigned char request_controls[REQUESTS_MOST * PAGE];
static unsigned int request_count;

static void prepare_request(unsigned int i, size_t at, uint32_t records)
{
	static struct stamped_send send; /* what it holds is used by the message */
	struct msghdr *msg = &requests[i].msg_hdr;

	start_send(&send, SO_TIMESTAMPING_OLD, records);
	*msg = send.msg.msg_hdr;
	msg->msg_control = request_controls + at;
	memcpy(msg->msg_control, send.control, msg->msg_controllen);
}

/* step: from the control data of one message to that of the next. */
static void prepare_requests(unsigned int count, size_t step)
{
	request_count = count;
	for (unsigned int i = 0; i < count; i++)
		prepare_request(i, i * step, SOF_TIMESTAMPING_TX_HARDWARE);
}

static void call_request(int fd)
{
	sendmsg(fd, &requests[0].msg_hdr, 0);
}

/* The message and its control data in one page. */
static void call_near_request(int fd)
{
	static _Alignas(PAGE) struct {
		struct msghdr msg;
		_Alignas(struct cmsghdr) unsigned char control[64];
	} near;

	near.msg = requests[0].msg_hdr;
	near.msg.msg_control = near.control;
	memcpy(near.control, request_controls, near.msg.msg_controllen);
	sendmsg(fd, &near.msg, 0);
}

static void call_requests(int fd)
{
	sendmmsg(fd, requests, request_count, 0);
}

/* On a socket that has made such a request before. */
static void syscalls_of_requests(char **args)
{
	static const unsigned int counts[] = {1, 8, 9, 64};
	const struct pair pair = connected_pair(family_named(args[0]));
	char name[64];

	ask(pair.near, stamps_named(args[1]));
	prepare_requests(8, 64);
	call_request(pair.near);
	call_requests(pair.near);
	count("sendmsg in one page", call_near_request, pair.near);
	count("sendmsg", call_request, pair.near);
	for (size_t i = 0; i < COUNT(counts); i++) {
		prepare_requests(counts[i], 64);
		snprintf(name, sizeof(name), "sendmmsg of %u", counts[i]);
		count(name, call_requests, pair.near);
	}
	prepare_requests(8, PAGE);
	count("sendmmsg of 8 on pages of their own", call_requests, pair.near);
	for (unsigned int i = 0; i < 7; i++)
		prepare_request(i, i * PAGE, 0);
	count("sendmmsg of 8 on such pages, the last with a request", call_requests,
	      pair.near);
}

const struct scenario scenarios[] = {
	{"receive", receive},
	{"turned", turned},
	{"control_rooms", control_rooms},
	{"zerocopy", zerocopy},
	{"zerocopy_unasked", zerocopy_unasked},
	{"transmit", transmit},
	{"per_call", per_call},
	{"per_call_form", per_call_form},
	{"turned_off_unread", turned_off_unread},
	{"icmp_error", icmp_error},
	{"readiness", readiness},
	{"refused", refused},
	{"refused_by_kernel_alone", refused_by_kernel_alone},
	{"syscalls", syscalls},
	{"syscalls_of_messages", syscalls_of_messages},
	{"syscalls_of_requests", syscalls_of_requests},
	{NULL, NULL},
};
