// SPDX-License-Identifier: GPL-2.0-only
// What the application asked of SO_TIMESTAMPING, on a fake kernel: shown as it
// was set, whoever else sets, closes and opens meanwhile.
#include <errno.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <ios>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/fake_kernel.h"

extern "C" {
#include "src/runtime/next.h"
#include "src/translate/timestamping_flags.h"
#include "tests/harness/plain_asked.h"
#include "tests/harness/plain_records.h"

struct lkos_next lkos_next;
}

namespace {

constexpr int kOld = 37, kNew = 65;
constexpr uint32_t kSwhw = SOF_TIMESTAMPING_OPT_TX_SWHW;
constexpr uint32_t kRaw = SOF_TIMESTAMPING_RAW_HARDWARE;
constexpr uint32_t kRxOnly = SOF_TIMESTAMPING_RX_HARDWARE | kRaw;

// Each set of the seven record and report bits, without and with OPT_TX_SWHW.
template <typename Fn>
void ForEachSet(Fn fn) {
  for (uint32_t set = 0; set < 256; ++set)
    fn((set & 127) | (set & 128 ? kSwhw : 0));
}

class Asked : public testing::Test {
 protected:
  static constexpr int kFd = 5, kOther = 6;

  void SetUp() override { fake_kernel::Install(); }
  void TearDown() override {
    for (int fd = 0; fd < 20; ++fd) plain_fd_forget(fd);
  }

  // What interpose/descriptors.c does around the kernel's own part.
  static void Open(int fd) {
    fake_kernel::Open(fd);
    plain_fd_forget(fd);
  }
  static void Close(int fd) {
    fake_kernel::Close(fd);
    void* place = plain_fd_forget(fd);
    if (place != nullptr) plain_record_closed(place);
  }
  static void Duplicate(int fd, int new_fd) {
    fake_kernel::Duplicate(fd, new_fd);
    plain_fd_forget(new_fd);
  }
  static void Accept(int listener, int fd) {
    fake_kernel::Accept(listener, fd);
    plain_fd_forget(fd);
    plain_asked_inherit(listener, fd);
  }

  // What interpose/sockopt.c does, in its three steps.
  struct Setting {
    int fd;
    uint32_t asked;
    int error = 0;  // with which the kernel refuses
    int optname = kOld;
    void* place = nullptr;
    uint64_t cookie = 0;
    bool granted = false;

    void Begin() { place = plain_asked_begin(fd, &cookie); }
    void TellKernel() {
      const uint32_t kernel = lkos_sof_to_kernel(asked);
      fake_kernel::Refuse(error);
      granted = lkos_next.setsockopt(fd, SOL_SOCKET, optname, &kernel,
                                     sizeof(kernel)) == 0;
      fake_kernel::Refuse(0);
    }
    void End() {
      if (place != nullptr) plain_asked_end(fd, place, cookie, asked, granted);
    }
  };

  static bool Set(int fd, uint32_t asked, int error = 0) {
    Setting setting{fd, asked, error};
    setting.Begin();
    setting.TellKernel();
    setting.End();
    return setting.granted;
  }

  static uint32_t Shown(int fd) {
    return plain_asked_shown(fd, fake_kernel::FlagsOf(fd));
  }

  // Runs body(arm, after) for each call to the kernel that it makes, and for
  // both moments of it: arm(visit) has `visit` run in there. The body ends
  // early when the visit did not come.
  template <typename Body>
  static void ForEachCall(const Body& body) {
    for (const bool after : {false, true}) {
      for (int nth = 1;; ++nth) {
        const auto arm = [nth, after](const std::function<void()>& visit) {
          fake_kernel::Inside(nth, after ? nullptr : visit,
                              after ? visit : nullptr);
        };
        SCOPED_TRACE((after ? "at the end of call " : "at the start of call ") +
                     std::to_string(nth));
        body(arm, after);
        if (!fake_kernel::WasInside()) break;
      }
      fake_kernel::Install();
    }
  }

