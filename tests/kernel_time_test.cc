// SPDX-License-Identifier: GPL-2.0-only
// The kernel's time of a message, in all control messages that tell it.
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/control_data.h"

extern "C" {
#include "src/translate/kernel_time.h"
}

namespace {

constexpr int kTimeNsOld = 35, kTimeNsNew = 64;
constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kTold = 1700000000 * kSecond + 5;
constexpr uint64_t kOther = 1700000001 * kSecond + 7;
constexpr uint64_t kCard = 42 * kSecond + 1;

// One time as a control message of this type has it; 0: none.
Bytes At(int type, uint64_t time) {
  if (type == kTimeNsNew || type == kStampsNew)
    return BytesOf(
        std::array<int64_t, 2>{static_cast<int64_t>(time / kSecond),
                               static_cast<int64_t>(time % kSecond)});
  return BytesOf(std::array<long, 2>{static_cast<long>(time / kSecond),
                                     static_cast<long>(time % kSecond)});
}

struct Message {
  int type;
  std::vector<uint64_t> times;
};

Bytes Control(const std::vector<Message>& messages) {
  Bytes control;
  for (const Message& message : messages) {
    Bytes data;
    for (const uint64_t time : message.times) {
      const Bytes bytes = At(message.type, time);
      data.insert(data.end(), bytes.begin(), bytes.end());
    }
    cmsghdr header = {};
    header.cmsg_len = CMSG_LEN(data.size());
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = message.type;
    const Bytes head = BytesOf(header);
    control.insert(control.end(), head.begin(), head.end());
    control.insert(control.end(), data.begin(), data.end());
  }
  return control;
}

Bytes Replaced(Bytes control, size_t size) {
  msghdr msg = {};
  msg.msg_control = control.data();
  msg.msg_controllen = size;
  lkos_kernel_time_replace(&msg, kOther);
  return control;
}

Bytes Replaced(const Bytes& control) {
  return Replaced(control, control.size());
}

TEST(KernelTime, IsReplacedWhereverItIsTold) {
  for (const int time : {kTimeNsOld, kTimeNsNew}) {
    for (const int stamps : {kStampsOld, kStampsNew}) {
      EXPECT_EQ(Replaced(Control({{time, {kTold}},
                                  {stamps, {kTold, 0, kTold}},
                                  {stamps, {0, 0, kTold}}})),
                Control({{time, {kOther}},
                         {stamps, {kOther, 0, kOther}},
                         {stamps, {0, 0, kOther}}}));
    }
  }
}

TEST(KernelTime, LeavesTheStampsOfACard) {
  EXPECT_EQ(
      Replaced(
          Control({{kTimeNsOld, {kTold}}, {kStampsOld, {kTold, 0, kCard}}})),
      Control({{kTimeNsOld, {kOther}}, {kStampsOld, {kOther, 0, kCard}}}));
}

TEST(KernelTime, IsNotKnownWithoutItsOwnMessage) {
  const Bytes control = Control({{kStampsOld, {kTold, 0, kTold}}});
  EXPECT_EQ(Replaced(control), control);
  EXPECT_EQ(Replaced({}), Bytes());
}

TEST(KernelTime, IsLeftAloneWhereItIsCut) {
  const Bytes control = Control({{kTimeNsOld, {kTold}}});
  for (size_t size = 0; size < control.size(); ++size)
    EXPECT_EQ(Replaced(control, size), control) << size;
}

TEST(KernelTime, IsLeftAloneInOtherMessages) {
  Bytes control = Control({{kTimeNsOld, {kTold}}, {99, {kTold}}});
  EXPECT_EQ(Replaced(control),
            Control({{kTimeNsOld, {kOther}}, {99, {kTold}}}));
}

}  // namespace
