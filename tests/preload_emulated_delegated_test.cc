// SPDX-License-Identifier: GPL-2.0-only
// Delegated sends: the program puts its data on the wire, and tells Onload
// afterwards.
#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

// IPv4, also through sockets of IPv6.
class Delegated : public testing::TestWithParam<const char*> {
 protected:
  const std::string connection = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Each, Delegated, testing::Values("tcp4", "mapped"),
                         ParamName());

TEST_P(Delegated, SendsEachByteOnceWhateverFramesAreMade) {
  ExpectFacts({"blocks", connection},
              "frames 0: completed 2048, same=1\n"
              "frames 1: completed 2048, same=1\n"
              "left over=\n");
}

TEST_P(Delegated, HasHeadersOfTheConnection) {
  ExpectFacts({"headers", connection},
              "length=66, offsets 16 38, IP and TCP 52\n"
              "user_size=5, mss is the socket's=1, windows=1 1\n"
              "ethertype=0800, version 4, protocol 6, ttl 64, tos 16\n"
              "of a full segment=1\n"
              "addresses=1 1, ports=1 1\n"
              "words=8, ack=1, others=0, checksums=0 0\n"
              "window=1, timestamp=1\n"
              "sent in between=10, received=6\n"
              "again=0\n"
              "untouched=1\n");
}

TEST_P(Delegated, KeepsOthersFromSendingUntilItIsOver) {
  ExpectFacts({"busy", connection},
              "send(fd, \"plain\", 5, 0)=-1, EBUSY\n"
              "send(other, \"plain\", 5, MSG_DONTWAIT)=-1, EBUSY\n"
              "send(fd, \"plain\", 5, ONLOAD_MSG_WARM)=-1, EBUSY\n"
              "sendto(fd, \"plain\", 5, 0, NULL, 0)=-1, EBUSY\n"
              "sendmsg(fd, &message, 0)=-1, EBUSY\n"
              "sendmmsg(fd, &messages, 1, 0)=-1, EBUSY\n"
              "write(fd, \"plain\", 5)=-1, EBUSY\n"
              "writev(fd, &piece, 1)=-1, EBUSY\n"
              "onload_msg_template_update(fd, handle, NULL, 0, "
              "ONLOAD_TEMPLATE_FLAGS_SEND_NOW)=-16\n"
              "onload_zc_send(&zero_copy, 1, 0)=1\n"
              "rc=-16\n"
              "onload_zc_send(&zero_copy, 1, ONLOAD_MSG_WARM)=1\n"
              "rc=-16\n"
              "onload_zc_release_buffers(fd, &buffer.buf, 1)=0\n"
              "send(pair.far, \"of the other end\", 16, 0)=16\n"
              "complete(fd, \"0123456\", 0)=7\n"
              "send(fd, \"plain\", 5, 0)=-1, EBUSY\n"
              "complete(fd, \"789\", 0)=3\n"
              "send(fd, \", plain\", 7, 0)=7\n"
              "complete(fd, \", 01\", 0)=4\n"
              "onload_delegated_send_cancel(fd)=0\n"
              "onload_delegated_send_cancel(fd)=0\n"
              "write(fd, \", plain\", 7)=7\n"
              "send(fd, \", end\", 5, 0)=5\n"
              "sent=0123456789, plain, 01, plain, end\n");
}

TEST_P(Delegated, HasOnloadsCodes) {
  ExpectFacts(
      {"codes", connection},
      "complete(fd, \"x\", 0)=-1, EMSGSIZE\n"
      "onload_delegated_send_complete(fd, NULL, 0, 0)=0\n"
      "onload_delegated_send_prepare(fd, 5, 0, NULL)=1\n"
      "onload_delegated_send_prepare(fd, 5, 0, &delegation.send)=1\n"
      "onload_delegated_send_prepare(fd, 5, 0, &delegation.send)=2\n"
      "needed=66, windows are told=1\n"
      "complete(fd, \"x\", 0)=-1, EMSGSIZE\n"
      "onload_delegated_send_prepare(fd, 5, "
      "ONLOAD_DELEGATED_SEND_FLAG_IGNORE_ARP, &delegation.send)=2\n"
      "onload_delegated_send_prepare(fd, 5, "
      "ONLOAD_DELEGATED_SEND_FLAG_RESOLVE_ARP, &delegation.send)=0\n"
      "complete(fd, \"012345\", 0)=-1, EMSGSIZE\n"
      "onload_delegated_send_complete(fd, huge_pieces, 4, 0)=-1, EMSGSIZE\n"
      "onload_delegated_send_complete(fd, NULL, 1, 0)=-1, EINVAL\n"
      "onload_delegated_send_complete(fd, &none, 1, 0)=0\n"
      "onload_delegated_send_complete(fd, pieces, 3, ONLOAD_MSG_WARM)=5\n"
      "complete(fd, \"x\", 0)=-1, EMSGSIZE\n"
      "oo_raw_send(fd, -1, &frame_piece, 1)=-1, EMSGSIZE\n"
      "oo_raw_send(fd, 7, &frame_piece, 1)=0\n"
      "oo_raw_send(fd, -1, NULL, 0)=0\n"
      "oo_raw_send(fd, -1, NULL, 1)=-1, EINVAL\n"
      "sent=01234\n");
}

TEST_P(Delegated, IsRefusedWhereACardStampsWhatIsSent) {
  ExpectFacts({"stamps", connection},
              "prepare(&delegation, pair.near, 5)=0\n"
              "prepare(&delegation, pair.near, 5)=1\n"
              "prepare(&delegation, pair.near, 5)=0\n"
              "prepare(&delegation, pair.near, 5)=0\n"
              "prepare(&delegation, pair.near, 5)=1\n");
}

