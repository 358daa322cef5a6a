// SPDX-License-Identifier: GPL-2.0-only
// Options of stacks, and the mask of spinning, under the emulation.
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

const char kGetInt[] = "onload_stack_opt_get_int(";
const char kSetInt[] = "onload_stack_opt_set_int(";
const char kGetStr[] = "onload_stack_opt_get_str(";
const char kSetStr[] = "onload_stack_opt_set_str(";

void ExpectUnder(
    const std::vector<std::pair<std::string, std::string>>& environment,
    const std::vector<std::string>& words, const std::string& facts) {
  for (const With with : {With::kLibrary, With::kLibraryEarly}) {
    Command command = Scenario(with, words);
    for (const auto& variable : environment) {
      command.environment.push_back(variable);
    }
    const Ran ran = RunCommand(command);
    EXPECT_EQ(ran.err, "");
    EXPECT_TRUE(AreFacts(ran.out, facts));
  }
}

TEST(StackOptions, KnowThoseOfStacksByTheirExactNamesAndKinds) {
  std::string expected;
  for (const std::string& call :
       {kGetInt + std::string("\"EF_NO_SUCH_OPTION\", &value)"),
        kSetInt + std::string("\"EF_NO_SUCH_OPTION\", 1)"),
        kGetInt + std::string("\"ef_tcp_sndbuf\", &value)"),
        kGetInt + std::string("\"EF_TCP_SNDBUF \", &value)"),
        kGetInt + std::string("\"EF_TCP_SNDBU\", &value)"),
        kGetInt + std::string("\"EF_UL_EPOLL\", &value)"),
        kSetInt + std::string("\"EF_POLL_USEC\", 1)"),
        kGetInt + std::string("\"EF_NAME\", &value)"),
        kGetInt + std::string("\"EF_SCALABLE_FILTERS\", &value)"),
        kSetInt + std::string("\"EF_SCALABLE_FILTERS\", 1)"),
        kGetStr + std::string("\"EF_TCP_SNDBUF\", text, &room)"),
        kSetStr + std::string("\"EF_TCP_SNDBUF\", \"1\")"),
        kGetStr + std::string("\"EF_NAME\", text, &room)")}) {
    expected += call + "=-22\n";
  }
  ExpectFacts({"names"}, expected + "intact=777, intact, 8\n" + kGetInt +
                             "\"EF_SPIN_USEC\", &value)=0\n" + kSetInt +
                             "\"\", 1)=0\nwithout a name=1\n" + kSetInt +
                             "\"\", 2)=-22\n");
}

TEST(StackOptions, AreKeptIfInRangeAndElseAreAsTheyWere) {
  ExpectFacts({"ranges"},
              "EF_TCP_URG_MODE=0=0\nkept=0\nEF_TCP_URG_MODE=1=0\nkept=1\n"
              "EF_TCP_URG_MODE=2=-22\nkept=1\n"
              "EF_TCP_URG_MODE=-1=-22\nkept=1\n"
              "EF_MAX_PACKETS=1023=-22\nkept=32768\n"
              "EF_MAX_PACKETS=1024=0\nkept=1024\n"
              "EF_MAX_PACKETS=4294967295=0\nkept=4294967295\n"
              "EF_MAX_PACKETS=4294967296=-22\nkept=4294967295\n"
              "EF_PER_SOCKET_CACHE_MAX=-1=0\nkept=-1\n"
              "EF_PER_SOCKET_CACHE_MAX=-2=-22\nkept=-1\n"
              "EF_PERIODIC_TIMER_CPU=-9223372036854775808=-22\nkept=-1\n"
              "EF_LOG=9223372036854775807=-22\nkept=27\n"
              "EF_RX_TIMESTAMPING_ORDERING=1=0\nkept=1\n"
              // in range, and more than its one bit keeps
              "EF_RX_TIMESTAMPING_ORDERING=2=0\nkept=0\n"
              "EF_RX_TIMESTAMPING_ORDERING=3=-22\nkept=0\n");
}

