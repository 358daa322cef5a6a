// SPDX-License-Identifier: GPL-2.0-only
// What the headers of a frame tell of a segment of TCP.
#include <cstdlib>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/frames.h"
#include "tests/harness/guarded_memory.h"

namespace lkos {
namespace {

struct Parsed {
  lkos_frame_kind kind;
  lkos_tcp_segment segment;
};

Parsed Parse(const Frame& frame, const Bytes& network) {
  Parsed parsed = {};
  const lkos_frame given = frame.Around(network.data(), network.size());
  parsed.kind = lkos_tcp_frame(&given, &parsed.segment);
  return parsed;
}

Parsed Parse(const Frame& frame) { return Parse(frame, frame.Network()); }

bool Same(const lkos_tcp_connection& a, const lkos_tcp_connection& b) {
  return memcmp(&a, &b, sizeof(a)) == 0;
}

bool Same(const lkos_tcp_segment& a, const lkos_tcp_segment& b) {
  return Same(a.connection, b.connection) && a.sequence == b.sequence &&
         a.length == b.length && a.segment_size == b.segment_size &&
         a.urgent == b.urgent && a.flags == b.flags && a.arrived == b.arrived;
}

void ExpectWhole(const Frame& frame, const std::string& what) {
  const Parsed parsed = Parse(frame);
  EXPECT_EQ(parsed.kind, LKOS_FRAME_SEGMENT) << what;
  EXPECT_TRUE(Same(parsed.segment, frame.Segment())) << what;
}

Frame Of(bool v6) {
  Frame frame;
  frame.v6 = v6;
  return frame;
}

class EachVersion : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Ip, EachVersion, testing::Bool());

TEST_P(EachVersion, SegmentsAreUnderstood) {
  Frame frame = Of(GetParam());
  ExpectWhole(frame, "data");
  frame.length = 0;
  ExpectWhole(frame, "no data");
  frame.length = 1;
  frame.padding = 5;  // to Ethernet's shortest frame
  ExpectWhole(frame, "padded");
  frame.length = 65000;
  ExpectWhole(frame, "large");
}

TEST_P(EachVersion, ASynIsNoByteOfData) {
  Frame frame = Of(GetParam());
  frame.flags = LKOS_TCP_SYN;
  frame.length = 0;
  ExpectWhole(frame, "SYN");
  frame.length = 10;
  ExpectWhole(frame, "SYN with data");
  frame.sequence = UINT32_MAX;
  EXPECT_EQ(Parse(frame).segment.sequence, 0u);
}

TEST_P(EachVersion, OptionsOfTcpAreNoData) {
  for (unsigned words = 0; words <= 10; ++words) {
    Frame frame = Of(GetParam());
    frame.tcp_options = words;
    ExpectWhole(frame, std::to_string(words));
  }
}

TEST_P(EachVersion, UrgentPointersCountOnlyWithTheirFlag) {
  Frame frame = Of(GetParam());
  frame.urgent = 7;
  EXPECT_EQ(Parse(frame).segment.urgent, 0);
  frame.flags |= LKOS_TCP_URG;
  EXPECT_EQ(Parse(frame).segment.urgent, 7);
}

TEST_P(EachVersion, AFrameOfSeveralSegmentsHasTheirSize) {
  Frame frame = Of(GetParam());
  frame.length = 5000;
  frame.segment_size = 1448;
  EXPECT_EQ(Parse(frame).segment.segment_size, 1448u);
  frame.length = 1448;
  EXPECT_EQ(Parse(frame).segment.segment_size, 0u);
}

TEST_P(EachVersion, TagsOfVlansArePassedOver) {
  for (const std::vector<uint16_t>& tags :
       {std::vector<uint16_t>{ETH_P_8021Q},
        {ETH_P_8021AD, ETH_P_8021Q},
        {ETH_P_QINQ1, ETH_P_8021Q, ETH_P_8021Q}}) {
    Frame frame = Of(GetParam());
    frame.tags = tags;
    ExpectWhole(frame, std::to_string(tags.size()));
  }
}

TEST_P(EachVersion, OnlyWhatIsForThisMachineCounts) {
  for (int type = 1; type < 256; ++type) {
    Frame frame = Of(GetParam());
    frame.packet_type = static_cast<uint8_t>(type);
    EXPECT_EQ(Parse(frame).kind, LKOS_FRAME_OTHER) << type;
  }
}

TEST_P(EachVersion, OnlyTcpCounts) {
  for (int protocol = 0; protocol < 256; ++protocol) {
    Frame frame = Of(GetParam());
    frame.protocol = static_cast<uint8_t>(protocol);
    EXPECT_EQ(Parse(frame).kind,
              protocol == 6 ? LKOS_FRAME_SEGMENT : LKOS_FRAME_OTHER)
        << protocol;
  }
}

TEST_P(EachVersion, OnlyTheTwoIpsCount) {
  const Frame frame = Of(GetParam());
  const Bytes network = frame.Network();
  for (unsigned protocol = 0; protocol <= UINT16_MAX; ++protocol) {
    lkos_frame given = frame.Around(network.data(), network.size());
    lkos_tcp_segment segment;
    given.protocol = static_cast<uint16_t>(protocol);
    EXPECT_EQ(lkos_tcp_frame(&given, &segment) == LKOS_FRAME_SEGMENT,
              protocol == (GetParam() ? ETH_P_IPV6 : ETH_P_IP))
        << protocol;
  }
  for (unsigned version = 0; version < 16; ++version) {
    Bytes other = network;
    other[0] = static_cast<uint8_t>(version << 4 | (other[0] & 0xf));
    EXPECT_EQ(Parse(frame, other).kind == LKOS_FRAME_SEGMENT,
              version == (GetParam() ? 6u : 4u))
        << version;
  }
}

TEST(V4, OptionsArePassedOver) {
  for (unsigned words = 0; words <= 10; ++words) {
    Frame frame;
    frame.ip_options = words;
    ExpectWhole(frame, std::to_string(words));
  }
}

TEST(V4, AddressesAreMapped) {
  const Parsed parsed = Parse(Frame());
  EXPECT_EQ(memcmp(parsed.segment.connection.from,
                   Address("::ffff:192.0.2.1").bytes, 16),
            0);
}

TEST(V4, FragmentsAreRefusedAndTheFirstNamesTheConnection) {
  Frame frame;
  frame.fragment = 0x4000;  // may not be fragmented
  ExpectWhole(frame, "DF");
  frame.fragment = 0x2000;  // more of them
  const Parsed first = Parse(frame);
  EXPECT_EQ(first.kind, LKOS_FRAME_FRAGMENT);
  EXPECT_TRUE(Same(first.segment.connection, frame.Connection()));
  for (uint16_t fragment : {0x0001, 0x1fff, 0x2001}) {
    frame.fragment = fragment;
    EXPECT_EQ(Parse(frame).kind, LKOS_FRAME_OTHER) << fragment;
  }
}

TEST(V6, ExtensionHeadersArePassedOver) {
  for (const auto& chain :
       std::vector<std::vector<std::pair<uint8_t, unsigned>>>{
           {{0, 8}},
           {{60, 24}},
           {{43, 24}},
           {{51, 24}},
           {{44, 8}},
           {{135, 16}, {139, 40}, {140, 8}},
           {{0, 8}, {60, 8}, {43, 8}, {44, 8}, {51, 12}, {60, 2048}}}) {
    Frame frame = Of(true);
    frame.extensions = chain;
    ExpectWhole(frame, std::to_string(chain[0].first));
  }
}

TEST(V6, FragmentsAreRefusedAndTheFirstNamesTheConnection) {
  Frame frame = Of(true);
  frame.extensions = {{60, 8}, {44, 8}};
  frame.v6_fragment = 1;  // more of them
  const Parsed first = Parse(frame);
  EXPECT_EQ(first.kind, LKOS_FRAME_FRAGMENT);
  EXPECT_TRUE(Same(first.segment.connection, frame.Connection()));
  for (uint16_t fragment : {0x0008, 0x0009, 0xfff8}) {
    frame.v6_fragment = fragment;
    EXPECT_EQ(Parse(frame).kind, LKOS_FRAME_OTHER) << fragment;
  }
}

TEST(V6, WhatIsOnItsWayToAnotherAddressDoesNotCount) {
  Frame frame = Of(true);
  frame.extensions = {{43, 24}};
  frame.segments_left = 1;
  EXPECT_EQ(Parse(frame).kind, LKOS_FRAME_OTHER);
}

TEST(V6, LinkLocalAddressesBelongToADevice) {
  Frame frame = Of(true);
  EXPECT_EQ(Parse(frame).segment.connection.scope, 0u);
  frame.from = "fe80::1";
  frame.to = "fe80::2";
  frame.device = 9;
  EXPECT_EQ(Parse(frame).segment.connection.scope, 9u);
}

TEST(Lengths, ThatContradictEachOtherAreRefused) {
  for (const bool v6 : {false, true}) {
    const Frame frame = Of(v6);
    const Bytes whole = frame.Network();
    const size_t tcp = v6 ? 40 : 20, length = v6 ? 4 : 2;
    Bytes bytes = whole;
    bytes[tcp + 12] = 0x40;  // TCP's header in 16 bytes
    EXPECT_EQ(Parse(frame, bytes).kind, LKOS_FRAME_OTHER);
    bytes = whole;
    bytes[length] = 0;
    bytes[length + 1] = v6 ? 19 : 39;  // not even TCP's header
    EXPECT_EQ(Parse(frame, bytes).kind, LKOS_FRAME_OTHER);
    bytes[length + 1] = 0;  // as of frames that are larger than it can say
    EXPECT_EQ(Parse(frame, bytes).kind, LKOS_FRAME_OTHER);
    bytes[length + 1] = v6 ? 20 : 40;
    EXPECT_EQ(Parse(frame, bytes).kind, LKOS_FRAME_SEGMENT);
    EXPECT_EQ(Parse(frame, bytes).segment.length, 0u);
  }
  Bytes bytes = Frame().Network();
  bytes[0] = 0x44;  // IP's header in 16 bytes
  EXPECT_EQ(Parse(Frame(), bytes).kind, LKOS_FRAME_OTHER);
}

// Frames of all kinds, from a generator of random numbers.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  uint32_t Below(uint32_t end) {
    return static_cast<uint32_t>(random_() % end);
  }

  Frame Make() {
    Frame frame;
    frame.v6 = Below(2) != 0;
    frame.from_port = static_cast<uint16_t>(Below(65536));
    frame.to_port = static_cast<uint16_t>(Below(65536));
    frame.sequence = static_cast<uint32_t>(random_());
    frame.flags = static_cast<uint8_t>(random_());
    frame.urgent = static_cast<uint16_t>(random_());
    frame.length = Below(4) == 0 ? 0 : Below(60000);
    frame.ip_options = Below(11);
    frame.tcp_options = Below(11);
    frame.padding = Below(4) == 0 ? Below(40) : 0;
    frame.segment_size = static_cast<uint16_t>(Below(2000));
    static const uint8_t kinds[] = {0, 43, 44, 60, 135, 139, 140};
    for (uint32_t i = Below(4); i > 0; --i) {
      const uint8_t kind = kinds[Below(sizeof(kinds))];
      frame.extensions.emplace_back(kind, kind == 44 ? 8 : 8 + 8 * Below(6));
    }
    for (uint32_t i = Below(8) == 0 ? Below(3) : 0; i > 0; --i)
      frame.tags.push_back(ETH_P_8021Q);
    return frame;
  }

  // Some bytes are others, and the end may be missing.
  void Damage(Bytes* bytes) {
    for (uint32_t i = Below(6); i > 0; --i)
      (*bytes)[Below(static_cast<uint32_t>(bytes->size()))] =
          static_cast<uint8_t>(random_());
    if (Below(2) == 0)
      bytes->resize(Below(static_cast<uint32_t>(bytes->size() + 1)));
  }

 private:
  std::mt19937_64 random_;
};

