// SPDX-License-Identifier: GPL-2.0-only
// Both worlds, side by side: whatever a program asks and does, under the
// library it sees what it would see on a card that stamps. Where design decided
// otherwise, the table (table.cc) says what it sees instead, and why.
#include "tests/worlds/worlds.h"

#include <cstdio>
#include <string>
#include <tuple>

#include "gtest/gtest.h"

namespace lkos {
namespace {

class Worlds
    : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(Worlds, AreTheSame) {
  const auto& [family, base] = GetParam();
  Findings findings(kFindings);
  const std::string name = family;
  const int count = ExpectAsOnACard(
      World::kLibrary, name, base,
      [&](const Fact& fact) { return !findings.Have(name, fact); });
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
    ExpectAsOnACard(World::kKernel, GetParam(), base,
                    [](const Fact&) { return true; });
  }
}

INSTANTIATE_TEST_SUITE_P(, TheCard, testing::ValuesIn(kFamilies),
                         [](const testing::TestParamInfo<const char*>& family) {
                           return std::string(family.param);
                         });

// Such a row would say that something differs which does not.
TEST(TheTable, HasNoRowInVain) {
  Table table;
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

}  // namespace
}  // namespace lkos