TEST(StackOptions, ThatAreTextTellHowMuchRoomTheyNeed) {
  const std::string set = std::string(kSetStr) + "\"EF_INTERFACE_WHITELIST\", ";
  const std::string get = std::string(kGetStr) + "\"EF_INTERFACE_WHITELIST\", ";
  ExpectFacts({"strings"},
              "at first=\"\"\n" + set + "\"eth0\")=0\nset=\"eth0\"\n" + set +
                  "longest)=-22\n" + set + "longest)=0\n255 bytes=255\n" + set +
                  "\"eth0\")=0\n" + get +
                  "small, &room)=-28\ntoo small=5, xyz\n" + get +
                  "NULL, &room)=-28\nhow long=5\n" + get +
                  "value, &room)=0\njust enough=5, eth0\n");
}

TEST(StackOptions, AreTheThreadsUntilReset) {
  ExpectFacts({"threads"},
              "this thread=2048, \"eth1\"\nother thread=-1, \"\"\n"
              "onload_stack_opt_reset()=0\nreset=-1, \"\"\n"
              "onload_stack_opt_reset()=0\n");
}

TEST(StackOptions, BeginWithTheEnvironmentsValuesCutToTheirRange) {
  const std::string long_list(300, 'x');
  ExpectUnder(
      {{"EF_TCP_SNDBUF", "5000"},
       {"EF_MAX_PACKETS", "7"},
       {"EF_TCP_URG_MODE", "allow"},
       {"EF_TX_DATAPATH", "express"},
       {"EF_RX_DATAPATH", "neither"},
       {"EF_TCP_SYN_OPTS", "0xd"},
       {"EF_TCP_RX_CHECKS", "7"},
       {"EF_EVS_PER_POLL", "many"},
       {"EF_TCP_SOCKBUF_MAX_FRACTION", "5"},
       {"EF_PER_SOCKET_CACHE_MAX", "-1"},
       {"EF_INTERFACE_WHITELIST", long_list}},
      {"values", "EF_TCP_SNDBUF", "EF_MAX_PACKETS", "EF_TCP_URG_MODE",
       "EF_TX_DATAPATH", "EF_RX_DATAPATH", "EF_TCP_SYN_OPTS",
       "EF_TCP_RX_CHECKS", "EF_EVS_PER_POLL", "EF_TCP_SOCKBUF_MAX_FRACTION",
       "EF_PER_SOCKET_CACHE_MAX", "EF_TXQ_SIZE"},
      "EF_TCP_SNDBUF=5000\nEF_MAX_PACKETS=1024\nEF_TCP_URG_MODE=0\n"
      "EF_TX_DATAPATH=1\nEF_RX_DATAPATH=2\nEF_TCP_SYN_OPTS=13\n"
      "EF_TCP_RX_CHECKS=1\nEF_EVS_PER_POLL=0\n"
      "EF_TCP_SOCKBUF_MAX_FRACTION=1\nEF_PER_SOCKET_CACHE_MAX=-1\n"
      "EF_TXQ_SIZE=-1\nEF_INTERFACE_WHITELIST=\"xxx\", 255\n");
}

TEST(StackOptions, BeginWithTheDefaultsThatAStackGets) {
  ExpectUnder({},
              {"values", "EF_TCP_SNDBUF", "EF_HELPER_USEC", "EF_CLUSTER_IGNORE",
               "EF_FREE_PACKETS_LOW_WATERMARK", "EF_CTPIO_MAX_FRAME_LEN"},
              "EF_TCP_SNDBUF=0\nEF_HELPER_USEC=0\nEF_CLUSTER_IGNORE=1\n"
              "EF_FREE_PACKETS_LOW_WATERMARK=256\n"
              "EF_CTPIO_MAX_FRAME_LEN=500\n"
              "EF_INTERFACE_WHITELIST=\"\", 0\n");
}

