// SPDX-License-Identifier: GPL-2.0-only
// The send calls on a fake kernel: what they hand on, and where sendmmsg ends.
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/control_data.h"
#include "tests/harness/fake_kernel.h"

extern "C" {
#include "src/runtime/next.h"
}

namespace {

constexpr int kFd = 300;
constexpr uint32_t kRaw = SOF_TIMESTAMPING_RAW_HARDWARE;

// A message that the next sendmmsg was given, and what became of it.
struct Sent {
  int flags;                       // as the kernel takes them
  std::vector<uint32_t> requests;  // in control data
  size_t control;                  // bytes of it
  const iovec* pieces;
};
std::vector<Sent> sent;

// What each message comes to: bytes; or -errno, where that is sent no more.
// Without an entry, all of it is sent.
std::vector<ssize_t> results;

struct Call {
  const mmsghdr* msgs;
  unsigned int count;
  int flags;
};
std::vector<Call> calls;

size_t LengthOf(const msghdr& msg) {
  size_t length = 0;
  for (size_t i = 0; i < msg.msg_iovlen; ++i) length += msg.msg_iov[i].iov_len;
  return length;
}

// As the kernel does: it takes this one flag from a message, and ends with an
// error or with a message that was sent in part.
int NextSendmmsg(int, mmsghdr* msgs, unsigned int count, int flags) {
  int done = 0;
  calls.push_back({msgs, count, flags});
  for (unsigned int i = 0; i < count; ++i) {
    msghdr* msg = &msgs[i].msg_hdr;
    const size_t length = LengthOf(*msg);
    const ssize_t result = sent.size() < results.size()
                               ? results[sent.size()]
                               : static_cast<ssize_t>(length);
    if (result < 0) {
      if (done == 0) errno = static_cast<int>(-result);
      return done > 0 ? done : -1;
    }
    Sent one = {flags | (msg->msg_flags & MSG_EOR),
                {},
                msg->msg_controllen,
                msg->msg_iov};
    for (cmsghdr* at = CMSG_FIRSTHDR(msg); at != nullptr;
         at = CMSG_NXTHDR(msg, at)) {
      uint32_t request;
      if (at->cmsg_type != SO_TIMESTAMPING) continue;
      memcpy(&request, CMSG_DATA(at), sizeof(request));
      one.requests.push_back(request);
    }
    sent.push_back(one);
    msgs[i].msg_len = static_cast<unsigned int>(result);
    ++done;
    if (static_cast<size_t>(result) < length) break;
  }
  return done;
}

constexpr int kMessages = 20;
constexpr unsigned int kAtOnce = 8;  // copies on the stack
constexpr uint32_t kTxHardware = SOF_TIMESTAMPING_TX_HARDWARE;
constexpr uint32_t kTxBoth =
    SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE;

class Sendmmsg : public testing::Test {
 protected:
  void SetUp() override {
    libc_ = lkos_next;
    Begin();
  }

  void Begin() {
    fake_kernel::Install();
    lkos_next.sendmmsg = NextSendmmsg;
    fake_kernel::Open(kFd, AF_INET, SOCK_STREAM);
    ASSERT_EQ(setsockopt(kFd, SOL_SOCKET, SO_TIMESTAMPING, &kRaw, sizeof(kRaw)),
              0);
    sent.clear();
    results.clear();
    calls.clear();
    for (int i = 0; i < kMessages; ++i) {
      pieces_[i][0] = {data_, 2};
      pieces_[i][1] = {data_ + 2, 3};
      msgs_[i] = {};
      msgs_[i].msg_hdr.msg_iov = pieces_[i];
      msgs_[i].msg_hdr.msg_iovlen = 2;
    }
  }

  void TearDown() override { lkos_next = libc_; }

