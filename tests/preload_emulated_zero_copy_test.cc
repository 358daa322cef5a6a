// SPDX-License-Identifier: GPL-2.0-only
// Zero copy under the emulation: what callbacks are given, who has which
// buffer, and each code.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

// So a wait is not interrupted, and a handler may run where signals are
// blocked.
#ifdef __SANITIZE_THREAD__
#define SKIP_WHERE_SIGNALS_ARE_LATE() \
  GTEST_SKIP() << "not run: ThreadSanitizer delivers signals late"
#else
#define SKIP_WHERE_SIGNALS_ARE_LATE()
#endif

const char kNoneOut[] = "buffers that are not out=0\n";

// What each call answers for one class of descriptor.
std::string Row(const std::string& what, int recv, int buffers, int send,
                const std::string& kernel) {
  const std::string code = std::to_string(buffers);
  return what + ": recv " + std::to_string(recv) + ", alloc " + code +
         ", release " + code + ", send 1 rc " + std::to_string(send) +
         ", sync " + code + ", errno untouched\n" + what + ": recvmsg_kernel " +
         kernel + "\n";
}

std::string Refused(const std::string& what) {
  return Row(what, -94, -94, -94, "-94, errno untouched");
}

TEST(Table, OfEachCallForEachClassOfDescriptor) {
  const std::string not_udp = "-95, errno untouched";
  const std::string expected =
      Row("UDP", -11, 0, -95, "-1, EAGAIN") +
      Row("TCP, fresh", -107, 0, -22, not_udp) +
      Row("TCP, listening", -107, 0, -22, not_udp) +
      Row("TCP, connected", -11, 0, -22, not_udp) + Refused("plain UDP") +
      Refused("plain TCP") + Refused("UNIX") + Refused("pipe") +
      Refused("epoll") + Refused("file") +
      Row("closed", -9, -22, -9, "-9, errno untouched") + Refused("-1") +
      Refused("beyond the limit");
  ExpectFacts({"table", "tcp4", "udp4"}, expected);
  ExpectFacts({"table", "tcp6", "udp6"}, expected);
}

class ZcUdp : public testing::TestWithParam<const char*> {
 protected:
  // A callback for one datagram.
  std::string Callback(int bytes, int buffers, const std::string& flags) {
    return "callback: " + std::to_string(bytes) + " bytes in " +
           std::to_string(buffers) + ", right; name of " + name_ +
           "; control of " + control_ + "; msg_flags 0x0; " + flags + "\n";
  }

  const std::string udp_ = GetParam();
  const std::string name_ = udp_ == "udp4" ? "16 IPv4" : "28 IPv6";
  std::string control_ = "0";
};

INSTANTIATE_TEST_SUITE_P(Zc, ZcUdp, testing::Values("udp4", "udp6"),
                         ParamName());

TEST_P(ZcUdp, HandsOverEachDatagramInBuffersOf2048Bytes) {
  ExpectFacts({"datagrams", udp_},
              Callback(100, 1, "none") + Callback(0, 1, "none") +
                  Callback(1726, 1, "none") + Callback(1727, 2, "none") +
                  Callback(5000, 3, "none") + Callback(65000, 37, "none") +
                  Callback(1, 1, "END_OF_BURST") +
                  "all of them=0\nempty=-11\n" + kNoneOut);
}

TEST_P(ZcUdp, StopsWhenTheCallbackSaysSo) {
  ExpectFacts({"stopping", udp_},
              Callback(1, 1, "none") + Callback(2, 1, "none") +
                  "stopped after two=0\n" + Callback(3, 1, "none") +
                  Callback(4, 1, "END_OF_BURST") + "the rest, inline=0\n");
}

TEST_P(ZcUdp, LetsTheProgramKeepADatagramUntilItReleasesItsFirstBuffer) {
  ExpectFacts({"keeping", udp_},
              Callback(100, 1, "none") + Callback(1000, 1, "none") +
                  Callback(5000, 3, "END_OF_BURST") +
                  "kept two of three=0\nstill out=4\n"
                  "onload_zc_release_buffers(pair.near, seen.kept, 2)=0\n"
                  "onload_zc_release_buffers(pair.near, seen.kept, 1)=-22\n" +
                  kNoneOut);
}

