// SPDX-License-Identifier: GPL-2.0-only
// Every way of sending on several connections at once, received by zero copy:
// each byte arrives once and in order, and no buffer is lost.
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

std::string Expected(const std::string& messages, const std::string& out) {
  return "messages=" + messages +
         "\neach byte once and in order=1\n"
         "sent by: plain 1, zero copy 1, template 1, delegated 1\n"
         "some kept=1\nbuffers that are not out=" +
         out + "\n";
}

TEST(Traffic, ArrivesOnceAndInOrder) {
  EXPECT_EQ(Facts(With::kLibrary, {"traffic", "1", "100000", "0"}),
            Expected("100000", "0"));
}

TEST(Traffic, MissesABufferThatIsNotGivenBack) {
  EXPECT_EQ(Facts(With::kLibrary, {"traffic", "2", "4000", "1"}),
            Expected("4000", "-1"));
}

}  // namespace
}  // namespace lkos
