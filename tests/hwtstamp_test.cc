// SPDX-License-Identifier: GPL-2.0-only
// The configurations of a card's stamping: all that Linux 6.18 grants, and the
// values on either side of them.
#include <errno.h>
#include <limits.h>

#include <set>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/hwtstamp.h"
}

namespace {

// The kernel's numbers, written down once more:
// linux/include/uapi/linux/net_tstamp.h.
constexpr int kFlags = 1;     // HWTSTAMP_FLAG_BONDED_PHC_INDEX and none
constexpr int kTxTypes = 4;   // HWTSTAMP_TX_OFF to _ONESTEP_P2P
constexpr int kFilters = 16;  // HWTSTAMP_FILTER_NONE to _NTP_ALL

hwtstamp_config Config(int flags, int tx_type, int rx_filter) {
  hwtstamp_config config = {};
  config.flags = flags;
  config.tx_type = tx_type;
  config.rx_filter = rx_filter;
  return config;
}

int Pack(int flags, int tx_type, int rx_filter) {
  const hwtstamp_config config = Config(flags, tx_type, rx_filter);
  unsigned int packed = UINT_MAX;
  const int err = lkos_hwtstamp_pack(&config, &packed);
  if (err != 0) {
    EXPECT_EQ(packed, UINT_MAX);
  }
  return err;
}

TEST(Hwtstamp, IsTheSameAfterPackingAndNoTwoAreAlike) {
  std::set<unsigned int> seen;
  for (int flags = 0; flags <= kFlags; ++flags) {
    for (int tx = 0; tx < kTxTypes; ++tx) {
      for (int filter = 0; filter < kFilters; ++filter) {
        const hwtstamp_config config = Config(flags, tx, filter);
        unsigned int packed = 0;
        ASSERT_EQ(lkos_hwtstamp_pack(&config, &packed), 0);
        EXPECT_LT(packed, 1u << LKOS_HWTSTAMP_BITS);
        EXPECT_TRUE(seen.insert(packed).second);
        const hwtstamp_config back = lkos_hwtstamp_unpack(packed);
        EXPECT_EQ(back.flags, flags);
        EXPECT_EQ(back.tx_type, tx);
        EXPECT_EQ(back.rx_filter, filter);
      }
    }
  }
}

TEST(Hwtstamp, StartsOff) {
  const hwtstamp_config config = lkos_hwtstamp_unpack(0);
  EXPECT_EQ(config.flags, 0);
  EXPECT_EQ(config.tx_type, HWTSTAMP_TX_OFF);
  EXPECT_EQ(config.rx_filter, HWTSTAMP_FILTER_NONE);
}

// In the kernel's order: flags before the others.
TEST(Hwtstamp, IsRefusedAsTheKernelRefusesIt) {
  for (int flags : {2, 3, 1 << 30, -1, INT_MIN, INT_MAX}) {
    EXPECT_EQ(Pack(flags, 0, 0), -EINVAL) << flags;
    EXPECT_EQ(Pack(flags, -1, -1), -EINVAL) << flags;
  }
  for (int tx : {kTxTypes, kTxTypes + 1, -1, INT_MIN, INT_MAX}) {
    EXPECT_EQ(Pack(0, tx, 0), -ERANGE) << tx;
  }
  for (int filter : {kFilters, kFilters + 1, -1, INT_MIN, INT_MAX}) {
    EXPECT_EQ(Pack(0, 0, filter), -ERANGE) << filter;
  }
}

}  // namespace
