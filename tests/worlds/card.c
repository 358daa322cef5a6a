/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel whose card stamps what it receives and what it is asked to send so, for one process
 * and one thread. Bytes, errors, ids, queues and the order of messages are those of the real
 * sockets underneath. What SO_TIMESTAMPING does is written here once more, from what the kernel
 * does with a card's stamps:
 *
 *     setting, reading back       sock_set_timestamping, sk_getsockopt     net/core/sock.c
 *     the request of one send     __sock_cmsg_send                         net/core/sock.c
 *     reports of a send           __skb_tstamp_tx, skb_tstamp_tx           net/core/skbuff.c
 *     which slots are shown       __sock_recv_timestamp, tcp_recv_timestamp
 *     control data, also cut      put_cmsg                                 net/core/scm.c
 *     in words                    Documentation/networking/timestamping.rst
 *
 * The sockets underneath make software stamps of everything. They are the time of both stamps
 * here; the card's clock runs 37 s ahead, as one that was set to TAI.
 *
 * Its receive filter (SIOCSHWTSTAMP) is set as the owner of a program sets it: what arrives is
 * stamped where the program asks for RX_HARDWARE.
 *
 * Where drivers differ, this is one that marks a packet SKBTX_IN_PROGRESS on its way out, so that
 * the software stamp is not reported beside the hardware one (unless OPT_TX_SWHW asks for it),
 * and whose mark the TCP acknowledgement's report does not see. */
#include "tests/worlds/calls.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define RX_HARDWARE SOF_TIMESTAMPING_RX_HARDWARE
#define RX_SOFTWARE SOF_TIMESTAMPING_RX_SOFTWARE
#define TX_HARDWARE SOF_TIMESTAMPING_TX_HARDWARE
#define TX_SOFTWARE SOF_TIMESTAMPING_TX_SOFTWARE
#define RAW_HARDWARE SOF_TIMESTAMPING_RAW_HARDWARE
#define SOFTWARE SOF_TIMESTAMPING_SOFTWARE
#define OPT_RX_FILTER (1U << 17) /* newer than Debian 12's linux/net_tstamp.h */
#define TX_RECORDS                                                                       \
	(TX_HARDWARE | TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK)

#define CARD_IS_AHEAD_S 37
#define FDS 256
#define SENDS 256 /* of one socket, whose reports are not read yet */
#define PACKET_MAX 65536
#define CONTROL_MAX 8192

struct send { /* what was asked when it was sent */
	uint32_t records;
	bool both; /* OPT_TX_SWHW */
};

/* A message as the kernel holds it, before any of it is cut. */
struct message {
	unsigned char data[PACKET_MAX];
	ssize_t size;
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];
	struct msghdr header; /* msg_control: the above; msg_flags: as received */
	unsigned char name[sizeof(struct sockaddr_storage)];
};

struct card_socket {
	bool asked;     /* anything, ever */
	bool no_device; /* AF_UNIX */
	uint32_t flags;
	struct send sends[SENDS];
	unsigned int count;
	unsigned int next[3]; /* the send that the next report is about, by its ee_info */
	struct message *second; /* the card's own report, after the software one */
};

static struct card_socket sockets[FDS];

static void die(const char *what)
{
	perror(what);
	_exit(2);
}

static struct card_socket *socket_of(int fd)
{
	return fd >= 0 && fd < FDS ? &sockets[fd] : NULL;
}

static int number_of(int fd, int option)
{
	int number;
	socklen_t size = sizeof(number);

	if (getsockopt(fd, SOL_SOCKET, option, &number, &size) != 0)
		die("getsockopt");
	return number;
}

/* ---- SO_TIMESTAMPING */

static bool is_stamping(int level, int number)
{
	return level == SOL_SOCKET &&
	       (number == SO_TIMESTAMPING_OLD || number == SO_TIMESTAMPING_NEW);
}

