// SPDX-License-Identifier: GPL-2.0-only
// What is known of descriptor numbers: cached, forgotten, expired, and never
// another's.
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/runtime/next.h"
#include "tests/harness/plain_descriptors.h"

struct lkos_next lkos_next;
}

namespace {

constexpr int kNumbers = 1 << 20;  // those that may have an entry
constexpr int kPerBlock = 4096;

// In a child, where what is for good ends with it. return: its status.
int RunInChild(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

class Descriptors : public testing::Test {
 protected:
  void TearDown() override { plain_fd_forget_range(0, ~0u); }

  static void Cache(int fd, uint32_t requested) {
    const plain_fd_snapshot snapshot = plain_fd_look(fd);
    plain_fd_cache(&snapshot, requested);
  }

  // The flags that are cached, or -1: none.
  static int64_t Cached(int fd) {
    uint32_t requested;
    return plain_fd_cached(fd, &requested) ? int64_t{requested} : -1;
  }

  static int64_t Hint(int fd) {
    uint32_t requested;
    return plain_fd_hint(fd, &requested) ? int64_t{requested} : -1;
  }
};

// What is learnt while the first close of all forgets it. Before the other
// tests, which forget much.
TEST(FirstDescriptor, IsUnknownOnceForgotten) {
  const plain_fd_snapshot before = plain_fd_look(5);
  plain_fd_forget(5);
  plain_fd_cache(&before, 1);
  uint32_t requested;
  EXPECT_FALSE(plain_fd_cached(5, &requested));
  plain_fd_forget(5);
}

TEST_F(Descriptors, AreUnknownUntilSomethingWasCached) {
  for (const int fd : {0, 1, 5, kPerBlock - 1, kPerBlock, kNumbers - 1,
                       kNumbers, INT_MAX, -1, INT_MIN}) {
    EXPECT_EQ(Cached(fd), -1) << fd;
    EXPECT_EQ(Hint(fd), -1) << fd;
    plain_fd_forget(fd);
    EXPECT_EQ(Cached(fd), -1) << fd;
    EXPECT_EQ(Hint(fd), -1) << fd;
  }
}

// The first ones: what is mapped once stays.
TEST_F(Descriptors, DoNotAskAgainForMemoryThatThereIsNot) {
  EXPECT_EQ(RunInChild([] {
              const rlimit none = {1, RLIM_INFINITY},
                           all = {RLIM_INFINITY, RLIM_INFINITY};
              errno = 77;
              if (setrlimit(RLIMIT_AS, &none) != 0) return false;
              Cache(100000, 7);
              const bool had_none = Cached(100000) == -1 && errno == 77;
              if (setrlimit(RLIMIT_AS, &all) != 0) return false;
              Cache(100000, 7);
              const bool asks_not = Cached(100000) == -1;
              Cache(5, 7);
              return had_none && asks_not && Cached(5) == 7;
            }),
            0);
}

TEST_F(Descriptors, AreKnownByWhatWasCached) {
  const int fds[] = {0,         1,     2,      511,         kPerBlock - 1,
                     kPerBlock, 65536, 100000, kNumbers - 1};
  for (size_t i = 0; i < std::size(fds); ++i) {
    Cache(fds[i], static_cast<uint32_t>(100 + i));
    for (size_t other = 0; other < std::size(fds); ++other) {
      EXPECT_EQ(Cached(fds[other]),
                other <= i ? static_cast<int64_t>(100 + other) : -1);
    }
  }
}

TEST_F(Descriptors, AreTheSameInTheFastPath) {
  for (const int fd : {0, 5, kPerBlock - 1}) {
    uint32_t requested = 0;
    EXPECT_FALSE(plain_fd_cached_first(fd, &requested));
    Cache(fd, 0x5c);
    EXPECT_TRUE(plain_fd_cached_first(fd, &requested));
    EXPECT_EQ(requested, 0x5cu);
    plain_fd_expire();
    EXPECT_FALSE(plain_fd_cached_first(fd, &requested));
    Cache(fd, 0x5c);
    plain_fd_forget(fd);
    EXPECT_FALSE(plain_fd_cached_first(fd, &requested));
  }
  for (const int fd : {kPerBlock, kNumbers, INT_MAX, -1, INT_MIN}) {
    uint32_t requested;
    Cache(fd, 0x5c);
    EXPECT_FALSE(plain_fd_cached_first(fd, &requested)) << fd;
  }
}

TEST_F(Descriptors, TellNothingRequestedFromNothingKnown) {
  EXPECT_EQ(Cached(5), -1);
  Cache(5, 0);
  EXPECT_EQ(Cached(5), 0);
  EXPECT_EQ(Hint(5), 0);
}

TEST_F(Descriptors, KeepEachOf24Bits) {
  for (int bit = 0; bit < 24; ++bit) {
    Cache(5, 1u << bit);
    EXPECT_EQ(Cached(5), int64_t{1} << bit);
    EXPECT_EQ(Hint(5), int64_t{1} << bit);
    Cache(5, 0xffffffu ^ 1u << bit);
    EXPECT_EQ(Cached(5), 0xffffff ^ 1 << bit);
    EXPECT_EQ(Hint(5), 0xffffff ^ 1 << bit);
  }
}

TEST_F(Descriptors, CacheNothingBeyondThem) {
  for (int bit = 24; bit < 32; ++bit) {
    Cache(5, 1u << bit);
    EXPECT_EQ(Cached(5), -1) << bit;
    plain_fd_leave_hint(5, 1u << bit | 0x5c);
    EXPECT_EQ(Cached(5), -1) << bit;
    EXPECT_EQ(Hint(5), -1) << bit;
  }
}

TEST_F(Descriptors, AreUnknownOnceForgotten) {
  Cache(5, 7);
  plain_fd_forget(5);
  EXPECT_EQ(Cached(5), -1);
  EXPECT_EQ(Hint(5), -1);
  Cache(5, 8);
  EXPECT_EQ(Cached(5), 8);
}

TEST_F(Descriptors, AreForgottenInRanges) {
  const int fds[] = {
      0, 1, 5, kPerBlock - 1, kPerBlock, 2 * kPerBlock, 100000, kNumbers - 1};
  const struct {
    unsigned int first, last;
  } ranges[] = {{0, 0},
                {1, 5},
                {2, 4},
                {5, 1},
                {kPerBlock - 1, kPerBlock},
                {kPerBlock, kPerBlock},
                {3, 100000},
                {100000, UINT_MAX},
                {kNumbers - 1, kNumbers},
                {kNumbers, UINT_MAX},
                {0, INT_MAX},
                {0, UINT_MAX},
                {UINT_MAX, UINT_MAX}};
  for (const auto& range : ranges) {
    for (const int fd : fds) Cache(fd, 7);
    plain_fd_forget_range(range.first, range.last);
    for (const int fd : fds) {
      const bool in = static_cast<unsigned int>(fd) >= range.first &&
                      static_cast<unsigned int>(fd) <= range.last;
      EXPECT_EQ(Cached(fd), in ? -1 : 7)
          << fd << " of " << range.first << " to " << range.last;
    }
  }
}

TEST_F(Descriptors, AllExpireAtOnceAndLeaveHints) {
  const int fds[] = {0, 5, kPerBlock, kNumbers - 1};
  for (int times = 0; times < 300; ++times) {
    for (const int fd : fds) Cache(fd, 0x100u | static_cast<uint32_t>(times));
    plain_fd_expire();
    for (const int fd : fds) {
      ASSERT_EQ(Cached(fd), -1);
      ASSERT_EQ(Hint(fd), 0x100 | times);
    }
  }
}

TEST_F(Descriptors, AreUnknownThroughAHint) {
  plain_fd_leave_hint(5, 0x5c);
  EXPECT_EQ(Cached(5), -1);
  EXPECT_EQ(Hint(5), 0x5c);
  plain_fd_expire();
  EXPECT_EQ(Cached(5), -1);
  EXPECT_EQ(Hint(5), 0x5c);
  Cache(5, 0x44);
  EXPECT_EQ(Cached(5), 0x44);
  EXPECT_EQ(Hint(5), 0x44);
  plain_fd_leave_hint(5, 0x5c);
  EXPECT_EQ(Cached(5), -1);
  plain_fd_forget(5);
  EXPECT_EQ(Hint(5), -1);
}

TEST_F(Descriptors, CacheNothingThatWasLearntBeforeTheyWereForgotten) {
  Cache(5, 1);
  plain_fd_forget(5);
  for (int forgotten = 1; forgotten < 300; ++forgotten) {
    const plain_fd_snapshot before = plain_fd_look(5);
    for (int i = 0; i < forgotten; ++i) plain_fd_forget(5);
    plain_fd_cache(&before, 1);
    ASSERT_EQ(Cached(5), -1) << forgotten;
    // Nor does it take the place of what was learnt since.
    Cache(5, 2);
    plain_fd_cache(&before, 1);
    ASSERT_EQ(Cached(5), 2) << forgotten;
    plain_fd_forget(5);
  }
}

TEST_F(Descriptors, CacheNothingThatWasLearntBeforeFlagsChanged) {
  for (int changes = 1; changes < 300; ++changes) {
    const plain_fd_snapshot before = plain_fd_look(5);
    for (int i = 0; i < changes; ++i) plain_fd_expire();
    plain_fd_cache(&before, 1);
    ASSERT_EQ(Cached(5), -1) << changes;
    Cache(5, 2);
    plain_fd_cache(&before, 1);
    ASSERT_EQ(Cached(5), 2) << changes;
    plain_fd_forget(5);
  }
}

TEST_F(Descriptors, CountManyTimesThatTheyWereForgotten) {
  const plain_fd_snapshot before = plain_fd_look(5);
  for (int i = 0; i < 1000000; ++i) plain_fd_forget(5);
  plain_fd_cache(&before, 1);
  EXPECT_EQ(Cached(5), -1);
  Cache(5, 1);
  EXPECT_EQ(Cached(5), 1);
  EXPECT_EQ(Cached(4), -1);
  EXPECT_EQ(Cached(6), -1);
}

TEST_F(Descriptors, BeyondTheEntriesAreNeverKnown) {
  Cache(5, 1);
  for (const int fd :
       {kNumbers, kNumbers + 1, 1 << 30, INT_MAX, -1, -2, INT_MIN}) {
    Cache(fd, 1);
    plain_fd_leave_hint(fd, 1);
    EXPECT_EQ(Cached(fd), -1) << fd;
    EXPECT_EQ(Hint(fd), -1) << fd;
    plain_fd_forget(fd);
  }
  EXPECT_EQ(Cached(5), 1);
}

TEST_F(Descriptors, LeaveErrnoAlone) {
  errno = 77;
  Cache(5, 1);
  Cache(700000, 1);
  plain_fd_leave_hint(5, 1);
  plain_fd_forget(6);
  plain_fd_forget(-1);
  plain_fd_expire();
  plain_fd_own_process();
  EXPECT_EQ(errno, 77);
}

// Numbers as a kernel gives them out: the lowest that is free, and what
// was requested of each.
class Numbers {
 public:
  int Open(uint32_t requested) {
    const std::lock_guard<std::mutex> lock(mutex_);
    int fd = kFirst;
    while (requested_[fd] != 0) ++fd;
    requested_[fd] = requested;
    return fd;
  }
  void Close(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    requested_[fd] = 0;
  }
  uint32_t RequestedOf(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requested_[fd];
  }

  static constexpr int kFirst = 200;
  static constexpr int kLast = 215;

 private:
  std::mutex mutex_;
  uint32_t requested_[kLast + 1] = {};
};

// One thread opens and closes; others learn of the numbers whenever they like,
// and flags change. What is known of an open number is always right.
TEST_F(Descriptors, AreNeverAnothersWhileOneThreadOpensAndOthersLearn) {
  Numbers numbers;
  std::atomic<bool> over{false};
  std::atomic<int> learnt{0};
  const auto learn = [&](unsigned int seed) {
    std::minstd_rand random(seed);
    while (!over) {
      const int fd = Numbers::kFirst + static_cast<int>(random() % 3);
      const plain_fd_snapshot before = plain_fd_look(fd);
      const uint32_t requested = numbers.RequestedOf(fd);
      if (requested == 0) continue;
      plain_fd_cache(&before, requested);
      if (random() % 64 == 0) plain_fd_expire();
      ++learnt;
    }
  };
  std::thread one(learn, 1), two(learn, 2);
  int wrong = 0;
  for (uint32_t i = 0; i < 60000 || learnt < 1000; ++i) {
    const uint32_t mine = 5000 + i % 4096;
    const int fd = numbers.Open(mine);
    plain_fd_forget(fd);  // as socket() does
    for (int looks = 0; looks < 4; ++looks) {
      const int64_t cached = Cached(fd);
      wrong += cached != -1 && cached != mine;
    }
    numbers.Close(fd);
    plain_fd_forget(fd);  // as close() does
  }
  over = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Descriptors, CacheNothingOnceAThreadHasATableOfItsOwn) {
  Cache(5, 1);
  EXPECT_EQ(RunInChild([] {
              const plain_fd_snapshot before = plain_fd_look(6);
              plain_fd_cache_nothing();
              const bool forgotten = Cached(5) == -1 && Hint(5) == -1;
              plain_fd_cache(&before, 2);
              Cache(7, 2);
              plain_fd_leave_hint(8, 2);
              return forgotten && Cached(6) == -1 && Cached(7) == -1 &&
                     Hint(8) == -1;
            }),
            0);
  EXPECT_EQ(Cached(5), 1);
}

// A child that does not say that it has memory of its own may be one of vfork.
TEST_F(Descriptors, CacheNothingInAnotherProcessUntilItHasItsOwnMemory) {
  EXPECT_EQ(RunInChild([] {
              plain_fd_own_process();
              Cache(5, 1);
              return Cached(5) == 1 &&
                     RunInChild([] {
                       const bool known = Cached(5) == 1;
                       Cache(5, 2);
                       Cache(6, 2);
                       plain_fd_leave_hint(7, 2);
                       const bool kept = Cached(5) == 1 && Cached(6) == -1 &&
                                         Hint(6) == -1 && Hint(7) == -1;
                       plain_fd_own_process();
                       Cache(6, 2);
                       plain_fd_leave_hint(7, 2);
                       return known && kept && Cached(6) == 2 && Hint(7) == 2;
                     }) == 0;
            }),
            0);
}

// Numbers as users and /proc write them.
TEST(DescriptorNumber, IsEachThatADescriptorMayHave) {
  const struct {
    const char* text;
    int number;
  } rows[] = {{"0", 0},
              {"2", 2},
              {"9", 9},
              {"10", 10},
              {"007", 7},
              {"1023", 1023},
              {"1048576", 1048576},
              {"2147483646", INT_MAX - 1},
              {"2147483647", INT_MAX}};
  for (const auto& row : rows)
    EXPECT_EQ(plain_descriptor_number(row.text), row.number) << row.text;
}

TEST(DescriptorNumber, IsNothingElse) {
  for (const char* text : {"",
                           " ",
                           " 3",
                           "3 ",
                           "+3",
                           "-1",
                           "-0",
                           "--",
                           "2147483648",
                           "4294967298",
                           "9999999999",
                           "18446744073709551618",
                           "99999999999999999999",
                           "0x3",
                           "3x",
                           "abc",
                           "1e3",
                           "3.0",
                           "3\n",
                           "\t3",
                           "2,3",
                           "\xd9\xa3",
                           "/",
                           ":",
                           ".",
                           ".."}) {
    EXPECT_EQ(plain_descriptor_number(text), -1) << '"' << text << '"';
  }
}

TEST(DescriptorNumber, TakesAThousandDigitsForNoNumber) {
  EXPECT_EQ(plain_descriptor_number(std::string(1000, '9').c_str()), -1);
  EXPECT_EQ(plain_descriptor_number((std::string(1000, '0') + "x").c_str()),
            -1);
  EXPECT_EQ(plain_descriptor_number((std::string(1000, '0') + "5").c_str()),
            5);  // long, and still 5
}

// What start-up finds. In a child that has closed all it had: nothing else of
// the process is a socket.
int RunWithoutDescriptors(const std::function<bool()>& body) {
  return RunInChild([&body] {
    lkos_next.close = close;
    lkos_next.getsockopt = getsockopt;
    closefrom(0);
    return body();
  });
}

int OpenNull() { return open("/dev/null", O_RDONLY); }

// A socket with these flags; none of them has the kernel stamp what arrives.
int OpenSocket(uint32_t flags) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (flags != 0 &&
      setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) != 0)
    return -1;
  return fd;
}

