// SPDX-License-Identifier: GPL-2.0-only
// 600 messages over 100 connections, all of them queued before the first is
// received: with the tap each is received by itself, and in the order in which
// they were sent.
#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

const char kRounds[] = "20";

// In a process that has the capability.
void ExpectAllRight(const std::vector<std::string>& words) {
  if (geteuid() != 0) GTEST_SKIP() << "not run: needs root";
  const Ran ran = RunCommand(Scenario(With::kLibrary, words));
  EXPECT_EQ(ran.out, "right=" + std::string(kRounds) + "\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.status, 0);
}

class Queued : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Packets, Queued, testing::Values("tcp4", "tcp6"));

TEST_P(Queued, AreReceivedOneByOneWithTheFlag) {
  ExpectAllRight({"one_by_one", GetParam(), "recv", kRounds});
  ExpectAllRight({"one_by_one", GetParam(), "recvmsg", kRounds});
}

TEST_P(Queued, AreOneCallbackEach) {
  ExpectAllRight({"one_by_one", GetParam(), "zero_copy", kRounds});
}

TEST_P(Queued, AreToldInTheOrderOfTheWire) {
  ExpectAllRight({"in_order", GetParam(), kRounds});
}

// As a process without the capability finds it.
TEST_P(Queued, AreNotToldApartWithoutTheTap) {
  for (const std::string way : {"recv", "zero_copy"}) {
    Command command =
        Scenario(With::kLibrary, {"one_by_one", GetParam(), way, "1"});
    command.environment.push_back({"LKOS_TAP", "0"});
    EXPECT_EQ(RunCommand(command).out, "right=0\n") << way;
  }
}

std::string TimesWith(const std::string& family, const char* tap,
                      const std::string& scenario = "first_times") {
  Command command = Scenario(With::kLibrary, {scenario, family});
  command.environment.push_back({"EF_RX_TIMESTAMPING", "1"});
  command.environment.push_back({"LKOS_TAP", tap});
  const Ran ran = RunCommand(command);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.status, 0);
  return ran.out;
}

// The kernel tells of the last packet that a receive touches, Onload of the
// first.
TEST_P(Queued, HaveTheTimeOfTheFirstPacketThatAReceiveTouches) {
  if (geteuid() != 0) GTEST_SKIP() << "not run: needs root";
  EXPECT_EQ(TimesWith(GetParam(), "4"),
            "peeked at 250 bytes=1\n150 bytes=1\n20 more=2\n100 more=2\n"
            "the rest=3\nwaited for=1\n");
  EXPECT_EQ(TimesWith(GetParam(), "0"),
            "peeked at 250 bytes=5\n150 bytes=5\n20 more=5\n100 more=5\n"
            "the rest=5\nwaited for=1\n");
}

TEST_P(Queued, HaveTheirOwnTimesOneByOne) {
  if (geteuid() != 0) GTEST_SKIP() << "not run: needs root";
  EXPECT_EQ(TimesWith(GetParam(), "4", "one_packet_times"),
            "peeked at=1\na part=1\nits rest=1\nnext=2\nnext=3\n"
            "without the flag=4\nrest of the last=5\n");
}

// SO_PEEK_OFF: the first packet is the one in which the peek begins.
TEST_P(Queued, ArePeekedAtFromAnOffset) {
  if (geteuid() != 0) GTEST_SKIP() << "not run: needs root";
  const std::string told = TimesWith(GetParam(), "4", "from_an_offset");
  if (told.compare(0, 7, "not run") == 0) GTEST_SKIP() << told;
  EXPECT_EQ(told, "time=2\nbytes=50\nbytes=100\nwaited for=1\noffset=4\n");
}

}  // namespace
}  // namespace lkos
