// SPDX-License-Identifier: GPL-2.0-only
// Waiting in the order of the wire, and receiving packet by packet, under the
// emulation.
//
// LKOS_TEST_TAP=1 in the environment: with the tap, so that each packet of TCP
// is known. Else by counters.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

class OrderedWait : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Each, OrderedWait, testing::ValuesIn(kInet),
                         ParamName());

bool IsTcp(const std::string& family) { return family[0] == 't'; }

bool IsTapped() { return getenv("LKOS_TEST_TAP") != nullptr; }

// Are packets that came together told apart?
bool AreKnown(const std::string& family) {
  return IsTapped() || !IsTcp(family);
}

// Of a scenario with these variables set.
Ran RunWith(With with, const std::vector<std::string>& words,
            const std::vector<std::pair<std::string, std::string>>& variables) {
  Command command = Scenario(with, words);
  command.environment.push_back({"LKOS_TAP", IsTapped() ? "4" : "0"});
  for (const auto& variable : variables) {
    command.environment.push_back(variable);
  }
  return RunCommand(command);
}

// As ExpectFacts(), with the tap or without.
void Expect(const std::vector<std::string>& words,
            const std::string& expected) {
  for (const With with : {With::kLibrary, With::kLibraryEarly}) {
    const Ran ran = RunWith(with, words, {});
    EXPECT_TRUE(AreFacts(ran.out, expected))
        << words[0] << (with == With::kLibrary ? "" : ", early");
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(ran.status, 0);
  }
}

class Environment : public testing::Environment {
 public:
  void SetUp() override {
    if (IsTapped() && geteuid() != 0) GTEST_SKIP() << "not run: CAP_NET_RAW";
  }
};

const testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new Environment);

// Of the tables of Onload's tests: a letter is a socket, with the bytes that
// are told, in the order of the events.
TEST_P(OrderedWait, TellsTheSameOfDataThatIsNotRead) {
  Expect({"dont_read", GetParam()},
         "A1=1 A300\nA2=1 A750\nsame time=1\n"
         "A1 B1=2 A300 B200\nA2=2 A300 B200\nsame times=1\n"
         "A1 B1=2 A300 B200\nB2=2 A300 B250\n");
}

TEST_P(OrderedWait, FollowsWhatIsRead) {
  const bool tcp = IsTcp(GetParam());
  Expect({"read", GetParam()},
         "A1 B1=2 A300 B200\n" +
             std::string(tcp ? "less=2 A200 B200\n" : "less=1 B200\n") +
             "A1 B1=2 A300 B200\nequal=1 B200\nA2=2 B200 A50\n"
             "A1=1 A300\nB1 A2=2 A300 B200\n" +
             (tcp ? "more=2 B200 A30\n" : "more=2 B200 A50\n"));
}

// Two segments that nobody looked between are one piece without a time.
TEST_P(OrderedWait, TellsWhatIsNotKnownAsUnordered) {
  Expect({"not_known", GetParam()},
         std::string("two at once=2 ") +
             (AreKnown(GetParam()) ? "B200 A350\n" : "A350? B200\n") +
             "then one=2 B200 " + (IsTcp(GetParam()) ? "A7\n" : "A57\n"));
}

// Or it has a time, and a right one, where somebody else had the machine's
// stamping on.
TEST_P(OrderedWait, MakesNoTimeUpForWhatWasQueuedBefore) {
  Expect({"queued_before", GetParam()},
         "before=1, right=1\nafter=1 A50, right=1\n");
}

TEST_P(OrderedWait, TellsWhatIsOnlyWritableFirst) {
  const std::string in = AreKnown(GetParam()) ? "I10" : "I15?";
  Expect({"writable", GetParam()}, "all=3 O0?+ " + in +
                                       " B20+\nof one=1 O0?+\n"
                                       "of two=2 O0?+ " +
                                       in + "\n");
}

TEST_P(OrderedWait, FindsMembersWhoseNumbersWereClosed) {
  Expect({"closed", GetParam()},
         "both=2 A300 B200\nA is closed, a duplicate is not=2 A0? B200\n"
         "and its number is another's=2 A0? B200\n"
         "and that is added=3 A0? B200 C50\nA is gone=2 B200 C50\n");
}

TEST_P(OrderedWait, TellsMembersOfTheSameDataApart) {
  Expect({"same_data", GetParam()}, "one=1 S30\ntwo=2 S30 S10\n");
}

// The set's members are listed in several pieces then.
TEST_P(OrderedWait, TellsManyMembersInOrder) {
  Expect({"many_members", GetParam()},
         "told=200, wrong=0\ntold=200, wrong=0\nfirst=70, bytes=200 to 131\n");
}

TEST_P(OrderedWait, IsEpollWaitOnceAllDataIsRead) {
  Expect({"last_call", GetParam()},
         "of 64=8, same=1\nof 3=3, same=1\nof 1=1, same=1\nof 5=5, same=1\n"
         "of 64=8, same=1\n");
}