constexpr uint32_t kSoftware = SOF_TIMESTAMPING_SOFTWARE;
constexpr uint32_t kRaw = SOF_TIMESTAMPING_RAW_HARDWARE;

struct Possible {
  bool stamps, requests;
};

// What is possible once start-up has looked.
bool LooksLike(const Possible& expected) {
  plain_possible_look();
  return plain_stamps_possible() == expected.stamps &&
         plain_requests_possible() == expected.requests;
}

TEST(PossibleLook, FindsNothingPossibleWithoutSockets) {
  EXPECT_EQ(RunWithoutDescriptors([] { return LooksLike({false, false}); }), 0);
  EXPECT_EQ(RunWithoutDescriptors([] {
              int ends[2];
              for (int i = 0; i < 100; ++i) OpenNull();
              return pipe(ends) == 0 && LooksLike({false, false});
            }),
            0);
}

TEST(PossibleLook, FindsWhatTheSocketsFlagsMakePossible) {
  const struct {
    uint32_t flags;
    Possible possible;
  } rows[] = {{0, {false, false}},
              {SOF_TIMESTAMPING_OPT_CMSG, {true, false}},
              {kSoftware, {true, false}},
              {kRaw, {true, true}},
              {kRaw | kSoftware, {true, true}}};
  for (const auto& row : rows) {
    EXPECT_EQ(RunWithoutDescriptors([&row] {
                return OpenSocket(row.flags) == 0 && LooksLike(row.possible);
              }),
              0)
        << row.flags;
  }
}

