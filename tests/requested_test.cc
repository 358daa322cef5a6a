// SPDX-License-Identifier: GPL-2.0-only
// What the application requested of SO_TIMESTAMPING, on a fake kernel: shown as
// it was set, whoever else sets, closes, opens and executes meanwhile.
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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
#include "tests/harness/plain_descriptors.h"
#include "tests/harness/plain_requested.h"

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

class Requested : public testing::Test {
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
    plain_fd_forget(fd);
  }
  static void Duplicate(int fd, int new_fd) {
    fake_kernel::Duplicate(fd, new_fd);
    plain_fd_forget(new_fd);
  }
  static void Accept(int listener, int fd) {
    fake_kernel::Accept(listener, fd);
    plain_fd_forget(fd);
    plain_request_inherit(listener, fd);
  }

  // What interpose/sockopt.c does, in its three steps.
  struct Setting {
    int fd;
    uint32_t requested;
    int error = 0;  // with which the kernel refuses
    int optname = kOld;
    plain_request request{};
    bool granted = false;

    void Begin() { request = plain_request_begin(fd, optname, requested); }
    void TellKernel() {
      const uint32_t held = lkos_sof_held(request.requested);
      const int others = fake_kernel::Refuse(error);
      granted = lkos_next.setsockopt(fd, SOL_SOCKET, optname, &held,
                                     sizeof(held)) == 0;
      fake_kernel::Refuse(others);
    }
    void End() { plain_request_end(&request, granted); }
  };

  static bool Set(int fd, uint32_t requested, int error = 0,
                  int optname = kOld) {
    Setting setting{fd, requested, error, optname};
    setting.Begin();
    setting.TellKernel();
    setting.End();
    return setting.granted;
  }

  // What a program that is executed starts with.
  static void Execute() { plain_fd_forget_range(0, 20); }

  static uint32_t Shown(int fd) {
    return plain_requested_shown(fd, fake_kernel::FlagsOf(fd));
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

  // By all who may ask: this process, which knows something, and one that was
  // executed.
  static void ExpectEverywhere(int fd, uint32_t requested) {
    ASSERT_EQ(Shown(fd), requested) << std::hex << requested;
    ASSERT_EQ(plain_requested(fd), requested) << std::hex << requested;
    ASSERT_EQ(plain_requested(fd), requested) << std::hex << requested;
    Execute();
    ASSERT_EQ(Shown(fd), requested) << std::hex << requested;
    ASSERT_EQ(plain_requested(fd), requested) << std::hex << requested;
  }
};

TEST_F(Requested, IsShownAsItWasSetForEachSetOnAFreshSocket) {
  ForEachSet([](uint32_t requested) {
    for (const uint32_t more : {0u, 0x80u, 0x72f80u & ~kSwhw}) {
      Open(kFd);
      ASSERT_TRUE(Set(kFd, requested | more));
      ASSERT_EQ(Shown(kFd), requested | more) << std::hex << requested;
      ASSERT_EQ(plain_requested(kFd), requested | more)
          << std::hex << requested;
      ASSERT_EQ(fake_kernel::FlagsOf(kFd), lkos_sof_held(requested | more));
      ExpectEverywhere(kFd, requested | more);
    }
  });
}

TEST_F(Requested, IsShownAsItWasSetLastForEachPairOfSets) {
  Open(kFd);
  ForEachSet([](uint32_t first) {
    ForEachSet([first](uint32_t second) {
      Set(kFd, first);
      Set(kFd, second);
      ASSERT_EQ(Shown(kFd), second) << std::hex << first;
      ASSERT_EQ(plain_requested(kFd), second) << std::hex << first;
      ExpectEverywhere(kFd, second);
    });
  });
}

TEST_F(Requested, StaysAsItWasWhenTheKernelRefuses) {
  ForEachSet([](uint32_t requested) {
    for (const int error : {EINVAL, EPERM, EOPNOTSUPP}) {
      Open(kFd);
      // Before anything was set, and after.
      ASSERT_FALSE(Set(kFd, requested, error));
      ASSERT_EQ(Shown(kFd), 0u);
      ASSERT_EQ(plain_requested(kFd), 0u);
      Set(kFd, requested);
      for (const uint32_t refused :
           {0u, 0x44u, 0x7fu, 0xffffffffu, requested}) {
        ASSERT_FALSE(Set(kFd, refused, error));
        ASSERT_EQ(Shown(kFd), requested);
        ASSERT_EQ(plain_requested(kFd), requested);
      }
    }
  });
}

