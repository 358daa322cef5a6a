/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that puts its data on the wire by itself, and tells Onload afterwards. */
#include <onload/extensions_timestamping.h>
#include <onload/extensions_zc.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

/* In a header that Onload does not install. */
int oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt);

/* "mapped": IPv4 through sockets of IPv6. */
static struct pair connection(const char *name)
{
	const struct family *const tcp6 = family_named("tcp6");
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	socklen_t size = sizeof(address);
	struct pair pair;
	int listener;

	if (strcmp(name, "mapped") != 0)
		return connected_pair(family_named(name));
	address.sin6_addr.s6_addr[10] = address.sin6_addr.s6_addr[11] = 0xff;
	address.sin6_addr.s6_addr[12] = 127;
	address.sin6_addr.s6_addr[15] = 1;
	listener = fresh_socket(tcp6);
	MUST(bind(listener, (struct sockaddr *)&address, size));
	MUST(listen(listener, 1));
	MUST(getsockname(listener, (struct sockaddr *)&address, &size));
	pair.near = fresh_socket(tcp6);
	MUST(connect(pair.near, (struct sockaddr *)&address, size));
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	close(listener);
	return pair;
}

struct delegation {
	struct onload_delegated_send send;
	unsigned char headers[128];
};

static enum onload_delegated_send_rc prepare(struct delegation *to, int fd, int size)
{
	memset(to, 0xa5, sizeof(*to));
	to->send.headers = to->headers;
	to->send.headers_len = sizeof(to->headers);
	return onload_delegated_send_prepare(fd, size, 0, &to->send);
}

static void must_prepare(int fd, int size)
{
	struct delegation delegation;

	if (prepare(&delegation, fd, size) != ONLOAD_DELEGATED_SEND_RC_OK)
		must(-1, "prepare");
}

static int complete(int fd, const char *text, int flags)
{
	const struct iovec piece = {(void *)text, strlen(text)};

	return onload_delegated_send_complete(fd, &piece, 1, flags);
}

/* What the other end has got, after a mark that is sent behind it. */
static const char *got(struct pair pair)
{
	static char text[256];
	size_t length = 0;

	MUST(send(pair.near, "\n", 1, 0));
	do
		MUST(recv(pair.far, text + length, 1, MSG_WAITALL));
	while (text[length++] != '\n');
	text[length - 1] = '\0';
	return text;
}

/* ---- which sockets */

static void row(const char *what, int fd)
{
	struct delegation delegation;
	const struct iovec frame = {(void *)"frame", 5};
	enum onload_delegated_send_rc prepared;
	char text[3][32];
	bool untouched;

	errno = UNTOUCHED;
	prepared = prepare(&delegation, fd, 5);
	untouched = errno == UNTOUCHED && delegation.send.mss == (int)0xa5a5a5a5 &&
		    delegation.send.headers_len == sizeof(delegation.headers);
	strcpy(text[0], outcome(complete(fd, "hello", 0)));
	strcpy(text[1], outcome(onload_delegated_send_cancel(fd)));
	strcpy(text[2], outcome(oo_raw_send(fd, -1, &frame, 1)));
	fact("%s: %d%s; complete %s, cancel %s, raw %s", what, (int)prepared,
	     untouched ? ", untouched" : "", text[0], text[1], text[2]);
}

static void table(char **args)
{
	const struct family *tcp = family_named(args[0]), *udp = family_named(args[1]);
	struct pair pair;

	row("TCP, fresh", fresh_socket(tcp));
	row("TCP, listening", bound_socket(tcp, NULL, NULL));
	pair = connected_pair(tcp);
	row("TCP, connected", pair.near);
	row("TCP, accepted", pair.far);
	pair = connected_pair(tcp);
	MUST(shutdown(pair.near, SHUT_WR));
	wait_for(pair.far, POLLIN);
	row("TCP, closed by the peer", pair.far);
	MUST(signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0);
	row("TCP, half closed", pair.near);
	row("UDP", connected_pair(udp).near);
	row("plain TCP", onload_socket_nonaccel(tcp->domain, SOCK_STREAM, 0));
	for_other_descriptors(row);
}

