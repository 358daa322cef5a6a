// SPDX-License-Identifier: GPL-2.0-only
#ifndef TESTS_HARNESS_CONTROL_DATA_H_
#define TESTS_HARNESS_CONTROL_DATA_H_

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
// clang-format off
#include <time.h>  // before linux/errqueue.h, which needs it
#include <linux/errqueue.h>
// clang-format on

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

using Bytes = std::vector<unsigned char>;

// The kernel's numbers, which libc's headers name for one of the two forms
// only.
constexpr int kStampsOld = 37;
constexpr int kStampsNew = 65;
constexpr int kPacketTxTimestamp = 16;

template <typename T>
Bytes BytesOf(const T& value) {
  const auto* at = reinterpret_cast<const unsigned char*>(&value);
  return Bytes(at, at + sizeof(value));
}

// One control message as the kernel has it before it is cut and padded.
struct ControlMessage {
  int level, type;
  Bytes data;
};

// A time; each byte of it is distinct from zero unless `seconds` is 0.
struct Slot {
  uint64_t seconds, nanoseconds;
};

inline Slot Time(unsigned char seed) {
  if (seed == 0) return {0, 0};
  return {UINT64_C(0x0101010101010101) * seed,
          UINT64_C(0x0101010101010101) * seed + 1};
}

// SCM_TIMESTAMPING of the given form, the three slots seeded.
inline ControlMessage Stamps(int form, unsigned char software,
                             unsigned char system, unsigned char hardware) {
  ControlMessage message{SOL_SOCKET, form, {}};
  for (const unsigned char seed : {software, system, hardware}) {
    const Slot slot = Time(seed);
    if (form == kStampsNew || sizeof(long) == 8) {
      const Bytes bytes = BytesOf(slot);
      message.data.insert(message.data.end(), bytes.begin(), bytes.end());
    } else {
      const Bytes bytes = BytesOf(
          std::array<uint32_t, 2>{static_cast<uint32_t>(slot.seconds),
                                  static_cast<uint32_t>(slot.nanoseconds)});
      message.data.insert(message.data.end(), bytes.begin(), bytes.end());
    }
  }
  return message;
}

// What an entry of the error queue is about. The offender's address follows the
// struct.
inline ControlMessage Report(int level, int type, uint32_t error,
                             uint8_t origin, uint32_t info) {
  sock_extended_err report{};
  report.ee_errno = error;
  report.ee_origin = origin;
  report.ee_info = info;
  ControlMessage message{level, type, BytesOf(report)};
  message.data.resize(sizeof(report) + (level == SOL_IPV6 ? sizeof(sockaddr_in6)
                                        : level == SOL_IP ? sizeof(sockaddr_in)
                                                          : 0));
  return message;
}

// The report of a transmit timestamp: SCM_TSTAMP_SND, SCM_TSTAMP_SCHED or
// SCM_TSTAMP_ACK.
inline ControlMessage StampReport(uint32_t info, int level = SOL_IP,
                                  int type = IP_RECVERR) {
  return Report(level, type, ENOMSG, SO_EE_ORIGIN_TIMESTAMPING, info);
}

// The room that the messages take when nothing is cut.
inline size_t RoomFor(const std::vector<ControlMessage>& messages) {
  size_t room = 0;
  for (const ControlMessage& message : messages)
    room += CMSG_SPACE(message.data.size());
  return room;
}

// Writes the messages as linux net/core/scm.c, put_cmsg() does. return: bytes
// used, *cut set where something did not fit.
inline size_t PutMessages(const std::vector<ControlMessage>& messages,
                          unsigned char* control, size_t room, bool* cut) {
  unsigned char* const begin = control;
  *cut = false;
  for (const ControlMessage& message : messages) {
    if (room < sizeof(cmsghdr)) {
      *cut = true;
      continue;
    }
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(message.data.size());
    header.cmsg_level = message.level;
    header.cmsg_type = message.type;
    if (room < header.cmsg_len) {
      header.cmsg_len = room;
      *cut = true;
    }
    memcpy(control, &header, sizeof(header));
    if (header.cmsg_len > CMSG_LEN(0)) {
      memcpy(control + CMSG_LEN(0), message.data.data(),
             header.cmsg_len - CMSG_LEN(0));
    }
    const size_t space = CMSG_SPACE(message.data.size());
    const size_t used = space < room ? space : room;
    control += used;
    room -= used;
  }
  return static_cast<size_t>(control - begin);
}

#endif  // TESTS_HARNESS_CONTROL_DATA_H_
