// SPDX-License-Identifier: GPL-2.0-only
// Onload's two message flags.
#include <errno.h>
#include <netinet/tcp.h>
#include <onload/extensions.h>
#include <sys/socket.h>

#include <climits>
#include <cstdint>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/message_flags.h"
}

namespace {

constexpr int kWarm = ONLOAD_MSG_WARM;
constexpr int kOnepkt = ONLOAD_MSG_ONEPKT;

TEST(MessageFlags, HaveTheNumbersOfOnload) {
  EXPECT_EQ(LKOS_MSG_WARM, kWarm);
  EXPECT_EQ(LKOS_MSG_ONEPKT, kOnepkt);
}

// linux include/net/tcp_states.h. A segment can be sent in two of them.
constexpr struct {
  const char* name;
  int state;
  bool can_send;
} kStates[] = {
    {"no state", 0, false},      {"ESTABLISHED", 1, true},
    {"SYN_SENT", 2, false},      {"SYN_RECV", 3, false},
    {"FIN_WAIT1", 4, false},     {"FIN_WAIT2", 5, false},
    {"TIME_WAIT", 6, false},     {"CLOSE", 7, false},
    {"CLOSE_WAIT", 8, true},     {"LAST_ACK", 9, false},
    {"LISTEN", 10, false},       {"CLOSING", 11, false},
    {"NEW_SYN_RECV", 12, false}, {"BOUND_INACTIVE", 13, false},
    {"a future one", 14, false}, {"a negative one", -1, false},
};

TEST(WarmAnswer, IsRightForEachStateLengthQueueAndFlag) {
  for (const auto& row : kStates) {
    for (const uint32_t mss :
         {1u, 2u, 524u, 1448u, 32741u, 65483u, UINT32_MAX}) {
      const size_t lengths[] = {
          0,        1,          mss - 1u,  mss,     size_t{mss} + 1,
          1u << 31, 1ull << 32, SSIZE_MAX, SIZE_MAX};
      for (const size_t length : lengths) {
        for (const int unsent : {0, 1, INT_MAX}) {
          for (const int flags :
               {0, int{MSG_MORE}, kWarm, kWarm | MSG_MORE, kWarm | MSG_DONTWAIT,
                kWarm | MSG_NOSIGNAL | MSG_MORE, ~MSG_MORE, -1}) {
            const lkos_warm warm = {row.state, mss, unsent, length, flags};
            ssize_t expected = static_cast<ssize_t>(length);
            if ((flags & MSG_MORE) || unsent != 0) expected = 0;
            if (length >= mss) expected = -EINVAL;
            if (!row.can_send) expected = -EPIPE;
            ASSERT_EQ(lkos_warm_answer(&warm), expected)
                << row.name << ", mss " << mss << ", length " << length
                << ", unsent " << unsent << ", flags " << flags;
          }
        }
      }
    }
  }
}

TEST(WarmAnswer, NamesTheStatesAsTheKernelNumbersThem) {
  EXPECT_EQ(TCP_ESTABLISHED, 1);
  EXPECT_EQ(TCP_CLOSE, 7);
  EXPECT_EQ(TCP_CLOSE_WAIT, 8);
  EXPECT_EQ(TCP_CLOSING, 11);
}

TEST(WarmAnswer, LeavesErrnoAlone) {
  errno = 77;
  const lkos_warm dead = {TCP_CLOSE, 1448, 0, 1, 0},
                  large = {TCP_ESTABLISHED, 1448, 0, 1448, 0};
  EXPECT_EQ(lkos_warm_answer(&dead), -EPIPE);
  EXPECT_EQ(lkos_warm_answer(&large), -EINVAL);
  EXPECT_EQ(errno, 77);
}

}  // namespace