TEST_P(Delegated, LosesNothingWhenTheWindowIsShut) {
  ExpectFacts({"overfill", connection},
              "more than one block=1, missing=0, wrong=0\n");
}

TEST_P(Delegated, WaitsForTheWindowOfThePeer) {
  ExpectFacts({"peer_window", connection},
              "full: 4; send_wnd 0, cong_wnd above a segment; headers=0\n"
              "complete(pair.near, \"hello\", 0)=-1, EMSGSIZE\n"
              "send(pair.near, \"!\", 1, 0)=1\n"
              "read: 0; send_wnd open, cong_wnd above a segment; headers=1\n");
}

TEST(DelegatedSends, GoOnWhenTheCongestionWindowIsFull) {
  ExpectFacts(
      {"congestion_window", "tcp4"},
      "full: 6; send_wnd open, cong_wnd below a segment; headers=1\n"
      "send(pair.near, \"!\", 1, 0)=-1, EBUSY\n"
      "completed = complete(pair.near, \"hello\", 0)=5\n"
      "acknowledged: 0; send_wnd open, cong_wnd above a segment; headers=1\n");
}

TEST_P(Delegated, WaitsWhereOnlyTheSocketMayNot) {
  ExpectFacts({"waits", connection},
              "complete(pair.near, \"01234\", MSG_DONTWAIT)=-1, EAGAIN\n"
              "send(pair.near, \"plain\", 5, MSG_DONTWAIT)=-1, EBUSY\n"
              "complete(pair.near, \"01234\", 0)=5\n"
              "complete(pair.near, \"56789\", 0)=5\n"
              "last=56789\n");
}

TEST_P(Delegated, EndsWithTheConnection) {
  ExpectFacts({"broken", connection},
              "complete(pair.near, \"hello\", MSG_NOSIGNAL)=-1, EPIPE\n"
              "SIGPIPE=0\n"
              "complete(pair.near, \"hello\", 0)=-1, EPIPE\n"
              "SIGPIPE=1\n"
              "prepare(&delegation, pair.near, 5)=1\n"
              "complete(pair.near, \"hello\", 0)=5\n"
              "sent=hello\n"
              "complete(pair.near, \"hello\", MSG_NOSIGNAL)=-1, ECONNRESET\n"
              "prepare(&delegation, pair.near, 5)=1\n");
}

TEST(DelegatedTable, IsForConnectionsOfTcp) {
  ExpectFacts(
      {"table", "tcp4", "udp4"},
      "TCP, fresh: 1, untouched; complete -1 EMSGSIZE, cancel 0, raw 0\n"
      "TCP, listening: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw "
      "0\n"
      "TCP, connected: 0; complete 5, cancel 0, raw 0\n"
      "TCP, accepted: 0; complete 5, cancel 0, raw 0\n"
      "TCP, closed by the peer: 0; complete 5, cancel 0, raw 0\n"
      "TCP, half closed: 1, untouched; complete -1 EMSGSIZE, cancel 0, raw 0\n"
      "UDP: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw 0\n"
      "plain TCP: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "UNIX: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "pipe: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "epoll: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "file: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "closed: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "-1: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 ENOTTY\n"
      "beyond the limit: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, "
      "raw -1 ENOTTY\n");
}

TEST(DelegatedTable, IsNotForIpv6) {
  ExpectFacts(
      {"table", "tcp6", "udp6"},
      "TCP, fresh: 1, untouched; complete -1 EMSGSIZE, cancel 0, raw 0\n"
      "TCP, listening: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw "
      "0\n"
      "TCP, connected: 1, untouched; complete -1 EMSGSIZE, cancel 0, raw 0\n"
      "TCP, accepted: 1, untouched; complete -1 EMSGSIZE, cancel 0, raw 0\n"
      "TCP, closed by the peer: 1, untouched; complete -1 EMSGSIZE, cancel 0, "
      "raw 0\n"
      "TCP, half closed: 1, untouched; complete -1 EMSGSIZE, cancel 0, raw 0\n"
      "UDP: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw 0\n"
      "plain TCP: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "UNIX: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "pipe: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "epoll: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "file: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "closed: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 "
      "ENOTTY\n"
      "-1: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, raw -1 ENOTTY\n"
      "beyond the limit: 1, untouched; complete -1 ENOTTY, cancel -1 ENOTTY, "
      "raw -1 ENOTTY\n");
}

TEST(DelegatedTable, HeadersHaveNoTimestampsWhereTheConnectionHasNone) {
  const std::string facts =
      Facts(With::kLibrary, {"without_timestamps", "tcp4"});
  if (IsNotRun(facts)) GTEST_SKIP() << facts;
  EXPECT_TRUE(AreFacts(facts,
                       "length=54, offsets 16 38, IP and TCP 40\n"
                       "user_size=5, mss is the socket's=1, windows=1 1\n"
                       "ethertype=0800, version 4, protocol 6, ttl 64, tos 16\n"
                       "of a full segment=1\n"
                       "addresses=1 1, ports=1 1\n"
                       "words=5, ack=1, others=0, checksums=0 0\n"
                       "window=1, timestamp=1\n"
                       "sent in between=10, received=6\n"
                       "again=0\n"
                       "untouched=1\n"));
}

TEST(DelegatedSends, MisusedAreNamedInTheLog) {
  const std::string log =
      Log({"codes", "tcp4"}) + Log({"table", "tcp6", "udp6"});
  for (const char* fault :
       {"onload_delegated_send_prepare: there is nowhere to write the headers",
        "onload_delegated_send_prepare: the headers are of IPv4",
        "onload_delegated_send_complete: iov is NULL",
        "oo_raw_send: iov is NULL"}) {
    EXPECT_NE(log.find(fault), std::string::npos) << fault;
  }
}

}  // namespace
}  // namespace lkos
