// SPDX-License-Identifier: GPL-2.0-only
// Which record a descriptor number leads to: learnt, forgotten, copied, and
// never another's.
#include <errno.h>
#include <fcntl.h>
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
#include <thread>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/runtime/next.h"
#include "tests/harness/plain_records.h"

struct lkos_next lkos_next;
}

namespace {

constexpr int kNumbers = 1 << 20;  // those that have an entry

class Descriptors : public testing::Test {
 protected:
  void TearDown() override {
    for (const int fd : used_) plain_fd_forget(fd);
  }

  // A socket of its own, whose record says `asked`.
  static uint64_t Socket(uint32_t asked) {
    static uint64_t cookie = 1000;
    plain_record_place(++cookie, asked);
    return cookie;
  }

  void Keep(int fd, uint64_t cookie) {
    plain_fd_make_room(fd);
    const plain_fd_seen before = plain_fd_before(fd);
    plain_fd_keep(&before, plain_record_find(cookie), cookie);
    used_.push_back(fd);
  }

  // The flags that the number leads to, or -1 where it leads nowhere.
  static int64_t Asked(int fd) {
    uint32_t asked;
    return plain_fd_asked(fd, &asked) ? int64_t{asked} : -1;
  }

  std::vector<int> used_;
};

TEST_F(Descriptors, LeadNowhereUntilSomethingWasLearnt) {
  for (const int fd :
       {0, 1, 5, 511, 512, kNumbers - 1, kNumbers, INT_MAX, -1, INT_MIN}) {
    EXPECT_EQ(Asked(fd), -1) << fd;
    EXPECT_EQ(plain_fd_forget(fd), nullptr) << fd;
  }
}

// The first ones: once there are entries for all numbers, there are never
// fewer.
TEST_F(Descriptors, DoNotAskAgainForMemoryThatThereIsNot) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none = {1, RLIM_INFINITY},
                 all = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &none) != 0) _exit(2);
    const bool had_none = !plain_fd_make_room(100000);
    if (setrlimit(RLIMIT_AS, &all) != 0) _exit(2);
    const bool asks_not = !plain_fd_make_room(100000);
    _exit(had_none && asks_not && plain_fd_make_room(5) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Descriptors, AreLearntAnewOnceThereAreMoreEntries) {
  const uint64_t cookie = Socket(33);
  EXPECT_TRUE(plain_fd_make_room(5));
  const plain_fd_seen before = plain_fd_before(5);
  Keep(6, cookie);
  EXPECT_EQ(Asked(6), 33);
  Keep(100000, Socket(34));
  EXPECT_EQ(Asked(100000), 34);
  EXPECT_FALSE(plain_fd_is_as_before(&before));
  plain_fd_keep(&before, plain_record_find(cookie), cookie);
  EXPECT_EQ(Asked(5), -1);
  EXPECT_EQ(Asked(6), -1);
  Keep(6, cookie);
  EXPECT_EQ(Asked(6), 33);
  EXPECT_EQ(Asked(100000), 34);
}

TEST_F(Descriptors, LeadToTheRecordThatWasKept) {
  plain_fd_make_room(kNumbers - 1);  // entries for all of them
  const int fds[] = {0, 1, 2, 511, 512, 1023, 65536, kNumbers - 1};
  std::vector<uint64_t> cookies;
  for (size_t i = 0; i < std::size(fds); ++i) {
    cookies.push_back(Socket(100 + i));
    Keep(fds[i], cookies[i]);
    for (size_t other = 0; other < std::size(fds); ++other) {
      EXPECT_EQ(Asked(fds[other]), other <= i ? int64_t(100 + other) : -1);
    }
  }
  for (size_t i = 0; i < std::size(fds); ++i) {
    EXPECT_EQ(plain_fd_forget(fds[i]), plain_record_find(cookies[i]));
  }
}

TEST_F(Descriptors, ShowWhatTheRecordSaysNow) {
  const uint64_t cookie = Socket(1);
  Keep(5, cookie);
  Keep(6, cookie);
  void* place = plain_record_find(cookie);
  for (uint32_t asked = 2; asked < 300; ++asked) {
    plain_record seen;
    ASSERT_TRUE(plain_record_begin(place, cookie));
    ASSERT_TRUE(plain_record_see(place, cookie, &seen));
    ASSERT_TRUE(plain_record_end(place, &seen, asked));
    EXPECT_EQ(Asked(5), asked);
    EXPECT_EQ(Asked(6), asked);
  }
}

TEST_F(Descriptors, LeadNowhereOnceForgotten) {
  const uint64_t cookie = Socket(7);
  Keep(5, cookie);
  EXPECT_EQ(plain_fd_forget(5), plain_record_find(cookie));
  EXPECT_EQ(Asked(5), -1);
  EXPECT_EQ(plain_fd_forget(5), nullptr);
  Keep(5, Socket(8));
  EXPECT_EQ(Asked(5), 8);
}

