// SPDX-License-Identifier: GPL-2.0-only
// What is kept of devices. The table is one for the whole program, so each test
// has devices of its own.
#include <thread>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/runtime/devices.h"
}

namespace {

constexpr int kRoom = 64;  // devices that are kept for certain

TEST(Devices, AreWhatTheyWereLastSetTo) {
  const lkos_device device = {1, 1};
  EXPECT_EQ(lkos_device_kept(&device), 0u);
  for (unsigned int setup : {1u, 0u, 255u, 7u}) {
    lkos_device_keep(&device, setup);
    EXPECT_EQ(lkos_device_kept(&device), setup);
  }
}

TEST(Devices, AreToldApartByIndexAndByNetwork) {
  const lkos_device one = {2, 2}, other = {2, 3}, elsewhere = {3, 2},
                    last = {2, 0x7fffffff};
  lkos_device_keep(&one, 1);
  lkos_device_keep(&other, 2);
  lkos_device_keep(&elsewhere, 3);
  lkos_device_keep(&last, 4);
  EXPECT_EQ(lkos_device_kept(&one), 1u);
  EXPECT_EQ(lkos_device_kept(&other), 2u);
  EXPECT_EQ(lkos_device_kept(&elsewhere), 3u);
  EXPECT_EQ(lkos_device_kept(&last), 4u);
}

TEST(Devices, AreFoundByAnotherThreadAndNoneTwice) {
  const lkos_device device = {4, 4};
  std::vector<std::thread> threads;
  for (unsigned int setup = 1; setup <= 4; ++setup) {
    threads.emplace_back([&device, setup] {
      for (int i = 0; i < 10000; ++i) lkos_device_keep(&device, setup);
    });
  }
  for (std::thread& thread : threads) thread.join();
  lkos_device_keep(&device, 9);
  EXPECT_EQ(lkos_device_kept(&device), 9u);
}

// The last test, for it fills the table.
TEST(Devices, AreKeptAlsoWhereThereAreTooMany) {
  for (int index = 1; index <= 10 * kRoom; ++index) {
    const lkos_device device = {5, index};
    lkos_device_keep(&device, 5);
    ASSERT_EQ(lkos_device_kept(&device), 5u) << index;
  }
}

}  // namespace
