// SPDX-License-Identifier: GPL-2.0-only
// recvmsg() and its family as an application calls them, on a fake kernel with
// and without a card that stamps. The calls that we interpose are linked into
// this program: it knows, and so does harness/fake_runtime.c, which leads all
// others on to libc.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
// clang-format off
#include <time.h>  // before linux/errqueue.h, which needs it
#include <linux/errqueue.h>
// clang-format on

#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <ios>
#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/control_data.h"
#include "tests/harness/fake_kernel.h"

extern "C" {
#include "src/runtime/next.h"
#include "src/translate/timestamping_flags.h"
#include "tests/harness/plain_descriptors.h"

ssize_t __recv_chk(int fd, void* buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void* buf, size_t len, size_t room, int flags,
                       sockaddr* addr, socklen_t* addrlen);
int pidfd_getfd(int pidfd, int target_fd, unsigned int flags);
}

namespace {

constexpr int kOnepkt = 0x20000;
constexpr int kFd = 1000, kOther = 1001;  // numbers of the fake kernel
constexpr uint32_t kRxOnly =
    SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
constexpr uint32_t kTxOnly =
    SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
constexpr uint32_t kSoftware = SOF_TIMESTAMPING_SOFTWARE;

// What the kernel has for the application, and what the application called it
// with last.
struct Waiting {
  std::vector<ControlMessage> control;
  int msg_flags = 0;
};
std::deque<Waiting> waiting;

struct Call {
  const char* name = "none";
  int fd = 0, flags = 0;
  const void *buffer = nullptr, *address = nullptr, *address_size = nullptr;
  size_t size = 0, room = 0;
};
Call last;
int calls;

void Note(const Call& call) {
  last = call;
  ++calls;
}

ssize_t NextRecvmsg(int fd, msghdr* msg, int flags) {
  Note({"recvmsg", fd, flags, msg, nullptr, nullptr, 0, 0});
  if (msg == nullptr) {
    errno = EFAULT;
    return -1;
  }
  if (waiting.empty()) {
    errno = EAGAIN;
    return -1;
  }
  bool cut;
  msg->msg_controllen = PutMessages(
      waiting.front().control, static_cast<unsigned char*>(msg->msg_control),
      msg->msg_control != nullptr ? msg->msg_controllen : 0, &cut);
  msg->msg_flags = waiting.front().msg_flags | (cut ? MSG_CTRUNC : 0);
  waiting.pop_front();
  return 5;
}

int NextRecvmmsg(int fd, mmsghdr* msgs, unsigned int count, int flags,
                 timespec* timeout) {
  unsigned int done = 0;
  for (; done < count && !waiting.empty(); ++done) {
    msgs[done].msg_len =
        static_cast<unsigned int>(NextRecvmsg(fd, &msgs[done].msg_hdr, flags));
  }
  Note({"recvmmsg", fd, flags, msgs, timeout, nullptr, count, 0});
  if (done == 0) errno = EAGAIN;
  return done > 0 ? static_cast<int>(done) : -1;
}

ssize_t NextRecv(int fd, void* buf, size_t len, int flags) {
  Note({"recv", fd, flags, buf, nullptr, nullptr, len, 0});
  return 3;
}

ssize_t NextRecvfrom(int fd, void* buf, size_t len, int flags, sockaddr* addr,
                     socklen_t* addrlen) {
  Note({"recvfrom", fd, flags, buf, addr, addrlen, len, 0});
  return 4;
}

ssize_t NextRecvChk(int fd, void* buf, size_t len, size_t room, int flags) {
  Note({"__recv_chk", fd, flags, buf, nullptr, nullptr, len, room});
  return 6;
}

ssize_t NextRecvfromChk(int fd, void* buf, size_t len, size_t room, int flags,
                        sockaddr* addr, socklen_t* addrlen) {
  Note({"__recvfrom_chk", fd, flags, buf, addr, addrlen, len, room});
  return 7;
}

// The calls that close a number of the fake kernel's, or give one out.
struct lkos_next
    libc;  // for the program's own descriptors, which are below kFd

int NextClose(int fd) {
  if (fd < kFd) return libc.close(fd);
  fake_kernel::Close(fd);
  return 0;
}

int NextCloseRange(unsigned int first, unsigned int last_one, int) {
  for (unsigned int fd = first; fd <= last_one; ++fd)
    fake_kernel::Close(static_cast<int>(fd));
  return 0;
}

void NextClosefrom(int first) { NextCloseRange(first, kOther + 1, 0); }

int NextDup2(int fd, int new_fd) {
  if (fd < kFd) return libc.dup2(fd, new_fd);
  fake_kernel::Duplicate(fd, new_fd);
  return new_fd;
}

int NextDup3(int fd, int new_fd, int flags) {
  return fd < kFd ? libc.dup3(fd, new_fd, flags) : NextDup2(fd, new_fd);
}

int NextDup(int fd) { return fd < kFd ? libc.dup(fd) : NextDup2(fd, kOther); }

int NextFcntl(int fd, int cmd, ...) {
  va_list args;
  va_start(args, cmd);
  void* argument = va_arg(args, void*);
  va_end(args);
  if (fd < kFd) return libc.fcntl(fd, cmd, argument);
  if (cmd != F_DUPFD && cmd != F_DUPFD_CLOEXEC) return 42;
  return NextDup2(fd, static_cast<int>(reinterpret_cast<intptr_t>(argument)));
}

int NextAccept(int fd, sockaddr*, socklen_t*) {
  fake_kernel::Accept(fd, kOther);
  return kOther;
}

int NextAccept4(int fd, sockaddr*, socklen_t*, int) {
  return NextAccept(fd, nullptr, nullptr);
}

int NextSocket(int domain, int type, int) {
  fake_kernel::Open(kOther, domain, type);
  return kOther;
}

int NextSocketpair(int domain, int type, int, int fds[2]) {
  fds[0] = kOther;
  fds[1] = kOther + 1;
  fake_kernel::Open(fds[0], domain, type);
  fake_kernel::Open(fds[1], domain, type);
  return 0;
}

int NextPidfdGetfd(int, int, unsigned int) {
  return NextSocket(AF_INET, SOCK_DGRAM, 0);
}

// The stamps that the application sees: their seeds; -1: there are none.
struct Shown {
  int software = -1, system = -1, hardware = -1;
};

bool operator==(const Shown& a, const Shown& b) {
  return a.software == b.software && a.system == b.system &&
         a.hardware == b.hardware;
}

std::ostream& operator<<(std::ostream& out, const Shown& shown) {
  return out << '{' << shown.software << ", " << shown.system << ", "
             << shown.hardware << '}';
}

Shown ShownIn(msghdr& msg) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&msg); at != nullptr;
       at = CMSG_NXTHDR(&msg, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != kStampsOld) continue;
    timespec slots[3];
    memcpy(slots, CMSG_DATA(at), sizeof(slots));
    const auto seed = [](const timespec& slot) {
      return static_cast<int>(slot.tv_sec & 0xff);
    };
    return {seed(slots[0]), seed(slots[1]), seed(slots[2])};
  }
  return {};
}

