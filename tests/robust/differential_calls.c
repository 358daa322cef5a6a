/* SPDX-License-Identifier: GPL-2.0-only */
/* Every call that the library stands in front of, with the values that hurt. Of each parameter
 * the first value is the ordinary one. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/robust/differential.h"
#include "tests/robust/must.h"
#include "tests/robust/undeclared.h"

#define NUMBERS 92 /* of options, from 0: all that Linux has of its own, and some */

unsigned char *data_area, *head_area, *read_only, *unmapped;

static struct iovec many_pieces[1026]; /* two more than a message may have */
static int own_pidfd;

#define VALUES(...)                                                                      \
	{                                                                                \
		(const long[]){__VA_ARGS__}, COUNT(((const long[]){__VA_ARGS__}))        \
	}

/* Pointers, as values: which of the kinds of memory. */
enum {
	GOOD,
	AT_EDGE,   /* what is pointed to ends where the memory ends */
	OVER_EDGE, /* and half of it lies beyond */
	MISALIGNED,
	READ_ONLY,
	NULL_POINTER,
	UNMAPPED,
	LAST_BYTE, /* of the address space */
	KERNELS,
};
#define POINTERS                                                                         \
	VALUES(GOOD, AT_EDGE, OVER_EDGE, MISALIGNED, READ_ONLY, NULL_POINTER, UNMAPPED,  \
	       LAST_BYTE, KERNELS)

static long point(long which, unsigned char *good, unsigned char *area, size_t area_size,
		  size_t size)
{
	switch (which) {
	case GOOD:
		return (long)good;
	case AT_EDGE:
		return (long)(area + area_size - size);
	case OVER_EDGE:
		return (long)(area + area_size - (size + 1) / 2);
	case MISALIGNED:
		return (long)(good + 1);
	case READ_ONLY:
		return (long)read_only;
	case UNMAPPED:
		return (long)unmapped;
	case LAST_BYTE:
		return -1;
	case KERNELS:
		return (long)0xffff800000000000;
	default:
		return 0;
	}
}

static long point_at_data(long which)
{
	return point(which, data_area, data_area, DATA_SIZE, 16);
}

/* size bytes of the head's memory, moved to where the pointer says. */
static long point_at_head(long which, size_t at, size_t size)
{
	const long to = point(which, head_area + at, head_area, HEAD_SIZE, size);

	if (which == AT_EDGE || which == MISALIGNED)
		memmove((void *)to, head_area + at, size);
	else if (which == OVER_EDGE)
		memmove((void *)to, head_area + at, (size + 1) / 2);
	return to;
}

#define LENGTHS                                                                          \
	VALUES(48, 0, 1, 15, 64, 4096, 0x7fffffff, 0x80000000L, 0x100000010L, LONG_MAX,  \
	       LONG_MIN, -1, -4096)
#define SIZES VALUES(128, 0, 1, 2, 15, 16, 110, 4096, INT_MAX, INT_MIN, -1)
#define RECEIVE_FLAGS                                                                    \
	VALUES(0, MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_PEEK | MSG_TRUNC, MSG_OOB,      \
	       MSG_ERRQUEUE, MSG_WAITALL, MSG_CMSG_CLOEXEC, MSG_NOSIGNAL,                \
	       MSG_WAITFORONE, ONEPKT, ONEPKT | MSG_WAITALL, ONEPKT | MSG_PEEK, WARM,    \
	       0x40000, 0x80000, 0x2000000, 0x10000000, INT_MIN, -1)
#define SEND_FLAGS                                                                       \
	VALUES(0, MSG_DONTWAIT, MSG_OOB, MSG_DONTROUTE, MSG_EOR, MSG_MORE, MSG_NOSIGNAL, \
	       MSG_CONFIRM, MSG_PROXY, MSG_ZEROCOPY, MSG_FASTOPEN, WARM,                 \
	       WARM | MSG_NOSIGNAL, ONEPKT, 0x40000, 0x80000, 0x8000000, INT_MIN, -1)

/* ---- plain data */

static void put_size(long size)
{
	const int value = (int)size;

	memcpy(head_area + AT_LENGTH, &value, sizeof(value));
}

/* values: buffer, length, flags */
static void data_call(long fd, const long *v, long *a)
{
	a[0] = fd;
	a[1] = point_at_data(v[0]);
	a[2] = v[1];
	a[3] = v[2];
}

static long library_recv(const long *a)
{
	return recv((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3]);
}

/* With room for all, or the checking call aborts, as libc's does. */
static long library_recv_chk(const long *a)
{
	return __recv_chk((int)a[0], (void *)a[1], (size_t)a[2], SIZE_MAX, (int)a[3]);
}

static long kernel_recv(const long *a)
{
	return syscall(SYS_recvfrom, a[0], a[1], a[2], a[3], 0, 0);
}

static long library_send(const long *a)
{
	return send((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3]);
}

static long kernel_send(const long *a)
{
	return syscall(SYS_sendto, a[0], a[1], a[2], a[3], 0, 0);
}

/* values: buffer, length, flags, address, length's place, length */
static void address_out_call(long fd, const long *v, long *a)
{
	data_call(fd, v, a);
	put_size(v[5]);
	a[4] = point(v[3], head_area + AT_NAME, head_area, HEAD_SIZE, 16);
	a[5] = point_at_head(v[4], AT_LENGTH, sizeof(socklen_t));
}

static long library_recvfrom(const long *a)
{
	return recvfrom((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3], (void *)a[4],
			(void *)a[5]);
}

static long library_recvfrom_chk(const long *a)
{
	return __recvfrom_chk((int)a[0], (void *)a[1], (size_t)a[2], SIZE_MAX, (int)a[3],
			      (void *)a[4], (void *)a[5]);
}