/* ---- what is sent */

/* With the frames, which go nowhere, or without. */
static void send_block(struct pair pair, bool frames)
{
	static unsigned char block[2048], received[2048];
	struct delegation delegation;
	struct onload_delegated_send *const send_ = &delegation.send;
	const struct iovec piece = {block, sizeof(block)};
	int completed;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (unsigned char)(i * 7);
	MUST(prepare(&delegation, pair.near, sizeof(block)));
	while (frames && send_->user_size > 0) {
		const int length = send_->user_size < 1000 ? send_->user_size : 1000;
		const int sent = (int)sizeof(block) - send_->user_size;
		const struct iovec frame[] = {
			{send_->headers, (size_t)send_->headers_len},
			{block + sent, (size_t)length},
		};

		onload_delegated_send_tcp_update(send_, length,
						 send_->user_size == length);
		MUST(oo_raw_send(pair.near, -1, frame, 2));
		onload_delegated_send_tcp_advance(send_, length);
	}
	completed = onload_delegated_send_complete(pair.near, &piece, 1, 0);
	MUST(recv(pair.far, received, sizeof(received), MSG_WAITALL));
	fact("frames %d: completed %d, same=%d", frames, completed,
	     memcmp(block, received, sizeof(block)) == 0);
}

static void blocks(char **args)
{
	const struct pair pair = connection(args[0]);

	send_block(pair, false);
	send_block(pair, true);
	fact("left over=%s", got(pair));
}

static uint32_t number_at(const struct delegation *delegation, int offset)
{
	uint32_t number;

	memcpy(&number, delegation->headers + offset, sizeof(number));
	return ntohl(number);
}

static uint32_t sequence_in(const struct delegation *delegation)
{
	return number_at(delegation, delegation->send.tcp_seq_offset);
}

static struct sockaddr_in ipv4_name(int fd,
				    int (*ask)(int, struct sockaddr *, socklen_t *))
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name;
	socklen_t size = sizeof(name);
	struct sockaddr_in told;

	MUST(ask(fd, &name.any, &size));
	if (name.any.sa_family == AF_INET)
		return name.v4;
	told.sin_port = name.v6.sin6_port;
	memcpy(&told.sin_addr, name.v6.sin6_addr.s6_addr + 12, 4);
	return told;
}

static int get_name(int fd, struct sockaddr *name, socklen_t *size)
{
	return getsockname(fd, name, size);
}

static int get_peer(int fd, struct sockaddr *name, socklen_t *size)
{
	return getpeername(fd, name, size);
}

