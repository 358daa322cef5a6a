// SPDX-License-Identifier: GPL-2.0-only
// SO_TIMESTAMPING's flags, over every set of the 19 bits that Linux 6.18 has.
#include <cstdint>
#include <ios>
#include <iterator>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/timestamping_flags.h"
}

namespace {

// The kernel's numbers, written down once more:
// linux/include/uapi/linux/net_tstamp.h.
constexpr uint32_t kTxHardware = 1u << 0;
constexpr uint32_t kTxSoftware = 1u << 1;
constexpr uint32_t kRxHardware = 1u << 2;
constexpr uint32_t kRxSoftware = 1u << 3;
constexpr uint32_t kSoftware = 1u << 4;
constexpr uint32_t kSysHardware = 1u << 5;
constexpr uint32_t kRawHardware = 1u << 6;
constexpr uint32_t kTxSched = 1u << 8;
constexpr uint32_t kTxAck = 1u << 9;
constexpr uint32_t kOptTxSwhw = 1u << 14;
constexpr uint32_t kOptRxFilter = 1u << 17;

constexpr uint32_t kSets = 1u << 19;
constexpr uint32_t kUnknown = ~(kSets - 1) & ~LKOS_SOF_OURS;

bool HasAll(uint32_t set, uint32_t bits) { return (set & bits) == bits; }

// What a kernel is told beside what was requested: one row for each demand that
// a card alone could meet.
constexpr struct {
  uint32_t demand, adds;
} kStandIns[] = {
    {kRxHardware | kRawHardware, kRxSoftware | kSoftware},
    {kTxHardware | kRawHardware, kTxSoftware | kSoftware},
};

uint32_t ExpectedForKernel(uint32_t requested) {
  uint32_t added = 0;
  for (const auto& row : kStandIns) {
    if (HasAll(requested, row.demand)) added |= row.adds & ~requested;
  }
  const uint32_t dropped = (added & kTxSoftware) ? kOptTxSwhw : 0;
  return (requested | added) & ~dropped;
}

TEST(SofHeld, AddsWhatTheTableSaysForEachOfThe524288Sets) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    ASSERT_EQ(lkos_sof_held(requested), ExpectedForKernel(requested))
        << std::hex << requested;
  }
}

TEST(SofHeld, ChangesNothingWhenAppliedTwice) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const uint32_t kernel = lkos_sof_held(requested);
    ASSERT_EQ(lkos_sof_held(kernel), kernel) << std::hex << requested;
  }
}

TEST(SofHeld, TakesNoBitAwayButSwhwBesideItsOwnTransmitStamp) {
  int dropped_in = 0;
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const uint32_t kernel = lkos_sof_held(requested);
    const uint32_t lost = requested & ~kernel;
    const bool tx_software_is_ours = (kernel & ~requested & kTxSoftware) != 0;
    ASSERT_EQ(lost, tx_software_is_ours ? requested & kOptTxSwhw : 0u)
        << std::hex << requested;
    dropped_in += lost != 0;
  }
  // TX_HARDWARE, RAW_HARDWARE and OPT_TX_SWHW in, TX_SOFTWARE not: 15 bits are
  // free.
  EXPECT_EQ(dropped_in, 1 << 15);
}

TEST(SofHeld, AddsOnlyThreeBitsAndOnlyWhenNeeded) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const uint32_t added = lkos_sof_held(requested) & ~requested;
    ASSERT_EQ(added & ~(kRxSoftware | kTxSoftware | kSoftware), 0u)
        << std::hex << requested;
    if (!(requested & kRawHardware) ||
        !(requested & (kRxHardware | kTxHardware))) {
      ASSERT_EQ(added, 0u) << std::hex << requested;
    }
    if (!(requested & kRxHardware)) {
      ASSERT_EQ(added & kRxSoftware, 0u) << std::hex << requested;
    }
    if (!(requested & kTxHardware)) {
      ASSERT_EQ(added & kTxSoftware, 0u) << std::hex << requested;
    }
  }
}

