/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that asks for timestamps in Onload's own ways. */
#include <onload/extensions.h>
#include <onload/extensions_timestamping.h>
#include <onload/extensions_zc.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* wants timespec of time.h */

#include "tests/harness/probe.h"
#include "tests/harness/say.h"
#include "tests/harness/stamps.h"
#include "tests/harness/text.h"

#define TX_NIC ONLOAD_TIMESTAMPING_FLAG_TX_NIC
#define RX_NIC ONLOAD_TIMESTAMPING_FLAG_RX_NIC
#define RX_CPACKET ONLOAD_TIMESTAMPING_FLAG_RX_CPACKET

#define TX_HW SOF_TIMESTAMPING_TX_HARDWARE
#define RX_HW SOF_TIMESTAMPING_RX_HARDWARE
#define RX_SW SOF_TIMESTAMPING_RX_SOFTWARE
#define SOFT SOF_TIMESTAMPING_SOFTWARE
#define SYS SOF_TIMESTAMPING_SYS_HARDWARE
#define RAW SOF_TIMESTAMPING_RAW_HARDWARE
#define ID SOF_TIMESTAMPING_OPT_ID
#define TSONLY SOF_TIMESTAMPING_OPT_TSONLY
#define CMSG SOF_TIMESTAMPING_OPT_CMSG
#define PKTINFO SOF_TIMESTAMPING_OPT_PKTINFO
#define STREAM ONLOAD_SOF_TIMESTAMPING_STREAM
#define TRAILER SOF_TIMESTAMPING_OOEXT_TRAILER

#define AGE_S 60 /* a stamp of these messages is not older */

/* ---- Messages as words */

static const char *age(uint64_t sec, uint32_t nsec)
{
	struct timespec now;
	int64_t behind;

	clock_gettime(CLOCK_REALTIME, &now);
	behind = (int64_t)now.tv_sec - (int64_t)sec;
	return sec == 0 && nsec == 0          ? "none"
	       : behind < 0 || behind > AGE_S ? "another time"
	       : nsec < 1000000000            ? "now"
					      : "no time";
}

static void add_stamp(struct text *text, const struct onload_timestamp *stamp)
{
	add(text, "%s", age(stamp->sec, stamp->nsec));
	if (stamp->nsec_frac || stamp->flags)
		add(text, "/%x:%x", stamp->nsec_frac, stamp->flags);
}

static void add_v1(struct text *text, const unsigned char *data, size_t size)
{
	struct onload_timestamp stamp;

	add(text, "v1(");
	for (size_t at = 0; at + sizeof(stamp) <= size; at += sizeof(stamp)) {
		memcpy(&stamp, data + at, sizeof(stamp));
		add(text, "%s", at ? ", " : "");
		add_stamp(text, &stamp);
	}
	add(text, ") ");
}

static void add_v2(struct text *text, const unsigned char *data, size_t size)
{
	struct scm_timestamping_ooext record;

	add(text, "v2(");
	for (size_t at = 0; at + sizeof(record) <= size; at += sizeof(record)) {
		memcpy(&record, data + at, sizeof(record));
		add(text, "%s0x%x%s ", at ? ", " : "", record.type,
		    record.padding ? " padded" : "");
		add_stamp(text, &record.timestamp);
	}
	add(text, ") ");
}

static void add_slots(struct text *text, const unsigned char *data)
{
	struct timespec slots[3];

	memcpy(slots, data, sizeof(slots));
	add(text, "slots(");
	for (size_t i = 0; i < COUNT(slots); i++)
		add(text, "%s%s", i ? ", " : "",
		    age((uint64_t)slots[i].tv_sec, (uint32_t)slots[i].tv_nsec));
	add(text, ") ");
}

static void add_stream(struct text *text, const unsigned char *data, size_t size)
{
	struct onload_scm_timestamping_stream record;

	if (size != sizeof(record)) {
		add(text, "stream of %zu bytes ", size);
		return;
	}
	memcpy(&record, data, sizeof(record));
	add(text, "stream(%s, %s, %zu) ",
	    age((uint64_t)record.first_sent.tv_sec, (uint32_t)record.first_sent.tv_nsec),
	    age((uint64_t)record.last_sent.tv_sec, (uint32_t)record.last_sent.tv_nsec),
	    record.len);
}

static void add_report(struct text *text, const unsigned char *data)
{
	struct sock_extended_err report;
	struct sockaddr_storage offender;
	sa_family_t none = AF_UNSPEC;

	memcpy(&report, data, sizeof(report));
	memcpy(&offender, data + sizeof(report), sizeof(struct sockaddr_in));
	add(text, "report(%s %u %u %u%s) ", strerrorname_np((int)report.ee_errno),
	    report.ee_origin, report.ee_info, report.ee_data,
	    offender.ss_family == none ? "" : " from somewhere");
}

static void add_pktinfo(struct text *text, const unsigned char *data, size_t size)
{
	uint32_t info[4] = {0}; /* struct scm_ts_pktinfo */

	memcpy(info, data, size < sizeof(info) ? size : sizeof(info));
	add(text, "pktinfo(%s, %u%s) ",
	    info[0] == if_nametoindex("lo") ? "lo" : "elsewhere", info[1],
	    size == sizeof(info) && info[2] == 0 && info[3] == 0 ? "" : ", odd");
}

