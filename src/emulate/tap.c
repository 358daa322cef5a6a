/* SPDX-License-Identifier: GPL-2.0-only */
/* Before Linux 5.14 no socket tells its network namespace, and there is no tap.
 *
 * source: linux Documentation/networking/packet_mmap.rst, net/packet/af_packet.c */
#include "src/emulate/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/emulate/endpoint.h"
#include "src/emulate/lock.h"
#include "src/runtime/c.h"
#include "src/runtime/libc.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"
#include "src/translate/tcp_refusals.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* since Linux 5.14 */
#endif
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* since Linux 4.20 */
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* since Linux 4.14 */
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

#define MOST_NETWORKS 4
#define MEBIBYTE (1024u * 1024)
#define FRAME_SIZE 256u /* of which 166 bytes are headers, from IP's on */
#define BLOCK_SIZE 65536u
#define SYN_DATA 0x20 /* of tcpi_options: TCPI_OPT_SYN_DATA, which older headers lack */
#define HEADERS 180   /* bytes of a frame, with its link's header */
#define MOMENTS 16    /* tries to see a connection while nothing comes */
#define TEXT_MOST 16384
#define PATIENCE 300 /* looks for a frame that another processor is about to put there */

struct tap {
	uint64_t network; /* 0: there is none */
	uint8_t *ring;    /* NULL: there is none now */
	uint32_t next;    /* the frame to be read next */
	uint32_t behind; /* frames that were read since the ring was empty; not more than it has */
	bool is_refused;
	uint64_t refusals, nothing_refused_since; /* see nothing_refused_since() */
	struct lkos_tcp_packets *packets;
};

/* Guarded by the lock. */
static struct tap taps[MOST_NETWORKS];

static uint32_t frames; /* of each ring; 0: LKOS_TAP is 0 */
static atomic_bool wanted;
static _Atomic(atomic_bool *) opened; /* a byte that a child of fork() finds to be false */

/* ---- the packet socket: by system calls, because it is none of the program's */

enum { V4 = 8, V6 = 26, V6_TCP = 35, DROP = 43, TAKE, INSTRUCTIONS };
enum { TCP_OFFSET = 12, TCP_FLAGS = 13 };