TEST(StackOptions, BeginWithTheMachinesValuesWhereOnloadTakesThose) {
  Command command = Scenario(With::kLibrary, {"system_values"});
  command.environment.push_back({"EF_TCP_BACKLOG_MAX", "77"});
  const Ran ran = RunCommand(command);
  if (IsNotRun(ran.out)) GTEST_SKIP() << ran.out;
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(AreFacts(ran.out,
                       "cut to the range=255\nin milliseconds=11000\nbits=4\n"
                       "without scaling=0\nin a range=0, 0\nnot=0\nabove 0=9\n"
                       "four times=400\nin the environment=77\nlater=255\n"));
}

// Which has timestamps, and switches them on by an option.
TEST(StackOptions, AreToldToTheStubBehindToo) {
  Command command = Scenario(With::kLibrary, {"ranges"});
  command.environment.push_back({"LKOS_LOG_FD", "2"});
  const Ran ran = RunCommand(command);
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.err.find("lk_onload_emulation: onload_stack_opt_set_int: "),
            std::string::npos);
  EXPECT_NE(ran.err.find("lk_onload_stub: onload_stack_opt_set_int: "),
            std::string::npos);
}

TEST(Spin, SetsAndClearsWhatATypeStandsForInThisThread) {
  std::string expected =
      "onload_thread_set_spin((enum onload_spin_type)17, 1)=-22\n"
      "onload_thread_set_spin((enum onload_spin_type) - 1, 1)=-22\n"
      "mask=0x0\ntype 0=0 0xfffe, 0 0x0\n";
  for (int type = 1; type < 16; ++type) {
    char line[64];
    std::snprintf(line, sizeof(line), "type %d=0 0x%x, 0 0x0\n", type,
                  1u << type);
    expected += line;
  }
  ExpectFacts({"spin"},
              expected +
                  "type 16=0 0x3f1e, 0 0x0\n"
                  "onload_thread_set_spin(ONLOAD_SPIN_ALL, 1)=0\n"
                  "onload_thread_set_spin(ONLOAD_SPIN_MIMIC_EF_POLL, 0)=0\n"
                  "mask=0xc0e0\nmask=0x0\n");
}

TEST(Spin, BeginsInEachThreadAsTheEnvironmentSays) {
  const auto masks = [](const std::string& mask) {
    return "mask=" + mask + "\nmask=" + mask + "\n";
  };
  ExpectUnder({}, {"spin_at_start"}, masks("0x0"));
  ExpectUnder({{"EF_POLL_USEC", "100"}}, {"spin_at_start"}, masks("0x3f1e"));
  ExpectUnder({{"EF_BUZZ_USEC", "100"}}, {"spin_at_start"}, masks("0x3000"));
  ExpectUnder({{"EF_POLL_USEC", "100"},
               {"EF_UDP_RECV_SPIN", "0"},
               {"EF_TCP_ACCEPT_SPIN", "1"}},
              {"spin_at_start"}, masks("0x3f3c"));
  const std::pair<const char*, const char*> each[] = {
      {"EF_UDP_RECV_SPIN", "0x2"},       {"EF_UDP_SEND_SPIN", "0x4"},
      {"EF_TCP_RECV_SPIN", "0x8"},       {"EF_TCP_SEND_SPIN", "0x10"},
      {"EF_TCP_ACCEPT_SPIN", "0x20"},    {"EF_PIPE_RECV_SPIN", "0x40"},
      {"EF_PIPE_SEND_SPIN", "0x80"},     {"EF_SELECT_SPIN", "0x100"},
      {"EF_POLL_SPIN", "0x200"},         {"EF_PKT_WAIT_SPIN", "0x400"},
      {"EF_EPOLL_SPIN", "0x800"},        {"EF_STACK_LOCK_BUZZ", "0x1000"},
      {"EF_SOCK_LOCK_BUZZ", "0x2000"},   {"EF_SO_BUSY_POLL_SPIN", "0x4000"},
      {"EF_TCP_CONNECT_SPIN", "0x8000"},
  };
  for (const auto& [variable, mask] : each) {
    ExpectUnder({{variable, "1"}}, {"spin_at_start"}, masks(mask));
  }
}

}  // namespace
}  // namespace lkos
