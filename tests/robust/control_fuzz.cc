// SPDX-License-Identifier: GPL-2.0-only
// Control messages as anybody might write them: nothing outside of them is
// touched, a card's stamp stays, and the short way does what the long way does.
//
// Input: 4 bytes of flags that were asked, 1 byte of options, control data.
#include <linux/net_tstamp.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" {
#include "src/translate/timestamping_cmsg.h"
#include "src/translate/timestamping_flags.h"
}

namespace {

void Check(bool holds) {
  if (!holds) abort();
}

// Control data in memory of exactly its size, at any alignment.
class Control {
 public:
  Control(const uint8_t* data, size_t size, size_t offset)
      : memory_(static_cast<unsigned char*>(malloc(offset + size + 1))),
        msg_{} {
    msg_.msg_control = memory_ + offset;
    msg_.msg_controllen = size;
    // The last byte is not the message's; AddressSanitizer watches the next.
    memory_[offset + size] = 0xa5;
    guard_ = memory_ + offset + size;
    if (size > 0) memcpy(msg_.msg_control, data, size);
  }
  ~Control() {
    Check(*guard_ == 0xa5);
    free(memory_);
  }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  msghdr* msg() { return &msg_; }
  std::vector<unsigned char> Bytes() const {
    const auto* at = static_cast<unsigned char*>(msg_.msg_control);
    return {at, at + msg_.msg_controllen};
  }

 private:
  unsigned char* const memory_;
  unsigned char* guard_;
  msghdr msg_;
};

void LongWay(msghdr* msg, uint32_t asked) {
  lkos_control found;
  lkos_control_find(msg, &found);
  for (size_t i = 0; i < found.rights_count; ++i) {
    int arrived;
    memcpy(&arrived, found.rights + i * sizeof(arrived), sizeof(arrived));
    static volatile int sink;
    sink = arrived;
  }
  if (found.stamps != nullptr) lkos_stamps_to_app(&found, msg, asked);
}

// As recvmsg does it (src/interpose/recv.c).
void ShortWay(msghdr* msg, uint32_t asked) {
  unsigned char* slots = lkos_control_only_stamps(msg);
  if (slots != nullptr && lkos_sof_is_common(asked)) {
    lkos_slots_to_app(slots, LKOS_SLOT_SIZE_NEW, asked);
  } else if (slots == nullptr || asked & SOF_TIMESTAMPING_RAW_HARDWARE) {
    if (msg->msg_controllen != 0) LongWay(msg, asked);
  }
}

void Receive(const uint8_t* data, size_t size, uint32_t asked, int options) {
  const size_t offset = options & 7;
  Control by_long(data, size, offset), by_short(data, size, offset);
  by_long.msg()->msg_flags = options & 8 ? MSG_ERRQUEUE : 0;
  by_short.msg()->msg_flags = by_long.msg()->msg_flags;

  lkos_control before;
  lkos_control_find(by_long.msg(), &before);
  const bool whole =
      before.stamps != nullptr && before.stamps_size >= 3 * before.slot_size;
  unsigned char card[16] = {};
  if (whole)
    memcpy(card, before.stamps + 2 * before.slot_size, before.slot_size);

  LongWay(by_long.msg(), asked);
  ShortWay(by_short.msg(), asked);
  Check(by_long.Bytes() == by_short.Bytes());
  Check(by_long.msg()->msg_controllen <= size);
  if (before.stamps == nullptr || !(asked & SOF_TIMESTAMPING_RAW_HARDWARE)) {
    Check(by_long.Bytes() == std::vector<unsigned char>(data, data + size));
  }
  // What was cut cannot be judged: it stays.
  if (before.stamps != nullptr && !whole)
    Check(by_long.msg()->msg_controllen == size);
  static const unsigned char none[16] = {};
  if (whole && memcmp(card, none, sizeof(card)) != 0) {
    lkos_control after;
    lkos_control_find(by_long.msg(), &after);
    Check(after.stamps == before.stamps);
    Check(memcmp(after.stamps + 2 * after.slot_size, card, after.slot_size) ==
          0);
  }
}

void Send(const uint8_t* data, size_t size, int options) {
  Control control(data, size, options & 7);
  auto* at = static_cast<unsigned char*>(control.msg()->msg_control);
  const bool asks = lkos_send_control_to_kernel(at, size);
  const std::vector<unsigned char> once = control.Bytes();

  if (!asks) Check(once == std::vector<unsigned char>(data, data + size));
  Check(lkos_send_control_to_kernel(at, size) == asks);
  Check(control.Bytes() == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t asked;
  if (size < sizeof(asked) + 1) return 0;
  memcpy(&asked, data, sizeof(asked));
  const int options = data[sizeof(asked)];
  data += sizeof(asked) + 1;
  size -= sizeof(asked) + 1;
  Receive(data, size, asked, options);
  Send(data, size, options);
  return 0;
}
