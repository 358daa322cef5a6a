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

}  // namespace
}  // namespace lkos
