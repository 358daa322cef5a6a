// SPDX-License-Identifier: GPL-2.0-only
// Where packets of a stream ended and when they came, whatever way they came.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/frames.h"

extern "C" {
#include "src/translate/endpoints.h"
#include "src/translate/tcp_packets.h"
}

namespace lkos {
namespace {

constexpr uint64_t kMs = 1000000;

// What is known, with the calls in their short forms.
class Packets {
 public:
  explicit Packets(uint32_t segments = 1024)
      : memory_(calloc(1, lkos_tcp_packets_size(segments)), free),
        packets_(lkos_tcp_packets_start(memory_.get(), segments)) {}

  lkos_tcp_packets* get() { return packets_; }

 private:
  const std::unique_ptr<void, void (*)(void*)> memory_;
  lkos_tcp_packets* const packets_;
};

lkos_tcp_connection Connection(int number) {
  Frame frame;
  frame.from_port = static_cast<uint16_t>(number);
  return frame.Connection();
}

// One stream by what of it arrives; all of that has reached the socket when it
// is looked at, unless a test says otherwise.
class Stream {
 public:
  explicit Stream(Packets* packets, int number = 1, uint32_t isn = 5000)
      : packets_(packets->get()),
        connection_(Connection(number)),
        base_(isn + 1) {}

  void Segment(uint64_t at, uint32_t offset, uint32_t length,
               uint32_t segment_size = 0) {
    Give(at, offset, length, 0x10, segment_size, 0);
  }
  void Syn(uint64_t at) { Give(at, 0, 0, LKOS_TCP_SYN, 0, 0); }
  void Give(uint64_t at, uint32_t offset, uint32_t length, uint8_t flags,
            uint32_t segment_size, uint16_t urgent) {
    lkos_tcp_segment segment = {};
    segment.connection = connection_;
    segment.sequence = base_ + offset;
    segment.length = length;
    segment.flags = flags;
    segment.segment_size = segment_size;
    segment.urgent = urgent;
    segment.arrived = at;
    lkos_tcp_packets_add(packets_, &segment);
    if (length > 0 && (flags & LKOS_TCP_RST) == 0 &&
        ((flags & LKOS_TCP_SYN) == 0 || progress.took_syn_data))
      progress.segments +=
          segment_size == 0 ? 1 : (length + segment_size - 1) / segment_size;
  }

  bool Look(uint64_t now, uint64_t read, uint64_t received) {
    progress.received = received;
    progress.queued = static_cast<uint32_t>(received - read);
    progress.now = now;
    return lkos_tcp_packets_look(packets_, &connection_, &progress, &unread);
  }

  // "100@1 200@5": where the packets end, and when they came; "?": not known.
  std::string Walk() {
    std::string told;
    for (uint64_t at = unread.begin; at < unread.end;) {
      lkos_tcp_packet packet;
      if (!lkos_tcp_packets_at(packets_, &connection_, &unread, at, &packet))
        return told + "?";
      told += std::to_string(packet.end) + "@" +
              std::to_string(packet.arrived) + " ";
      at = packet.end;
    }
    return told;
  }
  std::string Walk(uint64_t read, uint64_t received) {
    return Look(kMs * 1000, read, received) ? Walk() : "none";
  }

  lkos_tcp_progress progress = Established();
  lkos_tcp_unread unread = {};

 private:
  static lkos_tcp_progress Established() {
    lkos_tcp_progress progress = {};
    progress.state = LKOS_TCP_ESTABLISHED;
    return progress;
  }

  lkos_tcp_packets* const packets_;
  const lkos_tcp_connection connection_;
  const uint32_t base_;
};

TEST(InOrder, EachSegmentIsAPacket) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.Segment(3, 100, 1);
  stream.Segment(4, 101, 1000);
  EXPECT_EQ(stream.Walk(0, 1101), "100@2 101@3 1101@4 ");
  EXPECT_EQ(stream.Walk(50, 1101), "100@2 101@3 1101@4 ");
  EXPECT_EQ(stream.Walk(101, 1101), "1101@4 ");
  EXPECT_EQ(stream.Walk(1101, 1101), "");
}

TEST(InOrder, NothingBeyondWhatTheKernelHas) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(kMs * 1000, 0, 100);
  stream.Segment(kMs * 1000, 100, 100);
  EXPECT_EQ(stream.Walk(0, 100), "100@1000000000 ");
  EXPECT_EQ(stream.Walk(0, 150), "100@1000000000 ?");
  lkos_tcp_packet packet;
  const lkos_tcp_connection connection = Connection(1);
  EXPECT_FALSE(lkos_tcp_packets_at(packets.get(), &connection, &stream.unread,
                                   150, &packet));
}

