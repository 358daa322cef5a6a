// SPDX-License-Identifier: GPL-2.0-only
// Frames as anybody might send them: the parser reads nothing outside of them,
// and what it understands is within what IP's header tells.
//
// Input: 1 byte of packet type, 2 bytes of protocol and 2 of segment size, each
// in network order, and the frame from its network header on.
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "src/translate/tcp_frames.h"
}

namespace {

constexpr size_t kBefore = 5;
constexpr uint32_t kLongest = 40 + 65535;  // of IPv6

void Check(bool holds) {
  if (!holds) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kBefore) return 0;
  // In memory of exactly its size; AddressSanitizer watches the next byte.
  const size_t captured = size - kBefore;
  auto* const network = static_cast<uint8_t*>(malloc(captured + 1)) + 1;
  if (captured > 0) memcpy(network, data + kBefore, captured);

  lkos_frame frame = {};
  frame.network = network;
  frame.size = captured;
  frame.packet_type = data[0];
  frame.protocol = static_cast<uint16_t>(data[1] << 8 | data[2]);
  frame.segment_size = static_cast<uint16_t>(data[3] << 8 | data[4]);
  frame.device = 7;
  frame.arrived = 11;

  lkos_tcp_segment segment, again;
  memset(&segment, 0xa5, sizeof(segment));
  memset(&again, 0xa5, sizeof(again));
  const lkos_frame_kind kind = lkos_tcp_frame(&frame, &segment);
  Check(lkos_tcp_frame(&frame, &again) == kind);
  Check(memcmp(&segment.connection, &again.connection,
               sizeof(segment.connection)) == 0);
  if (kind == LKOS_FRAME_OTHER) {
    // Nothing was written.
    Check(segment.length == 0xa5a5a5a5 && segment.arrived == again.arrived);
  } else {
    Check(segment.arrived == 11 && frame.packet_type == 0);
    Check(segment.connection.scope == 0 || segment.connection.scope == 7);
  }
  if (kind == LKOS_FRAME_SEGMENT) {
    Check(segment.length <= kLongest);
    Check(segment.segment_size == 0 || segment.segment_size < segment.length);
  }
  free(network - 1);
  return 0;
}
