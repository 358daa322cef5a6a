/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes with a message that is received. */
#include <sys/uio.h>

#include "tests/worlds/program.h"

#define MESSAGES 3 /* of one recvmmsg */

/* A stream gives all it has to the first. */
static void several(struct ends ends)
{
	const int count = is_tcp() ? 1 : MESSAGES;
	char data[MESSAGES][16];
	_Alignas(struct cmsghdr) char control[MESSAGES][256];
	struct iovec pieces[MESSAGES];
	struct mmsghdr msgs[MESSAGES] = {0};
	int got;

	for (int i = 0; i < count; i++) {
		pieces[i] = (struct iovec){data[i], sizeof(data[i])};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i],
						  .msg_iovlen = 1,
						  .msg_control = control[i],
						  .msg_controllen = sizeof(control[i])};
		send_across(ends);
	}
	got = calls->recvmmsg(ends.far, msgs, (unsigned int)count, 0, NULL);
	say("received.several", result_words(got));
	for (int i = 0; i < got; i++)
		say_number("received.several", (unsigned int)i,
			   message_words(msgs[i].msg_len, &msgs[i].msg_hdr));
}

/* OPT_PKTINFO's message would be the one that is cut. */
static void in_rooms(struct ends ends, uint32_t flags)
{
	for (size_t i = 0; i < rooms_count && !(flags & PKTINFO); i++) {
		const struct how how = {
			.room = rooms[i], .data = 512, .unaligned = i % 2};

		send_across(ends);
		say_number("received.room", (unsigned int)rooms[i],
			   receive_words(ends.far, how));
	}
}

static void peeked(struct ends ends)
{
	send_across(ends);
	say("received.peek",
	    receive_words(ends.far, (struct how){PLAIN, .flags = MSG_PEEK}));
	say("received.peek_again",
	    receive_words(ends.far, (struct how){PLAIN, .flags = MSG_PEEK}));
	say("received.peeked", receive_words(ends.far, (struct how){PLAIN}));
}

static void beside_others(struct ends ends)
{
	if (!is_tcp() && family->domain != AF_UNIX) {
		ask_pktinfo(ends.far);
		say_received("received.pktinfo", ends, (struct how){PLAIN});
	}
	set_int(ends.far, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	say_received("received.ns", ends, (struct how){PLAIN});
	set_int(ends.far, SOL_SOCKET, SO_TIMESTAMPNS, 0);
}

void try_receiving(uint32_t flags)
{
	const struct ends ends = open_ends();

	send_across(ends);
	ask(ends.far, flags);
	say("received.before", receive_words(ends.far, (struct how){PLAIN}));
	say_received("received", ends, (struct how){PLAIN, .named = true});
	say_received("received.unaligned", ends, (struct how){PLAIN, .unaligned = 3});
	say_received("received.no_data", ends, (struct how){PLAIN, .no_data = true});
	say_received("received.small", ends, (struct how){.room = 512, .data = 2});
	in_rooms(ends, flags);
	peeked(ends);
	several(ends);
	say("received.nothing",
	    receive_words(ends.far, (struct how){PLAIN, .flags = MSG_DONTWAIT}));
	beside_others(ends);
	MUST(calls->setsockopt(ends.far, SOL_SOCKET, SO_TIMESTAMPING_NEW, &flags,
			       sizeof(flags)));
	say_received("received.new", ends, (struct how){PLAIN});
	send_across(ends);
	ask(ends.far, 0);
	say("received.off", receive_words(ends.far, (struct how){PLAIN}));
	if (is_tcp()) {
		ask(ends.far, flags);
		MUST(shutdown(ends.near, SHUT_WR));
		say("received.end", receive_words(ends.far, (struct how){PLAIN}));
	}
	close_ends(ends);
}
