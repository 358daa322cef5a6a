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

    {ANY, "all\\+swhw", ANY, SOFTWARE_REPORT "([^;]*stamps/64 --T)", "$2",
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

    {ANY, WITH_SOFTWARE, ANY, "--T((, pktinfo/\\d+)?, report/\\d+ snd)",
     "T-T$1",
     "The report of a send keeps slot 0 where SOFTWARE was asked; on a card "
     "it has either stamp, never both."},
    {ANY, WITH_SOFTWARE, "(sent|unreachable)\\..*", "(stamps/\\d+ )-([-.Tt]*;)",
     "$1T$2", "The same, of a message that was cut."},
    {ANY, WITH_SOFTWARE, "sent\\.room.20", "stamps/20 \\.", "stamps/20 t",
     "The same."},
    {ANY, "grid" HAS("TX_HW") HAS("RAW") HAS("SOFT") ".*", "sent",
     "--T(, report/\\d+ snd)", "T-T$1", "The same."},

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

const std::vector<Finding> kFindings = {
    // OPT_RX_FILTER: slot 0 is shown although RX_SOFTWARE was not asked.
    {"RxFilter", ANY, "(hardware_software|onload)\\+rx_filter", ".*received.*"},
    {"RxFilterOfEverySet", ANY,
     "grid" HAS("RX_HW") HAS("RAW") HAS("SOFT") HAS("FILTER")
         LACKS("RX_SW") ".*",
     "received"},
    // A message is called cut for want of room for a stamp that is not shown.
    {"CutForNothing", ANY, "tx_hardware(\\+.*)?", "received\\.room.*"},
    // Asked per call for a software stamp, on a socket with RAW_HARDWARE.
    {"SoftwarePerCall", ANY, HARDWARE, PER_CALL "software"},
    // Asked per call behind more than 4096 bytes of control data.
    {"LatePerCall", ANY, HARDWARE, PER_CALL "late"},
    // The socket's flags are set again before the report is read.
    {"AskedAgainPerCall", ANY, HARDWARE, PER_CALL "asked_again"},
    // Sent under one setting, and the report read under another.
    {"ChangedBetween", ANY, HARDWARE, "changed\\.(from|to)_software"},
    // An ICMP error whose report was cut off is taken for the report of a send.
    {"CutError", "udp.", HARDWARE, "unreachable\\.cut"},
    // On UDP no TX_ACK report comes, but a cut one is taken for it.
    {"CutBesideAck", "udp.", ".*\\+ack", "sent\\.room\\..*"},
    // A stamp that no card can have made.
    {"UnixSockets", "unix", HARDWARE, "received\\.ns"},
};

}  // namespace lkos