TEST(InOrder, AFinIsNoByteOfData) {
  for (const uint8_t state : {LKOS_TCP_CLOSE_WAIT, LKOS_TCP_LAST_ACK,
                              LKOS_TCP_CLOSING, LKOS_TCP_TIME_WAIT}) {
    Packets packets;
    Stream stream(&packets);
    stream.Syn(1);
    stream.Segment(2, 0, 100);
    stream.Segment(3, 100, 50);
    stream.progress.state = state;
    stream.progress.received = 151;
    stream.progress.queued = 150;
    stream.progress.now = kMs;
    const lkos_tcp_connection connection = Connection(1);
    ASSERT_TRUE(lkos_tcp_packets_look(packets.get(), &connection,
                                      &stream.progress, &stream.unread));
    EXPECT_EQ(stream.Walk(), "100@2 150@3 ") << int{state};
  }
}

TEST(InOrder, DataOfASynComesFirst) {
  Packets packets;
  Stream stream(&packets);
  stream.progress.took_syn_data = true;
  stream.Give(1, 0, 10, LKOS_TCP_SYN, 0, 0);
  stream.Segment(2, 10, 5);
  EXPECT_EQ(stream.Walk(0, 15), "10@1 15@2 ");
}

TEST(InOrder, AResetIsNoData) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Give(2, 0, 10, LKOS_TCP_RST, 0, 0);
  EXPECT_EQ(stream.Walk(0, 10), "?");
}

TEST(Divided, FramesOfSeveralSegments) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 250, 100);
  stream.Segment(3, 250, 200, 100);
  EXPECT_EQ(stream.Walk(0, 450), "100@2 200@2 250@2 350@3 450@3 ");
  EXPECT_EQ(stream.Walk(120, 450), "200@2 250@2 350@3 450@3 ");
}

TEST(Divided, WhereAPartOfThemWasThereBefore) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 30);
  stream.Segment(3, 150, 100);
  stream.Segment(4, 0, 300, 100);
  EXPECT_EQ(stream.Walk(0, 300), "30@2 100@4 150@4 250@3 300@4 ");
}

TEST(Again, OnlyWhatWasMissingCounts) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.Segment(3, 0, 100);    // the same
  stream.Segment(4, 50, 100);   // half of it
  stream.Segment(5, 200, 100);  // behind a gap
  stream.Segment(6, 120, 200);  // over all of that
  stream.Syn(7);
  EXPECT_EQ(stream.Walk(0, 320), "100@2 150@4 200@6 300@5 320@6 ");
}

TEST(Again, WhatHasBeenReadDoesNotComeBack) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  EXPECT_EQ(stream.Walk(100, 100), "");
  stream.Segment(3, 50, 50);
  stream.Segment(4, 50, 150);
  EXPECT_EQ(stream.Walk(100, 200), "200@4 ");
}

TEST(Again, AConnectionAfterAnotherOfTheSamePorts) {
  Packets packets;
  Stream old(&packets, 1, 5000), young(&packets, 1, 5050);
  old.Syn(1);
  old.Segment(2, 0, 100);
  EXPECT_EQ(old.Walk(100, 100), "");
  young.Syn(3);
  young.Segment(4, 0, 70);
  EXPECT_EQ(young.Walk(0, 70), "70@4 ");
}

TEST(Wrap, OfSequenceNumbers) {
  for (uint32_t before = 0; before < 400; ++before) {
    Packets packets;
    Stream stream(&packets, 1, UINT32_MAX - before);
    stream.Syn(1);
    stream.Segment(3, 200, 150, 100);
    stream.Segment(2, 0, 100);
    stream.Segment(4, 50, 200);
    ASSERT_EQ(stream.Walk(0, 350), "100@2 200@4 300@3 350@3 ") << before;
  }
}

TEST(Wrap, StreamsOfManyGigabytes) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  const uint64_t step = 60000;
  for (uint64_t at = 0; at < 20000000000; at += step) {
    stream.Segment(at + 2, static_cast<uint32_t>(at), step);
    if (at % 17 != 0) continue;
    ASSERT_EQ(stream.Walk(at, at + step),
              std::to_string(at + step) + "@" + std::to_string(at + 2) + " ");
  }
}

TEST(Wrap, StreamsThatNobodyAsksForForManyGigabytes) {
  Packets packets(1 << 17);
  Stream stream(&packets);
  stream.Syn(1);
  const uint64_t step = 60000, end = step * 100000;
  for (uint64_t at = 0; at < end; at += step)
    stream.Segment(at + 2, static_cast<uint32_t>(at), step);
  EXPECT_EQ(stream.Walk(end - step, end),
            std::to_string(end) + "@" + std::to_string(end - step + 2) + " ");
}

// Xn: the nth segment of a stream by its sequence number, of 300, 300 and 400
// bytes; first and last of each may be split otherwise by the reader.
struct Row {
  const char* name;
  std::vector<std::string> arrivals;
  // What the first and second call tell: bytes, and which stream is earlier.
  std::string first, second;
};

// The rule of Onload's wire order: the streams by the stamps of what they have
// first; of each, segments in sequence until one is later than the next
// stream's stamp.
class SegReordering : public testing::TestWithParam<Row> {
 protected:
  static constexpr uint32_t kBegin[] = {0, 300, 600, 1000};