TEST_P(OrderedWait, WaitsAsLongAsItIsTold) {
  Expect({"timeouts", GetParam()},
         "nothing, 0=0\nnothing, 30=0\nwaited=1\nfor ever=1 B5\n"
         "a signal=-1, EINTR\n");
}

TEST(OrderedWaitArguments, AreChecked) {
  Expect({"arguments", "udp4"},
         "pipe=-22\nsocket=-22\nclosed=-22\nno events=-1, EINVAL\n"
         "less=-1, EINVAL\nevents NULL=-1, EFAULT\n"
         "oo_events NULL=-1, EFAULT\nmany=1\n");
}

TEST(OrderedWaitSet, MayHaveMembersThatAreNoSockets) {
  Expect({"others"},
         "none=0\na datagram=1 U10\nand a pipe=2 P0? U10\n"
         "and an eventfd=3 P0? E0? U10\n"
         "and a local socket=4 P0? E0? X0? U10\n"
         "and a listener=5 P0? E0? X0? L0? U10\n"
         "and a set=6 P0? E0? X0? L0? S0? U10\nthe set inside=1 i10\n");
}

TEST(OrderedWaitWithoutProc, IsUnordered) {
  const std::string facts = Facts(With::kLibrary, {"without_proc", "udp4"});
  if (IsNotRun(facts)) GTEST_SKIP() << facts;
  EXPECT_EQ(facts, "both=2 A0? B0?\nagain=2 A0? B0?\nsocket=-22\nclosed=-22\n");
}

TEST(OrderedWaitWithoutDescriptor, IsUnorderedUntilOneIsFree) {
  for (const std::string& family : kInet) {
    Expect({"without_descriptor", family},
           "none is free=2 A0? B0?\none is free=2 A300 B200\n");
  }
  EXPECT_NE(Log({"without_descriptor", "udp4"})
                .find("every event is unordered: the set's members cannot be "
                      "listed, for want of /proc or of a descriptor"),
            std::string::npos);
}

// EF_UL_EPOLL chooses which epoll Onload has; only two of them can do it.
TEST(OrderedWaitMode, MustBeOneThatHasAnOrder) {
  for (int mode = -1; mode <= 4; ++mode) {
    const Ran ran = RunWith(With::kLibrary, {"mode"},
                            {{"EF_UL_EPOLL", std::to_string(mode)}});
    const bool has_order = mode == 1 || mode == 3 || mode == 4;  // 4 is cut
    EXPECT_EQ(ran.out, has_order ? "wait=0\n" : "wait=-22\n") << mode;
    EXPECT_EQ(ran.err, "") << mode;
  }
}

// ---- What a wait leaves as it was

TEST(OrderedWaitLeaves, ThePeekOffsetAsItWas) {
  for (const char* family : {"udp4", "udp6"}) {
    Expect({"peeking", family},
           "wait=1 A327\noff=300, offset -1\noff=300, offset -1\n"
           "wait=1 A327\nfirst=300, offset 300\n"
           "wait=1 A327\nsecond=20, offset 320\n"
           "wait=1 A27\nthird=7, offset 27\n");
  }
}

TEST(OrderedWaitLeaves, NothingForTheApplicationToSee) {
  for (const std::string& family : kInet) {
    Expect({"unseen", family},
           "wait=1 A10\nwithout control=10\nflags=0, control=0\n"
           "wait=1 A10\nwith control=10\nflags=0, control=0\noption=0\n");
  }
}

TEST(OrderedWaitLeaves, OptionsOfOtherSockets) {
  for (const std::string& family : kInet) {
    Expect({"marked", family},
           "wait=1 A10\nmark=1\ntimes=1\nmark of the member=0\n");
  }
}

TEST(OrderedWaitLeaves, LocksOfTheApplication) {
  for (const char* family : {"udp4", "udp6"}) {
    for (const char* bytes : {"0", "1000"}) {
      Expect({"locked", family, bytes, "own"}, "wait=1 A10\nlocked=1\n");
    }
    Expect({"locked", family, "1000", "other"}, "wait=1 A10\n");
  }
}

TEST(OrderedWaitLeaves, EmptyDatagramsWhereTheyAre) {
  Expect({"empty", "udp4"},
         "first=2 A3 B1\nagain=2 A3 B1\nreceived=0\nreceived=3\n"
         "received=0\nthen=1 B1\n");
}

TEST(OrderedWaitLeaves, AnErrorForTheNextCallThatReceives) {
  for (const char* family : {"udp4", "udp6"}) {
    Expect({"errors", family},
           "an error and a datagram=1 A3\nrecv=-1, ECONNREFUSED\n"
           "recv=3\nrecv=-1, EAGAIN\n");
  }
}

// SO_ERROR and the events tell it until it is taken, as after epoll_wait().
TEST(OrderedWaitLeaves, AnErrorAsPlainWaitsDo) {
  for (const char* scenario : {"pending_error", "queued_error"}) {
    for (const char* family : {"udp4", "udp6"}) {
      Expect({scenario, family, "ordered"},
             Facts(With::kNothing, {scenario, family, "kernel"}));
    }
  }
}