TEST_F(Descriptors, KeepNothingThatWasLearntBeforeTheyWereForgotten) {
  const uint64_t old = Socket(1), fresh = Socket(2);
  Keep(5, old);
  plain_fd_forget(5);
  for (int forgotten = 1; forgotten < 300; ++forgotten) {
    const plain_fd_seen before = plain_fd_before(5);
    for (int i = 0; i < forgotten; ++i) plain_fd_forget(5);
    plain_fd_keep(&before, plain_record_find(old), old);
    ASSERT_EQ(Asked(5), -1) << forgotten;
    // Nor does it take the place of what was learnt since.
    const plain_fd_seen again = plain_fd_before(5);
    plain_fd_keep(&again, plain_record_find(fresh), fresh);
    plain_fd_keep(&before, plain_record_find(old), old);
    ASSERT_EQ(Asked(5), 2) << forgotten;
    plain_fd_forget(5);
  }
}

TEST_F(Descriptors, CountManyTimesThatTheyWereForgotten) {
  const uint64_t old = Socket(1);
  const plain_fd_seen before = plain_fd_before(5);
  for (int i = 0; i < 1000000; ++i) plain_fd_forget(5);
  plain_fd_keep(&before, plain_record_find(old), old);
  EXPECT_EQ(Asked(5), -1);
  Keep(5, old);
  EXPECT_EQ(Asked(5), 1);
  EXPECT_EQ(Asked(4), -1);
  EXPECT_EQ(Asked(6), -1);
}

TEST_F(Descriptors, LeadNowhereWhenAnotherSocketHasThePlace) {
  // Nine sockets of one group of eight: the ninth takes the place of one of
  // them.
  constexpr uint64_t kGroups = 1 << 15;
  std::vector<uint64_t> cookies;
  for (uint64_t i = 1; i <= 9; ++i) {
    cookies.push_back((uint64_t{1} << 33) + i * kGroups);
    plain_record_place(cookies.back(), 100 + i);
    Keep(static_cast<int>(10 + i), cookies.back());
  }
  int lost = 0;
  for (int i = 1; i <= 9; ++i) {
    if (Asked(10 + i) == -1)
      ++lost;
    else
      EXPECT_EQ(Asked(10 + i), 100 + i);
  }
  EXPECT_EQ(lost, 1);
  EXPECT_EQ(Asked(19), 109);
}

TEST_F(Descriptors, BeyondTheEntriesAreNeverKnown) {
  const uint64_t cookie = Socket(1);
  Keep(5, cookie);
  for (const int fd :
       {kNumbers, kNumbers + 1, 1 << 30, INT_MAX, -1, -2, INT_MIN}) {
    Keep(fd, cookie);
    EXPECT_EQ(Asked(fd), -1) << fd;
    EXPECT_EQ(plain_fd_forget(fd), nullptr) << fd;
  }
  EXPECT_EQ(Asked(5), 1);
}

TEST_F(Descriptors, AreAsBeforeUntilForgottenOrKept) {
  const uint64_t cookie = Socket(1);
  Keep(6, cookie);
  const plain_fd_seen before = plain_fd_before(5);
  plain_fd_forget(6);
  EXPECT_TRUE(plain_fd_is_as_before(&before));
  plain_fd_forget(5);
  EXPECT_FALSE(plain_fd_is_as_before(&before));
  const plain_fd_seen again = plain_fd_before(5);
  Keep(5, cookie);
  EXPECT_FALSE(plain_fd_is_as_before(&again));
  const plain_fd_seen beyond = plain_fd_before(INT_MAX);
  EXPECT_TRUE(plain_fd_is_as_before(&beyond));
}

TEST_F(Descriptors, TellWhetherARecordIsLedTo) {
  const uint64_t cookie = Socket(3), other = Socket(4);
  void* place = plain_record_find(cookie);
  EXPECT_FALSE(plain_fd_leads_to(place));
  Keep(5, other);
  EXPECT_FALSE(plain_fd_leads_to(place));
  for (const int fd : {0, 5, 100000}) {
    Keep(fd, cookie);
    EXPECT_TRUE(plain_fd_leads_to(place)) << fd;
    plain_fd_forget(fd);
    EXPECT_FALSE(plain_fd_leads_to(place)) << fd;
  }
}

TEST_F(Descriptors, HaveALimitAboveAllThatWereKept) {
  for (const int fd : {0, 9, 600, 70001}) {
    Keep(fd, Socket(1));
    EXPECT_GT(plain_fd_limit(), static_cast<unsigned int>(fd));
  }
  EXPECT_LE(plain_fd_limit(), static_cast<unsigned int>(kNumbers));
}

TEST_F(Descriptors, LeaveErrnoAlone) {
  errno = 77;
  Keep(5, Socket(1));
  plain_fd_forget(6);
  plain_fd_forget(-1);
  EXPECT_EQ(errno, 77);
}

