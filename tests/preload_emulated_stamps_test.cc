// SPDX-License-Identifier: GPL-2.0-only
// Onload's own timestamps, under the emulation.
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

using Environment = std::vector<std::pair<std::string, std::string>>;

const Environment kOn = {{"EF_RX_TIMESTAMPING", "1"},
                         {"EF_TX_TIMESTAMPING", "1"}};

void ExpectUnder(const Environment& environment,
                 const std::vector<std::string>& words,
                 const std::string& facts) {
  for (const With with : {With::kLibrary, With::kLibraryEarly}) {
    Command command = Scenario(with, words);
    command.environment.insert(command.environment.end(), environment.begin(),
                               environment.end());
    const Ran ran = RunCommand(command);
    if (IsNotRun(ran.out)) GTEST_SKIP() << ran.out;
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(ran.status, 0);
    EXPECT_TRUE(AreFacts(ran.out, facts));
  }
}

bool IsTcp(const std::string& family) { return family[0] == 't'; }

class EachFamily : public testing::TestWithParam<std::string> {
 protected:
  void Expect(const std::string& scenario, const std::string& facts) {
    ExpectUnder(kOn, {scenario, GetParam()}, facts);
  }

  bool is_tcp() const { return IsTcp(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(, EachFamily, testing::ValuesIn(kInet), ParamName());

class Tcp : public EachFamily {};

INSTANTIATE_TEST_SUITE_P(, Tcp, testing::Values("tcp4", "tcp6"), ParamName());

class Udp : public EachFamily {};

INSTANTIATE_TEST_SUITE_P(, Udp, testing::Values("udp4", "udp6"), ParamName());

// ---- onload_timestamping_request()

TEST_P(EachFamily, TakesTheRequestsOfVersion1) {
  const std::string request = "onload_timestamping_request(";
  Expect("v1_requests",
         request + "-1, 8)=-22\n" + request + "-1, 0)=-25\n" + request +
             "pipes[0], TX_NIC)=-25\n" + GetParam() + " accepts=0x2007\n" +
             request + "pair.near, RX_NIC | 1U << 12)=-22\n" + request +
             "fresh, TX_NIC | RX_NIC)=0\n" + request + "plain, TX_NIC)=-25\n" +
             "told=0x0, 4 bytes; 0x0, 4 bytes\n");
}

TEST(Version1, IsForSocketsOfOnload) {
  const std::string request = "onload_timestamping_request(";
  ExpectUnder(kOn, {"v1_requests", "unix_stream"},
              request + "-1, 8)=-22\n" + request + "-1, 0)=-25\n" + request +
                  "pipes[0], TX_NIC)=-25\nunix_stream accepts=0x0\n" + request +
                  "pair.near, RX_NIC | 1U << 12)=-22\n" + request +
                  "fresh, TX_NIC | RX_NIC)=-25\n" + request +
                  "plain, TX_NIC)=-25\n"
                  "told=0x0, 4 bytes; -1 ENOPROTOOPT\n");
}

TEST_P(EachFamily, TellsARecordForEachStampThatVersion1AsksFor) {
  Expect("v1_receives",
         "nothing=hello\ncard=v1(now/0:83) hello\n"
         "card and switch=v1(now/0:83, none) hello\nswitch=v1(none) hello\n"
         "sends=hello\npeek=v1(now/0:83) hello\npeeked=v1(now/0:83) hello\n"
         "off=hello\n");
}

TEST_P(EachFamily, ReportsSendsToVersion1WithoutNumbers) {
  const std::string report = "report(ENOMSG 4 0 0) flags 0x2000 packet\n";
  const std::string sent = "v1(now/0:83) " + report;
  Expect("v1_sends", "received=hello\nsent=" + sent + "sent=-1 EAGAIN\nnext=" +
                         sent + "next=-1 EAGAIN\nreceives only=-1 EAGAIN\n" +
                         "off=" + report + "sent while off=-1 EAGAIN\n");
}

// ---- SO_TIMESTAMPING_OOEXT

TEST_P(EachFamily, TakesTheFlagsOfVersion2) {
  const std::string set =
      "setsockopt(pair.near, SOL_SOCKET, SO_TIMESTAMPING_OOEXT, ";
  const std::string fresh =
      is_tcp() ? "fresh=-1 ENOPROTOOPT\nfresh=0x0, 4 bytes; 0x0, 4 bytes\n"
                 "bound=-1 ENOPROTOOPT\n"
               : "fresh=0\nfresh=0x44, 4 bytes; 0x44, 4 bytes\nbound=0\n";
  Expect("v2_requests",
         "accepts=0x80002fff\nbeside OPT_ID=0x80012fff\n"
         "last=0x80000080, 4 bytes; 0x80000080, 4 bytes\n"
         "set_v2(pair.near, RX_HW | RAW | TRAILER)=0\n"
         "trailer=0x80000044, 4 bytes; 0x80000044, 4 bytes\n"
         "set_v2(pair.near, RX_HW | STREAM)=-1, EINVAL\n"
         "set_v2(pair.near, RX_HW | 1U << 19)=-1, EINVAL\n"
         "refused=0x80000044, 4 bytes; 0x80000044, 4 bytes\n" +
             set + "value, 3)=-1, EINVAL\n" + set + "value, 12)=0\n" + set +
             "NULL, 4)=-1, EFAULT\n"
             "2 bytes=0x5a5a0044, 2 bytes\n16 bytes=0x44, 4 bytes\n" +
             fresh +
             "plain=-1 ENOPROTOOPT\nplain=0x0, 4 bytes; -1 ENOPROTOOPT\n"
             "SO_TIMESTAMPING in its place=0x18, 4 bytes; 0x18, 4 bytes\n"
             "v1 in its place=0x0, 4 bytes; 0x0, 4 bytes\n"
             "v2 in its place=0x24, 4 bytes; 0x24, 4 bytes\n"
             "nothing=0x0, 4 bytes; 0x0, 4 bytes\n");
}

TEST_P(EachFamily, TellsTheRecordsThatVersion2AsksFor) {
  Expect("v2_receives",
         "all=v2(0x18 now, 0x24 now/0:83, 0x44 now/0:83) hello\n"
         "software=v2(0x18 now) hello\n"
         "software of hardware=v2(0x18 now) hello\n"
         "raw=v2(0x44 now/0:83) hello\nsystem=v2(0x24 now/0:83) hello\n"
         "raw of software=v2(0x44 now/0:83) hello\nno reports=v2() hello\n"
         "no records=hello\nsends=hello\noff=hello\n");
}

TEST_P(EachFamily, ReportsSendsToVersion2) {
  const std::string end = " flags 0x2000 packet\n";
  const std::string report = "report(ENOMSG 4 0 0)";
  const auto number = [&](int udp, int tcp) {
    return "report(ENOMSG 4 0 " + std::to_string(is_tcp() ? tcp : udp) + ")";
  };
  const std::string raw = "v2(0x41 now/0:83) ";
  Expect("v2_sends", "both=v2(0x21 now/0:83, 0x41 now/0:83) " + report + end +
                         "both=-1 EAGAIN\nraw=" + raw + report + end +
                         "raw=-1 EAGAIN\nsystem=v2(0x21 now/0:83) " + report +
                         " flags 0x2000 0\nsystem=-1 EAGAIN\nnumbered=" + raw +
                         number(0, 4) + end +
                         "numbered=-1 EAGAIN\nnumbered=" + raw + number(1, 9) +
                         end + "numbered=-1 EAGAIN\nwith an address=" + raw +
                         "report(ENOMSG 4 0 0 from somewhere)" + end +
                         "with an address=-1 EAGAIN\nno stamps=v2() " + report +
                         end + "no stamps=-1 EAGAIN\nof software=-1 EAGAIN\n");
}

// ---- ONLOAD_SOF_TIMESTAMPING_STREAM

TEST_P(Tcp, TakesAStreamOfHardwareStamps) {
  Expect("stream_requests",
         "accepts=0x80812fff\n"
         "set(pair.near, SO_TIMESTAMPING, STREAM | SYS)=-1, EINVAL\n"
         "set(pair.near, SO_TIMESTAMPING, TX_HW | SYS | STREAM)=0\n"
         "told=0x800021, 4 bytes; 0x800021, 4 bytes\n"
         "set(pair.near, SO_TIMESTAMPING, RX_HW | RAW | TRAILER)=0\n"
         "trailer=0x80000044, 4 bytes; 0x80000044, 4 bytes\n"
         "set(plain, SO_TIMESTAMPING, TX_HW | SYS | STREAM)=-1, EINVAL\n"
         "set(pair.near, SO_TIMESTAMPING, RX_SW | SOFT)=0\n"
         "off=0x18, 4 bytes; 0x18, 4 bytes\n");
}

TEST_P(Udp, HasNoStream) {
  Expect("stream_requests",
         "accepts=0x0\n"
         "set(pair.near, SO_TIMESTAMPING, STREAM | SYS)=-1, EINVAL\n"
         "set(pair.near, SO_TIMESTAMPING, TX_HW | SYS | STREAM)=-1, EINVAL\n"
         "told=0x0, 4 bytes; 0x0, 4 bytes\n"
         "set(pair.near, SO_TIMESTAMPING, RX_HW | RAW | TRAILER)=-1, EINVAL\n"
         "trailer=0x0, 4 bytes; 0x0, 4 bytes\n"
         "set(plain, SO_TIMESTAMPING, TX_HW | SYS | STREAM)=-1, EINVAL\n"
         "set(pair.near, SO_TIMESTAMPING, RX_SW | SOFT)=0\n"
         "off=0x18, 4 bytes; 0x18, 4 bytes\n");
}

TEST_P(Tcp, ReportsEachSendOfAStreamWhenItIsAcknowledged) {
  const auto record = [](const std::string& what, int length) {
    return what + "=stream(now, none, " + std::to_string(length) +
           ") flags 0x2000 0\n";
  };
  const auto end = [](const std::string& what) {
    return what + "=-1 EAGAIN\n";
  };
  Expect("stream", end("nothing sent") + record("sent", 3) + end("sent") +
                       record("three", 1) + record("three", 2) +
                       record("three", 3) + end("three") +
                       record("large", 20000) + end("large") +
                       record("set again", 1) + end("set again") +
                       "without a header=0\n" + end("then") +
                       "received=slots(now, now, now) hello\n" + end("end"));
}

TEST_P(Tcp, KnowsTheTimesOfManySendsBeforeTheyAreAcknowledged) {
  Expect("stream_of_many", "bytes=450\nwithout a time=0, with a later one=0\n");
}

TEST_P(Tcp, TellsWhenASendOfAStreamLeftLast) {
  Expect("stream_sent_again",
         "before the acknowledgement=-1 EAGAIN\nbytes=5\n"
         "last after first=1\nsent again=-1 EAGAIN\n");
}

TEST_P(Tcp, ReportsToVersion1TheFirstTimeOnly) {
  Expect("v1_sent_again",
         "sent=v1(now/0:83) report(ENOMSG 4 0 0) flags 0x2000 packet\n"
         "sent again=-1 EAGAIN\n");
}

// ---- States of a connection

// Of IPv6 a kernel tells an address that nobody asked for.
std::string NumberedReport(const std::string& family, int number) {
  return "slots(none, none, now) report(ENOMSG 4 0 " + std::to_string(number) +
         (family == "tcp6" ? " from somewhere" : "") +
         ") flags 0x2000 packet\n";
}

TEST_P(Tcp, NumbersSendsFromTheirFirstIfAskedBefore) {
  const std::string first = NumberedReport(GetParam(), 4);
  Expect("numbers_before_connecting",
         "set(near, SO_TIMESTAMPING, TX_HW | RAW | OPT_ID_TCP)=-1, EINVAL\n"
         "set(near, SO_TIMESTAMPING, flags)=0\ntold=as asked\n"
         "set(listener, SO_TIMESTAMPING, flags)=0\nconnected=as asked\nsent=" +
             first + "sent=-1 EAGAIN\nsent=" + NumberedReport(GetParam(), 9) +
             "sent=-1 EAGAIN\naccepted=as asked\nsent back=" + first +
             "sent back=-1 EAGAIN\n");
}

TEST_P(Tcp, NumbersSendsFromTheirFirstIfConnectDoesNotWait) {
  Expect("numbers_while_connecting",
         "set(pair.near, SO_TIMESTAMPING, TX_HW | RAW | ID)=0\n"
         "connect=-1 EINPROGRESS\nsent=" +
             NumberedReport(GetParam(), 4) + "sent=-1 EAGAIN\n");
}

TEST_P(Tcp, NumbersSendsAnewForEachRequest) {
  const std::string end = ") flags 0x2000 packet\n";
  const std::string v2 = "v2(0x41 now/0:83) report(ENOMSG 4 0 ";
  Expect("numbers_anew",
         "v1=v1(now/0:83) report(ENOMSG 4 0 0" + end +
             "v1=-1 EAGAIN\nplain=" + NumberedReport(GetParam(), 4) +
             "plain=-1 EAGAIN\nstream=stream(now, none, 5) flags 0x2000 0\n"
             "stream=-1 EAGAIN\nv2=" +
             v2 + "4" + end + "v2=-1 EAGAIN\nv2 again=" + v2 + "9" + end +
             "v2 again=-1 EAGAIN\n");
}

TEST_P(Tcp, GivesAcceptedSocketsTheirListenersRequests) {
  Expect("inherited",
         "v1=v1(now/0:83) hello\n"
         "v1=v1(now/0:83) report(ENOMSG 4 0 0) flags 0x2000 packet\n"
         "v1=-1 EAGAIN\nstream=stream(now, none, 5) flags 0x2000 0\n"
         "stream=-1 EAGAIN\ntold=0x800021, 4 bytes; 0x800021, 4 bytes\n");
}

TEST_P(Tcp, HasNoStampAtTheEnd) { Expect("ends", "end=0\n"); }

TEST_P(Udp, HasAStampWithoutBytes) {
  Expect("empty",
         "empty=v1(now/0:83) 0\n"
         "two=v1(now/0:83) hello; v1(now/0:83) hello\n");
}

TEST_P(Udp, HasNoStampOfTheErrorOfAClosedPort) {
  const std::string origin = GetParam() == "udp4" ? "2" : "3";
  Expect("closed_port",
         "closed=v1(now/0:83) report(ENOMSG 4 0 0) flags 0x2000 packet\n"
         "closed=report(ECONNREFUSED " +
             origin +
             " 0 0 from somewhere) flags 0x2000 hello\n"
             "closed=-1 EAGAIN\n");
}

// ---- OPT_PKTINFO

TEST_P(Udp, TellsTheInterfaceOfADatagram) {
  const bool v4 = GetParam() == "udp4";
  const std::string info = v4 ? "pktinfo(lo, 47) " : "pktinfo(lo, 67) ";
  const std::string own = v4 ? "other(0 8 12) " : "other(41 50 20) ";
  const std::string v1 = "v1(now/0:83) ";
  Expect("interface",
         "v1=" + v1 + info + "hello\noption=0, of the kernel 1\n" +
             "cut 60=60 cut, 1 37 32\nasked, too=" + v1 + info + own +
             "hello\noption=1, of the kernel 1\nv2=v2(0x44 now/0:83) " + info +
             "hello\noption=0, of the kernel 1\nno interface=" + v1 +
             "hello\noption=0, of the kernel 0\noff=" + own +
             "hello\noption=1, of the kernel 1\n");
  Expect("interface_of_long", "received=2, flags 0x20, " + v1 + info +
                                  "\nreceived=5, flags 0x20, " + v1 + info +
                                  "\n");
}

TEST_P(Tcp, HasNoInterfaceWithoutACard) {
  const std::string option = "option=0, of the kernel 0\n";
  const std::string asked = "option=1, of the kernel 1\n";
  Expect("interface",
         "v1=v1(now/0:83) hello\n" + option +
             "cut 60=32, 1 37 32\nasked, too=v1(now/0:83) hello\n" + asked +
             "v2=v2(0x44 now/0:83) hello\n" + option +
             "no interface=v1(now/0:83) hello\n" + option + "off=hello\n" +
             asked);
}

// ---- Threads, descriptors, and onload_zc_recv()

TEST_P(EachFamily, HasTheFormThatHoldsWhenAMessageComes) {
  Expect("asked_meanwhile", "waited=v1(now/0:83) hello\n");
}

TEST_P(EachFamily, HasStampsWhereverADescriptorGoes) {
  Expect("travels",
         "duplicate=v1(now/0:83) hello\narrived=v1(now/0:83) hello\n"
         "child=v1(now/0:83) hello\n"
         "asked in the child=v2(0x44 now/0:83) hello\n");
}

TEST_P(EachFamily, TellsStampsWithoutCopying) {
  Expect("zero_copy",
         "v1=v1(now/0:83) 5 bytes\nv2=v2(0x18 now, 0x44 now/0:83) 5 bytes\n");
}

// ---- What is on for the emulation's own sake

// Also in a program that has the socket from another one.
TEST_P(EachFamily, IsNotShownElsewhere) {
  for (const char* asked : {"asked", "no_longer", "not"}) {
    const std::vector<std::string> words = {"elsewhere", GetParam(), asked};
    ExpectUnder(kOn, words, Facts(With::kNothing, words));
  }
}

TEST_P(EachFamily, IsNotShownAfterExecOfAProgramThatWaitedInOrder) {
  const std::vector<std::string> words = {"elsewhere", GetParam(), "not"};
  Command command = Scenario(With::kLibrary, words);
  const std::string facts = RunCommand(command).out;
  EXPECT_EQ(facts.substr(0, facts.find("asked")),
            "exec, option=0, mark=0\nreceived=hello\n");
}

// Any three settings of SO_TIMESTAMP, SO_TIMESTAMPNS and SO_TIMESTAMPING, each
// in both forms, do what they do without the library.
TEST_P(EachFamily, LeavesTheKernelsTimesToTheProgram) {
  const std::vector<std::string> words = {"times", GetParam()};
  ExpectUnder(kOn, words, Facts(With::kNothing, words));
}

TEST_P(EachFamily, ShowsNothingOfAWaitInTheWiresOrder) {
  Expect("after_wire_order",
         "nothing=hello\nhardware=slots(none, none, now) hello\noption=0\n"
         "time=other(1 29 16) slots(none, none, now) hello\noption=1\n"
         "v1=v1(now/0:83) hello\ncut 32=32, 1 37 32\n");
}

// ---- Control data that is cut

#if defined(__LP64__)
TEST_P(EachFamily, CutsControlDataAsTheKernelDoes) {
  Expect("cut",
         "v1 0=0 cut, 0 0 0\nv1 15=0 cut, 0 0 0\nv1 16=16 cut, 1 37 16\n"
         "v1 20=20 cut, 1 37 20\nv1 32=32, 1 37 32\nv1 48=32, 1 37 32\n"
         "v1 63=32, 1 37 32\nv1 64=32, 1 37 32\nv1 88=32, 1 37 32\n"
         "v1 89=32, 1 37 32\nv1 150=32, 1 37 32\n"
         "v2 0=0 cut, 0 0 0\nv2 15=0 cut, 0 0 0\nv2 16=16 cut, 1 1004288 16\n"
         "v2 20=20 cut, 1 1004288 20\nv2 32=32 cut, 1 1004288 32\n"
         "v2 48=48 cut, 1 1004288 48\nv2 63=63 cut, 1 1004288 63\n"
         "v2 64=64 cut, 1 1004288 64\nv2 88=88, 1 1004288 88\n"
         "v2 89=88, 1 1004288 88\nv2 150=88, 1 1004288 88\n"
         "report 0=0 cut, 0 0 0\nreport 15=0 cut, 0 0 0\n"
         "report 16=16 cut, 1 1004288 16\nreport 20=20 cut, 1 1004288 20\n"
         "report 32=32 cut, 1 1004288 32\nreport 48=40 cut, 1 1004288 40\n"
         "report 63=63 cut, 1 1004288 40\nreport 64=64 cut, 1 1004288 40\n"
         "report 88=88" +
             std::string(GetParam().back() == '4' ? "" : " cut") +
             ", 1 1004288 40\nreport 89=" +
             (GetParam().back() == '4' ? "88" : "89 cut") +
             ", 1 1004288 40\nreport 150=" +
             (GetParam().back() == '4' ? "88" : "104") + ", 1 1004288 40\n");
}
#endif

// ---- The environment

TEST_P(EachFamily, HasStampsThatTheEnvironmentSwitchesOn) {
  const std::string report = "report(ENOMSG 4 0 0) flags 0x2000 packet\n";
  const std::string v1 = "v1=v1(now/0:83) hello\n";
  const std::string v2 =
      "v2=v2(0x18 now, 0x24 now/0:83, 0x44 now/0:83) hello\n";
  const std::string no_v1 = "v1=v1(none) hello\n";
  const std::string no_v2 = "v2=v2(0x18 now) hello\n";
  const std::string sent = "v1 sent=v1(now/0:83) " + report +
                           "v2 sent=v2(0x21 now/0:83, 0x41 now/0:83) " + report;
  const std::string not_sent = "v1 sent=-1 EAGAIN\nv2 sent=-1 EAGAIN\n";
  const std::vector<std::string> words = {"environment", GetParam()};
  ExpectUnder({}, words, no_v1 + no_v2 + not_sent);
  ExpectUnder({{"EF_RX_TIMESTAMPING", "3"}}, words, v1 + v2 + not_sent);
  ExpectUnder({{"EF_TX_TIMESTAMPING", "2"}}, words, no_v1 + no_v2 + sent);
  ExpectUnder({{"EF_RX_TIMESTAMPING", "1"},
               {"EF_TX_TIMESTAMPING", "1"},
               {"EF_TIMESTAMPING_REPORTING", "1"}},
              words, v1 + v2 + sent);
}

TEST(Options, SwitchStampsOnForTheThreadThatAsksNext) {
  ExpectUnder({}, {"options", "udp4"},
              "before=v1(none) hello\nset=v1(now/0:83) hello\n"
              "reset=v1(none) hello\n");
}

TEST(Log, TellsOfStampsThatTheEnvironmentHasOff) {
  Command command = Scenario(With::kLibrary, {"environment", "udp4"});
  command.environment.push_back({"LKOS_LOG_FD", "2"});
  const Ran ran = RunCommand(command);
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.err.find("EF_RX_TIMESTAMPING is 0"), std::string::npos);
  EXPECT_NE(ran.err.find("EF_TX_TIMESTAMPING is 0"), std::string::npos);
}

}  // namespace
}  // namespace lkos
