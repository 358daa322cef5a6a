// SPDX-License-Identifier: GPL-2.0-only
// The order of onload_ordered_epoll_wait(), over Onload's own tables and
// against a model.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/peek_offset.h"
#include "src/translate/wire_order.h"
}

namespace {

struct Packet {
  uint64_t arrived, bytes;
};

using Queues = std::vector<std::vector<Packet>>;

// As the caller walks: over what is readable.
lkos_wire_queue Walk(size_t source, uint64_t bound, void* arg) {
  lkos_wire_queue queue = {0, LKOS_NEVER};
  for (const Packet& packet : (*static_cast<Queues*>(arg))[source]) {
    if (packet.arrived > bound) {
      queue.left = packet.arrived;
      break;
    }
    queue.bytes += packet.bytes;
  }
  return queue;
}

// Each socket that has something queued, as an event. A packet whose arrival is
// not known makes its socket unordered.
std::vector<lkos_wire_event> Gather(const Queues& queues) {
  std::vector<lkos_wire_event> events;
  for (size_t i = 0; i < queues.size(); ++i) {
    if (queues[i].empty()) continue;
    events.push_back({i, queues[i][0].arrived, 0});
    for (const Packet& packet : queues[i]) {
      if (packet.arrived != 0) break;
      events.back().bytes += packet.bytes;
    }
  }
  return events;
}

std::vector<lkos_wire_event> Plan(Queues* queues, uint64_t limit = LKOS_NEVER,
                                  size_t most = 100) {
  std::vector<lkos_wire_event> events = Gather(*queues);
  events.resize(
      lkos_wire_plan(events.data(), events.size(), most, limit, Walk, queues));
  return events;
}

// ---- Tables. Arrivals are written as they came: "A1 B1" are the first bytes
// of two streams. Each part has as many bytes as its name says.

constexpr int kPartBytes[] = {0, 300, 450, 250};

// Streams as the kernel keeps them: in order of sequence, each part with its
// own arrival, and only what has no gap before it can be read.
class Streams {
 public:
  void Arrive(const std::string& parts) {
    for (size_t at = 0; at < parts.size(); at += 3) {
      arrived_[parts[at] - 'A'].insert({parts[at + 1] - '0', ++now_});
    }
  }

  // Reads as much as each event told, in its order.
  void Read(const std::vector<lkos_wire_event>& events) {
    for (const lkos_wire_event& event : events) {
      Read(event.source, event.bytes);
    }
  }

  void Read(size_t source, uint64_t bytes) { read_[source] += bytes; }

  Queues Readable() const {
    Queues queues(2);
    for (const auto& stream : arrived_) {
      uint64_t skipped = read_.count(stream.first) ? read_.at(stream.first) : 0;
      int expected = 1;
      for (const auto& part : stream.second) {
        if (part.first != expected++) break;
        const uint64_t bytes = kPartBytes[part.first];
        if (skipped >= bytes) {
          skipped -= bytes;
        } else {
          queues[stream.first].push_back({part.second, bytes - skipped});
          skipped = 0;
        }
      }
    }
    return queues;
  }

  std::vector<lkos_wire_event> Wait() {
    Queues queues = Readable();
    return Plan(&queues);
  }

