// SPDX-License-Identifier: GPL-2.0-only
// Where the library does not yet show what a card shows, and design did not
// decide so: a test for each, which fails until it does. When it passes, its
// row of kFindings (table.cc) goes; when design decides for it, it becomes a
// row of kByDesign.
#include <string>

#include "gtest/gtest.h"
#include "tests/worlds/worlds.h"

namespace lkos {
namespace {

class Exactness : public testing::TestWithParam<Finding> {};

TEST_P(Exactness, IsThatOfACard) {
  Findings finding({GetParam()});
  int count = 0;
  for (const std::string family : kFamilies) {
    for (const char* base : kBases) {
      count += ExpectAsOnACard(
          World::kLibrary, family, base,
          [&](const Fact& fact) { return finding.Have(family, fact); });
      if (HasFailure()) return;  // one example is enough
    }
  }
  EXPECT_GT(count, 0) << "the finding has no facts";
}

INSTANTIATE_TEST_SUITE_P(, Exactness, testing::ValuesIn(kFindings),
                         [](const testing::TestParamInfo<Finding>& finding) {
                           return std::string(finding.param.name);
                         });

// Each of the kernel's two reports would be one of its own on a card. Then the
// kernel must not hold OPT_TX_SWHW while TX_SOFTWARE is asked per call for our
// sake.
TEST(PerCall, GivesOneReportOnACardThatStamps) {
  const auto& facts = Facts(World::kLibrary, "udp4", "held");
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].words, "no OPT_TX_SWHW");
}

}  // namespace
}  // namespace lkos
