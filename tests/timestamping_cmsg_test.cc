// SPDX-License-Identifier: GPL-2.0-only
// Timestamps in control messages, as a kernel writes them: whole, cut,
// unaligned, among others, and lying. The bytes lie between pages that cannot
// be touched.
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
// clang-format off
#include <time.h>  // before linux/errqueue.h, which needs it
#include <linux/can/j1939.h>
#include <linux/can/raw.h>
#include <linux/errqueue.h>
// clang-format on

#include <cstdint>
#include <cstring>
#include <ios>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/control_data.h"
#include "tests/harness/guarded_memory.h"

extern "C" {
#include "src/translate/timestamping_cmsg.h"
#include "src/translate/timestamping_flags.h"
}

namespace {

constexpr uint32_t kRxHardware =
    SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
constexpr uint32_t kTxHardware =
    SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
constexpr uint32_t kSoftware = SOF_TIMESTAMPING_SOFTWARE;
constexpr uint32_t kSched = SOF_TIMESTAMPING_TX_SCHED;
constexpr uint32_t kAck = SOF_TIMESTAMPING_TX_ACK;
constexpr uint32_t kCompletion = 1u << 18;  // since Linux 6.15
constexpr uint32_t kInfoCompletion = 3;     // SCM_TSTAMP_COMPLETION

using Messages = std::vector<ControlMessage>;

lkos_control Find(unsigned char* control, size_t size) {
  msghdr msg{};
  msg.msg_control = control;
  msg.msg_controllen = size;
  lkos_control found;
  lkos_control_find(&msg, &found);
  return found;
}

// What recvmsg does with a message that it got. return: the bytes that are
// left.
size_t Translate(unsigned char* control, size_t size, int msg_flags,
                 uint32_t requested) {
  msghdr msg{};
  msg.msg_control = control;
  msg.msg_controllen = size;
  msg.msg_flags = msg_flags;
  lkos_control found;
  lkos_control_find(&msg, &found);
  if (found.stamps != nullptr) lkos_stamps_to_app(&found, &msg, requested);
  return msg.msg_controllen;
}

struct ReportPlace {
  int level, type;
};
// CAN's by linux/can/raw.h and linux/can/j1939.h. Bluetooth's, BT_SCM_ERROR, is
// of linux include/net/bluetooth/bluetooth.h, since 6.15.
constexpr ReportPlace kReportPlaces[] = {{SOL_IP, IP_RECVERR},
                                         {SOL_IPV6, IPV6_RECVERR},
                                         {SOL_PACKET, kPacketTxTimestamp},
                                         {SOL_CAN_RAW, SCM_CAN_RAW_ERRQUEUE},
                                         {SOL_CAN_J1939, SCM_J1939_ERRQUEUE},
                                         {SOL_BLUETOOTH, 4}};

bool IsStamps(const ControlMessage& message) {
  return message.level == SOL_SOCKET &&
         (message.type == kStampsOld || message.type == kStampsNew);
}

bool IsReport(const ControlMessage& message) {
  for (const ReportPlace& place : kReportPlaces) {
    if (message.level == place.level && message.type == place.type) return true;
  }
  return false;
}

// The bytes from which on a report's struct is whole; SIZE_MAX if there is
// none.
size_t ReportIsWholeAt(const Messages& messages) {
  size_t at = 0;
  for (const ControlMessage& message : messages) {
    if (IsReport(message)) return at + CMSG_LEN(sizeof(sock_extended_err));
    at += CMSG_SPACE(message.data.size());
  }
  return SIZE_MAX;
}

class TimestampingCmsg : public testing::TestWithParam<int> {
 protected:
  // Expects that `before` is shown as `after`: at each alignment, at either end
  // of the memory, and cut at each length in both ways, where it must be the
  // same bytes up to the cut. A cut that the report does not survive makes it
  // `without_report` instead.
  void ExpectShown(const Messages& before, int msg_flags, uint32_t requested,
                   const Messages& after, const Messages& without_report) {
    const size_t full = RoomFor(before);

    for (size_t offset = 0; offset < 16; ++offset) {
      SCOPED_TRACE("offset " + std::to_string(offset));
      ExpectCutShown(before, msg_flags, requested, after, full, full,
                     memory_.LendAtStart(offset, full));
    }
    for (size_t cut = 0; cut <= full && !HasFailure();
         ++cut) {  // the first failure tells enough
      SCOPED_TRACE("cut at " + std::to_string(cut));
      const Messages& expected =
          cut < ReportIsWholeAt(before) && ReportIsWholeAt(before) != SIZE_MAX
              ? without_report
              : after;
      // Once the kernel cuts and says so in cmsg_len, once the buffer just
      // ends.
      ExpectCutShown(before, msg_flags, requested, expected, cut, cut,
                     memory_.LendAtEnd(cut));
      ExpectCutShown(before, msg_flags, requested, expected, full, cut,
                     memory_.LendAtEnd(cut));
      ExpectCutShown(before, msg_flags, requested, expected, cut, cut,
                     memory_.LendAtStart(0, cut));
    }
  }

  void ExpectShown(const Messages& before, int msg_flags, uint32_t requested,
                   const Messages& after) {
    ExpectShown(before, msg_flags, requested, after, after);
  }

  void ExpectUntouched(const Messages& messages, int msg_flags,
                       uint32_t requested) {
    ExpectShown(messages, msg_flags, requested, messages);
  }

