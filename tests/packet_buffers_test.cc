// SPDX-License-Identifier: GPL-2.0-only
// Where data is in a packet buffer.
#include <cerrno>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/packet_buffers.h"
}

namespace {

constexpr uintptr_t kBuffer = 0x7000;
constexpr size_t kFirst = LKOS_BUFFER_FRAME + LKOS_TCP_HEADERS;

TEST(BufferToFill, ReachesTheEndBehindTheHeaders) {
  for (const auto& [headers, start] : {std::pair<unsigned, size_t>{0, 256},
                                       {1, 322},
                                       {2, 346},
                                       {3, 346},
                                       {4, 256}}) {
    const lkos_buffer_part part = lkos_buffer_to_fill(headers, 0);
    EXPECT_EQ(part.start, start);
    EXPECT_EQ(part.start + part.length, 2048U);
  }
}

TEST(BufferToFill, HasNoMoreThanASegmentOfTcp) {
  for (uint32_t mss = 1; mss < 3000; ++mss) {
    const size_t length = lkos_buffer_to_fill(2, mss).length;
    EXPECT_EQ(length, mss < 1702 ? mss : 1702U);
    EXPECT_EQ(lkos_buffer_to_fill(1, mss).length, 1726U);
    EXPECT_EQ(lkos_buffer_check(kBuffer, kBuffer + kFirst, length, mss), 0);
  }
}

TEST(BufferCheck, TakesWhatIsInTheBufferAndLeavesRoomForHeaders) {
  for (size_t at = 0; at < 2100; ++at) {
    for (size_t length = 0; length < 2100; ++length) {
      const bool good = at >= kFirst && length > 0 && at + length <= 2048;
      ASSERT_EQ(lkos_buffer_check(kBuffer, kBuffer + at, length, 0),
                good ? 0 : -EINVAL)
          << at << ", " << length;
    }
  }
}

TEST(BufferCheck, RefusesWhatIsElsewhereOrTooLong) {
  EXPECT_EQ(lkos_buffer_check(kBuffer, kBuffer - 1, 1, 0), -EINVAL);
  EXPECT_EQ(lkos_buffer_check(kBuffer, 0, 1, 0), -EINVAL);
  EXPECT_EQ(lkos_buffer_check(kBuffer, UINTPTR_MAX, 1, 0), -EINVAL);
  EXPECT_EQ(lkos_buffer_check(kBuffer, kBuffer + kFirst, (1ULL << 48) - 1, 0),
            -EINVAL);
  EXPECT_EQ(lkos_buffer_check(kBuffer, kBuffer + kFirst, 101, 100), -EINVAL);
  EXPECT_EQ(lkos_buffer_check(kBuffer, kBuffer + kFirst, 100, 100), 0);
}

TEST(DatagramBuffers, HoldADatagramAndNoMoreThanThat) {
  for (size_t length = 0; length <= 65535; ++length) {
    const size_t count = lkos_datagram_buffers(length);
    ASSERT_LE(length, count * 1792 - 66);
    ASSERT_TRUE(count == 1 || length > (count - 1) * 1792 - 66) << length;
    ASSERT_LE(count, static_cast<size_t>(LKOS_DATAGRAM_BUFFERS));
  }
}

}  // namespace