/* What the headers say of a connection, as the C library's structs read them. */
static void headers(char **args)
{
	const struct pair pair = connection(args[0]);
	const struct sockaddr_in here = ipv4_name(pair.near, get_name),
				 there = ipv4_name(pair.near, get_peer);
	const int tos = IPTOS_LOWDELAY;
	struct delegation first, second;
	struct iphdr ip;
	struct tcphdr tcp;
	int mss, mapped = strcmp(args[0], "mapped") == 0;
	socklen_t size = sizeof(mss);

	MUST(getsockopt(pair.near, IPPROTO_TCP, TCP_MAXSEG, &mss, &size));
	MUST(setsockopt(pair.near, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)));
	MUST(prepare(&first, pair.near, 5));
	memcpy(&ip, first.headers + 14, sizeof(ip));
	memcpy(&tcp, first.headers + 34, sizeof(tcp));
	fact("length=%d, offsets %d %d, IP and TCP %d", first.send.headers_len,
	     first.send.ip_len_offset, first.send.tcp_seq_offset,
	     first.send.ip_tcp_hdr_len);
	fact("user_size=%d, mss is the socket's=%d, windows=%d %d", first.send.user_size,
	     first.send.mss == mss, first.send.send_wnd >= mss,
	     first.send.cong_wnd >= mss);
	fact("ethertype=%02x%02x, version %d, protocol %d, ttl %d, tos %d",
	     first.headers[12], first.headers[13], ip.version, ip.protocol, ip.ttl,
	     mapped ? tos : ip.tos);
	fact("of a full segment=%d", ntohs(ip.tot_len) == mss + first.send.ip_tcp_hdr_len);
	fact("addresses=%d %d, ports=%d %d", ip.saddr == here.sin_addr.s_addr,
	     ip.daddr == there.sin_addr.s_addr, tcp.source == here.sin_port,
	     tcp.dest == there.sin_port);
	fact("words=%d, ack=%d, others=%d, checksums=%d %d", tcp.doff, tcp.ack,
	     tcp.syn | tcp.fin | tcp.rst | tcp.psh | tcp.urg, ip.check, tcp.check);
	fact("window=%d, timestamp=%d", tcp.window != 0,
	     tcp.doff == 5 || memcmp(first.headers + 58, "\0\0\0\0", 4) != 0);
	MUST(complete(pair.near, "hello", 0));
	MUST(send(pair.near, "plain", 5, 0));
	MUST(send(pair.far, "answer", 6, 0));
	wait_until_sent(pair.near);
	wait_for(pair.near, POLLIN);
	MUST(prepare(&second, pair.near, 5));
	fact("sent in between=%u, received=%u", sequence_in(&second) - sequence_in(&first),
	     number_at(&second, 42) - number_at(&first, 42));
	MUST(onload_delegated_send_cancel(pair.near));
	MUST(prepare(&first, pair.near, 5));
	fact("again=%u", sequence_in(&first) - sequence_in(&second));
	fact("untouched=%d", first.headers[first.send.headers_len] == 0xa5 &&
				     first.send.reserved[0] == (int)0xa5a5a5a5);
}

static void without_timestamps(char **args)
{
	int setting;

	enter_own_network();
	setting = (int)MUST(open("/proc/sys/net/ipv4/tcp_timestamps", O_WRONLY));
	MUST(write(setting, "0", 1));
	headers(args);
}

/* ---- what is refused in between */

static void busy(char **args)
{
	const struct pair pair = connection(args[0]);
	const int fd = pair.near, other = dup(fd);
	struct iovec piece = {(void *)"plain", 5};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	struct mmsghdr messages = {.msg_hdr = message};
	onload_template_handle handle;
	struct onload_zc_iovec buffer;
	struct onload_zc_mmsg zero_copy = {
		.fd = fd, .msg = {.iov = &buffer, .msghdr.msg_iovlen = 1}};
	struct delegation delegation;

	MUST(onload_zc_alloc_buffers(fd, &buffer, 1, ONLOAD_ZC_BUFFER_HDR_TCP));
	MUST(onload_msg_template_alloc(fd, &piece, 1, &handle, 0));
	must_prepare(fd, 10);
	SAY(send(fd, "plain", 5, 0));
	SAY(send(other, "plain", 5, MSG_DONTWAIT));
	SAY(send(fd, "plain", 5, ONLOAD_MSG_WARM));
	SAY(sendto(fd, "plain", 5, 0, NULL, 0));
	SAY(sendmsg(fd, &message, 0));
	SAY(sendmmsg(fd, &messages, 1, 0));
	SAY(write(fd, "plain", 5));
	SAY(writev(fd, &piece, 1));
	SAY(onload_msg_template_update(fd, handle, NULL, 0,
				       ONLOAD_TEMPLATE_FLAGS_SEND_NOW));
	SAY(onload_zc_send(&zero_copy, 1, 0));
	fact("rc=%d", zero_copy.rc);
	SAY(onload_zc_send(&zero_copy, 1, ONLOAD_MSG_WARM));
	fact("rc=%d", zero_copy.rc);
	SAY(onload_zc_release_buffers(fd, &buffer.buf, 1));
	SAY(send(pair.far, "of the other end", 16, 0));
	SAY(complete(fd, "0123456", 0));
	SAY(send(fd, "plain", 5, 0));
	SAY(complete(fd, "789", 0));
	SAY(send(fd, ", plain", 7, 0));
	wait_until_sent(fd);
	must_prepare(fd, 10);
	SAY(complete(fd, ", 01", 0));
	SAY(onload_delegated_send_cancel(fd));
	SAY(onload_delegated_send_cancel(fd));
	SAY(write(fd, ", plain", 7));
	wait_until_sent(fd);
	must_prepare(fd, 10);
	wait_until_sent(fd);
	MUST(prepare(&delegation, fd, 0)); /* in place of the other */
	SAY(send(fd, ", end", 5, 0));
	fact("sent=%s", got(pair));
}