// Numbers as a kernel gives them out: the lowest that is free, and a socket's
// cookie for each.
class Numbers {
 public:
  int Open(uint64_t cookie) {
    const std::lock_guard<std::mutex> lock(mutex_);
    int fd = kFirst;
    while (cookies_[fd] != 0) ++fd;
    cookies_[fd] = cookie;
    return fd;
  }
  void Close(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    cookies_[fd] = 0;
  }
  uint64_t CookieOf(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return cookies_[fd];
  }

  static constexpr int kFirst = 200;
  static constexpr int kLast = 215;

 private:
  std::mutex mutex_;
  uint64_t cookies_[kLast + 1] = {};
};

// One thread opens and closes; others learn of the numbers whenever they like.
// What is known of an open number is always right.
TEST_F(Descriptors, NeverLeadToAnotherSocketWhileOneThreadOpensAndOthersLearn) {
  Numbers numbers;
  std::atomic<bool> over{false};
  std::atomic<int> learnt{0};
  std::vector<uint64_t> cookies;
  for (int i = 0; i < 4096; ++i) cookies.push_back(Socket(5000 + i));
  const auto learn = [&](unsigned int seed) {
    std::minstd_rand random(seed);
    while (!over) {
      const int fd = Numbers::kFirst + static_cast<int>(random() % 3);
      const plain_fd_seen before = plain_fd_before(fd);
      const uint64_t cookie = numbers.CookieOf(fd);
      if (cookie == 0) continue;
      plain_fd_keep(&before, plain_record_find(cookie), cookie);
      ++learnt;
    }
  };
  std::thread one(learn, 1), two(learn, 2);
  int wrong = 0;
  for (int i = 0; i < 60000 || learnt < 1000; ++i) {
    const size_t mine = i % cookies.size();
    const int fd = numbers.Open(cookies[mine]);
    plain_fd_forget(fd);  // as socket() does
    for (int looks = 0; looks < 4; ++looks) {
      const int64_t asked = Asked(fd);
      wrong += asked != -1 && asked != static_cast<int64_t>(5000 + mine);
    }
    numbers.Close(fd);
    plain_fd_forget(fd);  // as close() does
  }
  over = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
}

// In a child, since it is for good.
TEST_F(Descriptors, KeepNothingOnceAThreadHasATableOfItsOwn) {
  Keep(5, Socket(1));
  const pid_t child = fork();
  if (child == 0) {
    const plain_fd_seen before = plain_fd_before(6);
    plain_fd_keep_nothing();
    const bool forgotten = Asked(5) == -1;
    const uint64_t cookie = Socket(2);
    plain_fd_keep(&before, plain_record_find(cookie), cookie);
    Keep(7, cookie);
    const bool kept = Asked(6) != -1 || Asked(7) != -1;
    _exit(forgotten && !kept && plain_fd_forget(7) == nullptr ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Asked(5), 1);
}

// In a child that has closed all it had: nothing else of the process is a
// socket.
int RunWithoutDescriptors(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    lkos_next.close = close;
    closefrom(0);
    _exit(body() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

int OpenNull() { return open("/dev/null", O_RDONLY); }

TEST(SocketsAreOpen, IsFalseWithoutAny) {
  EXPECT_EQ(RunWithoutDescriptors([] { return !plain_sockets_are_open(); }), 0);
  EXPECT_EQ(RunWithoutDescriptors([] {
              int ends[2];
              for (int i = 0; i < 100; ++i) OpenNull();
              return pipe(ends) == 0 && !plain_sockets_are_open();
            }),
            0);
}

TEST(SocketsAreOpen, IsTrueWhereverOneIs) {
  for (const int number : {0, 1, 2, 3, 9, 10, 99, 100, 500, 1000}) {
    EXPECT_EQ(
        RunWithoutDescriptors([number] {
          const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
          if (fd != number && (dup2(fd, number) != number || close(fd) != 0))
            return false;
          return plain_sockets_are_open();
        }),
        0)
        << number;
  }
}

TEST(SocketsAreOpen, IsTrueWhereOneIsTheLastOfMany) {
  EXPECT_EQ(RunWithoutDescriptors([] {
              for (int i = 0; i < 300; ++i) OpenNull();
              return socket(AF_INET, SOCK_DGRAM, 0) >= 300 &&
                     plain_sockets_are_open();
            }),
            0);
}

TEST(SocketsAreOpen, LeavesNoDescriptorAndNoErrnoBehind) {
  EXPECT_EQ(RunWithoutDescriptors([] {
              errno = 77;
              plain_sockets_are_open();
              return errno == 77 && OpenNull() == 0;
            }),
            0);
}

TEST(SocketsAreOpen, IsTrueWhenItCannotBeKnown) {
  EXPECT_EQ(RunWithoutDescriptors([] {
              const rlimit none = {0, 0};
              return setrlimit(RLIMIT_NOFILE, &none) == 0 &&
                     plain_sockets_are_open();
            }),
            0);
}

}  // namespace
