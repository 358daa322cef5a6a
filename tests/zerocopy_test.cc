// SPDX-License-Identifier: GPL-2.0-only
// Where the control data of TCP_ZEROCOPY_RECEIVE is.
#include <linux/tcp.h>

#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/zerocopy.h"
}

namespace {

lkos_zerocopy At(uint64_t control, uint64_t room) {
  lkos_zerocopy zerocopy = {};
  zerocopy.msg_control = control;
  zerocopy.msg_controllen = room;
  return zerocopy;
}

TEST(Zerocopy, HasTheKernelsLayout) {
#define SAME(member)                         \
  EXPECT_EQ(offsetof(lkos_zerocopy, member), \
            offsetof(tcp_zerocopy_receive, member))
  SAME(address);
  SAME(length);
  SAME(recv_skip_hint);
  SAME(inq);
  SAME(err);
  SAME(copybuf_address);
  SAME(copybuf_len);
  SAME(flags);
  SAME(msg_control);
  SAME(msg_controllen);
  SAME(msg_flags);
#undef SAME
  EXPECT_EQ(LKOS_ZEROCOPY_SIZE, offsetof(tcp_zerocopy_receive, reserved));
  EXPECT_EQ(LKOS_TCP_ZEROCOPY_RECEIVE, TCP_ZEROCOPY_RECEIVE);
}

TEST(Zerocopy, FindsWhatWasWritten) {
  const lkos_zerocopy before = At(0x1000, 256), after = At(0x1040, 192);
  msghdr msg = {};
  ASSERT_TRUE(lkos_zerocopy_control(&before, &after, &msg));
  EXPECT_EQ(msg.msg_control, reinterpret_cast<void*>(0x1000));
  EXPECT_EQ(msg.msg_controllen, 64u);
  EXPECT_EQ(msg.msg_flags, 0);
}

// All of the room may be used, and none. What goes beyond is not the kernel's
// word.
TEST(Zerocopy, BelievesNoMoreThanThereWasRoomFor) {
  const lkos_zerocopy before = At(0x1000, 64);
  msghdr msg = {};
  for (const uint64_t at : {0x0fffu, 0x1000u, 0x1041u, 0x0u}) {
    const lkos_zerocopy after = At(at, 0);
    EXPECT_FALSE(lkos_zerocopy_control(&before, &after, &msg)) << at;
  }
  for (const uint64_t at : {0x1001u, 0x1040u}) {
    const lkos_zerocopy after = At(at, 0);
    EXPECT_TRUE(lkos_zerocopy_control(&before, &after, &msg)) << at;
  }
}

TEST(Zerocopy, GivesBackTheRoomOfWhatWasTakenOut) {
  const lkos_zerocopy before = At(0x1000, 256);
  lkos_zerocopy after = At(0x1060, 160);
  msghdr msg = {};
  ASSERT_TRUE(lkos_zerocopy_control(&before, &after, &msg));
  lkos_zerocopy_shorten(&msg, &after);
  EXPECT_EQ(after.msg_control, 0x1060u);
  EXPECT_EQ(after.msg_controllen, 160u);
  msg.msg_controllen -= 0x40;
  lkos_zerocopy_shorten(&msg, &after);
  EXPECT_EQ(after.msg_control, 0x1020u);
  EXPECT_EQ(after.msg_controllen, 224u);
}

}  // namespace