/* What the sockets underneath must do so that there is something to take a stamp from. */
static uint32_t underneath(uint32_t flags)
{
	if (flags == 0)
		return 0;
	return flags | RX_SOFTWARE | SOFTWARE | (flags & TX_HARDWARE ? TX_SOFTWARE : 0);
}

static int card_setsockopt(int fd, int level, int optname, const void *optval,
			   socklen_t optlen)
{
	struct card_socket *at = socket_of(fd);
	uint32_t value[2], flags;
	int result;

	if (!is_stamping(level, optname) || optlen < sizeof(flags))
		return setsockopt(fd, level, optname, optval, optlen);
	memcpy(value, optval, optlen == sizeof(value) ? sizeof(value) : sizeof(flags));
	flags = value[0];
	value[0] = underneath(flags);
	result = setsockopt(fd, level, optname, value,
			    optlen == sizeof(value) ? optlen : sizeof(flags));
	if (result == 0) {
		at->asked = true;
		at->no_device = number_of(fd, SO_DOMAIN) == AF_UNIX;
		at->flags = flags;
	}
	return result;
}

/* The new number tells only what was set by it: then there is something underneath. */
static int card_getsockopt(int fd, int level, int optname, void *optval,
			   socklen_t *optlen)
{
	const int result = getsockopt(fd, level, optname, optval, optlen);
	uint32_t flags;
	socklen_t size = sizeof(flags);

	if (result != 0 || !is_stamping(level, optname) || !socket_of(fd)->asked)
		return result;
	if (getsockopt(fd, level, optname, &flags, &size) != 0)
		die("getsockopt");
	if (flags != 0)
		memcpy(optval, &socket_of(fd)->flags, *optlen < size ? *optlen : size);
	return result;
}

/* ---- Sending */

static void sent(struct card_socket *at, uint32_t records)
{
	if (!(records & TX_RECORDS))
		return;
	if (at->count == SENDS)
		die("more sends than the card keeps");
	at->sends[at->count++] =
		(struct send){records, at->flags & SOF_TIMESTAMPING_OPT_TX_SWHW};
}

static ssize_t card_send(int fd, const void *buf, size_t len, int flags)
{
	const ssize_t result = send(fd, buf, len, flags);

	if (result >= 0)
		sent(socket_of(fd), socket_of(fd)->flags);
	return result;
}

/* The request of one message replaces the socket's. control: a copy, which is changed so that
 * the sockets underneath make a stamp. */
static uint32_t records_of(struct msghdr *msg, uint32_t records)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(msg); at; at = CMSG_NXTHDR(msg, at)) {
		uint32_t value;

		if (!is_stamping(at->cmsg_level, at->cmsg_type) ||
		    at->cmsg_len != CMSG_LEN(sizeof(value)))
			continue;
		memcpy(&value, CMSG_DATA(at), sizeof(value));
		records = (records & ~(uint32_t)TX_RECORDS) | value;
		if (value & TX_HARDWARE)
			value |= TX_SOFTWARE;
		memcpy(CMSG_DATA(at), &value, sizeof(value));
	}
	return records;
}

static ssize_t card_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];
	struct card_socket *at = socket_of(fd);
	struct msghdr copy = *msg;
	uint32_t records = at->flags;
	ssize_t result;

	if (msg->msg_controllen > sizeof(control))
		die("more control data than the card takes");
	if (msg->msg_controllen > 0) {
		copy.msg_control = memcpy(control, msg->msg_control, msg->msg_controllen);
		records = records_of(&copy, records);
	}
	result = sendmsg(fd, &copy, flags);
	if (result >= 0)
		sent(at, records);
	return result;
}

static int card_sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	for (unsigned int i = 0; i < count; i++) {
		const ssize_t result = card_sendmsg(fd, &msgs[i].msg_hdr, flags);

		if (result < 0)
			return i > 0 ? (int)i : -1;
		msgs[i].msg_len = (unsigned int)result;
	}
	return (int)count;
}

/* ---- Receiving */

struct shown { /* the slots of a message; the middle one is always empty */
	struct timespec software, hardware;
};

static const struct timespec none;