TEST_P(ZcUdp, HasACodeForEachCase) {
  ExpectFacts({"udp_codes", udp_},
              "MSG_PEEK=-22\nMSG_ERRQUEUE=-22\nMSG_OOB=-22\nMSG_TRUNC=-22\n"
              "ONEPKT=-22\ninline=-11\nrefused=-111\nonce=-11\nshut down=0\n"
              "shut down, DONTWAIT=-11\ncallbacks=0\n" +
                  Callback(4, 1, "none") + Callback(5, 1, "END_OF_BURST") +
                  "shut down with data=0\n");
}

TEST_P(ZcUdp, GivesEachCallbackItsControlDataWhateverTheLastOneDid) {
  control_ = "24";
  const std::string burst = Callback(2000, 2, "none") +
                            Callback(2001, 2, "none") +
                            Callback(2002, 2, "END_OF_BURST");
  ExpectFacts({"control", udp_},
              burst +
                  "onload_zc_recv(pair.far, &receive_args)=0\n"
                  "user_ptr=1, cb=1\n"
                  "callback: 3 bytes in 1, right; name of 0; control of 16; "
                  "msg_flags 0x8; END_OF_BURST\n"
                  "onload_zc_recv(pair.far, &receive_args)=0\n");
}

TEST_P(ZcUdp, LeavesWhatFindsNoBuffer) {
  ExpectFacts({"limits", udp_},
              "too many=-12\nall=0\none more=-12\n"
              "no buffer to receive into=-105\ntwo of them=0\nin two=-1\n"
              "the others=0\nkept=0\nnothing lost=1\n" +
                  std::string(kNoneOut));
}

TEST_P(ZcUdp, HandsAnErrorAfterADatagramToTheNextCall) {
  ExpectFacts({"error_after_data", udp_, "zc"},
              "first=0\npoll tells it=1\nsecond=-111\ncallbacks=1\n"
              "third=-11\n");
  ExpectFacts({"error_after_data", udp_, "recv"},
              "first=0\npoll tells it=1\nsecond=-1 ECONNREFUSED\n"
              "callbacks=1\nthird=-11\n");
  ExpectFacts({"error_after_data", udp_, "queued"},
              "first=0\nsecond=-111\ncallbacks=1\nthird=0\n");
}

TEST_P(ZcUdp, RecvmsgKernelReceivesWhatIsQueuedAndNeverWaits) {
  const std::string call = "onload_recvmsg_kernel(pair.far, &header, ";
  ExpectFacts({"from_kernel", udp_},
              call + "0)=-1, EAGAIN\n" + call + "MSG_PEEK)=30\n" + call +
                  "0)=30\nname=1, right=1\nafter a refusal=-1, EPERM\n");
}

TEST_P(ZcUdp, IsNotShownToAFilter) {
  ExpectFacts({"filtered", udp_},
              "onload_zc_recv=0\n"
              "onload_recvmsg_kernel(pair.far, &header, 0)=2\n"
              "calls of the filter=0\nrecv=3\ncalls of the filter=1\n");
}

TEST(ZcMulticast, IsShared) {
  const std::string callback = " bytes in 1, right; name of 0; control of ";
  const std::string end = "onload_zc_recv(receiver, &receive_args)=0\n";
  ExpectFacts({"multicast", "group"},
              "callback: 1" + callback + "0; msg_flags 0x0; SHARED\n" +
                  "callback: 2" + callback +
                  "0; msg_flags 0x0; SHARED|END_OF_BURST\n" + end);
  // By IP_PKTINFO, where the socket is bound to any address.
  ExpectFacts({"multicast", "any"},
              "callback: 1" + callback + "32; msg_flags 0x0; SHARED\n" +
                  "callback: 2" + callback + "32; msg_flags 0x0; SHARED\n" +
                  "callback: 3" + callback +
                  "32; msg_flags 0x0; END_OF_BURST\n" + end);
}

class ZcTcp : public testing::TestWithParam<const char*> {
 protected:
  const std::string tcp_ = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Zc, ZcTcp, testing::Values("tcp4", "tcp6"),
                         ParamName());