static void add_message(struct text *text, struct cmsghdr *message)
{
	const unsigned char *data = CMSG_DATA(message);
	const size_t size = message->cmsg_len - CMSG_LEN(0);

	if (message->cmsg_level == SOL_SOCKET && message->cmsg_type == SO_TIMESTAMPING) {
		if (size == 3 * sizeof(struct timespec))
			add_slots(text, data);
		else
			add_v1(text, data, size);
	} else if (message->cmsg_level == SOL_SOCKET &&
		   message->cmsg_type == SCM_TIMESTAMPING_OOEXT) {
		add_v2(text, data, size);
	} else if (message->cmsg_level == SOL_SOCKET &&
		   message->cmsg_type == ONLOAD_SCM_TIMESTAMPING_STREAM) {
		add_stream(text, data, size);
	} else if (message->cmsg_level == SOL_SOCKET &&
		   message->cmsg_type == SCM_TIMESTAMPING_PKTINFO) {
		add_pktinfo(text, data, size);
	} else if ((message->cmsg_level == SOL_IP && message->cmsg_type == IP_RECVERR) ||
		   (message->cmsg_level == SOL_IPV6 && message->cmsg_type == IPV6_RECVERR)) {
		add_report(text, data);
	} else {
		add(text, "other(%d %d %zu) ", message->cmsg_level, message->cmsg_type,
		    size);
	}
}

/* One message received: what came with it, and how long it is. */
static const char *receive(int fd, int flags)
{
	static char words[512], control[512], data[2048];
	struct iovec piece = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &piece,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control),
			     .msg_flags = -1};
	struct text text = {words, words + sizeof(words)};
	const ssize_t received = recvmsg(fd, &msg, flags);

	if (received < 0)
		return outcome(-1);
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&msg); at; at = CMSG_NXTHDR(&msg, at))
		add_message(&text, at);
	if (msg.msg_flags)
		add(&text, "flags 0x%x ", (unsigned int)msg.msg_flags);
	if (received >= HELLO_SIZE &&
	    memcmp(data + received - HELLO_SIZE, HELLO, HELLO_SIZE) == 0)
		add(&text, received == HELLO_SIZE ? HELLO : "packet");
	else
		add(&text, "%zd", received);
	return words;
}

/* What comes out of the error queue: waits for so many messages. */
static void say_reports(const char *what, int fd, int count)
{
	for (int i = 0; i < count; i++) {
		const char *words = "-1 EAGAIN";

		/* POLLERR comes unasked; reports of a stream come in two steps */
		while (strcmp(words, "-1 EAGAIN") == 0 && wait_for(fd, POLLPRI))
			words = receive(fd, MSG_ERRQUEUE);
		fact("%s=%s", what, words);
	}
	fact("%s=%s", what, receive(fd, MSG_ERRQUEUE));
}

static const char *hello(struct pair pair)
{
	send_hello(pair);
	return receive(pair.far, 0);
}

static void say_sent(const char *what, struct pair pair)
{
	send_hello(pair);
	receive(pair.far, 0);
	say_reports(what, pair.near, 1);
}

/* ---- Asking */

static int set(int fd, int option, uint32_t flags)
{
	return setsockopt(fd, SOL_SOCKET, option, &flags, sizeof(flags));
}

static int set_v2(int fd, uint32_t flags)
{
	return set(fd, SO_TIMESTAMPING_OOEXT, flags);
}

static const char *told(int fd, int option, socklen_t size)
{
	static char texts[4][48];
	static unsigned int turn;
	char *const words = texts[turn++ % COUNT(texts)];
	uint32_t value[4] = {0x5a5a5a5a, 0x5a5a5a5a, 0x5a5a5a5a, 0x5a5a5a5a};

	if (getsockopt(fd, SOL_SOCKET, option, value, &size) != 0)
		return outcome(-1);
	snprintf(words, sizeof(texts[0]), "0x%x, %u bytes%s", value[0], size,
		 value[1] == 0x5a5a5a5a ? "" : ", more");
	return words;
}

static void say_told(const char *what, int fd)
{
	fact("%s=%s; %s", what, told(fd, SO_TIMESTAMPING, 4),
	     told(fd, SO_TIMESTAMPING_OOEXT, 4));
}

/* FAMILY... */
static void v1_requests(char **args)
{
	int pipes[2];

	MUST(pipe(pipes));
	SAY(onload_timestamping_request(-1, 8));
	SAY(onload_timestamping_request(-1, 0));
	SAY(onload_timestamping_request(pipes[0], TX_NIC));
	for (; *args; args++) {
		const struct family *const family = family_named(*args);
		const struct pair pair = connected_pair(family);
		const int fresh = fresh_socket(family);
		const int plain =
			is_inet(family)
				? onload_socket_nonaccel(family->domain, family->type, 0)
				: fresh;
		int accepted = 0;

		for (int bit = 0; bit < 32; bit++)
			if (onload_timestamping_request(pair.near, 1U << bit) == 0)
				accepted |= 1 << bit;
		fact("%s accepts=0x%x", *args, (unsigned int)accepted);
		SAY(onload_timestamping_request(pair.near, RX_NIC | 1U << 12));
		SAY(onload_timestamping_request(fresh, TX_NIC | RX_NIC));
		SAY(onload_timestamping_request(plain, TX_NIC));
		say_told("told", pair.near);
		close_pair(pair);
	}
}

/* FAMILY */
static void v1_receives(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	fact("nothing=%s", hello(pair));
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	fact("card=%s", hello(pair));
	MUST(onload_timestamping_request(pair.far, RX_NIC | RX_CPACKET));
	fact("card and switch=%s", hello(pair));
	MUST(onload_timestamping_request(pair.far, RX_CPACKET));
	fact("switch=%s", hello(pair));
	MUST(onload_timestamping_request(pair.far, TX_NIC));
	fact("sends=%s", hello(pair));
	MUST(onload_timestamping_request(pair.far, TX_NIC | RX_NIC));
	send_hello(pair);
	fact("peek=%s", receive(pair.far, MSG_PEEK));
	fact("peeked=%s", receive(pair.far, 0));
	MUST(onload_timestamping_request(pair.far, 0));
	fact("off=%s", hello(pair));
}

