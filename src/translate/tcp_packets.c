/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/translate/tcp_packets.h"

#include <string.h>

#include "src/translate/endpoints.h"

#define WAYS 16u /* places where a connection can be */
#define SETTLED_NS                                                                       \
	1000000u    /* after which the kernel has taken a segment in, or refused it */
#define AGREEMENT 2 /* looks in a row */
#define WIDEST (1u << 30) /* no window is larger: RFC 7323, 2.3 */
#define SEGMENTS_PER_PLACE 2u

/* What a segment brought, of a connection's list in the order of the stream. */
struct piece {
	uint32_t begin, end; /* sequence numbers */
	uint32_t origin,
		size;     /* where the segment began; lkos_tcp_segment's segment_size */
	uint64_t arrived; /* 0: by which segment is not known */
	uint32_t next, previous; /* indices, 0: none */
	uint32_t owner;          /* index of a place; 0: the piece is free */
	bool came_again;         /* and it is not certain that the first was taken */
	bool is_cut; /* the segment went on, over bytes that had come before */
};

struct place {
	struct lkos_tcp_connection connection;
	uint64_t used;   /* when, counted in calls; 0: free */
	uint64_t read;   /* bytes that the application had read, when it was looked at */
	uint64_t newest; /* when the last segment arrived */
	uint32_t newest_end; /* where that ended */
	uint32_t taken;      /* up to here the kernel had taken all, at the last look */
	uint32_t segments;   /* seen with data */
	uint32_t refused;    /* of these, that the kernel does not count */
	uint32_t base; /* sequence number of the stream's first byte, as far as is known */
	uint32_t floor; /* below it nothing is known */
	uint32_t edge;  /* where the last segment ended, while it is not placed */
	uint32_t mark; /* the urgent pointer: the urgent byte is this one, or the one before */
	uint32_t syn_end;           /* where the data ended that came with the SYN */
	uint32_t first, last, hint; /* pieces */
	uint8_t agreed; /* looks that agree about the base; AGREEMENT: it is known */
	bool is_asked_for, is_urgent, has_edge;
	bool is_ahead;     /* data has come in order since the last look */
	bool has_syn_data; /* some of it may not have been read */
	bool is_restarted; /* by another SYN, which may have been refused */
	bool came_again;   /* one of its pieces, at least */
};

struct lkos_tcp_packets {
	uint64_t calls;
	struct place *places; /* the first is not used, so that 0 is none */
	struct piece *pieces; /* the same */
	uint32_t segments, sets;
	uint32_t next; /* the piece that was taken longest ago */
	uint32_t kept; /* pieces of connections that somebody asked for */
};

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t later(uint32_t a, uint32_t b)
{
	return before(a, b) ? b : a;
}

/* ---- memory */

static size_t aligned(size_t size)
{
	const size_t alignment = _Alignof(max_align_t);

	return (size + alignment - 1) / alignment * alignment;
}

static size_t size_of_head(void)
{
	return aligned(sizeof(struct lkos_tcp_packets));
}

static size_t size_of_places(uint32_t segments)
{
	return aligned((segments / SEGMENTS_PER_PLACE + 1) * sizeof(struct place));
}

size_t lkos_tcp_packets_size(uint32_t segments)
{
	return size_of_head() + size_of_places(segments) +
	       (segments + (size_t)1) * sizeof(struct piece);
}

struct lkos_tcp_packets *lkos_tcp_packets_start(void *memory, uint32_t segments)
{
	struct lkos_tcp_packets *const packets = memory;
	char *const behind = (char *)memory + size_of_head();

	*packets = (struct lkos_tcp_packets){
		.places = (struct place *)behind,
		.pieces = (struct piece *)(behind + size_of_places(segments)),
		.segments = segments,
		.sets = segments / SEGMENTS_PER_PLACE / WAYS,
		.next = 1,
	};
	return packets;
}

/* ---- pieces */