  struct End {
    std::unique_ptr<Stream> stream;
    uint32_t have = 0;  // bits of segments
    uint64_t read = 0;
    uint64_t Received() const {
      uint64_t end = 0;
      for (int i = 0; i < 3 && have & 1u << i; ++i) end = kBegin[i + 1];
      return end;
    }
  };

  std::string Call() {
    std::vector<std::pair<uint64_t, char>> order;
    for (auto& [name, end] : ends_) {
      EXPECT_TRUE(end.stream->Look(kMs, end.read, end.Received()));
      lkos_tcp_packet packet;
      if (At(end, name, end.read, &packet))
        order.emplace_back(packet.arrived, name);
    }
    std::sort(order.begin(), order.end());
    uint64_t limit = UINT64_MAX;
    std::string told;
    for (size_t i = 0; i < order.size(); ++i) {
      End& end = ends_[order[i].second];
      const uint64_t bound =
          std::min(limit, i + 1 < order.size() ? order[i + 1].first : limit);
      if (order[i].first > limit) break;
      lkos_tcp_packet packet;
      const uint64_t before = end.read;
      while (At(end, order[i].second, end.read, &packet)) {
        if (packet.arrived > bound) {
          limit = std::min(limit, packet.arrived);
          break;
        }
        end.read = packet.end;
      }
      told += std::string(1, order[i].second) +
              std::to_string(end.read - before) + " ";
    }
    return told;
  }

  bool At(const End& end, char name, uint64_t offset, lkos_tcp_packet* packet) {
    const lkos_tcp_connection connection = Connection(name);
    return lkos_tcp_packets_at(packets_.get(), &connection, &end.stream->unread,
                               offset, packet);
  }

  Packets packets_;
  std::map<char, End> ends_;
};

TEST_P(SegReordering, IsAsOnloadHasIt) {
  uint64_t now = 10;
  for (const char name : {'A', 'B'}) {
    ends_[name].stream = std::make_unique<Stream>(&packets_, name);
    ends_[name].stream->Syn(now);
  }
  for (const std::string& arrival : GetParam().arrivals) {
    End& end = ends_[arrival[0]];
    const int number = arrival[1] - '1';
    end.stream->Segment(++now, kBegin[number],
                        kBegin[number + 1] - kBegin[number]);
    end.have |= 1u << number;
  }
  EXPECT_EQ(Call(), GetParam().first);
  EXPECT_EQ(Call(), GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(
    Onload, SegReordering,
    testing::Values(
        Row{"lost_retransmit_one",
            {"A1", "A3", "B1", "B2", "A2", "B3"},
            "A300 B600 ",
            "A700 B400 "},
        Row{"lost_retransmit_one_duplicate",
            {"A1", "A3", "B1", "B2", "A2", "B3", "A2"},
            "A300 B600 ",
            "A700 B400 "},
        Row{"lost_retransmit_two",
            {"A1", "A3", "B2", "B3", "A2", "B1"},
            "A1000 B1000 ",
            ""},
        Row{"lost_retransmit_three",
            {"A2", "A3", "B1", "B2", "A1", "B3"},
            "B600 A1000 ",
            "B400 "},
        Row{"empty_event",
            {"A2", "A3", "B2", "A1", "B1", "B3"},
            "A1000 B1000 ",
            ""},
        Row{"lost", {"A1", "B1", "B2", "B3", "A3"}, "A300 B1000 ", ""}),
    [](const testing::TestParamInfo<Row>& row) {
      return std::string(row.param.name);
    });

// ---- What is not known

TEST(NotKnown, BytesThatNobodySaw) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.Segment(3, 200, 100);
  EXPECT_EQ(stream.Walk(0, 300), "100@2 ?");
  EXPECT_EQ(stream.Walk(200, 300), "300@3 ");
}

TEST(NotKnown, OtherConnections) {
  Packets packets;
  Stream stream(&packets), other(&packets, 2);
  stream.Syn(1);
  EXPECT_EQ(other.Walk(0, 100), "none");
}

TEST(NotKnown, AClosedSocket) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.progress.state = LKOS_TCP_CLOSE;
  EXPECT_EQ(stream.Walk(0, 100), "none");
}

TEST(SeenLate, IsKnownAfterTwoQuietLooksThatAgree) {
  Packets packets;
  Stream stream(&packets);
  stream.Segment(1 * kMs, 700, 100);
  EXPECT_FALSE(stream.Look(1 * kMs, 0, 800));  // it may be on its way
  EXPECT_FALSE(stream.Look(2 * kMs, 0, 800));
  EXPECT_FALSE(stream.Look(9 * kMs, 0, 800));  // nothing new
  stream.Segment(10 * kMs, 800, 50);
  EXPECT_FALSE(stream.Look(10 * kMs + 5, 0, 850));
  EXPECT_TRUE(stream.Look(11 * kMs, 0, 850));
  stream.Segment(12 * kMs, 850, 25);
  EXPECT_EQ(stream.Walk(850, 875), "875@12000000 ");
}

