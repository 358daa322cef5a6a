// SPDX-License-Identifier: GPL-2.0-only
// What the environment may say, and what it may not.
#include <climits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/runtime/config.h"
}

namespace {

// The environment: one variable, if any, and the names that were looked for.
char* value;
std::vector<std::string>* asked;

char* Get(const char* name) {
  asked->push_back(name);
  return std::string(name) == "LKOS_LOG_FD" ? value : nullptr;
}

class Config : public testing::Test {
 protected:
  void SetUp() override {
    value = nullptr;
    asked = &names_;
  }

  lkos_config Read(std::string text) {
    text_ = text;
    value = &text_[0];
    return lkos_config_read(Get);
  }

  std::string text_;
  std::vector<std::string> names_;
};

TEST_F(Config, HasNoLogWithoutTheVariable) {
  const lkos_config config = lkos_config_read(Get);
  EXPECT_EQ(config.log_fd, -1);
  EXPECT_EQ(config.bad_log_fd, nullptr);
}

TEST_F(Config, LooksForOneVariableOnly) {
  lkos_config_read(Get);
  EXPECT_EQ(names_, std::vector<std::string>{"LKOS_LOG_FD"});
}

TEST_F(Config, TakesEachDescriptorNumber) {
  const struct {
    const char* text;
    int number;
  } rows[] = {{"0", 0},
              {"2", 2},
              {"9", 9},
              {"10", 10},
              {"007", 7},
              {"1023", 1023},
              {"1048576", 1048576},
              {"2147483646", INT_MAX - 1},
              {"2147483647", INT_MAX}};
  for (const auto& row : rows) {
    const lkos_config config = Read(row.text);
    EXPECT_EQ(config.log_fd, row.number) << row.text;
    EXPECT_EQ(config.bad_log_fd, nullptr) << row.text;
  }
}

TEST_F(Config, TellsOfEachValueThatIsNoDescriptorNumber) {
  for (const char* text : {"",
                           " ",
                           " 3",
                           "3 ",
                           "+3",
                           "-1",
                           "-0",
                           "--",
                           "2147483648",
                           "4294967298",
                           "9999999999",
                           "18446744073709551618",
                           "99999999999999999999",
                           "0x3",
                           "3x",
                           "abc",
                           "1e3",
                           "3.0",
                           "3\n",
                           "\t3",
                           "2,3",
                           "\xd9\xa3",
                           "/",
                           ":"}) {
    const lkos_config config = Read(text);
    EXPECT_EQ(config.log_fd, -1) << '"' << text << '"';
    EXPECT_EQ(config.bad_log_fd, value) << '"' << text << '"';
  }
}

TEST_F(Config, TakesAThousandDigitsForNoNumber) {
  EXPECT_EQ(Read(std::string(1000, '9')).log_fd, -1);
  EXPECT_EQ(Read(std::string(1000, '0') + "x").log_fd, -1);
  EXPECT_EQ(Read(std::string(1000, '0') + "5").log_fd, 5);  // long, and still 5
}

TEST_F(Config, LeavesTheValueAsItWas) {
  Read("12x");
  EXPECT_EQ(text_, "12x");
}

}  // namespace