class Recvmsg : public testing::Test {
 protected:
  void SetUp() override {
    libc = lkos_next;
    fake_kernel::Install();
    lkos_next.recvmsg = NextRecvmsg;
    lkos_next.recvmmsg = NextRecvmmsg;
    lkos_next.recv = NextRecv;
    lkos_next.recvfrom = NextRecvfrom;
    lkos_next.__recv_chk = NextRecvChk;
    lkos_next.__recvfrom_chk = NextRecvfromChk;
    lkos_next.close = NextClose;
    lkos_next.close_range = NextCloseRange;
    lkos_next.closefrom = NextClosefrom;
    lkos_next.dup = NextDup;
    lkos_next.dup2 = NextDup2;
    lkos_next.dup3 = NextDup3;
    lkos_next.fcntl = NextFcntl;
    lkos_next.fcntl64 = NextFcntl;
    lkos_next.accept = NextAccept;
    lkos_next.accept4 = NextAccept4;
    lkos_next.socket = NextSocket;
    lkos_next.socketpair = NextSocketpair;
    lkos_next.pidfd_getfd = NextPidfdGetfd;
    fake_kernel::Open(kFd);
    waiting.clear();
    last = {};
    calls = 0;
  }

  void TearDown() override {
    lkos_next = libc;
    for (int fd = kFd; fd < kFd + 10; ++fd) plain_fd_forget(fd);
  }

