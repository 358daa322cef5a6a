// SPDX-License-Identifier: GPL-2.0-only
// Messages that are prepared, changed, and sent later.
#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

class Template : public testing::TestWithParam<const char*> {
 protected:
  const std::string version = GetParam();
  const std::string tcp = "tcp" + version, udp = "udp" + version;
};

INSTANTIATE_TEST_SUITE_P(Ip, Template, testing::Values("4", "6"), ParamName());

TEST_P(Template, IsForConnectionsOfTcp) {
  ExpectFacts({"table", tcp, udp},
              "TCP, fresh: -107, -22, -22\n"
              "TCP, listening: -107, -22, -22\n"
              "TCP, connected: 0, 0, 0, prepared\n"
              "TCP, accepted: 0, 0, 0, prepared\n"
              "TCP, closed by the peer: 0, 0, 0, prepared\n"
              "TCP, half closed: 0, -32, -22, prepared\n"
              "UDP: -95, -95, -95\n"
              "plain TCP: -94, -94, -94\n"
              "UNIX: -94, -94, -94\n"
              "pipe: -94, -94, -94\n"
              "epoll: -94, -94, -94\n"
              "file: -94, -94, -94\n"
              "closed: -9, -9, -9\n"
              "-1: -94, -94, -94\n"
              "beyond the limit: -94, -94, -94\n");
}

TEST_P(Template, HasAllChangesInTheirOrder) {
  ExpectFacts({"contents", tcp},
              "5 pieces, 10 bytes, mode 0: same=1\n"
              "10 pieces, 1448 bytes, mode 0: same=1\n"
              "5 pieces, 10 bytes, mode 1: same=1\n"
              "10 pieces, 1448 bytes, mode 1: same=1\n"
              "5 pieces, 10 bytes, mode 2: same=1\n"
              "10 pieces, 1448 bytes, mode 2: same=1\n"
              "left over=\n");
}

TEST_P(Template, EntersTheStreamWhenItIsSent) {
  ExpectFacts({"order", tcp},
              "send_it(pair.near, third)=0\n"
              "send_it(pair.near, first)=0\n"
              "onload_msg_template_abort(pair.near, second)=0\n"
              "plain data first=1\n"
              "then=[third]plain[first]\n");
}

TEST_P(Template, StaysAfterAChangeThatIsRefused) {
  ExpectFacts(
      {"codes", tcp},
      "onload_msg_template_alloc(pair.near, &piece, 1, &handle, SEND_NOW)=-22\n"
      "onload_msg_template_alloc(pair.near, &piece, 1, &handle, 0)=-7\n"
      "onload_msg_template_alloc(pair.near, &piece, 1, &handle, 0)=-7\n"
      "untouched=1\n"
      "onload_msg_template_alloc(pair.near, &piece, 1, &handle, PIO_RETRY)=0\n"
      "send_it(pair.near, handle)=0\n"
      "onload_msg_template_alloc(pair.near, &piece, 0, &handle, 0)=0\n"
      "change(pair.near, handle, 0, \"x\", 0)=-22\n"
      "send_it(pair.near, handle)=0\n"
      "onload_msg_template_update(pair.near, handle, NULL, 0, 0)=0\n"
      "onload_msg_template_update(pair.near, handle, NULL, 0, DONTWAIT)=0\n"
      "onload_msg_template_update(pair.near, handle, NULL, 0, PIO_RETRY)=-22\n"
      "onload_msg_template_update(pair.near, handle, NULL, 0, SEND_NOW | "
      "0x100)=-22\n"
      "change(pair.near, handle, -1, \"x\", SEND_NOW)=-22\n"
      "change(pair.near, handle, 10, \"x\", SEND_NOW)=-22\n"
      "change(pair.near, handle, 9, \"xy\", SEND_NOW)=-22\n"
      "change(pair.near, handle, 0, \"0123456789x\", SEND_NOW)=-22\n"
      "change(pair.near, handle, 5, \"\", SEND_NOW)=-22\n"
      "onload_msg_template_update(pair.near, handle, updates, 2, "
      "SEND_NOW)=-22\n"
      "change(pair.near, handle, 9, \"Z\", SEND_NOW | DONTWAIT)=0\n"
      "sent=AB2345678Z\n"
      "send_it(pair.near, handle)=-22\n");
}

