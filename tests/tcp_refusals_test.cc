// SPDX-License-Identifier: GPL-2.0-only
// What TCP has refused, by the counters of /proc/net.
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/tcp_refusals.h"
}

namespace lkos {
namespace {

const char kNames[] =
    "TcpExt: PruneCalled RcvPruned OfoPruned PAWSEstab TCPBacklogDrop "
    "TCPOFODrop TCPZeroWindowDrop TCPRcvQDropped TCPRcvQDrop\n";
const char kSnmp[] = "Ip: InErrs\nIp: 9\nTcp: InSegs InErrs\nTcp: 7 3\n";

TEST(Refusals, AreAdded) {
  const std::string netstat = std::string(kNames) +
                              "TcpExt: 1000 1 20 300 4000 50000 600000 99 "
                              "7000000\nIpExt: InNoRoutes\nIpExt: 5\n";
  uint64_t refused = 0;
  ASSERT_TRUE(lkos_tcp_refusals(netstat.c_str(), kSnmp, &refused));
  EXPECT_EQ(refused, 7654021u + 3);
}

TEST(Refusals, AreAddedThatOnlyNewerKernelsCount) {
  const std::string netstat =
      "TcpExt: RcvPruned OfoPruned TCPBacklogDrop TCPOFODrop TCPZeroWindowDrop "
      "TCPRcvQDrop PAWSOldAck TSEcrRejected BeyondWindow\n"
      "TcpExt: 0 0 0 0 0 0 10 200 4000\n";
  uint64_t refused = 0;
  ASSERT_TRUE(lkos_tcp_refusals(netstat.c_str(), kSnmp, &refused));
  EXPECT_EQ(refused, 4210u + 3);
}

TEST(Refusals, AreNotKnownWhereOneIsNotCounted) {
  uint64_t refused;
  for (const std::string& netstat :
       {std::string(), std::string(kNames),
        std::string("TcpExt: RcvPruned\nTcpExt: 1\n")})
    EXPECT_FALSE(lkos_tcp_refusals(netstat.c_str(), kSnmp, &refused));
  EXPECT_FALSE(lkos_tcp_refusals("", "", &refused));
}

TEST(Refusals, AreCountedByThisKernel) {
  std::ostringstream netstat, snmp;
  netstat << std::ifstream("/proc/thread-self/net/netstat").rdbuf();
  snmp << std::ifstream("/proc/thread-self/net/snmp").rdbuf();
  uint64_t refused;
  if (netstat.str().find("TCPRcvQDrop") == std::string::npos)
    GTEST_SKIP() << "not run: needs Linux 4.18";
  EXPECT_TRUE(
      lkos_tcp_refusals(netstat.str().c_str(), snmp.str().c_str(), &refused));
}

}  // namespace
}  // namespace lkos
