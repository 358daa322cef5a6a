/* SPDX-License-Identifier: GPL-2.0-only */
/* Each call is made twice: through libc's name, where the preloaded library stands, and by number
 * with syscall(). The two are made on twins, descriptors in the same state, and must end alike:
 * result, errno, signals, descriptors opened and closed, each byte of memory, and what can be
 * received afterwards. */
#ifndef LKOS_TESTS_ROBUST_DIFFERENTIAL_H
#define LKOS_TESTS_ROBUST_DIFFERENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- memory (one for both twins, so that pointers in it are the same) */

#define PAGE 4096
#define DATA_SIZE (2 * PAGE)
#define HEAD_SIZE (4 * PAGE)

/* Readable and writable, each between pages that are not mapped. */
extern unsigned char *data_area; /* what is sent and received */
extern unsigned char *head_area; /* headers, control data, addresses, lengths */
extern unsigned char *read_only; /* one page */
extern unsigned char *unmapped;

/* Where things are in head_area. */
enum {
	AT_HEADER = 0,      /* struct msghdr, or struct mmsghdr of MESSAGES */
	AT_PIECES = 1024,   /* struct iovec */
	AT_NAME = 2048,     /* room for an address */
	AT_CONTROL = 4096,  /* room for control data */
	AT_LENGTH = 8192,   /* a socklen_t */
	AT_VALUE = 8448,    /* of an option */
	AT_TIMEOUT = 12288, /* struct timespec */
	AT_ADDRESS = 12544, /* of the kind, to send to */
	AT_FDS = 13312,
};

#define MESSAGES 4

/* ---- twins (differential_kinds.c) */

enum {
	IS_TCP = 1,
	IS_STREAM = 2,
	IS_PACKET = 4,   /* AF_PACKET */
	IS_UNIX = 8,     /* makes the library watch all messages from then on */
	HAS_STAMPS = 16, /* asked for software stamps; the library watches too */
	HAS_HARDWARE =
		32, /* asked for hardware stamps, and the kernel for their stand-ins */
	IS_FILE = 64,
	IS_LISTENER = 128,
	IS_NETLINK = 256,
	IS_PATH = 512,
};

struct kind {
	const char *name;
	unsigned int traits;
	void (*make)(void);
	const char *needs; /* why it may not be here */
};

/* The numbers that they have. All others below FIRST_FIXED are free for the calls. */
enum {
	FIRST_FIXED = 200,
	TWIN = 200, /* and the next: the second twin */
	PEER = 202, /* and the next */
	SHARED = 204,
	LISTENERS = 210,
	CLOSER = 230,
	STAMPED = 231,
	CHOSEN = 300, /* numbers that a call names */
	LAST_CHOSEN = 303,
};

extern const struct kind kinds[];
extern const size_t kind_count;

/* An address that the twins can send to; size 0: they have none. */
extern struct sockaddr_storage kind_address;
extern socklen_t kind_address_size;

/* Once: a network of our own where we may. */
void kinds_start(void);

/* false: this kind cannot be made on this machine. */
bool kind_is_here(const struct kind *kind);

/* Makes both twins, with something to receive. */
void twins_make(const struct kind *kind);
void twins_close(void);

/* ---- calls (differential_calls.c) */

#define PARAMS 6
#define SAME_FD (-777777L) /* as a value: the number that the call is made on */

struct values {
	const long *values;
	size_t count;
};

enum {
	SENDS = 1,
	RECEIVES = 2,
	SETS_OPTION = 4,
	READS_OPTION = 8,
	NO_DESCRIPTOR = 16, /* has none to be made on */
	NOT_AT_RANDOM =
		32, /* does what may not be repeated: takes signals, closes the twins */
	EVERY_PAIR = 64, /* in the table, each pair of values, instead of each value */
};

struct call {
	const char *name;
	unsigned int does;
	struct values param[PARAMS]; /* the first value of each is the ordinary one */
	/* From values to arguments. Arguments start with the descriptor. */
	void (*prepare)(long fd, const long *v, long *a);
	long (*library)(const long *a);
	long (*kernel)(const long *a);
};

extern const struct call calls[];
extern const size_t call_count;
void calls_start(void);

/* A rule by which a call has no equal, or NULL. Counted and printed. */
const char *rule_for(const struct call *call, const struct kind *kind, const long *v,
		     const long *a, bool at_random);

/* setsockopt's arguments, and the value in memory: the library tells the kernel more. */
bool asks_for_hardware(const long *a);

/* getsockopt's or setsockopt's arguments: SO_TIMESTAMPING in either form. */
bool is_timestamping(const long *a);

/* How many bytes of this option, from the first, say what time it is, or which of the
 * twins. */
socklen_t option_varies(const long *a, unsigned int traits);

#endif