static void free_piece(struct lkos_tcp_packets *packets, uint32_t index)
{
	struct piece *const pieces = packets->pieces;
	struct piece *const piece = pieces + index;
	struct place *const place = packets->places + piece->owner;

	if (piece->previous)
		pieces[piece->previous].next = piece->next;
	else
		place->first = piece->next;
	if (piece->next)
		pieces[piece->next].previous = piece->previous;
	else
		place->last = piece->previous;
	place->hint = place->first;
	packets->kept -= place->is_asked_for;
	piece->owner = 0;
}

static void free_pieces(struct lkos_tcp_packets *packets, const struct place *place)
{
	while (place->first)
		free_piece(packets, place->first);
}

static void forget(struct lkos_tcp_packets *packets, uint32_t index)
{
	struct place *const place = packets->places + packets->pieces[index].owner;

	place->floor = later(place->floor, packets->pieces[index].end);
	free_piece(packets, index);
}

static void advance(struct lkos_tcp_packets *packets)
{
	packets->next = packets->next == packets->segments ? 1 : packets->next + 1;
}

static void ask_for(struct lkos_tcp_packets *packets, struct place *place)
{
	uint32_t at = place->is_asked_for ? 0 : place->first;

	for (; at; at = packets->pieces[at].next)
		packets->kept++;
	place->is_asked_for = true;
}

/* Makes sure that the next piece to be taken is free. What somebody asked for goes only where it has more
 * than half of all. */
static void make_room(struct lkos_tcp_packets *packets)
{
	while (packets->kept <= packets->segments / 2 &&
	       packets->places[packets->pieces[packets->next].owner].is_asked_for)
		advance(packets);
	if (packets->pieces[packets->next].owner)
		forget(packets, packets->next);
}

/* The last part of [begin, *end) that no piece has, behind which piece it belongs, and in *end where
 * it ends. false: they have all. */
static bool find_gap(const struct lkos_tcp_packets *packets, const struct place *place,
		     uint32_t *begin, uint32_t *end, uint32_t *behind)
{
	const struct piece *const pieces = packets->pieces;
	const uint32_t from = *begin;
	uint32_t at = place->last;

	while (before(from, *end)) {
		while (at && !before(pieces[at].begin, *end))
			at = pieces[at].previous;
		*behind = at;
		if (!at || !before(from, pieces[at].end))
			return true;
		*begin = pieces[at].end;
		if (before(*begin, *end))
			return true;
		*end = pieces[at].begin;
		*begin = from;
	}
	return false;
}

static void insert(struct lkos_tcp_packets *packets, struct place *place, uint32_t behind,
		   const struct piece *piece)
{
	struct piece *const pieces = packets->pieces;
	const uint32_t index = packets->next;
	struct piece *const made = pieces + index;

	advance(packets);
	packets->kept += place->is_asked_for;
	*made = *piece;
	made->owner = (uint32_t)(place - packets->places);
	made->previous = behind;
	made->next = behind ? pieces[behind].next : place->first;
	if (made->next)
		pieces[made->next].previous = index;
	else
		place->last = index;
	if (behind)
		pieces[behind].next = index;
	else
		place->first = index;
	if (!place->hint || !behind)
		place->hint = place->first;
}

/* The piece that this sequence number is in, or 0. */
static uint32_t piece_at(const struct lkos_tcp_packets *packets, struct place *place,
			 uint32_t sequence)
{
	const struct piece *const pieces = packets->pieces;
	uint32_t at = place->hint;

	if (at && before(sequence, pieces[at].begin))
		at = place->first;
	while (at && !before(sequence, pieces[at].end))
		at = pieces[at].next;
	if (!at || before(sequence, pieces[at].begin))
		return 0;
	place->hint = at;
	return at;
}

/* ---- connections */

