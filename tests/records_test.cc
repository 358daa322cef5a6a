// SPDX-License-Identifier: GPL-2.0-only
// The records of what sockets asked: found, bounded, shared, and changed by
// many at once.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/runtime/next.h"
#include "tests/harness/plain_records.h"

struct lkos_next lkos_next;  // no call of it is made here
}

namespace {

// As records.h has them.
constexpr uint64_t kGroups = 1 << 15;
constexpr int kPlaces = 8;
constexpr int kSetters = 63;

class Records : public testing::Test {
 protected:
  // The record's flags, or -1 where there is none.
  static int64_t Asked(uint64_t cookie) {
    void* place = plain_record_find(cookie);
    plain_record seen;
    return place != nullptr && plain_record_see(place, cookie, &seen)
               ? int64_t{seen.asked}
               : -1;
  }

  static plain_record See(uint64_t cookie) {
    plain_record seen{};
    EXPECT_TRUE(plain_record_see(plain_record_place(cookie, 0), cookie, &seen));
    return seen;
  }

  // The number leads to the socket's record.
  static void Keep(int fd, uint64_t cookie) {
    plain_fd_make_room(fd);
    const plain_fd_seen before = plain_fd_before(fd);
    plain_fd_keep(&before, plain_record_find(cookie), cookie);
  }

  // Cookies of one group that no test has used. The table lives as long as the
  // process.
  static std::vector<uint64_t> FreshGroup(size_t count) {
    static uint64_t group = 0;
    std::vector<uint64_t> cookies;
    ++group;
    for (uint64_t i = 1; i <= count; ++i)
      cookies.push_back((uint64_t{1} << 30) + i * kGroups + group);
    return cookies;
  }