TEST_F(Requested, IsTheSockets) {
  ForEachSet([](uint32_t requested) {
    Open(kFd);
    Set(kFd, requested);
    Duplicate(kFd, 7);
    Duplicate(kFd, 8);
    for (const int fd : {7, 8}) {
      ASSERT_EQ(plain_requested(fd), requested);
      ASSERT_EQ(Shown(fd), requested);
    }
    Close(kFd);
    Set(8, requested ^ 0x7f);
    ASSERT_EQ(Shown(7), requested ^ 0x7f);
    ASSERT_EQ(plain_requested(7), requested ^ 0x7f);
    ExpectEverywhere(7, requested ^ 0x7f);
    Set(7, requested);
    ExpectEverywhere(8, requested);
    Close(7);
    Close(8);
  });
}

TEST_F(Requested, IsNotTheNumbers) {
  ForEachSet([](uint32_t requested) {
    // Closed and given out anew; given out anew after a close that we did not
    // see.
    for (const bool seen : {true, false}) {
      Open(kFd);
      Set(kFd, requested);
      if (seen) Close(kFd);
      Open(kFd);
      ASSERT_EQ(plain_requested(kFd), 0u) << std::hex << requested;
      ASSERT_EQ(Shown(kFd), 0u);
      // Nor is it the inode's memory, which a later socket gets with its times.
      const uint32_t held = lkos_sof_held(requested);
      fake_kernel::SetFlags(kFd, held);
      ExpectEverywhere(kFd, lkos_sof_to_app(held));
      if (HasFatalFailure()) return;
    }
    // A duplicate over it.
    Open(kFd);
    Open(kOther);
    Set(kFd, requested);
    Set(kOther, 0x18);
    Duplicate(kOther, kFd);
    ASSERT_EQ(plain_requested(kFd), 0x18u);
    ASSERT_EQ(Shown(kFd), 0x18u);
  });
}

TEST_F(Requested, IsWorkedOutForASocketThatWeDidNotSee) {
  ForEachSet([](uint32_t kernel) {
    Open(kFd);
    fake_kernel::SetFlags(kFd, kernel);
    ASSERT_EQ(plain_requested(kFd), lkos_sof_to_app(kernel));
    ASSERT_EQ(Shown(kFd), lkos_sof_to_app(kernel));
  });
}

TEST_F(Requested, IsWorkedOutWhereSomebodySetOthersPastUs) {
  ForEachSet([](uint32_t requested) {
    const uint32_t held = lkos_sof_held(requested);
    Open(kFd);
    Set(kFd, requested);
    ForEachSet([requested, held](uint32_t kernel) {
      fake_kernel::SetFlags(kFd, kernel);
      ASSERT_EQ(Shown(kFd),
                kernel == held ? requested : lkos_sof_to_app(kernel))
          << std::hex << requested << ' ' << kernel;
    });
    fake_kernel::SetFlags(kFd, held);
    ASSERT_EQ(Shown(kFd), requested);
  });
}

TEST_F(Requested, TakesNoSystemCallOnceItIsKnown) {
  ForEachSet([](uint32_t requested) {
    Open(kFd);
    Set(kFd, requested);
    Open(kOther);
    fake_kernel::SetFlags(kOther, requested);
    Duplicate(kOther, 7);
    // Now they are known: even that nothing was requested.
    for (const int fd : {kFd, kOther, 7}) plain_requested(fd);
    const int calls = fake_kernel::Calls();
    for (const int fd : {kFd, kOther, 7}) plain_requested(fd);
    ASSERT_EQ(fake_kernel::Calls(), calls) << std::hex << requested;
  });
}

// Two or three, as the header says, at worst.
TEST_F(Requested, IsLearntInThreeSystemCalls) {
  ForEachSet([](uint32_t requested) {
    Open(kFd);
    Set(kFd, requested);
    int calls = fake_kernel::Calls();
    plain_requested(kFd);
    ASSERT_LE(fake_kernel::Calls(), calls + 3) << std::hex << requested;
    Execute();
    calls = fake_kernel::Calls();
    plain_requested(kFd);
    ASSERT_LE(fake_kernel::Calls(), calls + 3) << std::hex << requested;
  });
}

TEST_F(Requested, IsNothingWithoutASystemCallWhereTheKernelHoldsNothing) {
  Open(kFd);
  const int calls = fake_kernel::Calls();
  EXPECT_EQ(plain_requested_shown(kFd, 0), 0u);
  EXPECT_EQ(fake_kernel::Calls(), calls);
}

