/* SPDX-License-Identifier: GPL-2.0-only */
#include "src/emulate/start.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/emulate/lock.h"
#include "src/emulate/open_descriptors.h"
#include "src/emulate/own_time.h"
#include "src/emulate/spin.h"
#include "src/emulate/stack_options.h"
#include "src/emulate/stackname.h"
#include "src/emulate/tap.h"
#include "src/emulate/thread_memory.h"
#include "src/emulate/wire_order.h"
#include "src/runtime/libc.h"
#include "src/runtime/log.h"
#include "src/runtime/next.h"
#include "src/runtime/stamping.h"
#include "src/translate/imports.h"
#include "src/translate/spin.h"
#include "src/translate/stdlib.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

atomic_int lkos_emulation;

void *lkos_symbol_behind(const char *name)
{
	const int kept = errno;
	void *const found = lkos_dlsym(RTLD_NEXT, name);

	errno = kept;
	return found;
}

/* The loader's functions, looked up: before glibc 2.34 they are in a library of their own. */
static struct {
	int (*address)(const void *address, Dl_info *info);
	void *(*open)(const char *path, int flags);
	int (*close)(void *library);
} loader;

static void find_loader(void)
{
	loader.address = (__typeof__(loader.address))lkos_dlsym(RTLD_DEFAULT, "dladdr");
	loader.open = (__typeof__(loader.open))lkos_dlsym(RTLD_DEFAULT, "dlopen");
	loader.close = (__typeof__(loader.close))lkos_dlsym(RTLD_DEFAULT, "dlclose");
}

/* The stub is the library that has both Onload's functions and libc's, and that is not Onload itself,
 * which tells its version. Others may stand between it and us. */
static bool stub_is_behind(void)
{
	Dl_info of_onload, of_libc = {0};
	void *const answers = lkos_symbol_behind("onload_is_present");
	void *library, *receives;

	if (!loader.address || !loader.open || !loader.close || !answers ||
	    !loader.address(answers, &of_onload) ||
	    lkos_symbol_behind("onload_lib_ext_version"))
		return false;
	library = loader.open(of_onload.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	if (!library)
		return false;
	receives = lkos_dlsym(library,
			      "recvmsg"); /* or libc's, on which the library depends */
	if (receives)
		loader.address(receives, &of_libc);
	loader.close(library);
	return of_libc.dli_fbase == of_onload.dli_fbase;
}

/* Said once, to the user of the program: what to write instead. */
static void complain(void)
{
	static const char name[] = "liblk_onload_emulation.so";
	static const char before[] =
		"lk_onload_emulation: liblk_onload_stub.so is not loaded behind "
		"it, so nothing is emulated; use LD_PRELOAD=";
	static const char stub[] = "liblk_onload_stub.so\n";
	Dl_info us;
	const bool is_found = loader.address && loader.address(&lkos_emulation, &us);
	const char *path = is_found ? us.dli_fname : name;
	const char *slash = strrchr(path, '/');
	const struct iovec parts[] = {
		{(void *)before, sizeof(before) - 1},
		{(void *)path, strlen(path)},
		{(void *)":", 1},
		{(void *)path, slash ? (size_t)(slash + 1 - path) : 0},
		{(void *)stub, sizeof(stub) - 1},
	};

	lkos_log_write(STDERR_FILENO, parts, COUNT(parts));
}

static bool is_on(const char *variable)
{
	const char *value = secure_getenv(variable);

	return value && atoi(value) != 0;
}

/* The value of LKOS_TAP: MiB of the ring. NULL: it is not set. */
static unsigned int ring_size(const char *value)
{
	enum { BY_DEFAULT = 4, MOST = 1024 };
	static const char before[] = "lk_onload_emulation: LKOS_TAP=";
	static const char behind[] =
		" is no number of MiB up to 1024, and 0 for none; it "
		"is taken as 4\n";
	const int number = value ? lkos_number_of(value) : BY_DEFAULT;
	const struct iovec parts[] = {
		{(void *)before, sizeof(before) - 1},
		{(void *)value, value ? strlen(value) : 0},
		{(void *)behind, sizeof(behind) - 1},
	};

	if (number >= 0 && number <= MOST)
		return (unsigned int)number;
	lkos_log_write(STDERR_FILENO, parts, COUNT(parts));
	return BY_DEFAULT;
}

/* For dl_iterate_phdr(). */
static int imports_onload(struct dl_phdr_info *object, size_t size, void *of_no_use)
{
	const ElfW(Dyn) *dynamic = NULL;

	(void)size, (void)of_no_use;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(object->dlpi_addr +
						 object->dlpi_phdr[i].p_vaddr);
	}
	return lkos_imports_onload(dynamic, object->dlpi_addr);
}

/* Is the process one that may ask about packets? */
static bool uses_onload(void)
{
	return lkos_stack_option_in_force(LKOS_RX_TIMESTAMPING) ||
	       dl_iterate_phdr(imports_onload, NULL);
}

static void begin(void)
{
	const char *log_fd = secure_getenv("LKOS_LOG_FD");
	const char *tap = secure_getenv("LKOS_TAP");
	unsigned int mebibytes;
	const struct lkos_stackname_start names = {
		.name = secure_getenv("EF_NAME"),
		.stack_per_thread = is_on("EF_STACK_PER_THREAD"),
		.dont_accelerate = is_on("EF_DONT_ACCELERATE"),
	};

	lkos_next_resolve();
	find_loader();
	if (!stub_is_behind()) {
		complain();
		atomic_store(&lkos_emulation, LKOS_EMULATION_OFF);
		return;
	}
	lkos_thread_memory_start();
	lkos_lock_over_fork();
	lkos_stackname_start(&names);
	lkos_spin_start(lkos_spin_at_start(secure_getenv));
	lkos_stack_options_start(getauxval(AT_SECURE) ? NULL : environ);
	lkos_own_times_begin();
	lkos_wire_order_start(secure_getenv("EF_UL_EPOLL"));
	/* A number that is none is the stub's to complain about. */
	if (log_fd && lkos_number_of(log_fd) >= 0)
		lkos_log_open(lkos_number_of(log_fd));
	lkos_log("loaded");
	mebibytes = ring_size(tap);
	lkos_tap_start(mebibytes);
	if ((tap && mebibytes) || uses_onload())
		lkos_tap_want();
	atomic_store(&lkos_emulation, LKOS_EMULATION_ON);
}

/* With signals blocked: no handler can come in between and wait for what it has interrupted. */
bool lkos_emulation_start(void)
{
	static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
	const int kept = errno;
	const uint64_t signals = lkos_signals_block();

	pthread_mutex_lock(&starting);
	if (lkos_emulation == LKOS_EMULATION_NOT_STARTED)
		begin();
	pthread_mutex_unlock(&starting);
	lkos_signals_restore(signals);
	errno = kept;
	return lkos_emulation_is_on();
}

bool lkos_emulation_answers(void)
{
	if (!lkos_emulation_is_on())
		return false;
	lkos_tap_want();
	return true;
}

__attribute__((constructor)) static void start(void)
{
	lkos_emulation_start();
}