  static uint64_t FreshCookie() { return FreshGroup(1)[0]; }
};

// The record's place, the calling thread counted in. NULL: that cannot be had.
void* Begin(uint64_t cookie, uint32_t asked) {
  void* place;
  do {
    place = plain_record_place(cookie, asked);
    if (place == nullptr) return nullptr;
    if (plain_record_begin(place, cookie)) return place;
  } while (plain_record_find(cookie) != place);  // it was given away meanwhile
  return nullptr;
}

// One thread's set, start to end, the kernel left out.
void Set(uint64_t cookie, uint32_t asked) {
  void* place = Begin(cookie, 0);
  plain_record seen;
  ASSERT_NE(place, nullptr);
  do {
    ASSERT_TRUE(plain_record_see(place, cookie, &seen));
  } while (!plain_record_end(place, &seen, asked));
}

TEST_F(Records, AreFoundByTheirCookieAndByNoOther) {
  // Low cookies have tag 0, and group 0 has cookies of its own; the table
  // starts with no byte set.
  const std::vector<uint64_t> cookies = {1,
                                         2,
                                         3,
                                         kGroups - 1,
                                         kGroups,
                                         kGroups + 1,
                                         2 * kGroups,
                                         (1 << 20) + 5,
                                         1ull << 32,
                                         (1ull << 32) + kGroups,
                                         (1ull << 41) - 1};
  for (const uint64_t cookie : cookies) EXPECT_EQ(Asked(cookie), -1) << cookie;
  for (size_t i = 0; i < cookies.size(); ++i) {
    EXPECT_NE(plain_record_place(cookies[i], 100 + i), nullptr);
    for (size_t other = 0; other < cookies.size(); ++other) {
      EXPECT_EQ(Asked(cookies[other]), other <= i ? int64_t(100 + other) : -1)
          << cookies[other] << " after " << cookies[i];
    }
  }
}

TEST_F(Records, TellNothingAskedFromNothingKnown) {
  for (const uint64_t cookie : {uint64_t{7}, FreshCookie()}) {
    EXPECT_EQ(Asked(cookie), -1);
    plain_record_place(cookie, 0);
    EXPECT_EQ(Asked(cookie), 0);
  }
}

TEST_F(Records, KeepEachOfTheKernelsBits) {
  const uint64_t cookie = FreshCookie();
  for (int bit = 0; bit < 24; ++bit) {
    Set(cookie, 1u << bit);
    EXPECT_EQ(Asked(cookie), 1 << bit);
    Set(cookie, 0xffffff ^ 1u << bit);
    EXPECT_EQ(Asked(cookie), 0xffffff ^ 1 << bit);
  }
  Set(cookie, 0xff00005a);  // bits beyond those of a record must not fall into
                            // its neighbours
  EXPECT_EQ(Asked(cookie), 0x5a);
  EXPECT_EQ(See(cookie).setters, 0u);
  EXPECT_EQ(See(cookie).closed, 0u);
}

TEST_F(Records, StayAsTheyAreWhenFoundAgain) {
  const uint64_t cookie = FreshCookie();
  void* place = plain_record_place(cookie, 5);
  EXPECT_EQ(plain_record_place(cookie, 6), place);
  EXPECT_EQ(Asked(cookie), 5);
}

TEST_F(Records, TakeTheLastSet) {
  const uint64_t cookie = FreshCookie();
  for (uint32_t asked = 0; asked < 1000; ++asked) {
    Set(cookie, asked);
    ASSERT_EQ(Asked(cookie), asked);
  }
}

TEST_F(Records, RefuseAChangeByWhomTheyChangedUnder) {
  const uint64_t cookie = FreshCookie();
  void* place = Begin(cookie, 1);
  plain_record seen, stale;
  ASSERT_TRUE(plain_record_see(place, cookie, &stale));
  for (int i = 0; i < 31; ++i) {  // 62 changes; after 63 the turns begin again
    ASSERT_EQ(Begin(cookie, 1), place);
    ASSERT_FALSE(plain_record_end(place, &stale, 9)) << i;
    ASSERT_TRUE(plain_record_see(place, cookie, &seen));
    ASSERT_TRUE(plain_record_end(place, &seen, 1));
    // The same flags and setters as at first: only the turn tells.
    ASSERT_FALSE(plain_record_end(place, &stale, 9)) << i;
  }
  EXPECT_EQ(Asked(cookie), 1);
  ASSERT_TRUE(plain_record_see(place, cookie, &seen));
  EXPECT_EQ(seen.setters, 1u);
  EXPECT_TRUE(plain_record_end(place, &seen, 2));
  EXPECT_EQ(Asked(cookie), 2);
}

TEST_F(Records, AreNeverAllZeroWhateverTheTurn) {
  const uint64_t cookie = 11;  // tag 0
  for (int i = 0; i < 200; ++i) {
    // Three changes, so that each turn comes to be the last.
    plain_record_closed(plain_record_place(cookie, 0));
    Set(cookie, 0);
    ASSERT_EQ(Asked(cookie), 0) << i;  // not -1
    ASSERT_NE(See(cookie).turn, 0u) << i;
  }
}

TEST_F(Records, CountTheSettersUpToTheirLimit) {
  const uint64_t cookie = FreshCookie();
  void* place = nullptr;
  plain_record seen;
  for (int i = 1; i <= kSetters; ++i) {
    place = Begin(cookie, 3);
    ASSERT_NE(place, nullptr) << i;
    ASSERT_EQ(See(cookie).setters, static_cast<uint32_t>(i));
  }
  EXPECT_EQ(Begin(cookie, 3), nullptr);
  EXPECT_EQ(See(cookie).setters, static_cast<uint32_t>(kSetters));
  EXPECT_EQ(Asked(cookie), 3);
  ASSERT_TRUE(plain_record_see(place, cookie, &seen));
  EXPECT_TRUE(plain_record_end(place, &seen, 4));
  EXPECT_EQ(Begin(cookie, 3), place);
}

TEST_F(Records, GiveTheClosedOnesPlaceFirst) {
  for (int closed = 0; closed < kPlaces; ++closed) {
    const std::vector<uint64_t> cookies = FreshGroup(kPlaces + 1);
    for (int i = 0; i < kPlaces; ++i) plain_record_place(cookies[i], 100 + i);
    plain_record_closed(plain_record_find(cookies[closed]));
    EXPECT_EQ(Asked(cookies[closed]),
              100 + closed);  // until its place is wanted
    plain_record_place(cookies[kPlaces], 200);
    for (int i = 0; i < kPlaces; ++i) {
      EXPECT_EQ(Asked(cookies[i]), i == closed ? -1 : 100 + i) << closed;
    }
    EXPECT_EQ(Asked(cookies[kPlaces]), 200);
  }
}

TEST_F(Records, GiveOnePlaceOfAGroupThatIsFullOfOpenSockets) {
  const std::vector<uint64_t> cookies = FreshGroup(3 * kPlaces);
  for (size_t given = 0; given < cookies.size(); ++given) {
    EXPECT_NE(plain_record_place(cookies[given], 100 + given), nullptr);
    int kept = 0;
    for (size_t i = 0; i <= given; ++i) {
      if (Asked(cookies[i]) == -1) continue;
      EXPECT_EQ(Asked(cookies[i]), static_cast<int64_t>(100 + i));
      ++kept;
    }
    EXPECT_EQ(Asked(cookies[given]), static_cast<int64_t>(100 + given));
    EXPECT_EQ(kept, given < kPlaces ? static_cast<int>(given) + 1 : kPlaces);
  }
}

TEST_F(Records, KeepASocketThatIsStillOpenUnderAnotherNumber) {
  const std::vector<uint64_t> cookies = FreshGroup(kPlaces + 1);
  for (int i = 0; i < kPlaces; ++i) plain_record_place(cookies[i], 100 + i);
  // All but the last were closed, the first five under one of two numbers only.
  for (int i = 0; i < 5; ++i) Keep(20 + i, cookies[i]);
  for (int i = 0; i < kPlaces - 1; ++i)
    plain_record_closed(plain_record_find(cookies[i]));
  plain_record_place(cookies[kPlaces], 200);
  int lost = 0;
  for (int i = 0; i < kPlaces; ++i) {
    if (Asked(cookies[i]) == 100 + i) continue;
    EXPECT_TRUE(i == 5 || i == 6) << i;
    ++lost;
  }
  EXPECT_EQ(lost, 1);
  for (int i = 0; i < 5; ++i) plain_fd_forget(20 + i);
}

TEST_F(Records, KeepTheirPlaceWhileAThreadSetsFlags) {
  const std::vector<uint64_t> cookies = FreshGroup(2 * kPlaces);
  for (int i = 0; i < kPlaces; ++i) {
    ASSERT_NE(Begin(cookies[i], 100 + i), nullptr);
    plain_record_closed(plain_record_find(
        cookies[i]));  // even if its descriptor is closed meanwhile
  }
  for (int i = kPlaces; i < 2 * kPlaces; ++i) {
    EXPECT_EQ(plain_record_place(cookies[i], 200), nullptr);
    EXPECT_EQ(Begin(cookies[i], 200), nullptr);
    EXPECT_EQ(Asked(cookies[i]), -1);
  }
  for (int i = 0; i < kPlaces; ++i) EXPECT_EQ(Asked(cookies[i]), 100 + i);

  // One is done: its place, and no other, can be had.
  void* place = plain_record_place(cookies[3], 0);
  plain_record seen;
  ASSERT_TRUE(plain_record_see(place, cookies[3], &seen));
  ASSERT_TRUE(plain_record_end(place, &seen, 300));
  EXPECT_EQ(plain_record_place(cookies[kPlaces], 200), place);
  EXPECT_EQ(Asked(cookies[3]), -1);
  EXPECT_EQ(Asked(cookies[kPlaces]), 200);
  EXPECT_FALSE(
      plain_record_see(place, cookies[3], &seen));  // and who had it is told so
  for (int i = 0; i < kPlaces; ++i) {
    if (i != 3) {
      EXPECT_EQ(Asked(cookies[i]), 100 + i);
    }
  }
}

TEST_F(Records, AreOpenAgainWhenFlagsAreSetAfterAClose) {
  const std::vector<uint64_t> cookies = FreshGroup(kPlaces + 1);
  for (int i = 0; i < kPlaces; ++i) {
    plain_record_place(cookies[i], 100 + i);
    plain_record_closed(plain_record_find(cookies[i]));
    EXPECT_EQ(See(cookies[i]).closed, 1u);
    if (i != 6) Set(cookies[i], 100 + i);
  }
  plain_record_place(cookies[kPlaces], 200);
  for (int i = 0; i < kPlaces; ++i)
    EXPECT_EQ(Asked(cookies[i]), i == 6 ? -1 : 100 + i);
}

// Bytes of address space, and of memory in use, by statm(5); without allocating
// any.
struct Mapped {
  long pages, resident;
};

Mapped MappedNow() {
  char text[128] = {};
  Mapped mapped{};
  const int fd = open("/proc/self/statm", O_RDONLY);
  EXPECT_GT(read(fd, text, sizeof(text) - 1), 0);
  close(fd);
  EXPECT_EQ(sscanf(text, "%ld %ld", &mapped.pages, &mapped.resident), 2);
  return mapped;
}

TEST_F(Records, StayBoundedWhileAMillionSocketsComeAndGo) {
  const int kept = 10, duplicated = 11, duplicate = 12, busy = 13;
  uint64_t cookie = uint64_t{1} << 35;
  const uint64_t old = cookie++, old_too = cookie++;
  plain_record_place(old, 0x45);
  Keep(kept, old);
  // Open under its second number only.
  plain_record_place(old_too, 0x41);
  Keep(duplicated, old_too);
  Keep(duplicate, old_too);
  plain_record_closed(plain_fd_forget(duplicated));

  Mapped before{};
  for (int i = 0; i < 1000000; ++i, ++cookie) {
    uint32_t asked;
    const plain_fd_seen as_it_was = plain_fd_before(busy);
    void* place = plain_record_place(cookie, i & 0xffff);
    if (place == nullptr) FAIL() << i;
    plain_fd_keep(&as_it_was, place, cookie);
    if (!plain_fd_asked(busy, &asked) || asked != (i & 0xffffu)) FAIL() << i;
    if (plain_fd_forget(busy) != place) FAIL() << i;
    plain_record_closed(place);
    if (i == 400000)
      before = MappedNow();  // each place was taken once, and more
  }
  const Mapped after = MappedNow();

  EXPECT_EQ(after.pages, before.pages);
  // The kernel counts in lots per processor. One byte kept per socket would be
  // 195 pages more.
  EXPECT_LE(after.resident, before.resident + 150);
  EXPECT_EQ(Asked(old), 0x45);
  EXPECT_EQ(Asked(old_too), 0x41);
  uint32_t asked = 0;
  EXPECT_TRUE(plain_fd_asked(kept, &asked));
  EXPECT_EQ(asked, 0x45u);
  EXPECT_TRUE(plain_fd_asked(duplicate, &asked));
  EXPECT_EQ(asked, 0x41u);
  plain_fd_forget(kept);
  plain_fd_forget(duplicate);
}

TEST_F(Records, AreSharedWithForkedProcesses) {
  const uint64_t before = FreshCookie(), changed = FreshCookie(),
                 made = FreshCookie();
  plain_record_place(before, 1);
  plain_record_place(changed, 2);
  const pid_t child = fork();
  if (child == 0) {
    const bool sees = Asked(before) == 1;
    Set(changed, 3);
    plain_record_place(made, 4);
    _exit(sees ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Asked(changed), 3);
  EXPECT_EQ(Asked(made), 4);
}

void RunThreads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Records, OfOneSocketCountEveryThreadInAndOut) {
  const uint64_t cookie = FreshCookie();
  RunThreads(4, [cookie](int thread) {
    for (int i = 0; i < 20000; ++i) Set(cookie, thread << 16 | (i & 0xffff));
  });
  const plain_record seen = See(cookie);
  EXPECT_EQ(seen.setters, 0u);
  EXPECT_EQ(seen.asked & 0xffff, 19999u);  // the last set of one of them
  EXPECT_LT(seen.asked >> 16, 4u);
}

TEST_F(Records, OfOneGroupAreEachTheirThreadsOwn) {
  const std::vector<uint64_t> cookies = FreshGroup(kPlaces);
  std::atomic<int> wrong{0};
  RunThreads(kPlaces, [&cookies, &wrong](int thread) {
    for (int i = 0; i < 10000; ++i) {
      Set(cookies[thread], i);
      wrong += Asked(cookies[thread]) != i;
    }
  });
  EXPECT_EQ(wrong, 0);
}

// More sockets than places: a record may go, but none may ever be another
// socket's.
TEST_F(Records, OfAGroupThatIsFoughtOverAreNeverAnothers) {
  const std::vector<uint64_t> cookies = FreshGroup(3 * kPlaces);
  std::atomic<int> wrong{0}, set{0};
  RunThreads(4, [&](int thread) {
    for (int i = 0; i < 20000; ++i) {
      const size_t mine = (i * 4 + thread) % cookies.size();
      void* place = Begin(cookies[mine], mine);
      if (place == nullptr) continue;
      plain_record seen;
      do {
        if (!plain_record_see(place, cookies[mine], &seen))
          ++wrong;  // held while we set
        if (seen.asked != mine) ++wrong;
      } while (!plain_record_end(place, &seen, mine));
      const int64_t asked = Asked(cookies[mine]);
      if (asked != -1 && asked != static_cast<int64_t>(mine)) ++wrong;
      if (i % 3 == 0) plain_record_closed(place);  // even if another's by now
      ++set;
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(set, 70000);
  for (const uint64_t cookie : cookies) {
    if (Asked(cookie) != -1) {
      EXPECT_EQ(See(cookie).setters, 0u);
    }
  }
}

TEST(RecordsFlag, SaysThatStampsArePossibleUntilThatIsRuledOutAndOnceItIsNot) {
  EXPECT_TRUE(plain_stamps_possible());
  plain_record_place(1, 0);  // with a table, which has a flag of its own
  EXPECT_TRUE(plain_stamps_possible());
  plain_possible_rule_out();
  EXPECT_FALSE(plain_stamps_possible());
  const pid_t child = fork();
  if (child == 0) {
    const bool ruled_out = !plain_stamps_possible();
    plain_stamps_become_possible();
    _exit(ruled_out && plain_stamps_possible() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(plain_stamps_possible());  // the child's sockets may be ours
}

}  // namespace