TEST_F(Requested, IsNothingWithoutASocket) {
  fake_kernel::OpenFile(kFd);
  for (const int fd : {kFd, 9, -1, 1 << 20, 0x7fffffff}) {
    errno = 77;
    EXPECT_EQ(plain_requested(fd), 0u) << fd;
    EXPECT_EQ(plain_requested_shown(fd, 0), 0u) << fd;
    EXPECT_FALSE(Set(fd, 0x5c)) << fd;
    errno = 77;
    const plain_request request = plain_request_begin(fd, kOld, 0x5c);
    EXPECT_EQ(request.requested, 0x5cu) << fd;
    plain_request_end(&request, false);
    plain_request_inherit(fd, fd);
    plain_request_per_call(fd);
    EXPECT_EQ(errno, 77) << fd;
  }
}

TEST_F(Requested, IsKnownBeyondTheNumbersThatHaveEntries) {
  for (const int fd : {1 << 20, 0x7fffffff}) {
    ForEachSet([fd](uint32_t requested) {
      Open(fd);
      Set(fd, requested);
      ASSERT_EQ(plain_requested(fd), requested);
      ASSERT_EQ(Shown(fd), requested);
    });
  }
}

TEST_F(Requested, IsInheritedByAcceptedSockets) {
  ForEachSet([](uint32_t requested) {
    Open(kFd);
    Set(kFd, requested);
    Accept(kFd, kOther);
    ASSERT_EQ(Shown(kOther), requested) << std::hex << requested;
    ASSERT_EQ(plain_requested(kOther), requested) << std::hex << requested;
    ExpectEverywhere(kOther, requested);
    // It is a socket of its own.
    Set(kOther, 0x7f);
    ASSERT_EQ(Shown(kFd), requested);
    ExpectEverywhere(kFd, requested);
    Set(kFd, 0);
    ASSERT_EQ(Shown(kOther), 0x7fu);
    // From a listener that this process did not set.
    Set(kFd, requested);
    Execute();
    Accept(kFd, 7);
    ExpectEverywhere(7, requested);
  });
}

TEST_F(Requested, IsWorkedOutForASocketThatWasAcceptedUnderOtherFlags) {
  ForEachSet([](uint32_t requested) {
    const uint32_t kernel =
        0x5f;  // hardware stamps of both directions, as if set by us
    if (lkos_sof_held(requested) == kernel) return;
    Open(kFd);
    Set(kFd, requested);
    fake_kernel::Accept(kFd,
                        kOther);  // it arrived when the listener had others
    fake_kernel::SetFlags(kOther, kernel);
    plain_fd_forget(kOther);
    plain_request_inherit(kFd, kOther);
    ASSERT_EQ(Shown(kOther), lkos_sof_to_app(kernel)) << std::hex << requested;
    ASSERT_EQ(plain_requested(kOther), lkos_sof_to_app(kernel))
        << std::hex << requested;
  });
}

TEST_F(Requested,
       CostsNothingToInheritFromAListenerThatIsKnownToHaveAskedNothing) {
  Open(kFd);
  Accept(kFd, kOther);  // learnt: it may have been forgotten with others
  const int calls = fake_kernel::Calls();
  Accept(kFd, kOther);
  EXPECT_EQ(fake_kernel::Calls(), calls);
}

TEST_F(Requested, LeavesErrnoAlone) {
  Open(kFd);
  errno = 77;
  Set(kFd, kRxOnly);
  Shown(kFd);
  plain_requested(kFd);
  Open(kOther);
  plain_requested_learn(kOther);
  Accept(kFd, kOther);
  plain_request_per_call(kFd);
  EXPECT_EQ(errno, 77);
}

TEST_F(Requested, IsWhatItWasWhileAThreadSetsAnother) {
  Open(kFd);
  Set(kFd, 0x5c);  // would be worked out as 0x44
  Setting other{kFd, 0x53};
  other.Begin();
  ExpectEverywhere(kFd, 0x5c);
  other.TellKernel();
  ExpectEverywhere(kFd, 0x53);
  other.End();
  ExpectEverywhere(kFd, 0x53);
}

// Sets that lead the kernel to the same flags, to others, and to none.
const uint32_t kSets[] = {0, 0x18, 0x44, 0x54, 0x5c, 0x41, 0x4041, 0x7f};

// Each of these with each set, in both orders.
template <typename Fn>
void ForEachPair(Fn fn) {
  for (const uint32_t one : kSets) {
    ForEachSet([&fn, one](uint32_t other) {
      fn(one, other);
      fn(other, one);
    });
  }
}

