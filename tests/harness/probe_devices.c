/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of SIOCSHWTSTAMP and SIOCGHWTSTAMP, by which programs switch a card's stamping on. All
 * in a network of the probe's own, whose one device is loopback. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/probe.h"

#define UNTOUCHED 4242 /* no errno */
#define NOT_SET (-7)

static const char *result_word(long result)
{
	return result == -1 || errno == UNTOUCHED ? outcome(result) : "errno changed";
}

/* Of a name that may be no string, and a configuration anywhere. */
static const char *request(int fd, unsigned long number, const char *device, void *config)
{
	struct ifreq request = {.ifr_data = config};

	memcpy(request.ifr_name, device, strnlen(device, IFNAMSIZ));
	errno = UNTOUCHED;
	return result_word(ioctl(fd, number, &request));
}

static void set(const char *name, int fd, const char *device,
		struct hwtstamp_config config)
{
	const char *said = request(fd, SIOCSHWTSTAMP, device, &config);

	fact("%s: set=%s %d/%d/%d", name, said, config.flags, config.tx_type,
	     config.rx_filter);
}

static void get(const char *name, int fd, const char *device)
{
	struct hwtstamp_config config = {NOT_SET, NOT_SET, NOT_SET};
	const char *said = request(fd, SIOCGHWTSTAMP, device, &config);

	fact("%s: get=%s %d/%d/%d", name, said, config.flags, config.tx_type,
	     config.rx_filter);
}