TEST(SeenLate, IsNotPlacedByWhatIsOnItsWay) {
  Packets packets;
  Stream stream(&packets);
  stream.Segment(1 * kMs, 700, 100);
  EXPECT_FALSE(stream.Look(1 * kMs + 1, 0, 700));
  stream.Segment(2 * kMs, 800, 100);
  EXPECT_FALSE(stream.Look(2 * kMs + 1, 0, 800));
  stream.Segment(3 * kMs, 900, 100);
  EXPECT_FALSE(stream.Look(3 * kMs + 1, 0, 900));
}

TEST(SeenLate, IsNotPlacedBehindAGap) {
  Packets packets;
  Stream stream(&packets);
  stream.Segment(1 * kMs, 700, 100);
  EXPECT_FALSE(stream.Look(2 * kMs, 0, 500));
  stream.Segment(3 * kMs, 800, 100);
  EXPECT_FALSE(stream.Look(4 * kMs, 0, 500));
  stream.Segment(5 * kMs, 500, 200);  // here it closes
  EXPECT_FALSE(stream.Look(6 * kMs, 0, 900));
  stream.Segment(7 * kMs, 900, 100);
  EXPECT_TRUE(stream.Look(8 * kMs, 0, 1000));
  stream.Segment(9 * kMs, 1000, 50);
  EXPECT_EQ(stream.Walk(1000, 1050), "1050@9000000 ");
}

// The kernel fills a part of the gap, as large as what came at the end.
TEST(SeenLate, IsNotPlacedByLooksThatAgreeAcrossDisorder) {
  Packets packets;
  Stream stream(&packets);
  stream.Segment(1 * kMs, 700, 100);
  EXPECT_FALSE(stream.Look(2 * kMs, 0, 500));
  stream.Segment(3 * kMs, 500, 50);
  stream.Segment(4 * kMs, 800, 50);
  EXPECT_FALSE(stream.Look(5 * kMs, 0, 550));
}

TEST(SeenLate, IsNotPlacedWhileDataWaitsBehindAGap) {
  Packets packets;
  Stream stream(&packets);
  stream.progress.may_have_gap = true;
  for (const uint64_t at : {1 * kMs, 3 * kMs, 5 * kMs}) {
    stream.Segment(at, static_cast<uint32_t>(at / kMs * 50), 100);
    EXPECT_FALSE(stream.Look(at + kMs, 0, at / kMs * 50 + 100));
  }
}

TEST(SeenLate, OnABridgeToo) {
  Packets packets;
  Stream stream(&packets);
  for (const uint64_t at : {1 * kMs, 3 * kMs}) {
    const auto offset = static_cast<uint32_t>(at / kMs * 100);
    stream.Segment(at, offset, 200);
    stream.Segment(at, offset, 200);
    EXPECT_EQ(stream.Look(at + kMs, 0, offset + 200), at == 3 * kMs);
  }
}

TEST(Lost, IsKnownAgainAfterOneQuietLook) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  lkos_tcp_packets_lose(packets.get());
  EXPECT_EQ(stream.Walk(0, 300), "none");  // 200 were lost
  stream.Segment(10 * kMs, 300, 50);
  EXPECT_FALSE(stream.Look(10 * kMs, 0, 350));
  EXPECT_TRUE(stream.Look(11 * kMs, 0, 350));
  EXPECT_EQ(stream.Walk(), "?");
  stream.Segment(12 * kMs, 350, 50);
  EXPECT_EQ(stream.Walk(350, 400), "400@12000000 ");
}

TEST(Lost, WithTheSynOfItsSuccessor) {
  Packets packets;
  Stream old(&packets, 1, 5000), young(&packets, 1, 5200);
  old.Syn(1);
  lkos_tcp_packets_lose(packets.get());
  young.Segment(10 * kMs, 0, 100);
  EXPECT_FALSE(young.Look(11 * kMs, 0, 100));
  young.Segment(12 * kMs, 100, 100);
  EXPECT_TRUE(young.Look(13 * kMs, 0, 200));
  young.Segment(14 * kMs, 200, 100);
  EXPECT_EQ(young.Walk(200, 300), "300@14000000 ");
}

TEST(Lost, InAFragmentOfOneConnection) {
  Packets packets;
  Stream stream(&packets), other(&packets, 2);
  stream.Syn(1);
  other.Syn(1);
  other.Segment(2, 0, 100);
  const lkos_tcp_connection connection = Connection(1);
  lkos_tcp_packets_doubt(packets.get(), &connection);
  stream.Segment(3, 100, 100);
  EXPECT_EQ(stream.Walk(0, 200), "?");
  EXPECT_EQ(other.Walk(0, 100), "100@2 ");
}

