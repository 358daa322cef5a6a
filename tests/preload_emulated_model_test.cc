// SPDX-License-Identifier: GPL-2.0-only
// The machine of stack names, by random calls against a model of it. Another
// seed: --test_env=LKOS_TEST_SEED=7
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

TEST(StackNames, AreAsTheModelSaysAfterEachOf100000CallsIn4ThreadsAndAFork) {
  const char* seed = std::getenv("LKOS_TEST_SEED");
  const std::string facts =
      Facts(With::kLibrary, {"model", seed == nullptr ? "1" : seed, "100000"});
  EXPECT_TRUE(AreFacts(facts, "calls=100000\ndifferent=0\n"));
}

}  // namespace
}  // namespace lkos