  // And `more` bytes of other control data.
  void Request(int message, uint32_t flags, size_t more = 0) {
    bool cut;
    std::vector<ControlMessage> control = {
        {SOL_SOCKET, SO_TIMESTAMPING, BytesOf(flags)}};
    if (more != 0) control.push_back({SOL_IP, IP_PKTINFO, Bytes(more, 3)});
    msghdr* msg = &msgs_[message].msg_hdr;
    msg->msg_control = control_[message];
    msg->msg_controllen = PutMessages(control, control_[message],
                                      sizeof(control_[message]), &cut);
    ASSERT_FALSE(cut);
  }

  // Of the first `count` messages: each was sent once, in order.
  void ExpectSent(size_t count) {
    ASSERT_EQ(sent.size(), count);
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(sent[i].pieces, pieces_[i]);
  }

  static std::vector<unsigned int> Counts() {
    std::vector<unsigned int> counts;
    for (const Call& call : calls) counts.push_back(call.count);
    return counts;
  }

  struct lkos_next libc_;
  char data_[5] = {};
  iovec pieces_[kMessages][2];
  mmsghdr msgs_[kMessages];
  alignas(cmsghdr) unsigned char control_[kMessages][512];
};

// The next calls give back the flags that they get.
TEST(Warm, IsTakenOutAndAllElseGoesOnWhereNothingIsTcp) {
  const struct lkos_next libc = lkos_next;
  fake_kernel::Install();
  fake_kernel::Open(kFd, AF_INET, SOCK_DGRAM);
  lkos_next.send = [](int, const void*, size_t, int flags) -> ssize_t {
    return flags;
  };
  lkos_next.sendto = [](int, const void*, size_t, int flags, const sockaddr*,
                        socklen_t) -> ssize_t { return flags; };
  lkos_next.sendmsg = [](int, const msghdr*, int flags) -> ssize_t {
    return flags;
  };
  lkos_next.sendmmsg = [](int, mmsghdr*, unsigned int, int flags) {
    return flags;
  };
  for (const int flags : {0, int{MSG_DONTWAIT}, MSG_MORE | MSG_NOSIGNAL,
                          MSG_OOB | MSG_EOR | 0x10000000}) {
    for (const int bit : {0, 0x400 /* ONLOAD_MSG_WARM */}) {
      mmsghdr msgs[1] = {};
      EXPECT_EQ(send(kFd, "", 0, flags | bit), flags);
      EXPECT_EQ(sendto(kFd, "", 0, flags | bit, nullptr, 0), flags);
      EXPECT_EQ(sendmsg(kFd, &msgs[0].msg_hdr, flags | bit), flags);
      EXPECT_EQ(sendmmsg(kFd, msgs, 1, flags | bit), flags);
    }
  }
  lkos_next = libc;
}

TEST_F(Sendmmsg, IsOneCallUnlessAMessageAsksForAHardwareStamp) {
  Request(1, SOF_TIMESTAMPING_TX_SOFTWARE);
  EXPECT_EQ(sendmmsg(kFd, msgs_, 3, MSG_DONTWAIT), 3);
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].msgs, msgs_);
  EXPECT_EQ(calls[0].count, 3u);
  EXPECT_EQ(calls[0].flags, MSG_DONTWAIT);
  EXPECT_EQ(sent[1].requests,
            std::vector<uint32_t>{SOF_TIMESTAMPING_TX_SOFTWARE});
}

TEST_F(Sendmmsg, IsOneCallOnASocketThatReportsNoHardwareStamps) {
  const uint32_t software = SOF_TIMESTAMPING_SOFTWARE;
  ASSERT_EQ(
      setsockopt(kFd, SOL_SOCKET, SO_TIMESTAMPING, &software, sizeof(software)),
      0);
  Request(1, SOF_TIMESTAMPING_TX_HARDWARE);
  EXPECT_EQ(sendmmsg(kFd, msgs_, kMessages, 0), kMessages);
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].msgs, msgs_);
  EXPECT_EQ(calls[0].count, unsigned{kMessages});
  EXPECT_EQ(sent[1].requests,
            std::vector<uint32_t>{SOF_TIMESTAMPING_TX_HARDWARE});
}

