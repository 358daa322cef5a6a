/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/worlds/words.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h> /* wants timespec of time.h */

#include "tests/harness/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AGE_S 60 /* more than the card's clock is ahead */
#define SLOTS 3
#define SLOT_SIZE 16

static time_t begun;

void words_begin(void)
{
	begun = time(NULL);
}

static char whole_slot(const unsigned char *slot)
{
	int64_t value[2];

	memcpy(value, slot, sizeof(value));
	if (value[0] == 0 && value[1] == 0)
		return '-';
	return value[0] >= begun - AGE_S && value[0] <= time(NULL) + AGE_S &&
			       value[1] >= 0 && value[1] < 1000000000
		       ? 'T'
		       : '?';
}

static char cut_slot(const unsigned char *slot, size_t size)
{
	while (size > 0 && slot[size - 1] == 0)
		size--;
	return size > 0 ? 't' : '.';
}

static void add_stamps(struct text *text, const unsigned char *data, size_t size)
{
	add(text, " ");
	for (size_t at = 0; at < size; at += SLOT_SIZE)
		add(text, "%c",
		    size - at >= SLOT_SIZE ? whole_slot(data + at)
					   : cut_slot(data + at, size - at));
}

static void add_report(struct text *text, const unsigned char *data, size_t size)
{
	static const char *const moments[] = {"snd", "sched", "ack"};
	struct sock_extended_err report;
	sa_family_t offender = AF_UNSPEC;

	if (size < sizeof(report))
		return;
	memcpy(&report, data, sizeof(report));
	if (size >= sizeof(report) + sizeof(offender))
		memcpy(&offender, data + sizeof(report), sizeof(offender));
	if (report.ee_origin == SO_EE_ORIGIN_TIMESTAMPING &&
	    report.ee_info < COUNT(moments))
		add(text, " %s %u", moments[report.ee_info], report.ee_data);
	else
		add(text, " origin %u info %u data %u", report.ee_origin, report.ee_info,
		    report.ee_data);
	add(text, " %s offender %d", strerrorname_np((int)report.ee_errno), offender);
}

static const struct {
	int level, type;
	const char *name;
	void (*add)(struct text *text, const unsigned char *data, size_t size);
} kinds[] = {
	{SOL_SOCKET, SO_TIMESTAMPING_OLD, "stamps", add_stamps},
	{SOL_SOCKET, SO_TIMESTAMPING_NEW, "new stamps", add_stamps},
	{SOL_SOCKET, SO_TIMESTAMPNS_OLD, "ns", NULL},
	{SOL_IP, IP_RECVERR, "report", add_report},
	{SOL_IPV6, IPV6_RECVERR, "report", add_report},
	{SOL_IP, IP_PKTINFO, "pktinfo", NULL},
	{SOL_IPV6, IPV6_PKTINFO, "pktinfo", NULL},
};

static void add_control(struct text *text, const struct cmsghdr *header,
			const unsigned char *data, size_t size)
{
	size_t i = 0;

	while (i < COUNT(kinds) && (kinds[i].level != header->cmsg_level ||
				    kinds[i].type != header->cmsg_type))
		i++;
	if (i == COUNT(kinds))
		add(text, ", other %d/%d", header->cmsg_level, header->cmsg_type);
	else
		add(text, ", %s", kinds[i].name);
	add(text, "/%zu", (size_t)header->cmsg_len);
	if (i < COUNT(kinds) && kinds[i].add)
		kinds[i].add(text, data, size);
}

/* Byte by byte, since the room may be unaligned. */
static void add_controls(struct text *text, const struct msghdr *msg)
{
	const unsigned char *at = msg->msg_control;
	size_t left = msg->msg_controllen;
	struct cmsghdr header;

	while (left >= sizeof(header)) {
		size_t size;

		memcpy(&header, at, sizeof(header));
		if (header.cmsg_len < sizeof(header) || header.cmsg_len > left) {
			add(text, ", wrong length %zu", (size_t)header.cmsg_len);
			return;
		}
		add_control(text, &header, at + sizeof(header),
			    header.cmsg_len - sizeof(header));
		size = CMSG_ALIGN(header.cmsg_len);
		size = size < left ? size : left;
		at += size;
		left -= size;
	}
	if (left > 0)
		add(text, ", %zu more", left);
}

static void add_flags(struct text *text, int flags)
{
	static const struct {
		int flag;
		const char *name;
	} names[] = {
		{MSG_ERRQUEUE, "errqueue"}, {MSG_TRUNC, "trunc"}, {MSG_CTRUNC, "ctrunc"}};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (flags & names[i].flag)
			add(text, " %s", names[i].name);
		flags &= ~names[i].flag;
	}
	if (flags != 0)
		add(text, " flags 0x%x", flags);
}

static bool ends_whole(ssize_t size, const struct msghdr *msg)
{
	const char *data = msg->msg_iovlen > 0 ? msg->msg_iov->iov_base : NULL;

	return size >= HELLO_SIZE &&
	       memcmp(data + size - HELLO_SIZE, HELLO, HELLO_SIZE) == 0;
}

const char *message_words(ssize_t result, const struct msghdr *msg)
{
	static char words[1024];
	struct text text = {words, words + sizeof(words)};

	if (result < 0)
		return result_words(result);
	add(&text, "%zd", result);
	if (result > 0 && !ends_whole(result, msg))
		add(&text, " partly");
	add_flags(&text, msg->msg_flags);
	if (msg->msg_name)
		add(&text, " name %u", msg->msg_namelen);
	add_controls(&text, msg);
	return words;
}

const char *result_words(long result)
{
	static char words[64];

	if (result == -1)
		snprintf(words, sizeof(words), "-1 %s", strerrorname_np(errno));
	else
		snprintf(words, sizeof(words), "%ld", result);
	return words;
}