TEST_P(ZcTcp, HandsOverTheStreamInOrderAndAnswersHowMuch) {
  ExpectFacts({"stream", tcp_},
              "callback: 1000 bytes in 1, right; name of 0; control of 0; "
              "msg_flags 0x0; none\n1000 bytes=1000\nnothing=-11\n"
              "60000 bytes=60000, in order=1, several callbacks=1\nend=0\n"
              "end, DONTWAIT=0\n" +
                  std::string(kNoneOut) + "shut down for reading=0\n");
}

TEST_P(ZcTcp, StopsWhenTheCallbackSaysSo) {
  ExpectFacts({"stream_stops", tcp_},
              "stopped after two=1, the bytes of two=1\n"
              "the rest in order=1\n");
}

TEST_P(ZcTcp, HasACodeForEachCase) {
  ExpectFacts({"tcp_codes", tcp_},
              "fresh=-107\nlistening=-107\nMSG_OOB=-22\n"
              "WAITALL and ONEPKT=-22\nMSG_ERRQUEUE=-11\ninline=-11\n"
              "callbacks=0\nWAITALL=10\nMSG_TRUNC=10\ncallbacks=2\n");
}

TEST_P(ZcTcp, PeeksAtAllThatIsQueued) {
  ExpectFacts({"peeking", tcp_},
              "nothing=-11\nall=10000\nonce more=10000\n"
              "the same=1, several callbacks=1\nkept=10000\nwhich is not=-22\n"
              "stopped after one=1\nof one packet=1\nthen received=10000\n" +
                  std::string(kNoneOut));
}

TEST_P(ZcTcp, ReceivesOnePacketAtATimeIfAsked) {
  ExpectFacts({"one_packet", tcp_}, "callbacks=1\nin order=1\nalone=700\n");
}

TEST_P(ZcTcp, HandsOverEachPacketWhoseEndIsKnown) {
  const std::string rest =
      " bytes in 1, right; name of 0; control of 0; msg_flags 0x0; none\n";
  ExpectFacts({"packets", tcp_}, "callback: 100" + rest + "callback: 200" +
                                     rest + "callback: 300" + rest +
                                     "three packets=600\n");
}

TEST_P(ZcTcp, ReceivesUrgentDataInLine) {
  ExpectFacts({"urgent", tcp_}, "all of it in line=1\n");
}

TEST_P(ZcTcp, LeavesWhatFindsNoBuffer) {
  ExpectFacts({"limits", tcp_},
              "too many=-12\nall=0\none more=-12\n"
              "no buffer to receive into=-105\ntwo of them=0\nin two=0\n"
              "the others=0\nkept=0\nnothing lost=1\n" +
                  std::string(kNoneOut));
}

TEST_P(ZcTcp, HandsAnErrorAfterDataToTheNextCall) {
  ExpectFacts({"error_after_data", tcp_, "zc"},
              "first=8\nsecond=-104\ncallbacks=1\nthird=0\n");
  ExpectFacts({"error_after_data", tcp_, "recv"},
              "first=8\nsecond=-1 ECONNRESET\ncallbacks=1\nthird=0\n");
}

// ---- both

class ZcEach : public testing::TestWithParam<std::string> {
 protected:
  const std::string family_ = GetParam();
  const bool tcp_ = family_.find("tcp") == 0;
};

INSTANTIATE_TEST_SUITE_P(Zc, ZcEach, testing::ValuesIn(kInet), ParamName());

TEST_P(ZcEach, WaitsAsOtherReceivingCallsDo) {
  SKIP_WHERE_SIGNALS_ARE_LATE();
  ExpectFacts({"waiting", family_},
              "DONTWAIT=-11\nO_NONBLOCK=-11\nSO_RCVTIMEO=-11\nsignal=-4\n"
              "signal with SA_RESTART, then data=" +
                  std::string(tcp_ ? "1" : "0") + "\ncallbacks=1\n" + kNoneOut);
}

TEST_P(ZcEach, WaitsOnWhereAnotherThreadWasFaster) {
  // In an earlier constructor, threads hang under ThreadSanitizer.
  EXPECT_EQ(Facts(With::kLibrary, {"waiting_together", family_}),
            "received=2000, failed=0\n");
}

TEST_P(ZcEach, ReceivesWhatWasSeenWithAPeekOffset) {
  const std::string facts = Facts(With::kLibrary, {"peeked_before", family_});
  if (IsNotRun(facts)) GTEST_SKIP() << facts;
  EXPECT_TRUE(AreFacts(
      facts, "peeked=4\nthe rest=6\n" + std::string(tcp_ ? "bytes=10\n" : "") +
                 "offset=10\nreceived=10, offset=0\nnothing=-11\n" + kNoneOut));
}