  static void Ask(int fd, uint32_t flags) {
    ASSERT_EQ(
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)), 0);
  }

  static uint32_t AskedOf(int fd) {
    uint32_t flags = 0x5a5a5a5a;
    socklen_t size = sizeof(flags);
    EXPECT_EQ(getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, &size), 0);
    EXPECT_EQ(size, sizeof(flags));
    return flags;
  }

  static void Arrives(unsigned char software, unsigned char hardware) {
    waiting.push_back({{Stamps(kStampsOld, software, 0, hardware)}, 0});
  }

  static void WasSent(uint32_t info, unsigned char software,
                      unsigned char hardware) {
    waiting.push_back(
        {{Stamps(kStampsOld, software, 0, hardware), StampReport(info)},
         MSG_ERRQUEUE});
  }

  msghdr Message() {
    msghdr msg{};
    msg.msg_control = control_;
    msg.msg_controllen = sizeof(control_);
    return msg;
  }

  Shown Receive(int fd = kFd, int flags = 0) {
    msghdr msg = Message();
    EXPECT_EQ(recvmsg(fd, &msg, flags), 5);
    return ShownIn(msg);
  }

  alignas(cmsghdr) unsigned char control_[512] = {};
};

// The first, for once a socket has asked there is no way back.
TEST_F(Recvmsg, TakesNoSecondLookUntilASocketAsks) {
  plain_possible_look();
  ASSERT_FALSE(plain_stamps_possible());
  const int before = fake_kernel::Calls();
  fake_kernel::SetFlags(kFd, lkos_sof_held(kRxOnly));
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{7, 0, 0}));
  EXPECT_EQ(fake_kernel::Calls(), before);
  fake_kernel::Open(kOther);
  Ask(kOther, 0);  // any request at all, on any socket
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{0, 0, 7}));
}

TEST_F(Recvmsg, GivesTheSoftwareStampWhereHardwareWasAsked) {
  Ask(kFd, kRxOnly);
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{0, 0, 7}));
}

TEST_F(Recvmsg, GivesBothWhereBothWereAsked) {
  Ask(kFd, kRxOnly | SOF_TIMESTAMPING_RX_SOFTWARE | kSoftware);
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{7, 0, 7}));
}

TEST_F(Recvmsg, KeepsAStampThatACardMade) {
  Ask(kFd, kRxOnly);
  Arrives(0, 9);
  EXPECT_EQ(Receive(), (Shown{0, 0, 9}));
  Arrives(7, 9);
  EXPECT_EQ(Receive(), (Shown{0, 0, 9}));
  Ask(kFd, kRxOnly | kSoftware);
  Arrives(7, 9);
  EXPECT_EQ(Receive(), (Shown{7, 0, 9}));
}

TEST_F(Recvmsg, LeavesTheStampsOfOthersAlone) {
  for (const uint32_t asked : {SOF_TIMESTAMPING_RX_SOFTWARE | kSoftware,
                               kSoftware, kTxOnly | kSoftware}) {
    Ask(kFd, asked);
    Arrives(7, 0);
    EXPECT_EQ(Receive(), (Shown{7, 0, 0})) << asked;
  }
}

TEST_F(Recvmsg, LeavesStampsAloneThatSomebodyAskedPastUs) {
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{7, 0, 0}));  // now it is known, as asking nothing
  fake_kernel::SetFlags(kFd, SOF_TIMESTAMPING_RX_SOFTWARE | kSoftware);
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{7, 0, 0}));
}

TEST_F(Recvmsg, TakesOutAStampThatNobodyAsked) {
  Ask(kFd, kTxOnly);  // which has the kernel report software stamps, too
  Arrives(7, 0);
  EXPECT_EQ(Receive(), Shown{});
}

// A kernel that does as it is told, with a card that stamps or without: for
// each set of flags the application sees what a card's kernel would show, with
// software stamps where the card makes none.
TEST_F(Recvmsg, ShowsWhatACardsKernelWouldForEachSet) {
  constexpr unsigned char kSw = 7, kHw = 9;
  for (uint32_t asked = 0; asked < 128; ++asked) {
    for (const bool card : {false, true}) {
      for (const bool sent : {false, true}) {
        const uint32_t by_card = SOF_TIMESTAMPING_RAW_HARDWARE |
                                 (sent ? SOF_TIMESTAMPING_TX_HARDWARE
                                       : SOF_TIMESTAMPING_RX_HARDWARE);
        const uint32_t by_kernel =
            kSoftware | (sent ? SOF_TIMESTAMPING_TX_SOFTWARE
                              : SOF_TIMESTAMPING_RX_SOFTWARE);
        Ask(kFd, asked);
        const uint32_t kernel = fake_kernel::FlagsOf(kFd);
        const unsigned char software =
            (kernel & by_kernel) == by_kernel ? kSw : 0;
        const unsigned char hardware =
            card && (kernel & by_card) == by_card ? kHw : 0;
        Waiting message;
        if (software != 0 || hardware != 0) {
          message.control.push_back(Stamps(kStampsOld, software, 0, hardware));
        }
        if (sent) {
          message.control.push_back(StampReport(SCM_TSTAMP_SND));
          message.msg_flags = MSG_ERRQUEUE;
        }
        waiting.push_back(message);

        const bool wants = (asked & by_card) == by_card;
        // A report has one stamp.
        const bool both = asked & kSoftware && !(wants && sent);
        Shown expected{both ? software : 0, 0, wants ? (card ? kHw : kSw) : 0};
        if (expected == (Shown{0, 0, 0})) expected = {};
        ASSERT_EQ(Receive(kFd, sent ? MSG_ERRQUEUE : 0), expected)
            << std::hex << asked << (card ? ", card" : "")
            << (sent ? ", sent" : "");
        ASSERT_EQ(AskedOf(kFd), asked);
      }
    }
  }
}