static bool is_set(struct timespec time)
{
	return time.tv_sec != 0 || time.tv_nsec != 0;
}

static struct timespec on_the_card(struct timespec time)
{
	time.tv_sec += CARD_IS_AHEAD_S;
	return is_set(time) ? time : none;
}

static const struct cmsghdr *find(const struct message *message,
				  bool (*wanted)(const struct cmsghdr *))
{
	struct msghdr header = message->header;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(&header); at;
	     at = CMSG_NXTHDR(&header, at)) {
		if (wanted(at))
			return at;
	}
	return NULL;
}

static bool is_stamps(const struct cmsghdr *at)
{
	return is_stamping(at->cmsg_level, at->cmsg_type);
}

static bool is_report(const struct cmsghdr *at)
{
	return (at->cmsg_level == SOL_IP && at->cmsg_type == IP_RECVERR) ||
	       (at->cmsg_level == SOL_IPV6 && at->cmsg_type == IPV6_RECVERR);
}

/* SO_TIMESTAMP or SO_TIMESTAMPNS is set too. */
static bool is_other_stamp(const struct cmsghdr *at)
{
	return at->cmsg_level == SOL_SOCKET &&
	       (at->cmsg_type == SO_TIMESTAMP_OLD ||
		at->cmsg_type == SO_TIMESTAMPNS_OLD ||
		at->cmsg_type == SO_TIMESTAMP_NEW || at->cmsg_type == SO_TIMESTAMPNS_NEW);
}

/* When it was received or sent, by the sockets underneath. */
static struct timespec time_of(const struct message *message)
{
	const struct cmsghdr *stamps = find(message, is_stamps);
	struct timespec time = none;

	if (stamps)
		memcpy(&time, CMSG_DATA(stamps), sizeof(time));
	return time;
}

/* The oldest send with such a record whose report of this kind was not read yet. */
static struct send *send_of(struct card_socket *at, uint32_t info, uint32_t records)
{
	for (unsigned int i = at->next[info]; i < at->count; i++) {
		if (at->sends[i].records & records) {
			at->next[info] = i + 1;
			return &at->sends[i];
		}
	}
	die("a report of a send that the card does not know");
	return NULL;
}

static struct message *copied(const struct message *message)
{
	struct message *copy = malloc(sizeof(*copy));

	if (!copy)
		die("malloc");
	*copy = *message;
	copy->header.msg_control = copy->control;
	return copy;
}

/* A report has one stamp: of the card, or of the software, or of another moment. */
static struct shown stamps_of_report(struct card_socket *at,
				     const struct message *message, uint32_t info)
{
	const struct timespec time = time_of(message);
	const struct shown software = {.software = time};
	const struct send *send;

	if (info != SCM_TSTAMP_SND)
		return software;
	send = send_of(at, info, TX_HARDWARE | TX_SOFTWARE);
	if (!(send->records & TX_HARDWARE))
		return software;
	if (send->both && send->records & TX_SOFTWARE) {
		at->second = copied(message);
		return software;
	}
	/* "A false software timestamp will be generated in the recvmsg() call" beside
	 * SO_TIMESTAMP; "this happens also on hardware transmit timestamps". */
	return (struct shown){find(message, is_other_stamp) ? time : none,
			      on_the_card(time)};
}

/* What the message has. An ICMP error was received, but as a message of the error queue with a
 * software stamp it does not show the card's. */
static struct shown stamps_of(struct card_socket *at, const struct message *message)
{
	const struct timespec time = time_of(message);
	const struct cmsghdr *control = find(message, is_report);
	const bool filtered = !(at->flags & RX_HARDWARE) || at->no_device;
	struct sock_extended_err report;

	if (!(message->header.msg_flags & MSG_ERRQUEUE))
		return (struct shown){time, filtered ? none : on_the_card(time)};
	if (!control)
		return (struct shown){.software = time};
	memcpy(&report, CMSG_DATA(control), sizeof(report));
	return report.ee_origin == SO_EE_ORIGIN_TIMESTAMPING
		       ? stamps_of_report(at, message, report.ee_info)
		       : (struct shown){.software = time};
}

