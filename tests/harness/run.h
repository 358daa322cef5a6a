// SPDX-License-Identifier: GPL-2.0-only
// Runs programs with and without the library, each within a time limit, and
// keeps what they print.
//
// The environment of the test says where things are (tests/BUILD.bazel):
//   LKOS_TEST_LIBRARY  what is preloaded: liblk_onload_stub.so, or another
//                      library, a colon and that
//   LKOS_TEST_PROBE    the test's probe (harness/probe.h)
//   LKOS_TEST_EARLY    the same scenarios as a library (harness/early.c)
//   LKOS_TEST_EXT_1    libonload_ext.so.1, for probes that are linked with it
//   LKOS_TEST_UNDER    the program to run the probe under, with its options;
//                      may be missing
#ifndef LKOS_TESTS_HARNESS_RUN_H_
#define LKOS_TESTS_HARNESS_RUN_H_

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace lkos {

struct Ran {
  std::string out, err;
  int status;  // the exit status, or minus the signal that ended it
};

constexpr int kTimeLimitSeconds = 120;

struct Command {
  std::vector<std::string> words;  // the program and its arguments
  std::vector<std::pair<std::string, std::string>> environment;  // added
  std::vector<std::pair<int, int>> descriptors;  // {ours, its number there}
};

// Runs it to its end. At the time limit it is killed, with all that it
// started, and the test fails.
Ran RunCommand(const Command& command);

// The value of a variable of the test's environment; a path is made absolute.
std::string TestPath(const char* variable);

// The value of LD_PRELOAD that has the libraries of LKOS_TEST_LIBRARY.
std::string Preloaded();

enum class With {
  kNothing,       // the kernel and libc alone
  kLibrary,       // preloaded
  kLibraryEarly,  // preloaded, and in a constructor that runs before its own
};

// The command that runs a scenario of the test's probe.
Command Scenario(With with, const std::vector<std::string>& words);

// What the scenario printed. The test fails if it did not end well, or wrote
// to stderr.
std::string Facts(With with, const std::vector<std::string>& words);

// What the log has of a scenario with the library.
std::string Log(const std::vector<std::string>& words);

// Of facts: the machine lacks what the scenario needs.
bool IsNotRun(const std::string& facts);

// Are the facts as expected? Otherwise names the lines that differ.
testing::AssertionResult AreFacts(const std::string& facts,
                                  const std::string& expected);

// Under the library, in both ways, the scenario prints these facts.
void ExpectFacts(const std::vector<std::string>& words,
                 const std::string& expected);

// It prints what it prints without the library.
void ExpectSame(const std::vector<std::string>& words);

// The families that most scenarios are tried with.
inline const std::vector<std::string> kInet = {"tcp4", "tcp6", "udp4", "udp6"};

// A test's name may have letters and digits only.
std::string AsTestName(const std::string& text);

// Names a test after its parameter.
struct ParamName {
  template <typename Param>
  std::string operator()(const testing::TestParamInfo<Param>& param) const {
    return AsTestName(testing::PrintToString(param.param));
  }
};

}  // namespace lkos

#endif  // LKOS_TESTS_HARNESS_RUN_H_
