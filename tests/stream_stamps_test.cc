// SPDX-License-Identifier: GPL-2.0-only

#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/stream_stamps.h"
}

namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

using Stream = std::unique_ptr<lkos_stream, Free>;

Stream StreamOf(size_t room, uint32_t next = 0) {
  auto* stream = static_cast<lkos_stream*>(
      std::calloc(1, sizeof(lkos_stream) + room * sizeof(lkos_stream_send)));
  stream->room = room;
  stream->next = next;
  return Stream(stream);
}

// What is told of an acknowledgement, in one line.
std::string Told(lkos_stream* stream, uint32_t number) {
  lkos_stream_record record{};
  if (!lkos_stream_acknowledged(stream, number, &record)) return "nothing";
  return std::to_string(record.first.tv_sec) + " " +
         std::to_string(record.last.tv_sec) + " " + std::to_string(record.len);
}

TEST(Stream, TellsEachSendWhenItIsAcknowledged) {
  const Stream stream = StreamOf(10);
  lkos_stream_sent(stream.get(), 4, {1, 0});
  lkos_stream_sent(stream.get(), 6, {2, 0});
  EXPECT_EQ(Told(stream.get(), 4), "1 0 5");
  EXPECT_EQ(Told(stream.get(), 6), "2 0 2");
  EXPECT_EQ(stream->count, 0u);
}

TEST(Stream, TellsWhenItWasSentLastIfItWasSentAgain) {
  const Stream stream = StreamOf(10);
  lkos_stream_sent(stream.get(), 4, {1, 0});
  lkos_stream_sent(stream.get(), 4, {7, 0});
  lkos_stream_sent(stream.get(), 4, {9, 0});
  EXPECT_EQ(Told(stream.get(), 4), "1 9 5");
}

TEST(Stream, TellsOnceWhatIsReportedTwice) {
  const Stream stream = StreamOf(10);
  lkos_stream_sent(stream.get(), 4, {1, 0});
  EXPECT_EQ(Told(stream.get(), 4), "1 0 5");
  lkos_stream_sent(stream.get(), 4, {2, 0});
  EXPECT_EQ(Told(stream.get(), 4), "nothing");
  EXPECT_EQ(stream->count, 0u);
}

TEST(Stream, TellsTheBytesOfAReportThatWasLostWithTheNext) {
  const Stream stream = StreamOf(10);
  lkos_stream_sent(stream.get(), 4, {1, 0});
  lkos_stream_sent(stream.get(), 9, {2, 0});
  EXPECT_EQ(Told(stream.get(), 9), "2 0 10");
  EXPECT_EQ(Told(stream.get(), 12), "0 0 3");
}

TEST(Stream, KnowsNoTimeOfWhatItHadNoRoomFor) {
  const Stream stream = StreamOf(1);
  lkos_stream_sent(stream.get(), 4, {1, 0});
  lkos_stream_sent(stream.get(), 5, {2, 0});
  EXPECT_EQ(Told(stream.get(), 4), "1 0 5");
  EXPECT_EQ(Told(stream.get(), 5), "0 0 1");
}

// Random sends, resends, losses of reports and acknowledgements in order, also
// around the end of the numbers: the lengths add up, and times are those given.
TEST(Stream, AddsUpToAllThatWasSent) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    const uint32_t start = run % 2 == 0 ? 0 : UINT32_MAX - 300;
    const Stream stream = StreamOf(64, start);
    uint32_t next = start, told = start;
    std::vector<uint32_t> numbers;
    time_t now = 0;
    for (int i = 0; i < 60; ++i) {
      next += 1 + random() % 20;
      numbers.push_back(next - 1);
      if (random() % 10 != 0) {
        lkos_stream_sent(stream.get(), next - 1, {++now, 0});
      }
      if (random() % 4 != 0) continue;
      const uint32_t number = numbers[random() % numbers.size()];
      lkos_stream_record record{};
      const bool is_new = static_cast<int32_t>(number - told) >= 0;
      ASSERT_EQ(lkos_stream_acknowledged(stream.get(), number, &record),
                is_new);
      if (is_new) {
        ASSERT_EQ(record.len, number + 1 - told);
        ASSERT_LE(record.first.tv_sec, now);
        told = number + 1;
      }
    }
    ASSERT_EQ(stream->next, told);
  }
}

}  // namespace