static long kernel_recvfrom(const long *a)
{
	return syscall(SYS_recvfrom, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Sizes of an address, as values: the right one, or one below. */
#define RIGHT_SIZE 1000001
#define ADDRESS_SIZES VALUES(RIGHT_SIZE, 0, 1, 2, 15, 128, 4096, INT_MAX, INT_MIN, -1)

static long address_size(long value)
{
	return value == RIGHT_SIZE ? (long)kind_address_size : value;
}

/* values: buffer, length, flags, address, its size */
static void sendto_call(long fd, const long *v, long *a)
{
	data_call(fd, v, a);
	a[4] = point_at_head(v[3], AT_ADDRESS, kind_address_size);
	a[5] = address_size(v[4]);
}

static long library_sendto(const long *a)
{
	return sendto((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3], (void *)a[4],
		      (socklen_t)a[5]);
}

static long kernel_sendto(const long *a)
{
	return syscall(SYS_sendto, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- messages */

enum { /* the pieces of a message, as values */
       ONE_PIECE,
       THREE_PIECES,
       NO_PIECE,
       NO_BYTES,
       PIECE_AT_NULL,
       PIECE_UNMAPPED,
       PIECE_READ_ONLY,
       PIECE_KERNELS,
       NEGATIVE_LENGTH,
       SUM_TOO_LARGE,
       PIECES_AT_NULL,
       PIECES_UNMAPPED,
       PIECES_MISALIGNED,
       PIECES_OVER_EDGE,
       MOST_PIECES,
       TOO_MANY_PIECES,
       NEGATIVE_COUNT,
};
#define PIECES                                                                           \
	VALUES(ONE_PIECE, THREE_PIECES, NO_PIECE, NO_BYTES, PIECE_AT_NULL,               \
	       PIECE_UNMAPPED, PIECE_READ_ONLY, PIECE_KERNELS, NEGATIVE_LENGTH,          \
	       SUM_TOO_LARGE, PIECES_AT_NULL, PIECES_UNMAPPED, PIECES_MISALIGNED,        \
	       PIECES_OVER_EDGE, MOST_PIECES, TOO_MANY_PIECES, NEGATIVE_COUNT)

static void put_pieces(struct msghdr *msg, long which)
{
	struct iovec *piece = (struct iovec *)(head_area + AT_PIECES);

	piece[0] = (struct iovec){data_area, 40};
	piece[1] = (struct iovec){data_area + 50, 0};
	piece[2] = (struct iovec){data_area + 60, 20};
	msg->msg_iov = piece;
	msg->msg_iovlen = 1;
	switch (which) {
	case THREE_PIECES:
		msg->msg_iovlen = 3;
		break;
	case NO_PIECE:
		msg->msg_iovlen = 0;
		break;
	case NO_BYTES:
		piece[0].iov_len = 0;
		break;
	case PIECE_AT_NULL:
		piece[0].iov_base = NULL;
		break;
	case PIECE_UNMAPPED:
		piece[0].iov_base = unmapped;
		break;
	case PIECE_READ_ONLY:
		piece[0].iov_base = read_only;
		break;
	case PIECE_KERNELS:
		piece[0].iov_base = (void *)0xffff800000000000;
		break;
	case NEGATIVE_LENGTH:
		piece[0].iov_len = (size_t)-5;
		break;
	case SUM_TOO_LARGE:
		msg->msg_iovlen = 3;
		piece[0].iov_len = LONG_MAX;
		piece[2].iov_len = LONG_MAX;
		break;
	case PIECES_AT_NULL:
		msg->msg_iov = NULL;
		break;
	case PIECES_UNMAPPED:
		msg->msg_iov = (struct iovec *)unmapped;
		break;
	case PIECES_MISALIGNED:
		memmove((char *)piece + 3, piece, 3 * sizeof(*piece));
		msg->msg_iov = (struct iovec *)((char *)piece + 3);
		break;
	case PIECES_OVER_EDGE:
		msg->msg_iov = (struct iovec *)(head_area + HEAD_SIZE) - 1;
		memcpy(msg->msg_iov, piece, sizeof(*piece));
		msg->msg_iovlen = 2;
		break;
	case MOST_PIECES:
	case TOO_MANY_PIECES:
		msg->msg_iov = many_pieces;
		msg->msg_iovlen = which == MOST_PIECES ? 1024 : 1025;
		break;
	case NEGATIVE_COUNT:
		msg->msg_iovlen = (size_t)-1;
		break;
	}
}

enum { /* room for a name, as values */
       NO_NAME,
       NAME,
       NAME_SHORT,
       NAME_EMPTY,
       NAME_HUGE,
       NAME_NEGATIVE,
       NAME_UNMAPPED,
       NAME_READ_ONLY,
       NAME_NULL_LONG,
};
#define NAMES                                                                            \
	VALUES(NO_NAME, NAME, NAME_SHORT, NAME_EMPTY, NAME_HUGE, NAME_NEGATIVE,          \
	       NAME_UNMAPPED, NAME_READ_ONLY, NAME_NULL_LONG)

static void put_name(struct msghdr *msg, long which, bool send)
{
	msg->msg_name = head_area + (send ? AT_ADDRESS : AT_NAME);
	msg->msg_namelen = send ? kind_address_size : sizeof(struct sockaddr_storage);
	switch (which) {
	case NO_NAME:
		msg->msg_name = NULL;
		msg->msg_namelen = 0;
		break;
	case NAME_SHORT:
		msg->msg_namelen = 3;
		break;
	case NAME_EMPTY:
		msg->msg_namelen = 0;
		break;
	case NAME_HUGE:
		msg->msg_namelen = 100000;
		break;
	case NAME_NEGATIVE:
		msg->msg_namelen = (socklen_t)-1;
		break;
	case NAME_UNMAPPED:
		msg->msg_name = unmapped;
		break;
	case NAME_READ_ONLY:
		msg->msg_name = read_only;
		break;
	case NAME_NULL_LONG:
		msg->msg_name = NULL;
		msg->msg_namelen = 16;
		break;
	}
}

enum { /* control data, as values; the last ones are for sending */
       NO_CONTROL,
       CONTROL,
       CONTROL_SHORT,
       CONTROL_HEADER_ONLY,
       CONTROL_CUT_STAMP,
       CONTROL_EMPTY,
       CONTROL_HUGE,
       CONTROL_NEGATIVE,
       CONTROL_NULL_LONG,
       CONTROL_UNMAPPED,
       CONTROL_READ_ONLY,
       CONTROL_MISALIGNED,
       CONTROL_OVER_EDGE,
       CONTROL_LENGTH_ZERO,
       CONTROL_LENGTH_LONG,
       CONTROL_LENGTH_NEGATIVE,
       CONTROL_STAMP,
       CONTROL_STAMP_NEW,
       CONTROL_STAMP_HARDWARE,
       CONTROL_STAMP_ODD,
       CONTROL_STAMP_BAD,
       CONTROL_BAD_RIGHTS,
       CONTROL_OTHER_LEVEL,
       CONTROL_LARGE,
};
#define RECEIVE_CONTROLS                                                                 \
	VALUES(NO_CONTROL, CONTROL, CONTROL_SHORT, CONTROL_HEADER_ONLY,                  \
	       CONTROL_CUT_STAMP, CONTROL_EMPTY, CONTROL_HUGE, CONTROL_NEGATIVE,         \
	       CONTROL_NULL_LONG, CONTROL_UNMAPPED, CONTROL_READ_ONLY,                   \
	       CONTROL_MISALIGNED, CONTROL_OVER_EDGE)
#define SEND_CONTROLS                                                                    \
	VALUES(NO_CONTROL, CONTROL_EMPTY, CONTROL_SHORT, CONTROL_HUGE, CONTROL_NEGATIVE, \
	       CONTROL_NULL_LONG, CONTROL_UNMAPPED, CONTROL_READ_ONLY,                   \
	       CONTROL_MISALIGNED, CONTROL_OVER_EDGE, CONTROL_LENGTH_ZERO,               \
	       CONTROL_LENGTH_LONG, CONTROL_LENGTH_NEGATIVE, CONTROL_STAMP,              \
	       CONTROL_STAMP_NEW, CONTROL_STAMP_HARDWARE, CONTROL_STAMP_ODD,             \
	       CONTROL_STAMP_BAD, CONTROL_BAD_RIGHTS, CONTROL_OTHER_LEVEL,               \
	       CONTROL_LARGE)

static void put_control_message(struct msghdr *msg, int level, int type, uint32_t value)
{
	struct cmsghdr header = {CMSG_LEN(sizeof(value)), level, type};

	memcpy(msg->msg_control, &header, sizeof(header));
	memcpy((char *)msg->msg_control + sizeof(header), &value, sizeof(value));
	msg->msg_controllen = CMSG_SPACE(sizeof(value));
}

static void put_control_length(struct msghdr *msg, size_t length)
{
	memcpy(msg->msg_control, &length, sizeof(length));
}

static void put_control(struct msghdr *msg, long which)
{
	const uint32_t stamp = SOF_TIMESTAMPING_TX_SOFTWARE;

	msg->msg_control = head_area + AT_CONTROL;
	put_control_message(msg, SOL_SOCKET, SO_TIMESTAMPING_OLD, stamp);
	switch (which) {
	case NO_CONTROL:
		msg->msg_control = NULL;
		msg->msg_controllen = 0;
		break;
	case CONTROL:
		msg->msg_controllen = 512;
		break;
	case CONTROL_SHORT:
		msg->msg_controllen = 7;
		break;
	case CONTROL_HEADER_ONLY:
		msg->msg_controllen = sizeof(struct cmsghdr);
		break;
	case CONTROL_CUT_STAMP:
		msg->msg_controllen = 41;
		break;
	case CONTROL_EMPTY:
		msg->msg_controllen = 0;
		break;
	case CONTROL_HUGE:
		msg->msg_controllen = LONG_MAX;
		break;
	case CONTROL_NEGATIVE:
		msg->msg_controllen = (size_t)-1;
		break;
	case CONTROL_NULL_LONG:
		msg->msg_control = NULL;
		break;
	case CONTROL_UNMAPPED:
		msg->msg_control = unmapped;
		break;
	case CONTROL_READ_ONLY:
		msg->msg_control = read_only;
		break;
	case CONTROL_MISALIGNED:
		memmove((char *)msg->msg_control + 5, msg->msg_control, 24);
		msg->msg_control = (char *)msg->msg_control + 5;
		msg->msg_controllen = 200;
		break;
	case CONTROL_OVER_EDGE:
		msg->msg_control = head_area + HEAD_SIZE - 20;
		msg->msg_controllen = 64;
		break;
	case CONTROL_LENGTH_ZERO:
		put_control_length(msg, 0);
		break;
	case CONTROL_LENGTH_LONG:
		put_control_length(msg, 1000);
		break;
	case CONTROL_LENGTH_NEGATIVE:
		put_control_length(msg, (size_t)-8);
		break;
	case CONTROL_STAMP_NEW:
		put_control_message(msg, SOL_SOCKET, SO_TIMESTAMPING_NEW, stamp);
		break;
	case CONTROL_STAMP_HARDWARE:
		put_control_message(msg, SOL_SOCKET, SO_TIMESTAMPING_OLD,
				    SOF_TIMESTAMPING_TX_HARDWARE);
		break;
	case CONTROL_STAMP_ODD:
		put_control_length(msg, CMSG_LEN(3));
		break;
	case CONTROL_STAMP_BAD:
		put_control_message(msg, SOL_SOCKET, SO_TIMESTAMPING_OLD, 0xffffffff);
		break;
	case CONTROL_BAD_RIGHTS:
		put_control_message(msg, SOL_SOCKET, SCM_RIGHTS, 0xfffffff0);
		break;
	case CONTROL_OTHER_LEVEL:
		put_control_message(msg, 12345, 6789, 1);
		break;
	case CONTROL_LARGE:
		msg->msg_controllen = 6000; /* of which most is no message at all */
		put_control_length(msg, 5999);
		break;
	}
}

static void put_message(struct msghdr *msg, const long *v, bool send)
{
	*msg = (struct msghdr){.msg_flags = 0x5a5a};
	put_pieces(msg, v[0]);
	put_name(msg, v[1], send);
	put_control(msg, v[2]);
}

/* values: pieces, name, control data, flags, header */
static void message_call(long fd, const long *v, long *a, bool send)
{
	put_message((struct msghdr *)(head_area + AT_HEADER), v, send);
	a[0] = fd;
	a[1] = point_at_head(v[4], AT_HEADER, sizeof(struct msghdr));
	a[2] = v[3];
}

static void recvmsg_call(long fd, const long *v, long *a)
{
	message_call(fd, v, a, false);
}

static void sendmsg_call(long fd, const long *v, long *a)
{
	message_call(fd, v, a, true);
}

static long library_recvmsg(const long *a)
{
	return recvmsg((int)a[0], (void *)a[1], (int)a[2]);
}

static long kernel_recvmsg(const long *a)
{
	return syscall(SYS_recvmsg, a[0], a[1], a[2]);
}

static long library_sendmsg(const long *a)
{
	return sendmsg((int)a[0], (void *)a[1], (int)a[2]);
}

static long kernel_sendmsg(const long *a)
{
	return syscall(SYS_sendmsg, a[0], a[1], a[2]);
}

/* The first message is an ordinary one; the hostile one comes second, or first and alone. The
 * count says which: beyond 1000 it is less 1000 and the hostile one is first. */
static void messages(const long *v, bool send)
{
	static const long ordinary[] = {ONE_PIECE, NO_NAME, NO_CONTROL};
	struct mmsghdr *msgs = (struct mmsghdr *)(head_area + AT_HEADER);

	for (int i = 0; i < MESSAGES; i++) {
		const bool hostile = v[5] >= 1000 ? i == 0 : i == 1;

		put_message(&msgs[i].msg_hdr, hostile ? v : ordinary, send);
		msgs[i].msg_len = 0x77777777;
	}
}

#define COUNTS VALUES(2, 1002, 0, 1, 4, 1001, 1000)

/* values: pieces, name, control data, flags, headers, count */
static void messages_call(long fd, const long *v, long *a, bool send)
{
	messages(v, send);
	a[0] = fd;
	a[1] = point_at_head(v[4], AT_HEADER, MESSAGES * sizeof(struct mmsghdr));
	a[2] = v[5] >= 1000 ? v[5] - 1000 : v[5];
	a[3] = v[3];
	a[4] = 0;
}

static void recvmmsg_call(long fd, const long *v, long *a)
{
	messages_call(fd, v, a, false);
}

static void sendmmsg_call(long fd, const long *v, long *a)
{
	messages_call(fd, v, a, true);
}

/* With a time limit. values: seconds, nanoseconds, its place, flags, count */
static void recvmmsg_timeout_call(long fd, const long *v, long *a)
{
	static const long ordinary[] = {ONE_PIECE, NO_NAME, NO_CONTROL, 0, GOOD, 2};
	const struct timespec limit = {v[0], v[1]};

	recvmmsg_call(fd, ordinary, a);
	memcpy(head_area + AT_TIMEOUT, &limit, sizeof(limit));
	a[2] = v[4];
	a[3] = v[3];
	a[4] = point_at_head(v[2], AT_TIMEOUT, sizeof(limit));
}

static long library_recvmmsg(const long *a)
{
	return recvmmsg((int)a[0], (void *)a[1], (unsigned int)a[2], (int)a[3],
			(void *)a[4]);
}

static long kernel_recvmmsg(const long *a)
{
	return syscall(SYS_recvmmsg, a[0], a[1], a[2], a[3], a[4]);
}

static long library_sendmmsg(const long *a)
{
	return sendmmsg((int)a[0], (void *)a[1], (unsigned int)a[2], (int)a[3]);
}

static long kernel_sendmmsg(const long *a)
{
	return syscall(SYS_sendmmsg, a[0], a[1], a[2], a[3]);
}

/* ---- options */

#define LEVELS                                                                           \
	VALUES(SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, SOL_RAW,  \
	       263 /* SOL_PACKET */, 270 /* SOL_NETLINK */, 12345, INT_MAX, INT_MIN, -1)
#define OPTIONS                                                                          \
	VALUES(SO_TIMESTAMPING_OLD, SO_TYPE, SO_TIMESTAMPING_NEW, SO_RCVBUF,             \
	       SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_NEW, SO_LINGER, SO_PEERCRED,             \
	       SO_BINDTODEVICE, SO_PEERNAME, SO_COOKIE, SO_ERROR, SO_SELECT_ERR_QUEUE,   \
	       0, -1, INT_MAX, 0x10025)
#define ALL_NUMBERS VALUES(0) /* replaced by 0 to NUMBERS - 1 in calls_start */
/* Of SO_TIMESTAMPING too: the sets that ask for no hardware stamp, ids, and bits of no meaning. */
#define CONTENTS                                                                         \
	VALUES(0x18, 0, 1, 0x10, 0x40, 0x89a, 0x58, 0x1000, 0x8000, 0x20000,             \
	       0x80000000L, 0x54, 0x45, 0x7fffffff, 0xffffffffL, 0x5555555555555555L)
#define OPTION_SIZES                                                                     \
	VALUES(4, 8, 0, 1, 2, 3, 5, 7, 9, 16, 400, 4096, INT_MAX, INT_MIN, -1)

static void put_content(long content)
{
	memset(head_area + AT_VALUE, 0, 512);
	memcpy(head_area + AT_VALUE, &content, sizeof(content));
}

/* values: option, level, value's place, size's place, size */
static void getsockopt_call(long fd, const long *v, long *a)
{
	put_size(v[4]);
	a[0] = fd;
	a[1] = v[1];
	a[2] = v[0];
	/* At the edge of the other memory, or it would lie where its own size does. */
	a[3] = point(v[2], head_area + AT_VALUE, data_area, DATA_SIZE, 4);
	a[4] = point_at_head(v[3], AT_LENGTH, sizeof(socklen_t));
}

static long library_getsockopt(const long *a)
{
	return getsockopt((int)a[0], (int)a[1], (int)a[2], (void *)a[3], (void *)a[4]);
}

static long kernel_getsockopt(const long *a)
{
	return syscall(SYS_getsockopt, a[0], a[1], a[2], a[3], a[4]);
}

/* values: option, level, value's place, size, value */
static void setsockopt_call(long fd, const long *v, long *a)
{
	put_content(v[4]);
	a[0] = fd;
	a[1] = v[1];
	a[2] = v[0];
	a[3] = point_at_head(v[2], AT_VALUE, 4);
	a[4] = v[3];
}

static long library_setsockopt(const long *a)
{
	return setsockopt((int)a[0], (int)a[1], (int)a[2], (void *)a[3], (socklen_t)a[4]);
}

static long kernel_setsockopt(const long *a)
{
	return syscall(SYS_setsockopt, a[0], a[1], a[2], a[3], a[4]);
}

/* Options of the new kind after they were set through the old, and the reverse: what the second
 * call of a program reads. values: option set, its value, option read */
static void read_after_set_call(long fd, const long *v, long *a)
{
	put_content(v[1]);
	put_size(4);
	a[0] = fd;
	a[1] = SOL_SOCKET;
	a[2] = v[2];
	a[3] = (long)(head_area + AT_VALUE);
	a[4] = (long)(head_area + AT_LENGTH);
	a[5] = v[0];
}

static long library_read_after_set(const long *a)
{
	const long set = setsockopt((int)a[0], (int)a[1], (int)a[5], (void *)a[3], 4);

	memset((void *)a[3], 0x33, 8);
	return 2 * set + library_getsockopt(a);
}

static long kernel_read_after_set(const long *a)
{
	const long set = syscall(SYS_setsockopt, a[0], a[1], a[5], a[3], 4);

	memset((void *)a[3], 0x33, 8);
	return 2 * set + kernel_getsockopt(a);
}

/* ---- descriptors */

/* values: address, length's place, length, flags */
static void accept_call(long fd, const long *v, long *a)
{
	put_size(v[2]);
	a[0] = fd;
	a[1] = point(v[0], head_area + AT_NAME, head_area, HEAD_SIZE, 16);
	a[2] = point_at_head(v[1], AT_LENGTH, sizeof(socklen_t));
	a[3] = v[3];
}

static long library_accept(const long *a)
{
	return accept((int)a[0], (void *)a[1], (void *)a[2]);
}

static long kernel_accept(const long *a)
{
	return syscall(SYS_accept, a[0], a[1], a[2]);
}

static long library_accept4(const long *a)
{
	return accept4((int)a[0], (void *)a[1], (void *)a[2], (int)a[3]);
}

static long kernel_accept4(const long *a)
{
	return syscall(SYS_accept4, a[0], a[1], a[2], a[3]);
}

static long or_same(long value, long fd)
{
	return value == SAME_FD ? fd : value;
}

/* values: other number, flags */
static void duplicate_call(long fd, const long *v, long *a)
{
	a[0] = fd;
	a[1] = or_same(v[0], fd);
	a[2] = v[1];
}

static long library_dup(const long *a)
{
	return dup((int)a[0]);
}

static long kernel_dup(const long *a)
{
	return syscall(SYS_dup, a[0]);
}

static long library_dup2(const long *a)
{
	return dup2((int)a[0], (int)a[1]);
}

static long kernel_dup2(const long *a)
{
	return syscall(SYS_dup2, a[0], a[1]);
}

static long library_dup3(const long *a)
{
	return dup3((int)a[0], (int)a[1], (int)a[2]);
}

static long kernel_dup3(const long *a)
{
	return syscall(SYS_dup3, a[0], a[1], a[2]);
}

#define CHOSEN_NUMBERS VALUES(CHOSEN, SAME_FD, -1, INT_MIN, INT_MAX, 1 << 20)

/* Arguments of fcntl that are places in memory, as values. */
#define ARGUMENT_GOOD 5000001L
#define ARGUMENT_READ_ONLY 5000002L
#define ARGUMENT_UNMAPPED 5000003L

/* values: command, argument */
static void fcntl_call(long fd, const long *v, long *a)
{
	const struct flock lock = {.l_type = F_RDLCK, .l_len = 10};

	memcpy(head_area + AT_VALUE, &lock, sizeof(lock));
	a[0] = fd;
	a[1] = v[0];
	a[2] = v[1] == ARGUMENT_GOOD        ? (long)(head_area + AT_VALUE)
	       : v[1] == ARGUMENT_READ_ONLY ? (long)read_only
	       : v[1] == ARGUMENT_UNMAPPED  ? (long)unmapped
					    : v[1];
}

static long library_fcntl(const long *a)
{
	return fcntl((int)a[0], (int)a[1], a[2]);
}

static long library_fcntl64(const long *a)
{
	return fcntl64((int)a[0], (int)a[1], a[2]);
}

static long kernel_fcntl(const long *a)
{
	return syscall(SYS_fcntl, a[0], a[1], a[2]);
}

/* No F_GETOWN: libc itself asks in another way (F_GETOWN_EX), and tells the error differently. */
#define COMMANDS                                                                         \
	VALUES(F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK,    \
	       F_SETLK, F_GETOWN_EX, F_GETSIG, F_GETPIPE_SZ, F_GET_SEALS, F_ADD_SEALS,   \
	       F_OFD_GETLK, F_OFD_SETLK, F_GETLEASE, 1035 /* F_GET_RW_HINT */,           \
	       1027 /* F_DUPFD_QUERY */, 9999, INT_MAX, INT_MIN, -1)
#define ARGUMENTS                                                                        \
	VALUES(0, CHOSEN, 1, O_NONBLOCK, -1, INT_MIN, INT_MAX, 1 << 20, LAST_CHOSEN - 1, \
	       ARGUMENT_GOOD, ARGUMENT_READ_ONLY, ARGUMENT_UNMAPPED, LONG_MIN)

/* ---- devices */

/* Requests of every kind: of files, terminals, sockets and devices; those that
 * a card answers, also with more in the upper half of the number, which the
 * kernel leaves out. No SIOCGSTAMP: the time differs. */
#define REQUESTS                                                                         \
	VALUES(SIOCGHWTSTAMP, SIOCSHWTSTAMP, SIOCSHWTSTAMP | 1L << 32,                   \
	       SIOCGHWTSTAMP | LONG_MIN, SIOCSHWTSTAMP - 1, SIOCGHWTSTAMP + 1, FIONREAD, \
	       FIONBIO, FIOCLEX, FIONCLEX, FIOASYNC, SIOCOUTQ, SIOCATMARK, SIOCGPGRP,    \
	       TCGETS, TIOCGWINSZ, SIOCGIFNAME, SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFMTU,  \
	       SIOCGIFCONF, SIOCETHTOOL, SIOCPROTOPRIVATE, SIOCDEVPRIVATE, 0, INT_MAX,   \
	       INT_MIN, -1)

static const char *const devices[] = {"lo", "", "none such", "lo:1", "0123456789abcdef"};
#define DEVICES VALUES(0, 1, 2, 3, 4)

/* The first is good; of the others flags, the type of sending or the filter. */
static const struct hwtstamp_config configs[] = {
	{0, HWTSTAMP_TX_ON, HWTSTAMP_FILTER_ALL},
	{1 << 30, 0, 0},
	{2, 0, 0},
	{0, 4, 0},
	{0, -1, 0},
	{0, 0, 16},
	{0, 0, -1},
};
#define CONFIGS VALUES(0, 1, 2, 3, 4, 5, 6)

/* values: request, pointer to it, device, its configuration, pointer to that */
static void ioctl_call(long fd, const long *v, long *a)
{
	struct ifreq request = {.ifr_ifindex = 1};

	memcpy(request.ifr_name, devices[v[2]], strnlen(devices[v[2]], IFNAMSIZ));
	memcpy(data_area, &configs[v[3]], sizeof(configs[0]));
	if (v[4] == READ_ONLY)
		request.ifr_data = (char *)read_only;
	else if (v[4] != GOOD)
		request.ifr_data = (char *)point_at_data(v[4]);
	else if (v[0] != SIOCGIFNAME)
		request.ifr_data = (char *)data_area;
	memcpy(head_area + AT_VALUE, &request, sizeof(request));
	a[0] = fd;
	a[1] = v[0];
	a[2] = point_at_head(v[1], AT_VALUE, sizeof(request));
}

static long library_ioctl(const long *a)
{
	return ioctl((int)a[0], (unsigned long)a[1], a[2]);
}

static long kernel_ioctl(const long *a)
{
	return syscall(SYS_ioctl, a[0], a[1], a[2]);
}

static bool can_be_read(long which)
{
	return which == GOOD || which == AT_EDGE || which == MISALIGNED ||
	       which == READ_ONLY;
}

/* A device that cannot stamp is asked to, and the kernel finds nothing else to
 * refuse. */
static bool stamps_a_device(const long *v, const long *a)
{
	const unsigned int number = (unsigned int)a[1];

	if (!can_be_read(v[1]) || strncmp(devices[v[2]], "lo", 2) != 0)
		return false;
	return number == SIOCGHWTSTAMP || (number == SIOCSHWTSTAMP && can_be_read(v[4]) &&
					   (v[3] == 0 || v[4] != GOOD));
}

static void close_call(long fd, const long *v, long *a)
{
	(void)v;
	a[0] = fd;
}

static long library_close(const long *a)
{
	return close((int)a[0]);
}

static long kernel_close(const long *a)
{
	return syscall(SYS_close, a[0]);
}

/* values: number */
static void close_number_call(long fd, const long *v, long *a)
{
	(void)fd;
	a[0] = v[0];
}

/* Something to close at CHOSEN to LAST_CHOSEN. */
static void open_chosen(void)
{
	for (int fd = CHOSEN; fd <= LAST_CHOSEN; fd++)
		MUST(syscall(SYS_dup3, STDERR_FILENO, fd, O_CLOEXEC * (fd & 1)));
}

/* values: first, last, flags */
static void close_range_call(long fd, const long *v, long *a)
{
	(void)fd;
	open_chosen();
	memcpy(a, v, 3 * sizeof(*v));
}

static long library_close_range(const long *a)
{
	return close_range((unsigned int)a[0], (unsigned int)a[1], (int)a[2]);
}

static long kernel_close_range(const long *a)
{
	return syscall(SYS_close_range, a[0], a[1], a[2]);
}

/* How many numbers a child has left after closing. values: first */
static void closefrom_call(long fd, const long *v, long *a)
{
	(void)fd;
	open_chosen();
	a[0] = v[0];
}

static long left_in_child(const long *a, long (*close_all)(const long *a))
{
	const pid_t child = (pid_t)MUST(fork());
	int status, left = 0;

	if (child == 0) {
		close_all(a);
		for (int fd = 0; fd <= LAST_CHOSEN; fd++)
			left += syscall(SYS_fcntl, fd, F_GETFD) != -1;
		_exit(left);
	}
	MUST(waitpid(child, &status, 0));
	return status;
}

static long by_closefrom(const long *a)
{
	closefrom((int)a[0]);
	return 0;
}

static long by_number(const long *a)
{
	return syscall(SYS_close_range, (int)a[0] < 0 ? 0 : a[0], UINT_MAX, 0);
}

static long library_closefrom(const long *a)
{
	return left_in_child(a, by_closefrom);
}

static long kernel_closefrom(const long *a)
{
	return left_in_child(a, by_number);
}

/* values: domain, type, protocol, place of the two descriptors */
static void socket_call(long fd, const long *v, long *a)
{
	(void)fd;
	memcpy(a, v, 3 * sizeof(*v));
	a[3] = point(v[3], head_area + AT_FDS, head_area, HEAD_SIZE, 2 * sizeof(int));
}

static long library_socket(const long *a)
{
	return socket((int)a[0], (int)a[1], (int)a[2]);
}

static long kernel_socket(const long *a)
{
	return syscall(SYS_socket, a[0], a[1], a[2]);
}

static long library_socketpair(const long *a)
{
	return socketpair((int)a[0], (int)a[1], (int)a[2], (int *)a[3]);
}

static long kernel_socketpair(const long *a)
{
	return syscall(SYS_socketpair, a[0], a[1], a[2], a[3]);
}

#define DOMAINS                                                                          \
	VALUES(AF_INET, AF_UNIX, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNSPEC, 46, 999,    \
	       INT_MAX, INT_MIN, -1)
#define TYPES                                                                            \
	VALUES(SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, 0, 10, SOCK_PACKET,    \
	       SOCK_STREAM | SOCK_CLOEXEC, SOCK_DGRAM | SOCK_NONBLOCK, 0x100, -1)
#define PROTOCOLS VALUES(0, IPPROTO_TCP, IPPROTO_UDP, 255, 256, 262, 9999, INT_MIN, -1)

/* values: which process, flags */
static void pidfd_getfd_call(long fd, const long *v, long *a)
{
	a[0] = v[0] == 0 ? own_pidfd : v[0] == 1 ? fd : v[0];
	a[1] = or_same(v[2], fd);
	a[2] = v[1];
}

static long library_pidfd_getfd(const long *a)
{
	return pidfd_getfd((int)a[0], (int)a[1], (unsigned int)a[2]);
}

static long kernel_pidfd_getfd(const long *a)
{
	return syscall(SYS_pidfd_getfd, a[0], a[1], a[2]);
}

/* values: flags. None that would leave the network or the user. */
static void unshare_call(long fd, const long *v, long *a)
{
	(void)fd;
	a[0] = v[0];
}

static long library_unshare(const long *a)
{
	return unshare((int)a[0]);
}

static long kernel_unshare(const long *a)
{
	return syscall(SYS_unshare, a[0]);
}

/* ---- the table */

#define NUMBERS_TO_CLOSE VALUES(-1, INT_MIN, INT_MAX, 1 << 20, 100000, 150)

static long all_numbers[NUMBERS];

const struct call calls[] = {
	{"recv",
	 RECEIVES | EVERY_PAIR,
	 {POINTERS, LENGTHS, RECEIVE_FLAGS},
	 data_call,
	 library_recv,
	 kernel_recv},
	{"__recv_chk",
	 RECEIVES,
	 {POINTERS, LENGTHS, RECEIVE_FLAGS},
	 data_call,
	 library_recv_chk,
	 kernel_recv},
	{"recvfrom",
	 RECEIVES | EVERY_PAIR,
	 {POINTERS, LENGTHS, RECEIVE_FLAGS, POINTERS, POINTERS, SIZES},
	 address_out_call,
	 library_recvfrom,
	 kernel_recvfrom},
	{"__recvfrom_chk",
	 RECEIVES,
	 {POINTERS, LENGTHS, RECEIVE_FLAGS, POINTERS, POINTERS, SIZES},
	 address_out_call,
	 library_recvfrom_chk,
	 kernel_recvfrom},
	{"recvmsg",
	 RECEIVES | EVERY_PAIR,
	 {PIECES, NAMES, RECEIVE_CONTROLS, RECEIVE_FLAGS, POINTERS},
	 recvmsg_call,
	 library_recvmsg,
	 kernel_recvmsg},
	{"recvmmsg",
	 RECEIVES | EVERY_PAIR,
	 {PIECES, NAMES, RECEIVE_CONTROLS, RECEIVE_FLAGS, POINTERS, COUNTS},
	 recvmmsg_call,
	 library_recvmmsg,
	 kernel_recvmmsg},
	{"recvmmsg, time limit",
	 RECEIVES | EVERY_PAIR,
	 {VALUES(0, 1, -1, LONG_MAX, LONG_MIN), VALUES(0, 1, 999999999, 1000000000, -1),
	  POINTERS, VALUES(0, MSG_WAITFORONE, MSG_DONTWAIT, ONEPKT), VALUES(2, 0, 1, 4)},
	 recvmmsg_timeout_call,
	 library_recvmmsg,
	 kernel_recvmmsg},
	{"send",
	 SENDS | EVERY_PAIR,
	 {POINTERS, LENGTHS, SEND_FLAGS},
	 data_call,
	 library_send,
	 kernel_send},
	{"sendto",
	 SENDS | EVERY_PAIR,
	 {POINTERS, LENGTHS, SEND_FLAGS, POINTERS, ADDRESS_SIZES},
	 sendto_call,
	 library_sendto,
	 kernel_sendto},
	{"sendmsg",
	 SENDS | EVERY_PAIR,
	 {PIECES, NAMES, SEND_CONTROLS, SEND_FLAGS, POINTERS},
	 sendmsg_call,
	 library_sendmsg,
	 kernel_sendmsg},
	{"sendmmsg",
	 SENDS | EVERY_PAIR,
	 {PIECES, NAMES, SEND_CONTROLS, SEND_FLAGS, POINTERS, COUNTS},
	 sendmmsg_call,
	 library_sendmmsg,
	 kernel_sendmmsg},
	{"getsockopt",
	 READS_OPTION | EVERY_PAIR,
	 {OPTIONS, LEVELS, POINTERS, POINTERS, SIZES},
	 getsockopt_call,
	 library_getsockopt,
	 kernel_getsockopt},
	{"getsockopt, all numbers",
	 READS_OPTION | EVERY_PAIR,
	 {{all_numbers, NUMBERS}, LEVELS, VALUES(GOOD), VALUES(GOOD), VALUES(128)},
	 getsockopt_call,
	 library_getsockopt,
	 kernel_getsockopt},
	{"setsockopt",
	 SETS_OPTION | EVERY_PAIR,
	 {OPTIONS, LEVELS, POINTERS, OPTION_SIZES, CONTENTS},
	 setsockopt_call,
	 library_setsockopt,
	 kernel_setsockopt},
	{"setsockopt, all numbers",
	 SETS_OPTION | EVERY_PAIR,
	 {{all_numbers, NUMBERS}, LEVELS, VALUES(GOOD), VALUES(4), VALUES(1)},
	 setsockopt_call,
	 library_setsockopt,
	 kernel_setsockopt},
	{"setsockopt, getsockopt",
	 READS_OPTION | EVERY_PAIR | NOT_AT_RANDOM,
	 {VALUES(SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW, SO_TIMESTAMP_OLD,
		 SO_TIMESTAMPNS_OLD, SO_TIMESTAMPNS_NEW),
	  CONTENTS,
	  VALUES(SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW, SO_TIMESTAMP_OLD,
		 SO_TIMESTAMPNS_NEW)},
	 read_after_set_call,
	 library_read_after_set,
	 kernel_read_after_set},
	{"accept",
	 EVERY_PAIR,
	 {POINTERS, POINTERS, SIZES, VALUES(0)},
	 accept_call,
	 library_accept,
	 kernel_accept},
	{"accept4",
	 EVERY_PAIR,
	 {POINTERS, POINTERS, SIZES,
	  VALUES(SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC, 1, INT_MIN,
		 -1)},
	 accept_call,
	 library_accept4,
	 kernel_accept4},
	{"dup", 0, {VALUES(0), VALUES(0)}, duplicate_call, library_dup, kernel_dup},
	{"dup2",
	 EVERY_PAIR,
	 {CHOSEN_NUMBERS, VALUES(0)},
	 duplicate_call,
	 library_dup2,
	 kernel_dup2},
	{"dup3",
	 EVERY_PAIR,
	 {CHOSEN_NUMBERS, VALUES(0, O_CLOEXEC, O_NONBLOCK, INT_MIN, -1)},
	 duplicate_call,
	 library_dup3,
	 kernel_dup3},
	{"fcntl",
	 EVERY_PAIR | NOT_AT_RANDOM,
	 {COMMANDS, ARGUMENTS},
	 fcntl_call,
	 library_fcntl,
	 kernel_fcntl},
	{"fcntl64",
	 EVERY_PAIR | NOT_AT_RANDOM,
	 {COMMANDS, ARGUMENTS},
	 fcntl_call,
	 library_fcntl64,
	 kernel_fcntl},
	{"fcntl, harmless",
	 EVERY_PAIR,
	 {VALUES(F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_GETOWN_EX, 9999, -1),
	  ARGUMENTS},
	 fcntl_call,
	 library_fcntl,
	 kernel_fcntl},
	{"ioctl",
	 EVERY_PAIR,
	 {REQUESTS, POINTERS, DEVICES, CONFIGS, POINTERS},
	 ioctl_call,
	 library_ioctl,
	 kernel_ioctl},
	{"close", NOT_AT_RANDOM, {VALUES(0)}, close_call, library_close, kernel_close},
	{"close, no descriptor",
	 NO_DESCRIPTOR,
	 {NUMBERS_TO_CLOSE},
	 close_number_call,
	 library_close,
	 kernel_close},
	{"close_range",
	 NO_DESCRIPTOR | EVERY_PAIR,
	 {VALUES(CHOSEN, CHOSEN + 1, LAST_CHOSEN, LAST_CHOSEN + 1, INT_MAX, UINT_MAX),
	  VALUES(LAST_CHOSEN, CHOSEN, CHOSEN + 2, INT_MAX, UINT_MAX, 0),
	  VALUES(0, 2, 4, 6, 1, 8, -1, INT_MIN)},
	 close_range_call,
	 library_close_range,
	 kernel_close_range},
	{"closefrom",
	 NO_DESCRIPTOR | NOT_AT_RANDOM,
	 {VALUES(CHOSEN, CHOSEN + 2, 3, 0, -1, INT_MIN, LAST_CHOSEN + 1, INT_MAX)},
	 closefrom_call,
	 library_closefrom,
	 kernel_closefrom},
	{"unshare",
	 NO_DESCRIPTOR | NOT_AT_RANDOM,
	 {VALUES(CLONE_FS, 0, CLONE_FILES, CLONE_FILES | CLONE_FS, CLONE_SYSVSEM, 1, 2,
		 INT_MIN, -1)},
	 unshare_call,
	 library_unshare,
	 kernel_unshare},
	{"socket",
	 NO_DESCRIPTOR | EVERY_PAIR,
	 {DOMAINS, TYPES, PROTOCOLS, VALUES(GOOD)},
	 socket_call,
	 library_socket,
	 kernel_socket},
	{"socketpair",
	 NO_DESCRIPTOR | EVERY_PAIR,
	 {VALUES(AF_UNIX, AF_INET, AF_INET6, 30 /* AF_TIPC */, AF_UNSPEC, INT_MIN, -1),
	  TYPES, PROTOCOLS, POINTERS},
	 socket_call,
	 library_socketpair,
	 kernel_socketpair},
	{"pidfd_getfd",
	 EVERY_PAIR,
	 {VALUES(0, 1, -1, STDERR_FILENO, INT_MAX), VALUES(0, 1, INT_MIN, -1),
	  VALUES(SAME_FD, -1, INT_MIN, INT_MAX, 150)},
	 pidfd_getfd_call,
	 library_pidfd_getfd,
	 kernel_pidfd_getfd},
};
const size_t call_count = COUNT(calls);

static unsigned char *between_holes(size_t size, int protection)
{
	unsigned char *mapped = mmap(NULL, size + 2 * PAGE, PROT_NONE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(mapped == MAP_FAILED ? -1 : 0);
	MUST(mprotect(mapped + PAGE, size, protection));
	return mapped + PAGE;
}

void calls_start(void)
{
	data_area = between_holes(DATA_SIZE, PROT_READ | PROT_WRITE);
	head_area = between_holes(HEAD_SIZE, PROT_READ | PROT_WRITE);
	read_only = between_holes(PAGE, PROT_READ);
	unmapped = between_holes(PAGE, PROT_NONE);
	for (size_t i = 0; i < COUNT(many_pieces); i++)
		many_pieces[i] = (struct iovec){data_area + i, 1};
	for (int i = 0; i < NUMBERS; i++)
		all_numbers[i] = i;
	own_pidfd = FIRST_FIXED + 20;
	MUST(dup3((int)MUST(syscall(SYS_pidfd_open, getpid(), 0)), own_pidfd, O_CLOEXEC));
}

/* ---- where there is no equal */

bool is_timestamping(const long *a)
{
	return (int)a[1] == SOL_SOCKET &&
	       ((int)a[2] == SO_TIMESTAMPING_OLD || (int)a[2] == SO_TIMESTAMPING_NEW);
}

bool asks_for_hardware(const long *a)
{
	uint32_t flags = 0;

	if (!is_timestamping(a))
		return false;
	memcpy(&flags, head_area + AT_VALUE, sizeof(flags));
	return flags & SOF_TIMESTAMPING_RAW_HARDWARE;
}

/* Flags that a kernel does not know, and numbers for a connection to come. */
static bool asks_as_of_onload(const struct call *call, const struct kind *kind,
			      const long *v, const long *a)
{
	const uint32_t of_onload = 1U << 31 | 1U << 23;
	const bool sets = call->prepare == read_after_set_call
				  ? v[0] == SO_TIMESTAMPING_OLD || v[0] == SO_TIMESTAMPING_NEW
				  : call->does & SETS_OPTION && is_timestamping(a);
	uint32_t flags;

	memcpy(&flags, head_area + AT_VALUE, sizeof(flags));
	return sets && (flags & of_onload || (kind->traits & IS_TCP &&
					      flags & SOF_TIMESTAMPING_OPT_ID));
}

static bool is_emulated(void)
{
	int (*const present)(void) =
		(int (*)(void))dlsym(RTLD_DEFAULT, "onload_is_present");

	return present && present();
}

static bool is_mmsg(const struct call *call)
{
	return strstr(call->name, "mmsg") != NULL;
}

/* A report comes of it that the kernel, asked for no more than that, would not make. */
static bool asks_for_hardware_once(const struct call *call, const struct kind *kind,
				   const long *v)
{
	return (call->prepare == sendmsg_call || call->prepare == sendmmsg_call) &&
	       kind->traits & HAS_HARDWARE && v[2] == CONTROL_STAMP_HARDWARE;
}

const char *rule_for(const struct call *call, const struct kind *kind, const long *v,
		     const long *a, bool at_random)
{
	const bool plain = call->prepare == data_call || call->prepare == sendto_call ||
			   call->prepare == address_out_call || is_mmsg(call);
	const long flags = plain ? a[3] : a[2];

	if (call->does & RECEIVES && flags & ONEPKT &&
	    (kind->traits & IS_PACKET || (flags & MSG_WAITALL && kind->traits & IS_TCP)))
		return "ONLOAD_MSG_ONEPKT, on AF_PACKET and with MSG_WAITALL on TCP";
	if (call->does & RECEIVES && flags & ONEPKT && kind->traits & IS_TCP &&
	    is_emulated())
		return "ONLOAD_MSG_ONEPKT on TCP, under the emulation";
	if (call->does & SENDS && flags & WARM && kind->traits & IS_TCP)
		return "ONLOAD_MSG_WARM on TCP";
	if (at_random && ((call->does & SETS_OPTION && asks_for_hardware(a)) ||
			  asks_for_hardware_once(call, kind, v)))
		return "SO_TIMESTAMPING that asks for hardware stamps, before other "
		       "calls";
	if (asks_as_of_onload(call, kind, v, a) && is_emulated())
		return "SO_TIMESTAMPING as Onload takes it, under the emulation";
	if (call->prepare == ioctl_call && stamps_a_device(v, a))
		return "SIOCSHWTSTAMP and SIOCGHWTSTAMP on a device that cannot stamp";
	if (call->prepare == recvmmsg_timeout_call && v[0] == 0 && v[1] > 1 &&
	    v[1] < 100 * 1000 * 1000)
		return "recvmmsg with so short a limit that it may have passed or not";
	/* The kernel reads a header once. Whoever reads it afterwards finds there, as the
	 * place of the control data, what was received. */
	if (call->prepare == recvmsg_call && v[2] == CONTROL_OVER_EDGE && v[4] == AT_EDGE)
		return "control data that is received over the header that names its "
		       "place";
	/* How much of a stream was taken before the kernel met the end of readable memory
	 * depends on how it cuts its buffers. */
	if (call->does & SENDS && kind->traits & IS_STREAM &&
	    (call->prepare == data_call || call->prepare == sendto_call) &&
	    (size_t)v[1] > 4096 &&
	    (v[0] == GOOD || v[0] == MISALIGNED || v[0] == READ_ONLY))
		return "a stream's send that runs out of memory: the kernel differs from "
		       "itself";
	return NULL;
}

/* Of SOL_SOCKET, TCP and so on, each by number. */
socklen_t option_varies(const long *a, unsigned int traits)
{
	static const struct {
		int level, optname;
		unsigned int traits; /* only of these, where not 0 */
		socklen_t size;
	} varying[] = {
		{SOL_SOCKET, SO_COOKIE, 0, 8},
		{SOL_SOCKET, 49 /* SO_INCOMING_CPU */, 0, 4},
		{SOL_SOCKET, 55 /* SO_MEMINFO */, 0, 36},
		{SOL_SOCKET, SO_PEERNAME, IS_LISTENER, 16},
		{IPPROTO_IP, 52 /* IP_PROTOCOL: the port */, 0, 4},
		{IPPROTO_TCP, TCP_INFO, 0, 512},
		{IPPROTO_TCP, 24 /* TCP_TIMESTAMP */, 0, 4},
		{IPPROTO_TCP, 26 /* TCP_CC_INFO */, 0, 20},
		{IPPROTO_TCP, 21 /* TCP_QUEUE_SEQ */, 0, 4},
		{IPPROTO_TCP, TCP_QUICKACK, 0, 4},
	};

	for (size_t i = 0; i < COUNT(varying); i++) {
		if (varying[i].level == (int)a[1] && varying[i].optname == (int)a[2] &&
		    (!varying[i].traits || traits & varying[i].traits))
			return varying[i].size;
	}
	return 0;
}
