/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/runtime/records.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "src/runtime/descriptors.h"

#define GROUPS (1U << LKOS_GROUP_BITS)
#define MASK(bits) ((UINT64_C(1) << (bits)) - 1)

_Static_assert(LKOS_RECORD_ASKED_BITS + LKOS_RECORD_SETTERS_BITS +
			       LKOS_RECORD_CLOSED_BITS + LKOS_RECORD_TURN_BITS +
			       LKOS_RECORD_TAG_BITS ==
		       64,
	       "a record is one word");

static struct lkos_possible not_known = {true, true};

struct lkos_table *_Atomic lkos_table;
struct lkos_possible *_Atomic lkos_possible = &not_known;

void lkos_records_open(void)
{
	const int kept = errno;
	struct lkos_table *none = NULL;
	void *fresh;

	if (atomic_load(&lkos_table))
		return;
	fresh = mmap(NULL, sizeof(*none), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fresh != MAP_FAILED &&
	    !atomic_compare_exchange_strong(&lkos_table, &none, fresh))
		munmap(fresh, sizeof(*none)); /* another thread was first */
	errno = kept;
}

void lkos_possible_rule_out(void)
{
	struct lkos_table *table = atomic_load(&lkos_table);

	if (table)
		atomic_store(&lkos_possible, &table->possible);
}

static struct lkos_table *mapped_table(void)
{
	lkos_records_open();
	return atomic_load(&lkos_table);
}

void lkos_stamps_become_possible(void)
{
	struct lkos_table *table = mapped_table();

	if (table)
		atomic_store_explicit(&table->possible.stamps, true,
				      memory_order_relaxed);
}

void lkos_requests_become_possible(void)
{
	struct lkos_table *table = mapped_table();

	if (table)
		atomic_store_explicit(&table->possible.requests, true,
				      memory_order_relaxed);
}

static uint32_t cut(uint64_t *word, int bits)
{
	const uint32_t field = (uint32_t)(*word & MASK(bits));

	*word >>= bits;
	return field;
}

static struct lkos_record unpack(uint64_t word)
{
	struct lkos_record record;

	record.tag = cut(&word, LKOS_RECORD_TAG_BITS);
	record.asked = cut(&word, LKOS_RECORD_ASKED_BITS);
	record.setters = cut(&word, LKOS_RECORD_SETTERS_BITS);
	record.closed = cut(&word, LKOS_RECORD_CLOSED_BITS);
	record.turn = cut(&word, LKOS_RECORD_TURN_BITS);
	return record;
}

static uint64_t pack(const struct lkos_record *record)
{
	uint64_t word = record->turn;

	word = word << LKOS_RECORD_CLOSED_BITS | record->closed;
	word = word << LKOS_RECORD_SETTERS_BITS | record->setters;
	word = word << LKOS_RECORD_ASKED_BITS |
	       (record->asked & MASK(LKOS_RECORD_ASKED_BITS));
	return word << LKOS_RECORD_TAG_BITS | record->tag;
}

static lkos_place *group_of(uint64_t cookie)
{
	struct lkos_table *table = mapped_table();

	return table ? &table->places[cookie % GROUPS * LKOS_PLACES_PER_GROUP] : NULL;
}

lkos_place *lkos_record_find(uint64_t cookie)
{
	lkos_place *group = group_of(cookie);
	struct lkos_record seen;

	for (int i = 0; group && i < LKOS_PLACES_PER_GROUP; i++) {
		if (lkos_record_see(&group[i], cookie, &seen))
			return &group[i];
	}
	return NULL;
}

/* The place of a group that a new socket gets: an empty one; else one whose socket was closed
 * and is not open under another number; else one that the tag chooses, in turn because cookies
 * count up. A thread that sets flags keeps its record. */
static lkos_place *choose(lkos_place *group, uint32_t tag)
{
	lkos_place *closed = NULL, *any = NULL;

	for (uint32_t i = 0; i < LKOS_PLACES_PER_GROUP; i++) {
		lkos_place *at = &group[(tag + i) % LKOS_PLACES_PER_GROUP];
		const uint64_t word = atomic_load(at);
		const struct lkos_record record = unpack(word);

		if (word == 0)
			return at;
		if (record.setters == 0 && !any)
			any = at;
		if (record.setters == 0 && record.closed && !closed &&
		    !lkos_fd_leads_to(at))
			closed = at;
	}
	return closed ? closed : any;
}

lkos_place *lkos_record_place(uint64_t cookie, uint32_t asked)
{
	const struct lkos_record fresh = {
		.tag = lkos_record_tag(cookie), .asked = asked, .turn = 1};
	lkos_place *place;

	while (!(place = lkos_record_find(cookie))) {
		lkos_place *group = group_of(cookie);
		uint64_t old;

		place = group ? choose(group, fresh.tag) : NULL;
		if (!place)
			return NULL;
		old = atomic_load(place);
		if (unpack(old).setters == 0)
			atomic_compare_exchange_strong(place, &old, pack(&fresh));
	}
	return place;
}

bool lkos_record_see(lkos_place *place, uint64_t cookie, struct lkos_record *seen)
{
	const uint64_t word = atomic_load(place);

	*seen = unpack(word);
	return word != 0 && seen->tag == lkos_record_tag(cookie);
}

static bool replace(lkos_place *place, const struct lkos_record *seen,
		    struct lkos_record changed)
{
	uint64_t expected = pack(seen);

	changed.turn = seen->turn == MASK(LKOS_RECORD_TURN_BITS) ? 1 : seen->turn + 1;
	return atomic_compare_exchange_strong(place, &expected, pack(&changed));
}

bool lkos_record_begin(lkos_place *place, uint64_t cookie)
{
	struct lkos_record seen, entered;

	do {
		if (!lkos_record_see(place, cookie, &seen) ||
		    seen.setters == MASK(LKOS_RECORD_SETTERS_BITS))
			return false;
		entered = seen;
		entered.setters++;
		entered.closed = 0;
	} while (!replace(place, &seen, entered));
	return true;
}

bool lkos_record_end(lkos_place *place, const struct lkos_record *seen, uint32_t asked)
{
	struct lkos_record left = *seen;

	left.asked = asked;
	left.setters--;
	return replace(place, seen, left);
}

void lkos_record_closed(lkos_place *place)
{
	const struct lkos_record seen = unpack(atomic_load(place));
	struct lkos_record marked = seen;

	marked.closed = 1;
	replace(place, &seen, marked); /* if it has changed, it is in use */
}
