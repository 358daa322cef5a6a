// SPDX-License-Identifier: GPL-2.0-only
// Each function of the API answers as the spec says, in each state that a
// program can meet it in, and touches neither errno nor memory beyond that.
//
// usage: calls_test MACHINE [WORD...]
//   MACHINE  the libraries and probes are in tests/abi/MACHINE
//   WORD     what starts that machine's programs, such as an emulator
#include <cerrno>
#include <cstdio>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace {

std::string folder;
std::string emulator;

std::string Fixed(long result, const std::string& error) {
  return "returned " + std::to_string(result) + ", errno " + error +
         ", memory kept";
}

// An answer, as the probe tells it; or empty, if it depends on the arguments
// because it is a call.
#define LKOS_VALUE(n) Fixed(n, "kept")
#define LKOS_NEG_ERRNO(e) Fixed(-e, "kept")
#define LKOS_MINUS_ONE(e) Fixed(-1, std::to_string(e))
#define LKOS_CALLS(f) ""
#define LKOS_HANDWRITTEN ""

struct Row {
  const char* name;
  std::string stub, absent;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row>* const rows = new std::vector<Row>{
#define LKOS_API_ROW(name, ret, types, args, stub, absent, ...) \
  {#name, stub, absent},
#include "generated/api_table.inc"
  };
  return *rows;
}

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// How a program came by the function.
struct State {
  const char* name;
  const char* program;
  const char* library;  // that the probe opens; empty: it has the function
  bool preloaded;       // with the stub
  bool stub;            // is it the stub's that is called?
};

void PrintTo(const State& state, std::ostream* out) { *out << state.name; }

constexpr State kStates[] = {
    {"StubPreloaded", "calls_probe", "", true, true},
    {"StubOpened", "calls_probe", "liblk_onload_stub.so", false, true},
    {"LibonloadExt1Alone", "calls_probe", "libonload_ext.so.1", false, false},
    {"LibonloadExt2Alone", "calls_probe", "libonload_ext.so.2", false, false},
    {"LinkedWithLibonloadExt", "calls_linked", "", false, false},
    {"LinkedAndStubPreloaded", "calls_linked", "", true, true},
    {"LinkedWithTheArchive", "calls_static", "", false, false},
    {"LinkedWithTheArchiveAndStubPreloaded", "calls_static", "", true, true},
};

// What the probe printed of each function.
using Report = std::map<std::string, std::vector<std::string>>;

Report Run(const State& state, const std::string& how) {
  std::string command = "exec env LD_LIBRARY_PATH=" + folder;
  if (state.preloaded)
    command += " LD_PRELOAD=" + folder + "/liblk_onload_stub.so";
  command += emulator + " " + folder + "/" + state.program + " " + how;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  for (int c; (c = getc(pipe)) != EOF;) text += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << text;
  Report report;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    report[line.substr(0, line.find(','))].push_back(line);
  return report;
}

// Run() once for all functions, since an emulator takes its time.
Report Reported(const State& state, const std::string& how) {
  static auto* const reports =
      new std::map<std::pair<std::string, std::string>, Report>;
  const auto key = std::make_pair(std::string(state.name), how);
  const auto known = reports->find(key);
  return known != reports->end() ? known->second
                                 : (*reports)[key] = Run(state, how);
}

class Calls : public testing::TestWithParam<std::tuple<State, Row>> {};

TEST_P(Calls, AnswerAsTheSpecSays) {
  const auto& [state, row] = GetParam();
  const std::string& answer = state.stub ? row.stub : row.absent;
  const Report report = Reported(state, state.library);
  ASSERT_TRUE(report.count(row.name)) << row.name << " was not called";
  const auto& got = report.at(row.name);
  if (answer.empty()) {
    const State bare = {"Bare", "calls_probe", "", false, false};
    const Report calls = Reported(bare, state.stub ? "=stub" : "=absent");
    ASSERT_TRUE(calls.count(row.name));
    EXPECT_EQ(got, calls.at(row.name));
    return;
  }
  for (const std::string& line : got) {
    const size_t colon = line.find(": ");
    EXPECT_EQ(colon == line.npos ? "" : line.substr(colon + 2), answer) << line;
  }
}

std::string CaseName(const testing::TestParamInfo<Calls::ParamType>& info) {
  return std::string(std::get<0>(info.param).name) + "_" +
         std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(EachFunction, Calls,
                         testing::Combine(testing::ValuesIn(kStates),
                                          testing::ValuesIn(Rows())),
                         CaseName);

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::string machine = argc > 1 ? argv[1] : "";
  folder = "tests/abi/" + machine;
  for (int i = 2; i < argc; ++i) emulator += std::string(" ") + argv[i];
  const int result = RUN_ALL_TESTS();
  std::printf("checked on %s: %zu functions in %zu states\n", machine.c_str(),
              Rows().size(), std::size(kStates));
  return result;
}
