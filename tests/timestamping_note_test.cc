// SPDX-License-Identifier: GPL-2.0-only
// The note on a socket: what was requested, in the times of its inode.
#include <sys/stat.h>
#include <time.h>

#include <cerrno>
#include <cstdint>
#include <ios>
#include <random>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/timestamping_flags.h"
#include "src/translate/timestamping_note.h"
}

namespace {

constexpr uint32_t kFlagsEnd = 1u << 24;
constexpr uint32_t kNone = LKOS_NOTE_NONE;
constexpr uint32_t kSwhw = SOF_TIMESTAMPING_OPT_TX_SWHW;

// Numbers that an inode may have: of 32 bits on Linux, and of 64 elsewhere.
constexpr uint64_t kInodes[] = {0,
                                1,
                                2,
                                1000,
                                (1u << 29) - 1,
                                1u << 29,
                                0x7fffffff,
                                0x80000000,
                                0xffffffff,
                                uint64_t{1} << 32,
                                UINT64_MAX - 1,
                                UINT64_MAX};

struct Times {
  timespec at[2];  // of access and modification
};

Times TimesOf(uint64_t inode, const lkos_note& note) {
  Times times;
  lkos_note_to_times(&note, inode, times.at);
  return times;
}

lkos_note NoteOf(uint64_t inode, const Times& times) {
  return lkos_note_from_times(inode, times.at[0], times.at[1]);
}

TEST(Note, ReadsBackEachSetOf24Bits) {
  constexpr uint64_t kInode = 123456;
  uint32_t wrong = 0;
  for (uint32_t set = 0; set < kFlagsEnd; ++set) {
    const uint32_t before = set ^ (kFlagsEnd - 1);
    const lkos_note note = NoteOf(kInode, TimesOf(kInode, {set, before}));
    wrong += note.now != set || note.before != before;
  }
  EXPECT_EQ(wrong, 0u);
}

TEST(Note, ReadsBackOnEachInode) {
  const uint32_t sets[] = {0, 1, 0x5c, 0x7f, 0x804041, kFlagsEnd - 1, kNone};
  for (const uint64_t inode : kInodes) {
    for (const uint32_t now : sets) {
      for (const uint32_t before : sets) {
        const lkos_note note = NoteOf(inode, TimesOf(inode, {now, before}));
        EXPECT_EQ(note.now, now) << inode;
        EXPECT_EQ(note.before, before) << inode;
      }
    }
  }
}

// Flags that the kernel would refuse.
TEST(Note, HasNothingInPlaceOfFlagsThatDoNotFit) {
  for (const uint32_t set : {kFlagsEnd, kFlagsEnd | 0x5c, 0xff00005cu}) {
    const lkos_note note = NoteOf(7, TimesOf(7, {set, 0x5c}));
    EXPECT_EQ(note.now, kNone);
    EXPECT_EQ(note.before, 0x5cu);
  }
}

// Old kernels have 32 bits for the seconds, and two numbers of nanoseconds have
// a meaning of their own.
TEST(Note, IsATimeThatEachKernelTakesAsItIs) {
  for (const uint64_t inode : kInodes) {
    for (const uint32_t set : {0u, kFlagsEnd - 1, kNone}) {
      for (const timespec& time : TimesOf(inode, {set, set}).at) {
        EXPECT_GE(time.tv_sec, INT32_MIN);
        EXPECT_LT(time.tv_sec, 0);  // no clock was there
        EXPECT_GE(time.tv_nsec, 0);
        EXPECT_LT(time.tv_nsec, 1000000000);
        EXPECT_NE(time.tv_nsec, UTIME_NOW);
        EXPECT_NE(time.tv_nsec, UTIME_OMIT);
      }
    }
  }
}

// Linux hands the times on with the inode's memory, and counts numbers up.
TEST(Note, OfAnotherInodeIsNone) {
  std::minstd_rand random(1);
  const auto expect_none = [](uint64_t inode, uint64_t other) {
    const lkos_note note = NoteOf(other, TimesOf(inode, {0x5c, 0x44}));
    ASSERT_EQ(note.now, kNone) << inode << ' ' << other;
    ASSERT_EQ(note.before, kNone) << inode << ' ' << other;
  };
  for (const uint64_t inode : kInodes) {
    for (int bit = 0; bit < 29; ++bit)
      expect_none(inode, inode ^ uint64_t{1} << bit);
  }
  for (uint64_t apart = 1; apart < 100000; ++apart) {
    expect_none(1000, 1000 + apart);
    expect_none(1000 + apart, 1000);
  }
  for (int i = 0; i < 100000; ++i) {
    const uint64_t inode = random() % (1u << 29), other = random() % (1u << 29);
    if (inode != other) expect_none(inode, other);
  }
}

TEST(Note, IsNoneInTimesOfAnyOtherMaking) {
  std::minstd_rand random(1);
  std::uniform_int_distribution<time_t> near(-100, 100),
      clock(0, time_t{INT32_MAX}), all(INT32_MIN, INT32_MAX);
  std::uniform_int_distribution<long> nanoseconds(0, 999999999);
  constexpr uint64_t kInode = 1000;
  const timespec noted = TimesOf(kInode, {0x5c, 0x44}).at[1];
  const auto expect_none = [](timespec time) {
    const lkos_note note = lkos_note_from_times(kInode, time, time);
    ASSERT_EQ(note.now, kNone) << time.tv_sec << ' ' << time.tv_nsec;
    ASSERT_EQ(note.before, kNone) << time.tv_sec << ' ' << time.tv_nsec;
  };
  expect_none({0, 0});  // of a fresh socket
  for (int i = 0; i < 100000; ++i) {
    const time_t dates[] = {near(random), clock(random), all(random),
                            noted.tv_sec + near(random)};
    for (const time_t date : dates) {
      if (date != noted.tv_sec) expect_none({date, nanoseconds(random)});
      if (date != noted.tv_sec) expect_none({date, 0x5c});
    }
    // Its date, and no flags.
    const long beyond = nanoseconds(random);
    if (beyond >= long{kFlagsEnd}) expect_none({noted.tv_sec, beyond});
  }
}

// Each of the two times counts by itself.
TEST(Note, HasWhicheverTimeIsItsOwn) {
  const Times times = TimesOf(7, {0x5c, 0x44});
  const lkos_note now = lkos_note_from_times(7, {5, 5}, times.at[1]);
  EXPECT_EQ(now.now, 0x5cu);
  EXPECT_EQ(now.before, kNone);
  const lkos_note before = lkos_note_from_times(7, times.at[0], {5, 5});
  EXPECT_EQ(before.now, kNone);
  EXPECT_EQ(before.before, 0x44u);
}

// Each set of the seven record and report bits, without and with OPT_TX_SWHW.
uint32_t Basic(uint32_t i) { return (i & 127) | (i & 128 ? kSwhw : 0); }

// What the kernel may hold: of all pairs of notes, each of 256 sets.
TEST(NoteTells, WhichOfTheTwoLeadsToWhatTheKernelHolds) {
  uint64_t wrong = 0;
  std::vector<uint32_t> sets;
  for (uint32_t i = 0; i < 256; ++i) sets.push_back(Basic(i));
  std::vector<uint32_t> noted = sets;
  noted.push_back(kNone);
  for (const uint32_t now : noted) {
    for (const uint32_t before : noted) {
      const lkos_note note = {now, before};
      for (const uint32_t held : sets) {
        uint32_t requested = 0x5a5a5a5a;
        const bool tells = lkos_note_tells(&note, held, &requested);
        if (now != kNone && lkos_sof_held(now) == held)
          wrong += !tells || requested != now;
        else if (before != kNone && lkos_sof_held(before) == held)
          wrong += !tells || requested != before;
        else
          wrong += tells;
      }
    }
  }
  EXPECT_EQ(wrong, 0u);
}

TEST(NoteTells, RequestsPerCallToo) {
  constexpr uint32_t kPerCall = LKOS_SOF_TX_HARDWARE_PER_CALL;
  for (uint32_t i = 0; i < 256; ++i) {
    const uint32_t set = Basic(i) | SOF_TIMESTAMPING_RAW_HARDWARE;
    const lkos_note note = {set | kPerCall, set};
    uint32_t requested;
    ASSERT_TRUE(
        lkos_note_tells(&note, lkos_sof_held(set | kPerCall), &requested));
    ASSERT_EQ(requested, set | kPerCall) << std::hex << set;
    // It was not granted, unless that makes no difference.
    ASSERT_TRUE(lkos_note_tells(&note, lkos_sof_held(set), &requested));
    ASSERT_EQ(requested & ~kPerCall, set) << std::hex << set;
  }
}

TEST(NoteTells, NothingWithoutANote) {
  const lkos_note none = {kNone, kNone};
  uint32_t requested;
  for (const uint32_t held : {0u, 0x5cu, kNone, lkos_sof_held(kNone)})
    EXPECT_FALSE(lkos_note_tells(&none, held, &requested)) << std::hex << held;
}

TEST(Note, LeavesErrnoAlone) {
  uint32_t requested;
  errno = 77;
  const lkos_note note = NoteOf(7, TimesOf(7, {0x5c, kNone}));
  lkos_note_tells(&note, 0, &requested);
  EXPECT_EQ(errno, 77);
}

}  // namespace
