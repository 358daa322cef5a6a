/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios of a program that sets options of stacks and asks its threads to spin. */
#include <onload/extensions.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/probe.h"
#include "tests/harness/say.h"

#define INTACT 777

static int64_t int_of(const char *option)
{
	int64_t value = INTACT;

	return onload_stack_opt_get_int(option, &value) == 0 ? value : -INTACT;
}

static const char *str_of(const char *option)
{
	static char value[256];
	size_t room = sizeof(value);

	return onload_stack_opt_get_str(option, value, &room) == 0 ? value : "(error)";
}

static void in_thread(void (*work)(void))
{
	pthread_t thread;

	pthread_create(&thread, NULL, (void *(*)(void *))(void (*)(void))work, NULL);
	pthread_join(thread, NULL);
}

/* ---- stack options */

static void names(char **args)
{
	int64_t value = INTACT;
	char text[8] = "intact";
	size_t room = sizeof(text);

	(void)args;
	SAY(onload_stack_opt_get_int("EF_NO_SUCH_OPTION", &value));
	SAY(onload_stack_opt_set_int("EF_NO_SUCH_OPTION", 1));
	SAY(onload_stack_opt_get_int("ef_tcp_sndbuf", &value));
	SAY(onload_stack_opt_get_int("EF_TCP_SNDBUF ", &value));
	SAY(onload_stack_opt_get_int("EF_TCP_SNDBU", &value));
	SAY(onload_stack_opt_get_int("EF_UL_EPOLL", &value));
	SAY(onload_stack_opt_set_int("EF_POLL_USEC", 1));
	SAY(onload_stack_opt_get_int("EF_NAME", &value));
	SAY(onload_stack_opt_get_int("EF_SCALABLE_FILTERS", &value));
	SAY(onload_stack_opt_set_int("EF_SCALABLE_FILTERS", 1));
	SAY(onload_stack_opt_get_str("EF_TCP_SNDBUF", text, &room));
	SAY(onload_stack_opt_set_str("EF_TCP_SNDBUF", "1"));
	SAY(onload_stack_opt_get_str("EF_NAME", text, &room));
	fact("intact=%ld, %s, %zu", (long)value, text, room);
	SAY(onload_stack_opt_get_int("EF_SPIN_USEC", &value));
	SAY(onload_stack_opt_set_int("", 1));
	fact("without a name=%ld", (long)int_of(""));
	SAY(onload_stack_opt_set_int("", 2));
}

static void ranges(char **args)
{
	static const struct {
		const char *option;
		int64_t value;
	} tries[] = {
		{"EF_TCP_URG_MODE", 0},
		{"EF_TCP_URG_MODE", 1},
		{"EF_TCP_URG_MODE", 2},
		{"EF_TCP_URG_MODE", -1},
		{"EF_MAX_PACKETS", 1023},
		{"EF_MAX_PACKETS", 1024},
		{"EF_MAX_PACKETS", 4294967295},
		{"EF_MAX_PACKETS", 4294967296},
		{"EF_PER_SOCKET_CACHE_MAX", -1},
		{"EF_PER_SOCKET_CACHE_MAX", -2},
		{"EF_PERIODIC_TIMER_CPU", INT64_MIN},
		{"EF_LOG", INT64_MAX},
		{"EF_RX_TIMESTAMPING_ORDERING", 1},
		{"EF_RX_TIMESTAMPING_ORDERING", 2},
		{"EF_RX_TIMESTAMPING_ORDERING", 3},
	};

	(void)args;
	for (size_t i = 0; i < COUNT(tries); i++) {
		char call[64];

		snprintf(call, sizeof(call), "%s=%lld", tries[i].option,
			 (long long)tries[i].value);
		SAY_AS(call, onload_stack_opt_set_int(tries[i].option, tries[i].value));
		fact("kept=%lld", (long long)int_of(tries[i].option));
	}
}

static void strings(char **args)
{
	char longest[257], small[4] = "xyz", value[8];
	size_t room;

	(void)args;
	memset(longest, 'a', sizeof(longest));
	fact("at first=\"%s\"", str_of("EF_INTERFACE_WHITELIST"));
	SAY(onload_stack_opt_set_str("EF_INTERFACE_WHITELIST", "eth0"));
	fact("set=\"%s\"", str_of("EF_INTERFACE_WHITELIST"));
	longest[256] = '\0';
	SAY(onload_stack_opt_set_str("EF_INTERFACE_WHITELIST", longest));
	longest[255] = '\0';
	SAY(onload_stack_opt_set_str("EF_INTERFACE_WHITELIST", longest));
	fact("255 bytes=%zu", strlen(str_of("EF_INTERFACE_WHITELIST")));
	SAY(onload_stack_opt_set_str("EF_INTERFACE_WHITELIST", "eth0"));
	room = sizeof(small);
	SAY(onload_stack_opt_get_str("EF_INTERFACE_WHITELIST", small, &room));
	fact("too small=%zu, %s", room, small);
	room = 0;
	SAY(onload_stack_opt_get_str("EF_INTERFACE_WHITELIST", NULL, &room));
	fact("how long=%zu", room);
	room = 5;
	SAY(onload_stack_opt_get_str("EF_INTERFACE_WHITELIST", value, &room));
	fact("just enough=%zu, %s", room, value);
}