/* FAMILY */
static void v1_sends(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.near, TX_NIC));
	fact("received=%s", hello(pair));
	say_reports("sent", pair.near, 1);
	say_sent("next", pair);
	MUST(onload_timestamping_request(pair.near, RX_NIC));
	send_hello(pair);
	fact("receives only=%s", receive(pair.near, MSG_ERRQUEUE));
	MUST(onload_timestamping_request(pair.near, TX_NIC));
	send_hello(pair);
	wait_for(pair.near, POLLPRI);
	MUST(onload_timestamping_request(pair.near, 0));
	fact("off=%s", receive(pair.near, MSG_ERRQUEUE));
	send_hello(pair);
	fact("sent while off=%s", receive(pair.near, MSG_ERRQUEUE));
}

/* FAMILY */
static void v2_requests(char **args)
{
	const struct family *const family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int fresh = fresh_socket(family);
	const int listener = bound_socket(family, NULL, NULL);
	const int plain = onload_socket_nonaccel(family->domain, family->type, 0);
	const uint32_t value[3] = {RX_HW | RAW, 7, 7};
	uint32_t accepted = 0, numbered = 0;

	for (int bit = 0; bit < 32; bit++) {
		accepted |= set_v2(pair.near, 1U << bit) == 0 ? 1U << bit : 0;
		numbered |= set_v2(pair.near, 1U << bit | ID) == 0 ? 1U << bit : 0;
	}
	fact("accepts=0x%x", accepted);
	fact("beside OPT_ID=0x%x", numbered);
	say_told("last", pair.near);
	SAY(set_v2(pair.near, RX_HW | RAW | TRAILER));
	say_told("trailer", pair.near);
	SAY(set_v2(pair.near, RX_HW | STREAM));
	SAY(set_v2(pair.near, RX_HW | 1U << 19));
	say_told("refused", pair.near);
	SAY(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING_OOEXT, value, 3));
	SAY(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING_OOEXT, value, 12));
	SAY(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING_OOEXT, NULL, 4));
	fact("2 bytes=%s", told(pair.near, SO_TIMESTAMPING_OOEXT, 2));
	fact("16 bytes=%s", told(pair.near, SO_TIMESTAMPING_OOEXT, 16));
	fact("fresh=%s", outcome(set_v2(fresh, RX_HW | RAW)));
	say_told("fresh", fresh);
	fact("bound=%s", outcome(set_v2(listener, RX_HW | RAW)));
	fact("plain=%s", outcome(set_v2(plain, RX_HW | RAW)));
	say_told("plain", plain);
	MUST(set(pair.near, SO_TIMESTAMPING, RX_SW | SOFT));
	say_told("SO_TIMESTAMPING in its place", pair.near);
	MUST(onload_timestamping_request(pair.near, RX_NIC));
	say_told("v1 in its place", pair.near);
	MUST(set_v2(pair.near, RX_HW | SYS));
	say_told("v2 in its place", pair.near);
	MUST(set_v2(pair.near, 0));
	say_told("nothing", pair.near);
}

static const struct {
	const char *name;
	uint32_t flags;
} of_v2[] = {
	{"all", RX_HW | RX_SW | SOFT | SYS | RAW | TRAILER},
	{"software", RX_SW | SOFT},
	{"software of hardware", RX_HW | SOFT},
	{"raw", RX_HW | RAW},
	{"system", RX_HW | SYS},
	{"raw of software", RX_SW | RAW},
	{"no reports", RX_HW | RX_SW},
	{"no records", SOFT | SYS | RAW},
	{"sends", TX_HW | RAW},
};

/* FAMILY */
static void v2_receives(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	for (size_t i = 0; i < COUNT(of_v2); i++) {
		MUST(set_v2(pair.far, of_v2[i].flags));
		fact("%s=%s", of_v2[i].name, hello(pair));
	}
	MUST(set_v2(pair.far, 0));
	fact("off=%s", hello(pair));
}

/* FAMILY */
static void v2_sends(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	MUST(set_v2(pair.near, TX_HW | RAW | SYS));
	say_sent("both", pair);
	MUST(set_v2(pair.near, TX_HW | RAW | SOFT | SOF_TIMESTAMPING_TX_SOFTWARE));
	say_sent("raw", pair);
	MUST(set_v2(pair.near, TX_HW | SYS | TSONLY));
	say_sent("system", pair);
	MUST(set_v2(pair.near, TX_HW | RAW | ID));
	say_sent("numbered", pair);
	say_sent("numbered", pair);
	MUST(set_v2(pair.near, TX_HW | RAW | CMSG));
	say_sent("with an address", pair);
	MUST(set_v2(pair.near, TX_HW));
	say_sent("no stamps", pair);
	MUST(set_v2(pair.near, SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK |
				       SOF_TIMESTAMPING_TX_SCHED | SOFT | RAW));
	send_hello(pair);
	receive(pair.far, 0);
	wait_until_sent(pair.near);
	fact("of software=%s", receive(pair.near, MSG_ERRQUEUE));
}

/* TCP alone. FAMILY */
static void stream_requests(char **args)
{
	const struct family *const family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int plain = onload_socket_nonaccel(family->domain, family->type, 0);
	uint32_t accepted = 0;

	for (int bit = 0; bit < 32; bit++)
		if (set(pair.near, SO_TIMESTAMPING, TX_HW | ID | STREAM | 1U << bit) == 0)
			accepted |= 1U << bit;
	fact("accepts=0x%x", accepted);
	SAY(set(pair.near, SO_TIMESTAMPING, STREAM | SYS));
	SAY(set(pair.near, SO_TIMESTAMPING, TX_HW | SYS | STREAM));
	say_told("told", pair.near);
	SAY(set(pair.near, SO_TIMESTAMPING, RX_HW | RAW | TRAILER));
	say_told("trailer", pair.near);
	SAY(set(plain, SO_TIMESTAMPING, TX_HW | SYS | STREAM));
	SAY(set(pair.near, SO_TIMESTAMPING, RX_SW | SOFT));
	say_told("off", pair.near);
}