  // Expects that the stamps are taken out, with what fills the space behind
  // them, and that all else stays; whole, and cut behind them.
  void ExpectTakenOut(const Messages& before, int msg_flags,
                      uint32_t requested) {
    const size_t full = RoomFor(before);
    size_t at = 0, index = 0, span;
    while (!IsStamps(before[index])) {
      at += CMSG_SPACE(before[index++].data.size());
    }
    span = CMSG_SPACE(before[index].data.size());
    for (size_t room = at + span; room <= full; ++room) {
      for (size_t offset = 0; offset <= 16; ++offset) {
        unsigned char* control = offset < 16 ? memory_.LendAtStart(offset, room)
                                             : memory_.LendAtEnd(room);
        bool cut;
        const size_t size = PutMessages(before, control, room, &cut);
        Bytes wanted(control, control + size);
        wanted.erase(wanted.begin() + static_cast<ptrdiff_t>(at),
                     wanted.begin() + static_cast<ptrdiff_t>(at + span));
        const size_t left = Translate(control, size, msg_flags, requested);
        ASSERT_EQ(Bytes(control, control + left), wanted) << room;
        ASSERT_TRUE(memory_.Intact()) << room;
      }
    }
  }

  ControlMessage Slots(unsigned char software, unsigned char system,
                       unsigned char hardware) {
    return Stamps(GetParam(), software, system, hardware);
  }

 private:
  // `room` is the kernel's, `size` the buffer's.
  void ExpectCutShown(const Messages& before, int msg_flags, uint32_t requested,
                      const Messages& after, size_t room, size_t size,
                      unsigned char* control) {
    // 0xa5 as in GuardedMemory: the kernel does not write the padding.
    Bytes sent(room, 0xa5), wanted(room, 0xa5);
    bool cut;
    PutMessages(before, sent.data(), room, &cut);
    PutMessages(after, wanted.data(), room, &cut);
    if (size > 0) memcpy(control, sent.data(), size);

    EXPECT_EQ(Translate(control, size, msg_flags, requested), size);
    EXPECT_TRUE(memory_.Intact());
    EXPECT_EQ(Bytes(control, control + size),
              Bytes(wanted.begin(), wanted.begin() + size));
  }