// How much of it must be there for it to be understood.
size_t Headers(const Frame& frame) {
  const size_t whole = frame.Network().size() - frame.padding;
  const size_t data = std::min(frame.length, frame.captured_of_data);
  return whole - data - 4 * frame.tcp_options;
}

TEST(Capture, OfAnyLengthIsEnoughWhenItHasTheHeaders) {
  GuardedMemory memory;
  Maker maker(1);
  for (int round = 0; round < 300; ++round) {
    const Frame frame = maker.Make();
    const Bytes network = frame.Network();
    const size_t headers = Headers(frame);
    for (size_t size = 0; size <= network.size(); ++size) {
      unsigned char* const lent = memory.LendAtEnd(size);
      if (size > 0) memcpy(lent, network.data(), size);
      const lkos_frame given = frame.Around(lent, size);
      lkos_tcp_segment segment;
      const lkos_frame_kind kind = lkos_tcp_frame(&given, &segment);
      ASSERT_EQ(kind == LKOS_FRAME_SEGMENT, size >= headers) << size;
      if (kind == LKOS_FRAME_SEGMENT) {
        ASSERT_TRUE(Same(segment, frame.Segment())) << size;
      }
      ASSERT_TRUE(memory.Intact());
    }
  }
}

// LKOS_TEST_FRAMES of them, from the seed LKOS_TEST_SEED.
TEST(Frames, RandomAndDamagedDoNoHarm) {
  const char* const given = getenv("LKOS_TEST_FRAMES");
  const char* const seed = getenv("LKOS_TEST_SEED");
  const long frames = given != nullptr ? atol(given) : 300000;
  Maker maker(seed != nullptr ? strtoull(seed, nullptr, 10) : 2);
  long understood = 0;
  for (long i = 0; i < frames; ++i) {
    const Frame frame = maker.Make();
    Bytes network = frame.Network();
    if (i % 4 != 0) maker.Damage(&network);
    // In memory of exactly its size, on whose ends a sanitizer watches.
    auto* const exact = static_cast<uint8_t*>(malloc(network.size() + 1)) + 1;
    std::copy(network.begin(), network.end(), exact);
    const lkos_frame around = frame.Around(exact, network.size());
    lkos_tcp_segment segment;
    const lkos_frame_kind kind = lkos_tcp_frame(&around, &segment);
    free(exact - 1);
    if (i % 4 == 0) {
      ASSERT_EQ(kind, LKOS_FRAME_SEGMENT);
      ASSERT_TRUE(Same(segment, frame.Segment()));
    }
    if (kind != LKOS_FRAME_SEGMENT) continue;
    ++understood;
    ASSERT_LE(segment.length, 65535u + 40);
    ASSERT_LE(segment.segment_size, segment.length);
  }
  printf("%ld frames, %ld of them understood\n", frames, understood);
  EXPECT_GT(understood, frames / 4);
}

}  // namespace
}  // namespace lkos