// Two threads that set at once. Each of the second one's three steps is done at
// one of the points of the first one: before its calls to the kernel, and at
// its end. All ways to do so, for each pair of sets and what was set before.
class TwoSetters : public Requested {
 protected:
  struct Points {
    int begin, tell, end;  // of the second one's steps
  };

  // return: how many points the first one had.
  static int Run(uint32_t before, Setting one, Setting two,
                 const Points& points) {
    uint32_t last = before;
    int point = 0, done = 0;
    const auto until = [&](int reached) {
      if (done == 0 && points.begin <= reached && ++done) two.Begin();
      if (done == 1 && points.tell <= reached && ++done) {
        two.TellKernel();
        if (two.granted) last = two.requested;
      }
      if (done == 2 && points.end <= reached && ++done) two.End();
    };
    Open(kFd);
    if (before != 0) Set(kFd, before);
    fake_kernel::BeforeEach([&] { until(point++); });
    one.Begin();
    const bool whole_in_begin = done == 3;
    one.TellKernel();
    if (one.granted) last = one.requested;
    one.End();
    fake_kernel::BeforeEach(nullptr);
    until(1000);

    const uint32_t shown = Shown(kFd);
    EXPECT_EQ(fake_kernel::FlagsOf(kFd), lkos_sof_held(last));
    // Where both lead to the same flags, either may have been the last.
    const bool same =
        one.granted && two.granted &&
        lkos_sof_held(one.requested) == lkos_sof_held(two.requested);
    // The second one's note was written over by the first one's, which it had
    // come before. What was noted before leads to the same flags.
    const bool lost = whole_in_begin && two.granted && !one.granted &&
                      lkos_sof_held(before) == lkos_sof_held(two.requested);
    if (shown != last &&
        !(same && (shown == one.requested || shown == two.requested)) &&
        !(lost && shown == before)) {
      ADD_FAILURE() << std::hex << "shown " << shown << ", before " << before
                    << ", one " << one.requested
                    << (one.granted ? "" : " (refused)") << ", two "
                    << two.requested << (two.granted ? "" : " (refused)")
                    << std::dec << " at " << points.begin << ' ' << points.tell
                    << ' ' << points.end << " of " << point;
    }
    EXPECT_EQ(plain_requested(kFd), shown);
    // A request that is refused may take the other's note with it; the number
    // still knows.
    Execute();
    const uint32_t noted = plain_requested(kFd);
    EXPECT_TRUE(noted == shown ||
                ((!one.granted || !two.granted) &&
                 noted == lkos_sof_to_app(lkos_sof_held(last))))
        << std::hex << noted << ' ' << shown;
    return point;
  }

  // Points beyond the last one are all its end.
  static int RunAtAllPoints(uint32_t before, const Setting& one,
                            const Setting& two) {
    int orders = 0, points = 1;
    for (int begin = 0; begin <= points; ++begin) {
      for (int tell = begin; tell <= points; ++tell) {
        for (int end = tell; end <= points; ++end) {
          points = Run(before, one, two, {begin, tell, end});
          ++orders;
          if (HasFailure()) return orders;
        }
      }
    }
    return orders;
  }
};

TEST_F(TwoSetters, LeaveWhatTheKernelHeardLastInEachOrder) {
  int orders = 0;
  for (const uint32_t before : kSets) {
    for (const uint32_t one : kSets) {
      for (const uint32_t two : kSets) {
        for (const int one_fails : {0, EINVAL}) {
          for (const int two_fails : {0, EINVAL}) {
            // The kernel answers the same flags alike.
            if ((one_fails && two_fails) ||
                (lkos_sof_held(one) == lkos_sof_held(two) &&
                 one_fails != two_fails))
              continue;
            orders += RunAtAllPoints(before, {kFd, one, one_fails},
                                     {kFd, two, two_fails});
            if (HasFailure()) return;
          }
        }
      }
    }
  }
  EXPECT_GE(orders, 8 * 8 * 8 * 56);
}

