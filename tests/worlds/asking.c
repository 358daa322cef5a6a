/* SPDX-License-Identifier: GPL-2.0-only */
/* What is set, what is refused, what is read back; and sockets that get their
 * flags in other ways or change them. */
#include <netinet/in.h>

#include "tests/worlds/program.h"

/* What the kernel refuses beside any other flag. */
static const struct set refused[] = {
    {"id_tcp_alone", ID_TCP},
    {"stats_alone", SOF_TIMESTAMPING_OPT_STATS},
    {"no_clock", SOF_TIMESTAMPING_BIND_PHC},
    {"unknown", 1U << 19},
    {"onload_stream", 1U << 23},
    {"onload_trailer", 1U << 31},
};

static const socklen_t sizes[] = {0, 1, 3, 4, 6, 8, 12};

static void say_values(const char *old, const char *new, int fd) {
  for (size_t i = 0; i < COUNT(sizes); i++) {
    say_number(old, sizes[i], value_words(fd, SO_TIMESTAMPING_OLD, sizes[i]));
    say_number(new, sizes[i], value_words(fd, SO_TIMESTAMPING_NEW, sizes[i]));
  }
}

static void by_number(int fd, int number, const char *where, uint32_t flags) {
  const uint32_t value[4] = {flags};

  for (size_t i = 0; i < COUNT(sizes); i++) {
    const int result =
        calls->setsockopt(fd, SOL_SOCKET, number, value, sizes[i]);

    say_number(where, sizes[i], result_words(result));
  }
}

/* The earlier setting stands; where something is taken after all, it is set
 * again. */
static void refusals(int fd, uint32_t flags) {
  for (size_t i = 0; i < COUNT(refused); i++) {
    /* Two of them are refused only without these. */
    const uint32_t more = (flags & ~(uint32_t)(ID | TSONLY)) | refused[i].flags;

    const int result = try_to_ask(fd, more);

    say(refused[i].name, result_words(result));
    if (result == 0) ask(fd, flags);
    say_number(refused[i].name, 4, value_words(fd, SO_TIMESTAMPING_OLD, 4));
  }
}

static void say_whether_asked(const char *where, int fd, uint32_t flags) {
  uint32_t told = 0;
  socklen_t size = sizeof(told);

  MUST(calls->getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &told, &size));
  say(where, told == flags ? "as asked"
             : told == 0   ? "nothing"
                           : "something else");
}

void try_asking(uint32_t flags) {
  const struct ends ends = open_ends();
  const int unconnected = bound_socket(NEAR);

  by_number(ends.near, SO_TIMESTAMPING_OLD, "ask", flags);
  say_values("asked", "asked.by_new", ends.near);
  refusals(ends.near, flags);
  by_number(ends.far, SO_TIMESTAMPING_NEW, "ask_new", flags);
  say_values("asked_new", "asked_new.by_new", ends.far);
  say("unconnected.ask", result_words(try_to_ask(unconnected, flags)));
  say_whether_asked("unconnected.asked", unconnected, flags);
  calls->close(unconnected);
  close_ends(ends);
}

/* ---- Other ways */

static void inherited(uint32_t flags) {
  const int listener = bound_socket(FAR);
  const bool asked = try_to_ask(listener, flags) == 0;
  struct ends ends;

  MUST(listen(listener, 1));
  ends = tcp_ends(listener);
  say_whether_asked("inherited.asked", ends.far, flags);
  say_received("inherited.received", ends, (struct how){PLAIN});
  send_and_drop((struct ends){ends.far, ends.near});
  say_reports_of("inherited.sent", ends.far, (struct how){PLAIN},
                 asked ? flags : 0, 1);
  close_ends(ends);
  calls->close(listener);
}

/* The error of a closed port. */
static void unreachable(const char *where, uint32_t flags, size_t room) {
  const struct ends ends = open_ends();
  const struct how how = {.room = room, .data = 512, .named = true};

  calls->close(ends.far);
  if (family->domain == AF_INET)
    set_int(ends.near, SOL_IP, IP_RECVERR, 1);
  else
    set_int(ends.near, SOL_IPV6, IPV6_RECVERR, 1);
  ask(ends.near, flags);
  send_hello(ends.near);
  /* Its address is there, whatever room the control data has. */
  say_reports_until(where, ends.near, how,
                    family->domain == AF_INET ? "name 16" : "name 28", 1);
  calls->close(ends.near);
}

/* Sent under one setting, read under another. */
static void changed(const char *where, uint32_t before, uint32_t after) {
  const struct ends ends = open_ends();

  ask(ends.near, before);
  send_and_drop(ends);
  ask(ends.near, after);
  say_reports(where, ends.near, (struct how){PLAIN});
  close_ends(ends);
}

void try_other_ways(uint32_t flags) {
  if (is_tcp()) inherited(flags);
  /* Elsewhere a kernel answers a closed port so many times a second. */
  if (!is_tcp() && network_is_loopback()) {
    unreachable("unreachable", flags, 512);
    unreachable("unreachable.cut", flags, 64);
  }
  if (!(is_tcp() && flags & ACK)) {
    changed("changed.from_software", RX_SW | TX_SW | SOFT, flags);
    changed("changed.to_software", flags, RX_SW | TX_SW | SOFT);
    changed("changed.again", flags, flags);
    changed("changed.off", flags, 0);
  }
}