/* TCP alone. FAMILY */
static void stream(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const int on = 1;
	char large[20000] = "";

	turn_stamping_on();
	MUST(setsockopt(pair.near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	MUST(send(pair.near, "before", 6, 0));
	MUST(set(pair.near, SO_TIMESTAMPING, TX_HW | SYS | STREAM));
	fact("nothing sent=%s", receive(pair.near, MSG_ERRQUEUE));
	MUST(send(pair.near, "abc", 3, 0));
	say_reports("sent", pair.near, 1);
	for (size_t size = 1; size < 4; size++) {
		MUST(send(pair.near, "abc", size, 0));
		wait_until_sent(pair.near);
	}
	say_reports("three", pair.near, 3);
	MUST(send(pair.near, large, sizeof(large), 0));
	wait_until_sent(pair.near);
	say_reports("large", pair.near, 1);
	MUST(set(pair.near, SO_TIMESTAMPING, TX_HW | SYS | RX_HW | SOFT | RAW | STREAM));
	MUST(send(pair.near, "x", 1, 0));
	say_reports("set again", pair.near, 1);
	MUST(send(pair.near, "x", 1, 0));
	wait_until_sent(pair.near);
	SAY_AS("without a header", recv(pair.near, large, sizeof(large), MSG_ERRQUEUE));
	fact("then=%s", receive(pair.near, MSG_ERRQUEUE));
	MUST(send(pair.far, HELLO, HELLO_SIZE, 0));
	wait_for(pair.near, POLLIN);
	fact("received=%s", receive(pair.near, 0));
	MUST(shutdown(pair.near, SHUT_WR));
	wait_until_sent(pair.near);
	fact("end=%s", receive(pair.near, MSG_ERRQUEUE));
}

/* What arrives at fd is dropped, or no longer. */
static void drop_arriving(int fd, bool drops)
{
	struct sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog program = {COUNT(none), none};

	MUST(setsockopt(fd, SOL_SOCKET, drops ? SO_ATTACH_FILTER : SO_DETACH_FILTER,
			&program, sizeof(program)));
}

static struct tcp_info tcp_info(int fd)
{
	struct tcp_info info = {.tcpi_state = 0};
	socklen_t size = sizeof(info);

	MUST(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
	return info;
}

static void wait_until_sent_again(int fd)
{
	for (int ms = 0; ms < WAIT_MS && tcp_info(fd).tcpi_total_retrans == 0; ms++)
		poll(NULL, 0, 1);
}

/* near: not connected yet. */
static struct pair pair_of(const struct family *family, int near)
{
	const int listener = bound_socket(family, NULL, NULL);
	struct pair pair = {.near = near};
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);

	MUST(getsockname(listener, (struct sockaddr *)&addr, &size));
	MUST(connect(near, (struct sockaddr *)&addr, size));
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	MUST(close(listener));
	return pair;
}

/* Until so many segments may be on their way. */
static void widen(struct pair pair, unsigned int segments)
{
	static char bytes[1 << 16];

	for (int i = 0; i < 1000 && tcp_info(pair.near).tcpi_snd_cwnd < segments; i++) {
		MUST(send(pair.near, bytes, sizeof(bytes), 0));
		MUST(recv(pair.far, bytes, sizeof(bytes), MSG_WAITALL));
	}
}

/* Reads all that is told of sends, and adds it up. */
struct sum {
	size_t bytes;
	bool any_without_time, any_after; /* that left first after this: */
	struct timespec when;
};

static void add_up(int fd, struct sum *sum)
{
	struct onload_scm_timestamping_stream record;
	char control[512];

	for (;;) {
		struct msghdr msg = {.msg_control = control,
				     .msg_controllen = sizeof(control)};

		if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
			return;
		memcpy(&record, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(record));
		sum->bytes += record.len;
		sum->any_without_time |= record.first_sent.tv_sec == 0;
		sum->any_after |= record.first_sent.tv_sec > sum->when.tv_sec ||
				  (record.first_sent.tv_sec == sum->when.tv_sec &&
				   record.first_sent.tv_nsec > sum->when.tv_nsec);
	}
}

/* TCP alone: many sends before the first of them arrives. FAMILY */
static void stream_of_many(char **args)
{
	const struct family *const family = family_named(args[0]);
	const int near = fresh_socket(family), on = 1, small = 536, large = 1 << 20;
	struct sum sum = {.bytes = 0};
	struct pair pair;

	turn_stamping_on();
	MUST(setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	MUST(setsockopt(near, IPPROTO_TCP, TCP_MAXSEG, &small, sizeof(small)));
	MUST(setsockopt(near, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large)));
	pair = pair_of(family, near);
	widen(pair, 200);
	MUST(set(near, SO_TIMESTAMPING, TX_HW | SYS | STREAM));
	drop_arriving(pair.far, true);
	for (int i = 0; i < 150; i++) {
		MUST(send(near, "abc", 3, 0));
		add_up(near, &sum);
	}
	clock_gettime(CLOCK_REALTIME, &sum.when);
	drop_arriving(pair.far, false);
	wait_until_sent(near);
	add_up(near, &sum);
	fact("bytes=%zu", sum.bytes);
	fact("without a time=%d, with a later one=%d", sum.any_without_time,
	     sum.any_after);
}

/* TCP alone: the first segment gets lost. FAMILY */
static void stream_sent_again(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct onload_scm_timestamping_stream record;
	char control[512];
	struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof(control)};

	turn_stamping_on();
	MUST(set(pair.near, SO_TIMESTAMPING, TX_HW | SYS | STREAM));
	drop_arriving(pair.far, true);
	MUST(send(pair.near, HELLO, HELLO_SIZE, 0));
	wait_for(pair.near, POLLPRI);
	fact("before the acknowledgement=%s", receive(pair.near, MSG_ERRQUEUE));
	wait_until_sent_again(pair.near);
	drop_arriving(pair.far, false);
	wait_until_sent(pair.near);
	MUST(recvmsg(pair.near, &msg, MSG_ERRQUEUE));
	memcpy(&record, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(record));
	fact("bytes=%zu", record.len);
	fact("last after first=%d",
	     record.last_sent.tv_sec > record.first_sent.tv_sec ||
		     (record.last_sent.tv_sec == record.first_sent.tv_sec &&
		      record.last_sent.tv_nsec > record.first_sent.tv_nsec));
	fact("sent again=%s", receive(pair.near, MSG_ERRQUEUE));
}

/* TCP alone. FAMILY */
static void v1_sent_again(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.near, TX_NIC));
	drop_arriving(pair.far, true);
	MUST(send(pair.near, HELLO, HELLO_SIZE, 0));
	wait_for(pair.near, POLLPRI);
	fact("sent=%s", receive(pair.near, MSG_ERRQUEUE));
	wait_until_sent_again(pair.near);
	drop_arriving(pair.far, false);
	wait_until_sent(pair.near);
	fact("sent again=%s", receive(pair.near, MSG_ERRQUEUE));
}