static void codes(char **args)
{
	const struct pair pair = connection(args[0]);
	const int fd = pair.near;
	const struct iovec none = {NULL, 0}, huge = {(void *)"", SIZE_MAX / 2};
	const struct iovec pieces[] = {{(void *)"01", 2}, {NULL, 0}, {(void *)"234", 3}};
	const struct iovec huge_pieces[] = {huge, huge, huge, huge};
	static char frame[2049];
	struct iovec frame_piece = {frame, sizeof(frame)};
	struct delegation delegation;
	int needed;

	SAY(complete(fd, "x", 0));
	SAY(onload_delegated_send_complete(fd, NULL, 0, 0));
	SAY(onload_delegated_send_prepare(fd, 5, 0, NULL));
	delegation.send = (struct onload_delegated_send){.headers_len = 54};
	SAY(onload_delegated_send_prepare(fd, 5, 0, &delegation.send));
	delegation.send.headers_len = 0;
	SAY(onload_delegated_send_prepare(fd, 5, 0, &delegation.send));
	needed = delegation.send.headers_len;
	fact("needed=%d, windows are told=%d", needed, delegation.send.send_wnd > 0);
	SAY(complete(fd, "x", 0));
	delegation.send.headers = delegation.headers;
	delegation.send.headers_len = needed - 1;
	SAY(onload_delegated_send_prepare(fd, 5, ONLOAD_DELEGATED_SEND_FLAG_IGNORE_ARP,
					  &delegation.send));
	SAY(onload_delegated_send_prepare(fd, 5, ONLOAD_DELEGATED_SEND_FLAG_RESOLVE_ARP,
					  &delegation.send));
	SAY(complete(fd, "012345", 0));
	SAY(onload_delegated_send_complete(fd, huge_pieces, 4, 0));
	SAY(onload_delegated_send_complete(fd, NULL, 1, 0));
	SAY(onload_delegated_send_complete(fd, &none, 1, 0));
	SAY(onload_delegated_send_complete(fd, pieces, 3, ONLOAD_MSG_WARM));
	SAY(complete(fd, "x", 0));
	SAY(oo_raw_send(fd, -1, &frame_piece, 1));
	frame_piece.iov_len--;
	SAY(oo_raw_send(fd, 7, &frame_piece, 1));
	SAY(oo_raw_send(fd, -1, NULL, 0));
	SAY(oo_raw_send(fd, -1, NULL, 1));
	fact("sent=%s", got(pair));
}

/* A card stamps what it sends itself only. */
static void stamps(char **args)
{
	const struct pair pair = connection(args[0]);
	const int off = 0,
		  receive = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
		  both = receive | SOF_TIMESTAMPING_TX_HARDWARE;
	struct delegation delegation;

	MUST(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING, &receive, sizeof(receive)));
	SAY(prepare(&delegation, pair.near, 5));
	MUST(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING, &both, sizeof(both)));
	SAY(prepare(&delegation, pair.near, 5));
	MUST(setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof(off)));
	SAY(prepare(&delegation, pair.near, 5));
	MUST(onload_timestamping_request(pair.near, ONLOAD_TIMESTAMPING_FLAG_RX_NIC));
	SAY(prepare(&delegation, pair.near, 5));
	MUST(onload_timestamping_request(pair.near, ONLOAD_TIMESTAMPING_FLAG_TX_NIC));
	SAY(prepare(&delegation, pair.near, 5));
}

/* ---- windows */

static char byte_at(long at)
{
	return (char)('a' + at / 1000 % 26);
}