// A whole set inside each call to the kernel that another set makes.
TEST_F(Requested, IsWhatTheKernelHeardLastOfASetInsideAnother) {
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
        ASSERT_EQ(fake_kernel::FlagsOf(kFd), lkos_sof_held(last));
        Execute();
        ASSERT_EQ(plain_requested(kFd), shown);
        if (lkos_sof_held(outer) != lkos_sof_held(inner)) {
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

TEST_F(Requested, IsWhatTheKernelHeardLastOfManyThreads) {
  // None would be worked out as it was set, so that only the note can know.
  std::vector<uint32_t> sets;
  for (uint32_t i = 0; i < 8; ++i) sets.push_back(0x5c | i << 7);
  for (const uint32_t set : sets)
    ASSERT_NE(lkos_sof_to_app(lkos_sof_held(set)), set);

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
          const uint32_t held = lkos_sof_held(setting.request.requested);
          setting.granted = lkos_next.setsockopt(fd, SOL_SOCKET, kOld, &held,
                                                 sizeof(held)) == 0;
          setting.End();
          Shown(kFd);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(lkos_sof_held(Shown(kFd)), fake_kernel::FlagsOf(kFd));
    ASSERT_EQ(Shown(kFd) & 0x7f, 0x5cu);
    Close(kFd);
    Close(kOther);
  }
}

// Sockets whose application asks for hardware stamps in each sendmsg.
TEST_F(Requested, PerCallHasTheKernelReportSoftwareStampsAndIsNotShown) {
  ForEachSet([](uint32_t set) {
    const uint32_t requested = set | kRaw;
    Open(kFd);
    Set(kFd, requested);
    plain_request_per_call(kFd);
    ASSERT_EQ(fake_kernel::FlagsOf(kFd),
              lkos_sof_held(requested | LKOS_SOF_TX_HARDWARE_PER_CALL));
    ASSERT_EQ(Shown(kFd), requested);
    ASSERT_EQ(plain_requested(kFd), requested | LKOS_SOF_TX_HARDWARE_PER_CALL);
    const int calls = fake_kernel::Calls();
    plain_request_per_call(kFd);
    ASSERT_EQ(fake_kernel::Calls(), calls);
  });
}

TEST_F(Requested, PerCallIsForSocketsThatReportHardwareStamps) {
  for (const uint32_t requested : {0u, 0x18u, 0x01u, 0x3fu}) {
    Open(kFd);
    Set(kFd, requested);
    plain_request_per_call(kFd);
    EXPECT_EQ(plain_requested(kFd), requested);
    EXPECT_EQ(fake_kernel::FlagsOf(kFd), requested);
  }
}

TEST_F(Requested, PerCallIsInherited) {
  Open(kFd);
  Set(kFd, kRaw);
  plain_request_per_call(kFd);
  Accept(kFd, kOther);
  EXPECT_EQ(Shown(kOther), kRaw);
  EXPECT_EQ(plain_requested(kOther), kRaw | LKOS_SOF_TX_HARDWARE_PER_CALL);
}

TEST_F(Requested, PerCallStaysWhenTheKernelRefusesAnotherSet) {
  Open(kFd);
  Set(kFd, kRaw);
  plain_request_per_call(kFd);
  Set(kFd, 0x7f, EINVAL);
  EXPECT_EQ(Shown(kFd), kRaw);
  EXPECT_EQ(plain_requested(kFd), kRaw | LKOS_SOF_TX_HARDWARE_PER_CALL);
}

TEST_F(Requested, PerCallChangesNothingWhenTheKernelRefuses) {
  Open(kFd);
  Set(kFd, kRaw);
  fake_kernel::Refuse(EPERM);
  errno = 77;
  plain_request_per_call(kFd);
  EXPECT_EQ(errno, 77);
  EXPECT_EQ(plain_requested(kFd), kRaw);
  EXPECT_EQ(Shown(kFd), kRaw);
  EXPECT_EQ(fake_kernel::FlagsOf(kFd), kRaw);
}

TEST_F(Requested, PerCallKeepsTheFormOfTheMessagesAndTheClock) {
  for (const int form : {kOld, kNew}) {
    uint32_t value[2] = {kRaw, 7};
    socklen_t size = sizeof(value);
    Open(kFd);
    Set(kFd, kRaw);
    ASSERT_EQ(lkos_next.setsockopt(kFd, SOL_SOCKET, form, value, sizeof(value)),
              0);
    plain_request_per_call(kFd);
    uint32_t by_new[2] = {1, 1};
    ASSERT_EQ(lkos_next.getsockopt(kFd, SOL_SOCKET, kNew, by_new, &size), 0);
    EXPECT_EQ(by_new[0], form == kNew ? kRaw | SOF_TIMESTAMPING_SOFTWARE : 0u);
    ASSERT_EQ(lkos_next.getsockopt(kFd, SOL_SOCKET, kOld, value, &size), 0);
    EXPECT_EQ(value[0], kRaw | SOF_TIMESTAMPING_SOFTWARE);
    EXPECT_EQ(value[1], 7u);
  }
}

// Linux 5.10 does not tell by which number they were set.
TEST_F(Requested, PerCallKeepsTheFormWhereTheNewNumberDoesNotRead) {
  for (const int form : {kOld, kNew}) {
    for (const bool executed : {false, true}) {
      Open(kFd);
      fake_kernel::ReadByNew(false);
      Set(kFd, kRaw, 0, form == kOld ? kNew : kOld);
      Set(kFd, kRaw, 0, form);
      EXPECT_EQ(Shown(kFd), kRaw);
      if (executed) Execute();
      plain_request_per_call(kFd);
      EXPECT_EQ(fake_kernel::FlagsOf(kFd), kRaw | SOF_TIMESTAMPING_SOFTWARE);
      EXPECT_EQ(Shown(kFd), kRaw);
      fake_kernel::ReadByNew(true);
      uint32_t by_new = 1;
      socklen_t size = sizeof(by_new);
      ASSERT_EQ(lkos_next.getsockopt(kFd, SOL_SOCKET, kNew, &by_new, &size), 0);
      EXPECT_EQ(by_new, form == kNew ? kRaw | SOF_TIMESTAMPING_SOFTWARE : 0u);
    }
  }
}

// Another thread's set inside each call to the kernel that is made for the
// first such sendmsg.
TEST_F(Requested, PerCallTakesNothingFromASetAtTheSameTime) {
  for (const uint32_t inner : {0x5cu, 0x7fu, 0x18u, 0u}) {
    ForEachCall([inner](const auto& arm, bool) {
      Open(kFd);
      Set(kFd, kRaw);
      arm([inner] { Set(kFd, inner); });
      plain_request_per_call(kFd);
      if (!fake_kernel::WasInside()) return;
      // Its request may have come before the set, or after it.
      EXPECT_EQ(fake_kernel::FlagsOf(kFd) & ~SOF_TIMESTAMPING_SOFTWARE,
                lkos_sof_held(inner) & ~SOF_TIMESTAMPING_SOFTWARE);
      EXPECT_EQ(Shown(kFd), inner);
      Execute();
      EXPECT_EQ(Shown(kFd), inner);
      EXPECT_EQ(plain_requested(kFd) & ~LKOS_SOF_TX_HARDWARE_PER_CALL, inner);
    });
  }
}

// The number is closed and given out anew inside each call to the kernel that
// learning makes.
TEST_F(Requested, IsTheNewSocketsWhenTheNumberIsReusedWhileItIsLearnt) {
  ForEachCall([](const auto& arm, bool) {
    Open(kFd);
    fake_kernel::SetFlags(kFd, 0x5c);
    Duplicate(kFd, kOther);
    arm([] {
      Close(kFd);
      Open(kFd);
      fake_kernel::SetFlags(kFd, 0x18);
    });
    plain_requested(kFd);
    if (!fake_kernel::WasInside()) return;
    EXPECT_EQ(plain_requested(kFd), 0x18u);
    EXPECT_EQ(Shown(kFd), 0x18u);
    // The old one is still open under another number.
    EXPECT_EQ(plain_requested(kOther), 0x44u);
    EXPECT_EQ(Shown(kOther), 0x44u);
  });
}

// And inside each call that a set makes: the old socket's flags are not the new
// one's.
TEST_F(Requested, IsTheNewSocketsWhenTheNumberIsReusedWhileItIsSet) {
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
      EXPECT_EQ(plain_requested(kFd), 0u);
    } else {
      EXPECT_TRUE(Shown(kFd) == 0x5c || Shown(kFd) == lkos_sof_to_app(kernel))
          << Shown(kFd);
    }
  });
}