/* UDP alone. FAMILY */
static void closed_port(char **args)
{
	const struct family *const family = family_named(args[0]);
	const struct pair pair = connected_pair(family);
	const int on = 1;

	turn_stamping_on();
	MUST(family->domain == AF_INET
		     ? setsockopt(pair.near, SOL_IP, IP_RECVERR, &on, sizeof(on))
		     : setsockopt(pair.near, SOL_IPV6, IPV6_RECVERR, &on, sizeof(on)));
	MUST(onload_timestamping_request(pair.near, TX_NIC | RX_NIC));
	MUST(close(pair.far));
	MUST(send(pair.near, HELLO, HELLO_SIZE, 0));
	say_reports("closed", pair.near, 2);
}

/* TCP alone. FAMILY */
static void numbers_before_connecting(char **args)
{
	const struct family *const family = family_named(args[0]);
	const int listener = bound_socket(family, NULL, NULL);
	const int near = fresh_socket(family);
	struct pair pair = {near, -1};
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);
	const uint32_t flags = TX_HW | RAW | ID;

	turn_stamping_on();
	SAY(set(near, SO_TIMESTAMPING, TX_HW | RAW | OPT_ID_TCP));
	SAY(set(near, SO_TIMESTAMPING, flags));
	fact("told=%s", read_back(near, flags));
	SAY(set(listener, SO_TIMESTAMPING, flags));
	MUST(getsockname(listener, (struct sockaddr *)&addr, &size));
	MUST(connect(near, (struct sockaddr *)&addr, size));
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	fact("connected=%s", read_back(near, flags));
	say_sent("sent", pair);
	say_sent("sent", pair);
	fact("accepted=%s", read_back(pair.far, flags));
	say_sent("sent back", (struct pair){pair.far, pair.near});
}

/* TCP alone: the first packet of the connection gets lost. FAMILY */
static void numbers_while_connecting(char **args)
{
	const struct family *const family = family_named(args[0]);
	const int listener = bound_socket(family, NULL, NULL);
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);
	struct pair pair = {
		(int)MUST(socket(family->domain, family->type | SOCK_NONBLOCK, 0)), -1};

	turn_stamping_on();
	if (!kernel_knows(ID | OPT_ID_TCP))
		not_run("Linux 6.2");
	SAY(set(pair.near, SO_TIMESTAMPING, TX_HW | RAW | ID));
	MUST(getsockname(listener, (struct sockaddr *)&addr, &size));
	drop_arriving(listener, true);
	fact("connect=%s", outcome(connect(pair.near, (struct sockaddr *)&addr, size)));
	drop_arriving(listener, false);
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	wait_for(pair.near, POLLOUT);
	say_sent("sent", pair);
}

/* TCP alone: after requests for which we number. FAMILY */
static void numbers_anew(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const uint32_t flags = TX_HW | RAW | ID;

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.near, TX_NIC));
	say_sent("v1", pair);
	MUST(set(pair.near, SO_TIMESTAMPING, flags));
	say_sent("plain", pair);
	MUST(set(pair.near, SO_TIMESTAMPING, TX_HW | STREAM));
	say_sent("stream", pair);
	MUST(set_v2(pair.near, flags));
	say_sent("v2", pair);
	MUST(set_v2(pair.near, flags));
	say_sent("v2 again", pair);
}

/* FAMILY */
static void inherited(char **args)
{
	const struct family *const family = family_named(args[0]);
	const int listener = bound_socket(family, NULL, NULL);
	struct pair pair;

	turn_stamping_on();
	MUST(onload_timestamping_request(listener, RX_NIC | TX_NIC));
	pair = connect_to(family, listener);
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	fact("v1=%s", hello(pair));
	say_sent("v1", (struct pair){pair.far, pair.near});
	close_pair(pair);
	MUST(set(listener, SO_TIMESTAMPING, TX_HW | SYS | STREAM));
	pair = connect_to(family, listener);
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	say_sent("stream", (struct pair){pair.far, pair.near});
	say_told("told", pair.far);
}

/* ---- Control buffers that are too small */

/* What is there of the first message, and what is said of the rest. */
static void say_cut(const char *what, int fd, int flags, size_t room)
{
	_Alignas(struct cmsghdr) char control[256];
	struct cmsghdr head = {0};
	char data[256];
	struct iovec piece = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &piece,
			     .msg_iovlen = 1,
			     .msg_control = room ? control : NULL,
			     .msg_controllen = room};
	bool kept = true;

	memset(control, 0x5a, sizeof(control));
	MUST(recvmsg(fd, &msg, flags));
	for (size_t i = msg.msg_controllen; i < sizeof(control); i++)
		kept = kept && control[i] == 0x5a;
	if (msg.msg_controllen >= sizeof(head))
		memcpy(&head, control, sizeof(head));
	fact("%s %zu=%zu%s%s, %d %d %zu", what, room, (size_t)msg.msg_controllen,
	     msg.msg_flags & MSG_CTRUNC ? " cut" : "", kept ? "" : " beyond",
	     head.cmsg_level, head.cmsg_type, (size_t)head.cmsg_len);
}