  GuardedMemory memory_;
};

INSTANTIATE_TEST_SUITE_P(Forms, TimestampingCmsg,
                         testing::Values(kStampsOld, kStampsNew),
                         [](const testing::TestParamInfo<int>& form) {
                           return form.param == kStampsOld ? "Old" : "New";
                         });

TEST_P(TimestampingCmsg, MovesTheStampWhereOnlyHardwareWasAsked) {
  ExpectShown({Slots(7, 0, 0)}, 0, kRxHardware, {Slots(0, 0, 7)});
}

TEST_P(TimestampingCmsg, CopiesTheStampWhereSoftwareWasAskedToo) {
  ExpectShown({Slots(7, 0, 0)}, 0, kRxHardware | kSoftware, {Slots(7, 0, 7)});
  ExpectShown({Slots(7, 0, 0)}, 0,
              kRxHardware | kSoftware | SOF_TIMESTAMPING_RX_SOFTWARE,
              {Slots(7, 0, 7)});
}

// Without RAW_HARDWARE nothing was restated: whatever comes was asked so, if
// not by a call that we saw.
TEST_P(TimestampingCmsg, LeavesThoseAloneWhoDidNotAskForHardware) {
  const uint32_t rx = SOF_TIMESTAMPING_RX_HARDWARE;
  for (const uint32_t requested :
       {0u, kSoftware, SOF_TIMESTAMPING_RX_SOFTWARE | kSoftware, rx,
        rx | kSoftware, rx | SOF_TIMESTAMPING_SYS_HARDWARE}) {
    SCOPED_TRACE(requested);
    ExpectUntouched({Slots(7, 0, 0)}, 0, requested);
    ExpectUntouched({Slots(7, 0, 9)}, 0, requested);
    ExpectUntouched({Slots(7, 0, 0), StampReport(SCM_TSTAMP_SND)}, MSG_ERRQUEUE,
                    requested);
  }
}

// With RAW_HARDWARE the kernel was told to report software stamps, too.
TEST_P(TimestampingCmsg, LeavesTheHardwareSlotOfTheOtherDirectionAlone) {
  const uint32_t raw = SOF_TIMESTAMPING_RAW_HARDWARE;
  for (const uint32_t requested :
       {raw, kTxHardware, raw | LKOS_SOF_TX_HARDWARE_PER_CALL}) {
    SCOPED_TRACE(requested);
    ExpectUntouched({Slots(7, 0, 0)}, 0, requested | kSoftware);
    ExpectUntouched({Slots(7, 0, 9)}, 0, requested | kSoftware);
    ExpectUntouched({Slots(0, 0, 9)}, 0, requested);
    ExpectShown({Slots(7, 0, 9)}, 0, requested, {Slots(0, 0, 9)});
  }
}

TEST_P(TimestampingCmsg, TakesOutAMessageOfWhichNothingWasAsked) {
  const uint32_t raw = SOF_TIMESTAMPING_RAW_HARDWARE;
  const ControlMessage pktinfo{SOL_IP, IP_PKTINFO, Bytes(12, 3)};
  const ControlMessage lost{SOL_SOCKET, SO_RXQ_OVFL, Bytes(4, 5)};
  for (const uint32_t requested :
       {raw, kTxHardware, raw | SOF_TIMESTAMPING_RX_SOFTWARE,
        raw | LKOS_SOF_TX_HARDWARE_PER_CALL}) {
    SCOPED_TRACE(requested);
    ExpectTakenOut({Slots(7, 0, 0)}, 0, requested);
    ExpectTakenOut({pktinfo, Slots(7, 0, 0)}, 0, requested);
    ExpectTakenOut({Slots(7, 0, 0), lost}, 0, requested);
    ExpectTakenOut({lost, Slots(7, 0, 0), pktinfo, lost}, 0, requested);
  }
  for (const ReportPlace& place : kReportPlaces) {
    const ControlMessage report =
        StampReport(SCM_TSTAMP_SND, place.level, place.type);
    ExpectTakenOut({report, Slots(7, 0, 0)}, MSG_ERRQUEUE, kRxHardware);
  }
}

TEST_P(TimestampingCmsg, KeepsAStampThatACardMade) {
  for (const uint32_t requested : {kRxHardware, kRxHardware | kSoftware}) {
    ExpectUntouched({Slots(0, 0, 9)}, 0, requested);
  }
  ExpectUntouched({Slots(7, 0, 9)}, 0, kRxHardware | kSoftware);
  ExpectShown({Slots(7, 0, 9)}, 0, kRxHardware, {Slots(0, 0, 9)});
}

TEST_P(TimestampingCmsg, TakesOneByteForAStampWhereverItIs) {
  const size_t slot = Slots(0, 0, 0).data.size() / 3;
  for (size_t byte = 0; byte < slot; ++byte) {
    ControlMessage card = Slots(7, 0, 0), shown = Slots(0, 0, 0);
    card.data[2 * slot + byte] = shown.data[2 * slot + byte] = 1;
    Bytes control(RoomFor({card}), 0xa5), wanted = control;
    bool cut;
    PutMessages({card}, control.data(), control.size(), &cut);
    PutMessages({shown}, wanted.data(), wanted.size(), &cut);
    Translate(control.data(), control.size(), 0, kRxHardware);
    EXPECT_EQ(control, wanted) << byte;
  }
}

TEST_P(TimestampingCmsg, NeverTouchesTheMiddleSlot) {
  ExpectShown({Slots(7, 5, 0)}, 0, kRxHardware, {Slots(0, 5, 7)});
  ExpectUntouched({Slots(0, 5, 0)}, 0, kRxHardware);
}

TEST_P(TimestampingCmsg, InventsNoStamp) {
  ExpectUntouched({Slots(0, 0, 0)}, 0, kRxHardware);
  ExpectUntouched({}, 0, kRxHardware);
  ExpectUntouched({{SOL_IP, IP_PKTINFO, Bytes(12, 3)}}, 0, kRxHardware);
}

TEST_P(TimestampingCmsg, FindsTheStampAmongOtherMessages) {
  const ControlMessage pktinfo{SOL_IP, IP_PKTINFO,
                               Bytes(sizeof(in_pktinfo), 3)};
  const ControlMessage rights{SOL_SOCKET, SCM_RIGHTS,
                              Bytes(3 * sizeof(int), 4)};
  const ControlMessage lost{SOL_SOCKET, SO_RXQ_OVFL,
                            Bytes(sizeof(uint32_t), 5)};
  const ControlMessage nanoseconds{SOL_SOCKET, 35,
                                   Bytes(16, 6)};  // SCM_TIMESTAMPNS
  const ControlMessage microseconds{SOL_SOCKET, 29,
                                    Bytes(16, 6)};  // SCM_TIMESTAMP
  const ControlMessage empty{SOL_SOCKET, 99, {}};
  // The right type, on another level.
  const ControlMessage stranger{SOL_IP, GetParam(), Slots(7, 0, 0).data};
  const Messages others = {pktinfo,      rights, lost,    nanoseconds,
                           microseconds, empty,  stranger};

  for (const ControlMessage& before : others) {
    ExpectUntouched({before}, 0, kRxHardware);
    ExpectShown({before, Slots(7, 0, 0)}, 0, kRxHardware,
                {before, Slots(0, 0, 7)});
    for (const ControlMessage& after : others) {
      ExpectShown({before, Slots(7, 0, 0), after}, 0, kRxHardware,
                  {before, Slots(0, 0, 7), after});
    }
  }
}

TEST_P(TimestampingCmsg, LeavesReceivedMessagesAloneWhateverTheirReportSays) {
  // A report counts on the error queue only; RX stamps carry none, but nothing
  // may depend on it.
  ExpectShown({Slots(7, 0, 0), StampReport(SCM_TSTAMP_ACK)}, 0, kRxHardware,
              {Slots(0, 0, 7), StampReport(SCM_TSTAMP_ACK)});
}

TEST_P(TimestampingCmsg, MovesTheStampOfASend) {
  for (const ReportPlace& place : kReportPlaces) {
    SCOPED_TRACE(place.level);
    const ControlMessage report =
        StampReport(SCM_TSTAMP_SND, place.level, place.type);
    ExpectShown({Slots(7, 0, 0), report}, MSG_ERRQUEUE, kTxHardware,
                {Slots(0, 0, 7), report});
    ExpectShown({Slots(7, 0, 0), report}, MSG_ERRQUEUE, kTxHardware | kSoftware,
                {Slots(0, 0, 7), report});
    ExpectShown({report, Slots(7, 0, 0)}, MSG_ERRQUEUE, kTxHardware,
                {report, Slots(0, 0, 7)});
    ExpectShown({Slots(7, 0, 0), report}, MSG_ERRQUEUE | MSG_TRUNC | MSG_CTRUNC,
                kTxHardware, {Slots(0, 0, 7), report});
    // The kernel makes up a software stamp where the time is asked, too.
    for (const int type : {29, 35, 63, 64}) {
      const ControlMessage time = {SOL_SOCKET, type, Bytes(16, 1)};
      ExpectShown({time, Slots(7, 0, 0), report}, MSG_ERRQUEUE,
                  kTxHardware | kSoftware, {time, Slots(7, 0, 7), report});
      ExpectShown({time, Slots(7, 0, 0), report}, MSG_ERRQUEUE, kTxHardware,
                  {time, Slots(0, 0, 7), report});
    }
    // Asked per call, on a socket that only has RAW_HARDWARE.
    ExpectShown({Slots(7, 0, 0), report}, MSG_ERRQUEUE,
                SOF_TIMESTAMPING_RAW_HARDWARE | LKOS_SOF_TX_HARDWARE_PER_CALL,
                {Slots(0, 0, 7), report});
    // A card's.
    ExpectUntouched({Slots(0, 0, 9), report}, MSG_ERRQUEUE, kTxHardware);
    for (const uint32_t requested : {kTxHardware, kTxHardware | kSoftware}) {
      ExpectShown({Slots(7, 0, 9), report}, MSG_ERRQUEUE, requested,
                  {Slots(0, 0, 9), report});
    }
    // Nobody asked for the hardware to stamp what is sent.
    for (const uint32_t requested :
         {0u, kSoftware, kRxHardware | kSoftware,
          SOF_TIMESTAMPING_TX_SOFTWARE | kSoftware}) {
      ExpectUntouched({Slots(7, 0, 0), report}, MSG_ERRQUEUE, requested);
    }
  }
}

// With SCHED or ACK asked, a stamp whose report was cut off may be any of them:
// it stays.
TEST_P(TimestampingCmsg,
       MovesTheStampOfASendAmongSchedAndAckIfItsReportIsThere) {
  for (const ReportPlace& place : kReportPlaces) {
    const ControlMessage report =
        StampReport(SCM_TSTAMP_SND, place.level, place.type);
    for (const uint32_t more : {kSched, kAck, kSched | kAck}) {
      SCOPED_TRACE(more);
      ExpectShown({Slots(7, 0, 0), report}, MSG_ERRQUEUE, kTxHardware | more,
                  {Slots(0, 0, 7), report}, {Slots(7, 0, 0), report});
    }
  }
  for (const uint32_t more : {kSched, kAck, kSched | kAck}) {
    ExpectUntouched({Slots(7, 0, 0)}, MSG_ERRQUEUE, kTxHardware | more);
  }
}

// An error has an address; a program that wants it lends a buffer for it.
TEST_P(TimestampingCmsg, TellsAnErrorWhoseReportWasCutOffByItsAddress) {
  const struct {
    bool lent;
    socklen_t size;
    bool moved;
  } kNames[] = {
      {false, 0, true}, {false, 16, true}, {true, 0, true}, {true, 16, false}};
  for (const auto& name : kNames) {
    const ControlMessage slots = Slots(7, 0, 0);
    const ControlMessage moved = Slots(0, 0, 7);
    Bytes control(RoomFor({slots}), 0), expected(control);
    sockaddr_in address{};
    bool cut;
    PutMessages({slots}, control.data(), control.size(), &cut);
    PutMessages({name.moved ? moved : slots}, expected.data(), expected.size(),
                &cut);
    msghdr msg{};
    msg.msg_name = name.lent ? &address : nullptr;
    msg.msg_namelen = name.size;
    msg.msg_control = control.data();
    msg.msg_controllen = control.size();
    msg.msg_flags = MSG_ERRQUEUE | MSG_CTRUNC;
    lkos_control found;
    lkos_control_find(&msg, &found);
    lkos_stamps_to_app(&found, &msg, kTxHardware);
    EXPECT_EQ(control, expected) << name.lent << ' ' << name.size;
  }
}

TEST_P(TimestampingCmsg, LeavesTheStampsOfQueueingAndAcknowledgementAlone) {
  for (const ReportPlace& place : kReportPlaces) {
    for (const uint32_t info :
         {uint32_t{SCM_TSTAMP_SCHED}, uint32_t{SCM_TSTAMP_ACK}}) {
      const ControlMessage report = StampReport(info, place.level, place.type);
      for (const uint32_t more :
           {kSched, kAck, kSched | kAck, kSched | kAck | kSoftware}) {
        SCOPED_TRACE(more);
        ExpectUntouched({Slots(7, 0, 0), report}, MSG_ERRQUEUE,
                        kTxHardware | more);
        ExpectUntouched({report, Slots(7, 0, 0)}, MSG_ERRQUEUE,
                        kTxHardware | more);
      }
    }
  }
}

TEST_P(TimestampingCmsg, LeavesTheStampsOfCompletionAlone) {
  const ControlMessage report = StampReport(kInfoCompletion);
  ExpectUntouched({Slots(7, 0, 0), report}, MSG_ERRQUEUE,
                  kTxHardware | kCompletion);
}

TEST_P(TimestampingCmsg, LeavesTheStampsOfErrorsAlone) {
  const ControlMessage errors[] = {
      Report(SOL_IP, IP_RECVERR, ECONNREFUSED, SO_EE_ORIGIN_ICMP,
             SCM_TSTAMP_SND),
      Report(SOL_IPV6, IPV6_RECVERR, EHOSTUNREACH, SO_EE_ORIGIN_ICMP6,
             SCM_TSTAMP_SND),
      Report(SOL_IP, IP_RECVERR, EMSGSIZE, SO_EE_ORIGIN_LOCAL, SCM_TSTAMP_SND),
      Report(SOL_IP, IP_RECVERR, 0, SO_EE_ORIGIN_ZEROCOPY, SCM_TSTAMP_SND),
      Report(SOL_IP, IP_RECVERR, ENOMSG, SO_EE_ORIGIN_ICMP, SCM_TSTAMP_SND),
      Report(SOL_IP, IP_RECVERR, ECONNREFUSED, SO_EE_ORIGIN_TIMESTAMPING,
             SCM_TSTAMP_SND),
  };
  for (const ControlMessage& error : errors) {
    ExpectUntouched({Slots(7, 0, 0), error}, MSG_ERRQUEUE,
                    kTxHardware | kSched);
    // What is left when the report is cut off could only be the stamp of a
    // send.
    ExpectShown({Slots(7, 0, 0), error}, MSG_ERRQUEUE, kTxHardware,
                {Slots(7, 0, 0), error}, {Slots(0, 0, 7), error});
  }
}

TEST_P(TimestampingCmsg, TakesNoOtherMessageForAReport) {
  // Each would say ACK, were it a report: the stamp moves all the same.
  for (const ReportPlace& place :
       {ReportPlace{SOL_IP, IP_PKTINFO}, ReportPlace{SOL_IPV6, IP_RECVERR},
        ReportPlace{SOL_IP, IPV6_RECVERR}, ReportPlace{SOL_SOCKET, IP_RECVERR},
        ReportPlace{SOL_SOCKET, IPV6_RECVERR},
        ReportPlace{SOL_PACKET, IP_RECVERR},
        ReportPlace{SOL_IP, kPacketTxTimestamp}}) {
    const ControlMessage other =
        StampReport(SCM_TSTAMP_ACK, place.level, place.type);
    ExpectShown({Slots(7, 0, 0), other}, MSG_ERRQUEUE, kTxHardware,
                {Slots(0, 0, 7), other});
  }
}

TEST_P(TimestampingCmsg, ChangesNothingWhenAppliedTwice) {
  for (const uint32_t requested : {kRxHardware, kRxHardware | kSoftware}) {
    for (const ControlMessage& stamps :
         {Slots(7, 0, 0), Slots(7, 0, 9), Slots(0, 0, 9)}) {
      Bytes once(RoomFor({stamps}));
      bool cut;
      PutMessages({stamps}, once.data(), once.size(), &cut);
      Translate(once.data(), once.size(), 0, requested);
      Bytes twice = once;
      Translate(twice.data(), twice.size(), 0, requested);
      EXPECT_EQ(once, twice);
    }
  }
}

TEST_P(TimestampingCmsg, BelievesNoLength) {
  const Messages messages = {{SOL_IP, IP_PKTINFO, Bytes(12, 3)},
                             Slots(7, 0, 0)};
  const size_t full = RoomFor(messages), second = CMSG_SPACE(12);
  const size_t huge[] = {full + 1,        full * 2,      size_t{1} << 31,
                         size_t{1} << 32, SIZE_MAX - 16, SIZE_MAX - 7,
                         SIZE_MAX - 1,    SIZE_MAX};
  GuardedMemory memory;

  const auto put = [&](unsigned char* control, size_t at, size_t lie) {
    bool cut;
    PutMessages(messages, control, full, &cut);
    memcpy(control + at, &lie, sizeof(lie));  // cmsg_len comes first
    return Bytes(control, control + full);
  };
  // Too short to be a message: there the data ends, and the stamps are not
  // seen.
  for (size_t tiny = 0; tiny < CMSG_LEN(0); ++tiny) {
    unsigned char* control = memory.LendAtEnd(full);
    const Bytes before = put(control, 0, tiny);
    Translate(control, full, 0, kRxHardware);
    EXPECT_EQ(Bytes(control, control + full), before) << tiny;
    EXPECT_TRUE(memory.Intact());
    control = memory.LendAtEnd(full);
    put(control, second, tiny);
    EXPECT_EQ(Find(control, full).stamps, nullptr) << tiny;
  }
  for (const size_t length : huge) {
    // The first takes in all that follows, stamps too.
    unsigned char* control = memory.LendAtEnd(full);
    const Bytes before = put(control, 0, length);
    Translate(control, full, 0, kRxHardware);
    EXPECT_EQ(Bytes(control, control + full), before) << length;
    EXPECT_TRUE(memory.Intact());
    // The stamps themselves: they end with the buffer.
    control = memory.LendAtEnd(full);
    Bytes wanted = put(control, second, length);
    const ControlMessage moved = Slots(0, 0, 7);
    memcpy(wanted.data() + second + CMSG_LEN(0), moved.data.data(),
           moved.data.size());
    EXPECT_EQ(Find(control, full).stamps_size, full - second - CMSG_LEN(0));
    Translate(control, full, 0, kRxHardware);
    EXPECT_EQ(Bytes(control, control + full), wanted) << length;
    EXPECT_TRUE(memory.Intact());
  }
}

TEST_P(TimestampingCmsg, TakesRandomMessagesAsTheModelDoes) {
  std::mt19937 random(GetParam());
  const auto any = [&random](size_t limit) {
    return static_cast<size_t>(random() % limit);
  };
  const uint32_t infos[] = {SCM_TSTAMP_SND, SCM_TSTAMP_SCHED, SCM_TSTAMP_ACK};

  GuardedMemory memory;

  for (int run = 0; run < 4000; ++run) {
    Messages before;
    const size_t stamps_at = any(4), report_at = any(5);
    for (size_t i = 0; i < 4; ++i) {
      if (i == stamps_at) {
        before.push_back(any(2) ? Slots(7, 0, 0) : Slots(any(2) ? 7 : 0, 0, 9));
      } else if (i == report_at) {
        const ReportPlace& place = kReportPlaces[any(std::size(kReportPlaces))];
        before.push_back(
            any(3)
                ? StampReport(infos[any(3)], place.level, place.type)
                : Report(place.level, place.type, EPIPE, SO_EE_ORIGIN_ICMP, 0));
      } else {
        before.push_back({any(2) ? SOL_IP : SOL_SOCKET, 8, Bytes(any(40), 3)});
      }
    }
    const size_t full = RoomFor(before);
    const size_t room = any(2) ? full : any(full + 1);
    const int msg_flags = any(2) ? MSG_ERRQUEUE : 0;
    const uint32_t requested = any(2)
                                   ? static_cast<uint32_t>(any(1u << 19))
                                   : kRxHardware | kTxHardware | any(32) << 4;

    // The model. Is it concerned at all?
    const bool tx = msg_flags != 0;
    bool concerned = requested & SOF_TIMESTAMPING_RAW_HARDWARE;
    if (tx && room < ReportIsWholeAt(before)) {
      concerned = concerned && !(requested & (kSched | kAck | kCompletion));
    } else if (tx) {
      for (const ControlMessage& message : before) {
        if (!IsReport(message)) continue;
        concerned =
            concerned &&
            message.data == StampReport(0, message.level, message.type).data;
      }
    }
    // What are the slots then, and where are they?
    Messages after = before;
    size_t at = 0, span = 0;
    bool taken_out = false;
    for (ControlMessage& message : after) {
      if (!IsStamps(message)) {
        if (span == 0) at += CMSG_SPACE(message.data.size());
        continue;
      }
      span = CMSG_SPACE(message.data.size());
      if (!concerned) continue;
      const unsigned char software = message.data[0];
      const unsigned char card = message.data[message.data.size() / 3 * 2];
      const bool wants = requested & (tx ? SOF_TIMESTAMPING_TX_HARDWARE
                                         : SOF_TIMESTAMPING_RX_HARDWARE);
      const unsigned char hardware = card == 0 && wants ? software : card;
      const bool filtered =
          wants && (tx || (requested & LKOS_SOF_OPT_RX_FILTER &&
                           !(requested & SOF_TIMESTAMPING_RX_SOFTWARE)));
      taken_out = !(requested & kSoftware) && hardware == 0;
      message =
          Slots(requested & kSoftware && !filtered ? software : 0, 0, hardware);
    }

    bool cut;
    unsigned char* control =
        any(2) ? memory.LendAtEnd(room) : memory.LendAtStart(any(16), room);
    Bytes wanted(full, 0xa5);
    if (taken_out) {
      PutMessages(before, wanted.data(), room, &cut);
      if (room >= at + span) {
        wanted.erase(wanted.begin() + static_cast<ptrdiff_t>(at),
                     wanted.begin() + static_cast<ptrdiff_t>(at + span));
      }
    } else {
      PutMessages(after, wanted.data(), room, &cut);
    }
    wanted.resize(taken_out && room >= at + span ? room - span : room);
    PutMessages(before, control, room, &cut);
    const size_t left = Translate(control, room, msg_flags, requested);
    ASSERT_TRUE(memory.Intact()) << run;
    // One that is cut and has no stamp left: what it had is not to be known.
    if (taken_out && room > at && room < at + span) continue;
    ASSERT_EQ(Bytes(control, control + left), wanted)
        << "run " << run << " requested " << std::hex << requested << " flags "
        << msg_flags;
  }
}

// Random bytes with headers here and there, so that most runs get past the
// first.
void MakeNoise(std::mt19937& random, unsigned char* control, size_t size) {
  const auto any = [&random](size_t limit) {
    return static_cast<size_t>(random() % limit);
  };
  const int levels[] = {SOL_SOCKET, SOL_SOCKET, SOL_IP,
                        SOL_IPV6,   SOL_PACKET, 7};
  const int types[] = {kStampsOld, kStampsNew,         IP_RECVERR, IPV6_RECVERR,
                       SCM_RIGHTS, kPacketTxTimestamp, 7};
  for (size_t i = 0; i < size; ++i) {
    control[i] = any(2) ? 0 : static_cast<unsigned char>(any(256));
  }
  for (size_t at = 0; at + sizeof(cmsghdr) <= size;) {
    cmsghdr header{};
    header.cmsg_len = any(12)  ? any(80)
                      : any(2) ? SIZE_MAX - any(40)
                               : random();
    header.cmsg_level = levels[any(6)];
    header.cmsg_type = types[any(7)];
    memcpy(control + at, &header, sizeof(header));
    at += CMSG_ALIGN(header.cmsg_len < CMSG_LEN(0) ? CMSG_LEN(0)
                                                   : header.cmsg_len % 128);
  }
}

TEST(TimestampingCmsgNoise, TouchesOnlyTwoSlotsOfRandomBytes) {
  std::mt19937 random(1);
  const auto any = [&random](size_t limit) {
    return static_cast<size_t>(random() % limit);
  };
  GuardedMemory memory;
  int touched = 0, taken_out = 0;

  for (int run = 0; run < 20000; ++run) {
    const size_t size = any(300);
    unsigned char* control =
        any(2) ? memory.LendAtEnd(size) : memory.LendAtStart(any(16), size);
    MakeNoise(random, control, size);
    Bytes before(control, control + size);
    const lkos_control found = Find(control, size);
    const unsigned char* const end = control + size;

    ASSERT_EQ(Bytes(control, control + size), before)
        << run;  // finding changes nothing
    if (found.report != nullptr) {
      ASSERT_GE(found.report, control + CMSG_LEN(0)) << run;
      ASSERT_LE(found.report + sizeof(sock_extended_err), end) << run;
    }
    if (found.rights != nullptr) {
      ASSERT_GE(found.rights, control + CMSG_LEN(0)) << run;
      ASSERT_LE(found.rights + found.rights_count * sizeof(int), end) << run;
    }
    if (found.stamps == nullptr) continue;
    ASSERT_GE(found.stamps, control + CMSG_LEN(0)) << run;
    ASSERT_LE(found.stamps + found.stamps_size, end) << run;
    uint32_t requested = static_cast<uint32_t>(any(1u << 19)) |
                         (any(4) ? kRxHardware | kTxHardware : 0);
    if (any(4) == 0) {  // a software stamp that nobody asked for
      memset(found.stamps, 0, found.stamps_size);
      if (found.stamps_size > 0) found.stamps[0] = 7;
      before.assign(control, control + size);
      requested = SOF_TIMESTAMPING_RAW_HARDWARE;
    }
    msghdr msg{};
    msg.msg_control = control;
    msg.msg_controllen = size;
    msg.msg_flags = any(2) ? MSG_ERRQUEUE : 0;
    lkos_stamps_to_app(&found, &msg, requested);
    ASSERT_TRUE(memory.Intact()) << run;
    if (msg.msg_controllen != size) {
      const auto at = found.stamps - control;
      const auto span = static_cast<ptrdiff_t>(size - msg.msg_controllen);
      Bytes rest = before;
      rest.erase(
          rest.begin() + at - static_cast<ptrdiff_t>(CMSG_LEN(0)),
          rest.begin() + at - static_cast<ptrdiff_t>(CMSG_LEN(0)) + span);
      ASSERT_EQ(Bytes(control, control + msg.msg_controllen), rest) << run;
      ++taken_out;
      continue;
    }
    for (size_t i = 0; i < size; ++i) {
      if (control[i] == before[i]) continue;
      const size_t in = static_cast<size_t>(control + i - found.stamps);
      ASSERT_GE(control + i, found.stamps) << run;
      ASSERT_TRUE(in < found.slot_size ||
                  (in >= 2 * found.slot_size && in < 3 * found.slot_size))
          << run << ": byte " << in;
      ++touched;
    }
  }
  EXPECT_GT(touched, 1000);  // the noise was not in vain
  EXPECT_GT(taken_out, 10);
}

// The short way for the usual message: taken at all, and only where it does the
// same.
class ShortWay : public testing::Test {
 protected:
  // Goes it, and the long way on a copy. return: was there a short way?
  bool Compare(unsigned char* control, size_t size, int msg_flags,
               uint32_t requested) {
    Bytes copy(control, control + size);
    msghdr msg{};
    msg.msg_control = control;
    msg.msg_controllen = size;
    msg.msg_flags = msg_flags;
    unsigned char* slots = lkos_control_only_stamps(&msg);
    EXPECT_EQ(Bytes(control, control + size), copy);
    EXPECT_TRUE(memory_.Intact());
    if (slots == nullptr) return false;
    if (lkos_sof_is_common(requested)) {
      lkos_slots_to_app(slots, LKOS_SLOT_SIZE_NEW, requested);
    } else if (requested & SOF_TIMESTAMPING_RAW_HARDWARE) {
      return true;  // the caller goes the long way
    }
    EXPECT_TRUE(memory_.Intact());
    EXPECT_EQ(Translate(copy.data(), size, msg_flags, requested), size);
    EXPECT_EQ(Bytes(control, control + size), copy);
    return true;
  }

