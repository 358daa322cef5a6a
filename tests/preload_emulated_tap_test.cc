// SPDX-License-Identifier: GPL-2.0-only
// Which processes have the tap: those that use Onload, and no others. The probe
// imports nothing of Onload's.
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

class Tap : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "not run: needs root";
  }

  static Ran RunWith(const std::string& scenario, const Variables& variables) {
    Command command = Scenario(With::kLibrary, {scenario});
    for (const auto& variable : variables)
      command.environment.push_back(variable);
    const Ran ran = RunCommand(command);
    EXPECT_EQ(ran.status, 0);
    return ran;
  }

  // How many packet sockets there are in the end.
  static std::string CountWith(const std::string& scenario,
                               const Variables& variables) {
    const Ran ran = RunWith(scenario, variables);
    EXPECT_EQ(ran.err, "");
    return ran.out.substr(ran.out.rfind('=') + 1);
  }

  static bool SaysWhere(const std::string& log) {
    return log.find("packets of TCP") != std::string::npos;
  }
};

TEST_F(Tap, CostsAProgramNothingThatDoesNotUseOnload) {
  ExpectSame({"plain"});
  EXPECT_EQ(CountWith("plain", {}), "0\n");
  for (const std::string tap : {"", "0"}) {
    Variables variables = {{"LKOS_LOG_FD", "2"}};
    if (!tap.empty()) variables.push_back({"LKOS_TAP", tap});
    const std::string log = RunWith("plain", variables).err;
    EXPECT_NE(log.find("lk_onload_emulation: loaded"), std::string::npos);
    EXPECT_FALSE(SaysWhere(log)) << log;
  }
}

TEST_F(Tap, IsThereForAProgramThatImportsOnload) {
  Command command = Scenario(With::kLibrary, {"plain"});
  for (auto& variable : command.environment) {
    if (variable.first == "LD_PRELOAD")
      variable.second += ":" + TestPath("LKOS_TEST_IMPORTING");
  }
  const Ran ran = RunCommand(command);
  EXPECT_EQ(ran.out.substr(ran.out.rfind('=')), "=1\n") << ran.out;
  EXPECT_EQ(ran.err, "");
}

TEST_F(Tap, IsThereWhereStampsAreAskedForByTheEnvironment) {
  EXPECT_EQ(CountWith("plain", {{"EF_RX_TIMESTAMPING", "1"}}), "1\n");
  EXPECT_EQ(CountWith("plain", {{"EF_RX_TIMESTAMPING", "0"}}), "0\n");
}

TEST_F(Tap, IsThereWhereItIsAskedForByName) {
  EXPECT_EQ(CountWith("found", {}), "0\n");
  EXPECT_EQ(CountWith("found", {{"LKOS_TAP", "1"}}), "1\n");
  EXPECT_EQ(CountWith("found", {{"LKOS_TAP", "0"}}), "0\n");
}

TEST_F(Tap, IsThereFromTheFirstCallOfOnloadOn) {
  EXPECT_EQ(CountWith("called", {}), "1\n");
  EXPECT_EQ(CountWith("called", {{"LKOS_TAP", "0"}}), "0\n");
}

TEST_F(Tap, IsThereFromTheFirstQuestionOn) {
  EXPECT_EQ(CountWith("one_packet", {}), "1\n");
  EXPECT_EQ(CountWith("one_packet", {{"LKOS_TAP", "0"}}), "0\n");
}

TEST_F(Tap, SaysOnceWhereItKnowsPacketsFrom) {
  for (const std::string scenario : {"called", "one_packet"}) {
    const std::string log = RunWith(scenario, {{"LKOS_LOG_FD", "2"}}).err;
    EXPECT_NE(log.find("packets of TCP: each one, as a packet socket"),
              std::string::npos)
        << log;
    EXPECT_EQ(log.find("packets of TCP"), log.rfind("packets of TCP"));
    EXPECT_NE(RunWith(scenario, {{"LKOS_LOG_FD", "2"}, {"LKOS_TAP", "0"}})
                  .err.find("packets of TCP: by TCP_INFO's counters, because "
                            "LKOS_TAP is 0"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace lkos