TEST(PossibleLook, TakesAUnixSocketForOneThatBringsOthers) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    EXPECT_EQ(
        RunWithoutDescriptors([type] {
          return socket(AF_UNIX, type, 0) == 0 && LooksLike({true, false});
        }),
        0);
  }
}

TEST(PossibleLook, FindsASocketWhereverOneIs) {
  for (const int number : {0, 1, 2, 3, 9, 10, 99, 100, 500, 1000, 1023}) {
    for (const bool listed : {true, false}) {
      EXPECT_EQ(
          RunWithoutDescriptors([number, listed] {
            const rlimit none = {0, 0};
            const int fd = OpenSocket(kRaw);
            if (fd != number && (dup2(fd, number) != number || close(fd) != 0))
              return false;
            // With no descriptor left to list them by.
            if (!listed && setrlimit(RLIMIT_NOFILE, &none) != 0) return false;
            return LooksLike({true, true});
          }),
          0)
          << number << (listed ? "" : ", not listed");
    }
  }
}

TEST(PossibleLook, FindsASocketThatIsTheLastOfMany) {
  EXPECT_EQ(RunWithoutDescriptors([] {
              for (int i = 0; i < 300; ++i) OpenNull();
              return OpenSocket(kSoftware) >= 300 && LooksLike({true, false});
            }),
            0);
}