static uint32_t set_of(const struct lkos_tcp_packets *packets,
		       const struct lkos_tcp_connection *connection)
{
	uint64_t words[sizeof(*connection) / 8], hash = 0;

	_Static_assert(sizeof(*connection) % 8 == 0, "nothing is left over");
	memcpy(words, connection, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15 ^ hash >> 29;
	return (uint32_t)(hash >> 32) % packets->sets;
}

static struct place *places_for(const struct lkos_tcp_packets *packets,
				const struct lkos_tcp_connection *connection)
{
	return packets->places + 1 + set_of(packets, connection) * WAYS;
}

static struct place *find(struct lkos_tcp_packets *packets,
			  const struct lkos_tcp_connection *connection)
{
	struct place *const places = places_for(packets, connection);

	for (size_t i = 0; i < WAYS; i++) {
		if (places[i].used &&
		    memcmp(&places[i].connection, connection, sizeof(*connection)) == 0) {
			places[i].used = ++packets->calls;
			return places + i;
		}
	}
	return NULL;
}

/* Of those that somebody asked for, or of the others, the one that is silent for the longest time. */
static struct place *silent(struct place *places, bool is_asked_for)
{
	struct place *found = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		if (places[i].is_asked_for == is_asked_for &&
		    (!found || places[i].used < found->used))
			found = places + i;
	}
	return found;
}

/* A place that was free, or whose connection is silent. Half of the places are for those that somebody
 * asked for: neither these nor the others can push all of the other kind out. */
static struct place *take(struct lkos_tcp_packets *packets,
			  const struct lkos_tcp_connection *connection)
{
	struct place *const places = places_for(packets, connection), *taken;
	size_t asked_for = 0;

	for (size_t i = 0; i < WAYS; i++)
		asked_for += places[i].is_asked_for;
	taken = silent(places, false);
	if (!taken || (taken->used && asked_for > WAYS / 2))
		taken = silent(places, true);
	free_pieces(packets, taken);
	*taken = (struct place){.connection = *connection, .used = ++packets->calls};
	return taken;
}

static bool is_placed(const struct place *place)
{
	return place->agreed == AGREEMENT;
}

/* The base may still be right: one look will tell. */
static void lose(struct lkos_tcp_packets *packets, struct place *place)
{
	free_pieces(packets, place);
	if (is_placed(place))
		place->agreed = AGREEMENT - 1;
	place->has_edge = place->is_ahead = place->is_restarted = place->came_again =
		false;
}

void lkos_tcp_packets_lose(struct lkos_tcp_packets *packets)
{
	for (uint32_t i = 1; i <= packets->sets * WAYS; i++)
		lose(packets, packets->places + i);
}

void lkos_tcp_packets_doubt(struct lkos_tcp_packets *packets,
			    const struct lkos_tcp_connection *connection)
{
	struct place *const place = find(packets, connection);

	if (place)
		lose(packets, place);
}

/* ---- segments */

static void begin_stream(struct lkos_tcp_packets *packets, struct place *place,
			 uint32_t base, bool is_first)
{
	if (is_placed(place) && place->base == base)
		return; /* the same SYN again */
	free_pieces(packets, place);
	place->is_restarted = !is_first;
	place->base = place->floor = place->taken = base;
	place->agreed = AGREEMENT;
	place->read = 0;
	place->segments = place->refused = 0;
	place->is_urgent = place->has_syn_data = place->came_again = false;
}

static void note_urgent(struct place *place, const struct lkos_tcp_segment *segment)
{
	const uint32_t mark = segment->sequence + segment->urgent;

	if (!place->is_urgent || before(place->mark, mark))
		place->mark = mark;
	place->is_urgent = true;
}

/* In order is what begins where the one before it ended. */
static void note_order(struct place *place, const struct lkos_tcp_segment *segment)
{
	const uint32_t end = segment->sequence + segment->length;

	if (place->has_edge && place->edge != segment->sequence)
		place->agreed = 0;
	place->edge = place->has_edge ? later(place->edge, end) : end;
	place->has_edge = place->is_ahead = true;
}

/* A sender that is told of no room sends one byte again and again, to hear of room: it is refused until
 * there is some, and then comes with more behind it. Which of them was taken is not known. */
static bool was_probe(struct lkos_tcp_packets *packets, const struct place *place,
		      const struct lkos_tcp_segment *segment)
{
	struct piece *const pieces = packets->pieces;
	uint32_t at = place->last;

	while (at && before(segment->sequence, pieces[at].begin))
		at = pieces[at].previous;
	if (!at || pieces[at].begin != segment->sequence || pieces[at].size != 1 ||
	    segment->length == 1)
		return false;
	pieces[at].arrived = 0;
	return true;
}

