// SPDX-License-Identifier: GPL-2.0-only
// Both worlds, side by side: whatever a program asks and does, under the
// library it sees what it would see on a card that stamps. Where design decided
// otherwise, or no library can, the table (table.cc) says so and why.
#include "tests/worlds/worlds.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <tuple>

#include "gtest/gtest.h"

namespace lkos {
namespace {

class Worlds
    : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(Worlds, AreTheSame) {
  const auto& [family, base] = GetParam();
  const int count = ExpectAsOnACard(World::kLibrary, family, base);
  if (count == 0) GTEST_SKIP();
  std::printf("%d facts compared\n", count);
}

std::string Name(const testing::TestParamInfo<Worlds::ParamType>& pair) {
  return std::string(std::get<0>(pair.param)) + "_" + std::get<1>(pair.param);
}

INSTANTIATE_TEST_SUITE_P(, Worlds,
                         testing::Combine(testing::ValuesIn(kFamilies),
                                          testing::ValuesIn(kBases)),
                         Name);

// The measure itself: where no stamp of a card is asked, the fake is the
// kernel.
class TheCard : public testing::TestWithParam<const char*> {};

TEST_P(TheCard, IsTheKernelForOtherStamps) {
  for (const char* base : {"none", "software"}) {
    ExpectAsOnACard(World::kKernel, GetParam(), base);
  }
}

INSTANTIATE_TEST_SUITE_P(, TheCard, testing::ValuesIn(kFamilies),
                         [](const testing::TestParamInfo<const char*>& family) {
                           return std::string(family.param);
                         });

// Such a row would say that something differs which does not.
TEST(TheTable, HasNoRowInVain) {
  Table table(World::kLibrary);
  for (const char* family : kFamilies) {
    for (const char* base : kBases) {
      for (const Fact& fact : Facts(World::kCard, family, base)) {
        table.Expected(family, fact);
      }
    }
  }
  for (const Difference* row : table.InVain()) {
    ADD_FAILURE() << row->set << " " << row->where << " " << row->card;
  }
}

TEST(TheTable, HasNoLimitInVain) {
  Table table(World::kLibrary);
  Limits limits(World::kLibrary);
  std::set<const Limit*> reached;
  for (const char* family : kFamilies) {
    for (const char* base : kBases) {
      const auto card = Facts(World::kCard, family, base);
      const auto seen = Facts(World::kLibrary, family, base);
      for (size_t i = 0; i < std::min(card.size(), seen.size()); ++i) {
        if (seen[i].words != table.Expected(family, card[i])) {
          reached.insert(limits.Of(family, card[i]));
        }
      }
    }
  }
  for (const Limit& limit : kLimits) {
    EXPECT_EQ(reached.count(&limit), 1u) << limit.set << " " << limit.where;
  }
}

// Each of the kernel's two reports would be one of its own on a card that
// stamps. So the kernel must not hold OPT_TX_SWHW while TX_SOFTWARE is asked
// per call for our sake.
TEST(PerCall, GivesOneReportOnACardThatStamps) {
  const auto facts = Facts(World::kLibrary, "udp4", "held");
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].words, "no OPT_TX_SWHW");
}

}  // namespace
}  // namespace lkos
