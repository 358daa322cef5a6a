// SPDX-License-Identifier: GPL-2.0-only
// A program of the Onload world: with the library it gets a hardware stamp for
// each packet, without it none.
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <regex>
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/stamping.h"
#include "tests/worlds/worlds.h"

namespace lkos {
namespace {

constexpr int kPackets = 3;  // of each of the two protocols
constexpr int64_t kSecondNs = 1000000000;

std::string Program(Preload preload, const std::string& arguments = "") {
  EXPECT_EQ(keep_stamping_on(0), 0);
  return Output(preload, "LKOS_TEST_ONLOAD_STYLE", arguments);
}

std::string Expected(const std::string& stamp) {
  std::string lines;
  for (const std::string name : {"udp", "tcp"}) {
    lines += name + " flags: as set\n";
    for (int packet = 1; packet <= kPackets; ++packet) {
      lines += name + " packet " + std::to_string(packet) + ": " + stamp + "\n";
    }
  }
  return lines;
}

TEST(OnloadStyle, GetsAHardwareStampForEachPacketWithTheLibrary) {
  const std::string output = Program(Preload::kLibrary);
  EXPECT_TRUE(std::regex_match(
      output, std::regex(Expected("[1-9][0-9]{9,}\\.[0-9]{9}"))))
      << output;
}

// As the kernel's own sample and most programs do, which end where they cannot.
TEST(OnloadStyle, SwitchesACardOnThatIsNone) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "not run: only root may switch a card on";
  }
  const std::string output = Program(Preload::kLibrary, "lo");
  EXPECT_TRUE(std::regex_match(
      output,
      std::regex("lo: filter 1\n" + Expected("[1-9][0-9]{9,}\\.[0-9]{9}"))))
      << output;
}

TEST(OnloadStyle, GetsNoneWithoutIt) {
  EXPECT_EQ(Program(Preload::kNothing), Expected("no hardware stamp"));
}

// Nanoseconds of the clock that stamps. time() is no such clock: it shows the
// last tick, up to 10 ms behind.
int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

// The stamps are the time at which the packets came, in their order.
TEST(OnloadStyle, GetsStampsOfNowThatDoNotDecrease) {
  const int64_t begin = Now();
  const std::string output = Program(Preload::kLibrary);
  const int64_t end = Now();
  const std::regex stamp(": ([0-9]+)\\.([0-9]{9})\n");
  int64_t last = begin;
  int count = 0;
  for (std::sregex_iterator at(output.begin(), output.end(), stamp), none;
       at != none; ++at, ++count) {
    const int64_t now = std::stoll((*at)[1]) * kSecondNs + std::stoll((*at)[2]);
    EXPECT_GE(now, last);
    EXPECT_LE(now, end);
    last = now;
  }
  EXPECT_EQ(count, 2 * kPackets) << output;
}

}  // namespace
}  // namespace lkos
