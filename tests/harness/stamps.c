/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/stamps.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* wants timespec of time.h */

#include "tests/harness/stamping.h"
#include "tests/harness/text.h"

#define RX_HW SOF_TIMESTAMPING_RX_HARDWARE
#define RX_SW SOF_TIMESTAMPING_RX_SOFTWARE
#define TX_HW SOF_TIMESTAMPING_TX_HARDWARE
#define TX_SW SOF_TIMESTAMPING_TX_SOFTWARE
#define RAW SOF_TIMESTAMPING_RAW_HARDWARE
#define SYS SOF_TIMESTAMPING_SYS_HARDWARE
#define SOFT SOF_TIMESTAMPING_SOFTWARE

static const struct {
	const char *name;
	uint32_t flags;
} sets[] = {
	{"none", 0},
	{"hardware", RX_HW | TX_HW | RAW},
	{"software", RX_SW | TX_SW | SOFT},
	{"both", RX_HW | TX_HW | RAW | RX_SW | TX_SW | SOFT},
	{"all", RX_HW | TX_HW | RAW | SYS | RX_SW | TX_SW | SOFT},
	{"rx_hardware", RX_HW | RAW},
	{"tx_hardware", TX_HW | RAW},
	{"rx_onload", RX_HW | RAW | SYS | SOFT}, /* Onload's examples ask so */
	{"tx_raw_rx_soft", TX_HW | RAW | RX_SW | SOFT},
	{"rx_raw_tx_soft", RX_HW | RAW | TX_SW | SOFT},
	{"unreported", RX_HW | TX_HW},
};

#define AGE_S 60 /* what a message may have waited before this process was there */

static struct timespec started;

uint32_t stamps_named(const char *name)
{
	for (size_t i = 0; name && i < COUNT(sets); i++) {
		if (strcmp(sets[i].name, name) == 0)
			return sets[i].flags;
	}
	errno = EINVAL;
	return (uint32_t)must(-1, "a set's name is the second argument");
}

void ask(int fd, uint32_t flags)
{
	MUST(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, sizeof(flags)));
}

bool kernel_knows(uint32_t flags)
{
	const int fd = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
	const bool knows = setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags,
				      sizeof(flags)) == 0;

	MUST(close(fd));
	return knows;
}

const char *read_back(int fd, uint32_t flags)
{
	static __thread char number[16];
	uint32_t shown = 0;
	socklen_t size = sizeof(shown);

	MUST(getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &shown, &size));
	snprintf(number, sizeof(number), "0x%x", shown);
	return shown == flags ? "as asked" : number;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static bool is_same(const struct timespec *a, const struct timespec *b)
{
	return !is_before(a, b) && !is_before(b, a);
}

static char slot_letter(const struct timespec *slot, const struct timespec *software)
{
	static const struct timespec empty;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (is_same(slot, &empty))
		return '-';
	if (is_before(slot, &started) || is_before(&now, slot))
		return '?';
	return is_same(slot, software) || is_same(software, &empty) ? 'T' : 'S';
}

static void add_stamps(struct text *text, const void *data, size_t size)
{
	struct timespec slots[3];

	if (size != sizeof(slots)) {
		add(text, "stamps of %zu bytes ", size);
		return;
	}
	memcpy(slots, data, sizeof(slots));
	for (int i = 0; i < 3; i++)
		add(text, "%c", slot_letter(&slots[i], &slots[0]));
	add(text, " ");
}

static bool is_loopback(const struct sockaddr *addr)
{
	const struct sockaddr_in *v4 = (const void *)addr;
	const struct sockaddr_in6 *v6 = (const void *)addr;

	return addr->sa_family == AF_INET ? v4->sin_addr.s_addr == htonl(INADDR_LOOPBACK)
	       : addr->sa_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)
					     : false;
}