TEST_P(ZcEach, LosesNoBufferWithAThreadThatIsCancelled) {
  ExpectFacts({"cancelled", family_},
              "cancelled=200\n" + std::string(kNoneOut));
}

TEST_P(ZcEach, CallbackMayMakeAnyCall) {
  ExpectFacts(
      {"calls_inside", family_},
      "in it: recv=100\nin it: onload_zc_recv=1\nin it: callbacks=1\n"
      "in it: empty=-11\nin it: send=10\nin it: fd_stat=1\n"
      "in it: release=-22\nin it: alloc=0\nin it: zc_send=1 rc 20\n"
      "in it: onload_zc_recv of another=20\nonload_zc_recv ended well=1\n"
      "callbacks=1\nanswer=10\n" +
          std::string(kNoneOut));
}

TEST_P(ZcEach, ReadsNothingOfTheSocketThatTakesTheNumberOfAClosedOne) {
  ExpectFacts({"closes_inside", family_},
              "ended well=1\ncallbacks=1\n" + std::string(kNoneOut));
}

// ---- buffers

TEST(Buffers, ThatAreKeptStayAsTheyAre) {
  ExpectFacts({"keeping_long", "udp4"},
              "others=3000, same=1\n"
              "onload_zc_release_buffers(pair.far, kept.kept, 1)=0\n");
}

TEST(Buffers, AreGivenBackOnceAndByTheirOwner) {
  ExpectFacts({"misuse", "udp4"},
              "the second of a datagram=-22\n"
              "by a socket of another stack=-22\ninside of a buffer=-22\n"
              "memory of the program=-22\nNULL=-22\nno buffer=-22\n"
              "twice in a call=-22\ntwo and a bad one=-22\n"
              "all three, which are not given back yet=0\n"
              "all three, again=-22\nnot kept=-22\nno list=-22\n"
              "no memory=-22\nno arguments=-22\nno callback=-22\n" +
                  std::string(kNoneOut));
}

TEST(Buffers, MisusedAreNamedInTheLog) {
  const std::string log =
      Log({"misuse", "udp6"}) + Log({"calls_inside", "udp6"});
  for (const char* fault :
       {"is not a packet buffer", "has been given back or sent before",
        "is not kept before the callback has answered so",
        "is given back with the first buffer of its datagram", "is given twice",
        "belongs to another stack", "onload_zc_recv: there is no callback"}) {
    EXPECT_NE(log.find(fault), std::string::npos) << fault;
  }
}

TEST(Buffers, FewOfThemCutNoDatagramOfTwoThreads) {
  ExpectFacts({"few_left", "udp4", "2"}, "cut=0\n");
  ExpectFacts({"few_left", "udp4", "4"}, "cut=0\nrefused=0\n");
}

#ifdef __SANITIZE_ADDRESS__
TEST(Buffers, AreNotToBeTouchedOnceTheyAreGivenBack) {
  const Ran ran = RunCommand(Scenario(With::kLibrary, {"touched", "udp4"}));
  EXPECT_EQ(ran.out, "kept=1\n");
  EXPECT_NE(ran.err.find("use-after-poison"), std::string::npos) << ran.err;
}
#endif

TEST(Buffers, Are32768IfNothingIsSaid) {
  ExpectFacts({"default_limit"},
              "buffers=32768\ntake_buffer(fd, buffers + count)=-12\n");
}

// What the other tests rely on to find one that is lost.
TEST(Buffers, ThatAreLostAreMissed) {
  for (const char* family : {"udp4", "tcp4"}) {
    ExpectFacts({"leak", family, "1500", "0"}, kNoneOut);
    ExpectFacts({"leak", family, "1500", "1"}, "buffers that are not out=-1\n");
  }
}