TEST_F(Recvmsg, TellsTheReportsOfTheErrorQueueApart) {
  Ask(kFd, kTxOnly | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK);
  WasSent(SCM_TSTAMP_SCHED, 5, 0);
  WasSent(SCM_TSTAMP_SND, 6, 0);
  WasSent(SCM_TSTAMP_ACK, 7, 0);
  waiting.push_back(
      {{Stamps(kStampsOld, 8, 0, 0),
        Report(SOL_IP, IP_RECVERR, ECONNREFUSED, SO_EE_ORIGIN_ICMP, 0)},
       MSG_ERRQUEUE});
  EXPECT_EQ(Receive(kFd, MSG_ERRQUEUE), (Shown{5, 0, 0}));
  EXPECT_EQ(Receive(kFd, MSG_ERRQUEUE), (Shown{0, 0, 6}));
  EXPECT_EQ(Receive(kFd, MSG_ERRQUEUE), (Shown{7, 0, 0}));
  EXPECT_EQ(Receive(kFd, MSG_ERRQUEUE), (Shown{8, 0, 0}));
}

// The direction is what the kernel says of the message, not what the caller
// asked for.
TEST_F(Recvmsg, GoesByTheFlagsOfTheMessage) {
  Ask(kFd, kRxOnly);
  Arrives(7, 0);
  EXPECT_EQ(Receive(kFd, MSG_ERRQUEUE), (Shown{0, 0, 7}));
  WasSent(SCM_TSTAMP_SND, 7, 0);
  EXPECT_EQ(Receive(kFd, 0), Shown{});  // nobody asked for that one
}

TEST_F(Recvmsg, ShowsStampsAtAnyRoomForControlData) {
  Ask(kFd, kRxOnly);
  for (size_t room = 0; room <= 80; ++room) {
    Bytes control(room, 0xa5);
    msghdr msg{};
    msg.msg_control = control.data();
    msg.msg_controllen = room;
    Arrives(7, 0);
    ASSERT_EQ(recvmsg(kFd, &msg, 0), 5);
    Bytes wanted(80, 0xa5);
    bool cut;
    const size_t used =
        PutMessages({Stamps(kStampsOld, 0, 0, 7)}, wanted.data(), room, &cut);
    wanted.resize(room);
    EXPECT_EQ(control, wanted) << room;
    EXPECT_EQ(msg.msg_controllen, used);
    EXPECT_EQ(msg.msg_flags, cut ? MSG_CTRUNC : 0);
  }
}

TEST_F(Recvmsg, FailsAsTheKernelDoes) {
  Ask(kFd, kRxOnly);
  msghdr msg = Message();
  memset(control_, 0xa5, sizeof(control_));
  errno = 0;
  EXPECT_EQ(recvmsg(kFd, &msg, 0), -1);  // nothing waits
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(msg.msg_controllen, sizeof(control_));
  for (const unsigned char byte : control_) ASSERT_EQ(byte, 0xa5);
  EXPECT_EQ(recvmsg(kFd, nullptr, 0), -1);
  EXPECT_EQ(errno, EFAULT);
  EXPECT_EQ(recvmsg(kFd, nullptr, kOnepkt), -1);
  EXPECT_EQ(errno, EFAULT);
}

TEST_F(Recvmsg, LeavesErrnoAloneWhenItSucceeds) {
  fake_kernel::OpenFile(kOther);
  for (const int fd :
       {kFd, kOther, 999999}) {  // a socket, no socket, no descriptor
    Arrives(7, 0);
    errno = 77;
    Receive(fd);
    EXPECT_EQ(errno, 77) << fd;
  }
}

