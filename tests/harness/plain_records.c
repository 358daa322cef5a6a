/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/harness/plain_records.h"

#include "src/runtime/descriptors.h"
#include "src/runtime/records.h"

void *plain_record_find(uint64_t cookie)
{
	return lkos_record_find(cookie);
}

void *plain_record_place(uint64_t cookie, uint32_t asked)
{
	return lkos_record_place(cookie, asked);
}

bool plain_record_see(void *place, uint64_t cookie, struct plain_record *seen)
{
	struct lkos_record record;
	const bool is_its = lkos_record_see(place, cookie, &record);

	*seen = (struct plain_record){
		.tag = record.tag,
		.asked = record.asked,
		.setters = record.setters,
		.closed = record.closed,
		.turn = record.turn,
	};
	return is_its;
}

bool plain_record_begin(void *place, uint64_t cookie)
{
	return lkos_record_begin(place, cookie);
}

bool plain_record_end(void *place, const struct plain_record *seen, uint32_t asked)
{
	const struct lkos_record record = {
		.tag = seen->tag,
		.asked = seen->asked,
		.setters = seen->setters,
		.closed = seen->closed,
		.turn = seen->turn,
	};

	return lkos_record_end(place, &record, asked);
}

void plain_record_closed(void *place)
{
	lkos_record_closed(place);
}

bool plain_stamps_possible(void)
{
	return lkos_stamps_possible();
}

void plain_possible_rule_out(void)
{
	lkos_possible_rule_out();
}

void plain_stamps_become_possible(void)
{
	lkos_stamps_become_possible();
}

bool plain_fd_asked(int fd, uint32_t *asked)
{
	return lkos_fd_asked(fd, asked);
}

struct plain_fd_seen plain_fd_before(int fd)
{
	const struct lkos_fd_before before = lkos_fd_before(fd);

	return (struct plain_fd_seen){
		.fd = before.fd, .at = before.at, .entry = before.entry};
}

bool plain_fd_make_room(int fd)
{
	return lkos_fd_make_room(fd);
}

bool plain_fd_is_as_before(const struct plain_fd_seen *before)
{
	const struct lkos_fd_before same = {
		.fd = before->fd, .at = before->at, .entry = before->entry};

	return lkos_fd_is_as_before(&same);
}

void plain_fd_keep(const struct plain_fd_seen *before, void *place, uint64_t cookie)
{
	const struct lkos_fd_before same = {
		.fd = before->fd, .at = before->at, .entry = before->entry};

	lkos_fd_keep(&same, place, cookie);
}

void *plain_fd_forget(int fd)
{
	return lkos_fd_forget(fd);
}

void plain_fd_keep_nothing(void)
{
	lkos_fd_keep_nothing();
}

bool plain_fd_leads_to(void *place)
{
	return lkos_fd_leads_to(place);
}

unsigned int plain_fd_limit(void)
{
	return lkos_fd_limit();
}

bool plain_sockets_are_open(void)
{
	return lkos_sockets_are_open();
}