  bool ComparePut(const Messages& messages, int msg_flags, uint32_t requested,
                  size_t offset) {
    const size_t size = RoomFor(messages);
    bool cut;
    unsigned char* control = offset < 16 ? memory_.LendAtStart(offset, size)
                                         : memory_.LendAtEnd(size);
    PutMessages(messages, control, size, &cut);
    return Compare(control, size, msg_flags, requested);
  }

  GuardedMemory memory_;
};

TEST_F(ShortWay, IsTakenForOneStampOfTheUsualForm) {
  for (size_t offset = 0; offset <= 16; ++offset) {
    for (const uint32_t requested :
         {0u, kSoftware, kRxHardware, kRxHardware | kSoftware, kTxHardware}) {
      for (const ControlMessage& stamps :
           {Stamps(kStampsOld, 7, 0, 0), Stamps(kStampsOld, 7, 0, 9),
            Stamps(kStampsOld, 0, 0, 9), Stamps(kStampsOld, 7, 5, 0),
            Stamps(kStampsOld, 0, 0, 0)}) {
        EXPECT_EQ(ComparePut({stamps}, 0, requested, offset),
                  sizeof(long) == 8);
        EXPECT_EQ(ComparePut({stamps}, MSG_TRUNC, requested, offset),
                  sizeof(long) == 8);
      }
    }
  }
}

TEST_F(ShortWay, TakesOneByteForAStampWhereverItIs) {
  for (size_t byte = 0; byte < 16; ++byte) {
    ControlMessage card = Stamps(kStampsOld, 7, 0, 0);
    card.data[card.data.size() / 3 * 2 + byte % (card.data.size() / 3)] = 1;
    ComparePut({card}, 0, kRxHardware, 16);
  }
}

TEST_F(ShortWay, IsNotTakenForAnyOtherMessage) {
  const ControlMessage stamps = Stamps(kStampsOld, 7, 0, 0);
  const ControlMessage stranger{SOL_IP, kStampsOld, stamps.data};
  const ControlMessage other{SOL_SOCKET, 35, stamps.data};
  const ControlMessage small{SOL_SOCKET, SO_RXQ_OVFL, Bytes(4, 3)};
  for (const Messages& messages :
       std::vector<Messages>{{},
                             {stranger},
                             {other},
                             {small},
                             {small, stamps},
                             {stamps, small},
                             {small, small, small}}) {
    EXPECT_FALSE(ComparePut(messages, 0, kRxHardware, 16));
  }
  // What comes by the error queue may be anything.
  EXPECT_FALSE(
      ComparePut({stamps}, MSG_ERRQUEUE, kTxHardware | kRxHardware, 16));
  // Cut, or with a length that lies.
  for (size_t size = 0; size <= 2 * RoomFor({stamps}); ++size) {
    Bytes whole(2 * RoomFor({stamps}), 0);
    bool cut;
    PutMessages({stamps}, whole.data(), whole.size(), &cut);
    for (const size_t length : {size_t{0}, size, size + 1, SIZE_MAX}) {
      unsigned char* control = memory_.LendAtEnd(size);
      memcpy(whole.data(), &length, sizeof(length));
      if (size > 0) memcpy(control, whole.data(), size);
      if (size != RoomFor({stamps}) || length != size) {
        EXPECT_FALSE(Compare(control, size, 0, kRxHardware))
            << size << ' ' << length;
      }
    }
  }
}

TEST_F(ShortWay, DoesTheSameForRandomBytesOfItsSize) {
  std::mt19937 random(2);
  const auto any = [&random](size_t limit) {
    return static_cast<size_t>(random() % limit);
  };
  int taken = 0;
  for (int run = 0; run < 20000; ++run) {
    const size_t size = any(4) ? CMSG_SPACE(48) : any(200);
    unsigned char* control = memory_.LendAtEnd(size);
    MakeNoise(random, control, size);
    cmsghdr header{};
    header.cmsg_len = any(3) ? CMSG_LEN(48) : any(80);
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = any(3) ? kStampsOld : kStampsNew;
    if (size >= sizeof(header) && any(8))
      memcpy(control, &header, sizeof(header));
    taken += Compare(
        control, size, any(4) ? 0 : MSG_ERRQUEUE,
        static_cast<uint32_t>(any(1u << 19)) | (any(2) ? kRxHardware : 0));
    if (HasFailure()) return;
  }
  EXPECT_GT(taken, 1000);
}

TEST(ControlFind, TellsWhereThingsAre) {
  const Messages messages = {
      {SOL_IP, IP_PKTINFO, Bytes(12, 3)},
      {SOL_SOCKET, SCM_RIGHTS, Bytes(3 * sizeof(int), 4)},
      Stamps(kStampsNew, 7, 0, 0),
      StampReport(SCM_TSTAMP_SND)};
  Bytes control(RoomFor(messages));
  bool cut;
  PutMessages(messages, control.data(), control.size(), &cut);
  const lkos_control found = Find(control.data(), control.size());
  size_t at = CMSG_SPACE(12) + CMSG_LEN(0);

  EXPECT_EQ(found.rights, control.data() + at);
  EXPECT_EQ(found.rights_count, 3u);
  at += CMSG_SPACE(3 * sizeof(int));
  EXPECT_EQ(found.stamps, control.data() + at);
  EXPECT_EQ(found.stamps_size, 48u);
  EXPECT_EQ(found.slot_size, 16u);
  at += CMSG_SPACE(48);
  EXPECT_EQ(found.report, control.data() + at);
}

TEST(ControlFind, KnowsTheSlotsOfTheOldForm) {
  Bytes control(RoomFor({Stamps(kStampsOld, 7, 0, 0)}));
  bool cut;
  PutMessages({Stamps(kStampsOld, 7, 0, 0)}, control.data(), control.size(),
              &cut);
  EXPECT_EQ(Find(control.data(), control.size()).slot_size, 2 * sizeof(long));
}

TEST(ControlFind, CountsOnlyWholeDescriptors) {
  const Messages messages = {
      {SOL_SOCKET, SCM_RIGHTS, Bytes(4 * sizeof(int), 4)}};
  GuardedMemory memory;
  for (size_t room = 0; room <= RoomFor(messages); ++room) {
    unsigned char* control = memory.LendAtEnd(room);
    bool cut;
    PutMessages(messages, control, room, &cut);
    const lkos_control found = Find(control, room);
    const size_t data = room < CMSG_LEN(0) ? 0 : room - CMSG_LEN(0);
    EXPECT_EQ(found.rights_count, data / sizeof(int)) << room;
  }
}

TEST(ControlFind, FindsNothingInNothing) {
  const lkos_control found = Find(nullptr, 0);
  EXPECT_EQ(found.stamps, nullptr);
  EXPECT_EQ(found.report, nullptr);
  EXPECT_EQ(found.rights, nullptr);
  EXPECT_EQ(found.rights_count, 0u);
}

// A sendmsg that asks for stamps of this one message.
class SendControl : public testing::TestWithParam<int> {
 protected:
  ControlMessage Request(uint32_t flags) {
    return {SOL_SOCKET, GetParam(), BytesOf(flags)};
  }