static const size_t rooms[] = {0, 15, 16, 20, 32, 48, 63, 64, 88, 89, 150};

/* FAMILY */
static void cut(char **args)
{
	const struct family *const family = family_named(args[0]);
	const struct pair pair = connected_pair(family);

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	for (size_t i = 0; i < COUNT(rooms); i++) {
		send_hello(pair);
		say_cut("v1", pair.far, 0, rooms[i]);
	}
	MUST(set_v2(pair.far, RX_HW | SOFT | SYS | RAW));
	for (size_t i = 0; i < COUNT(rooms); i++) {
		send_hello(pair);
		say_cut("v2", pair.far, 0, rooms[i]);
	}
	MUST(set_v2(pair.near, TX_HW | RAW | TSONLY));
	for (size_t i = 0; i < COUNT(rooms); i++) {
		send_hello(pair);
		wait_for(pair.near, POLLPRI);
		say_cut("report", pair.near, MSG_ERRQUEUE, rooms[i]);
	}
}

/* ---- What the environment has */

/* FAMILY */
static void environment(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	fact("v1=%s", hello(pair));
	MUST(set_v2(pair.far, RX_HW | SOFT | SYS | RAW));
	fact("v2=%s", hello(pair));
	MUST(onload_timestamping_request(pair.near, TX_NIC));
	send_hello(pair);
	receive(pair.far, 0);
	wait_until_sent(pair.near);
	fact("v1 sent=%s", receive(pair.near, MSG_ERRQUEUE));
	MUST(set_v2(pair.near, TX_HW | SYS | RAW));
	send_hello(pair);
	receive(pair.far, 0);
	wait_until_sent(pair.near);
	fact("v2 sent=%s", receive(pair.near, MSG_ERRQUEUE));
}

/* FAMILY */
static void options(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	fact("before=%s", hello(pair));
	MUST(onload_stack_opt_set_int("EF_RX_TIMESTAMPING", 1));
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	fact("set=%s", hello(pair));
	MUST(onload_stack_opt_reset());
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	fact("reset=%s", hello(pair));
}

static enum onload_zc_callback_rc say_zero_copy(struct onload_zc_recv_args *args,
						int flags)
{
	struct msghdr *const msg = &args->msg.msghdr;
	char words[256] = "";
	struct text text = {words, words + sizeof(words)};

	(void)flags;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(msg); at; at = CMSG_NXTHDR(msg, at))
		add_message(&text, at);
	fact("%s=%s%u bytes", (const char *)args->user_ptr, words,
	     (unsigned int)args->msg.iov[0].iov_len);
	return ONLOAD_ZC_TERMINATE;
}

/* FAMILY */
static void zero_copy(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	char control[256], v1[] = "v1", v2[] = "v2";

	turn_stamping_on();
	for (int version = 1; version <= 2; version++) {
		struct onload_zc_recv_args call = {
			.msg.msghdr = {.msg_control = control,
				       .msg_controllen = sizeof(control)},
			.cb = say_zero_copy,
			.user_ptr = version == 1 ? v1 : v2,
		};

		MUST(version == 1 ? onload_timestamping_request(pair.far, RX_NIC)
				  : set_v2(pair.far, RX_HW | RAW | SOFT));
		send_hello(pair);
		MUST(onload_zc_recv(pair.far, &call));
	}
}

/* FAMILY: a socket has its stamps wherever its descriptors are. */
static void travels(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	const struct pair channel = connected_pair(family_named("unix_dgram"));
	struct pair other = pair;
	pid_t child;

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	other.far = (int)MUST(dup(pair.far));
	fact("duplicate=%s", hello(other));
	send_descriptor(channel.near, pair.far);
	other.far = receive_descriptor(channel.far, false);
	fact("arrived=%s", hello(other));
	child = (pid_t)MUST(fork());
	if (child == 0) {
		fact("child=%s", hello(pair));
		MUST(set_v2(other.far, RX_HW | RAW));
		fact("asked in the child=%s", hello(pair));
		_exit(0);
	}
	MUST(finish(child));
}

struct waiting {
	int fd;
	_Atomic pid_t thread;
};

static void *wait_for_message(void *arg)
{
	struct waiting *const waiting = arg;

	waiting->thread = (pid_t)syscall(SYS_gettid);
	fact("waited=%s", receive(waiting->fd, 0));
	return NULL;
}

/* Until the thread sleeps. */
static void wait_until_waiting(struct waiting *waiting)
{
	char path[64], state = 'R';

	for (int ms = 0; ms < WAIT_MS && state != 'S'; ms++) {
		FILE *file;

		poll(NULL, 0, 1);
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", waiting->thread);
		file = waiting->thread ? fopen(path, "re") : NULL;
		if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'R';
		if (file)
			fclose(file);
	}
}

/* FAMILY: asked for while a thread waits for the message, on a socket whose messages are looked at. */
static void asked_meanwhile(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct waiting waiting = {.fd = pair.far};
	pthread_t thread;

	turn_stamping_on();
	MUST(set_v2(pair.far, RX_HW | RAW));
	MUST(-pthread_create(&thread, NULL, wait_for_message, &waiting));
	wait_until_waiting(&waiting);
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	MUST(send(pair.near, HELLO, HELLO_SIZE, 0));
	MUST(-pthread_join(thread, NULL));
}

struct option {
	int level, number;
};

static struct option option_of_interface(const struct family *family)
{
	return family->domain == AF_INET ? (struct option){SOL_IP, IP_PKTINFO}
					 : (struct option){SOL_IPV6, IPV6_RECVPKTINFO};
}

