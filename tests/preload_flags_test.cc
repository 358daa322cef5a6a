// SPDX-License-Identifier: GPL-2.0-only
// Onload's message flags: a receive with ONLOAD_MSG_ONEPKT is a plain one, and
// ONLOAD_MSG_WARM sends nothing on TCP.
#include <signal.h>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

const std::vector<std::string> kStreams = {"tcp4", "tcp6", "unix_stream"};
const std::vector<std::string> kOthers = {
    "udp4", "udp6", "unix_dgram", "unix_seqpacket", "netlink", "raw", "packet"};

// With the flag and the library it is as without either.
void ExpectAsPlain(std::vector<std::string> words, const std::string& flag) {
  words.push_back("plain");
  const std::string plain = Facts(With::kNothing, words);
  if (IsNotRun(plain)) GTEST_SKIP() << plain;
  words.back() = flag;
  ExpectFacts(words, plain);
}

// ---- ONLOAD_MSG_ONEPKT

class Onepkt : public testing::TestWithParam<std::string> {};

TEST_P(Onepkt, ReceivesWhatAPlainCallDoes) {
  ExpectAsPlain({"receive", GetParam()}, "onepkt");
}

TEST_P(Onepkt, ReceivesSeveralMessages) {
  ExpectAsPlain({"receive_several", GetParam()}, "onepkt");
}

INSTANTIATE_TEST_SUITE_P(Streams, Onepkt, testing::ValuesIn(kStreams),
                         ParamName());
INSTANTIATE_TEST_SUITE_P(Others, Onepkt, testing::ValuesIn(kOthers),
                         ParamName());

TEST(OnepktOf, TcpWithWaitallIsRefusedAndTakesNothing) {
  std::string refused;
  for (const char* call : {"recv", "recvfrom", "recvmsg", "recvmmsg"}) {
    const std::string name = call;
    refused += name + "=-1 EINVAL\n" + name + ".left=10 0123456789\n" + name +
               ".left=-1 EAGAIN \n";
  }
  ExpectFacts({"waitall", "tcp4", "onepkt"}, refused);
  ExpectFacts({"waitall", "tcp6", "onepkt"}, refused);
}

TEST(OnepktOf, OtherStreamsWithWaitallIsPlain) {
  ExpectAsPlain({"waitall", "unix_stream"}, "onepkt");
}

TEST(OnepktOf, BadArgumentsFailsAsAPlainCallDoes) {
  ExpectAsPlain({"receive_errors"}, "onepkt");
}

// The kernel alone, so that the tests above are known to test something.
TEST(OnepktOf, APacketSocketIsRefusedByTheKernel) {
  const std::string plain =
      Facts(With::kNothing, {"receive", "packet", "plain"});
  if (IsNotRun(plain)) GTEST_SKIP() << plain;
  EXPECT_NE(Facts(With::kNothing, {"receive", "packet", "onepkt"}), plain);
}

TEST(Cancellation, IsAsOfAPlainCallWhereTheFlagIsAnswered) {
  const std::string facts =
      Facts(With::kNothing, {"cancelled", "tcp4", "plain"});
  EXPECT_EQ(facts.find("returned"), std::string::npos) << facts;
  ExpectAsPlain({"cancelled", "tcp4"}, "onepkt");
  ExpectAsPlain({"cancelled", "tcp4"}, "warm");
}

// ---- ONLOAD_MSG_WARM, where it means nothing

class WarmElsewhere : public testing::TestWithParam<std::string> {};

TEST_P(WarmElsewhere, IsAnOrdinarySend) {
  ExpectAsPlain({"send_on", GetParam()}, "warm");
}

INSTANTIATE_TEST_SUITE_P(, WarmElsewhere, testing::ValuesIn(kOthers),
                         ParamName());

TEST(WarmOn, UnixStreamsIsAnOrdinarySend) {
  ExpectAsPlain({"send_on", "unix_stream"}, "warm");
}

TEST(WarmOn, BadArgumentsFailsAsAPlainCallDoes) {
  ExpectAsPlain({"send_errors"}, "warm");
}

// ---- ONLOAD_MSG_WARM on TCP

// What a warm send gives in a state, for each length, without MSG_MORE.
struct State {
  const char* name;
  int number;  // of the kernel: TCP_ESTABLISHED is 1
  enum { kWarms, kQueued, kDead } what;
};

const State kStates[] = {
    {"connected", 1, State::kWarms}, {"queue full", 1, State::kQueued},
    {"connecting", 2, State::kDead}, {"we shut", 5, State::kDead},
    {"they shut", 8, State::kWarms}, {"both shut", 7, State::kDead},
    {"reset", 7, State::kDead},      {"never connected", 7, State::kDead},
    {"listening", 10, State::kDead},
};