TEST_F(Recvmsg, TakesNoCallBesideItsOwnOnceTheSocketIsKnown) {
  for (const uint32_t asked :
       {kRxOnly, SOF_TIMESTAMPING_RX_SOFTWARE | kSoftware, 0x5cu, 0x7fu}) {
    // Learnt by the first stamp that came, whoever requested it.
    for (const bool set : {true, false}) {
      fake_kernel::Open(kFd);
      plain_fd_forget(kFd);
      if (set)
        Ask(kFd, asked);
      else
        fake_kernel::SetFlags(kFd, asked);
      Arrives(7, 0);
      Receive();
      const int before = fake_kernel::Calls();
      calls = 0;
      for (int i = 0; i < 10; ++i) {
        Arrives(7, 0);
        Receive();
      }
      EXPECT_EQ(calls, 10);
      EXPECT_EQ(fake_kernel::Calls(), before) << std::hex << asked;
    }
  }
}

TEST_F(Recvmsg, HandsAllOtherMessagesOnAsTheyCame) {
  const std::vector<std::vector<ControlMessage>> all = {
      {},
      {{SOL_IP, IP_PKTINFO, Bytes(12, 3)}},
      {{SOL_SOCKET, SO_RXQ_OVFL, Bytes(4, 3)}, {SOL_SOCKET, 35, Bytes(16, 3)}},
  };
  const int before = fake_kernel::Calls();
  for (const auto& control : all) {
    Bytes wanted(sizeof(control_), 0);
    bool cut;
    const size_t used =
        PutMessages(control, wanted.data(), wanted.size(), &cut);
    memset(control_, 0, sizeof(control_));
    waiting.push_back({control, 0});
    msghdr msg = Message();
    EXPECT_EQ(recvmsg(kFd, &msg, 0), 5);
    EXPECT_EQ(msg.msg_controllen, used);
    EXPECT_EQ(Bytes(control_, control_ + sizeof(control_)), wanted);
  }
  EXPECT_EQ(fake_kernel::Calls(),
            before);  // a socket that we have not met, and need not meet
}

TEST_F(Recvmsg, ShowsStampsOfEachMessageOfRecvmmsg) {
  Ask(kFd, kRxOnly);
  alignas(cmsghdr) unsigned char control[6][128];
  mmsghdr msgs[6] = {};
  for (int i = 0; i < 6; ++i) {
    msgs[i].msg_hdr.msg_control = control[i];
    msgs[i].msg_hdr.msg_controllen = sizeof(control[i]);
  }
  // Where none comes, whatever is there stays.
  bool cut;
  PutMessages({Stamps(kStampsOld, 6, 0, 0)}, control[5], sizeof(control[5]),
              &cut);
  Arrives(1, 0);
  waiting.push_back({});
  Arrives(3, 9);
  WasSent(SCM_TSTAMP_SND, 4, 0);
  Arrives(5, 0);
  timespec timeout = {1, 0};
  EXPECT_EQ(recvmmsg(kFd, msgs, 6, MSG_WAITFORONE, &timeout), 5);
  EXPECT_EQ(ShownIn(msgs[0].msg_hdr), (Shown{0, 0, 1}));
  EXPECT_EQ(ShownIn(msgs[1].msg_hdr), Shown{});
  EXPECT_EQ(ShownIn(msgs[2].msg_hdr), (Shown{0, 0, 9}));
  EXPECT_EQ(ShownIn(msgs[3].msg_hdr), Shown{});  // nobody asked for that one
  EXPECT_EQ(ShownIn(msgs[4].msg_hdr), (Shown{0, 0, 5}));
  EXPECT_EQ(ShownIn(msgs[5].msg_hdr), (Shown{6, 0, 0}));
  EXPECT_EQ(last.size, 6u);
  EXPECT_EQ(last.flags, MSG_WAITFORONE);
  EXPECT_EQ(last.address, &timeout);
  EXPECT_EQ(recvmmsg(kFd, msgs, 6, 0, nullptr), -1);
  EXPECT_EQ(errno, EAGAIN);
}

// ONLOAD_MSG_ONEPKT, with each call that takes it.

struct Receiving {
  const char* name;
  std::function<ssize_t(int fd, int flags)> call;
  ssize_t result;
};

class Onepkt : public Recvmsg {
 protected:
  Onepkt() {
    msg_ = Message();
    mmsg_.msg_hdr = msg_;
  }

