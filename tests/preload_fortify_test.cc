// SPDX-License-Identifier: GPL-2.0-only
// ONLOAD_MSG_ONEPKT in a program built with _FORTIFY_SOURCE, whose recv and
// recvfrom are libc's __recv_chk and __recvfrom_chk.
#include <signal.h>

#include <fstream>
#include <iterator>
#include <string>
#include <tuple>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

std::string File(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(FortifiedProbe, CallsTheCheckingFunctions) {
  const std::string probe = File(TestPath("LKOS_TEST_PROBE"));
  EXPECT_NE(probe.find("__recv_chk"), std::string::npos);
  EXPECT_NE(probe.find("__recvfrom_chk"), std::string::npos);
}

class Fortified
    : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  std::vector<std::string> Words(const char* flag, const char* size) {
    const auto& [family, call] = GetParam();
    return {"fortified", family, call, flag, size};
  }
};

TEST_P(Fortified, ReceivesOnePacket) {
  const bool tcp = std::get<0>(GetParam()) == "tcp4";
  ExpectSame(Words("plain", "16"));
  ExpectFacts(Words("onepkt", "16"),
              std::string("received=10 0123456789\nwaitall=") +
                  (tcp ? "-1 EINVAL\n" : "-1 EAGAIN\n"));
}

TEST_P(Fortified, IsStoppedBeforeItOverflows) {
  for (const char* flag : {"plain", "onepkt"}) {
    for (const With with :
         {With::kNothing, With::kLibrary, With::kLibraryEarly}) {
      const Ran ran = RunCommand(Scenario(with, Words(flag, "17")));
      EXPECT_EQ(ran.status, -SIGABRT);
      EXPECT_EQ(ran.out, "");
      EXPECT_EQ(ran.err, "*** buffer overflow detected ***: terminated\n");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , Fortified,
    testing::Combine(testing::ValuesIn<std::string>({"tcp4", "udp6",
                                                     "unix_dgram"}),
                     testing::ValuesIn<std::string>({"recv", "recvfrom"})),
    ParamName());

}  // namespace
}  // namespace lkos
