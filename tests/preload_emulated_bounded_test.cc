// SPDX-License-Identifier: GPL-2.0-only
// The emulation's memory does not grow with what has come and gone.
#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

TEST(Bounded, ThousandThreadsThatEndedLeaveNothing) {
  EXPECT_EQ(Facts(With::kLibrary, {"threads"}), "pages=0\n");
}

TEST(Bounded, AMillionSocketsThatWereClosedLeaveNothing) {
  EXPECT_EQ(Facts(With::kLibrary, {"sockets", "1000000"}),
            "pages=0\nthe one that is open=foo\n");
}

TEST(Bounded, TemplatesOfAThousandConnectionsThatWereClosedLeaveNothing) {
  EXPECT_EQ(Facts(With::kLibrary, {"templates", "tcp4"}),
            "hundreds of pages=0\nthe one that is open=0\n");
}

TEST(Bounded, StreamsOfAThousandConnectionsThatWereClosedLeaveNothing) {
  EXPECT_EQ(Facts(With::kLibrary, {"streams", "tcp4"}),
            "hundreds of pages=0\n");
}

}  // namespace
}  // namespace lkos
