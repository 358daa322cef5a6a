/* SPDX-License-Identifier: GPL-2.0-only */
/* A library that is preloaded behind ours. It raises a signal just before or just after a call of
 * ours arrives at libc, so that the handler runs while the application is inside our library. */
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
/* Since glibc 2.41 it declares ioctl, variadic, which is defined here with its argument plainly. */
#define ioctl declared_ioctl
#include <sys/epoll.h>
#undef ioctl
#include <sys/socket.h>

static volatile sig_atomic_t countdown;

/* From now on the n-th of these points has a signal; 0: none has. return: how many points were
 * still to come. */
int signal_at(int point)
{
	const int left = countdown;

	countdown = point;
	return left;
}

static void pass_point(void)
{
	const int kept = errno;

	if (countdown > 0) {
		countdown = countdown - 1;
		if (countdown == 0)
			raise(SIGUSR1); /* handled before this returns */
	}
	errno = kept;
}

#define LKOS_NEXT(ret, name, params, args, proto)                                        \
	ret name params                                                                  \
	{                                                                                \
		ret(*next) params = (ret(*) params)dlsym(RTLD_NEXT, #name);              \
		ret result;                                                              \
                                                                                         \
		pass_point();                                                            \
		result = next args;                                                      \
		pass_point();                                                            \
		return result;                                                           \
	}
#define LKOS_NEXT_VOID(name, params, args, proto)                                        \
	void name params                                                                 \
	{                                                                                \
		void(*next) params = (void(*) params)dlsym(RTLD_NEXT, #name);            \
                                                                                         \
		pass_point();                                                            \
		next args;                                                               \
		pass_point();                                                            \
	}
#include "generated/next_symbols.inc"