static int own_socket(void)
{
	enter_own_network();
	return (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
}

static const struct hwtstamp_config all = {0, HWTSTAMP_TX_ON, HWTSTAMP_FILTER_ALL};

/* As the programs do that switch a card on. */
static void set_up(char **args)
{
	const int fd = own_socket();

	(void)args;
	get("before", fd, "lo");
	set("all", fd, "lo", all);
	get("all", fd, "lo");
	set("ptp", fd, "lo",
	    (struct hwtstamp_config){0, HWTSTAMP_TX_ONESTEP_SYNC,
				     HWTSTAMP_FILTER_PTP_V2_EVENT});
	get("ptp", fd, "lo");
	get("by an alias", fd, "lo:1");
	get("by another socket", (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "lo");
	set("off", fd, "lo", (struct hwtstamp_config){0});
	get("off", fd, "lo");
}

/* By whom it is seen. */
static void shared(char **args)
{
	const int fd = own_socket();
	pid_t child;

	(void)args;
	set("parent", fd, "lo", all);
	child = (pid_t)MUST(fork());
	if (child == 0) {
		get("child", fd, "lo");
		set("child", fd, "lo", (struct hwtstamp_config){0});
		get("child, later", fd, "lo");
		_exit(0);
	}
	finish(child);
	get("parent, later", fd, "lo");
}

#define NETWORK_COOKIE 71 /* SO_NETNS_COOKIE, since Linux 5.14 */

/* Each has a loopback device of the same number. */
static void networks(char **args)
{
	const int fd = own_socket();
	uint64_t cookie;
	socklen_t size = sizeof(cookie);

	(void)args;
	if (getsockopt(fd, SOL_SOCKET, NETWORK_COOKIE, &cookie, &size) != 0)
		not_run("SO_NETNS_COOKIE");
	set("in the first one", fd, "lo", all);
	MUST(unshare(CLONE_NEWNET));
	get("in another network", (int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), "lo");
	get("in the first one", fd, "lo");
}

/* What a kernel refuses whether there is a card or not. */
static void refused(char **args)
{
	static const int values[] = {-1, 2, 4, 16, 0x7fffffff};
	const int fd = own_socket();
	char text[32];

	(void)args;
	for (size_t i = 0; i < COUNT(values); i++) {
		snprintf(text, sizeof(text), "%d", values[i]);
		set(text, fd, "lo", (struct hwtstamp_config){values[i], 0, 0});
		if (values[i] >= 4 || values[i] < 0)
			set(text, fd, "lo", (struct hwtstamp_config){0, values[i], 0});
		if (values[i] >= 16 || values[i] < 0)
			set(text, fd, "lo", (struct hwtstamp_config){0, 0, values[i]});
	}
	set("no device", fd, "none such", all);
	get("no device", fd, "none such");
	get("no name", fd, "");
	get("too long a name", fd, "0123456789abcdef");
	set("no descriptor", -1, "lo", all);
	set("no socket", (int)MUST(memfd_create("file", 0)), "lo", all);
	fact("nowhere: set=%s", request(fd, SIOCSHWTSTAMP, "lo", NULL));
	fact("unmapped: set=%s", request(fd, SIOCSHWTSTAMP, "lo", (void *)16));
	errno = UNTOUCHED;
	fact("no request: set=%s", result_word(ioctl(fd, SIOCSHWTSTAMP, NULL)));
	errno = UNTOUCHED;
	fact("no request: get=%s", result_word(ioctl(fd, SIOCGHWTSTAMP, (void *)16)));
}

/* Where a card's answer cannot be written: the kernel has switched the card by then. */
static void bad_memory(char **args)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const int fd = own_socket();
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hwtstamp_config seen;

	(void)args;
	MUST(pages == MAP_FAILED ? -1 : 0);
	memcpy(pages, &all, sizeof(all));
	MUST(mprotect(pages, page, PROT_READ));
	fact("nowhere: get=%s", request(fd, SIOCGHWTSTAMP, "lo", NULL));
	fact("unmapped: get=%s", request(fd, SIOCGHWTSTAMP, "lo", (void *)16));
	fact("read only: get=%s", request(fd, SIOCGHWTSTAMP, "lo", pages));
	fact("read only: set=%s", request(fd, SIOCSHWTSTAMP, "lo", pages));
	get("after that", fd, "lo");
	MUST(mprotect(pages, page, PROT_READ | PROT_WRITE));
	MUST(mprotect(pages + page, page, PROT_READ));
	fact("begins well: get=%s",
	     request(fd, SIOCGHWTSTAMP, "lo", pages + page - sizeof(seen) / 2));
	fact("ends well: get=%s",
	     request(fd, SIOCGHWTSTAMP, "lo", pages + page - sizeof(seen)));
	fact("misaligned: get=%s", request(fd, SIOCGHWTSTAMP, "lo", pages + 1));
	memcpy(&seen, pages + 1, sizeof(seen));
	fact("misaligned=%d/%d/%d", seen.flags, seen.tx_type, seen.rx_filter);
}

/* The right to set a device up is given away; to look at it takes none. */
static void without_rights(char **args)
{
	const int fd = own_socket();
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	const struct __user_cap_data_struct none[2] = {{0}};

	(void)args;
	MUST(syscall(SYS_capset, &header, none));
	set("without rights", fd, "lo", all);
	get("without rights", fd, "lo");
}

/* All of a number's lower half is what the kernel looks at. */
static void numbers(char **args)
{
	const int fd = own_socket();
	struct hwtstamp_config config = all;

	(void)args;
	fact("upper half: set=%s",
	     request(fd, SIOCSHWTSTAMP | 1UL << (sizeof(long) * 8 - 1), "lo", &config));
	fact("one less=%s", request(fd, SIOCSHWTSTAMP - 1, "lo", &config));
	fact("one more=%s", request(fd, SIOCGHWTSTAMP + 1, "lo", &config));
}

/* Nothing else of a device is embellished. */
static void capabilities(char **args)
{
	struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};
	const int fd = own_socket();

	(void)args;
	set("first", fd, "lo", all);
	fact("capabilities=%s 0x%x, clock %d, sends 0x%x, filters 0x%x",
	     request(fd, SIOCETHTOOL, "lo", &info), info.so_timestamping, info.phc_index,
	     info.tx_types, info.rx_filters);
}

const struct scenario scenarios[] = {
	{"set_up", set_up},
	{"shared", shared},
	{"networks", networks},
	{"refused", refused},
	{"bad_memory", bad_memory},
	{"without_rights", without_rights},
	{"numbers", numbers},
	{"capabilities", capabilities},
	{NULL, NULL},
};