/* Nobody reads, until no more can be prepared. */
static void overfill(char **args)
{
	const struct pair pair = connection(args[0]);
	static char block[50000];
	struct delegation delegation;
	long sent = 0, received = 0, wrong = 0, length;

	while (prepare(&delegation, pair.near, sizeof(block)) ==
	       ONLOAD_DELEGATED_SEND_RC_OK) {
		struct iovec piece = {block, sizeof(block)};
		int completed;

		if (delegation.send.send_wnd < (int)sizeof(block))
			piece.iov_len = (size_t)delegation.send.send_wnd;
		for (size_t i = 0; i < piece.iov_len; i++)
			block[i] = byte_at(sent + (long)i);
		completed = onload_delegated_send_complete(pair.near, &piece, 1,
							   MSG_DONTWAIT);
		MUST(onload_delegated_send_cancel(pair.near));
		if (completed < 0)
			break;
		sent += completed;
	}
	MUST(shutdown(pair.near, SHUT_WR));
	while ((length = MUST(recv(pair.far, block, sizeof(block), 0))) > 0)
		for (long i = 0; i < length; i++)
			wrong += block[i] != byte_at(received++);
	fact("more than one block=%d, missing=%ld, wrong=%ld", sent > (long)sizeof(block),
	     sent - received, wrong);
}

static void say_prepared(const char *what, int fd, int size)
{
	struct delegation delegation;
	const struct onload_delegated_send *const told = &delegation.send;
	const enum onload_delegated_send_rc rc = prepare(&delegation, fd, size);

	fact("%s: %d; send_wnd %s, cong_wnd %s a segment; headers=%d", what, (int)rc,
	     told->send_wnd > 0 ? "open" : "0",
	     told->cong_wnd < told->mss ? "below" : "above",
	     delegation.headers[0] != 0xa5);
}

/* Sends blocks of bytes as long as prepare() answers OK. return: how many bytes. */
static long send_prepared(int fd, int block, void (*wait_after)(int fd))
{
	static char bytes[65536];
	const int size = block < (int)sizeof(bytes) ? block : (int)sizeof(bytes);
	struct delegation delegation;
	long sent = 0;

	while (prepare(&delegation, fd, size) == ONLOAD_DELEGATED_SEND_RC_OK) {
		const int window = delegation.send.send_wnd;
		const struct iovec piece = {bytes,
					    (size_t)(window < size ? window : size)};

		sent += MUST(onload_delegated_send_complete(fd, &piece, 1, 0));
		wait_after(fd);
	}
	return sent;
}

/* Not acknowledged yet. */
static void wait_until_under_way(int fd)
{
	int unsent = 1;

	for (int ms = 0; ms < WAIT_MS && unsent > 0; ms++) {
		MUST(ioctl(fd, SIOCOUTQNSD, &unsent));
		if (unsent > 0)
			poll(NULL, 0, 1);
	}
}

/* The other end has taken all in and reads nothing. */
static void peer_window(char **args)
{
	const struct pair pair = connection(args[0]);
	long sent, received = 0;
	char room[4096];

	sent = send_prepared(pair.near, 4096, wait_until_sent);
	say_prepared("full", pair.near, 5);
	SAY(complete(pair.near, "hello", 0)); /* nothing was prepared */
	SAY(send(pair.near, "!", 1, 0));
	while (received < sent + 1)
		received += MUST(recv(pair.far, room, sizeof(room), 0));
	wait_until_sent(pair.near);
	say_prepared("read", pair.near, 5);
}

/* What the other end acknowledges does not get here, while a filter drops it. */
static void congestion_window(char **args)
{
	const struct family *family = family_named(args[0]);
	const int listener = bound_socket(family, NULL, NULL), mss = 700, off = 0;
	struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog filter = {1, &drop_all};
	struct pair pair;
	long sent, received = 0;
	char room[4096];
	int segment, completed;
	socklen_t size = sizeof(segment);

	MUST(setsockopt(listener, IPPROTO_TCP, TCP_MAXSEG, &mss, sizeof(mss)));
	pair = connect_to(family, listener);
	pair.far = (int)MUST(accept(listener, NULL, NULL));
	MUST(getsockopt(pair.near, IPPROTO_TCP, TCP_MAXSEG, &segment, &size));
	MUST(setsockopt(pair.near, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)));
	sent = send_prepared(pair.near, segment, wait_until_under_way);
	say_prepared("full", pair.near, 5);
	SAY(send(pair.near, "!", 1, 0));
	SAY(completed = complete(pair.near, "hello", 0));
	MUST(setsockopt(pair.near, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)));
	while (received < sent + (completed > 0 ? completed : 0))
		received += MUST(recv(pair.far, room, sizeof(room), 0));
	wait_until_sent(pair.near);
	say_prepared("acknowledged", pair.near, 5);
}

