// SPDX-License-Identifier: GPL-2.0-only
// Programs switch a card's stamping on before they use it, and end where that
// fails. On a device that cannot stamp they are answered as by a card.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

using Words = std::vector<std::string>;

void Expect(const Words& words, const std::string& expected) {
  const std::string bare = Facts(With::kNothing, words);
  if (IsNotRun(bare)) GTEST_SKIP() << bare;
  ExpectFacts(words, expected);
}

TEST(Devices, CannotStampWithoutTheLibrary) {
  const std::string bare = Facts(With::kNothing, {"numbers"});
  if (IsNotRun(bare)) GTEST_SKIP() << bare;
  EXPECT_NE(bare.find("upper half: set=-1 EOPNOTSUPP\n"), std::string::npos)
      << bare;
}

TEST(Devices, AreSetUpAndReadBack) {
  Expect({"set_up"},
         "before: get=0 0/0/0\n"
         "all: set=0 0/1/1\n"
         "all: get=0 0/1/1\n"
         "ptp: set=0 0/2/12\n"
         "ptp: get=0 0/2/12\n"
         "by an alias: get=0 0/2/12\n"
         "by another socket: get=0 0/2/12\n"
         "off: set=0 0/0/0\n"
         "off: get=0 0/0/0\n");
}

TEST(Devices, AreKnownToForkedChildren) {
  Expect({"shared"},
         "parent: set=0 0/1/1\n"
         "child: get=0 0/1/1\n"
         "child: set=0 0/0/0\n"
         "child, later: get=0 0/0/0\n"
         "parent, later: get=0 0/1/1\n");
}

TEST(Devices, AreToldApartByNetwork) {
  Expect({"networks"},
         "in the first one: set=0 0/1/1\n"
         "in another network: get=0 0/0/0\n"
         "in the first one: get=0 0/1/1\n");
}

TEST(Devices, AreRefusedAsTheKernelRefusesThem) { ExpectSame({"refused"}); }

TEST(Devices, AreAnsweredInMemoryThatCanBeWritten) {
  Expect({"bad_memory"},
         "nowhere: get=-1 EFAULT\n"
         "unmapped: get=-1 EFAULT\n"
         "read only: get=-1 EFAULT\n"
         "read only: set=-1 EFAULT\n"
         "after that: get=0 0/1/1\n"
         "begins well: get=-1 EFAULT\n"
         "ends well: get=0\n"
         "misaligned: get=0\n"
         "misaligned=0/1/1\n");
}

TEST(Devices, TakeTheRightToSetThemUp) {
  Expect({"without_rights"},
         "without rights: set=-1 EPERM 0/1/1\n"
         "without rights: get=0 0/0/0\n");
}

TEST(Devices, AreAskedByTheLowerHalfOfTheNumber) {
  std::string expected = Facts(With::kNothing, {"numbers"});
  if (IsNotRun(expected)) GTEST_SKIP() << expected;
  const std::string refused = "-1 EOPNOTSUPP";
  expected.replace(expected.find(refused), refused.size(), "0");
  ExpectFacts({"numbers"}, expected);
}

TEST(Devices, SayThatTheyCannotStamp) {
  std::string expected = Facts(With::kNothing, {"capabilities"});
  if (IsNotRun(expected)) GTEST_SKIP() << expected;
  const std::string refused = "-1 EOPNOTSUPP";
  expected.replace(expected.find(refused), refused.size(), "0");
  ExpectFacts({"capabilities"}, expected);
}

}  // namespace
}  // namespace lkos