  void ExpectSent(const Messages& before, const Messages& after, bool asks) {
    const size_t full = RoomFor(before);
    for (size_t offset = 0; offset < 17; ++offset) {
      unsigned char* control = offset == 16 ? memory_.LendAtEnd(full)
                                            : memory_.LendAtStart(offset, full);
      Bytes wanted(full, 0xa5);
      bool cut;
      PutMessages(before, control, full, &cut);
      PutMessages(after, wanted.data(), full, &cut);
      EXPECT_EQ(lkos_send_control_to_kernel(control, full), asks);
      EXPECT_EQ(Bytes(control, control + full), wanted);
      EXPECT_TRUE(memory_.Intact());
    }
  }

  GuardedMemory memory_;
};

INSTANTIATE_TEST_SUITE_P(Forms, SendControl,
                         testing::Values(kStampsOld, kStampsNew),
                         [](const testing::TestParamInfo<int>& form) {
                           return form.param == kStampsOld ? "Old" : "New";
                         });

TEST_P(SendControl, AsksForTheSoftwareStampBesideTheHardwareOne) {
  for (const uint32_t more : {0u, kSched, kAck, kSched | kAck, 0x80000000u}) {
    ExpectSent({Request(1 | more)}, {Request(3 | more)}, true);
    ExpectSent({Request(3 | more)}, {Request(3 | more)}, true);
    ExpectSent({Request(2 | more)}, {Request(2 | more)}, false);
    ExpectSent({Request(0 | more)}, {Request(0 | more)}, false);
  }
}

TEST_P(SendControl, LeavesTheOtherMessagesAlone) {
  const ControlMessage pktinfo{SOL_IP, IP_PKTINFO, Bytes(12, 1)};
  const ControlMessage stranger{SOL_IP, GetParam(), BytesOf(uint32_t{1})};
  const ControlMessage mark{SOL_SOCKET, SO_MARK, BytesOf(uint32_t{1})};
  for (const ControlMessage& other : {pktinfo, stranger, mark}) {
    ExpectSent({other}, {other}, false);
    ExpectSent({other, Request(1), other}, {other, Request(3), other}, true);
    ExpectSent({other, Request(2), other}, {other, Request(2), other}, false);
  }
  ExpectSent({}, {}, false);
}

TEST_P(SendControl, LeavesRequestsThatTheKernelRefusesAlone) {
  for (const size_t size : {0, 1, 3, 5, 8, 12}) {
    const ControlMessage odd{SOL_SOCKET, GetParam(), Bytes(size, 1)};
    ExpectSent({odd}, {odd}, false);
  }
}

TEST_P(SendControl, TakesTwoRequestsForWhatTheyAre) {
  ExpectSent({Request(1), Request(2)}, {Request(3), Request(2)}, true);
  ExpectSent({Request(2), Request(1)}, {Request(2), Request(3)}, true);
}

TEST_P(SendControl, TouchesNothingBeyondACut) {
  const Messages request = {Request(1)};
  for (size_t size = 0; size < CMSG_LEN(sizeof(uint32_t)); ++size) {
    Bytes whole(RoomFor(request));
    bool cut;
    PutMessages(request, whole.data(), whole.size(), &cut);
    unsigned char* control = memory_.LendAtEnd(size);
    if (size > 0) memcpy(control, whole.data(), size);
    EXPECT_FALSE(lkos_send_control_to_kernel(control, size)) << size;
    EXPECT_EQ(Bytes(control, control + size),
              Bytes(whole.begin(), whole.begin() + size));
    EXPECT_TRUE(memory_.Intact());
  }
}

}  // namespace
