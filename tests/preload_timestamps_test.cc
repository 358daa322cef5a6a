// SPDX-License-Identifier: GPL-2.0-only
// Timestamps, as an application sees them on a machine whose card makes none.
#include <regex>
#include <string>
#include <tuple>

#include "gtest/gtest.h"
#include "tests/harness/run.h"
#include "tests/harness/stamps_test.h"

namespace lkos {
namespace {

using testing::Combine;
using testing::Values;

const auto kFamilies = testing::ValuesIn(kInet);

class Stamps : public StampsTest {};

TEST_P(Stamps, AreReceived) { ExpectAsSoftware("receive"); }

TEST_P(Stamps, AreTurnedOnAndOff) { ExpectAsSoftware("turned"); }

TEST_P(Stamps, AreCutAsTheKernelCutsWhatIsReceived) {
  ExpectAsSoftware("control_rooms", {"received"});
}

TEST_P(Stamps, AreCutAsTheKernelCutsReports) {
  ExpectAsSoftware("control_rooms", {"sent"});
}

TEST_P(Stamps, AreReportedOncePerSend) { ExpectAsSoftware("transmit"); }

TEST_P(Stamps, OfACallHaveTheFormOfTheSocket) {
  ExpectAsSoftware("per_call_form");
}

TEST_P(Stamps, AreAskedPerCall) { ExpectAsSoftware("per_call"); }

TEST_P(Stamps, AreNotInReportsReadAfterTurningThemOff) {
  ExpectAsSoftware("turned_off_unread");
}

TEST_P(Stamps, AreWaitedFor) { ExpectAsSoftware("readiness"); }

TEST_P(Stamps, StayAsTheyWereWhenMoreIsRefused) { ExpectAsSoftware("refused"); }

TEST_P(Stamps, StayAsTheyWereWhenWhatOnloadTakesIsRefused) {
  ExpectAsSoftware("refused_by_kernel_alone");
}

TEST_P(Stamps, CostNoSystemCall) { ExpectAsSoftware("syscalls"); }

INSTANTIATE_TEST_SUITE_P(, Stamps,
                         Combine(kFamilies,
                                 Values(kSoftware, kHardware, kBoth, kAll)),
                         ParamName());

// No stamps at all, and those that only one direction has.
class OtherStamps : public StampsTest {};

TEST_P(OtherStamps, CostNoSystemCall) { ExpectAsSoftware("syscalls"); }

INSTANTIATE_TEST_SUITE_P(, OtherStamps,
                         Combine(kFamilies,
                                 Values(Asked{"none", "", ""},
                                        Asked{"rx_hardware", "", ""},
                                        Asked{"tx_hardware", "", ""})),
                         ParamName());

// The call that receives without copying brings stamps, too.
class StreamStamps : public StampsTest {};

TEST_P(StreamStamps, ComeWithoutCopying) { ExpectAsSoftware("zerocopy"); }

INSTANTIATE_TEST_SUITE_P(, StreamStamps,
                         Combine(testing::ValuesIn<std::string>({"tcp4",
                                                                 "tcp6"}),
                                 Values(kSoftware, kHardware, kBoth, kAll)),
                         ParamName());

TEST(StreamStampsNobodyAsked, DoNotComeWithoutCopying) {
  const std::string none =
      Facts(With::kNothing, {"zerocopy_unasked", "tcp4", "none"});
  ExpectFacts({"zerocopy_unasked", "tcp4", "tx_hardware"}, none);
}

// A message may ask for a hardware stamp of its own, on a socket that reports
// them: there the library looks whether it can be read.
TEST(MessagesThatAreSent, CostOneLookWhereHardwareStampsAreReported) {
  for (const char* family : {"udp4", "udp6", "tcp4", "tcp6"}) {
    for (const char* set : {"none", "software"}) {
      ExpectFacts({"syscalls_of_messages", family, set},
                  "sendmsg=1\nsendmmsg=1\n");
    }
    for (const char* set : {"hardware", "both", "all", "rx_hardware"}) {
      ExpectFacts({"syscalls_of_messages", family, set},
                  "sendmsg=2\nsendmmsg=2\n");
    }
  }
}

// With such a request: one look at each page of the array and of control data,
// one to see whether lengths can be written, and a send for each 8 messages,
// which is how many copies fit a small stack.
TEST(MessagesThatAreSent, CostOneLookAtEachPageThatRequestsAreIn) {
  for (const char* family : {"udp4", "udp6"}) {
    ExpectFacts({"syscalls_of_requests", family, "hardware"},
                "sendmsg in one page=2\n"
                "sendmsg=3\n"
                "sendmmsg of 1=4\n"
                "sendmmsg of 8=4\n"
                "sendmmsg of 9=5\n"
                "sendmmsg of 64=11\n"
                "sendmmsg of 8 on pages of their own=11\n"
                "sendmmsg of 8 on such pages, the last with a request=11\n");
    ExpectFacts({"syscalls_of_requests", family, "software"},
                "sendmsg in one page=1\n"
                "sendmsg=1\n"
                "sendmmsg of 1=1\n"
                "sendmmsg of 8=1\n"
                "sendmmsg of 9=1\n"
                "sendmmsg of 64=1\n"
                "sendmmsg of 8 on pages of their own=1\n"
                "sendmmsg of 8 on such pages, the last with a request=1\n");
  }
}

class DatagramStamps : public StampsTest {};

TEST_P(DatagramStamps, AreNotMadeForIcmpErrors) {
  ExpectAsSoftware("icmp_error");
}

INSTANTIATE_TEST_SUITE_P(, DatagramStamps,
                         Combine(testing::ValuesIn<std::string>({"udp4",
                                                                 "udp6"}),
                                 Values(kSoftware, kHardware, kBoth, kAll)),
                         ParamName());

// Sets that are not the same in both directions, and the measure itself: what
// is received, and the report of a plain send, with the library and without.
struct Row {
  const char *set, *received, *sent, *bare_received, *bare_sent;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.set; }

const Row kRows[] = {
    {"none", "none", "none", "none", "none"},
    {"hardware", "--T", "--T", "none", "none"},
    {"software", "T--", "T--", "T--", "T--"},
    {"both", "T-T", "--T", "T--", "T--"},
    {"all", "T-T", "--T", "T--", "T--"},
    {"rx_hardware", "--T", "none", "none", "none"},
    {"tx_hardware", "none", "--T", "none", "none"},
    {"rx_onload", "T-T", "none", "T--", "none"},
    {"tx_raw_rx_soft", "T--", "--T", "T--", "none"},
    {"rx_raw_tx_soft", "T-T", "T--", "T--", "T--"},
    {"unreported", "none", "none", "none", "none"},
};

std::string FirstWord(const std::string& facts, const std::string& key) {
  const size_t at = facts.find(key + "=");
  if (at == std::string::npos) return "no such fact";
  const size_t from = at + key.size() + 1;
  return facts.substr(from, facts.find_first_of(" \n", from) - from);
}

class Slots : public testing::TestWithParam<std::tuple<std::string, Row>> {
 protected:
  void Expect(With with, const char* received, const char* sent) {
    const auto& [family, row] = GetParam();
    EXPECT_EQ(
        FirstWord(Facts(with, {"receive", family, row.set}), "old.4.recvmsg"),
        received);
    EXPECT_EQ(FirstWord(Facts(with, {"transmit", family, row.set}),
                        "plain.old.recvmsg"),
              sent);
  }
};

TEST_P(Slots, AreFilledAsTheRowSays) {
  const Row& row = std::get<1>(GetParam());
  Expect(With::kNothing, row.bare_received, row.bare_sent);
  Expect(With::kLibrary, row.received, row.sent);
  Expect(With::kLibraryEarly, row.received, row.sent);
}

INSTANTIATE_TEST_SUITE_P(, Slots, Combine(kFamilies, testing::ValuesIn(kRows)),
                         ParamName());

}  // namespace
}  // namespace lkos
