// SPDX-License-Identifier: GPL-2.0-only
// Packets of TCP from counters: right where they are told, against a model of
// how a kernel takes segments in and counts them.
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/counted_packets.h"
}

namespace {

// A connection whose peer sends segments of some bytes each.
class Kernel {
 public:
  explicit Kernel(bool tells_disorder = true)
      : tells_disorder_(tells_disorder) {}

  // A segment of the stream's bytes [begin, end), at its own time.
  void Arrive(uint64_t begin, uint64_t end) {
    ++segments_;
    ++now_;
    for (uint64_t byte = begin; byte < end; ++byte) {
      if (brought_by_.size() <= byte) brought_by_.resize(byte + 1);
      if (brought_by_[byte] == 0) brought_by_[byte] = now_;
    }
    if (begin > received_) {
      ++disordered_;
      waiting_ = true;
      return;
    }
    while (received_ < brought_by_.size() && brought_by_[received_] != 0) {
      ++received_;
    }
    waiting_ = received_ < brought_by_.size();
  }

  void Next(uint64_t bytes) { Arrive(received_, received_ + bytes); }

  void Read(uint64_t bytes) { read_ += bytes; }

  lkos_counters Counters() const {
    lkos_counters now = {};
    now.received = received_;
    now.segments = segments_;
    now.disordered = tells_disorder_ ? disordered_ : 0;
    now.queued = static_cast<uint32_t>(received_ - read_);
    now.tells_disorder = tells_disorder_;
    now.is_settled = true;
    now.is_empty = received_ == read_ && !waiting_;
    return now;
  }

  uint64_t Newest() const { return now_; }
  uint64_t received() const { return received_; }
  uint64_t read() const { return read_; }
  size_t sent() const { return brought_by_.size(); }
  uint64_t BroughtBy(uint64_t byte) const { return brought_by_[byte]; }

 private:
  std::vector<uint64_t> brought_by_;  // by the segment of that time; 0: none
  uint64_t received_ = 0, read_ = 0, now_ = 0;
  uint32_t segments_ = 0, disordered_ = 0;
  bool tells_disorder_, waiting_ = false;
};

void Look(lkos_counted* counted, const Kernel& kernel) {
  const lkos_counters now = kernel.Counters();
  lkos_counted_look(counted, &now, kernel.Newest());
}

// "5@1 3? 2@4": one packet of 5 bytes, then something, then one of 2.
std::string Told(const lkos_counted& counted, const Kernel& kernel) {
  std::string text;
  uint64_t at = kernel.read();
  while (at < kernel.received()) {
    lkos_counted_packet packet;
    const bool is_one =
        lkos_counted_at(&counted, at, kernel.received(), &packet);
    text += (text.empty() ? "" : " ") + std::to_string(packet.end - at) +
            (is_one ? "@" + std::to_string(packet.arrived) : "?");
    at = packet.end;
  }
  return text;
}

TEST(CountedPackets, OneAtATimeAreKnown) {
  lkos_counted counted = {};
  Kernel kernel;
  Look(&counted, kernel);
  for (uint64_t bytes : {5, 3, 2}) {
    kernel.Next(bytes);
    Look(&counted, kernel);
  }
  EXPECT_EQ(Told(counted, kernel), "5@1 3@2 2@3");
  kernel.Read(6);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "2@2 2@3");
}

TEST(CountedPackets, SeveralAtOnceAreOnePiece) {
  lkos_counted counted = {};
  Kernel kernel;
  kernel.Next(5);
  kernel.Next(5);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "10?");
  kernel.Next(3);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "10? 3@3");
  kernel.Next(1);
  kernel.Next(1);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "10? 3@3 2?");
}

TEST(CountedPackets, TheFirstLookKnowsAConnectionsFirstPacket) {
  lkos_counted counted = {};
  Kernel kernel;
  kernel.Next(5);
  kernel.Read(2);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "3@1");
}

TEST(CountedPackets, AfterALateFirstLookAllMustBeReadOnce) {
  lkos_counted counted = {};
  Kernel kernel;
  kernel.Next(5);
  kernel.Next(5);
  kernel.Read(2);
  Look(&counted, kernel);
  kernel.Next(4);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "12?");
  kernel.Read(12);
  Look(&counted, kernel);
  kernel.Next(4);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "4@4");
}

TEST(CountedPackets, WhatIsOutOfOrderIsNotTakenForOnePacket) {
  for (bool tells : {false, true}) {
    lkos_counted counted = {};
    Kernel kernel(tells);
    kernel.Arrive(0, 5);
    kernel.Arrive(8, 12);  // before its turn
    Look(&counted, kernel);
    kernel.Arrive(5, 8);
    Look(&counted, kernel);
    EXPECT_EQ(Told(counted, kernel), "12?");
  }
}