static void say_option(void)
{
	fact("other thread=%ld, \"%s\"", (long)int_of("EF_TXQ_SIZE"),
	     str_of("EF_INTERFACE_BLACKLIST"));
}

static void threads(char **args)
{
	(void)args;
	MUST(onload_stack_opt_set_int("EF_TXQ_SIZE", 2048));
	MUST(onload_stack_opt_set_str("EF_INTERFACE_BLACKLIST", "eth1"));
	fact("this thread=%ld, \"%s\"", (long)int_of("EF_TXQ_SIZE"),
	     str_of("EF_INTERFACE_BLACKLIST"));
	in_thread(say_option);
	SAY(onload_stack_opt_reset());
	fact("reset=%ld, \"%s\"", (long)int_of("EF_TXQ_SIZE"),
	     str_of("EF_INTERFACE_BLACKLIST"));
	SAY(onload_stack_opt_reset());
}

/* NAME...: what a program that has set nothing is told. */
static void values(char **args)
{
	onload_stack_opt_reset(); /* whatever it is: the emulation has read the environment */
	setenv("EF_TXQ_SIZE", "4096", 1);
	for (; *args; args++)
		fact("%s=%ld", *args, (long)int_of(*args));
	fact("EF_INTERFACE_WHITELIST=\"%.3s\", %zu", str_of("EF_INTERFACE_WHITELIST"),
	     strlen(str_of("EF_INTERFACE_WHITELIST")));
}

static void write_system(const char *name, int value)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	file = fopen(path, "we");
	if (!file || fprintf(file, "%d", value) < 0 || fclose(file) != 0)
		not_run("settings of a network namespace that can be written");
}

/* In a network of its own, with settings of its own, before anything is asked. */
static void system_values(char **args)
{
	(void)args;
	enter_own_network();
	write_system("tcp_fin_timeout", 300);
	write_system("tcp_keepalive_time", 11);
	write_system("tcp_timestamps", 0);
	write_system("tcp_window_scaling", 0);
	write_system("tcp_early_retrans", 0);
	write_system("tcp_rfc1337", 1);
	write_system("tcp_orphan_retries", 9);
	write_system("tcp_max_syn_backlog", 100);
	fact("cut to the range=%ld", (long)int_of("EF_TCP_FIN_TIMEOUT"));
	fact("in milliseconds=%ld", (long)int_of("EF_KEEPALIVE_TIME"));
	fact("bits=%ld", (long)int_of("EF_TCP_SYN_OPTS"));
	fact("without scaling=%ld", (long)int_of("EF_TCP_ADV_WIN_SCALE_MAX"));
	fact("in a range=%ld, %ld", (long)int_of("EF_TAIL_DROP_PROBE"),
	     (long)int_of("EF_TCP_EARLY_RETRANSMIT"));
	fact("not=%ld", (long)int_of("EF_TCP_TIME_WAIT_ASSASSINATION"));
	fact("above 0=%ld", (long)int_of("EF_RETRANSMIT_THRESHOLD_ORPHAN"));
	fact("four times=%ld", (long)int_of("EF_TCP_SYNRECV_MAX"));
	fact("in the environment=%ld", (long)int_of("EF_TCP_BACKLOG_MAX"));
	write_system("tcp_fin_timeout", 7);
	fact("later=%ld", (long)int_of("EF_TCP_FIN_TIMEOUT"));
}

/* ---- spinning */

static unsigned mask(void)
{
	unsigned state = INTACT;

	MUST(onload_thread_get_spin(&state));
	return state;
}

static void say_mask(void)
{
	fact("mask=0x%x", mask());
}

static void spin(char **args)
{
	(void)args;
	SAY(onload_thread_set_spin((enum onload_spin_type)17, 1));
	SAY(onload_thread_set_spin((enum onload_spin_type) - 1, 1));
	say_mask();
	for (int type = 0; type < ONLOAD_SPIN_MAX; type++) {
		const int on = onload_thread_set_spin((enum onload_spin_type)type, 7);
		const unsigned set = mask();
		const int off = onload_thread_set_spin((enum onload_spin_type)type, 0);

		fact("type %d=%d 0x%x, %d 0x%x", type, on, set, off, mask());
	}
	SAY(onload_thread_set_spin(ONLOAD_SPIN_ALL, 1));
	SAY(onload_thread_set_spin(ONLOAD_SPIN_MIMIC_EF_POLL, 0));
	say_mask();
	in_thread(say_mask);
}

static void spin_at_start(char **args)
{
	(void)args;
	say_mask();
	in_thread(say_mask);
}

const struct scenario scenarios[] = {
	{"names", names},
	{"ranges", ranges},
	{"strings", strings},
	{"threads", threads},
	{"values", values},
	{"system_values", system_values},
	{"spin", spin},
	{"spin_at_start", spin_at_start},
	{NULL, NULL},
};