TEST(Refused, SegmentsAreNotThoseThatCameFirst) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2 * kMs, 0, 100);
  stream.Segment(3 * kMs, 100, 100);  // the buffer is full
  stream.Segment(4 * kMs, 200, 100);
  EXPECT_TRUE(stream.Look(6 * kMs, 0, 100));
  stream.Segment(8 * kMs, 100, 300);
  EXPECT_EQ(stream.Walk(0, 400), "100@2000000 ?");
  EXPECT_EQ(stream.Walk(300, 400), "400@8000000 ");
}

TEST(Refused, DataOfASyn) {
  Packets packets;
  Stream stream(&packets);
  stream.Give(1, 0, 10, LKOS_TCP_SYN, 0, 0);
  stream.Syn(2);
  stream.Segment(3, 0, 15);
  stream.Segment(4, 15, 5);
  EXPECT_EQ(stream.Walk(0, 20), "?");
  EXPECT_EQ(stream.Walk(10, 20), "15@3 20@4 ");
}

// The kernel answers it, and the connection goes on.
TEST(Refused, ASynOfAConnectionThatIsThere) {
  Packets packets;
  Stream stream(&packets, 1, 5000), stray(&packets, 1, 5050);
  stream.Syn(1);
  EXPECT_EQ(stream.Walk(0, 0), "");
  stray.Syn(2);
  stream.Segment(3, 0, 100);
  stream.Segment(4, 100, 100);
  EXPECT_EQ(stream.Walk(0, 200), "none");
  for (const uint64_t at : {1 * kMs, 3 * kMs}) {
    const auto offset = static_cast<uint32_t>(200 + at / kMs * 50);
    stream.Segment(at, offset, 100);
    EXPECT_EQ(stream.Look(at + kMs, 0, offset + 100), at == 3 * kMs);
  }
  stream.Segment(9 * kMs, 450, 10);
  EXPECT_EQ(stream.Walk(450, 460), "460@9000000 ");
}

// By a rule of a firewall, or for its checksum: the socket never had it.
TEST(Refused, ACopyThatIsSentAgainBeforeAnybodyAsks) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.Segment(3, 100, 100);
  --stream.progress.segments;
  stream.Segment(4, 200, 100);
  stream.Segment(5, 100, 100);
  EXPECT_EQ(stream.Walk(0, 300), "100@2 ?");
  EXPECT_EQ(stream.Walk(200, 300), "300@4 ");
  // That is known by now, so what comes again later is as before.
  stream.Segment(6, 300, 100);
  stream.Segment(7, 300, 100);
  EXPECT_EQ(stream.Walk(200, 400), "300@4 400@6 ");
}

// It may be on its way, as well.
TEST(Refused, NothingIsToldWhileThatIsOpen) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.Segment(kMs, 0, 100);
  --stream.progress.segments;
  ASSERT_TRUE(stream.Look(kMs + 1, 0, 100));
  EXPECT_EQ(stream.Walk(), "?");
  ++stream.progress.segments;
  ASSERT_TRUE(stream.Look(kMs + 2, 0, 100));
  EXPECT_EQ(stream.Walk(), "100@2 ");
}

// For a full buffer, say: the socket had it.
TEST(Refused, ACopyWhileTcpHasRefusedSomething) {
  for (const uint64_t since : {3, 4}) {
    Packets packets;
    Stream stream(&packets);
    stream.progress.nothing_refused_since = since;
    stream.Syn(1);
    stream.Segment(2, 0, 100);
    stream.Segment(3, 100, 100);
    stream.Segment(5, 100, 100);
    EXPECT_EQ(stream.Walk(0, 200), since == 3 ? "100@2 200@3 " : "100@2 ?");
  }
}

TEST(Refused, NothingThatWasTakenBeforeItCameAgain) {
  Packets packets;
  Stream stream(&packets);
  stream.progress.nothing_refused_since = UINT64_MAX;
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  EXPECT_EQ(stream.Walk(0, 100), "100@2 ");
  stream.Segment(3, 0, 100);
  EXPECT_EQ(stream.Walk(0, 100), "100@2 ");
}

TEST(Lost, SegmentsThatTheKernelCountsAndNobodySaw) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  ++stream.progress.segments;
  EXPECT_EQ(stream.Walk(0, 100), "none");
  stream.Segment(10 * kMs, 100, 50);
  EXPECT_TRUE(stream.Look(12 * kMs, 0, 150));
  stream.Segment(13 * kMs, 150, 50);
  EXPECT_EQ(stream.Walk(150, 200), "200@13000000 ");
}

TEST(Again, AnotherConnectionOfTheSamePorts) {
  Packets packets;
  Stream old(&packets, 1, 5000), young(&packets, 1, 5050);
  old.Syn(1);
  old.Segment(2, 0, 100);
  EXPECT_EQ(old.Walk(100, 100), "");
  young.Syn(3);
  young.Segment(4, 0, 70);
  EXPECT_EQ(young.Walk(0, 70), "70@4 ");
  young.Segment(5, 70, 10);
  EXPECT_EQ(young.Walk(0, 80), "70@4 80@5 ");
}

