/* SPDX-License-Identifier: GPL-2.0-only */
/* onload_msg_template_alloc(), onload_msg_template_update(), onload_msg_template_abort(). A template enters
 * the stream when it is sent, as any other data.
 *
 * source: onload src/lib/transport/unix/tmpl_intercept.c, src/lib/transport/ip/tcp_send.c */
#include "src/emulate/templates.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "generated/onload_emulated.h"
#include "src/emulate/endpoint.h"
#include "src/emulate/lock.h"
#include "src/emulate/send.h"
#include "src/translate/endpoints.h"

#define FEWEST 64 /* templates, before closed sockets are looked for */

static const char not_a_template[] =
	"the handle is of no template, or of one that is gone";

/* What a handle points at. */
struct oo_msg_template {
	struct oo_msg_template *next;
	uint64_t cookie; /* of its socket */
	size_t length;
	unsigned char bytes[];
};

/* All of this process, guarded by the lock. */
static struct oo_msg_template *templates;
static size_t count, most = FEWEST;

/* The place that points at a template. What it points at is NULL: there is none with this handle. */
static struct oo_msg_template **place_of(const struct oo_msg_template *handle)
{
	struct oo_msg_template **at = &templates;

	while (*at && *at != handle)
		at = &(*at)->next;
	return at;
}

static struct oo_msg_template *take_out(struct oo_msg_template **at)
{
	struct oo_msg_template *const taken = *at;

	*at = taken->next;
	count--;
	return taken;
}

static void give_back(struct oo_msg_template *taken)
{
	const int kept = errno;

	munmap(taken, sizeof(*taken) + taken->length);
	errno = kept;
}

bool lkos_has_templates(uint64_t cookie)
{
	const uint64_t signals = lkos_lock();
	const struct oo_msg_template *at = templates;

	while (at && at->cookie != cookie)
		at = at->next;
	lkos_unlock(signals);
	return at;
}

void lkos_templates_end(uint64_t cookie)
{
	struct oo_msg_template **at = &templates;

	while (*at) {
		if ((*at)->cookie == cookie)
			give_back(take_out(at));
		else
			at = &(*at)->next;
	}
}

/* return: 0 or -errno. */
static int find_tcp(int fd, struct lkos_endpoint *endpoint)
{
	if (!lkos_endpoint_of(fd, endpoint))
		return lkos_refused(fd, -EBADF);
	return endpoint->tcp ? 0 : -EOPNOTSUPP;
}

/* ---- alloc */