TEST(CountedPackets, ASegmentThatCameTwiceCostsNothingWhereDisorderIsTold) {
  lkos_counted counted = {};
  Kernel kernel;
  kernel.Next(5);
  Look(&counted, kernel);
  kernel.Arrive(0, 5);
  Look(&counted, kernel);
  kernel.Next(3);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "5@1 3@3");
}

TEST(CountedPackets, WithoutACountOfDisorderSeveralAtOnceEndTheTrust) {
  lkos_counted counted = {};
  Kernel kernel(false);
  kernel.Next(5);
  kernel.Next(5);
  Look(&counted, kernel);
  kernel.Next(3);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "13?");
  kernel.Read(13);
  Look(&counted, kernel);
  kernel.Next(3);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "3@4");
}

TEST(CountedPackets, UrgentDataMakesAllDoubtfulUntilItIsRead) {
  lkos_counted counted = {};
  Kernel kernel;
  kernel.Next(5);
  Look(&counted, kernel);
  kernel.Next(5);
  lkos_counters urgent = kernel.Counters();
  urgent.is_urgent = true;
  lkos_counted_look(&counted, &urgent, 1);
  EXPECT_EQ(Told(counted, kernel), "10?");
  kernel.Next(5);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), "15?");
}

TEST(CountedPackets, AnotherConnectionOfTheSocketIsCountedAnew) {
  lkos_counted counted = {};
  Kernel first, second;
  first.Next(5);
  first.Next(5);
  Look(&counted, first);
  second.Next(3);
  Look(&counted, second);
  EXPECT_EQ(Told(counted, second), "3@1");
}

TEST(CountedPackets, KeepsSoManyAndDoesNotKnowWhatComesBeyond) {
  lkos_counted counted = {};
  Kernel kernel;
  std::string expected;
  for (int i = 1; i <= LKOS_COUNTED_MOST; ++i) {
    kernel.Next(1);
    Look(&counted, kernel);
    expected += (i > 1 ? " 1@" : "1@") + std::to_string(i);
  }
  for (int i = 0; i < 3; ++i) {
    kernel.Next(2);
    Look(&counted, kernel);
  }
  EXPECT_EQ(Told(counted, kernel), expected + " 6?");
  kernel.Read(2);
  Look(&counted, kernel);
  kernel.Next(4);
  Look(&counted, kernel);
  EXPECT_EQ(Told(counted, kernel), expected.substr(8) + " 6? 4@20");
}

// Whatever arrives in whatever order, whenever it is looked at and read: what
// is told as one packet is what one segment brought, at its time.
TEST(CountedPackets, AreNeverWrong) {
  std::mt19937 random(1);
  long known = 0;
  for (int run = 0; run < 30000; ++run) {
    Kernel kernel(random() % 2);
    lkos_counted counted = {};
    std::vector<std::pair<uint64_t, uint64_t>> segments;
    uint64_t sent = 0;
    const bool is_disordered = random() % 2;
    for (int step = 0; step < 40; ++step) {
      switch (random() % 4) {
        case 0:  // the next one, or one that leaves a gap
          if (is_disordered && random() % 4 == 0) {
            segments.push_back({sent, sent + 1 + random() % 5});
            sent = segments.back().second;
          }
          segments.push_back({sent, sent + 1 + random() % 5});
          sent = segments.back().second;
          kernel.Arrive(segments.back().first, sent);
          break;
        case 1:  // one again, or several as one
          if (is_disordered && !segments.empty()) {
            const auto& from = segments[random() % segments.size()];
            const auto& to = segments[random() % segments.size()];
            if (from.first < to.second) kernel.Arrive(from.first, to.second);
          }
          break;
        case 2:
          break;
        default:
          kernel.Read(random() % (kernel.received() - kernel.read() + 1));
      }
      if (random() % 2) continue;  // several may come between two looks
      Look(&counted, kernel);
      for (uint64_t at = kernel.read(); at < kernel.received();) {
        lkos_counted_packet packet;
        const bool is_one =
            lkos_counted_at(&counted, at, kernel.received(), &packet);
        ASSERT_GT(packet.end, at);
        ASSERT_LE(packet.end, kernel.received());
        if (is_one) {
          ++known;
          for (uint64_t byte = packet.begin; byte < packet.end; ++byte) {
            ASSERT_EQ(kernel.BroughtBy(byte), packet.arrived)
                << "run " << run << " step " << step;
          }
          if (packet.end < kernel.received()) {
            ASSERT_NE(kernel.BroughtBy(packet.end), packet.arrived);
          }
        }
        at = packet.end;
      }
    }
  }
  EXPECT_GT(known, 100000);
}

}  // namespace