TEST_F(Sendmmsg, AsksForASoftwareStampBesideTheHardwareOne) {
  Request(1, SOF_TIMESTAMPING_TX_HARDWARE);
  const Bytes control = BytesOf(control_[1]);
  EXPECT_EQ(sendmmsg(kFd, msgs_, 3, MSG_DONTWAIT), 3);
  ExpectSent(3);
  EXPECT_TRUE(sent[0].requests.empty());
  EXPECT_EQ(sent[1].requests, std::vector<uint32_t>{kTxBoth});
  EXPECT_TRUE(sent[2].requests.empty());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(msgs_[i].msg_len, 5u);
  // The application's own is as it was.
  EXPECT_EQ(BytesOf(control_[1]), control);
  EXPECT_EQ(msgs_[1].msg_hdr.msg_control, control_[1]);
  EXPECT_EQ(Counts(), std::vector<unsigned int>{3});
}

// As the kernel does, or the rest of one message would come behind the next.
TEST_F(Sendmmsg, EndsWithAMessageThatAStreamTookAPartOf) {
  Request(0, SOF_TIMESTAMPING_TX_HARDWARE);
  results = {5, 4, 5};
  EXPECT_EQ(sendmmsg(kFd, msgs_, 3, MSG_DONTWAIT), 2);
  EXPECT_EQ(sent.size(), 2u);
  EXPECT_EQ(msgs_[0].msg_len, 5u);
  EXPECT_EQ(msgs_[1].msg_len, 4u);
  EXPECT_EQ(msgs_[2].msg_len, 0u);
}

// The kernel takes this flag, and no other, from a message of sendmmsg too.
TEST_F(Sendmmsg, HandsOnTheEndOfARecord) {
  Request(0, SOF_TIMESTAMPING_TX_HARDWARE);
  msgs_[1].msg_hdr.msg_flags = MSG_EOR | MSG_OOB;
  EXPECT_EQ(sendmmsg(kFd, msgs_, 3, MSG_DONTWAIT), 3);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].flags, MSG_DONTWAIT);
  EXPECT_EQ(sent[1].flags, MSG_DONTWAIT | MSG_EOR);
  EXPECT_EQ(sent[2].flags, MSG_DONTWAIT);
}

TEST_F(Sendmmsg, SendsManyInOrderAndSomeAtOnce) {
  for (int i = 0; i < kMessages; ++i) Request(i, SOF_TIMESTAMPING_TX_HARDWARE);
  errno = 77;
  EXPECT_EQ(sendmmsg(kFd, msgs_, kMessages, MSG_DONTWAIT), kMessages);
  EXPECT_EQ(errno, 77);
  ExpectSent(kMessages);
  for (int i = 0; i < kMessages; ++i) {
    EXPECT_EQ(sent[i].requests, std::vector<uint32_t>{kTxBoth}) << i;
    EXPECT_EQ(sent[i].flags, MSG_DONTWAIT);
    EXPECT_EQ(msgs_[i].msg_len, 5u) << i;
  }
  EXPECT_EQ(Counts(), (std::vector<unsigned int>{kAtOnce, kAtOnce, 4}));
}

// The kernel can tell an error of the first message only; of the others it says
// so by the number that it sent.
TEST_F(Sendmmsg, EndsWithAnErrorWhereverItComes) {
  Request(0, SOF_TIMESTAMPING_TX_HARDWARE);
  for (int good = 0; good <= kMessages; ++good) {
    SCOPED_TRACE(good);
    sent.clear();
    for (mmsghdr& msg : msgs_) msg.msg_len = 0;
    results.assign(good, 5);
    results.push_back(-EAGAIN);
    errno = 77;
    const int result = sendmmsg(kFd, msgs_, kMessages, MSG_DONTWAIT);
    EXPECT_EQ(result, good > 0 ? good : -1);
    EXPECT_EQ(errno, good > 0 ? 77 : EAGAIN);
    ExpectSent(good);
    for (int i = 0; i < kMessages; ++i)
      EXPECT_EQ(msgs_[i].msg_len, i < good ? 5u : 0u) << i;
  }
}

