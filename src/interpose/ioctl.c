/* SPDX-License-Identifier: GPL-2.0-only */
/* ioctl: SIOCSHWTSTAMP and SIOCGHWTSTAMP, by which programs switch a card's stamping on. */
#include <errno.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "src/runtime/c.h"
#include "src/runtime/devices.h"
#include "src/runtime/log.h"
#include "src/runtime/memory.h"
#include "src/runtime/next.h"
#include "src/translate/hwtstamp.h"

#define NETWORK_COOKIE 71 /* SO_NETNS_COOKIE, since Linux 5.14 */

/* The device that a request is about. false: the kernel finds none. */
static bool find_device(int fd, struct ifreq request, struct lkos_device *device)
{
	socklen_t size = sizeof(device->network);

	if (lkos_next.ioctl(fd, SIOCGIFINDEX, &request) != 0)
		return false;
	device->index = request.ifr_ifindex;
	device->network = 0;
	lkos_next.getsockopt(fd, SOL_SOCKET, NETWORK_COOKIE, &device->network, &size);
	return true;
}

/* return: 0 or -EFAULT. The memory may be in two pages. */
static int put_config(int fd, void *to, const struct hwtstamp_config *config)
{
	char *const last = (char *)to + offsetof(struct hwtstamp_config, rx_filter);
	lkos_known_page readable = 0, writable = 0;

	if (!lkos_memory_is_readable(to, sizeof(*config), &readable) ||
	    !lkos_memory_is_writable(fd, to, &writable) ||
	    !lkos_memory_is_writable(fd, (void *)last, &writable))
		return -EFAULT;
	memcpy(to, config, sizeof(*config));
	return 0;
}

/* What a kernel says of a card that can stamp all. Where our kernel checked the configuration
 * before the device, as Linux does, it is a good one. */
static int answer(int fd, bool sets, const struct lkos_device *device, void *at)
{
	struct hwtstamp_config config;
	lkos_known_page page = 0;
	unsigned int packed = 0;
	int err = 0;

	if (sets) {
		err = lkos_memory_read(&config, at, sizeof(config), &page);
		if (!err)
			err = lkos_hwtstamp_pack(&config, &packed);
		if (err)
			return err;
		lkos_device_keep(device, packed);
		lkos_log("timestamps: device %d cannot stamp, and is said to",
			 device->index);
	}
	config = lkos_hwtstamp_unpack(lkos_device_kept(device));
	return put_config(fd, at, &config);
}

/* The kernel is asked first: it knows whether there is such a device, whether the program may do
 * this, and whether the configuration is one. */
static LKOS_NOINLINE int ioctl_hwtstamp(int fd, unsigned long number, void *arg)
{
	const int kept = errno;
	const int result = lkos_next.ioctl(fd, number, arg);
	struct lkos_device device;
	struct ifreq request;
	lkos_known_page page = 0;
	int err;

	if (result >= 0 || errno != EOPNOTSUPP)
		return result;
	if (lkos_memory_read(&request, arg, sizeof(request), &page) != 0 ||
	    !find_device(fd, request, &device))
		return lkos_fail(-EOPNOTSUPP);
	err = answer(fd, (unsigned int)number == SIOCSHWTSTAMP, &device, request.ifr_data);
	errno = kept;
	return err ? lkos_fail(err) : 0;
}

/* SIOCSHWTSTAMP, or the number after it: SIOCGHWTSTAMP, which older headers lack. The number as the
 * kernel takes it, without what may be in its upper half. */
static inline bool is_hwtstamp(unsigned long number)
{
	return (unsigned int)number - SIOCSHWTSTAMP <= 1;
}

/* The third argument may be absent, an int or a pointer. It is passed on as the pointer it may be:
 * the ABIs that we build for pass all of them in one way, also where the function is declared with
 * three dots. Declared so here it would first store its arguments, and cost twice as much. */
#define IOCTL(name)                                                                      \
	LKOS_EXPORT int lkos_##name(int fd, unsigned long number,                        \
				    void *arg) __asm__(#name);                           \
	int lkos_##name(int fd, unsigned long number, void *arg)                         \
	{                                                                                \
		if (LKOS_UNLIKELY(is_hwtstamp(number)))                                  \
			return ioctl_hwtstamp(fd, number, arg);                          \
		return lkos_next.name(fd, number, arg);                                  \
	}

IOCTL(ioctl)

#ifdef __i386__
/* With 64-bit time. */
IOCTL(__ioctl_time64)
#endif