TEST(Buffers, LeaveRoomForHeadersAndForNoMoreThanASegment) {
  for (const char* family : {"tcp4", "tcp6"}) {
    ExpectFacts(
        {"layout", family},
        "NONE: 1792 bytes, to the end=1, the rest untouched=1\n"
        "UDP: 1726 bytes, to the end=1, the rest untouched=1\n"
        "TCP: 1702 bytes, to the end=1, the rest untouched=1\n"
        "connected, at most the segment size=1\n"
        "onload_zc_alloc_buffers(fresh, few, -1, ONLOAD_ZC_BUFFER_HDR_NONE)=0\n"
        "onload_zc_alloc_buffers(fresh, few, 3, ONLOAD_ZC_BUFFER_HDR_NONE)=0\n"
        "three buffers=1\n"
        "onload_zc_release_buffers(fresh, &few[0].buf, -1)=0\n");
  }
}

TEST(Buffers, AreCopiedByFork) {
  ExpectFacts({"forked", "udp4"}, "in a child=0\n" + std::string(kNoneOut) +
                                      "in the parent=0\n" + kNoneOut);
}

TEST(Signals, HandlerMakesTheCallsThatItInterrupts) {
  SKIP_WHERE_SIGNALS_ARE_LATE();
  ExpectFacts({"signals", "tcp4"},
              "failed=0, in a handler 0\n" + std::string(kNoneOut));
}

// ---- sending

TEST_P(ZcTcp, SendsMessagesOnSeveralSockets) {
  ExpectFacts({"sending", tcp_},
              "three on two sockets=3, rc 3000\nothers: rc 1702, 2\n"
              "first: buffers gone gone gone\nsecond: buffers gone\n"
              "third: buffers gone gone\nreceived in order=1\n"
              "received in order=1\nmore to come=1, rc 1000\n"
              "received in order=1\nnone=0, rc 1000\nminus one=0, rc 1000\n" +
                  std::string(kNoneOut));
}

TEST_P(ZcTcp, SendsABufferThatWasReceived) {
  ExpectFacts(
      {"forwarding", tcp_},
      "forwarded=1, rc 1000\nreceived in order=1\n" + std::string(kNoneOut));
}

TEST_P(ZcTcp, HasACodeForEachMessageThatCannotBeSent) {
  ExpectFacts({"send_errors", tcp_},
              "bad flags=1, rc -22\nno bytes=1, rc -22\n"
              "more than there is room for=1, rc -22\n"
              "no room for headers=1, rc -22\noutside=1, rc -22\n"
              "in another buffer=1, rc -22\nno buffers=1, rc -22\n"
              "the second buffer is bad=2, rc 10\nnext message: rc 5\n"
              "half sent: buffers gone program\nsent: buffers gone\n"
              "of another stack=1, rc -22\nnext message: rc 4242\n"
              "of another stack: buffers program\nUDP=1, rc -95\n"
              "fd -1=1, rc -94\nfresh=1, rc -32\n"
              "fresh, no signal=1, rc -32\nlistening=1, rc -32\n"
              "shut down=1, rc -32\nSIGPIPE=2\nunsent: buffers program\n"
              "no messages=-22\n" +
                  std::string(kNoneOut));
}

TEST_P(ZcTcp, SendsBuffersWholeOrNotAtAllWhereItMayNotWait) {
  for (const char* how : {"flag", "file"}) {
    ExpectFacts({"send_full", tcp_, how},
                "rc -11, some before=1\n"
                "unsent: buffers program program program\n"
                "received in order=1\n" +
                    std::string(kNoneOut));
  }
}

TEST_P(ZcTcp, SendsNoPartOfABufferBehindOrdinarySends) {
  ExpectFacts({"send_parts", tcp_}, "parts of buffers=0\n");
}

TEST_P(ZcTcp, WaitsUntilAllIsSentWhereItMay) {
  SKIP_WHERE_SIGNALS_ARE_LATE();
  ExpectFacts({"send_waits", tcp_},
              "all received in order=1\n" + std::string(kNoneOut));
}

TEST_P(ZcTcp, WaitsForTheConnection) {
  ExpectFacts({"send_connecting", tcp_},
              "connecting=1, rc 1000\nreceived in order=1\n");
}

TEST_P(ZcTcp, WarmsWithoutSending) {
  ExpectFacts({"warm", tcp_},
              "two buffers=1, rc -22\none=1, rc 100\none with MORE=1, rc 0\n"
              "no buffer=1, rc -22\nanother buffer=1, rc -22\n"
              "nothing was sent=-1 EAGAIN\n");
}

}  // namespace
}  // namespace lkos
