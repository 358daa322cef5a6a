// SPDX-License-Identifier: GPL-2.0-only
// The measure of timestamps: what a program that asks for hardware stamps is
// told under the library is what one that asks for software stamps is told
// without it, in another slot. See harness/stamps.h for the words.
#ifndef LKOS_TESTS_HARNESS_STAMPS_TEST_H_
#define LKOS_TESTS_HARNESS_STAMPS_TEST_H_

#include <ostream>
#include <regex>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"
#include "tests/harness/stamping.h"

namespace lkos {

using std::string_literals::operator""s;

// What is asked, and what the library shows where the kernel alone would show
// software stamps to one who asks for them: of what is received, and in the
// report of what is sent.
struct Asked {
  const char *set, *received, *sent;
};

inline void PrintTo(const Asked& asked, std::ostream* out) {
  *out << asked.set;
}

constexpr Asked kSoftware = {"software", "T--", "T--"};
constexpr Asked kHardware = {"hardware", "--T", "--T"};
constexpr Asked kBoth = {"both", "T-T", "--T"};
constexpr Asked kAll = {"all", "T-T", "--T"};

// Facts with software stamps, as they are where the stamps of what is received
// and of what is sent are shown so. Reports of queueing, of acknowledgement and
// of errors stay.
inline std::string Shown(const std::string& facts, const Asked& asked) {
  const std::string received =
      std::regex_replace(facts, std::regex("T--\n"), asked.received + "\n"s);
  return std::regex_replace(received, std::regex("T-- snd"),
                            asked.sent + " snd"s);
}

// Over all tests of a program: the probes come and go, this socket stays.
class StampingStaysOn : public testing::Environment {
  void SetUp() override { ASSERT_EQ(keep_stamping_on(100), 0); }
};

inline testing::Environment* const kStampingStaysOn =
    testing::AddGlobalTestEnvironment(new StampingStaysOn);

// Parameters: a family, and what is asked.
class StampsTest
    : public testing::TestWithParam<std::tuple<std::string, Asked>> {
 protected:
  // more: the words of the scenario after the family and the set.
  void ExpectAsSoftware(const std::string& scenario,
                        const std::vector<std::string>& more = {}) {
    const auto& [family, asked] = GetParam();
    std::vector<std::string> words = {scenario, family, "software"};
    words.insert(words.end(), more.begin(), more.end());
    const std::string bare = Facts(With::kNothing, words);
    if (IsNotRun(bare)) GTEST_SKIP() << bare;
    words[2] = asked.set;
    ExpectFacts(words, Shown(bare, asked));
  }
};

}  // namespace lkos

#endif  // LKOS_TESTS_HARNESS_STAMPS_TEST_H_
