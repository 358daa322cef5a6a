// SPDX-License-Identifier: GPL-2.0-only
// What an application asks, what the kernel is told, and what the application
// reads: for any bits, also those that Linux does not have yet.
//
// Input: sets of flags, 4 bytes each.
#include <linux/net_tstamp.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "src/translate/timestamping_flags.h"
}

namespace {

void Check(bool holds) {
  if (!holds) abort();
}

constexpr uint32_t kOurs = SOF_TIMESTAMPING_SOFTWARE |
                           SOF_TIMESTAMPING_RX_SOFTWARE |
                           SOF_TIMESTAMPING_TX_SOFTWARE;

void Timestamping(uint32_t any) {
  const uint32_t asked = any & ~LKOS_SOF_OURS;  // which Linux refuses
  const uint32_t kernel = lkos_sof_held(asked);
  Check((kernel & ~asked & ~kOurs) == 0);  // adds stand-ins only
  Check((asked & ~kernel & ~SOF_TIMESTAMPING_OPT_TX_SWHW) == 0);
  Check(lkos_sof_held(kernel) == kernel);
  if (!(asked & SOF_TIMESTAMPING_RAW_HARDWARE)) Check(kernel == asked);

  const uint32_t likely = lkos_sof_to_app(kernel);  // there is one that fits
  Check(lkos_sof_held(likely) == kernel);
  const uint32_t shown = lkos_sof_to_app(any);  // of what others set
  Check(shown == any || lkos_sof_held(shown) == any);

  const uint32_t call = lkos_sof_send_to_kernel(any);
  Check((call & any) == any);
  Check((call & ~any & ~SOF_TIMESTAMPING_TX_SOFTWARE) == 0);

  Check((lkos_sof_held(any) & LKOS_SOF_OURS) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (; size >= sizeof(uint32_t);
       data += sizeof(uint32_t), size -= sizeof(uint32_t)) {
    uint32_t flags;
    memcpy(&flags, data, sizeof(flags));
    Timestamping(flags);
  }
  return 0;
}