static void add_report(struct text *text, const void *data)
{
	static const char *const moments[] = {"snd", "sched", "ack"};
	const struct sock_extended_err *report = data;

	if (report->ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
		add(text, "%s ", strerrorname_np((int)report->ee_errno));
	else if (report->ee_errno == ENOMSG && report->ee_info < COUNT(moments))
		add(text, "%s %u ", moments[report->ee_info], report->ee_data);
	else
		add(text, "report %u/%u ", report->ee_errno, report->ee_info);
	if (is_loopback(SO_EE_OFFENDER(report)))
		add(text, "from here ");
}

static void add_control(struct text *text, const struct cmsghdr *header, int number)
{
	const size_t size = header->cmsg_len - CMSG_LEN(0);

	if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == number)
		add_stamps(text, CMSG_DATA(header), size);
	else if ((header->cmsg_level == SOL_IP && header->cmsg_type == IP_RECVERR) ||
		 (header->cmsg_level == SOL_IPV6 && header->cmsg_type == IPV6_RECVERR))
		add_report(text, CMSG_DATA(header));
	else
		add(text, "other %d/%d ", header->cmsg_level, header->cmsg_type);
}

static void add_size(struct text *text, const char *data, ssize_t size)
{
	const bool ends_well = size >= HELLO_SIZE &&
			       memcmp(data + size - HELLO_SIZE, HELLO, HELLO_SIZE) == 0;

	add(text, "%s ",
	    size == 0                     ? "nothing"
	    : !ends_well                  ? "other bytes"
	    : size == (ssize_t)HELLO_SIZE ? "payload"
					  : "packet");
}

static ssize_t receive(int fd, struct how how, struct msghdr *msg)
{
	struct mmsghdr one = {.msg_hdr = *msg};

	if (!how.several)
		return recvmsg(fd, msg, how.flags);
	if (recvmmsg(fd, &one, 1, how.flags, NULL) < 1)
		return -1;
	*msg = one.msg_hdr;
	return (ssize_t)one.msg_len;
}

static void add_controls(struct text *text, const struct msghdr *msg, int number)
{
	struct msghdr copy = *msg;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(&copy); at; at = CMSG_NXTHDR(&copy, at))
		add_control(text, at, number ? number : SO_TIMESTAMPING_OLD);
}

/* Without the blank after the last word. */
static const char *finished(const struct text *text, char *word)
{
	if (text->at == word)
		return "none";
	text->at[-1] = '\0';
	return word;
}

const char *control_word(const struct msghdr *msg, int number)
{
	static __thread char word[256];
	struct text text = {word, word + sizeof(word)};

	add_controls(&text, msg, number);
	return finished(&text, word);
}

const char *receive_word(int fd, struct how how)
{
	static __thread char word[256];
	struct text text = {word, word + sizeof(word)};
	char data[512];
	_Alignas(struct cmsghdr) char control[512];
	struct iovec room = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &room,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	const ssize_t size = receive(fd, how, &msg);

	if (size < 0)
		return outcome(size);
	add_controls(&text, &msg, how.number);
	if (msg.msg_flags & MSG_ERRQUEUE)
		add_size(&text, data, size);
	else if (size != HELLO_SIZE || memcmp(data, HELLO, HELLO_SIZE) != 0)
		add(&text, "other bytes ");
	return finished(&text, word);
}

void send_hello(struct pair pair)
{
	MUST(send(pair.near, HELLO, HELLO_SIZE, 0));
	wait_for(pair.far, POLLIN);
}

const char *exchange(struct pair pair, struct how how)
{
	send_hello(pair);
	return receive_word(pair.far, how);
}

const char *reports_word(int fd, struct how how, int acks)
{
	static char all[1024];
	struct text text = {all, all + sizeof(all)};

	how.flags |= MSG_ERRQUEUE;
	all[0] = '\0';
	for (;;) {
		const char *word = receive_word(fd, how);

		if (strcmp(word, "-1 EAGAIN") != 0)
			add(&text, "%s%s", all[0] ? "; " : "", word);
		else if (acks <= 0 || !wait_for(fd, 0))
			break;
		acks -= strstr(word, "ack ") ? 1 : 0;
	}
	return all[0] ? all : "none";
}

void turn_stamping_on(void)
{
	clock_gettime(CLOCK_REALTIME, &started);
	started.tv_sec -= AGE_S;
	must(keep_stamping_on(0), "the kernel stamps what arrives");
}