/* What the option is for the program, and for the kernel. */
static void say_interface_option(int fd, struct option option)
{
	int told = 7, held = 7;
	socklen_t size = sizeof(told);

	MUST(getsockopt(fd, option.level, option.number, &told, &size));
	MUST(syscall(SYS_getsockopt, fd, option.level, option.number, &held, &size));
	fact("option=%d, of the kernel %d", told, held);
}

/* FAMILY */
static void interface(char **args)
{
	const struct family *const family = family_named(args[0]);
	const struct option option = option_of_interface(family);
	const struct pair pair = connected_pair(family);
	const int on = 1, off = 0;

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.far, RX_NIC | PKTINFO));
	fact("v1=%s", hello(pair));
	say_interface_option(pair.far, option);
	send_hello(pair);
	say_cut("cut", pair.far, 0, 60);
	MUST(setsockopt(pair.far, option.level, option.number, &on, sizeof(on)));
	fact("asked, too=%s", hello(pair));
	say_interface_option(pair.far, option);
	MUST(setsockopt(pair.far, option.level, option.number, &off, sizeof(off)));
	MUST(set_v2(pair.far, RX_HW | RAW | PKTINFO));
	fact("v2=%s", hello(pair));
	say_interface_option(pair.far, option);
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	fact("no interface=%s", hello(pair));
	say_interface_option(pair.far, option);
	MUST(onload_timestamping_request(pair.far, RX_NIC | PKTINFO));
	MUST(setsockopt(pair.far, option.level, option.number, &on, sizeof(on)));
	MUST(set(pair.far, SO_TIMESTAMPING, 0));
	fact("off=%s", hello(pair));
	say_interface_option(pair.far, option);
}

/* UDP alone: a datagram for which there is no room. FAMILY */
static void interface_of_long(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	char control[256], data[2];
	struct iovec piece = {data, sizeof(data)};

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.far, RX_NIC | PKTINFO));
	for (int flags = 0; flags <= MSG_TRUNC; flags += MSG_TRUNC) {
		struct msghdr msg = {.msg_iov = &piece,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		char words[256];
		struct text text = {words, words + sizeof(words)};
		ssize_t received;

		send_hello(pair);
		received = MUST(recvmsg(pair.far, &msg, flags));
		for (struct cmsghdr *at = CMSG_FIRSTHDR(&msg); at;
		     at = CMSG_NXTHDR(&msg, at))
			add_message(&text, at);
		fact("received=%zd, flags 0x%x, %s", received,
		     (unsigned int)msg.msg_flags, words);
	}
}

/* TCP alone: the end of a stream has no stamp. FAMILY */
static void ends(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	MUST(onload_timestamping_request(pair.far, RX_NIC));
	MUST(shutdown(pair.near, SHUT_WR));
	wait_for(pair.far, POLLIN);
	fact("end=%s", receive(pair.far, 0));
}

/* UDP alone: a message of no bytes has one, and so has the error of a closed port none of Onload's.
 * FAMILY */
static void empty(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));

	turn_stamping_on();
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	MUST(send(pair.near, "", 0, 0));
	wait_for(pair.far, POLLIN);
	fact("empty=%s", receive(pair.far, 0));
	send_hello(pair);
	send_hello(pair);
	fact("two=%s; %s", receive(pair.far, 0), receive(pair.far, 0));
}

/* ---- SO_TIMESTAMP and its relatives, which a program of no extension sets */

#define TIME_NEW                                                                         \
	63 /* SO_TIMESTAMP_NEW and SO_TIMESTAMPNS_NEW; libc has names for one form only */
#define TIMENS_NEW 64

static const struct {
	int option;
	uint32_t value;
} time_sets[] = {
	{SO_TIMESTAMP_OLD, 1},
	{SO_TIMESTAMP_OLD, 0},
	{SO_TIMESTAMPNS_OLD, 1},
	{SO_TIMESTAMPNS_OLD, 0},
	{TIME_NEW, 1},
	{TIME_NEW, 0},
	{TIMENS_NEW, 1},
	{TIMENS_NEW, 0},
	{SO_TIMESTAMPING_OLD, RX_SW | SOFT},
	{SO_TIMESTAMPING_NEW, RX_SW | SOFT},
};

static int told_time(int fd, int option)
{
	int told = -1;
	socklen_t size = sizeof(told);

	return getsockopt(fd, SOL_SOCKET, option, &told, &size) == 0 ? told : -1;
}

/* The types of all messages, and whether their time is now in their unit. */
static void add_times(struct text *text, int fd)
{
	char data[16], control[256];
	struct iovec piece = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &piece,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};

	MUST(recvmsg(fd, &msg, 0));
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&msg); at; at = CMSG_NXTHDR(&msg, at)) {
		const bool micro =
			at->cmsg_type == SO_TIMESTAMP_OLD || at->cmsg_type == TIME_NEW;
		int64_t time[2];

		memcpy(time, CMSG_DATA(at), sizeof(time));
		add(text, " %d(%zu %s%s)", at->cmsg_type, (size_t)at->cmsg_len,
		    age((uint64_t)time[0], (uint32_t)time[1]),
		    micro && time[1] >= 1000000 ? " no microseconds" : "");
	}
	add(text, " flags 0x%x", (unsigned int)msg.msg_flags);
}

static void set_times(const struct family *family, const size_t which[3])
{
	const struct pair pair = connected_pair(family);
	char words[512];
	struct text text = {words, words + sizeof(words)};

	for (size_t i = 0; i < 3; i++) {
		MUST(set(pair.far, time_sets[which[i]].option, time_sets[which[i]].value));
		add(&text, "%d=%x: %d %d %d %d;", time_sets[which[i]].option,
		    time_sets[which[i]].value, told_time(pair.far, SO_TIMESTAMP_OLD),
		    told_time(pair.far, SO_TIMESTAMPNS_OLD),
		    told_time(pair.far, TIME_NEW), told_time(pair.far, TIMENS_NEW));
	}
	send_hello(pair);
	add_times(&text, pair.far);
	fact("%s", words);
	close_pair(pair);
}

