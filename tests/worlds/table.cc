// SPDX-License-Identifier: GPL-2.0-only
// Sets are named in program.c, words in words.h.
#include "tests/worlds/worlds.h"

namespace lkos {

#define ANY ".*"

// Sets.
#define HARDWARE \
  "(hardware|hardware_software|all|rx_hardware|tx_hardware|onload)(\\+.*)?"
#define WITHOUT_SOFTWARE "(hardware|rx_hardware|tx_hardware)(\\+.*)?"
#define WITH_SOFTWARE "(hardware_software|all|onload)(\\+.*)?"
#define WITHOUT_RAW "(none|software)(\\+.*)?"
#define HAS(flag) "(?=.* " flag ")"
#define LACKS(flag) "(?!.* " flag ")"

#define TX_HARDWARE "(hardware|hardware_software|all|tx_hardware)"
#define NUMBERED ".*\\+id(_tcp|\\+tsonly)?"

// Places.
#define PER_CALL "per_call(_too)?\\."
#define ONE_STAMP \
  PER_CALL "(hardware|sched|ack|by_new|two|warm|late|sendmmsg|asked_again)"

// Of a message of the error queue, what stands before the stamps.
#define START "(\\d+( partly)? errqueue( trunc)?( name \\d+)?(, ns/32)?), "

// Whole messages: the report of a send, without a stamp; and with.
#define EMPTY_REPORT "\\d+ errqueue, report/\\d+ snd [^;]*; "
#define SOFTWARE_REPORT \
  "\\d+[^;]*, (new )?stamps/64 T--, [^;]*report/\\d+ snd [^;]*; "

const std::vector<Difference> kByDesign = {
    {ANY, WITHOUT_SOFTWARE,
     "(?!changed\\.(off|to_software)|unreachable\\.cut).*",
     START "((pktinfo/\\d+, )?report/\\d+ (sched|ack|origin))",
     "$1, stamps/64 T--, $6",
     "Reports of queueing, of acknowledgement and of errors are left alone, "
     "with their stamp although SOFTWARE was not asked."},
    {ANY, WITHOUT_SOFTWARE, "sent\\.new",
     ", (stamps/64 T--, (pktinfo/\\d+, )?report/\\d+ (sched|ack))", ", new $1",
     "The same."},
    {ANY, WITHOUT_SOFTWARE, "unreachable\\.cut",
     "(\\d+ errqueue)( name \\d+), report/\\d+ (sched|origin)[^;]*",
     "$1 ctrunc$2, stamps/64 T--", "The same."},

    {ANY, "all\\+swhw", ANY, SOFTWARE_REPORT "([^;]*stamps/64 [-T]-T)", "$2",
     "A send has one report, also with OPT_TX_SWHW where both stamps are "
     "asked."},
    {ANY, "all\\+swhw", "changed\\.off", EMPTY_REPORT "-1", "-1", "The same."},
    {ANY, "all\\+swhw", "unreachable\\.cut",
     "\\d+ errqueue ctrunc name 0, stamps/64 T--; (\\d+)", "$1", "The same."},
    {ANY, ".*\\+swhw", PER_CALL "both",
     "\\d+[^;]*, report/\\d+ snd [^;]*; ([^;]*stamps/64 --T)", "$1",
     "The same, asked per call."},
    {ANY, "grid" HAS("TX_HW") HAS("TX_SW") HAS("RAW") HAS("SWHW") ".*", "sent",
     "\\d+[^;]*, report/\\d+ snd [^;]*; ([^;]*stamps/64 --T)", "$1",
     "The same."},

    {ANY, WITHOUT_RAW, ONE_STAMP, EMPTY_REPORT, "",
     "Without RAW_HARDWARE a request for TX_HARDWARE is the kernel's alone. "
     "Where a card makes a report without a stamp, there is none."},
    {ANY, "(none|software)\\+swhw", PER_CALL "both", EMPTY_REPORT "-1", "-1",
     "The same."},
    {ANY, "software(?!\\+swhw).*", PER_CALL "both",
     "errqueue, (report/\\d+ snd)", "errqueue, stamps/64 T--, $1",
     "The same: the software stamp is the only one."},
    {ANY, "grid" HAS("TX_HW") LACKS("TX_SW") LACKS("RAW") ".*", "sent",
     EMPTY_REPORT, "", "The same."},
    {ANY, "grid" HAS("TX_HW") HAS("TX_SW") LACKS("RAW") HAS("SWHW") ".*",
     "sent", EMPTY_REPORT "-1", "-1", "The same."},
    {ANY,
     "grid" HAS("TX_HW") HAS("TX_SW") LACKS("RAW") LACKS("SWHW")
         HAS("SOFT") ".*",
     "sent", "errqueue, (report/\\d+ snd)", "errqueue, stamps/64 T--, $1",
     "The same."},

    {"udp.", ".*\\+pktinfo", ANY, "other 1/58/32, ", "",
     "The library adds no control message, so OPT_PKTINFO has none where there "
     "is no card."},
};

// What Onload takes of a TCP socket, and no kernel does.
const std::vector<Difference> kUnderTheEmulation = {
    {"tcp.", "(?!.*\\+(swhw|rx_filter|id_tcp)).*", "onload_trailer",
     "-1 EINVAL", "0", "Onload's own flag."},
    {"tcp.", TX_HARDWARE "(?!.*\\+(swhw|rx_filter|id_tcp)).*", "onload_stream",
     "-1 EINVAL", "0", "Onload's own flag, beside TX_HARDWARE."},
    {"tcp.", NUMBERED, "unconnected\\.ask", "-1 EINVAL", "0",
     "OPT_ID may be set before a socket is connected."},
    {"tcp.", NUMBERED, "(unconnected|inherited)\\.asked", "nothing", "as asked",
     "The same, and on a listener."},
};

const std::vector<Limit> kLimits = {
    {ANY, "tx_hardware(\\+.*)?", "received\\.room.*",
     "The kernel calls a message cut for want of room for a stamp that only "
     "the "
     "library asked for, and says not whether more was cut."},
    {ANY, HARDWARE, PER_CALL "software",
     "A software stamp asked per call, on a socket with RAW_HARDWARE: what "
     "each "
     "message asked is not remembered."},
    {ANY, HARDWARE, PER_CALL "late",
     "A request behind more than 1024 bytes of control data is not looked "
     "for."},
    {ANY, HARDWARE, "changed\\.(from|to)_software",
     "Sent under one setting, and the report read under another: what each "
     "message asked is not remembered."},
    {"udp.", ".*\\+ack", "sent\\.room\\..*",
     "With TX_ACK, a stamp whose report was cut off may be that of an "
     "acknowledgement. On UDP none comes, but to know the socket's kind would "
     "take a system call."},
    {"udp.", ".*\\+(sched|ack).*", "unreachable\\.cut", "The same."},
    {"unix", HARDWARE, "received\\.ns",
     "SO_TIMESTAMPNS has the kernel make a stamp on AF_UNIX too, where no card "
     "is concerned. To know the family would take a system call."},
};

const std::vector<Limit> kLimitsUnderTheEmulation = {
    {"tcp.", NUMBERED, "inherited\\.(received|sent)",
     "A listener that the kernel refuses OPT_ID has no stamps there."},
};

}  // namespace lkos