  static uint32_t SettersOf(int fd) {
    const uint64_t cookie = fake_kernel::CookieOf(fd);
    plain_record seen{};
    EXPECT_TRUE(plain_record_see(plain_record_find(cookie), cookie, &seen));
    return seen.setters;
  }
};

TEST_F(Asked, IsShownAsItWasSetForEachSetOnAFreshSocket) {
  ForEachSet([](uint32_t asked) {
    for (const uint32_t more : {0u, 0x80u, 0x72f80u & ~kSwhw}) {
      Open(kFd);
      ASSERT_TRUE(Set(kFd, asked | more));
      ASSERT_EQ(Shown(kFd), asked | more) << std::hex << asked;
      ASSERT_EQ(plain_asked(kFd), asked | more) << std::hex << asked;
      ASSERT_EQ(fake_kernel::FlagsOf(kFd), lkos_sof_to_kernel(asked | more));
    }
  });
}

TEST_F(Asked, IsShownAsItWasSetLastForEachPairOfSets) {
  Open(kFd);
  ForEachSet([](uint32_t first) {
    ForEachSet([first](uint32_t second) {
      Set(kFd, first);
      Set(kFd, second);
      ASSERT_EQ(Shown(kFd), second) << std::hex << first;
      ASSERT_EQ(plain_asked(kFd), second) << std::hex << first;
    });
  });
}

TEST_F(Asked, StaysAsItWasWhenTheKernelRefuses) {
  ForEachSet([](uint32_t asked) {
    for (const int error : {EINVAL, EPERM, EOPNOTSUPP}) {
      Open(kFd);
      // Before anything was set, and after.
      ASSERT_FALSE(Set(kFd, asked, error));
      ASSERT_EQ(Shown(kFd), 0u);
      ASSERT_EQ(plain_asked(kFd), 0u);
      Set(kFd, asked);
      for (const uint32_t refused : {0u, 0x44u, 0x7fu, 0xffffffffu, asked}) {
        ASSERT_FALSE(Set(kFd, refused, error));
        ASSERT_EQ(Shown(kFd), asked);
        ASSERT_EQ(plain_asked(kFd), asked);
      }
    }
  });
}

TEST_F(Asked, IsTheSockets) {
  ForEachSet([](uint32_t asked) {
    Open(kFd);
    Set(kFd, asked);
    Duplicate(kFd, 7);
    Duplicate(kFd, 8);
    for (const int fd : {7, 8}) {
      ASSERT_EQ(plain_asked(fd), asked);
      ASSERT_EQ(Shown(fd), asked);
    }
    Close(kFd);
    Set(8, asked ^ 0x7f);
    ASSERT_EQ(Shown(7), asked ^ 0x7f);
    ASSERT_EQ(plain_asked(7), asked ^ 0x7f);
    Close(7);
    Close(8);
  });
}

TEST_F(Asked, IsNotTheNumbers) {
  ForEachSet([](uint32_t asked) {
    // Closed and given out anew; given out anew after a close that we did not
    // see.
    for (const bool seen : {true, false}) {
      Open(kFd);
      Set(kFd, asked);
      if (seen) Close(kFd);
      Open(kFd);
      ASSERT_EQ(plain_asked(kFd), 0u) << std::hex << asked;
      ASSERT_EQ(Shown(kFd), 0u);
    }
    // A duplicate over it.
    Open(kFd);
    Open(kOther);
    Set(kFd, asked);
    Set(kOther, 0x18);
    Duplicate(kOther, kFd);
    ASSERT_EQ(plain_asked(kFd), 0x18u);
    ASSERT_EQ(Shown(kFd), 0x18u);
  });
}

TEST_F(Asked, IsWorkedOutForASocketThatWeDidNotSee) {
  ForEachSet([](uint32_t kernel) {
    Open(kFd);
    fake_kernel::SetFlags(kFd, kernel);
    ASSERT_EQ(plain_asked(kFd), lkos_sof_to_app(kernel));
    ASSERT_EQ(Shown(kFd), lkos_sof_to_app(kernel));
  });
}

TEST_F(Asked, IsWorkedOutWhereSomebodySetOthersPastUs) {
  ForEachSet([](uint32_t asked) {
    const uint32_t held = lkos_sof_to_kernel(asked);
    Open(kFd);
    Set(kFd, asked);
    ForEachSet([asked, held](uint32_t kernel) {
      fake_kernel::SetFlags(kFd, kernel);
      ASSERT_EQ(Shown(kFd), kernel == held ? asked : lkos_sof_to_app(kernel))
          << std::hex << asked << ' ' << kernel;
    });
    fake_kernel::SetFlags(kFd, held);
    ASSERT_EQ(Shown(kFd), asked);
  });
}

TEST_F(Asked, TakesNoSystemCallOnceItIsKnown) {
  ForEachSet([](uint32_t asked) {
    Open(kFd);
    Set(kFd, asked);
    Open(kOther);
    fake_kernel::SetFlags(kOther, asked);
    plain_asked(kOther);  // now it is known, too: even that nothing was asked
    Duplicate(kOther, 7);
    plain_asked(7);
    const int calls = fake_kernel::Calls();
    for (const int fd : {kFd, kOther, 7}) plain_asked(fd);
    ASSERT_EQ(fake_kernel::Calls(), calls) << std::hex << asked;
  });
}

TEST_F(Asked, IsNothingWithoutASystemCallWhereTheKernelHoldsNothing) {
  Open(kFd);
  const int calls = fake_kernel::Calls();
  EXPECT_EQ(plain_asked_shown(kFd, 0), 0u);
  EXPECT_EQ(fake_kernel::Calls(), calls);
}

TEST_F(Asked, IsNothingWithoutASocket) {
  uint64_t cookie;
  fake_kernel::OpenFile(kFd);
  for (const int fd : {kFd, 9, -1, 1 << 20, 0x7fffffff}) {
    errno = 77;
    EXPECT_EQ(plain_asked(fd), 0u) << fd;
    EXPECT_EQ(plain_asked_shown(fd, 0), 0u) << fd;
    EXPECT_EQ(plain_asked_begin(fd, &cookie), nullptr) << fd;
    plain_asked_inherit(fd, fd);
    plain_asked_per_call(fd);
    EXPECT_EQ(errno, 77) << fd;
  }
}

TEST_F(Asked, IsKnownBeyondTheNumbersThatHaveEntries) {
  for (const int fd : {1 << 20, 0x7fffffff}) {
    ForEachSet([fd](uint32_t asked) {
      Open(fd);
      Set(fd, asked);
      ASSERT_EQ(plain_asked(fd), asked);
      ASSERT_EQ(Shown(fd), asked);
    });
  }
}

TEST_F(Asked, IsInheritedByAcceptedSockets) {
  ForEachSet([](uint32_t asked) {
    Open(kFd);
    Set(kFd, asked);
    Accept(kFd, kOther);
    ASSERT_EQ(Shown(kOther), asked) << std::hex << asked;
    ASSERT_EQ(plain_asked(kOther), asked) << std::hex << asked;
    // It is a socket of its own.
    Set(kOther, 0x7f);
    ASSERT_EQ(Shown(kFd), asked);
    Set(kFd, 0);
    ASSERT_EQ(Shown(kOther), 0x7fu);
  });
}

TEST_F(Asked, IsWorkedOutForASocketThatWasAcceptedUnderOtherFlags) {
  ForEachSet([](uint32_t asked) {
    const uint32_t kernel =
        0x5f;  // hardware stamps of both directions, as if set by us
    if (lkos_sof_to_kernel(asked) == kernel) return;
    Open(kFd);
    Set(kFd, asked);
    fake_kernel::Accept(kFd,
                        kOther);  // it arrived when the listener had others
    fake_kernel::SetFlags(kOther, kernel);
    plain_fd_forget(kOther);
    plain_asked_inherit(kFd, kOther);
    ASSERT_EQ(Shown(kOther), lkos_sof_to_app(kernel)) << std::hex << asked;
    ASSERT_EQ(plain_asked(kOther), lkos_sof_to_app(kernel))
        << std::hex << asked;
  });
}

TEST_F(Asked, CostsNothingToInheritFromAListenerThatIsKnownToHaveAskedNothing) {
  Open(kFd);
  Accept(kFd, kOther);  // learnt: it may have been forgotten with others
  const int calls = fake_kernel::Calls();
  Accept(kFd, kOther);
  EXPECT_EQ(fake_kernel::Calls(), calls);
}

TEST_F(Asked, LeavesErrnoAlone) {
  Open(kFd);
  errno = 77;
  Set(kFd, kRxOnly);
  Shown(kFd);
  plain_asked(kFd);
  Open(kOther);
  plain_asked_learn(kOther);
  Accept(kFd, kOther);
  plain_asked_per_call(kFd);
  EXPECT_EQ(errno, 77);
}

TEST_F(Asked, IsWhatItWasWhileAThreadSetsAnother) {
  Open(kFd);
  Set(kFd, 0x5c);  // would be worked out as 0x44
  Setting other{kFd, 0x53};
  other.Begin();
  EXPECT_EQ(Shown(kFd), 0x5cu);
  EXPECT_EQ(SettersOf(kFd), 1u);
  other.TellKernel();
  EXPECT_EQ(Shown(kFd), 0x5cu);
  other.End();
  EXPECT_EQ(Shown(kFd), 0x53u);
  EXPECT_EQ(SettersOf(kFd), 0u);
}

// Sets that lead the kernel to the same flags, to others, and to none.
const uint32_t kSets[] = {0, 0x18, 0x44, 0x54, 0x5c, 0x41, 0x4041, 0x7f};

// Two threads that set at once. The first one's steps have six points between
// them, two of them inside its last step; each of the second one's three steps
// is done at one of these. All ways to do so, for each pair of sets and what
// was set before.
TEST_F(Asked, IsWhatTheKernelHeardLastInEachOrderOfTwoSetters) {
  int orders = 0;
  const auto run = [&orders](uint32_t before, Setting one, Setting two,
                             const int(&points)[3]) {
    const auto at = [&points, &two](int point) {
      if (points[0] == point) two.Begin();
      if (points[1] == point) two.TellKernel();
      if (points[2] == point) two.End();
    };
    Open(kFd);
    if (before != 0) Set(kFd, before);
    at(0);
    one.Begin();
    at(1);
    one.TellKernel();
    at(2);
    fake_kernel::Inside(
        1, [&at] { at(3); }, [&at] { at(4); });
    one.End();
    const bool was_inside = fake_kernel::WasInside();
    fake_kernel::Inside(0, nullptr, nullptr);
    if (!was_inside) {  // a refused set does not ask the kernel again
      at(3);
      at(4);
    }
    at(5);
    ++orders;

    uint32_t last = before;
    if (one.granted) last = one.asked;
    if (two.granted && (points[1] >= 2 || !one.granted)) last = two.asked;
    const uint32_t shown = Shown(kFd);
    ASSERT_EQ(fake_kernel::FlagsOf(kFd), lkos_sof_to_kernel(last));
    // Where both lead to the same flags, either may have been the last.
    const bool same =
        one.granted && two.granted &&
        lkos_sof_to_kernel(one.asked) == lkos_sof_to_kernel(two.asked);
    if (shown != last &&
        !(same && (shown == one.asked || shown == two.asked))) {
      ADD_FAILURE() << std::hex << "shown " << shown << ", before " << before
                    << ", one " << one.asked << ", two " << two.asked << " at "
                    << points[0] << points[1] << points[2];
    }
    ASSERT_EQ(plain_asked(kFd), shown);
    ASSERT_EQ(SettersOf(kFd), 0u);
  };

  for (const uint32_t before : kSets) {
    for (const uint32_t one : kSets) {
      for (const uint32_t two : kSets) {
        for (int begin = 0; begin < 6; ++begin) {
          for (int tell = begin; tell < 6; ++tell) {
            for (int end = tell; end < 6; ++end) {
              const int refused =
                  (begin + tell + end) % 3;  // none of them, or one
              run(before, {kFd, one, refused == 1 ? EINVAL : 0},
                  {kFd, two, refused == 2 ? EINVAL : 0}, {begin, tell, end});
              run(before, {kFd, one}, {kFd, two}, {begin, tell, end});
              if (HasFailure()) return;
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(orders, 8 * 8 * 8 * 56 * 2);
}

// A whole set inside each call to the kernel that another set makes.
TEST_F(Asked, IsWhatTheKernelHeardLastOfASetInsideAnother) {
  int visits = 0;
  for (const uint32_t outer : kSets) {
    for (const uint32_t inner : kSets) {
      ForEachCall([&](const auto& arm, bool after) {
        int step = 0, visited_in = 0;
        Open(kFd);
        arm([&] {
          visited_in = step;
          Set(kFd, inner);
        });
        Setting setting{kFd, outer};
        setting.Begin();
        step = 1;
        setting.TellKernel();
        step = 2;
        setting.End();
        if (!fake_kernel::WasInside()) return;

        ++visits;
        const bool inner_was_last =
            visited_in == 2 || (visited_in == 1 && after);
        const uint32_t last = inner_was_last ? inner : outer,
                       shown = Shown(kFd);
        ASSERT_EQ(fake_kernel::FlagsOf(kFd), lkos_sof_to_kernel(last));
        ASSERT_EQ(SettersOf(kFd), 0u);
        if (lkos_sof_to_kernel(outer) != lkos_sof_to_kernel(inner)) {
          ASSERT_EQ(shown, last)
              << std::hex << outer << ' ' << inner << " in step " << visited_in;
        } else {  // either may have been the last
          ASSERT_TRUE(shown == outer || shown == inner)
              << std::hex << outer << ' ' << inner;
        }
      });
    }
  }
  EXPECT_GE(visits, 8 * 8 * 2 * 4);
}

TEST_F(Asked, IsWhatTheKernelHeardLastOfManyThreads) {
  // None would be worked out as it was set, so that only the record can know.
  std::vector<uint32_t> sets;
  for (uint32_t i = 0; i < 8; ++i) sets.push_back(0x5c | i << 7);
  for (const uint32_t set : sets)
    ASSERT_NE(lkos_sof_to_app(lkos_sof_to_kernel(set)), set);

  for (int round = 0; round < 20; ++round) {
    Open(kFd);
    Duplicate(kFd, kOther);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&sets, thread] {
        for (int i = 0; i < 500; ++i) {
          const int fd = i & 1 ? kFd : kOther;
          Setting setting{fd, sets[(i * 5 + thread * 3) % sets.size()]};
          setting.Begin();
          const uint32_t kernel = lkos_sof_to_kernel(setting.asked);
          setting.granted = lkos_next.setsockopt(fd, SOL_SOCKET, kOld, &kernel,
                                                 sizeof(kernel)) == 0;
          setting.End();
          Shown(kFd);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(SettersOf(kFd), 0u);
    ASSERT_EQ(lkos_sof_to_kernel(Shown(kFd)), fake_kernel::FlagsOf(kFd));
    ASSERT_EQ(Shown(kFd) & 0x7f, 0x5cu);
    Close(kFd);
    Close(kOther);
  }
}

// Sockets whose application asks for hardware stamps in each sendmsg.
TEST_F(Asked, PerCallHasTheKernelReportSoftwareStampsAndIsNotShown) {
  ForEachSet([](uint32_t set) {
    const uint32_t asked = set | kRaw;
    Open(kFd);
    Set(kFd, asked);
    plain_asked_per_call(kFd);
    ASSERT_EQ(fake_kernel::FlagsOf(kFd),
              lkos_sof_held(asked | LKOS_SOF_TX_HARDWARE_PER_CALL));
    ASSERT_EQ(Shown(kFd), asked);
    ASSERT_EQ(plain_asked(kFd), asked | LKOS_SOF_TX_HARDWARE_PER_CALL);
    ASSERT_EQ(SettersOf(kFd), 0u);
    const int calls = fake_kernel::Calls();
    plain_asked_per_call(kFd);
    ASSERT_EQ(fake_kernel::Calls(), calls);
  });
}

TEST_F(Asked, PerCallIsForSocketsThatReportHardwareStamps) {
  for (const uint32_t asked : {0u, 0x18u, 0x01u, 0x3fu}) {
    Open(kFd);
    Set(kFd, asked);
    plain_asked_per_call(kFd);
    EXPECT_EQ(plain_asked(kFd), asked);
    EXPECT_EQ(fake_kernel::FlagsOf(kFd), asked);
    EXPECT_EQ(SettersOf(kFd), 0u);
  }
}

TEST_F(Asked, PerCallIsInherited) {
  Open(kFd);
  Set(kFd, kRaw);
  plain_asked_per_call(kFd);
  Accept(kFd, kOther);
  EXPECT_EQ(Shown(kOther), kRaw);
  EXPECT_EQ(plain_asked(kOther), kRaw | LKOS_SOF_TX_HARDWARE_PER_CALL);
}

TEST_F(Asked, PerCallStaysWhenTheKernelRefusesAnotherSet) {
  Open(kFd);
  Set(kFd, kRaw);
  plain_asked_per_call(kFd);
  Set(kFd, 0x7f, EINVAL);
  EXPECT_EQ(Shown(kFd), kRaw);
  EXPECT_EQ(plain_asked(kFd), kRaw | LKOS_SOF_TX_HARDWARE_PER_CALL);
}

TEST_F(Asked, PerCallChangesNothingWhenTheKernelRefuses) {
  Open(kFd);
  Set(kFd, kRaw);
  fake_kernel::Refuse(EPERM);
  errno = 77;
  plain_asked_per_call(kFd);
  EXPECT_EQ(errno, 77);
  EXPECT_EQ(plain_asked(kFd), kRaw);
  EXPECT_EQ(Shown(kFd), kRaw);
  EXPECT_EQ(fake_kernel::FlagsOf(kFd), kRaw);
  EXPECT_EQ(SettersOf(kFd), 0u);
}

TEST_F(Asked, PerCallKeepsTheFormOfTheMessagesAndTheClock) {
  for (const int form : {kOld, kNew}) {
    uint32_t value[2] = {kRaw, 7};
    socklen_t size = sizeof(value);
    Open(kFd);
    Set(kFd, kRaw);
    ASSERT_EQ(lkos_next.setsockopt(kFd, SOL_SOCKET, form, value, sizeof(value)),
              0);
    plain_asked_per_call(kFd);
    uint32_t by_new[2] = {1, 1};
    ASSERT_EQ(lkos_next.getsockopt(kFd, SOL_SOCKET, kNew, by_new, &size), 0);
    EXPECT_EQ(by_new[0], form == kNew ? kRaw | SOF_TIMESTAMPING_SOFTWARE : 0u);
    ASSERT_EQ(lkos_next.getsockopt(kFd, SOL_SOCKET, kOld, value, &size), 0);
    EXPECT_EQ(value[0], kRaw | SOF_TIMESTAMPING_SOFTWARE);
    EXPECT_EQ(value[1], 7u);
  }
}

// Another thread's set inside each call to the kernel that is made for the
// first such sendmsg.
TEST_F(Asked, PerCallTakesNothingFromASetAtTheSameTime) {
  for (const uint32_t inner : {0x5cu, 0x7fu, 0x18u, 0u}) {
    ForEachCall([inner](const auto& arm, bool) {
      Open(kFd);
      Set(kFd, kRaw);
      arm([inner] { Set(kFd, inner); });
      plain_asked_per_call(kFd);
      if (!fake_kernel::WasInside()) return;
      // Its request may have come before the set, or after it.
      EXPECT_EQ(fake_kernel::FlagsOf(kFd) & ~SOF_TIMESTAMPING_SOFTWARE,
                lkos_sof_to_kernel(inner) & ~SOF_TIMESTAMPING_SOFTWARE);
      EXPECT_EQ(Shown(kFd), inner);
      EXPECT_EQ(SettersOf(kFd), 0u);
    });
  }
}

// The number is closed and given out anew inside each call to the kernel that
// learning makes.
TEST_F(Asked, IsTheNewSocketsWhenTheNumberIsReusedWhileItIsLearnt) {
  ForEachCall([](const auto& arm, bool) {
    Open(kFd);
    fake_kernel::SetFlags(kFd, 0x5c);
    Duplicate(kFd, kOther);
    arm([] {
      Close(kFd);
      Open(kFd);
      fake_kernel::SetFlags(kFd, 0x18);
    });
    plain_asked(kFd);
    if (!fake_kernel::WasInside()) return;
    EXPECT_EQ(plain_asked(kFd), 0x18u);
    EXPECT_EQ(Shown(kFd), 0x18u);
    // The old one is still open under another number.
    EXPECT_EQ(plain_asked(kOther), 0x44u);
    EXPECT_EQ(Shown(kOther), 0x44u);
  });
}

// And inside each call that a set makes: the old socket's flags are not the new
// one's.
TEST_F(Asked, IsTheNewSocketsWhenTheNumberIsReusedWhileItIsSet) {
  ForEachCall([](const auto& arm, bool) {
    uint32_t kernel = 0;
    Open(kFd);
    Set(kFd, 0x7f);
    arm([] {
      Close(kFd);
      Open(kFd);
    });
    Set(kFd, 0x5c);
    if (!fake_kernel::WasInside()) return;
    // The kernel may have heard the set on the one or on the other.
    kernel = fake_kernel::FlagsOf(kFd);
    if (kernel == 0) {
      EXPECT_EQ(plain_asked(kFd), 0u);
    } else {
      EXPECT_TRUE(Shown(kFd) == 0x5c || Shown(kFd) == lkos_sof_to_app(kernel))
          << Shown(kFd);
    }
  });
}

}  // namespace
