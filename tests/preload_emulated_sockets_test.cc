// SPDX-License-Identifier: GPL-2.0-only
// What a program is told of its descriptors under the emulation, and which of
// them it can move to another stack.
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

const char kInvalid[] = "-1 EINVAL";

// What a descriptor of Onload's answers. warm: ONLOAD_FD_FEAT_MSG_WARM.
std::string Endpoint(const std::string& what, const std::string& state,
                     int warm, int move) {
  return what + ": stat 1, -95, first " + state + "\n" + what + ": features " +
         std::to_string(warm) + " 1 1 -95, errno untouched\n" + what +
         ": tcp_info " + (warm ? "0" : kInvalid) + ", move " +
         std::to_string(move) + ", then " + (move == 0 ? "target" : "first") +
         " " + state + "\n";
}

// What any other answers.
std::string Plain(const std::string& what) {
  return what + ": stat 0, -95, (plain)\n" + what +
         ": features 0 1 1 -95, errno untouched\n" + what + ": tcp_info " +
         kInvalid + ", move -22, then (plain)\n";
}

TEST(Table, OfEachFunctionForEachClassOfDescriptor) {
  const std::string expected =
      Endpoint("TCP, fresh", "0x246", 0, 0) +
      Endpoint("TCP, listening", "0x1246", 0, -22) +
      Endpoint("TCP, connected", "0x3331", 1, -22) +
      Endpoint("TCP, accepted", "0x3331", 1, 0) +
      Endpoint("TCP, half closed by the peer", "0x432b", 1, -22) +
      Endpoint("TCP, half closed", "0x7393", 1, -22) +
      Endpoint("TCP, closed", "0x246", 0, 0) +
      Endpoint("UDP, fresh", "0xb000", 0, 0) +
      Endpoint("UDP, bound", "0xb000", 0, -22) +
      Endpoint("UDP, connected", "0xb000", 0, -22) + Plain("plain TCP") +
      Plain("plain UDP") + Plain("UNIX") + Plain("pipe") + Plain("epoll") +
      Plain("file") + Plain("closed") + Plain("-1") +
      Plain("beyond the limit") + Plain("TCP, made while not accelerated");
  ExpectFacts({"table", "tcp4", "udp4"}, expected);
  ExpectFacts({"table", "tcp6", "udp6"}, expected);
}

TEST(FdStat, TellsStacksAndEndpointsApart) {
  ExpectFacts({"numbers"},
              "dup: stack 1, endpoint 1\nsame stack: stack 1, endpoint 0\n"
              "other stack: stack 0, endpoint 0\nnegative=0\n");
}

TEST(FdStat, FollowsASocketWhereverItsDescriptorGoes) {
  ExpectFacts({"travels"},
              "received=foo 0xb000\ndup2=foo 0xb000\n"
              "dup2 of a closed one=foo 0xb000\nin a child=foo 0xb000\n"
              "made in a child=foo 0x246\nclosed=(plain)\n"
              "number used again= 0xb000\n");
}

class ForEachVersion
    : public testing::TestWithParam<std::pair<const char*, const char*>> {
 protected:
  const std::string tcp = GetParam().first, udp = GetParam().second;
};

INSTANTIATE_TEST_SUITE_P(MoveFd, ForEachVersion,
                         testing::Values(std::make_pair("tcp4", "udp4"),
                                         std::make_pair("tcp6", "udp6")));

TEST_P(ForEachVersion, MovesAsOftenAsOnloadDoes) {
  ExpectFacts({"moves", tcp, udp},
              "fresh, to a=0, then a 0x246\nfresh, to b=0, then b 0x246\n"
              "fresh, to c=0, then c 0x246\n"
              "accepted, to a=0, then a 0x3331\n"
              "accepted, to b=-22, then a 0x3331\n"
              "accepted, to a=0, then a 0x3331\n"  // where it is
              "connected, to a=-22, then first 0x3331\n"
              "connected, to first=0, then first 0x3331\n"
              "closed, to b=0, then b 0x246\nclosed, to c=0, then c 0x246\n"
              "udp, to a=0, then a 0xb000\nudp, to b=0, then b 0xb000\n"
              "udp, connected, to a=-22, then first 0xb000\n"
              "udp, connected, to first=0, then first 0xb000\n");
}