TEST(PossibleLook, FindsNothingWhereNothingIsAndNothingCanBeListed) {
  EXPECT_EQ(RunWithoutDescriptors([] {
              const rlimit none = {0, 0};
              return setrlimit(RLIMIT_NOFILE, &none) == 0 &&
                     LooksLike({false, false});
            }),
            0);
}

TEST(PossibleLook, LeavesNoDescriptorAndNoErrnoBehind) {
  EXPECT_EQ(RunWithoutDescriptors([] {
              errno = 77;
              plain_possible_look();
              return errno == 77 && OpenNull() == 0;
            }),
            0);
}

TEST(Possible, IsAllUntilSomebodyHasLooked) {
  EXPECT_TRUE(plain_stamps_possible());
  EXPECT_TRUE(plain_requests_possible());
}

// Sockets that were given flags before it are looked at like all others.
TEST(Possible, StaysWhatBecamePossibleAfterTheLook) {
  EXPECT_EQ(RunWithoutDescriptors([] {
              if (!LooksLike({false, false})) return false;
              plain_stamps_become_possible();
              if (!plain_stamps_possible() || plain_requests_possible())
                return false;
              plain_requests_become_possible();
              return plain_stamps_possible() && plain_requests_possible();
            }),
            0);
}

}  // namespace