/* What is reported of it. OPT_RX_FILTER: only what the socket itself asked to record. */
static struct shown reported(uint32_t flags, bool received, struct shown all)
{
	const bool filter = received && flags & OPT_RX_FILTER;

	if (!(flags & SOFTWARE) || (filter && !(flags & RX_SOFTWARE)))
		all.software = none;
	if (!(flags & RAW_HARDWARE) || (filter && !(flags & RX_HARDWARE)))
		all.hardware = none;
	return all;
}

/* As the kernel's function of this name. What is left of the room is in msg_controllen. */
static void put_cmsg(struct msghdr *to, int level, int type, const void *data,
		     size_t size)
{
	const struct cmsghdr whole = {CMSG_LEN(size), level, type};
	struct cmsghdr header = whole;

	if (!to->msg_control || to->msg_controllen < sizeof(header)) {
		to->msg_flags |= MSG_CTRUNC;
		return;
	}
	if (to->msg_controllen < whole.cmsg_len) {
		to->msg_flags |= MSG_CTRUNC;
		header.cmsg_len = to->msg_controllen;
	}
	memcpy(to->msg_control, &header, sizeof(header));
	memcpy((char *)to->msg_control + sizeof(header), data,
	       header.cmsg_len - sizeof(header));
	size = CMSG_SPACE(size) < to->msg_controllen ? CMSG_SPACE(size)
						     : to->msg_controllen;
	to->msg_control = (char *)to->msg_control + size;
	to->msg_controllen -= size;
}

/* number: of the control message. What OPT_PKTINFO's own says is not told here: it is empty. */
static void put_stamps(struct msghdr *to, int number, const struct shown *shown,
		       bool pktinfo)
{
	const struct timespec slots[3] = {shown->software, none, shown->hardware};
	const struct scm_ts_pktinfo empty = {0};

	if (pktinfo && is_set(shown->hardware))
		put_cmsg(to, SOL_SOCKET, SCM_TIMESTAMPING_PKTINFO, &empty, sizeof(empty));
	if (is_set(shown->software) || is_set(shown->hardware))
		put_cmsg(to, SOL_SOCKET, number, slots, sizeof(slots));
}

/* The control messages as they came, but for the stamps. */
static void put_control(struct msghdr *to, const struct message *message,
			const struct shown *shown, bool pktinfo)
{
	struct msghdr from = message->header;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(&from); at; at = CMSG_NXTHDR(&from, at)) {
		if (is_stamps(at))
			put_stamps(to, at->cmsg_type, shown, pktinfo);
		else
			put_cmsg(to, at->cmsg_level, at->cmsg_type, CMSG_DATA(at),
				 at->cmsg_len - CMSG_LEN(0));
	}
}

/* The message into the application's room; MSG_TRUNC and MSG_CTRUNC say what did not fit. */
static ssize_t deliver(struct msghdr *msg, const struct message *message,
		       const struct shown *shown)
{
	struct msghdr room = *msg;
	size_t at = 0;

	room.msg_flags = message->header.msg_flags & ~(MSG_TRUNC | MSG_CTRUNC);
	for (size_t i = 0; i < msg->msg_iovlen && at < (size_t)message->size; i++) {
		const size_t left = (size_t)message->size - at;
		const size_t size =
			msg->msg_iov[i].iov_len < left ? msg->msg_iov[i].iov_len : left;

		memcpy(msg->msg_iov[i].iov_base, message->data + at, size);
		at += size;
	}
	if (at < (size_t)message->size)
		room.msg_flags |= MSG_TRUNC;
	put_control(&room, message, shown, false);
	if (msg->msg_name) {
		const socklen_t size = message->header.msg_namelen;

		memcpy(msg->msg_name, message->name,
		       size < msg->msg_namelen ? size : msg->msg_namelen);
		msg->msg_namelen = size;
	}
	msg->msg_flags = room.msg_flags;
	msg->msg_controllen -= room.msg_controllen;
	return (ssize_t)at;
}