/* NULL: there is no memory. */
static struct oo_msg_template *make(const struct iovec *pieces, int pieces_count,
				    size_t length)
{
	const int kept = errno;
	struct oo_msg_template *const made =
		mmap(NULL, sizeof(*made) + length, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *to;

	errno = kept;
	if (made == MAP_FAILED)
		return NULL;
	to = made->bytes;
	made->length = length;
	for (int i = 0; i < pieces_count; i++) {
		if (pieces[i].iov_len > 0)
			memcpy(to, pieces[i].iov_base, pieces[i].iov_len);
		to += pieces[i].iov_len;
	}
	return made;
}

/* false: there is no memory to know the socket. */
static bool keep(struct oo_msg_template *made, uint64_t cookie)
{
	const uint64_t signals = lkos_lock();
	bool is_known;

	if (count >= most) {
		lkos_sockets_drop_closed();
		most = count < FEWEST / 2 ? FEWEST : 2 * count;
	}
	is_known = lkos_socket_make_at(cookie);
	if (is_known) {
		made->cookie = cookie;
		made->next = templates;
		templates = made;
		count++;
	}
	lkos_unlock(signals);
	return is_known;
}

int lkos_emulated_onload_msg_template_alloc(int fd, const struct iovec *initial_msg,
					    int mlen, onload_template_handle *handle,
					    unsigned flags)
{
	struct lkos_endpoint endpoint;
	struct oo_msg_template *made;
	int err = find_tcp(fd, &endpoint);
	size_t length;

	if (err)
		return err;
	if (flags & ~(unsigned int)ONLOAD_TEMPLATE_FLAGS_PIO_RETRY)
		return -EINVAL;
	if (!lkos_tcp_is_synchronised(endpoint.info.state))
		return -ENOTCONN;
	if (!handle || (mlen > 0 && !initial_msg))
		return lkos_misused("onload_msg_template_alloc",
				    "the message or the handle is NULL");
	length = lkos_length(initial_msg, mlen, endpoint.info.snd_mss);
	if (length > endpoint.info.snd_mss)
		return -E2BIG;
	made = make(initial_msg, mlen, length);
	if (!made)
		return -ENOMEM;
	if (!keep(made, endpoint.cookie)) {
		give_back(made);
		return -ENOMEM;
	}
	*handle = made;
	return 0;
}

/* ---- update */

/* Those before one that is wrong stay applied. return: 0 or -EINVAL. */
static int apply(struct oo_msg_template *to,
		 const struct onload_template_msg_update_iovec *updates, int ulen)
{
	for (int i = 0; i < ulen; i++) {
		const size_t length = updates[i].otmu_len;
		const int64_t offset = updates[i].otmu_offset;

		if (length == 0 || length > to->length || offset < 0 ||
		    (uint64_t)offset > to->length - length)
			return -EINVAL;
		memcpy(to->bytes + offset, updates[i].otmu_base, length);
	}
	return 0;
}

static bool are_given(const struct onload_template_msg_update_iovec *updates, int ulen)
{
	for (int i = 0; i < ulen; i++) {
		if (!updates || !updates[i].otmu_base)
			return false;
	}
	return true;
}

/* What keeps the connection from sending: its error, told once, or that it is closed. */
static int error_of(int fd, const struct lkos_endpoint *endpoint)
{
	const int error = lkos_int_option(fd, SOL_SOCKET, SO_ERROR);

	if (error > 0)
		return -error;
	return lkos_tcp_can_send(endpoint->info.state) ? 0 : -EPIPE;
}

/* return: 0 or -errno. */
static int send_off(int fd, const struct oo_msg_template *template, int dont_wait)
{
	const int sent = lkos_send_whole(fd, template->bytes, template->length,
					 dont_wait | MSG_EOR | MSG_NOSIGNAL);

	if (sent < 0)
		return sent;
	return (size_t)sent == template->length ? 0 : -EPIPE;
}

int lkos_emulated_onload_msg_template_update(
	int fd, onload_template_handle handle,
	const struct onload_template_msg_update_iovec *updates, int ulen, unsigned flags)
{
	const int kept = errno;
	const unsigned int dont_wait = flags & ONLOAD_TEMPLATE_FLAGS_DONTWAIT;
	const unsigned int send_now = flags & ONLOAD_TEMPLATE_FLAGS_SEND_NOW;
	struct lkos_endpoint endpoint;
	struct oo_msg_template **at, *ended = NULL;
	int err = find_tcp(fd, &endpoint);
	bool is_found, stays = false;
	uint64_t signals;

	if (err)
		return err;
	if (flags & ~(dont_wait | send_now))
		return -EINVAL;
	if (!are_given(updates, ulen))
		return lkos_misused("onload_msg_template_update", "an update is NULL");
	signals = lkos_lock();
	at = place_of(handle);
	is_found = *at;
	if (is_found) {
		err = (*at)->cookie == endpoint.cookie ? error_of(fd, &endpoint) : -EINVAL;
		if (!err) {
			err = apply(*at, updates, ulen);
			stays = err || !send_now;
		}
		if (!stays)
			ended = take_out(at);
	}
	lkos_unlock(signals);
	if (!is_found)
		return lkos_misused("onload_msg_template_update", not_a_template);
	if (ended && !err)
		err = send_off(fd, ended, (int)dont_wait);
	if (ended)
		give_back(ended);
	errno = kept;
	return err;
}

/* ---- abort */

int lkos_emulated_onload_msg_template_abort(int fd, onload_template_handle handle)
{
	struct lkos_endpoint endpoint;
	struct oo_msg_template **at, *ended = NULL;
	int err = find_tcp(fd, &endpoint);
	bool is_found;
	uint64_t signals;

	if (err)
		return err;
	signals = lkos_lock();
	at = place_of(handle);
	is_found = *at;
	if (is_found && (*at)->cookie == endpoint.cookie)
		ended = take_out(at);
	lkos_unlock(signals);
	if (!is_found)
		return lkos_misused("onload_msg_template_abort", not_a_template);
	if (!ended)
		return -EINVAL;
	give_back(ended);
	return 0;
}