/* Of what is there already, and not known to have been taken, marks the pieces in [begin, end). */
static void note_again(struct lkos_tcp_packets *packets, struct place *place,
		       uint32_t begin, uint32_t end)
{
	struct piece *const pieces = packets->pieces;

	for (uint32_t at = place->last; at && before(begin, pieces[at].end);
	     at = pieces[at].previous) {
		if (before(pieces[at].begin, end) && before(place->taken, pieces[at].end))
			pieces[at].came_again = place->came_again = true;
	}
}

/* Sequence numbers tell before from after only in one half of their circle. */
static bool keep_narrow(struct lkos_tcp_packets *packets, struct place *place,
			uint32_t begin, uint32_t end)
{
	while (place->first) {
		const uint32_t first = packets->pieces[place->first].begin;

		if (before(begin, first))
			return first - begin < WIDEST;
		if (end - first < WIDEST)
			return true;
		forget(packets, place->first);
	}
	return true;
}

static void add_data(struct lkos_tcp_packets *packets, struct place *place,
		     const struct lkos_tcp_segment *segment)
{
	const struct piece whole = {
		.origin = segment->sequence,
		.size = segment->length == 1 ? 1 : segment->segment_size,
		.arrived = was_probe(packets, place, segment) ? 0 : segment->arrived,
	};
	const uint32_t from = segment->sequence;
	uint32_t begin, end = from + segment->length, behind = 0;

	if (!keep_narrow(packets, place, from, end))
		return;
	note_again(packets, place, from, end);
	while (before(later(from, place->floor), end)) {
		struct piece piece = whole;

		make_room(packets); /* which may raise the floor */
		begin = later(from, place->floor);
		if (!find_gap(packets, place, &begin, &end, &behind))
			return;
		piece.begin = begin;
		piece.end = end;
		piece.is_cut = end != from + segment->length;
		insert(packets, place, behind, &piece);
		end = begin;
	}
}

static uint32_t count_segments(const struct lkos_tcp_segment *segment)
{
	const uint32_t size = segment->segment_size;

	return size ? (segment->length + size - 1) / size : 1;
}

void lkos_tcp_packets_add(struct lkos_tcp_packets *packets,
			  const struct lkos_tcp_segment *segment)
{
	const uint32_t end = segment->sequence + segment->length;
	struct place *place;
	bool is_first;

	if (segment->flags & LKOS_TCP_RST)
		return;
	place = find(packets, &segment->connection);
	is_first = !place;
	if (!place)
		place = take(packets, &segment->connection);
	if (segment->flags & LKOS_TCP_SYN)
		begin_stream(packets, place, segment->sequence, is_first);
	if (segment->flags & LKOS_TCP_URG)
		note_urgent(place, segment);
	if (segment->length == 0)
		return;
	/* The same frame, seen on a bridge or a VLAN and on its device. */
	if (place->newest == segment->arrived && place->newest_end == end)
		return;
	place->newest = segment->arrived;
	place->newest_end = end;
	if (segment->flags & LKOS_TCP_SYN) {
		place->has_syn_data = true;
		place->syn_end = end;
	} else {
		place->segments += count_segments(segment);
	}
	if (is_placed(place))
		add_data(packets, place, segment);
	else
		note_order(place, segment);
}

/* ---- questions */

static bool is_settled(uint64_t arrived, uint64_t now)
{
	return arrived + SETTLED_NS <= now;
}

/* How many have come; of those with the SYN, what the kernel did not take was not for this socket. */
static uint32_t segments_of(const struct place *place,
			    const struct lkos_tcp_progress *progress)
{
	return place->segments + (place->has_syn_data && progress->took_syn_data);
}

static int32_t uncounted(const struct place *place,
			 const struct lkos_tcp_progress *progress)
{
	return (int32_t)(segments_of(place, progress) - place->refused -
			 progress->segments);
}