TEST(Refused, ProbesOfAWindow) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.Segment(3, 100, 1);  // again and again, until there is room
  stream.Segment(4, 100, 1);
  stream.Segment(5, 99, 1);  // of a sender that wants to hear that we live
  stream.Segment(6, 100, 50);
  stream.Segment(7, 150, 50);
  EXPECT_EQ(stream.Walk(0, 200), "100@2 ?");
  EXPECT_EQ(stream.Walk(150, 200), "200@7 ");
}

TEST(Urgent, DataAheadOfTheReaderHidesTheQueue) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  stream.Give(3, 100, 50, 0x10 | LKOS_TCP_URG, 0, 50);
  EXPECT_EQ(stream.Walk(0, 100), "100@2 ");  // it has not come yet
  // The kernel counts up to it, which is byte 149.
  stream.progress.queued = 149;
  stream.progress.received = 300;
  stream.Segment(4, 150, 150);
  const lkos_tcp_connection connection = Connection(1);
  EXPECT_FALSE(lkos_tcp_packets_look(packets.get(), &connection,
                                     &stream.progress, &stream.unread));
  stream.progress.queued = 0;
  stream.progress.at_mark = true;
  EXPECT_FALSE(lkos_tcp_packets_look(packets.get(), &connection,
                                     &stream.progress, &stream.unread));
  stream.progress.at_mark = false;
  EXPECT_TRUE(lkos_tcp_packets_look(packets.get(), &connection,
                                    &stream.progress, &stream.unread));
  stream.Segment(5, 300, 10);
  EXPECT_EQ(stream.Walk(300, 310), "310@5 ");
}

TEST(Urgent, DataBehindTheReaderHidesNothing) {
  Packets packets;
  Stream stream(&packets);
  stream.Syn(1);
  stream.Segment(2, 0, 100);
  EXPECT_EQ(stream.Walk(60, 100), "100@2 ");
  stream.Give(3, 100, 50, 0x10 | LKOS_TCP_URG, 0, 50);
  stream.Segment(4, 150, 150);
  EXPECT_EQ(stream.Walk(250, 300), "none");  // or 50 bytes in front of it
  EXPECT_EQ(stream.Walk(180, 300), "300@4 ");
  EXPECT_EQ(stream.Walk(250, 300), "300@4 ");
}

TEST(Urgent, DataInlineIsDataLikeOther) {
  Packets packets;
  Stream stream(&packets);
  stream.progress.urgent_inline = true;
  stream.Syn(1);
  stream.Give(3, 0, 50, 0x10 | LKOS_TCP_URG, 0, 50);
  stream.Segment(4, 50, 10);
  EXPECT_EQ(stream.Walk(0, 60), "50@3 60@4 ");
}

// ---- Bounds

TEST(Bounded, TheOldestSegmentsGoFirst) {
  Packets packets(64);
  Stream stream(&packets), other(&packets, 2);
  stream.Syn(1);
  other.Syn(1);
  EXPECT_EQ(other.Walk(0, 0), "");
  stream.Segment(1, 0, 100);
  for (uint32_t i = 0; i < 63; ++i) other.Segment(10 + i, 10 * i, 10);
  EXPECT_EQ(stream.Walk(0, 100), "100@1 ");
  other.Segment(99, 630, 10);
  EXPECT_EQ(stream.Walk(0, 100), "?");
  stream.Segment(100, 0, 100);  // when it came first is forgotten
  stream.Segment(101, 100, 100);
  EXPECT_EQ(stream.Walk(0, 200), "?");
  EXPECT_EQ(stream.Walk(100, 200), "200@101 ");
}

TEST(Bounded, SegmentsThatNobodyAskedForGoFirst) {
  Packets packets(64);
  Stream stream(&packets), other(&packets, 2);
  stream.Syn(1);
  other.Syn(1);
  std::string all;
  for (uint32_t i = 0; i < 32; ++i) {
    stream.Segment(2 + i, 10 * i, 10);
    all += std::to_string(10 * i + 10) + "@" + std::to_string(2 + i) + " ";
  }
  EXPECT_EQ(stream.Walk(0, 320), all);
  for (uint32_t i = 0; i < 1000; ++i) other.Segment(100 + i, 10 * i, 10);
  EXPECT_EQ(stream.Walk(0, 320), all);
  EXPECT_EQ(other.Walk(9990, 10000), "10000@1099 ");
}

TEST(Bounded, OthersHaveHalfOfTheRoom) {
  Packets packets(64);
  Stream stream(&packets), other(&packets, 2);
  stream.Syn(1);
  EXPECT_EQ(stream.Walk(0, 0), "");
  for (uint32_t i = 0; i < 1000; ++i) stream.Segment(2 + i, 10 * i, 10);
  other.Syn(1);
  for (uint32_t i = 0; i < 10; ++i) {
    other.Segment(5000 + i, 10 * i, 10);
    stream.Segment(5000 + i, 10000 + 10 * i, 10);
  }
  EXPECT_EQ(stream.Walk(10090, 10100), "10100@5009 ");
  EXPECT_EQ(other.Walk(0, 100).substr(0, 8), "10@5000 ");
}