TEST_P(Template, IsRefusedWhereOnloadWouldNotSurvive) {
  ExpectFacts(
      {"misuse", tcp},
      "onload_msg_template_alloc(pair.near, &piece, 1, NULL, 0)=-22\n"
      "onload_msg_template_alloc(pair.near, NULL, 1, &handle, 0)=-22\n"
      "onload_msg_template_update(pair.near, handle, NULL, 1, SEND_NOW)=-22\n"
      "onload_msg_template_update(pair.near, handle, &update, 1, "
      "SEND_NOW)=-22\n"
      "onload_msg_template_update(pair.near, NULL, NULL, 0, SEND_NOW)=-22\n"
      "onload_msg_template_abort(pair.near, NULL)=-22\n"
      "onload_msg_template_abort(pair.near, handle)=0\n"
      "onload_msg_template_abort(pair.near, handle)=-22\n"
      "send_it(pair.near, handle)=-22\n"
      "sent=\n");
}

TEST_P(Template, IsGoneWhenUpdatedThroughAnotherSocket) {
  ExpectFacts({"another_socket", tcp},
              "onload_msg_template_abort(other.near, handle)=-22\n"
              "change(same, handle, 0, \"M\", 0)=0\n"
              "change(other.near, handle, 0, \"?\", SEND_NOW)=-22\n"
              "send_it(one.near, handle)=-22\n"
              "sent=\n");
}

TEST_P(Template, IsGoneAlsoWhereThereWasNoRoom) {
  ExpectFacts({"overfill", tcp},
              "change(pair.near, handle, 0, \"L\", SEND_NOW | DONTWAIT)=-11\n"
              "send_it(pair.near, handle)=-22\n"
              "send_it(pair.near, handle)=-11\n"
              "send_it(pair.near, handle)=-22\n"
              "send_it(pair.near, handle)=0\n"
              "last=e\n");
}

TEST_P(Template, IsGoneWithItsConnectionAndWithoutSigpipe) {
  ExpectFacts({"broken", tcp},
              "shut: -32, -32, then -22, -22\n"
              "reset: -104, -32, then -22, -22\n"
              "closed by the peer: 0, 0, then -22, 0\n"
              "sent=message\n"
              "SIGPIPE=0\n");
}

TEST_P(Template, MayBeLongerThanAnEmptyBuffer) {
  ExpectFacts({"small_buffer", tcp},
              "onload_msg_template_update(pair.near, handle, NULL, 0, "
              "SEND_NOW | DONTWAIT)=0\nsame=1\n");
}

TEST_P(Template, IsGoneWhenItsSocketIsShutWhileItWaits) {
  EXPECT_EQ(Facts(With::kLibrary, {"shut_while_waiting", tcp}),
            "send_it(pair->near, prepared(pair->near, \"message\"))=-32\n"
            "SIGPIPE=0\n");
}

TEST_P(Template, IsSentInAnyOrderByEachOfSeveralThreads) {
  EXPECT_EQ(Facts(With::kLibrary, {"threads", tcp}), "wrong=0\n");
}

TEST_P(Template, IsTheChildsOwnAfterFork) {
  ExpectFacts({"child", tcp},
              "child=0\n"
              "send_it(pair.near, handle)=0\n"
              "sent=child's message \n");
}

TEST_P(Template, KeepsItsSocketFromBeingMoved) {
  ExpectFacts({"moves", tcp},
              "onload_move_fd(pair.far)=-22\n"
              "onload_msg_template_abort(pair.far, handle)=0\n"
              "onload_move_fd(pair.far)=0\n");
}

TEST(Templates, MisusedAreNamedInTheLog) {
  const std::string log = Log({"misuse", "tcp4"});
  for (const char* fault :
       {"onload_msg_template_alloc: the message or the handle is NULL",
        "onload_msg_template_update: an update is NULL",
        "onload_msg_template_update: the handle is of no template",
        "onload_msg_template_abort: the handle is of no template"}) {
    EXPECT_NE(log.find(fault), std::string::npos) << fault;
  }
}

}  // namespace
}  // namespace lkos