// A per-call request inside each call to the kernel that a set makes.
TEST_F(Requested, SetTakesNothingFromAPerCallRequestAtTheSameTime) {
  for (const uint32_t before : {kRaw, 0x5cu, 0x7fu}) {
    for (const uint32_t outer : {0x5cu, 0x7fu, 0x54u, kRaw, 0x18u, 0u}) {
      ForEachCall([before, outer](const auto& arm, bool) {
        Open(kFd);
        Set(kFd, before);
        arm([] { plain_request_per_call(kFd); });
        Set(kFd, outer);
        if (!fake_kernel::WasInside()) return;
        EXPECT_EQ(fake_kernel::FlagsOf(kFd) & ~SOF_TIMESTAMPING_SOFTWARE,
                  lkos_sof_held(outer) & ~SOF_TIMESTAMPING_SOFTWARE)
            << std::hex << before << ' ' << outer;
        EXPECT_EQ(Shown(kFd), outer) << std::hex << before << ' ' << outer;
        Execute();
        EXPECT_EQ(Shown(kFd), outer) << std::hex << before << ' ' << outer;
      });
    }
  }
}

TEST_F(Requested, PerCallIsKeptByTheSocket) {
  ForEachSet([](uint32_t set) {
    const uint32_t requested = set | kRaw;
    Open(kFd);
    Set(kFd, requested);
    plain_request_per_call(kFd);
    Execute();
    ASSERT_EQ(Shown(kFd), requested);
    ASSERT_EQ(plain_requested(kFd), requested | LKOS_SOF_TX_HARDWARE_PER_CALL);
    Duplicate(kFd, kOther);
    ASSERT_EQ(plain_requested(kOther),
              requested | LKOS_SOF_TX_HARDWARE_PER_CALL);
  });
}