std::string WarmAnswer(const State& state, const std::string& flag,
                       const std::string& length) {
  if (state.what == State::kDead) {
    return flag == "no signal" ? "-1 EPIPE" : "-1 EPIPE SIGPIPE";
  }
  if (length == "mss" || length == "mss+1") return "-1 EINVAL";
  if (length == "0" || flag == "more" || state.what == State::kQueued)
    return "0";
  return "length";
}

std::string WarmStates() {
  std::string facts;
  for (const State& state : kStates) {
    const std::string name = state.name;
    for (const char* call : {"send", "sendto", "sendmsg", "sendmmsg"}) {
      for (const char* flag : {"plain", "dontwait", "more", "no signal"}) {
        for (const char* length : {"0", "1", "mss-1", "mss", "mss+1"}) {
          facts += name + ", " + call + ", " + flag + ", " + length + "=" +
                   WarmAnswer(state, flag, length) + ", nothing sent\n";
        }
      }
    }
    facts += name + ".state=" + std::to_string(state.number) + "\n";
  }
  return facts;
}

class Warm : public testing::TestWithParam<std::string> {};

TEST_P(Warm, AnswersByStateAndLengthAndSendsNothing) {
  ExpectFacts({"warm_states", GetParam(), "warm"}, WarmStates());
}

TEST_P(Warm, LeavesTheConnectionAsItWas) {
  ExpectFacts({"warm_then_ordinary", GetParam(), "warm"},
              "data segments=0\nreadable=0\nthere.arrived=3 end\n"
              "back.arrived=3 end\nclosed.left=0 \n");
}

TEST_P(Warm, NeitherBlocksNorSendsWhenTheQueueIsFull) {
  ExpectFacts({"warm_when_full", GetParam(), "warm"},
              "warm=0\nordinary=-1 EAGAIN\nread=all that was sent\n"
              "left=-1 EAGAIN\n");
}

TEST_P(Warm, IsABrokenPipeOnceTheErrorIsRead) {
  ExpectFacts({"warm_pending_error", GetParam()},
              "SO_ERROR=ECONNRESET\nwarm=-1 EPIPE\nsignals=1\n");
}

TEST_P(Warm, EndsAProcessAsABrokenPipeDoes) {
  for (const With with :
       {With::kNothing, With::kLibrary, With::kLibraryEarly}) {
    const char* flag = with == With::kNothing ? "plain" : "warm";
    const Ran ran =
        RunCommand(Scenario(with, {"warm_killed", GetParam(), flag}));
    EXPECT_EQ(ran.status, -SIGPIPE);
    EXPECT_EQ(ran.out, "before=-1 EPIPE\n");
  }
}

// Except that more than a segment is too much: the kernel sends 1024 pieces.
TEST_P(Warm, FailsAsAPlainCallDoesOnBadArguments) {
  ExpectFacts({"warm_bad_arguments", GetParam(), "warm"},
              "no buffer=-1 EFAULT\nno buffer, no bytes=0\n"
              "no message=-1 EFAULT\nunmapped message=-1 EFAULT\n"
              "no messages=-1 EFAULT\nnone of them=0\nno pieces=0\n"
              "unmapped pieces=-1 EFAULT\npiece of nothing=1\n"
              "piece at NULL=-1 EFAULT\n1024 pieces=1024\n"
              "1025 pieces=-1 EMSGSIZE\ntoo many bytes=-1 EINVAL\n");
}

TEST_P(Warm, SendsSeveralUpToTheFirstThatFails) {
  ExpectFacts({"warm_several", GetParam()},
              "count=1\nlengths=1 77 77\nfrom the second=-1 EINVAL\n"
              "from the third=1\nreadable=0\n");
}

TEST_P(Warm, MayBeMixedWithOrdinarySendsOfAnotherThread) {
  ExpectFacts({"mixed_threads", GetParam()},
              "records=as many as were sent\nin order=yes\n");
}

INSTANTIATE_TEST_SUITE_P(, Warm,
                         testing::ValuesIn<std::string>({"tcp4", "tcp6"}),
                         ParamName());

std::string OnFourConnections(const std::string& what) {
  std::string facts;
  for (int i = 0; i < 4; ++i) {
    facts += "connection " + std::to_string(i) + "=" + what + "\n";
  }
  return facts;
}

TEST(WarmOn, FourConnectionsLeavesTheOrdinaryHalfOfTenThousandMessages) {
  const std::string seed = std::to_string(
      std::chrono::system_clock::now().time_since_epoch().count() % 1000000007);
  std::cout << "seed " << seed << "\n";
  ExpectFacts({"mixed_messages", seed},
              OnFourConnections("the ordinary messages"));
  EXPECT_TRUE(AreFacts(Facts(With::kNothing, {"mixed_messages", seed}),
                       OnFourConnections("all messages")))
      << "without the library";
}

}  // namespace
}  // namespace lkos