#define NETWORK(offset) ((uint32_t)SKF_NET_OFF + (offset))
#define ABOUT(what) ((uint32_t)SKF_AD_OFF + SKF_AD_##what)
#define LOAD(here, size, at) [here] = BPF_STMT(BPF_LD | BPF_##size | BPF_ABS, at)
#define LOAD_X(here, size, at) [here] = BPF_STMT(BPF_LD | BPF_##size | BPF_IND, at)
#define DO(here, code, k) [here] = BPF_STMT(code, k)
#define JUMP(here, test, k, yes, no)                                                     \
	[here] = BPF_JUMP(BPF_JMP | BPF_##test, k, (yes) - (here)-1, (no) - (here)-1)
#define IF(here, test, k, yes, no) JUMP(here, test | BPF_K, k, yes, no)

/* Of what comes in: TCP with data, SYN or urgent data, first fragments, and what lkos_tcp_frame() has to
 * look into. */
static const struct sock_filter filter[INSTRUCTIONS] = {
	LOAD(0, B, ABOUT(PKTTYPE)),
	IF(1, JEQ, PACKET_HOST, 2, DROP),
	LOAD(2, H, ABOUT(PROTOCOL)),
	IF(3, JEQ, ETH_P_IP, V4, 4),
	IF(4, JEQ, ETH_P_IPV6, V6, 5),
	IF(5, JEQ, ETH_P_8021Q, TAKE, 6),
	IF(6, JEQ, ETH_P_8021AD, TAKE, 7),
	IF(7, JEQ, ETH_P_QINQ1, TAKE, DROP),
	LOAD(V4, B, NETWORK(9)),
	IF(9, JEQ, IPPROTO_TCP, 10, DROP),
	LOAD(10, H, NETWORK(6)),
	IF(11, JSET, 0x1fff, DROP, 12), /* a fragment, not the first */
	IF(12, JSET, 0x2000, TAKE, 13), /* the first of several */
	LOAD(13, B, NETWORK(0)),
	DO(14, BPF_ALU | BPF_AND | BPF_K, 0xf),
	DO(15, BPF_ALU | BPF_LSH | BPF_K, 2),
	DO(16, BPF_MISC | BPF_TAX, 0), /* the size of IP's header */
	LOAD_X(17, B, NETWORK(TCP_FLAGS)),
	IF(18, JSET, LKOS_TCP_SYN | LKOS_TCP_URG, TAKE, 19),
	LOAD_X(19, B, NETWORK(TCP_OFFSET)),
	DO(20, BPF_ALU | BPF_AND | BPF_K, 0xf0),
	DO(21, BPF_ALU | BPF_RSH | BPF_K, 2),
	DO(22, BPF_ALU | BPF_ADD | BPF_X, 0),
	DO(23, BPF_MISC | BPF_TAX, 0), /* of both headers */
	LOAD(24, H, NETWORK(2)),
	JUMP(25, JGT | BPF_X, 0, TAKE, DROP),
	LOAD(V6, B, NETWORK(6)),
	IF(27, JEQ, IPPROTO_TCP, V6_TCP, 28),
	IF(28, JEQ, IPPROTO_HOPOPTS, TAKE, 29),
	IF(29, JEQ, IPPROTO_ROUTING, TAKE, 30),
	IF(30, JEQ, IPPROTO_FRAGMENT, TAKE, 31),
	IF(31, JEQ, IPPROTO_AH, TAKE, 32),
	IF(32, JEQ, IPPROTO_DSTOPTS, TAKE, 33),
	IF(33, JGE, 135, 34, DROP), /* mobility, and the like */
	IF(34, JGT, 140, DROP, TAKE),
	LOAD(V6_TCP, B, NETWORK(40 + TCP_FLAGS)),
	IF(36, JSET, LKOS_TCP_SYN | LKOS_TCP_URG, TAKE, 37),
	LOAD(37, B, NETWORK(40 + TCP_OFFSET)),
	DO(38, BPF_ALU | BPF_AND | BPF_K, 0xf0),
	DO(39, BPF_ALU | BPF_RSH | BPF_K, 2),
	DO(40, BPF_MISC | BPF_TAX, 0),
	LOAD(41, H, NETWORK(4)),
	JUMP(42, JGT | BPF_X, 0, TAKE, DROP),
	DO(DROP, BPF_RET | BPF_K, 0),
	DO(TAKE, BPF_RET | BPF_K, HEADERS),
};

/* Asked first, so that nothing is refused that a log of the system would then report. */
static bool has_capability(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, sets) == 0 &&
	       sets[CAP_TO_INDEX(CAP_NET_RAW)].effective & CAP_TO_MASK(CAP_NET_RAW);
}

static bool set(int fd, int level, int name, const void *value, socklen_t size)
{
	return syscall(SYS_setsockopt, fd, level, name, value, size) == 0;
}

static bool turn_on(int fd, int level, int name)
{
	return set(fd, level, name, &(int){1}, sizeof(int));
}

static uint64_t network_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size)
		       ? 0
		       : cookie;
}

static size_t ring_size(void)
{
	return (size_t)frames * FRAME_SIZE;
}

/* Frames, not blocks (TPACKET_V3): each says that it is there as soon as it is, a block when it is full
 * or after some milliseconds. It begins to work when all is set. Packet sockets that want stamps keep the
 * kernel stamping. */
static bool set_up(int fd)
{
	const struct tpacket_req ring = {
		.tp_block_size = BLOCK_SIZE,
		.tp_block_nr = (unsigned int)(ring_size() / BLOCK_SIZE),
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = frames,
	};
	const struct sock_fprog program = {INSTRUCTIONS, (struct sock_filter *)filter};

	turn_on(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING);
	return set(fd, SOL_PACKET, PACKET_VERSION, &(int){TPACKET_V2}, sizeof(int)) &&
	       turn_on(fd, SOL_PACKET, PACKET_VNET_HDR) &&
	       turn_on(fd, SOL_SOCKET, SO_TIMESTAMPNS) &&
	       set(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) &&
	       set(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring));
}