// A setter that never gets to the end: killed, or left by siglongjmp. What the
// kernel holds counts, whether it was told or not.
TEST_F(Requested, IsWhatTheKernelHeardOfASetterThatNeverReturns) {
  const auto run = [](uint32_t before, uint32_t requested) {
    for (const bool told : {false, true}) {
      for (const bool known : {false, true}) {
        Open(kFd);
        Set(kFd, before);
        if (known) plain_requested(kFd);
        Setting setting{kFd, requested};
        setting.Begin();
        if (told) setting.TellKernel();
        const uint32_t last = told ? requested : before;
        // Where both lead to the same flags, either may count.
        const uint32_t shown = Shown(kFd);
        if (lkos_sof_held(before) != lkos_sof_held(requested)) {
          ASSERT_EQ(shown, last) << std::hex << before << ' ' << requested;
        } else {
          ASSERT_TRUE(shown == before || shown == requested)
              << std::hex << before << ' ' << requested << ' ' << shown;
        }
        ExpectEverywhere(kFd, shown);
        // All is as usual for whoever sets then.
        Set(kFd, before ^ 0x7f);
        ExpectEverywhere(kFd, before ^ 0x7f);
        if (HasFatalFailure()) return;
      }
    }
  };
  ForEachPair(run);
}

// Others set while one of them never gets to the end.
TEST_F(Requested, IsNeverStaleBesideASetterThatNeverReturns) {
  for (const uint32_t before : kSets) {
    for (const uint32_t dead : kSets) {
      for (const uint32_t other : kSets) {
        for (int order = 0; order < 3; ++order) {
          Open(kFd);
          Set(kFd, before);
          Setting lost{kFd, dead}, setting{kFd, other};
          if (order < 2) lost.Begin();
          setting.Begin();
          if (order == 0) lost.TellKernel();
          if (order == 2) lost.Begin();
          setting.TellKernel();
          if (order == 1) lost.TellKernel();
          setting.End();
          ASSERT_EQ(lkos_sof_held(Shown(kFd)), fake_kernel::FlagsOf(kFd))
              << std::hex << before << ' ' << dead << ' ' << other;
          if (order != 1 && lkos_sof_held(dead) != lkos_sof_held(other))
            ExpectEverywhere(kFd, other);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// The note is refused, as of a socket that was made before rights were given
// up: the number that set the flags still knows them.
TEST_F(Requested, IsKnownByItsNumberWhereTheNoteIsRefused) {
  ForEachPair([](uint32_t first, uint32_t second) {
    fake_kernel::RefuseTimes(true);
    Open(kFd);
    for (const uint32_t requested : {first, second}) {
      ASSERT_TRUE(Set(kFd, requested));
      ASSERT_EQ(Shown(kFd), requested) << std::hex << first << ' ' << second;
      ASSERT_EQ(plain_requested(kFd), requested)
          << std::hex << first << ' ' << second;
      ASSERT_EQ(Shown(kFd), requested);
    }
    // Another socket's set, with which all that is cached ends.
    Open(kOther);
    Set(kOther, 0x54);
    ASSERT_EQ(Shown(kFd), second);
    ASSERT_EQ(plain_requested(kFd), second);
    // What it is elsewhere is worked out.
    Duplicate(kFd, 7);
    ASSERT_EQ(plain_requested(7), lkos_sof_to_app(lkos_sof_held(second)));
    Execute();
    ASSERT_EQ(plain_requested(kFd), lkos_sof_to_app(lkos_sof_held(second)));
  });
}

// A note that cannot be changed any more still counts for the flags that it
// leads to: nothing else tells it from one that another number left meanwhile.
TEST_F(Requested, IsKnownByItsNumberWhereTheNoteIsRefusedLater) {
  ForEachPair([](uint32_t noted, uint32_t requested) {
    fake_kernel::RefuseTimes(false);
    Open(kFd);
    Set(kFd, noted);
    fake_kernel::RefuseTimes(true);
    ASSERT_TRUE(Set(kFd, requested));
    ASSERT_EQ(Shown(kFd), requested) << std::hex << noted;
    ASSERT_EQ(plain_requested(kFd), requested) << std::hex << noted;
  });
}

// Nor does each message ask the kernel.
TEST_F(Requested, IsCachedWhereTheNoteIsRefused) {
  fake_kernel::RefuseTimes(true);
  ForEachSet([](uint32_t requested) {
    Open(kFd);
    ASSERT_TRUE(Set(kFd, requested));
    ASSERT_EQ(plain_requested(kFd), requested);
    const int calls = fake_kernel::Calls();
    ASSERT_EQ(plain_requested(kFd), requested);
    ASSERT_EQ(fake_kernel::Calls(), calls) << std::hex << requested;
  });
}

TEST_F(Requested, IsInheritedWhereTheNoteIsRefused) {
  fake_kernel::RefuseTimes(true);
  ForEachSet([](uint32_t requested) {
    Open(kFd);
    Set(kFd, requested);
    Accept(kFd, kOther);
    ASSERT_EQ(plain_requested(kOther), requested);
    ASSERT_EQ(Shown(kOther), requested);
    // The number is another socket's then.
    Open(kOther);
    fake_kernel::SetFlags(kOther, lkos_sof_held(requested));
    ASSERT_EQ(plain_requested(kOther),
              lkos_sof_to_app(lkos_sof_held(requested)));
  });
}

TEST_F(Requested, StaysAsItWasWhereTheKernelAndTheNoteRefuse) {
  fake_kernel::RefuseTimes(true);
  ForEachSet([](uint32_t before) {
    Open(kFd);
    Set(kFd, before);
    for (const uint32_t refused : {0u, 0x44u, 0x5cu, 0x54u, 0x7fu}) {
      ASSERT_FALSE(Set(kFd, refused, EINVAL));
      ASSERT_EQ(Shown(kFd), before) << std::hex << refused;
      ASSERT_EQ(plain_requested(kFd), before) << std::hex << refused;
    }
  });
}

// It has descriptors of its own, and its parent's memory.
void RunInVforkChild(void (*body)()) {
  const pid_t child = vfork();
  if (child == 0) {
    body();
    _exit(0);
  }
  ASSERT_GT(child, 0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
}

TEST_F(Requested, IsNothingThatAVforkChildHasLearnt) {
  constexpr int kParents = 8;
  plain_fd_own_process();
  for (const bool known : {false, true}) {
    Open(kFd);
    Open(kOther);
    Set(kFd, 0x5c);
    Set(kOther, 0x54);
    Duplicate(kOther, kParents);
    if (known) plain_requested(kOther);
    static uint32_t in_child, shown_in_child;
    in_child = shown_in_child = 0;
    RunInVforkChild([] {
      Duplicate(kFd, kOther);
      in_child = plain_requested(kOther);
      shown_in_child = Shown(kOther);
    });
    fake_kernel::Duplicate(kParents, kOther);  // the parent's table
    ASSERT_EQ(plain_requested(kOther), 0x54u);
    ASSERT_EQ(Shown(kOther), 0x54u);
    ASSERT_EQ(plain_requested(kFd), 0x5cu);
    EXPECT_TRUE(in_child == 0x5cu || in_child == 0) << in_child;
    EXPECT_TRUE(shown_in_child == in_child) << shown_in_child;
  }
}

// What a vfork child sets on a socket that both have.
TEST_F(Requested, IsWhatAVforkChildHasSet) {
  plain_fd_own_process();
  Open(kFd);
  Set(kFd, 0x5c);
  plain_requested(kFd);
  RunInVforkChild([] { Set(kFd, 0x51); });
  if (fake_kernel::FlagsOf(kFd) == lkos_sof_held(0x51)) {
    EXPECT_EQ(Shown(kFd), 0x51u);
    EXPECT_EQ(plain_requested(kFd), 0x51u);
  }
}

}  // namespace
