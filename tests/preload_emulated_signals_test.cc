// SPDX-License-Identifier: GPL-2.0-only
// Calls of the emulation in a signal handler, in the middle of others.
#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

const char kWell[] = "failed=0, in a handler 0\n";

TEST(Signals, MayNameStacks) {
  ExpectFacts({"names"},
              std::string(kWell) + "onload_stackname_restore()=-22\n");
}

TEST(Signals, MayAskAndMove) { ExpectFacts({"moves"}, kWell); }

TEST(Signals, MaySetOptionsAndSpin) { ExpectFacts({"options"}, kWell); }

TEST(Signals, MaySendTemplates) {
  ExpectFacts({"exchanges", "template"}, kWell);
}

TEST(Signals, MayDelegateSends) {
  ExpectFacts({"exchanges", "delegated"}, kWell);
}

TEST(Signals, MaySetFilters) { ExpectFacts({"exchanges", "filtered"}, kWell); }

TEST(Signals, MayAskForStampsAndReceive) { ExpectFacts({"stamps"}, kWell); }

TEST(Signals, MayWaitInOrderAndPeekAtPackets) { ExpectFacts({"order"}, kWell); }

}  // namespace
}  // namespace lkos
