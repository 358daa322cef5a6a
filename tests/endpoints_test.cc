// SPDX-License-Identifier: GPL-2.0-only
// Sockets as Onload's endpoints.
#include <errno.h>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/endpoints.h"
}

namespace {

TEST(EndpointState, HasOnloadsNumberForEachStateOfTcp) {
  const int32_t expected[] = {
      0x246,  // none
      0x3331, 0x2326, 0x2326, 0x63b3, 0x7393, 0x9347,
      0x246,  0x432b, 0x53af, 0x1246, 0x83af,
  };
  for (unsigned state = 0; state < 12; ++state) {
    EXPECT_EQ(lkos_endpoint_state(state), expected[state]) << state;
  }
  for (unsigned state = 12; state < 256; ++state) {
    EXPECT_EQ(lkos_endpoint_state(state), 0x246) << state;
  }
}

TEST(Warming, IsPossibleInEachStateButClosedAndListening) {
  for (unsigned state = LKOS_TCP_ESTABLISHED; state <= LKOS_TCP_CLOSING;
       ++state) {
    EXPECT_EQ(lkos_endpoint_can_be_warmed(lkos_endpoint_state(state)),
              state != LKOS_TCP_CLOSE && state != LKOS_TCP_LISTEN)
        << state;
  }
  EXPECT_FALSE(lkos_endpoint_can_be_warmed(LKOS_ENDPOINT_UDP));
}

TEST(Connection, CanSendAndIsSynchronisedInTheStatesOfRfc9293) {
  for (unsigned state = 0; state < 16; ++state) {
    const bool sends =
        state == LKOS_TCP_ESTABLISHED || state == LKOS_TCP_CLOSE_WAIT;
    const bool closes =
        (state >= LKOS_TCP_FIN_WAIT1 && state <= LKOS_TCP_TIME_WAIT) ||
        state == LKOS_TCP_LAST_ACK || state == LKOS_TCP_CLOSING;
    EXPECT_EQ(lkos_tcp_can_send(state), sends) << state;
    EXPECT_EQ(lkos_tcp_is_synchronised(state), sends || closes) << state;
  }
}

// ---- onload_move_fd

lkos_movable Accepted() {
  lkos_movable socket = {};
  socket.tcp = true;
  socket.state = LKOS_TCP_ESTABLISHED;
  socket.accepted = true;
  return socket;
}

TEST(MoveFd, MovesAnAcceptedSocketOnce) {
  lkos_movable socket = Accepted();
  EXPECT_EQ(lkos_may_be_moved(&socket), 0);
  socket.moved = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL);
}

TEST(MoveFd, LeavesASocketWithTemplatesWhereItIs) {
  lkos_movable socket = Accepted();
  socket.templates = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL);
}

TEST(MoveFd, MovesAClosedSocketAnyNumberOfTimes) {
  lkos_movable socket = {};
  socket.tcp = true;
  socket.state = LKOS_TCP_CLOSE;
  EXPECT_EQ(lkos_may_be_moved(&socket), 0);
  socket.moved = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), 0);
}

TEST(MoveFd, RefusesEachOtherStateOfTcp) {
  for (unsigned state = 0; state < 256; ++state) {
    lkos_movable socket = Accepted();
    socket.state = state;
    const bool may = state == LKOS_TCP_ESTABLISHED || state == LKOS_TCP_CLOSE;
    EXPECT_EQ(lkos_may_be_moved(&socket), may ? 0 : -EINVAL) << state;
  }
}

TEST(MoveFd, RefusesASocketThatConnected) {
  lkos_movable socket = Accepted();
  socket.accepted = false;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL);
}

TEST(MoveFd, RefusesASocketWithSomethingUnsent) {
  lkos_movable socket = Accepted();
  socket.unsent = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL);
}

TEST(MoveFd, RefusesAReceiveQueueThatIsPartlyRead) {
  lkos_movable socket = Accepted();
  socket.partly_read = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL);
}

TEST(MoveFd, RefusesASocketWithStamps) {
  lkos_movable socket = Accepted();
  socket.stamps = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL);
  socket = {};
  socket.stamps = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL) << "UDP";
}

TEST(MoveFd, MovesAUdpSocketUntilItHasAPort) {
  lkos_movable socket = {};
  EXPECT_EQ(lkos_may_be_moved(&socket), 0);
  socket.named = true;
  EXPECT_EQ(lkos_may_be_moved(&socket), -EINVAL);
}

}  // namespace
