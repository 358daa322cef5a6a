// SPDX-License-Identifier: GPL-2.0-only
// What a socket was asked for stays with the socket: through any descriptor,
// thread and process, and never with a number that has become another socket.
#include <linux/net_tstamp.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/run.h"
#include "tests/harness/stamps_test.h"

namespace lkos {
namespace {

using testing::Combine;
using testing::Values;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif

const auto kFamilies = testing::ValuesIn(kInet);
const auto kTcp = testing::ValuesIn<std::string>({"tcp4", "tcp6"});

// ---- reading back

class ReadBack : public testing::TestWithParam<std::string> {};

TEST_P(ReadBack, IsExactForEachSetInEachWay) {
  const std::string facts = Facts(With::kNothing, {"readback", GetParam()});
  std::cout << facts;  // how many sets it tried
  EXPECT_EQ(facts.find("last wrong"), std::string::npos)
      << "the scenario is wrong";
  ExpectFacts({"readback", GetParam()}, facts);
}

TEST_P(ReadBack, IsTheKernelsInEachFormOfTheOption) {
  for (const char* set : {"software", "hardware", "both", "all", "rx_onload"}) {
    ExpectSame({"readback_forms", GetParam(), set});
  }
}

// The rule, said once more: where a direction's hardware record and
// RAW_HARDWARE are asked, its software record and SOFTWARE are asked too, and
// not for both of a send's stamps if the software one is ours.
uint32_t ForTheKernel(uint32_t asked) {
  uint32_t kernel = asked;
  if (!(asked & SOF_TIMESTAMPING_RAW_HARDWARE)) return asked;
  if (asked & SOF_TIMESTAMPING_RX_HARDWARE) {
    kernel |= SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  }
  if (asked & SOF_TIMESTAMPING_TX_HARDWARE) {
    kernel |= SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    if (!(asked & SOF_TIMESTAMPING_TX_SOFTWARE)) {
      kernel &= ~static_cast<uint32_t>(SOF_TIMESTAMPING_OPT_TX_SWHW);
    }
  }
  return kernel;
}

TEST_P(ReadBack, IsOfWhatTheKernelWasToldByTheRule) {
  const std::string bare = Facts(With::kNothing, {"kernel_flags", GetParam()});
  std::istringstream lines(bare);
  std::ostringstream expected;
  char line[64];
  int sets = 0;
  for (; lines.getline(line, sizeof(line)); ++sets) {
    const auto asked = static_cast<uint32_t>(std::strtoul(line, nullptr, 0));
    expected << std::hex << "0x" << asked << "=0x" << ForTheKernel(asked)
             << "\n";
  }
  EXPECT_EQ(sets, 3 * 128);
  ExpectFacts({"kernel_flags", GetParam()}, expected.str());
}

INSTANTIATE_TEST_SUITE_P(, ReadBack, kFamilies, ParamName());

TEST(ReadBackOf, EachSetOfAllBitsIsExact) {
  ExpectSame({"readback_all_bits", "udp4"});
}

// ---- sockets that arrive with flags

class Arriving : public StampsTest {};

TEST_P(Arriving, KeepStampsOverExec) { ExpectAsSoftware("inherited"); }

TEST_P(Arriving, HaveTheStampsThatAnotherProgramAskedOnThem) {
  ExpectAsSoftware("shared");
}

TEST_P(Arriving, KeepStampsInAnotherProgram) { ExpectAsSoftware("sent_away"); }

// Also those that cannot be told from what the kernel holds.
const auto kEach = Values(
    kSoftware, kHardware, kBoth, kAll, Asked{"rx_hardware", "--T", ""},
    Asked{"rx_onload", "T-T", ""}, Asked{"tx_raw_rx_soft", "T--", "--T"});

INSTANTIATE_TEST_SUITE_P(, Arriving, Combine(kFamilies, kEach), ParamName());

// Those that can be told from what the kernel holds.
const auto kTold =
    Values(kSoftware, kHardware, kAll, Asked{"rx_hardware", "--T", ""});

// What is shown of a received message, for each set.
std::string SlotsFor(uint32_t asked) {
  const bool software = asked & SOF_TIMESTAMPING_SOFTWARE;
  const bool hardware = (asked & SOF_TIMESTAMPING_RAW_HARDWARE) &&
                        (asked & SOF_TIMESTAMPING_RX_HARDWARE);
  if (!software && !hardware) return "none";
  return std::string(software ? "T-" : "--") + (hardware ? "T" : "-");
}

TEST(ArrivingOf, EachSetIsExactInAnotherProgram) {
  std::ostringstream expected;
  expected << std::hex;
  for (const char* way : {"exec", "SCM_RIGHTS", "pidfd_getfd"}) {
    for (uint32_t swhw : {0U, 1U * SOF_TIMESTAMPING_OPT_TX_SWHW}) {
      for (uint32_t basic = 0; basic < 128; ++basic) {
        const uint32_t asked = basic | swhw;
        expected << way << " 0x" << asked << "=" << SlotsFor(asked)
                 << ", as asked\n";
      }
    }
  }
  for (const std::string& family : kInet) {
    ExpectFacts({"arriving", family}, expected.str());
  }
}

class Accepted : public StampsTest {};

TEST_P(Accepted, HasTheListenersStamps) { ExpectAsSoftware("accepted"); }

INSTANTIATE_TEST_SUITE_P(, Accepted,
                         Combine(kTcp,
                                 Values(kSoftware, kHardware, kBoth, kAll)),
                         ParamName());

class AcceptedLate : public StampsTest {};

TEST_P(AcceptedLate, HasTheStampsThatTheListenerHadWhenItCame) {
  ExpectAsSoftware("accepted_late");
}

INSTANTIATE_TEST_SUITE_P(, AcceptedLate, Combine(kTcp, kTold), ParamName());

TEST(AcceptedOf, EachSetReadsBackExactly) {
  ExpectSame({"accepted_all", "tcp4"});
  ExpectSame({"accepted_all", "tcp6"});
}

// ---- numbers that come to be other sockets

class Number : public StampsTest {
 protected:
  // The other socket's set is one that is shown in another way.
  std::string Other() const {
    return std::get<1>(GetParam()).set == std::string("software") ? "hardware"
                                                                  : "software";
  }
};

TEST_P(Number, MayBeReused) { ExpectAsSoftware("reused", {Other()}); }

TEST_P(Number, MayBeReusedAfterNoStamps) {
  ExpectAsSoftware("reused", {"none"});
}

TEST_P(Number, MayBeReusedByThreadsAtOnce) {
  ExpectAsSoftware("crossing", {Other()});
}

INSTANTIATE_TEST_SUITE_P(, Number,
                         Combine(kFamilies,
                                 Values(kSoftware, kHardware, kBoth)),
                         ParamName());

TEST(NumberOf, AVforkChildIsItsOwn) {
  ExpectFacts({"vforked", "udp4", "hardware", "software"},
              "after the child's dup2.received=--T\n"
              "after the child's dup2.asked=as asked\n");
  ExpectFacts({"vforked", "udp4", "software", "hardware"},
              "after the child's dup2.received=T--\n"
              "after the child's dup2.asked=as asked\n");
}

TEST(NumberOf, AThreadsOwnTableIsItsOwn) {
  ExpectFacts({"unshared", "udp4", "hardware", "software"},
              "theirs.received=T--\ntheirs.asked=as asked\n"
              "ours.received=--T\nours.asked=as asked\n"
              "theirs again.received=T--\ntheirs again.asked=as asked\n");
}

// Reused as a socket that asks for nothing: it is told nothing.
TEST(NumberOf, AnUnstampedSocketIsUnstamped) {
  for (const char* family : {"tcp4", "udp6"}) {
    ExpectSame({"reused", family, "none", "hardware"});
    ExpectSame({"reused", family, "none", "software"});
  }
}

TEST(Setters, ThatRaceLeaveWhatTheKernelHolds) {
  for (const char* set : {"software", "both", "none"}) {
    ExpectSame({"racing", "udp4", "hardware", set});
  }
}

// ---- time and memory

TEST(Sets, TakeAsLongHoweverManySocketsThereWere) {
  if (kSanitizer) GTEST_SKIP() << "not run: a sanitizer has work of its own";
  const Ran ran = RunCommand(Scenario(With::kLibrary, {"flat", "udp4"}));
  std::cout << ran.err;  // the figures
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "a set takes as long as before\n");
}

// SOCKETS=1000000 in the environment for as many.
TEST(Memory, IsBoundedHoweverManySocketsComeAndGo) {
  if (kSanitizer) GTEST_SKIP() << "not run: a sanitizer keeps what is freed";
  const char* count = std::getenv("SOCKETS");
  ExpectSame({"many", "tcp4", "hardware", count ? count : "100000"});
}

TEST(Memory, HoldsTheFlagsOfManySocketsAtOnce) {
  for (const char* family : {"tcp4", "udp4"}) ExpectSame({"crowd", family});
}

}  // namespace
}  // namespace lkos