TEST_P(ForEachVersion, RefusesToMoveWhatIsInUse) {
  ExpectFacts({"obstacles", tcp},
              "in an epoll set, to a=-16, then first 0x3331\n"
              "in an epoll set, to first=0, then first 0x3331\n"
              "with stamps, to a=-22, then first 0x3331\n"
              "partly read, to a=-22, then first 0x3331\n"
              "with an answer sent and all read, to a=0, then a 0x3331\n"
              "with nothing read, to a=0, then a 0x3331\n"
              "read after the move=6\n");
}

TEST_P(ForEachVersion, RefusesToMoveWhatIsNotAllSent) {
  ExpectFacts({"unsent", tcp},
              "full, to a=-22, then first 0x3331\n"
              "empty again, to a=0, then a 0x3331\n");
}

TEST_P(ForEachVersion, MovesToTheStackThatIsRestored) {
  ExpectFacts({"save_move_restore", tcp},
              "onload_stackname_save()=0\nonload_move_fd(one)=0\n"
              "onload_stackname_restore()=0\nonload_move_fd(other)=0\n"
              "one=bar 0x3331\nother=foo 0x3331\nlistener=foo 0x1246\n");
}

TEST_P(ForEachVersion, KeepsAllElseOfASocketThatIsMoved) {
  ExpectFacts({"move_keeps", tcp},
              "bound, to a=0, then a 0x246\nsame address=1\noptions=1, 7\n"
              "flags=1\n");
}

TEST(MoveFd, ToNoStackFailsBeforeTheDescriptorIsLookedAt) {
  ExpectFacts({"to_plain"},
              "onload_move_fd(fd)=-2\nonload_move_fd(-1)=-2\n"
              "still=first 0x246\n");
}

TEST(TcpInfo, HasWhatTheKernelTellsAndAsManyBytesAsFit) {
  const std::string call = "onload_get_tcp_info(pair.far, &";
  for (const char* family : {"tcp4", "tcp6"}) {
    ExpectFacts({"tcp_info", family},
                call +
                    "info, &length)=0\nlength=36\nrcvbuf_used=5\n"
                    "so_recvbuf, so_sndbuf, snd_mss are the socket's=1, 1, 1\n"
                    "packets=1, all of them free=1\n"
                    "windows are open=1, 1, 1\n" +
                    call + "part, &length)=0\nsix bytes=6, 1, 1\n" + call +
                    "part, &length)=0\nno bytes=0\n" + call +
                    "part, &length)=0\nof 1000=36\n" + call +
                    "part, &length)=0\nof -1=36\n");
  }
}

TEST(NonAccelerated, SocketsArePlainAndThoseOfUdpInPart) {
  const std::string nonaccel = "onload_socket_nonaccel(";
  const std::string unicast = "onload_socket_unicast_nonaccel(";
  const std::string rx = "onload_socket_rx_nonaccel(";
  ExpectFacts({"nonaccel"},
              nonaccel + "AF_INET, SOCK_STREAM, 0)=(plain)\n" + nonaccel +
                  "AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)=(plain)\n" +
                  nonaccel + "-1, SOCK_DGRAM, 0)=-1 EAFNOSUPPORT\n" + unicast +
                  "AF_INET, SOCK_DGRAM, 0)=foo 0xb000\n" + unicast +
                  "AF_INET6, SOCK_DGRAM, IPPROTO_UDP)=foo 0xb000\n" + unicast +
                  "AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)=(plain)\n" +
                  unicast + "AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)=(plain)\n" +
                  unicast + "AF_INET, SOCK_STREAM, 0)=(plain)\n" + unicast +
                  "AF_UNIX, SOCK_DGRAM, 0)=(plain)\n" + rx +
                  "AF_INET, SOCK_DGRAM, 0)=foo 0xb000\n" + rx +
                  "AF_INET, SOCK_STREAM, 0)=(plain)\n" + rx +
                  "AF_INET, SOCK_DGRAM, IPPROTO_TCP)=-1 EPROTONOSUPPORT\n" +
                  "bound to any address=foo 0xb000\n"
                  "bound to a multicast address=foo 0xb000\n"
                  "bound to a unicast address=(plain)\n"
                  "bound to a unicast address of IPv6=(plain)\n"
                  "connected=foo 0xb000\nan ordinary one, bound=foo 0xb000\n");
}

}  // namespace
}  // namespace lkos