  std::vector<Receiving> Calls() {
    return {
        {"recv",
         [this](int fd, int flags) { return recv(fd, data_, 10, flags); }, 3},
        {"recvfrom",
         [this](int fd, int flags) {
           return recvfrom(fd, data_, 10, flags,
                           reinterpret_cast<sockaddr*>(&address_), &size_);
         },
         4},
        {"__recv_chk",
         [this](int fd, int flags) {
           return __recv_chk(fd, data_, 10, 16, flags);
         },
         6},
        {"__recvfrom_chk",
         [this](int fd, int flags) {
           return __recvfrom_chk(fd, data_, 10, 16, flags,
                                 reinterpret_cast<sockaddr*>(&address_),
                                 &size_);
         },
         7},
        {"recvmsg",
         [this](int fd, int flags) { return recvmsg(fd, &msg_, flags); }, 5},
        {"recvmmsg",
         [this](int fd, int flags) {
           return recvmmsg(fd, &mmsg_, 1, flags, &timeout_);
         },
         1},
    };
  }

  void ExpectArguments(const std::string& name) {
    const bool from = name == "recvfrom" || name == "__recvfrom_chk";
    if (name == "recvmsg") {
      EXPECT_EQ(last.buffer, &msg_);
    } else if (name == "recvmmsg") {
      EXPECT_EQ(last.buffer, &mmsg_);
      EXPECT_EQ(last.address, &timeout_);
      EXPECT_EQ(last.size, 1u);
    } else {
      EXPECT_EQ(last.buffer, data_);
      EXPECT_EQ(last.size, 10u);
      EXPECT_EQ(last.room, name.find("_chk") != std::string::npos ? 16u : 0u);
      EXPECT_EQ(last.address, from ? &address_ : nullptr);
      EXPECT_EQ(last.address_size, from ? &size_ : nullptr);
    }
  }

  char data_[16] = {};
  sockaddr_storage address_ = {};
  socklen_t size_ = sizeof(address_);
  timespec timeout_ = {1, 0};
  msghdr msg_ = {};
  mmsghdr mmsg_ = {};
};

TEST_F(Onepkt, IsTakenOutAndAllElseGoesOn) {
  for (const Receiving& receiving : Calls()) {
    SCOPED_TRACE(receiving.name);
    for (const int flags :
         {0, int{MSG_PEEK}, MSG_DONTWAIT | MSG_TRUNC, MSG_WAITALL | MSG_PEEK}) {
      for (const int bit : {0, kOnepkt}) {
        waiting.assign(1, {});
        last = {};
        EXPECT_EQ(receiving.call(kFd, flags | bit), receiving.result);
        EXPECT_STREQ(last.name, receiving.name);
        EXPECT_EQ(last.fd, kFd);
        EXPECT_EQ(last.flags, flags);
        ExpectArguments(receiving.name);
      }
    }
  }
}

TEST_F(Onepkt, WithWaitallIsRefusedOnTcpOnly) {
  const struct {
    int domain, type, protocol;
    bool refused;
  } rows[] = {{AF_INET, SOCK_STREAM, 0, true},
              {AF_INET6, SOCK_STREAM, 0, true},
              {AF_INET, SOCK_STREAM, IPPROTO_MPTCP, true},
              {AF_INET, SOCK_STREAM, IPPROTO_SCTP, false},
              {AF_INET6, SOCK_STREAM, IPPROTO_SCTP, false},
              {AF_INET, SOCK_DGRAM, 0, false},
              {AF_INET6, SOCK_DGRAM, 0, false},
              {AF_UNIX, SOCK_STREAM, 0, false},
              {AF_UNIX, SOCK_SEQPACKET, 0, false},
              {AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, false},
              {AF_PACKET, SOCK_RAW, 0, false}};
  for (const auto& row : rows) {
    fake_kernel::Open(kFd, row.domain, row.type, row.protocol);
    for (const Receiving& receiving : Calls()) {
      SCOPED_TRACE(receiving.name + std::string(" ") +
                   std::to_string(row.domain));
      waiting.assign(1, {});
      calls = 0;
      errno = 77;
      const ssize_t result = receiving.call(kFd, kOnepkt | MSG_WAITALL);
      if (row.refused) {
        EXPECT_EQ(result, -1);
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(calls, 0);
        EXPECT_EQ(waiting.size(), 1u);
      } else {
        EXPECT_EQ(result, receiving.result);
        EXPECT_EQ(errno, 77);
        EXPECT_EQ(last.flags, MSG_WAITALL);
      }
    }
  }
}

TEST_F(Onepkt, WithWaitallGoesOnWhereThereIsNoSocket) {
  fake_kernel::OpenFile(kOther);
  for (const int fd : {kOther, 999999, -1}) {
    for (const Receiving& receiving : Calls()) {
      waiting.assign(1, {});
      EXPECT_EQ(receiving.call(fd, kOnepkt | MSG_WAITALL), receiving.result);
      EXPECT_EQ(last.flags, MSG_WAITALL);
    }
  }
}

