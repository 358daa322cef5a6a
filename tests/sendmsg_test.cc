// SPDX-License-Identifier: GPL-2.0-only
// The send calls on a fake kernel: what they hand on, and where sendmmsg ends.
#include <errno.h>
#include <linux/net_tstamp.h>
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

// What the next sendmsg was given, and what it gives.
struct Sent {
  int flags;
  std::vector<uint32_t> requests;  // in control data
};
std::vector<Sent> sent;
std::vector<ssize_t> results;

ssize_t NextSendmsg(int, const msghdr* msg, int flags) {
  Sent one = {flags, {}};
  for (cmsghdr* at = CMSG_FIRSTHDR(msg); at != nullptr;
       at = CMSG_NXTHDR(const_cast<msghdr*>(msg), at)) {
    uint32_t request;
    memcpy(&request, CMSG_DATA(at), sizeof(request));
    one.requests.push_back(request);
  }
  sent.push_back(one);
  return results[sent.size() - 1];
}

int whole_calls;
int NextSendmmsg(int, mmsghdr*, unsigned int count, int) {
  ++whole_calls;
  return static_cast<int>(count);
}

class Sendmmsg : public testing::Test {
 protected:
  void SetUp() override {
    libc_ = lkos_next;
    fake_kernel::Install();
    lkos_next.sendmsg = NextSendmsg;
    lkos_next.sendmmsg = NextSendmmsg;
    fake_kernel::Open(kFd, AF_INET, SOCK_STREAM);
    ASSERT_EQ(setsockopt(kFd, SOL_SOCKET, SO_TIMESTAMPING, &kRaw, sizeof(kRaw)),
              0);
    sent.clear();
    results = {5, 5, 5};
    whole_calls = 0;
    for (int i = 0; i < 3; ++i) {
      pieces_[i][0] = {data_, 2};
      pieces_[i][1] = {data_ + 2, 3};
      msgs_[i] = {};
      msgs_[i].msg_hdr.msg_iov = pieces_[i];
      msgs_[i].msg_hdr.msg_iovlen = 2;
    }
  }

  void TearDown() override { lkos_next = libc_; }

  void Request(int message, uint32_t flags) {
    bool cut;
    msghdr* msg = &msgs_[message].msg_hdr;
    msg->msg_control = control_[message];
    msg->msg_controllen =
        PutMessages({{SOL_SOCKET, SO_TIMESTAMPING, BytesOf(flags)}},
                    control_[message], sizeof(control_[message]), &cut);
  }

  struct lkos_next libc_;
  char data_[5] = {};
  iovec pieces_[3][2];
  mmsghdr msgs_[3];
  alignas(cmsghdr) unsigned char control_[3][64];
};

TEST_F(Sendmmsg, IsOneCallUnlessAMessageAsksForAHardwareStamp) {
  Request(1, SOF_TIMESTAMPING_TX_SOFTWARE);
  EXPECT_EQ(sendmmsg(kFd, msgs_, 3, MSG_DONTWAIT), 3);
  EXPECT_EQ(whole_calls, 1);
  EXPECT_TRUE(sent.empty());
}

TEST_F(Sendmmsg, AsksForASoftwareStampBesideTheHardwareOne) {
  Request(1, SOF_TIMESTAMPING_TX_HARDWARE);
  EXPECT_EQ(sendmmsg(kFd, msgs_, 3, MSG_DONTWAIT), 3);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_TRUE(sent[0].requests.empty());
  EXPECT_EQ(sent[1].requests,
            std::vector<uint32_t>{SOF_TIMESTAMPING_TX_HARDWARE |
                                  SOF_TIMESTAMPING_TX_SOFTWARE});
  for (const mmsghdr& msg : msgs_) EXPECT_EQ(msg.msg_len, 5u);
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

}  // namespace