 private:
  std::map<size_t, std::map<int, uint64_t>> arrived_;
  std::map<size_t, uint64_t> read_;
  uint64_t now_ = 0;
};

// "A300@1 B750@3"
std::string Told(const std::vector<lkos_wire_event>& events) {
  std::string text;
  for (const lkos_wire_event& event : events) {
    text += (text.empty() ? "" : " ") +
            std::string(1, static_cast<char>('A' + event.source)) +
            std::to_string(event.bytes) + "@" + std::to_string(event.first);
  }
  return text;
}

TEST(WireOrder, OfSegmentsThatCameOutOfOrder) {
  const struct {
    const char *name, *arrivals, *first, *second;
  } rows[] = {
      {"lost_retransmit_one", "A1 A3 B1 B2 A2 B3", "A300@1 B750@3",
       "A700@5 B250@6"},
      {"duplicate", "A1 A3 B1 B2 A2 B3 A2", "A300@1 B750@3", "A700@5 B250@6"},
      {"lost_retransmit_two", "A1 A3 B2 B3 A2 B1", "A1000@1 B1000@6", ""},
      {"lost_retransmit_three", "A2 A3 B1 B2 A1 B3", "B750@3 A1000@5",
       "B250@6"},
      {"empty_event", "A2 A3 B2 A1 B1 B3", "A1000@4 B1000@5", ""},
      {"lost", "A1 B1 B2 B3 A3", "A300@1 B1000@2", ""},
  };
  for (const auto& row : rows) {
    Streams streams;
    streams.Arrive(row.arrivals);
    const auto first = streams.Wait();
    EXPECT_EQ(Told(first), row.first) << row.name;
    streams.Read(first);
    EXPECT_EQ(Told(streams.Wait()), row.second) << row.name;
  }
}

TEST(WireOrder, OfDataThatIsNotReadInBetween) {
  Streams one, two, three;
  one.Arrive("A1");
  EXPECT_EQ(Told(one.Wait()), "A300@1");
  one.Arrive("A2");
  EXPECT_EQ(Told(one.Wait()), "A750@1");
  two.Arrive("A1 B1");
  EXPECT_EQ(Told(two.Wait()), "A300@1 B300@2");
  two.Arrive("A2");
  EXPECT_EQ(Told(two.Wait()), "A300@1 B300@2");
  three.Arrive("A1 B1");
  EXPECT_EQ(Told(three.Wait()), "A300@1 B300@2");
  three.Arrive("B2");
  EXPECT_EQ(Told(three.Wait()), "A300@1 B750@2");
}

TEST(WireOrder, OfDataThatIsReadInPart) {
  Streams less, equal, more;
  less.Arrive("A1 B1");
  less.Read(0, 150);
  EXPECT_EQ(Told(less.Wait()), "A150@1 B300@2");
  equal.Arrive("A1 B1");
  equal.Read(0, 300);
  EXPECT_EQ(Told(equal.Wait()), "B300@2");
  equal.Arrive("A2");
  EXPECT_EQ(Told(equal.Wait()), "B300@2 A450@3");
  more.Arrive("A1 B1 A2");
  more.Read(0, 500);
  EXPECT_EQ(Told(more.Wait()), "B300@2 A250@3");
}

TEST(WireOrder, OneEventForWhatNoOtherSocketComesBetween) {
  Queues queues = {{{1, 10}, {2, 20}, {7, 5}}, {{3, 7}, {4, 8}}, {{6, 1}}};
  EXPECT_EQ(Told(Plan(&queues)), "A30@1 B15@3 C1@6");
}

TEST(WireOrder, WhatIsUnorderedComesFirstAndIsNotCut) {
  Queues queues = {{{5, 1}}, {{0, 7}, {0, 8}}, {{0, 3}, {9, 4}}, {{2, 1}}};
  EXPECT_EQ(Told(Plan(&queues, 1)), "B15@0 C3@0");
  EXPECT_EQ(Told(Plan(&queues)), "B15@0 C3@0 D1@2 A1@5");
  EXPECT_EQ(Told(Plan(&queues, LKOS_NEVER, 1)), "B15@0");
}

TEST(WireOrder, WhatArrivedAfterTheLimitWaits) {
  Queues queues = {{{5, 1}, {8, 2}}, {{7, 1}}, {{9, 1}}};
  EXPECT_EQ(Told(Plan(&queues, 4)), "");
  EXPECT_EQ(Told(Plan(&queues, 5)), "A1@5");
  EXPECT_EQ(Told(Plan(&queues, 7)), "A1@5 B1@7");
  EXPECT_EQ(Told(Plan(&queues, 8)), "A1@5 B1@7");  // A's second is before C
  EXPECT_EQ(Told(Plan(&queues, 100)), "A1@5 B1@7");
}

TEST(WireOrder, TheSameTimeCountsAsBefore) {
  Queues queues = {{{5, 1}, {6, 2}}, {{6, 4}, {6, 8}}};
  EXPECT_EQ(Told(Plan(&queues, 6)), "A3@5 B12@6");
}

TEST(WireOrder, EventsThatAreEqualStayInTheirOrder) {
  Queues queues(26, {{0, 1}});
  std::string expected;
  for (char name = 'A'; name <= 'Z'; ++name) {
    expected += std::string(expected.empty() ? "" : " ") + name + "1@0";
  }
  EXPECT_EQ(Told(Plan(&queues)), expected);
}

TEST(WireOrder, ToldDataIsNotTakenBackWhenItsTimeIsForgotten) {
  Queues queues = {{{5, 10}, {6, 1}}, {{7, 1}}};
  std::vector<lkos_wire_event> events = Gather(queues);
  events[0].bytes = 10;
  queues[0].clear();
  ASSERT_EQ(lkos_wire_plan(events.data(), 2, 2, LKOS_NEVER, Walk, &queues), 2u);
  EXPECT_EQ(Told(events), "A10@5 B1@7");
}

TEST(WireOrder, OfNothingIsNothing) {
  EXPECT_EQ(lkos_wire_plan(nullptr, 0, 10, 5, Walk, nullptr), 0u);
  Queues queues = {{{5, 1}}};
  EXPECT_EQ(Told(Plan(&queues, LKOS_NEVER, 0)), "");
}

// ---- Against a model: whoever reads as told, reads in the order of arrival.

struct Arrival {
  size_t source;
  Packet packet;
};

// The model: packets one by one in the order of arrival, as long as they are
// seen. A call tells the runs of them, up to the first socket that comes again.
std::string Model(const Queues& queues, uint64_t limit, size_t most) {
  std::map<uint64_t, std::pair<size_t, uint64_t>> by_arrival;
  for (size_t i = 0; i < queues.size(); ++i) {
    for (const Packet& packet : queues[i]) {
      if (packet.arrived <= limit) {
        by_arrival[packet.arrived] = {i, packet.bytes};
      }
    }
  }
  std::vector<lkos_wire_event> runs;
  std::vector<bool> has_run(queues.size());
  for (const auto& one : by_arrival) {
    const size_t source = one.second.first;
    if (runs.empty() || runs.back().source != source) {
      if (has_run[source] || runs.size() == most) break;
      has_run[source] = true;
      runs.push_back({source, one.first, 0});
    }
    runs.back().bytes += one.second.second;
  }
  return Told(runs);
}

TEST(WireOrder, IsTheOrderOfArrivalForRandomArrivals) {
  std::mt19937 random(1);
  for (int run = 0; run < 20000; ++run) {
    const size_t sockets = 1 + random() % 6;
    std::vector<Arrival> all;
    uint64_t now = 1;
    for (size_t left = random() % 40; left > 0; --left) {
      all.push_back({random() % sockets, {now, 1 + random() % 9}});
      now += 1 + random() % 3;
    }
    Queues queues(sockets);
    std::vector<Arrival> read;
    size_t seen = 0;
    for (int call = 0; read.size() < all.size(); ++call) {
      ASSERT_LT(call, 200) << "no end, run " << run;
      // Some more arrives; what came last may come after the limit was taken.
      const size_t until =
          std::min(all.size(), seen + random() % (all.size() - seen + 2));
      const size_t late = until - random() % (until - seen + 1);
      for (; seen < until; ++seen) {
        queues[all[seen].source].push_back(all[seen].packet);
      }
      const uint64_t limit =
          late < until ? all[late].packet.arrived - 1 : LKOS_NEVER;
      const size_t most = 1 + random() % sockets;
      const auto events = Plan(&queues, limit, most);
      ASSERT_EQ(Told(events), Model(queues, limit, most)) << "run " << run;
      std::vector<bool> has_event(sockets);
      for (const lkos_wire_event& event : events) {
        EXPECT_FALSE(has_event[event.source]);
        has_event[event.source] = true;
        EXPECT_GT(event.bytes, 0u);
        EXPECT_EQ(event.first, queues[event.source][0].arrived);
        EXPECT_LE(event.first, limit);
        uint64_t left = event.bytes;
        while (left > 0) {  // whole packets
          auto& queue = queues[event.source];
          ASSERT_FALSE(queue.empty());
          ASSERT_GE(left, queue[0].bytes);
          left -= queue[0].bytes;
          read.push_back({event.source, queue[0]});
          queue.erase(queue.begin());
        }
      }
      // A call tells something whenever there is something before the limit.
      const bool any = std::any_of(queues.begin(), queues.end(),
                                   [limit](const std::vector<Packet>& q) {
                                     return !q.empty() && q[0].arrived <= limit;
                                   });
      EXPECT_TRUE(!events.empty() || !any) << "run " << run;
    }
    for (size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(read[i].packet.arrived, all[i].packet.arrived) << "run " << run;
    }
  }
}

// A run of one socket's data that no other socket's data interrupts is one
// event, however the calls fall.
TEST(WireOrder, TellsARunAsOneEvent) {
  std::mt19937 random(2);
  for (int run = 0; run < 5000; ++run) {
    const size_t sockets = 1 + random() % 4;
    Queues queues(sockets);
    std::vector<size_t> order;
    for (uint64_t now = 1; now < 30; ++now) {
      const size_t source = random() % sockets;
      queues[source].push_back({now, 1});
      order.push_back(source);
    }
    size_t at = 0;
    while (at < order.size()) {
      for (const lkos_wire_event& event : Plan(&queues)) {
        size_t length = 1;
        while (at + length < order.size() && order[at + length] == order[at]) {
          ++length;
        }
        ASSERT_EQ(event.source, order[at]);
        ASSERT_EQ(event.bytes, length) << "run " << run;
        queues[event.source].erase(
            queues[event.source].begin(),
            queues[event.source].begin() + static_cast<long>(length));
        at += length;
      }
    }
  }
}

TEST(PeekOffset, IsWhatItWasLessWhatAReaderHasReceivedMeanwhile) {
  EXPECT_EQ(lkos_peek_offset_after(-1, 300, 300), -1);
  EXPECT_EQ(lkos_peek_offset_after(-1, 300, 100), -1);
  EXPECT_EQ(lkos_peek_offset_after(0, 300, -1), -1);
  EXPECT_EQ(lkos_peek_offset_after(500, 300, -1), -1);
  EXPECT_EQ(lkos_peek_offset_after(0, 300, 300), 0);
  EXPECT_EQ(lkos_peek_offset_after(200, 300, 300), 200);
  EXPECT_EQ(lkos_peek_offset_after(200, 300, 250), 150);
  EXPECT_EQ(lkos_peek_offset_after(200, 300, 50), 0);
  EXPECT_EQ(lkos_peek_offset_after(200, 0, 0), 200);
}

}  // namespace