/* The mapping keeps the socket. A child of fork() does not get it: each of the two would miss what the
 * other one reads. */
static uint8_t *map_ring(int fd)
{
	const struct sockaddr_ll all = {.sll_family = AF_PACKET,
					.sll_protocol = htons(ETH_P_ALL)};
	void *ring;

	if (!set_up(fd))
		return NULL;
	ring = mmap(NULL, ring_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		return NULL;
	if (madvise(ring, ring_size(), MADV_DONTFORK) == 0 &&
	    syscall(SYS_bind, fd, &all, sizeof(all)) == 0)
		return ring;
	munmap(ring, ring_size());
	return NULL;
}

static void *take_memory(size_t size)
{
	void *const memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* ---- what is open */

static bool has_begun(void)
{
	const atomic_bool *const mark =
		atomic_load_explicit(&opened, memory_order_acquire);

	return mark && *mark;
}

/* The first one here is the process's first, or a child of fork(): for that, its parent's do not count,
 * but where their connections were. false: without memory. */
static bool begin_process(void)
{
	atomic_bool *mark = atomic_load(&opened);

	if (has_begun())
		return true;
	if (!mark) {
		mark = take_memory(sizeof(*mark));
		if (!mark)
			return false;
		if (madvise(mark, sizeof(*mark), MADV_WIPEONFORK) != 0) {
			munmap(mark, sizeof(*mark));
			return false;
		}
		atomic_store(&opened, mark);
	}
	for (size_t i = 0; i < MOST_NETWORKS; i++) {
		taps[i].ring = NULL;
		taps[i].is_refused = false;
		if (taps[i].packets)
			lkos_tcp_packets_lose(taps[i].packets);
	}
	*mark = true;
	return true;
}

/* The one of this network, or one that is free, or NULL. */
static struct tap *place_for(uint64_t network)
{
	for (size_t i = 0; network && i < MOST_NETWORKS; i++) {
		if (taps[i].network == network || taps[i].network == 0)
			return taps + i;
	}
	return NULL;
}

/* What is missing for now may be there the next time. */
static bool is_for_good(int error)
{
	return error != EMFILE && error != ENFILE && error != ENOMEM && error != ENOBUFS;
}

static struct lkos_tcp_packets *take_packets(void)
{
	void *const memory = take_memory(lkos_tcp_packets_size(frames));

	return memory ? lkos_tcp_packets_start(memory, frames) : NULL;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* A file of the network in which this thread is, as a text. */
static bool read_text(const char *path, char *text, size_t size)
{
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	long got = fd < 0 ? -1 : 1;

	while (got > 0 && length < size) {
		got = syscall(SYS_read, fd, text + length, size - length);
		length += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		syscall(SYS_close, fd);
	if (got != 0)
		return false;
	text[length] = '\0';
	return true;
}

static bool is_here(uint64_t network)
{
	const int fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const bool here = fd >= 0 && network_of(fd) == network;

	if (fd >= 0)
		syscall(SYS_close, fd);
	return here;
}

/* From when on TCP has refused nothing, on any connection of that network. UINT64_MAX: that is not known. */
static uint64_t nothing_refused_since(struct tap *tap)
{
	static char netstat[TEXT_MOST], snmp[TEXT_MOST]; /* guarded by the lock */
	uint64_t refusals;

	if (!is_here(tap->network) ||
	    !read_text("/proc/thread-self/net/netstat", netstat, sizeof(netstat)) ||
	    !read_text("/proc/thread-self/net/snmp", snmp, sizeof(snmp)) ||
	    !lkos_tcp_refusals(netstat, snmp, &refusals))
		return UINT64_MAX;
	if (refusals != tap->refusals || tap->nothing_refused_since == 0)
		tap->nothing_refused_since = now();
	tap->refusals = refusals;
	return tap->nothing_refused_since;
}

/* Where this thread is in that network; a packet socket of another one would be closed again, for which
 * the kernel takes 10 ms and more. */
static void open_tap(struct tap *tap, uint64_t network)
{
	const bool may = has_capability();
	int fd;

	if (!is_here(network))
		return;
	fd = may ? (int)syscall(SYS_socket, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0 && (!may || is_for_good(errno))) {
		tap->is_refused = true;
		tap->network = network;
	}
	if (fd < 0)
		return;
	if (!tap->packets)
		tap->packets = take_packets();
	tap->ring = tap->packets ? map_ring(fd) : NULL;
	tap->next = tap->behind = 0;
	tap->network = network;
	tap->nothing_refused_since = 0;
	if (tap->ring)
		nothing_refused_since(tap);
	syscall(SYS_close, fd);
}

static struct tap *tap_of(uint64_t network)
{
	struct tap *const tap = frames && begin_process() ? place_for(network) : NULL;

	if (tap && !tap->ring && !tap->is_refused)
		open_tap(tap, network);
	return tap && tap->ring ? tap : NULL;
}

void lkos_tap_want(void)
{
	atomic_store_explicit(&wanted, true, memory_order_relaxed);
}

bool lkos_tap_is_wanted(void)
{
	return atomic_load_explicit(&wanted, memory_order_relaxed);
}

bool lkos_tap_is_missing(void)
{
	return lkos_tap_is_wanted() && frames != 0 && !has_begun();
}

static void say(uint64_t network, bool is_open)
{
	static atomic_bool said;

	if (lkos_log_is_on && !atomic_exchange(&said, true))
		lkos_log("packets of TCP: %s",
			 is_open       ? "each one, as a packet socket sees it come"
			 : frames == 0 ? "by TCP_INFO's counters, because LKOS_TAP is 0"
			 : network     ? "by TCP_INFO's counters; with CAP_NET_RAW each "
					 "one is known"
				       : "by TCP_INFO's counters; from Linux 5.14 on, "
					 "with CAP_NET_RAW, each one is known");
}

void lkos_tap_open_for(int fd)
{
	const int kept = errno;
	uint64_t network = 0, signals;
	bool is_open = false;

	if (lkos_int_option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP)
		return;
	if (frames) {
		network = network_of(fd);
		signals = lkos_lock();
		is_open = tap_of(network) != NULL;
		lkos_unlock(signals);
	}
	say(network, is_open);
	errno = kept;
}

/* ---- reading it */

static void add_frame(struct tap *tap, const uint8_t *at)
{
	const struct tpacket2_hdr *const header = (const void *)at;
	const struct sockaddr_ll *const link =
		(const void *)(at + TPACKET_ALIGN(sizeof(*header)));
	const size_t end = header->tp_mac + (size_t)header->tp_snaplen;
	struct virtio_net_hdr segments;
	struct lkos_tcp_segment segment;
	struct lkos_frame frame;

	if (header->tp_net >= end || end > FRAME_SIZE ||
	    header->tp_mac < sizeof(*header) + sizeof(segments))
		return;
	memcpy(&segments, at + header->tp_mac - sizeof(segments), sizeof(segments));
	frame = (struct lkos_frame){
		.network = at + header->tp_net,
		.size = end - header->tp_net,
		.protocol = ntohs(link->sll_protocol),
		.segment_size = segments.gso_type == VIRTIO_NET_HDR_GSO_NONE
					? 0
					: segments.gso_size,
		.packet_type = link->sll_pkttype,
		.device = (uint32_t)link->sll_ifindex,
		.arrived = header->tp_sec * (uint64_t)1000000000 + header->tp_nsec,
	};
	switch (lkos_tcp_frame(&frame, &segment)) {
	case LKOS_FRAME_SEGMENT:
		lkos_tcp_packets_add(tap->packets, &segment);
		break;
	case LKOS_FRAME_FRAGMENT:
		lkos_tcp_packets_doubt(tap->packets, &segment.connection);
		break;
	case LKOS_FRAME_OTHER:
		break;
	}
}

static bool read_frame(struct tap *tap)
{
	uint8_t *const at = tap->ring + (size_t)tap->next * FRAME_SIZE;
	uint32_t *const status = &((struct tpacket2_hdr *)(void *)at)->tp_status;

	if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	add_frame(tap, at);
	__atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	tap->next = tap->next + 1 == frames ? 0 : tap->next + 1;
	return true;
}

/* A ring from which as many frames came as it has, and that was not empty in between, was full at some time:
 * others may be missing. */
static void drain(struct tap *tap)
{
	bool is_empty = false;

	for (uint32_t i = 0; i < frames && !is_empty; i++) {
		is_empty = !read_frame(tap);
		if (!is_empty && tap->behind < frames)
			tap->behind++;
	}
	if (tap->behind == frames)
		lkos_tcp_packets_lose(tap->packets);
	if (is_empty)
		tap->behind = 0;
}

/* The child goes on from what its parent knows: so that is brought up to date. */
static void before_fork(void)
{
	uint64_t signals;

	if (!has_begun())
		return;
	signals = lkos_lock();
	for (size_t i = 0; i < MOST_NETWORKS; i++) {
		if (taps[i].ring)
			drain(taps + i);
	}
	lkos_unlock(signals);
}

void lkos_tap_start(unsigned int mebibytes)
{
	frames = mebibytes * (MEBIBYTE / FRAME_SIZE);
	if (frames != 0)
		lkos_atfork(before_fork, NULL, NULL);
}

/* ---- questions */

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* One end, in the form that frames have. return: its scope; -1: it is none of IP's. */
static int64_t end_of(int fd, long call, uint8_t address[16], uint16_t *port)
{
	union name name = {.any.sa_family = AF_UNSPEC};
	socklen_t size = sizeof(name);

	if (syscall(call, fd, &name, &size) != 0)
		return -1;
	if (name.any.sa_family == AF_INET) {
		memcpy(address, (const uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12);
		memcpy(address + 12, &name.v4.sin_addr, 4);
		*port = name.v4.sin_port;
		return 0;
	}
	if (name.any.sa_family != AF_INET6)
		return -1;
	memcpy(address, &name.v6.sin6_addr, 16);
	*port = name.v6.sin6_port;
	return IN6_IS_ADDR_LINKLOCAL(&name.v6.sin6_addr) ? name.v6.sin6_scope_id : 0;
}

static bool connection_of(int fd, struct lkos_tcp_connection *connection)
{
	int64_t from, to;

	memset(connection, 0, sizeof(*connection));
	from = end_of(fd, SYS_getpeername, connection->from, &connection->from_port);
	to = end_of(fd, SYS_getsockname, connection->to, &connection->to_port);
	connection->scope = (uint32_t)(from ? from : to);
	return from >= 0 && to >= 0;
}

/* Does nothing wait behind a gap? Where nothing has ever come out of order, or where it holds no memory.
 */
static bool may_have_gap(int fd, const struct lkos_tcp_info *info, socklen_t told,
			 uint32_t queued)
{
	uint32_t memory[16] = {1}; /* the first: allocated for what was received */
	socklen_t size = sizeof(memory);

	if (told >= offsetof(struct lkos_tcp_info, snd_wnd) && info->rcv_ooopack == 0)
		return false;
	return queued != 0 ||
	       syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0 ||
	       memory[0] != 0;
}

/* false: something was received or read in between. */
static bool progress_at_once(int fd, struct lkos_tcp_progress *progress)
{
	struct lkos_tcp_info info = {0};
	socklen_t told = sizeof(info);

	*progress = (struct lkos_tcp_progress){
		.now = now(),
		.queued = (uint32_t)lkos_queued(fd, SIOCINQ),
		.urgent_inline = lkos_int_option(fd, SOL_SOCKET, SO_OOBINLINE) > 0,
		.at_mark = lkos_queued(fd, SIOCATMARK) != 0,
	};
	if (lkos_next.getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &told) != 0 ||
	    told < offsetof(struct lkos_tcp_info, data_segs_out))
		return false;
	progress->received = info.bytes_received;
	progress->segments = info.data_segs_in;
	progress->state = info.state;
	progress->took_syn_data = info.options & SYN_DATA;
	progress->may_have_gap = may_have_gap(fd, &info, told, progress->queued);
	return (uint32_t)lkos_queued(fd, SIOCINQ) == progress->queued;
}

/* All at one moment, for which traffic must leave the time. Apart from its caller: a signal handler's
 * stack may be small, and TCP_INFO takes 240 bytes of it. */
LKOS_NOINLINE static bool progress_of(int fd, struct lkos_tcp_progress *progress)
{
	for (int i = 0; i < MOMENTS; i++) {
		if (progress_at_once(fd, progress))
			return true;
	}
	return false;
}

/* The frames of all that the kernel has received are in the ring: at the latest when the processor that
 * puts another one before them has done so. return: how many others are, or negative: some are missing. */
static int32_t drain_until(struct tap *tap, const struct lkos_tap_view *view,
			   const struct lkos_tcp_progress *progress)
{
	int32_t others = -1;

	for (int i = 0; i < PATIENCE && others < 0; i++) {
		drain(tap);
		others = lkos_tcp_packets_uncounted(tap->packets, &view->connection,
						    progress);
	}
	return others;
}

/* Of data that came again, it is waited for what is still on its way to the socket. */
static bool look(int fd, struct tap *tap, struct lkos_tap_view *view)
{
	struct lkos_tcp_progress progress;
	bool comes_again = true;

	for (int i = 0; i < MOMENTS && comes_again; i++) {
		if (!progress_of(fd, &progress))
			return false;
		comes_again = drain_until(tap, view, &progress) > 0 &&
			      lkos_tcp_packets_came_again(tap->packets, &view->connection);
	}
	if (lkos_tcp_packets_came_again(tap->packets, &view->connection))
		progress.nothing_refused_since = nothing_refused_since(tap);
	return lkos_tcp_packets_look(tap->packets, &view->connection, &progress,
				     &view->unread);
}

bool lkos_tap_look(int fd, struct lkos_tap_view *view)
{
	const int kept = errno;
	struct tap *tap;
	uint64_t signals;
	bool known;

	view->is_open = false;
	if (lkos_int_option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP)
		return false;
	lkos_tap_want();
	view->network = frames ? network_of(fd) : 0;
	signals = lkos_lock();
	tap = tap_of(view->network);
	view->is_open = tap;
	known = tap && connection_of(fd, &view->connection) && look(fd, tap, view);
	lkos_unlock(signals);
	say(view->network, view->is_open);
	errno = kept;
	return known;
}

/* The tap of what this process looked at, or NULL: a child of fork() may go on with a look of its parent's.
 * The lock is held. */
static struct tap *tap_that_saw(const struct lkos_tap_view *view)
{
	struct tap *const tap = has_begun() ? place_for(view->network) : NULL;

	return tap && tap->ring ? tap : NULL;
}

bool lkos_tap_packet(const struct lkos_tap_view *view, uint64_t offset,
		     struct lkos_tcp_packet *packet)
{
	const uint64_t signals = lkos_lock();
	const struct tap *const tap = tap_that_saw(view);
	const bool known = tap && lkos_tcp_packets_at(tap->packets, &view->connection,
						      &view->unread, offset, packet);

	lkos_unlock(signals);
	return known;
}

uint64_t lkos_tap_arrival(const struct lkos_tap_view *view, uint64_t offset)
{
	const struct lkos_tcp_unread all = {view->unread.begin, UINT64_MAX};
	const uint64_t signals = lkos_lock();
	struct tap *const tap = tap_that_saw(view);
	struct lkos_tcp_packet packet = {.arrived = 0};

	if (tap)
		drain(tap);
	if (!tap ||
	    !lkos_tcp_packets_at(tap->packets, &view->connection, &all, offset, &packet))
		packet.arrived = 0;
	lkos_unlock(signals);
	return packet.arrived;
}