/* Another process does not know what is reserved here. */
static void fill_from_child(int fd)
{
	static char block[65536];
	const pid_t child = fork();
	int queued, unsent;
	bool full;

	if (child == 0) {
		MUST(onload_delegated_send_cancel(fd));
		do {
			full = true;
			while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
				full = false;
			do {
				MUST(ioctl(fd, SIOCOUTQ, &queued));
				MUST(ioctl(fd, SIOCOUTQNSD, &unsent));
			} while (queued > unsent && poll(NULL, 0, 1) == 0);
		} while (!full);
		_exit(0);
	}
	finish(child);
}

static void *read_all(void *arg)
{
	static char block[65536];
	const struct pair *const pair = arg;
	static char last[6];
	long length;

	while ((length = recv(pair->far, block, sizeof(block), 0)) > 0)
		for (long i = 0; i < length; i++) {
			memmove(last, last + 1, 4);
			last[4] = block[i];
		}
	fact("last=%s", last);
	return NULL;
}

static void waits(char **args)
{
	struct pair pair = connection(args[0]);
	pthread_t reader;

	must_prepare(pair.near, 10);
	fill_from_child(pair.near);
	SAY(complete(pair.near, "01234", MSG_DONTWAIT));
	SAY(send(pair.near, "plain", 5, MSG_DONTWAIT));
	MUST(fcntl(pair.near, F_SETFL, O_NONBLOCK));
	pthread_create(&reader, NULL, read_all, &pair);
	SAY(complete(pair.near, "01234", 0)); /* although it may not wait otherwise */
	SAY(complete(pair.near, "56789", 0));
	MUST(shutdown(pair.near, SHUT_WR));
	pthread_join(reader, NULL);
}

/* ---- connections that end */

static volatile sig_atomic_t pipes_broken;

static void count_pipe(int number)
{
	(void)number;
	pipes_broken++;
}

static void broken(char **args)
{
	const struct linger reset = {.l_onoff = 1};
	struct sigaction action = {.sa_handler = count_pipe};
	struct delegation delegation;
	struct pair pair;

	MUST(sigaction(SIGPIPE, &action, NULL));
	pair = connection(args[0]);
	must_prepare(pair.near, 5);
	MUST(shutdown(pair.near, SHUT_WR));
	SAY(complete(pair.near, "hello", MSG_NOSIGNAL));
	fact("SIGPIPE=%d", (int)pipes_broken);
	SAY(complete(pair.near, "hello", 0));
	fact("SIGPIPE=%d", (int)pipes_broken);
	SAY(prepare(&delegation, pair.near, 5));
	close_pair(pair);

	pair = connection(args[0]);
	MUST(shutdown(pair.far, SHUT_WR));
	wait_for(pair.near, POLLIN);
	must_prepare(pair.near, 5);
	SAY(complete(pair.near, "hello", 0));
	fact("sent=%s", got(pair));
	close_pair(pair);

	pair = connection(args[0]);
	must_prepare(pair.near, 5);
	MUST(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(pair.far);
	wait_for(pair.near, POLLHUP);
	SAY(complete(pair.near, "hello", MSG_NOSIGNAL));
	SAY(prepare(&delegation, pair.near, 5));
}

const struct scenario scenarios[] = {
	{"table", table},
	{"blocks", blocks},
	{"headers", headers},
	{"without_timestamps", without_timestamps},
	{"busy", busy},
	{"codes", codes},
	{"stamps", stamps},
	{"overfill", overfill},
	{"peer_window", peer_window},
	{"congestion_window", congestion_window},
	{"waits", waits},
	{"broken", broken},
	{NULL, NULL},
};