TEST(SofHeld, GivesTheSetsThatProgramsUse) {
  EXPECT_EQ(lkos_sof_held(0), 0u);
  EXPECT_EQ(lkos_sof_held(0x44), 0x5cu);  // RX hardware only
  EXPECT_EQ(lkos_sof_held(0x41), 0x53u);  // TX hardware only
  EXPECT_EQ(lkos_sof_held(0x45), 0x5fu);  // both
  EXPECT_EQ(lkos_sof_held(0x18), 0x18u);  // RX software only
  EXPECT_EQ(lkos_sof_held(0x04), 0x04u);  // recorded, never reported
  EXPECT_EQ(lkos_sof_held(0x40), 0x40u);  // reported, never recorded
  EXPECT_EQ(lkos_sof_held(0x24),
            0x24u);  // SYS_HARDWARE is not RAW_HARDWARE
  EXPECT_EQ(lkos_sof_held(0x4041),
            0x53u);  // SWHW goes: one send, one report
  EXPECT_EQ(lkos_sof_held(0x4053),
            0x4053u);  // SWHW stays: the application wants two
}

TEST(SofHeld, PassesBitsThatAreNotNamed) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const uint32_t kernel = lkos_sof_held(requested);
    const uint32_t plain = requested & 0x7f80 & ~kOptTxSwhw;
    ASSERT_EQ(kernel & 0x7f80 & ~kOptTxSwhw, plain) << std::hex << requested;
    for (int bit = 19; bit < 32; ++bit) {
      const uint32_t unknown = kUnknown & 1u << bit;
      ASSERT_EQ(lkos_sof_held(requested | unknown), kernel | unknown)
          << std::hex << requested;
    }
    ASSERT_EQ(lkos_sof_held(requested | kUnknown), kernel | kUnknown);
  }
}

TEST(SofToApp, GivesASetThatLeadsBackToTheKernelsOwn) {
  int image = 0;
  for (uint32_t kernel = 0; kernel < kSets; ++kernel) {
    // A set is one that we gave to a kernel exactly if giving it once more
    // changes nothing.
    if (ExpectedForKernel(kernel) != kernel) {
      ASSERT_EQ(lkos_sof_to_app(kernel), kernel) << std::hex << kernel;
      continue;
    }
    ++image;
    ASSERT_EQ(lkos_sof_held(lkos_sof_to_app(kernel)), kernel)
        << std::hex << kernel;
  }
  // Of the sets of the four records, SOFTWARE and RAW_HARDWARE: 32 without
  // RAW_HARDWARE; with it 8 without a hardware record, 2 with RX, 2 with TX, 1
  // with both. 13 bits are free.
  EXPECT_EQ(image, (32 + 8 + 2 + 2 + 1) << 13);
}

TEST(SofToApp, InventsNoBit) {
  for (uint32_t kernel = 0; kernel < kSets; ++kernel) {
    ASSERT_EQ(lkos_sof_to_app(kernel) & ~kernel, 0u) << std::hex << kernel;
  }
}

TEST(SofToApp, PassesBitsThatAreNotNamed) {
  for (uint32_t kernel = 0; kernel < kSets; ++kernel) {
    ASSERT_EQ(lkos_sof_to_app(kernel | kUnknown),
              lkos_sof_to_app(kernel) | kUnknown)
        << std::hex << kernel;
  }
}

// Which sets come back bit for bit, after timestamping_flags.h.
bool IsReadBackExactly(uint32_t requested) {
  const bool rx = HasAll(requested, kRxHardware | kRawHardware);
  const bool tx = HasAll(requested, kTxHardware | kRawHardware);
  const bool software = requested & kSoftware, swhw = requested & kOptTxSwhw;
  const bool rx_too = requested & kRxSoftware, tx_too = requested & kTxSoftware;

  if (!rx && !tx) return true;  // nothing was restated
  if (tx && !tx_too && swhw)
    return false;  // the kernel was never told of OPT_TX_SWHW
  if (requested & kSysHardware)
    return software && (!rx || rx_too) && (!tx || tx_too);
  // A software record beside a hardware one is taken for a stand-in;
  // OPT_TX_SWHW shows that the application wanted both. SOFTWARE is its own
  // exactly if a software record is.
  if ((rx && rx_too) || (tx && tx_too && !swhw)) return false;
  return software == (rx_too || tx_too);
}

TEST(SofToApp, ReadsBackExactlyTheSetsOfTheRule) {
  int exact = 0;
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const bool is_exact =
        lkos_sof_to_app(lkos_sof_held(requested)) == requested;
    ASSERT_EQ(is_exact, IsReadBackExactly(requested)) << std::hex << requested;
    exact += is_exact;
  }
  EXPECT_EQ(exact,
            368640);  // of 524288: one for each set that a kernel may hold
}

