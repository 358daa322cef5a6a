/* SPDX-License-Identifier: GPL-2.0-only */
/* Another preloaded library that stands in front of the same names: it counts each call and passes
 * it on. Its constructor and its destructor make calls too. */
#include <dlfcn.h>
#include <linux/net_tstamp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
/* Since glibc 2.41 it declares ioctl, variadic, which is defined here with its argument plainly. */
#define ioctl declared_ioctl
#include <sys/epoll.h>
#undef ioctl
#include <sys/socket.h>
#include <unistd.h>

#define LIST(name) NUMBER_##name,
#define LKOS_NEXT(ret, name, params, args, proto) LIST(name)
#define LKOS_NEXT_VOID(name, params, args, proto) LIST(name)
enum {
#include "generated/next_symbols.inc"
	NUMBERS
};
#undef LKOS_NEXT
#undef LKOS_NEXT_VOID

static const char *const names[] = {
#define LKOS_NEXT(ret, name, params, args, proto) #name,
#define LKOS_NEXT_VOID(name, params, args, proto) #name,
#include "generated/next_symbols.inc"
#undef LKOS_NEXT
#undef LKOS_NEXT_VOID
};

static atomic_int counts[NUMBERS];

/* Calls of this name so far, or -1. COMPANY_CALLS: a name for each of two such libraries. */
int COMPANY_CALLS(const char *name)
{
	for (int i = 0; i < NUMBERS; i++) {
		if (strcmp(names[i], name) == 0)
			return counts[i];
	}
	return -1;
}

#define LKOS_NEXT(ret, name, params, args, proto)                                        \
	ret name params                                                                  \
	{                                                                                \
		ret(*next) params = (ret(*) params)dlsym(RTLD_NEXT, #name);              \
                                                                                         \
		counts[NUMBER_##name]++;                                                 \
		return next args;                                                        \
	}
#define LKOS_NEXT_VOID(name, params, args, proto)                                        \
	void name params                                                                 \
	{                                                                                \
		void(*next) params = (void(*) params)dlsym(RTLD_NEXT, #name);            \
                                                                                         \
		counts[NUMBER_##name]++;                                                 \
		next args;                                                               \
	}
#include "generated/next_symbols.inc"

static void use_sockets(const char *well, const char *wrong)
{
	const uint32_t flags =
		SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE;
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t seen = 0;
	socklen_t size = sizeof(seen);
	const char *said = wrong;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &seen, &size) == 0 &&
	    seen == flags && close(fd) == 0)
		said = well;
	if (write(STDOUT_FILENO, said, strlen(said)) < 0)
		return; /* nobody to tell */
}

__attribute__((constructor)) static void start(void)
{
	use_sockets("in a constructor: well\n", "in a constructor: wrong\n");
}

__attribute__((destructor)) static void end(void)
{
	use_sockets("in a destructor: well\n", "in a destructor: wrong\n");
}