TEST(Bounded, ConnectionsThatSomebodyAskedForStay) {
  Packets packets(64);
  Stream stream(&packets);
  stream.Syn(1);
  EXPECT_EQ(stream.Walk(0, 0), "");
  for (int i = 2; i < 5000; ++i) Stream(&packets, i).Syn(2);
  stream.Segment(3, 0, 100);
  EXPECT_EQ(stream.Walk(0, 100), "100@3 ");
}

TEST(Bounded, ConnectionsThatSomebodyAskedForMakeRoom) {
  Packets packets(64);
  for (int i = 1; i < 5000; i += 4) {
    for (int young = i; young < i + 4; ++young) Stream(&packets, young).Syn(1);
    for (int young = i; young < i + 4; ++young)
      ASSERT_EQ(Stream(&packets, young).Walk(0, 0), "") << young;
  }
}

// ---- Against a model of all bytes

// A sender, a network that loses, repeats and reorders, a kernel that takes in
// what comes a little later, or refuses it, and a reader. Of each byte it is
// kept which arrival brought it.
class World {
 public:
  World(uint64_t seed, bool syn, bool losses, bool refusals)
      : random_(seed),
        losses_(losses),
        refusals_(refusals),
        packets_(losses ? 256 : 16384),
        stream_(&packets_, 1, static_cast<uint32_t>(random_())),
        sure_(syn && !losses && !refusals) {
    if (syn) stream_.Syn(now_);
  }

  void Run() {
    for (int i = 0; i < 400 && !testing::Test::HasFatalFailure(); ++i) {
      switch (Below(8)) {
        case 0:
        case 1:
        case 2:
          Send();
          break;
        case 3:
          Repeat();
          break;
        case 4:
          now_ += Below(3 * kMs);
          break;
        case 5:
          read_ += Below(Received() - read_ + 1);
          break;
        default:
          Check(sure_);
      }
    }
    Settle();
  }

  uint64_t known() const { return known_; }

 private:
  // What brought a byte.
  struct Owner {
    uint64_t arrived, taken_in;
    uint32_t part;  // which of the segments in its frame
  };

  uint64_t Below(uint64_t end) { return random_() % end; }

  // What becomes of it, of which the tap sees all but the last.
  enum Fate { kTaken, kRefusedByTcp, kRefusedBefore, kMissed };

  Fate AnyFate() {
    if (losses_ && Below(40) == 0) return kMissed;
    if (refusals_ && Below(8) == 0)
      return Below(2) == 0 ? kRefusedByTcp : kRefusedBefore;
    return kTaken;
  }

  void Arrive(uint32_t offset, uint32_t length, uint32_t size, Fate fate) {
    const uint32_t before = stream_.progress.segments;
    now_ += 1 + Below(20000);
    taken_in_ = std::max(now_ + Below(kMs / 2), taken_in_);
    if (fate == kMissed)
      lkos_tcp_packets_lose(packets_.get());
    else
      stream_.Segment(now_, offset, length, size);
    if (refusals_) {  // they are counted when they reach the socket
      const uint32_t segments = size == 0 ? 1 : (length + size - 1) / size;
      stream_.progress.segments = before;
      if (fate != kRefusedBefore) reached_.push_back({taken_in_, segments});
      if (fate == kRefusedByTcp) refused_.push_back(taken_in_);
    }
    if (fate == kRefusedByTcp || fate == kRefusedBefore) return;
    owners_.resize(std::max<size_t>(owners_.size(), offset + length));
    for (uint32_t i = 0; i < length; ++i) {
      Owner& owner = owners_[offset + i];
      if (owner.arrived == 0)
        owner = {now_, taken_in_, size > 0 ? i / size : 0};
    }
  }

  // What the kernel says of segments at this moment. Refusals are counted for
  // all connections, and looked at only where something has come again.
  void Count() {
    const lkos_tcp_connection connection = Connection(1);
    for (; !reached_.empty() && reached_.front().first <= now_;
         reached_.pop_front())
      stream_.progress.segments += reached_.front().second;
    if (!lkos_tcp_packets_came_again(packets_.get(), &connection)) return;
    for (; !refused_.empty() && refused_.front() <= now_; refused_.pop_front())
      stream_.progress.nothing_refused_since = now_;
  }

  void Send() {
    // Bytes at random, mostly in order; not of one byte, which may be a probe.
    const uint32_t length = 2 + static_cast<uint32_t>(Below(40));
    if (Below(6) == 0) sent_ += 1 + Below(30);  // the rest is lost or late
    Arrive(static_cast<uint32_t>(sent_), length,
           Below(4) == 0 ? 2 + static_cast<uint32_t>(Below(length)) : 0,
           AnyFate());
    sent_ += length;
  }