TEST_F(Onepkt, AsksForTheKindOfSocketOnlyWithWaitall) {
  fake_kernel::Open(kFd, AF_INET, SOCK_STREAM);
  const int before = fake_kernel::Calls();
  for (const Receiving& receiving : Calls()) {
    for (const int flags : {0, int{MSG_WAITALL}, kOnepkt, kOnepkt | MSG_PEEK}) {
      waiting.assign(1, {});
      EXPECT_EQ(receiving.call(kFd, flags), receiving.result);
    }
  }
  EXPECT_EQ(fake_kernel::Calls(), before);
}

TEST_F(Onepkt, BringsStampsToo) {
  Ask(kFd, kRxOnly);
  Arrives(7, 0);
  EXPECT_EQ(Receive(kFd, kOnepkt), (Shown{0, 0, 7}));
  Arrives(8, 0);
  mmsg_.msg_hdr = Message();
  EXPECT_EQ(recvmmsg(kFd, &mmsg_, 1, kOnepkt, nullptr), 1);
  EXPECT_EQ(ShownIn(mmsg_.msg_hdr), (Shown{0, 0, 8}));
}

// Numbers that are given out anew. kOther was a socket that asked for hardware
// stamps; each way to give the number out makes it another, and each way to
// close it lets another have it.

struct Way {
  const char* name;
  std::function<void()> go;
};

class Reuse : public Recvmsg {
 protected:
  void SetUp() override {
    Recvmsg::SetUp();
    Begin();
  }

  void Begin() {
    fake_kernel::Install();
    fake_kernel::Open(kFd);
    fake_kernel::Open(kOther);
    plain_fd_forget(kFd);
    plain_fd_forget(kOther);
    Ask(kOther, kRxOnly);
    Ask(kFd, SOF_TIMESTAMPING_RX_SOFTWARE | kSoftware);
    Arrives(7, 0);
    ASSERT_EQ(Receive(kOther), (Shown{0, 0, 7}));
  }
};

TEST_F(Reuse, IsSeenInEachCallThatGivesANumberOut) {
  const Way ways[] = {
      {"dup", [] { EXPECT_EQ(dup(kFd), kOther); }},
      {"dup2", [] { EXPECT_EQ(dup2(kFd, kOther), kOther); }},
      {"dup3", [] { EXPECT_EQ(dup3(kFd, kOther, O_CLOEXEC), kOther); }},
      {"F_DUPFD", [] { EXPECT_EQ(fcntl(kFd, F_DUPFD, kOther), kOther); }},
      {"F_DUPFD_CLOEXEC",
       [] { EXPECT_EQ(fcntl(kFd, F_DUPFD_CLOEXEC, kOther), kOther); }},
      {"fcntl64", [] { EXPECT_EQ(fcntl64(kFd, F_DUPFD, kOther), kOther); }},
      {"accept", [] { EXPECT_EQ(accept(kFd, nullptr, nullptr), kOther); }},
      {"accept4", [] { EXPECT_EQ(accept4(kFd, nullptr, nullptr, 0), kOther); }},
      {"socket", [] { EXPECT_EQ(socket(AF_INET, SOCK_DGRAM, 0), kOther); }},
      {"socketpair",
       [] {
         int fds[2];
         EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
       }},
      {"pidfd_getfd", [] { EXPECT_EQ(pidfd_getfd(3, 4, 0), kOther); }},
  };
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    Begin();
    way.go();
    Arrives(7, 0);
    EXPECT_EQ(Receive(kOther), (Shown{7, 0, 0}));
  }
}

TEST_F(Reuse, IsSeenInEachCallThatClosesANumber) {
  const Way ways[] = {
      {"close", [] { EXPECT_EQ(close(kOther), 0); }},
      {"close_range", [] { EXPECT_EQ(close_range(kOther, kOther + 1, 0), 0); }},
      {"closefrom", [] { closefrom(kOther); }},
  };
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    Begin();
    way.go();
    fake_kernel::Open(kOther);  // by a call that we do not see
    Arrives(7, 0);
    EXPECT_EQ(Receive(kOther), (Shown{7, 0, 0}));
    Arrives(7, 0);
    EXPECT_EQ(Receive(kFd), (Shown{7, 0, 0}));
  }
}

