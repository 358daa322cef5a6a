// SPDX-License-Identifier: GPL-2.0-only

#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/control_data.h"

extern "C" {
#include "src/translate/extension_stamps.h"
}

namespace {

constexpr uint32_t kTxHardware = 1u << 0, kTxSoftware = 1u << 1,
                   kRxHardware = 1u << 2, kRxSoftware = 1u << 3,
                   kSoftware = 1u << 4, kSystem = 1u << 5, kRaw = 1u << 6,
                   kId = 1u << 7, kSched = 1u << 8, kAck = 1u << 9,
                   kCmsg = 1u << 10, kTsOnly = 1u << 11, kStats = 1u << 12,
                   kPktinfo = 1u << 13, kSwHw = 1u << 14, kBindPhc = 1u << 15,
                   kIdTcp = 1u << 16, kStream = 1u << 23, kTrailer = 1u << 31;

constexpr uint32_t kEverySet = 1u << 17;  // of the bits that Onload knows

// ---- What may be requested

TEST(V1, AcceptsItsThreeFlagsAndPktinfo) {
  for (uint32_t flags = 0; flags < 1u << 20; ++flags) {
    const bool accepted = (flags & ~0x2007u) == 0;
    ASSERT_EQ(lkos_stamps_check_v1(flags), accepted ? 0 : -EINVAL) << flags;
  }
  for (int bit = 20; bit < 32; ++bit) {
    EXPECT_EQ(lkos_stamps_check_v1(1u << bit), -EINVAL);
  }
}

bool V2Accepts(uint32_t flags) {
  return (flags & (kStats | kSwHw | kBindPhc)) == 0 &&
         ((flags & kIdTcp) == 0 || (flags & kId) != 0);
}

TEST(V2, AcceptsTheKernelsFlagsButThreeAndNoHalfOfANumber) {
  for (uint32_t flags = 0; flags < kEverySet; ++flags) {
    const int expected = V2Accepts(flags) ? 0 : -EINVAL;
    ASSERT_EQ(lkos_stamps_check_v2(flags), expected) << flags;
    ASSERT_EQ(lkos_stamps_check_v2(flags | kTrailer), expected) << flags;
    for (int bit = 17; bit < 31; ++bit) {
      ASSERT_EQ(lkos_stamps_check_v2(flags | 1u << bit), -EINVAL) << flags;
    }
  }
}

TEST(Plain, AcceptsTheSameAndAStreamOfHardwareStamps) {
  for (uint32_t flags = 0; flags < kEverySet; ++flags) {
    const bool accepted = V2Accepts(flags);
    ASSERT_EQ(lkos_stamps_check_plain(flags | kTrailer),
              accepted ? 0 : -EINVAL);
    ASSERT_EQ(lkos_stamps_check_plain(flags | kStream),
              accepted && flags & kTxHardware ? 0 : -EINVAL);
  }
}

// ---- What the kernel is asked

struct Form {
  const char* name;
  lkos_stamps_form form;
  uint32_t more;  // flags
};

const Form kForms[] = {
    {"plain", LKOS_STAMPS_PLAIN, kTrailer},
    {"stream", LKOS_STAMPS_PLAIN, kStream},
    {"v1", LKOS_STAMPS_V1, 0},
    {"v2", LKOS_STAMPS_V2, 0},
};

lkos_stamps_request Request(lkos_stamps_form form, uint32_t flags,
                            bool receives = true, bool sends = true,
                            bool only_in_sync = false) {
  return {form, flags, receives, sends, only_in_sync};
}

TEST(Kernel, IsAskedForNothingThatItOrTheStubWouldRefuse) {
  for (const Form& form : kForms) {
    for (uint32_t flags = 0; flags < kEverySet; ++flags) {
      if (form.form == LKOS_STAMPS_V1 ? lkos_stamps_check_v1(flags) != 0
                                      : !V2Accepts(flags)) {
        continue;
      }
      for (const bool tcp : {false, true}) {
        const auto request = Request(form.form, flags | form.more);
        const uint32_t held = lkos_stamps_to_kernel(&request, tcp);
        ASSERT_EQ(held & ~(kEverySet - 1), 0u) << form.name << flags;
        ASSERT_EQ(held & (kStats | kSwHw | kBindPhc | kTxSoftware | kSched),
                  0u);
        ASSERT_TRUE((held & kIdTcp) == 0 || (held & kId) != 0);
        ASSERT_EQ((held & kAck) != 0,
                  tcp && form.more == kStream && (flags & kTxHardware) != 0);
      }
    }
  }
}

TEST(Kernel, IsAskedForStampsOfTheDirectionsThatAreWanted) {
  for (uint32_t flags = 0; flags < kEverySet; ++flags) {
    const auto v2 = Request(LKOS_STAMPS_V2, flags);
    const uint32_t held = lkos_stamps_to_kernel(&v2, true);
    const bool receives = flags & (kRxHardware | kRxSoftware);
    ASSERT_EQ((held & kRxHardware) != 0, receives) << flags;
    ASSERT_EQ((held & kTxHardware) != 0, (flags & kTxHardware) != 0) << flags;
    ASSERT_EQ(held & (kId | kCmsg | kTsOnly | kPktinfo | kIdTcp),
              flags & (kId | kCmsg | kTsOnly | kPktinfo | kIdTcp));
    const auto off = Request(LKOS_STAMPS_V2, flags, true, false);
    ASSERT_EQ(lkos_stamps_to_kernel(&off, true) & kTxHardware, 0u);
  }
}

TEST(Kernel, NumbersForOurSakeWhatV1AndStreamsOfTcpSend) {
  auto numbers = [](lkos_stamps_form form, uint32_t flags, bool tcp,
                    bool sends = true) {
    const auto request = Request(form, flags, true, sends);
    const bool by_us = lkos_stamps_are_numbered_by_us(&request, tcp);
    EXPECT_EQ((lkos_stamps_to_kernel(&request, tcp) & kId) != 0, by_us);
    return by_us;
  };
  EXPECT_TRUE(numbers(LKOS_STAMPS_V1, LKOS_STAMP_TX_NIC, true));
  EXPECT_FALSE(numbers(LKOS_STAMPS_V1, LKOS_STAMP_TX_NIC, false));
  EXPECT_FALSE(numbers(LKOS_STAMPS_V1, LKOS_STAMP_TX_NIC, true, false));
  EXPECT_FALSE(numbers(LKOS_STAMPS_V1, LKOS_STAMP_RX_NIC, true));
  EXPECT_TRUE(numbers(LKOS_STAMPS_PLAIN, kTxHardware | kStream, true));
  EXPECT_FALSE(numbers(LKOS_STAMPS_PLAIN, kTxHardware | kTrailer, true));
  EXPECT_FALSE(numbers(LKOS_STAMPS_V2, kTxHardware | kRaw, true));
}

TEST(Told, AreTheFlagsAsRequestedButOfV1None) {
  for (const Form& form : kForms) {
    const auto request = Request(form.form, 5 | form.more);
    EXPECT_EQ(lkos_stamps_told(&request),
              form.form == LKOS_STAMPS_V1 ? 0 : 5 | form.more);
  }
}

// ---- Records. The expected bytes are put together here as the headers of
// Onload lay them out.

constexpr lkos_stamp kNone = {0, 0}, kAt7 = {7, 70}, kAt9 = {9, 90};
constexpr uint32_t kSet = 1, kSync = 2, kAcceptable = 0x80;

Bytes OnloadStamp(const lkos_stamp& stamp, uint32_t flags) {
  Bytes bytes = BytesOf(stamp.sec);
  for (const uint32_t word : {stamp.nsec, flags << 24}) {
    const Bytes more = BytesOf(word);
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  return bytes;
}

void Append(Bytes* to, const Bytes& bytes) {
  to->insert(to->end(), bytes.begin(), bytes.end());
}

Bytes Typed(uint32_t type, const Bytes& stamp) {
  Bytes bytes = BytesOf(type);
  Append(&bytes, BytesOf(uint32_t{0}));
  Append(&bytes, stamp);
  return bytes;
}

Bytes Records(const lkos_stamps_request& request, bool sent,
              const lkos_stamp& software, const lkos_stamp& hardware,
              int* type) {
  const lkos_stamp_pair pair = {software, hardware};
  lkos_records records;
  lkos_stamps_record(&records, &request, sent, &pair);
  *type = records.type;
  return Bytes(records.bytes, records.bytes + records.size);
}

// All sets of flags, each state of the two stamps, and each option.
class EveryRecord : public testing::TestWithParam<bool> {
 protected:
  struct Case {
    uint32_t flags;
    bool receives, sends, only_in_sync;
    lkos_stamp software, hardware;
    bool is_there, in_sync, acceptable;
    uint32_t bits;  // of the stamp of a card
  };

  template <class Check>
  void ForEach(lkos_stamps_form form, uint32_t sets, const Check& check) {
    const bool sent = GetParam();
    const std::pair<lkos_stamp, lkos_stamp> states[] = {{kNone, kNone},
                                                        {kAt7, kNone},
                                                        {kAt7, kAt7},
                                                        {kAt7, kAt9},
                                                        {kNone, kAt9}};
    for (uint32_t flags = 0; flags < sets; ++flags) {
      for (int options = 0; options < 8; ++options) {
        for (const auto& [software, hardware] : states) {
          Case one = {flags,
                      (options & 1) != 0,
                      (options & 2) != 0,
                      (options & 4) != 0,
                      software,
                      hardware,
                      hardware.sec != 0,
                      software.sec == 0 || software.sec == hardware.sec,
                      true,
                      0};
          if (!sent && !one.receives) {
            one.hardware = kNone;
            one.is_there = false;
          }
          one.acceptable = !one.only_in_sync || one.in_sync;
          one.bits = one.is_there ? kSet | (one.in_sync ? kSync : 0) |
                                        (one.acceptable ? kAcceptable : 0)
                                  : 0;
          int type = -1;
          const Bytes seen = Records(
              Request(form, flags, one.receives, one.sends, one.only_in_sync),
              sent, software, hardware, &type);
          check(one, type, seen);
          if (HasFailure()) return;
        }
      }
    }
  }
};

TEST_P(EveryRecord, OfV1) {
  const bool sent = GetParam();
  ForEach(LKOS_STAMPS_V1, 8, [&](const Case& one, int type, const Bytes& seen) {
    Bytes expected;
    if (sent ? one.flags & 1 && one.sends : one.flags & 2) {
      Append(&expected, OnloadStamp(one.hardware, one.bits));
    }
    if (!sent && one.flags & 4) Append(&expected, Bytes(16));
    ASSERT_EQ(seen, expected) << one.flags;
    ASSERT_EQ(type, expected.empty() ? 0 : 37) << one.flags;
  });
}

TEST_P(EveryRecord, OfV2) {
  const bool sent = GetParam();
  ForEach(LKOS_STAMPS_V2, 128,
          [&](const Case& one, int type, const Bytes& seen) {
            const bool told = sent ? one.flags & kTxHardware && one.sends
                                   : one.flags & (kRxHardware | kRxSoftware);
            const uint32_t direction = sent ? kTxHardware : kRxHardware;
            const Bytes stamp = OnloadStamp(one.hardware, one.bits);
            Bytes expected;
            if (told && !sent && one.flags & kSoftware && one.software.sec) {
              Append(&expected, Typed(0x18, OnloadStamp(one.software, 0)));
            }
            if (told && one.flags & kSystem && one.is_there && one.acceptable) {
              Append(&expected, Typed(direction | kSystem, stamp));
            }
            if (told && one.flags & kRaw && (one.is_there || sent)) {
              Append(&expected, Typed(direction | kRaw, stamp));
            }
            ASSERT_EQ(seen, expected) << one.flags;
            ASSERT_EQ(type, told ? 0xF5300 : 0) << one.flags;
          });
}

TEST_P(EveryRecord, OfThePlainForm) {
  const bool sent = GetParam();
  ForEach(LKOS_STAMPS_PLAIN, 128,
          [&](const Case& one, int type, const Bytes& seen) {
            const bool told =
                (sent ? one.flags & kTxHardware && one.sends
                      : one.flags & (kRxHardware | kRxSoftware)) &&
                one.flags & (kSoftware | kSystem | kRaw);
            Bytes expected;
            const lkos_stamp slots[] = {
                !sent && one.flags & kSoftware ? one.software : kNone,
                one.flags & kSystem && one.acceptable ? one.hardware : kNone,
                one.flags & kRaw ? one.hardware : kNone};
            for (size_t i = 0; told && i < 3; ++i) {
              Append(&expected, BytesOf(static_cast<long>(slots[i].sec)));
              Append(&expected, BytesOf(static_cast<long>(slots[i].nsec)));
            }
            ASSERT_EQ(seen, expected) << one.flags;
            ASSERT_EQ(type, told ? 37 : 0) << one.flags;
          });
}

INSTANTIATE_TEST_SUITE_P(, EveryRecord, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& sent) {
                           return sent.param ? "Sent" : "Received";
                         });

// ---- What a message shows, in rooms of every size

constexpr int kTimeOld = 29, kTimeNsOld = 35, kTimeNew = 63, kTimeNsNew = 64;

ControlMessage TimeMessage(int type, int64_t sec, int64_t part) {
  ControlMessage message{SOL_SOCKET, type, {}};
  if (type == kTimeNsNew || type == kTimeNew || sizeof(long) == 8) {
    message.data = BytesOf(std::array<int64_t, 2>{sec, part});
  } else {
    message.data = BytesOf(
        std::array<long, 2>{static_cast<long>(sec), static_cast<long>(part)});
  }
  return message;
}

ControlMessage StampsAt(int type, const lkos_stamp& software,
                        const lkos_stamp& hardware) {
  ControlMessage message{SOL_SOCKET, type, {}};
  for (const lkos_stamp& stamp : {software, kNone, hardware}) {
    for (const uint64_t part : {stamp.sec, uint64_t{stamp.nsec}}) {
      Append(&message.data, type == kStampsNew || sizeof(long) == 8
                                ? BytesOf(part)
                                : BytesOf(static_cast<long>(part)));
    }
  }
  return message;
}

const ControlMessage kPktinfoMessage = {SOL_SOCKET, 58, Bytes(16, 3)};
const ControlMessage kOther = {SOL_IP, IP_TTL, Bytes(4, 9)};

ControlMessage Sent(uint32_t info, uint32_t number) {
  ControlMessage message = StampReport(info);
  memcpy(message.data.data() + offsetof(sock_extended_err, ee_data), &number,
         sizeof(number));
  return message;
}

// Shows `got` in a room of each size, and compares with `expected` as the
// kernel would have written it there.
void ExpectShown(const lkos_stamps_view& view, int flags,
                 const std::vector<ControlMessage>& got,
                 const std::vector<ControlMessage>& expected) {
  for (size_t size = 0; size <= RoomFor(expected) + 20; ++size) {
    Bytes kernel(RoomFor(got)), seen(size + 1, 0x5a), wanted(size + 1, 0x5a);
    bool cut = false;
    PutMessages(got, kernel.data(), kernel.size(), &cut);
    ASSERT_FALSE(cut);
    const size_t used = PutMessages(expected, wanted.data() + 1, size, &cut);
    msghdr from{}, to{};
    from.msg_control = kernel.data();
    from.msg_controllen = kernel.size();
    from.msg_flags = flags;
    to.msg_control = seen.data() + 1;  // it need not be aligned
    to.msg_controllen = size;
    lkos_stamps_show(&from, &to, &view);
    ASSERT_EQ(to.msg_controllen, used) << size;
    ASSERT_EQ(to.msg_flags, flags | (cut ? MSG_CTRUNC : 0)) << size;
    ASSERT_EQ(seen, wanted) << size;
  }
}

lkos_stamps_view View(const lkos_stamps_request& request) {
  return {request, {false, false, false}, {false, false}, true, 0};
}

ControlMessage RecordMessage(const lkos_stamps_request& request, bool sent,
                             const lkos_stamp& software,
                             const lkos_stamp& hardware) {
  ControlMessage message{SOL_SOCKET, 0, {}};
  message.data = Records(request, sent, software, hardware, &message.type);
  return message;
}

TEST(Shown, RecordsTakeThePlaceOfTheKernelsStamps) {
  for (const Form& form : kForms) {
    const uint32_t flags =
        form.form == LKOS_STAMPS_V1
            ? 0x2007
            : kRxHardware | kSoftware | kSystem | kRaw | form.more;
    const auto request = Request(form.form, flags);
    const ControlMessage record = RecordMessage(request, false, kAt7, kAt9);
    for (const int type : {kStampsOld, kStampsNew}) {
      const ControlMessage stamps = StampsAt(type, kAt7, kAt9);
      ExpectShown(View(request), 0, {stamps}, {record});
      ExpectShown(View(request), MSG_TRUNC, {stamps, kOther}, {record, kOther});
      // of a card's stamp the kernel tells the interface, before the stamp
      ExpectShown(View(request), 0, {kPktinfoMessage, stamps, kOther},
                  {record, kPktinfoMessage, kOther});
    }
  }
}

TEST(Shown, AMessageWithoutStampsSaysThatThereAreNone) {
  const auto v1 = Request(LKOS_STAMPS_V1, LKOS_STAMP_RX_NIC);
  const auto v2 = Request(LKOS_STAMPS_V2, kRxHardware | kRaw);
  for (const auto& request : {v1, v2}) {
    const ControlMessage record = RecordMessage(request, false, kNone, kNone);
    ExpectShown(View(request), 0, {}, {record});
    ExpectShown(View(request), 0, {kOther}, {record, kOther});
  }
}

TEST(Shown, TheEndOfAStreamHasNoStamp) {
  lkos_stamps_view view = View(Request(LKOS_STAMPS_V1, LKOS_STAMP_RX_NIC));
  view.carries = false;
  ExpectShown(view, 0, {}, {});
}

TEST(Shown, WhoAsksForSendsOnlySeesNoStampsOfWhatArrives) {
  for (const auto& request : {Request(LKOS_STAMPS_V1, LKOS_STAMP_TX_NIC),
                              Request(LKOS_STAMPS_V2, kTxHardware | kRaw)}) {
    ExpectShown(View(request), 0, {StampsAt(kStampsOld, kAt7, kNone), kOther},
                {kOther});
  }
}

TEST(Shown, AReportHasItsRecordsFirst) {
  const auto v2 = Request(LKOS_STAMPS_V2, kTxHardware | kRaw | kSystem | kId);
  const auto v1 = Request(LKOS_STAMPS_V1, LKOS_STAMP_TX_NIC);
  const ControlMessage stamps = StampsAt(kStampsOld, kNone, kAt9);
  ExpectShown(View(v2), MSG_ERRQUEUE, {stamps, Sent(SCM_TSTAMP_SND, 5)},
              {RecordMessage(v2, true, kNone, kAt9), Sent(SCM_TSTAMP_SND, 5)});
  // v1 has no numbers; those that there are, are ours
  ExpectShown(View(v1), MSG_ERRQUEUE, {stamps, Sent(SCM_TSTAMP_SND, 5)},
              {RecordMessage(v1, true, kNone, kAt9), Sent(SCM_TSTAMP_SND, 0)});
}

TEST(Shown, AnErrorOfTheNetworkIsShownWithoutStamps) {
  const ControlMessage error =
      Report(SOL_IP, IP_RECVERR, ECONNREFUSED, SO_EE_ORIGIN_ICMP, 0);
  for (const auto& request :
       {Request(LKOS_STAMPS_V1, LKOS_STAMP_TX_NIC | LKOS_STAMP_RX_NIC),
        Request(LKOS_STAMPS_V2, kTxHardware | kRxHardware | kRaw)}) {
    ExpectShown(View(request), MSG_ERRQUEUE,
                {StampsAt(kStampsOld, kAt7, kNone), error}, {error});
  }
}

// ---- SO_TIMESTAMPNS, where it is on for our sake

lkos_stamps_view OwnTime(bool asked, bool micro) {
  return {Request(LKOS_STAMPS_OF_KERNEL, 0),
          {true, asked, micro},
          {false, false},
          true,
          0};
}

TEST(OwnTime, IsNotShownUnlessAsked) {
  const ControlMessage stamps = StampsAt(kStampsOld, kAt7, kAt9);
  for (const int type : {kTimeNsOld, kTimeNsNew}) {
    const ControlMessage time = TimeMessage(type, 7, 70123);
    ExpectShown(OwnTime(false, false), 0, {time}, {});
    ExpectShown(OwnTime(false, false), MSG_TRUNC, {time, stamps, kOther},
                {stamps, kOther});
    ExpectShown(OwnTime(true, false), 0, {time, stamps, kOther},
                {time, stamps, kOther});
    ExpectShown(OwnTime(true, true), 0, {time, stamps, kOther},
                {TimeMessage(type == kTimeNsOld ? kTimeOld : kTimeNew, 7, 70),
                 stamps, kOther});
  }
}

TEST(OwnTime, TakesBackWhatTheKernelMakesUpForAReport) {
  const ControlMessage time = TimeMessage(kTimeNsOld, 7, 70123);
  const ControlMessage both = StampsAt(kStampsOld, kAt7, kAt9),
                       card = StampsAt(kStampsOld, kNone, kAt9),
                       software = StampsAt(kStampsOld, kAt7, kNone),
                       sent = Sent(SCM_TSTAMP_SND, 1),
                       acknowledged = Sent(SCM_TSTAMP_ACK, 1);
  const auto hidden = OwnTime(false, false), asked = OwnTime(true, false);
  ExpectShown(hidden, MSG_ERRQUEUE, {time, both, sent}, {card, sent});
  ExpectShown(asked, MSG_ERRQUEUE, {time, both, sent}, {time, both, sent});
  ExpectShown(hidden, MSG_ERRQUEUE, {time, software, sent}, {software, sent});
  ExpectShown(hidden, MSG_ERRQUEUE, {time, both, acknowledged},
              {both, acknowledged});
  ExpectShown(hidden, 0, {time, both}, {both});
}

// What sk_getsockopt() of linux net/core/sock.c says of two flags of a socket,
// time or none and in nanoseconds or not, and of the form.
int KernelTells(int option, bool on, bool nano, bool newer) {
  switch (option) {
    case kTimeOld:
      return on && !newer && !nano;
    case kTimeNsOld:
      return nano && !newer;
    case kTimeNew:
      return on && newer;
    default:
      return nano && newer;
  }
}

TEST(OwnTime, LeavesTheOptionsAsTheKernelWouldTellThem) {
  for (const int option : {kTimeOld, kTimeNsOld, kTimeNew, kTimeNsNew}) {
    for (const bool newer : {false, true}) {
      for (const bool asked : {false, true}) {
        for (const bool micro : {false, true}) {
          const lkos_own_time time = {true, asked, micro};
          EXPECT_EQ(lkos_time_option_told(&time, option, newer),
                    KernelTells(option, asked, asked && !micro, newer))
              << option << newer << asked << micro;
        }
      }
    }
  }
}

TEST(OwnTime, KeepsNanosecondsInTheFormThatIsSet) {
  EXPECT_EQ(lkos_time_option_of_ours(kTimeOld), kTimeNsOld);
  EXPECT_EQ(lkos_time_option_of_ours(kTimeNsOld), kTimeNsOld);
  EXPECT_EQ(lkos_time_option_of_ours(kTimeNew), kTimeNsNew);
  EXPECT_EQ(lkos_time_option_of_ours(kTimeNsNew), kTimeNsNew);
  for (const int option : {kTimeOld, kTimeNsOld, kTimeNew, kTimeNsNew}) {
    EXPECT_TRUE(lkos_is_time_option(option));
    EXPECT_EQ(lkos_time_option_is_micro(option),
              option == kTimeOld || option == kTimeNew);
  }
  EXPECT_FALSE(lkos_is_time_option(SO_REUSEADDR));
}

// ---- OPT_PKTINFO, of a datagram that no card has stamped

ControlMessage InterfaceMessage(uint32_t interface, uint32_t length) {
  return {SOL_SOCKET, 58,
          BytesOf(std::array<uint32_t, 4>{interface, length, 0, 0})};
}

ControlMessage Pktinfo4(int interface) {
  in_pktinfo info{};
  info.ipi_ifindex = interface;
  return {SOL_IP, IP_PKTINFO, BytesOf(info)};
}

ControlMessage Pktinfo6(unsigned interface, bool mapped) {
  in6_pktinfo info{};
  info.ipi6_ifindex = interface;
  if (mapped) info.ipi6_addr.s6_addr[10] = info.ipi6_addr.s6_addr[11] = 0xff;
  return {SOL_IPV6, IPV6_PKTINFO, BytesOf(info)};
}

TEST(Interface, IsToldBehindTheStampsWithTheLengthOfTheFrame) {
  const ControlMessage stamps = StampsAt(kStampsOld, kAt7, kAt9);
  const auto request = Request(LKOS_STAMPS_V1, 2 | kPktinfo);
  const ControlMessage record = RecordMessage(request, false, kAt7, kAt9);
  lkos_stamps_view view = View(request);
  view.length = 100;
  for (const bool asked : {false, true}) {
    view.pktinfo = {true, asked};
    for (const auto& [info, length] : {std::make_pair(Pktinfo4(3), 142u),
                                       {Pktinfo6(3, false), 162u},
                                       {Pktinfo6(3, true), 142u}}) {
      std::vector<ControlMessage> expected = {record,
                                              InterfaceMessage(3, length)};
      if (asked) expected.push_back(info);
      expected.push_back(kOther);
      ExpectShown(view, 0, {stamps, info, kOther}, expected);
    }
  }
  // queued before the option was on
  ExpectShown(view, 0, {stamps, Pktinfo4(0)}, {record, Pktinfo4(0)});
}

TEST(Interface, OfACardsStampIsTheKernels) {
  const auto request = Request(LKOS_STAMPS_V1, 2 | kPktinfo);
  lkos_stamps_view view = View(request);
  view.pktinfo = {true, false};
  ExpectShown(view, 0,
              {kPktinfoMessage, StampsAt(kStampsOld, kAt7, kAt9), Pktinfo4(3)},
              {RecordMessage(request, false, kAt7, kAt9), kPktinfoMessage});
}

TEST(Interface, IsNotToldWhereItIsNotWanted) {
  for (const uint32_t flags : {2u, 1u | kPktinfo}) {
    const auto request = Request(LKOS_STAMPS_V1, flags);
    lkos_stamps_view view = View(request);
    view.pktinfo = {true, false};
    ExpectShown(view, MSG_ERRQUEUE, {Pktinfo4(3), kOther}, {kOther});
    EXPECT_FALSE(lkos_stamps_want_pktinfo(&request));
  }
  const auto of_kernel = Request(LKOS_STAMPS_OF_KERNEL, kRxHardware | kPktinfo);
  EXPECT_FALSE(lkos_stamps_want_pktinfo(&of_kernel));
}

// ---- Reports of sends

TEST(Report, SaysWhatWasSentOrAcknowledgedAndItsNumber) {
  const ControlMessage software = StampsAt(kStampsOld, kAt7, kNone),
                       both = StampsAt(kStampsNew, kAt7, kAt9);
  const auto report = [](const std::vector<ControlMessage>& messages) {
    Bytes control(RoomFor(messages));
    bool cut;
    msghdr msg{};
    msg.msg_control = control.data();
    msg.msg_controllen =
        PutMessages(messages, control.data(), control.size(), &cut);
    lkos_sent_report found;
    lkos_sent_report_of(&msg, &found);
    return found;
  };
  const auto sent = report({both, Sent(SCM_TSTAMP_SND, 77)});
  EXPECT_EQ(sent.what, LKOS_SENT_STAMP);
  EXPECT_EQ(sent.number, 77u);
  EXPECT_EQ(sent.stamp.sec, kAt9.sec);
  EXPECT_EQ(sent.stamp.nsec, kAt9.nsec);
  const auto acknowledged = report({software, Sent(SCM_TSTAMP_ACK, 78)});
  EXPECT_EQ(acknowledged.what, LKOS_SENT_ACK);
  EXPECT_EQ(acknowledged.number, 78u);
  EXPECT_EQ(acknowledged.stamp.sec, kAt7.sec);
  EXPECT_EQ(report({Sent(SCM_TSTAMP_SCHED, 1)}).what, LKOS_SENT_NOTHING);
  EXPECT_EQ(report({software}).what, LKOS_SENT_NOTHING);
  EXPECT_EQ(report({Report(SOL_IP, IP_RECVERR, ECONNREFUSED, SO_EE_ORIGIN_ICMP,
                           SCM_TSTAMP_SND)})
                .what,
            LKOS_SENT_NOTHING);
}

}  // namespace
