// SPDX-License-Identifier: GPL-2.0-only
// Devices other than loopback: those that stamp, if there are any, and a veth
// pair between two network namespaces.
#include <dirent.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/worlds/worlds.h"

namespace lkos {
namespace {

// Can this device stamp what it sends or receives?
bool Stamps(const std::string& device) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ethtool_ts_info info = {};
  ifreq request = {};
  info.cmd = ETHTOOL_GET_TS_INFO;
  std::strncpy(request.ifr_name, device.c_str(), IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&info);
  const bool known = ioctl(fd, SIOCETHTOOL, &request) == 0;
  close(fd);
  return known && (info.so_timestamping & SOF_TIMESTAMPING_RAW_HARDWARE) != 0 &&
         info.phc_index >= 0;
}

std::vector<std::string> Entries(const char* folder) {
  std::vector<std::string> names;
  DIR* const entries = opendir(folder);
  while (entries != nullptr) {
    const dirent* const entry = readdir(entries);
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  }
  if (entries != nullptr) closedir(entries);
  return names;
}

// A simulated device, which newer kernels give a clock. errno says why not.
bool MakeSimulated() {
  const int fd = open("/sys/bus/netdevsim/new_device", O_WRONLY | O_CLOEXEC);
  const bool made = fd >= 0 && write(fd, "4242 1", 6) == 6;
  const int kept = errno;
  if (fd >= 0) close(fd);
  errno = kept;
  return made;
}

void RemoveSimulated() {
  const int fd = open("/sys/bus/netdevsim/del_device", O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, "4242", 4) != 4) std::perror("netdevsim");
  close(fd);
}

// It would be sent to through a real cable, to somebody who listens: no test of
// ours. That a card's stamps are kept is proved by a fake instead, a next
// recvmsg that returns them: tests/recvmsg_test.cc. This says what there was.
TEST(Devices, ThatStampAreLookedFor) {
  const bool simulated = MakeSimulated();
  std::printf("tried netdevsim: %s\n",
              simulated ? "made" : std::strerror(errno));
  for (const std::string& clock : Entries("/sys/class/ptp")) {
    std::printf("tried PTP clock %s: there\n", clock.c_str());
  }
  if (Entries("/sys/class/ptp").empty()) std::puts("tried PTP clocks: none");
  int stamping = 0;
  for (const std::string& device : Entries("/sys/class/net")) {
    const bool stamps = Stamps(device);
    stamping += stamps ? 1 : 0;
    std::printf("tried %s: %s\n", device.c_str(),
                stamps ? "stamps" : "software stamps only");
  }
  if (simulated) RemoveSimulated();
  std::printf(
      "%d devices stamp; the proof is tests/recvmsg_test.cc, by a fake "
      "next symbol\n",
      stamping);
  // Or every comparison here would be wrong.
  EXPECT_FALSE(Stamps("lo"));
}

class Veth : public testing::TestWithParam<const char*> {};

// A kernel may take a second to see a new cable, so that all bases share one.
TEST_P(Veth, IsAsOnACard) {
  const std::string family = GetParam();
  const int count =
      ExpectAsOnACard(World::kLibrary, family,
                      "hardware,hardware_software,all,onload,tx_hardware veth");
  if (count == 0) GTEST_SKIP();
  std::printf("%d facts compared\n", count);
}

INSTANTIATE_TEST_SUITE_P(, Veth,
                         testing::Values("udp4", "udp6", "tcp4", "tcp6"),
                         [](const testing::TestParamInfo<const char*>& family) {
                           return std::string(family.param);
                         });

}  // namespace
}  // namespace lkos