/* All sequences of three. FAMILY */
static void times(char **args)
{
	const struct family *const family = family_named(args[0]);
	const size_t count = COUNT(time_sets);

	turn_stamping_on();
	for (size_t i = 0; i < count * count * count; i++)
		set_times(family, (const size_t[]){i / count / count, i / count % count,
						   i % count});
}

/* ---- In another program, which was started or sent the socket */

/* By exec, or by a message: NEAR FAR exec|message, where far may be the channel of the message */
static void other_program(char **args)
{
	const bool is_message = strcmp(args[2], "message") == 0;
	const int given = atoi(args[1]);
	const struct pair pair = {
		.near = atoi(args[0]),
		.far = is_message ? receive_descriptor(given, false) : given,
	};

	fact("%s, option=%d, mark=%d", args[2], told_time(pair.far, SO_TIMESTAMPNS_OLD),
	     told_time(pair.far, SO_NOFCS));
	fact("received=%s", hello(pair));
	MUST(set(pair.far, SO_TIMESTAMPNS_OLD, 1));
	fact("asked, option=%d", told_time(pair.far, SO_TIMESTAMPNS_OLD));
	fact("received=%s", hello(pair));
}

static void run_other(struct pair pair, const char *way)
{
	const struct pair channel = connected_pair(family_named("unix_dgram"));
	const bool is_message = strcmp(way, "message") == 0;
	const int given = is_message ? channel.far : pair.far;
	char near[16], far[16];
	pid_t child;

	if (is_message)
		send_descriptor(channel.near, pair.far);
	snprintf(near, sizeof(near), "%d", pair.near);
	snprintf(far, sizeof(far), "%d", given);
	child = (pid_t)MUST(fork());
	if (child == 0) {
		MUST(fcntl(pair.near, F_SETFD, 0));
		MUST(fcntl(given, F_SETFD, 0));
		execl("/proc/self/exe", "probe", "other_program", near, far, way, NULL);
		_exit(127);
	}
	finish(child);
	close_pair(channel);
}

/* FAMILY asked|no_longer|not: the application has asked for the times, too; or had; or never has. */
static void elsewhere(char **args)
{
	const bool no_longer = strcmp(args[1], "no_longer") == 0;
	const bool asked = no_longer || strcmp(args[1], "asked") == 0;
	static const char *const ways[] = {"exec", "message"};

	turn_stamping_on();
	for (size_t i = 0; i < COUNT(ways); i++) {
		const struct pair pair = connected_pair(family_named(args[0]));
		struct epoll_event event = {.events = EPOLLIN};
		struct onload_ordered_epoll_event ordered;
		const int set_of = (int)MUST(epoll_create1(EPOLL_CLOEXEC));

		MUST(epoll_ctl(set_of, EPOLL_CTL_ADD, pair.far, &event));
		send_hello(pair);
		onload_ordered_epoll_wait(set_of, &event, &ordered, 1, WAIT_MS);
		receive(pair.far, 0);
		if (asked)
			MUST(set(pair.far, SO_TIMESTAMPNS_OLD, 1));
		if (no_longer)
			MUST(set(pair.far, SO_TIMESTAMPNS_OLD, 0));
		run_other(pair, ways[i]);
		close(set_of);
		close_pair(pair);
	}
}

/* FAMILY */
static void after_wire_order(char **args)
{
	const struct pair pair = connected_pair(family_named(args[0]));
	struct epoll_event event = {.events = EPOLLIN};
	struct onload_ordered_epoll_event ordered;
	const int set_of = (int)MUST(epoll_create1(EPOLL_CLOEXEC));
	const int on = 1;

	MUST(epoll_ctl(set_of, EPOLL_CTL_ADD, pair.far, &event));
	send_hello(pair);
	MUST(onload_ordered_epoll_wait(set_of, &event, &ordered, 1, WAIT_MS));
	receive(pair.far, 0);
	fact("nothing=%s", hello(pair));
	ask(pair.far, RX_HW | RAW);
	fact("hardware=%s", hello(pair));
	fact("option=%d", told_time(pair.far, SO_TIMESTAMPNS_OLD));
	MUST(set(pair.far, SO_TIMESTAMP_OLD, on));
	fact("time=%s", hello(pair));
	fact("option=%d", told_time(pair.far, SO_TIMESTAMP_OLD));
	MUST(set(pair.far, SO_TIMESTAMP_OLD, 0));
	MUST(onload_timestamping_request(pair.far, RX_NIC));
	fact("v1=%s", hello(pair));
	send_hello(pair);
	say_cut("cut", pair.far, 0, 32);
}

const struct scenario scenarios[] = {
	{"v1_requests", v1_requests},
	{"v1_receives", v1_receives},
	{"v1_sends", v1_sends},
	{"v2_requests", v2_requests},
	{"v2_receives", v2_receives},
	{"v2_sends", v2_sends},
	{"stream_requests", stream_requests},
	{"stream", stream},
	{"stream_of_many", stream_of_many},
	{"stream_sent_again", stream_sent_again},
	{"v1_sent_again", v1_sent_again},
	{"closed_port", closed_port},
	{"numbers_before_connecting", numbers_before_connecting},
	{"numbers_while_connecting", numbers_while_connecting},
	{"numbers_anew", numbers_anew},
	{"inherited", inherited},
	{"cut", cut},
	{"environment", environment},
	{"options", options},
	{"travels", travels},
	{"asked_meanwhile", asked_meanwhile},
	{"zero_copy", zero_copy},
	{"times", times},
	{"after_wire_order", after_wire_order},
	{"elsewhere", elsewhere},
	{"other_program", other_program},
	{"interface", interface},
	{"interface_of_long", interface_of_long},
	{"ends", ends},
	{"empty", empty},
	{NULL, NULL},
};