int32_t lkos_tcp_packets_uncounted(struct lkos_tcp_packets *packets,
				   const struct lkos_tcp_connection *connection,
				   const struct lkos_tcp_progress *progress)
{
	const struct place *const place = find(packets, connection);

	return place && is_placed(place) ? uncounted(place, progress) : 0;
}

bool lkos_tcp_packets_came_again(struct lkos_tcp_packets *packets,
				 const struct lkos_tcp_connection *connection)
{
	const struct place *const place = find(packets, connection);

	return place && place->came_again;
}

/* A look at a connection whose place in the stream is not known. What came until now stays unknown, and
 * none of that can be what a segment that comes later brings again. */
static void try_to_place(struct place *place, const struct lkos_tcp_progress *progress)
{
	const uint32_t base = place->edge - (uint32_t)progress->received;

	if (!place->is_ahead || !is_settled(place->newest, progress->now) ||
	    place->is_urgent || progress->at_mark || progress->may_have_gap)
		return;
	place->agreed = place->agreed && place->base == base ? place->agreed + 1 : 1;
	place->base = base;
	place->floor = place->edge;
	place->refused = segments_of(place, progress) - progress->segments;
	place->is_ahead = false;
}

static bool has_fin(uint8_t state)
{
	return state == LKOS_TCP_CLOSE_WAIT || state == LKOS_TCP_LAST_ACK ||
	       state == LKOS_TCP_CLOSING || state == LKOS_TCP_TIME_WAIT;
}

/* Urgent data that is not inline, and ahead of the reader, hides what is queued behind it. */
static bool hides_the_queue(struct place *place, const struct lkos_tcp_progress *progress,
			    uint32_t end)
{
	if (!place->is_urgent || progress->urgent_inline ||
	    !before(place->mark - 1, end)) /* it has not come yet */
		return false;
	if ((progress->queued == 0 && !progress->at_mark) ||
	    before(place->mark - progress->queued, place->base + (uint32_t)place->read)) {
		place->is_urgent = false; /* it is behind the reader */
		return false;
	}
	return true;
}

/* The kernel did not take what has been there for long: what was queued behind it may have been refused,
 * too. */
static void doubt_refused(struct lkos_tcp_packets *packets, struct place *place,
			  uint32_t end, uint64_t now)
{
	uint32_t at = piece_at(packets, place, end);

	if (!at || !is_settled(packets->pieces[at].arrived, now))
		return;
	for (; at; at = packets->pieces[at].next)
		packets->pieces[at].arrived = 0;
}

/* What came with a SYN is taken only by a listener of TCP Fast Open, else it is sent again. */
static void doubt_syn_data(struct lkos_tcp_packets *packets, struct place *place)
{
	uint32_t at = place->first;

	for (; at && before(packets->pieces[at].begin, place->syn_end);
	     at = packets->pieces[at].next)
		packets->pieces[at].arrived = 0;
	place->has_syn_data = before(place->floor, place->syn_end);
}

/* Some have been refused before they reached the socket. What came again may be among them, and so may be
 * what has not been taken in yet. */
static void doubt_uncounted(struct lkos_tcp_packets *packets, const struct place *place,
			    uint32_t end)
{
	for (uint32_t at = place->first; at; at = packets->pieces[at].next) {
		if (packets->pieces[at].came_again ||
		    !before(packets->pieces[at].begin, end))
			packets->pieces[at].arrived = 0;
	}
}

/* All have reached the socket. */
static void doubt_refused_since(struct lkos_tcp_packets *packets, struct place *place,
				uint64_t nothing_refused_since)
{
	for (uint32_t at = place->first; at; at = packets->pieces[at].next) {
		struct piece *const piece = packets->pieces + at;

		if (piece->came_again && piece->arrived < nothing_refused_since)
			piece->arrived = 0;
		piece->came_again = false;
	}
	place->came_again = false;
}

/* Of what came again, finds out whether the first was taken; while segments are on their way, that stays
 * open. */