TEST(SofToApp, ReadsBackWhatProgramsRequestMost) {
  const uint32_t options[] = {0,        0x80,   0x880,   0x2000,
                              kTxSched, kTxAck, 0x20000, 0x80000000};
  for (const uint32_t option : options) {
    // Hardware only, in one direction or both; all of both; software only;
    // nothing.
    for (const uint32_t requested :
         {0x44u, 0x41u, 0x45u, 0x7fu, 0x4fu + 0x30u, 0x18u, 0x12u, 0x1au, 0u}) {
      const uint32_t set = requested | option;
      EXPECT_EQ(lkos_sof_to_app(lkos_sof_held(set)), set) << std::hex << set;
    }
  }
}

TEST(SofHeld, HasSoftwareForRequestsPerCall) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    if (!(requested & kRawHardware)) continue;
    const uint32_t kernel = ExpectedForKernel(requested);
    // One send has one report: the software record is requested per call.
    const uint32_t dropped =
        kernel & SOF_TIMESTAMPING_TX_SOFTWARE ? 0 : kOptTxSwhw;
    ASSERT_EQ(lkos_sof_held(requested | LKOS_SOF_TX_HARDWARE_PER_CALL),
              (kernel & ~dropped) | kSoftware)
        << std::hex << requested;
  }
}

TEST(SofRequestedAfter, KeepsRequestsPerCallWhileRawHardwareIsRequested) {
  const uint32_t per_call = LKOS_SOF_TX_HARDWARE_PER_CALL;
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const uint32_t kept =
        requested & SOF_TIMESTAMPING_RAW_HARDWARE ? per_call : 0;
    ASSERT_EQ(lkos_sof_requested_after(requested, 0x7f), requested);
    ASSERT_EQ(lkos_sof_requested_after(requested, 0x7f | per_call),
              requested | kept);
    // Requested now, it counts under the same condition.
    ASSERT_EQ(lkos_sof_requested_after(requested | per_call, 0x7f),
              requested | kept);
  }
}

TEST(SofHeld, MarksRequestsPerCallByNoneOfTheKernelsBits) {
  EXPECT_EQ(LKOS_SOF_TX_HARDWARE_PER_CALL & (kSets - 1), 0u);
}

TEST(SofReportsOurs, IsWhereRawHardwareWasRequestedAndSoftwareWasNot) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    ASSERT_EQ(lkos_sof_reports_ours(requested),
              HasAll(requested, kRawHardware) && !(requested & kSoftware))
        << std::hex << requested;
  }
}

TEST(SofSendToKernel, AddsTheSoftwareRecordBesideTheHardwareOneAndNothingElse) {
  for (uint32_t call = 0; call < kSets; ++call) {
    for (const uint32_t unknown : {0u, ~(kSets - 1)}) {
      const uint32_t added = call & kTxHardware ? kTxSoftware : 0;
      ASSERT_EQ(lkos_sof_send_to_kernel(call | unknown), call | unknown | added)
          << std::hex << call;
    }
  }
}

// As linux net/socket.c shows them: the filter is for what arrives. A report
// has one stamp.
TEST(SofOfDirection, LacksSoftwareWhereItIsFilteredOutAndInReports) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const bool filtered =
        HasAll(requested, kOptRxFilter) && !(requested & kRxSoftware);
    ASSERT_EQ(lkos_sof_of_direction(requested, true), requested & ~kSoftware);
    ASSERT_EQ(lkos_sof_of_direction(requested, false),
              filtered ? requested & ~kSoftware : requested);
  }
}

TEST(SofIsCommon, IsWhereHardwareIsWantedAndNothingFiltered) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    ASSERT_EQ(lkos_sof_is_common(requested),
              lkos_sof_wants_hardware(requested, false) &&
                  !(requested & kOptRxFilter));
  }
}

TEST(SofWantsHardware, TakesTheRecordOfTheDirectionAndTheReport) {
  for (uint32_t requested = 0; requested < kSets; ++requested) {
    const uint32_t per_call = requested | LKOS_SOF_TX_HARDWARE_PER_CALL;
    const bool rx = HasAll(requested, kRxHardware | kRawHardware);
    ASSERT_EQ(lkos_sof_wants_hardware(requested, false), rx)
        << std::hex << requested;
    ASSERT_EQ(lkos_sof_wants_hardware(per_call, false), rx)
        << std::hex << requested;
    ASSERT_EQ(lkos_sof_wants_hardware(requested, true),
              HasAll(requested, kTxHardware | kRawHardware))
        << std::hex << requested;
    ASSERT_EQ(lkos_sof_wants_hardware(per_call, true),
              HasAll(requested, kRawHardware))
        << std::hex << requested;
  }
}

}  // namespace