TEST_F(Reuse, IsSeenInDescriptorsThatArrive) {
  int arrived[2] = {kOther + 5, kOther};
  waiting.push_back({{{SOL_SOCKET, SCM_RIGHTS, BytesOf(arrived)}}, 0});
  Receive(kFd);
  fake_kernel::Open(kOther);
  Arrives(7, 0);
  EXPECT_EQ(Receive(kOther), (Shown{7, 0, 0}));
}

TEST_F(Reuse, IsNotSeenWhereThereIsNone) {
  const int before = fake_kernel::Calls();
  lkos_next.close_range = [](unsigned int, unsigned int, int) { return -1; };
  EXPECT_EQ(close_range(kOther, kOther, 0), -1);
  EXPECT_EQ(fcntl(kOther, F_GETFD), 42);
  EXPECT_EQ(fcntl(kOther, F_SETFL, O_NONBLOCK), 42);
  lkos_next.close_range = [](unsigned int, unsigned int, int) { return 0; };
  EXPECT_EQ(close_range(kOther, kOther, 1 << 2),
            0);  // CLOSE_RANGE_CLOEXEC closes nothing yet
  Arrives(7, 0);
  EXPECT_EQ(Receive(kOther), (Shown{0, 0, 7}));
  EXPECT_EQ(fake_kernel::Calls(), before);
}

// The number is forgotten before the call, so that no other thread takes the
// new socket for the old one; where the call fails, the old one is learnt anew.
TEST_F(Reuse, IsFeltAheadWhereTheNumberIsChosen) {
  static bool known;
  static const auto look = [] {
    uint32_t requested;
    known = plain_fd_cached(kOther, &requested);
    return -1;
  };
  lkos_next.dup2 = [](int, int) { return look(); };
  lkos_next.dup3 = [](int, int, int) { return look(); };
  const std::function<int()> ways[] = {[] { return dup2(kFd, kOther); },
                                       [] { return dup3(kFd, kOther, 0); }};
  for (const auto& way : ways) {
    known = true;
    EXPECT_EQ(way(), -1);
    EXPECT_FALSE(known);
    Arrives(7, 0);
    EXPECT_EQ(Receive(kOther), (Shown{0, 0, 7}));
  }
}

TEST_F(Reuse, OfADuplicateKeepsWhatTheSocketAsked) {
  EXPECT_EQ(dup2(kOther, kFd), kFd);
  EXPECT_EQ(close(kOther), 0);
  Arrives(7, 0);
  EXPECT_EQ(Receive(kFd), (Shown{0, 0, 7}));
  EXPECT_EQ(AskedOf(kFd), kRxOnly);
}

// A listener receives nothing, so that nothing else tells what it asked.
TEST_F(Reuse, ByAcceptInheritsFromAListenerThatWasForgotten) {
  const uint32_t asked = kRxOnly | SOF_TIMESTAMPING_RX_SOFTWARE | kSoftware;
  Ask(kFd, asked);
  plain_fd_forget_range(0, ~0u);
  EXPECT_EQ(accept(kFd, nullptr, nullptr), kOther);
  EXPECT_EQ(AskedOf(kOther), asked);
  Arrives(7, 0);
  EXPECT_EQ(Receive(kOther), (Shown{7, 0, 7}));
}

TEST_F(Recvmsg, ShowsWhatAnotherProgramAskedOnceTheFlagsWereRead) {
  Ask(kFd, 0);
  fake_kernel::SetFlags(kFd, lkos_sof_held(kRxOnly));
  EXPECT_EQ(AskedOf(kFd), kRxOnly);
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{0, 0, 7}));
}

// Read neither by us nor by the application: the stamp that comes says it.
TEST_F(Recvmsg, ShowsWhatAnotherProgramAskedWhereNothingWasKnownToBeAsked) {
  Ask(kFd, 0);
  EXPECT_EQ(AskedOf(kFd), 0u);
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{7, 0, 0}));  // now it is known, as asking nothing
  fake_kernel::SetFlags(kFd, lkos_sof_held(kRxOnly));
  Arrives(7, 0);
  EXPECT_EQ(Receive(), (Shown{0, 0, 7}));
}

TEST_F(Reuse, ByAcceptInheritsFromTheListener) {
  for (const uint32_t asked : {kRxOnly, kRxOnly | kSoftware, 0x5cu, 0x7fu}) {
    Ask(kFd, asked);
    EXPECT_EQ(accept(kFd, nullptr, nullptr), kOther);
    EXPECT_EQ(AskedOf(kOther), asked);
    Arrives(7, 0);
    EXPECT_EQ(Receive(kOther), (Shown{asked & kSoftware ? 7 : 0, 0, 7}));
  }
}

}  // namespace