TEST_F(Sendmmsg, EndsWithAPartWhereverItComes) {
  Request(0, SOF_TIMESTAMPING_TX_HARDWARE);
  for (int good = 0; good < kMessages; ++good) {
    for (const ssize_t part : {0, 1, 4}) {
      SCOPED_TRACE(good);
      sent.clear();
      for (mmsghdr& msg : msgs_) msg.msg_len = 0;
      results.assign(good, 5);
      results.push_back(part);
      EXPECT_EQ(sendmmsg(kFd, msgs_, kMessages, 0), good + 1);
      ExpectSent(good + 1);
      EXPECT_EQ(msgs_[good].msg_len, static_cast<unsigned int>(part));
    }
  }
}

// There is little room on the stack for control data.
TEST_F(Sendmmsg, SendsEachMessageOnceWhateverItsControlData) {
  for (const size_t more : {0, 1, 8, 20, 60, 100, 168, 172, 200, 400}) {
    for (int every = 1; every < 5; ++every) {
      SCOPED_TRACE(more);
      Begin();
      for (int i = 0; i < kMessages; ++i)
        Request(i, SOF_TIMESTAMPING_TX_HARDWARE, i % every == 0 ? more : 0);
      EXPECT_EQ(sendmmsg(kFd, msgs_, kMessages, 0), kMessages);
      ExpectSent(kMessages);
      for (int i = 0; i < kMessages; ++i) {
        const size_t size = msgs_[i].msg_hdr.msg_controllen;
        EXPECT_EQ(sent[i].control, size);
        EXPECT_EQ(sent[i].requests,
                  std::vector<uint32_t>{size <= 192 ? kTxBoth : kTxHardware})
            << i;
      }
    }
  }
}

TEST_F(Sendmmsg, SendsNoneWhereNoneIsGiven) {
  Request(0, SOF_TIMESTAMPING_TX_HARDWARE);
  EXPECT_EQ(sendmmsg(kFd, msgs_, 0, 0), 0);
  EXPECT_TRUE(sent.empty());
}

TEST_F(Sendmmsg, SendsAsManyAsTheKernelWould) {
  std::vector<mmsghdr> many(2000, msgs_[0]);
  bool cut;
  for (mmsghdr& msg : many) {
    msg.msg_hdr.msg_control = control_[0];
    msg.msg_hdr.msg_controllen =
        PutMessages({{SOL_SOCKET, SO_TIMESTAMPING, BytesOf(kTxHardware)}},
                    control_[0], sizeof(control_[0]), &cut);
  }
  EXPECT_EQ(sendmmsg(kFd, many.data(), 2000, 0), 1024);
  EXPECT_EQ(sent.size(), 1024u);
}

TEST_F(Sendmmsg, IsOneCallOnceTheSocketIsKnown) {
  Request(0, SOF_TIMESTAMPING_TX_HARDWARE);
  ASSERT_EQ(sendmmsg(kFd, msgs_, kAtOnce, 0), int{kAtOnce});
  // Learnt: what was requested has changed.
  ASSERT_EQ(sendmmsg(kFd, msgs_, kAtOnce, 0), int{kAtOnce});
  const int before = fake_kernel::Calls();
  calls.clear();
  EXPECT_EQ(sendmmsg(kFd, msgs_, kAtOnce, 0), int{kAtOnce});
  EXPECT_EQ(calls.size(), 1u);
  EXPECT_EQ(fake_kernel::Calls(), before);
}

}  // namespace