  // Mostly what is missing.
  void Repeat() {
    if (sent_ == 0) return;
    const uint64_t missing = Below(3) == 0 ? Below(sent_) : Received(true);
    const uint64_t offset = missing - std::min<uint64_t>(missing, Below(20));
    const auto length = static_cast<uint32_t>(2 + Below(60));
    Arrive(static_cast<uint32_t>(offset), length, 0,
           refusals_ ? AnyFate() : kTaken);
    sent_ = std::max(sent_, offset + length);
  }

  // How much in order the kernel has taken in, or will have.
  uint64_t Received(bool all = false) {
    uint64_t& received = all ? in_order_ : received_;
    while (received < owners_.size() && owners_[received].arrived != 0 &&
           (all || owners_[received].taken_in <= now_))
      ++received;
    return received;
  }

  bool BehindGap(uint64_t received) const {
    return std::any_of(owners_.begin() + static_cast<long>(received),
                       owners_.end(), [this](const Owner& owner) {
                         return owner.arrived != 0 && owner.taken_in <= now_;
                       });
  }

  void Check(bool must_be_known) {
    Count();
    const uint64_t received = Received();
    const bool is_gap = BehindGap(received);
    had_gap_ |= is_gap;
    stream_.progress.may_have_gap = had_gap_ && (is_gap || received != read_);
    const bool told = stream_.Look(now_, read_, received);
    ASSERT_TRUE(told || !must_be_known);
    if (!told) return;
    ASSERT_EQ(stream_.unread.begin, read_);
    ASSERT_EQ(stream_.unread.end, received);
    const lkos_tcp_connection connection = Connection(1);
    // From any byte, and in any order.
    for (uint64_t i = read_; i < received; ++i) {
      const uint64_t at = i % 2 == 0 ? i : read_ + Below(received - read_);
      lkos_tcp_packet packet;
      const bool known = lkos_tcp_packets_at(packets_.get(), &connection,
                                             &stream_.unread, at, &packet);
      ASSERT_TRUE(known || !must_be_known) << at;
      if (!known) continue;
      ++known_;
      uint64_t end = at;
      while (end < owners_.size() &&
             owners_[end].arrived == owners_[at].arrived &&
             owners_[end].part == owners_[at].part)
        ++end;
      ASSERT_EQ(packet.arrived, owners_[at].arrived) << at;
      ASSERT_EQ(packet.end, end) << at;
    }
  }

  // What was missing comes, and then some data in order, more of it where what
  // was refused has misled the first looks: by now all is known.
  void Settle() {
    for (uint64_t missing; (missing = Received(true)) < owners_.size();)
      Arrive(static_cast<uint32_t>(missing), 2, 0, kTaken);
    sent_ = owners_.size();
    for (int i = 0; i < (refusals_ ? 6 : 3); ++i) {
      Arrive(static_cast<uint32_t>(sent_), 30, 0, kTaken);
      sent_ += 30;
      now_ += 3 * kMs;
      read_ = Received();
      Check(false);
    }
    Arrive(static_cast<uint32_t>(sent_), 30, 0, kTaken);
    now_ += kMs;
    Check(true);
  }

  std::mt19937_64 random_;
  const bool losses_, refusals_;
  Packets packets_;
  Stream stream_;
  const bool sure_;
  uint64_t now_ = 1000 * kMs, taken_in_ = 0, sent_ = 0, read_ = 0;
  uint64_t received_ = 0, in_order_ = 0;
  uint64_t known_ = 0;
  bool had_gap_ = false;
  std::vector<Owner> owners_;
  std::deque<std::pair<uint64_t, uint32_t>> reached_;  // when, and how many
  std::deque<uint64_t> refused_;                       // when
};

// Whether its SYN was seen, segments are missed, and the kernel refuses some.
class Random : public testing::TestWithParam<std::tuple<bool, bool, bool>> {};
INSTANTIATE_TEST_SUITE_P(Arrivals, Random,
                         testing::Combine(testing::Bool(), testing::Bool(),
                                          testing::Bool()));

// LKOS_TEST_ROUNDS of them.
TEST_P(Random, AreNeverToldWrongAndToldWhereTheyCanBe) {
  const char* const given = getenv("LKOS_TEST_ROUNDS");
  const uint64_t rounds = given != nullptr ? strtoull(given, nullptr, 10) : 100;
  uint64_t known = 0;
  for (uint64_t seed = 0; seed < rounds; ++seed) {
    World world(seed, std::get<0>(GetParam()), std::get<1>(GetParam()),
                std::get<2>(GetParam()));
    world.Run();
    if (HasFatalFailure()) FAIL() << "seed " << seed;
    known += world.known();
  }
  EXPECT_GT(known, rounds);
}

}  // namespace
}  // namespace lkos
