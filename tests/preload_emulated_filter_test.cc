// SPDX-License-Identifier: GPL-2.0-only
// A callback that looks at each datagram.
#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

TEST(FilterTable, IsForSocketsOfUdp) {
  const char expected[] =

      "UDP, fresh: 0, 0\n"
      "UDP, connected: 0, 0\n"
      "TCP, fresh: -95, -95\n"
      "TCP, connected: -95, -95\n"
      "plain UDP: -94, -94\n"
      "UNIX: -94, -94\n"
      "pipe: -94, -94\n"
      "epoll: -94, -94\n"
      "file: -94, -94\n"
      "closed: -9, -9\n"
      "-1: -94, -94\n"
      "beyond the limit: -94, -94\n";
  ExpectFacts({"table", "tcp4", "udp4"}, expected);
  ExpectFacts({"table", "tcp6", "udp6"}, expected);
}

class Filter : public testing::TestWithParam<const char*> {
 protected:
  const std::string udp = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Each, Filter, testing::Values("udp4", "udp6"),
                         ParamName());

TEST_P(Filter, IsShownEachMessageByEachCall) {
  ExpectFacts(
      {"calls", udp},
      "read: 3 calls, \"datagram 0\"\"datagram 1\"\"datagram 2\"\n"
      "readv: 3 calls, \"data|gram 0\"\"data|gram 1\"\"data|gram 2\"\n"
      "recv: 3 calls, \"datagram 0\"\"datagram 1\"\"datagram 2\"\n"
      "recvfrom: 3 calls, \"datagram 0\"\"datagram 1\"\"datagram 2\"\n"
      "recvmsg: 3 calls, \"data|gram 0\"\"data|gram 1\"\"data|gram 2\"\n"
      "recvmmsg: 3 calls, \"data|gram 0\"\"data|gram 1\"\"data|gram 2\"\n"
      "read_chk: 3 calls, \"datagram 0\"\"datagram 1\"\"datagram 2\"\n"
      "recv_chk: 3 calls, \"datagram 0\"\"datagram 1\"\"datagram 2\"\n"
      "recvfrom_chk: 3 calls, \"datagram 0\"\"datagram 1\"\"datagram 2\"\n"
      "recv(pair.far, room, 64, MSG_DONTWAIT)=-1, EAGAIN\n"
      "nothing: 0 calls, \n");
}

TEST_P(Filter, IsShownEachMessageOfOneCall) {
  ExpectFacts({"several", udp},
              "recvmmsg(pair.far, messages, 4, MSG_WAITFORONE, NULL)=3\n"
              "recvmmsg: 3 calls, \"one\"\"two\"\"three\"\n");
}

TEST_P(Filter, HoldsUntilItIsReplacedAndDropsNothing) {
  ExpectFacts(
      {"changes", udp},
      "recv(pair.far, room, sizeof(room), MSG_PEEK)=4\n"
      "peeked: 0 calls, \n"
      "recv(pair.far, room, sizeof(room), 0)=4\n"
      "received: 1 calls, \"seen\"\n"
      "recv(pair.far, room, sizeof(room), 0)=5\n"
      "replaced: 0 calls, \n"
      "other=1\n"
      "onload_set_recv_filter(pair.far, NULL, &seen, 0)=0\n"
      "recv(pair.far, room, sizeof(room), 0)=4\n"
      "removed: 0 calls, \n"
      "onload_set_recv_filter(pair.far, look, &seen, 7)=0\n"
      "recv(pair.far, room, sizeof(room), 0)=5\n"
      "with flags: 1 calls, \"flags\"\n"
      "answers: 7 calls, "
      "\"stays\"\"stays\"\"stays\"\"stays\"\"stays\"\"stays\"\"stays\"\n");
}

TEST_P(Filter, IsShownWhatThereWasRoomFor) {
  ExpectFacts({"lengths", udp},
              "recv(pair.far, room, sizeof(room), 0)=0\n"
              "empty: 1 calls, \"\"\n"
              "recv(pair.far, room, 4, 0)=4\n"
              "cut off: 1 calls, \"0123\"\n"
              "recv(pair.far, room, 4, MSG_TRUNC)=10\n"
              "cut off, length told: 1 calls, \"0123\"\n"
              "recvmsg(pair.far, &header, 0)=7\n"
              "truncated=1\n"
              "two pieces, cut off: 1 calls, \"012|3456\"\n"
              "recvmsg(pair.far, &header, 0)=3\n"
              "120 pieces: 1 calls, \"a|b|c\"\n"
              "recvmsg(pair.far, &header, 0)=3\n"
              "121 pieces: 1 calls, \"a|b|c\"\n"
              "recvmsg(pair.far, &header, 0)=1024\n"
              "pieces=1024\n");
}

TEST_P(Filter, IsShownMessagesAndNoEnd) {
  const std::string nine = "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\n";
  ExpectFacts({"ends", udp},
              "empty datagrams: 9 calls, " + nine + "ends: 0 calls, \n");
}

TEST_P(Filter, IsShownTheHeader) {
  ExpectFacts({"header", udp},
              "name=1, control=1, flags=1, own memory=1\n"
              "recvmsg(pair.far, &message, 0)=4\n"
              "name=1\n"
              "name=1, control=0, flags=0, own memory=1\n"
              "recvfrom(pair.far, room, sizeof(room), 0, (struct sockaddr "
              "*)&name, &size)=4\n"
              "name=1\n");
}

TEST_P(Filter, ChangesNoAnswerToArgumentsThatTheKernelRefusesOrCuts) {
  const std::string each =
      "readv(pair.far, no_pieces, 1)=-1, EFAULT\n"
      "readv(pair.far, pieces, 1025)=-1, EINVAL\n"
      "readv(pair.far, pieces, many)=-1, EINVAL\n"
      "readv(pair.far, pieces, negative)=-1, EINVAL\n"
      "readv(pair.far, pieces + 1, 0)=0\n"
      "readv(pair.far, pieces, 1024)=5\n"
      "read(pair.far, room, huge)=-1, EFAULT\n"
      "recv(pair.far, room, huge, 0)=3\n"
      "recvfrom(pair.far, room, huge, 0, NULL, NULL)=4\n";
  ExpectFacts({"arguments", udp}, each + each + "calls=3\n");
}

TEST_P(Filter, BelongsToTheSocket) {
  ExpectFacts({"travels", udp},
              "recv(elsewhere.far, room, sizeof(room), 0)=9\n"
              "another socket: 0 calls, \n"
              "recv(dup(pair.far), room, sizeof(room), 0)=3\n"
              "dup: 1 calls, \"dup\"\n"
              "child: 1 calls, \"child\"\n"
              "parent: 0 calls, \n");
}

TEST_P(Filter, MayReceiveByItself) {
  ExpectFacts({"nested", udp},
              "in the filter of first: second\n"
              "recv(fd, room, sizeof(room), 0)=5\n"
              "received=first\n"
              "recv(fd, room, sizeof(room), 0)=5\n");
}

}  // namespace
}  // namespace lkos