static void judge(struct lkos_tcp_packets *packets, struct place *place,
		  const struct lkos_tcp_progress *progress, uint32_t end)
{
	const int32_t more = uncounted(place, progress);

	if (more > 0 && is_settled(place->newest, progress->now)) {
		doubt_uncounted(packets, place, end);
		place->refused += (uint32_t)more;
	}
	if (place->came_again && uncounted(place, progress) == 0)
		doubt_refused_since(packets, place, progress->nothing_refused_since);
}

/* The kernel refuses the SYN of a peer that has forgotten a connection which is still there. Then what
 * came since was placed wrongly. It was not, where all of that has been taken in and ends where it should.
 * true: what is known is right. */
static bool is_as_restarted(struct lkos_tcp_packets *packets, struct place *place,
			    const struct lkos_tcp_progress *progress, uint32_t end)
{
	const struct piece *const last = packets->pieces + place->last;

	if (!place->is_restarted)
		return true;
	if (progress->may_have_gap || uncounted(place, progress) != 0 || !place->last)
		return false;
	place->is_restarted = false;
	if (last->end == end)
		return true;
	lose(packets, place);
	place->agreed = 0;
	return false;
}

bool lkos_tcp_packets_look(struct lkos_tcp_packets *packets,
			   const struct lkos_tcp_connection *connection,
			   const struct lkos_tcp_progress *progress,
			   struct lkos_tcp_unread *unread)
{
	struct place *const place = find(packets, connection);
	const uint64_t received = progress->received - has_fin(progress->state);
	uint32_t end, read;

	if (!place || progress->state == LKOS_TCP_CLOSE)
		return false;
	ask_for(packets, place);
	if (is_placed(place) && uncounted(place, progress) < 0)
		lose(packets, place); /* something has not been seen */
	if (!is_placed(place) && progress->state == LKOS_TCP_ESTABLISHED)
		try_to_place(place, progress);
	if (!is_placed(place))
		return false;
	end = place->base + (uint32_t)received;
	if (!is_as_restarted(packets, place, progress, end))
		return false;
	if (hides_the_queue(place, progress, end) || progress->queued > received ||
	    received - progress->queued < place->read)
		return false;
	doubt_refused(packets, place, end, progress->now);
	judge(packets, place, progress, end);
	place->taken = end;
	if (place->has_syn_data && !progress->took_syn_data)
		doubt_syn_data(packets, place);
	*unread = (struct lkos_tcp_unread){received - progress->queued, received};
	place->read = unread->begin;
	read = place->base + (uint32_t)unread->begin;
	place->floor = later(place->floor, read);
	while (place->first && !before(read, packets->pieces[place->first].end))
		free_piece(packets, place->first);
	return true;
}

static bool is_certain(const struct piece *piece)
{
	return piece->arrived != 0 && !piece->came_again;
}

/* It ends where the next one begins only if that was taken. */
static bool ends_surely(const struct lkos_tcp_packets *packets, const struct piece *piece)
{
	const struct piece *const behind = packets->pieces + piece->next;

	return !piece->is_cut ||
	       (piece->next && behind->begin == piece->end && is_certain(behind));
}

bool lkos_tcp_packets_at(struct lkos_tcp_packets *packets,
			 const struct lkos_tcp_connection *connection,
			 const struct lkos_tcp_unread *unread, uint64_t offset,
			 struct lkos_tcp_packet *packet)
{
	struct place *const place = find(packets, connection);
	const struct piece *piece;
	uint32_t sequence, end;

	if (!place || !is_placed(place) || offset < unread->begin || offset >= unread->end)
		return false;
	sequence = place->base + (uint32_t)offset;
	piece = packets->pieces + piece_at(packets, place, sequence);
	if (piece == packets->pieces || before(sequence, place->floor) ||
	    !is_certain(piece) || !ends_surely(packets, piece))
		return false;
	end = piece->end;
	if (piece->size) {
		const uint32_t number = (sequence - piece->origin) / piece->size;
		const uint32_t next = piece->origin + (number + 1) * piece->size;

		end = before(next, end) ? next : end;
	}
	if (offset + (end - sequence) > unread->end)
		return false;
	*packet = (struct lkos_tcp_packet){
		.end = offset + (end - sequence),
		.arrived = piece->arrived,
	};
	return true;
}