static ssize_t second_report(struct card_socket *at, struct msghdr *msg)
{
	struct message *const second = at->second;
	const struct timespec time = time_of(second);
	const struct shown all = {find(second, is_other_stamp) ? time : none,
				  on_the_card(time)};
	const struct shown shown = reported(at->flags, false, all);
	const ssize_t result = deliver(msg, second, &shown);

	free(second);
	at->second = NULL;
	return result;
}

/* Data of a stream must stay in its queue where the application has no room for it, so of what
 * is received only the control data takes another way. */
static ssize_t card_recvmsg(int fd, struct msghdr *msg, int flags)
{
	static struct message message;
	struct card_socket *at = socket_of(fd);
	const bool queue = flags & MSG_ERRQUEUE;
	struct iovec room = {message.data, sizeof(message.data)};
	struct msghdr *header = &message.header;
	struct shown shown;

	if (!at->asked)
		return recvmsg(fd, msg, flags);
	if (queue && at->second)
		return second_report(at, msg);
	*header = *msg;
	header->msg_control = message.control;
	header->msg_controllen = sizeof(message.control);
	if (queue) {
		header->msg_iov = &room;
		header->msg_iovlen = 1;
		header->msg_name = message.name;
		header->msg_namelen = sizeof(message.name);
	}
	message.size = recvmsg(fd, header, flags);
	if (message.size < 0)
		return -1;
	shown = stamps_of(at, &message);
	shown = reported(at->flags, !queue, shown);
	if (queue)
		return deliver(msg, &message, &shown);
	msg->msg_namelen = header->msg_namelen;
	msg->msg_flags = header->msg_flags & ~MSG_CTRUNC;
	header = &(struct msghdr){.msg_control = msg->msg_control,
				  .msg_controllen = msg->msg_controllen};
	put_control(header, &message, &shown,
		    at->flags & SOF_TIMESTAMPING_OPT_PKTINFO &&
			    number_of(fd, SO_TYPE) != SOCK_STREAM);
	msg->msg_flags |= header->msg_flags;
	msg->msg_controllen -= header->msg_controllen;
	return message.size;
}

static int card_recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			 struct timespec *timeout)
{
	if (timeout)
		die("the card knows no time limit");
	for (unsigned int i = 0; i < count; i++) {
		const ssize_t result = card_recvmsg(fd, &msgs[i].msg_hdr, flags);

		if (result < 0)
			return i > 0 ? (int)i : -1;
		msgs[i].msg_len = (unsigned int)result;
	}
	return (int)count;
}

/* ---- Other calls */

static int card_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++)
		timeout = socket_of(fds[i].fd)->second ? 0 : timeout;
	if (poll(fds, count, timeout) < 0)
		return -1;
	for (nfds_t i = 0; i < count; i++) {
		if (socket_of(fds[i].fd)->second)
			fds[i].revents |= POLLERR;
		ready += fds[i].revents != 0;
	}
	return ready;
}

static int card_accept(int fd, struct sockaddr *addr, socklen_t *addrlen)
{
	const int accepted = accept(fd, addr, addrlen);

	if (accepted >= 0) {
		socket_of(accepted)->asked = socket_of(fd)->asked;
		socket_of(accepted)->flags = socket_of(fd)->flags;
	}
	return accepted;
}

static int card_close(int fd)
{
	if (socket_of(fd)) {
		free(socket_of(fd)->second);
		*socket_of(fd) = (struct card_socket){.asked = false};
	}
	return close(fd);
}

const struct calls card_calls = {
	.setsockopt = card_setsockopt,
	.getsockopt = card_getsockopt,
	.recvmsg = card_recvmsg,
	.recvmmsg = card_recvmmsg,
	.send = card_send,
	.sendmsg = card_sendmsg,
	.sendmmsg = card_sendmmsg,
	.accept = card_accept,
	.poll = card_poll,
	.close = card_close,
};