TEST(OrderedWaitTells, AnErrorWithoutData) {
  for (const char* family : {"udp4", "udp6"}) {
    Expect({"error_alone", family, "ordered"},
           Facts(With::kNothing, {"error_alone", family, "kernel"}));
  }
}

TEST(OrderedWaitLeaves, AllForAReaderWhileOthersWait) {
  for (const char* family : {"udp4", "udp6"}) {
    // In an earlier constructor this hangs under ThreadSanitizer.
    EXPECT_EQ(RunWith(With::kLibrary, {"crowd", family}, {}).out,
              "received=6000, wrong=0, offset -1\n");
  }
}

TEST(OrderedWaitLeaves, ASetToAnotherProcessThatWaits) {
  for (const char* family : {"udp4", "udp6"}) {
    Expect({"shared_set", family},
           "after it was ended=1 A30\nwaits=3000, wrong=0, offset -1\n");
  }
}

TEST(OrderedWaitLeaves, AllForAReaderWithoutCopies) {
  for (const char* family : {"udp4", "udp6"}) {
    EXPECT_EQ(RunWith(With::kLibrary, {"zero_copy_crowd", family}, {}).out,
              "received=10000, offset -1\n");
  }
}

TEST(OrderedWaitEnds, WhereTheOffsetIsChangedMeanwhile) {
  for (const char* family : {"udp4", "udp6"}) {
    EXPECT_EQ(RunWith(With::kLibrary, {"offset_meanwhile", family}, {}).out,
              "rounds=2000, offset -1\n");
  }
}

TEST(OrderedWaitGoesOn, WhileMembersAreClosed) {
  for (const char* family : {"udp4", "udp6"}) {
    // Not in an earlier constructor either.
    EXPECT_EQ(RunWith(With::kLibrary, {"closed_meanwhile", family}, {}).out,
              "rounds=1000\n");
  }
}

// ---- The whole

constexpr char kAllRight[] = "wrong=0, unordered=0\n";

std::string FactsWithStamps(const std::vector<std::string>& words) {
  const Ran ran = RunWith(With::kLibrary, words, {{"EF_RX_TIMESTAMPING", "1"}});
  EXPECT_EQ(ran.err, "");
  return ran.out;
}

TEST(WireOrder, OfHundredThousandDatagramsIsTheirOrder) {
  for (const char* family : {"udp4", "udp6"}) {
    EXPECT_EQ(
        FactsWithStamps({"whole", family, family, "20", "100000", "many"}),
        std::string("read=100000, ") + kAllRight);
  }
}

TEST(WireOrder, OfConnectionsWithOneSegmentOutstandingIsTheirOrder) {
  for (const char* family : {"tcp4", "tcp6"}) {
    EXPECT_EQ(FactsWithStamps({"whole", family, family, "20", "10000", "one"}),
              std::string("read=10000, ") + kAllRight);
  }
}

TEST(WireOrder, OfDatagramsAndConnectionsIsTheirOrder) {
  EXPECT_EQ(FactsWithStamps({"whole", "udp4", "tcp6", "20", "10000", "one"}),
            std::string("read=10000, ") + kAllRight);
}

TEST(WireOrder, OfConnectionsIsTheWiresWhereEachPacketIsKnown) {
  if (!IsTapped()) return;
  for (const char* family : {"tcp4", "tcp6", "udp4"}) {
    EXPECT_EQ(FactsWithStamps({"whole", "tcp4", family, "20", "20000", "many"}),
              std::string("read=20000, ") + kAllRight);
  }
}

// ---- ONLOAD_MSG_ONEPKT

TEST(OnePacket, IsReceivedByEachCallOfTcp) {
  std::string expected;
  for (const char* call : {"recv", "recvfrom", "recvmsg", "recvmmsg"}) {
    expected += std::string(call) +
                "\nnothing=-1, EAGAIN\npeek=100\npeek=100\npeek=100\npart=30\n"
                "peek the rest=70\nrest=70\nsecond=200\nunflagged=50\n"
                "rest of third=250\npeek=10\nunflagged, all=30\n"
                "WAITALL=-1, EINVAL\ntwo at once=" +
                (IsTapped() ? "10\nend=20\n" : "30\nend=0\n");
  }
  Expect({"one_packet", "tcp4"}, expected);
  Expect({"one_packet", "tcp6"}, expected);
}

TEST(OnePacket, IsWaitedForAndFillsOnePieceOfMemory) {
  for (const char* family : {"tcp4", "tcp6"}) {
    Expect({"one_packet_waits", family},
           "waited=5\nin vain=-1, EAGAIN\npieces=4\nthe rest=6\n"
           "no memory=0\nall=10\n");
  }
}

TEST(OnePacket, IsNotKnownAfterUrgentDataUntilAllIsRead) {
  for (const char* family : {"tcp4", "tcp6"}) {
    Expect({"urgent", family},
           "peek=100\npeek=100\nurgent=1\nbefore it=150\nafter it=5\n"
           "nothing=-1, EAGAIN\npeek=10\none=10\nother=20\n");
  }
}

}  // namespace
}  // namespace lkos
