// SPDX-License-Identifier: GPL-2.0-only
#include "tests/worlds/worlds.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <tuple>

#include "gtest/gtest.h"

namespace lkos {
namespace {

// BUILD.bazel says where things are, from the folder in which the test starts.
// A library to preload is looked for elsewhere if its path has no slash; of
// several there is a colon between two.
std::string Path(const char* variable) {
  const char* path = std::getenv(variable);
  return path == nullptr
             ? std::string("no ") + variable
             : "./" + std::regex_replace(path, std::regex(":"), ":./");
}

const char kNotRun[] = "not run";

std::vector<Fact> Run(World world, const std::string& family,
                      const std::string& base) {
  std::istringstream lines(Output(
      world == World::kLibrary ? Preload::kLibrary : Preload::kNothing,
      "LKOS_TEST_PROGRAM",
      (world == World::kCard ? "card " : "libc ") + family + " " + base));
  std::vector<Fact> facts;
  std::string line;
  while (std::getline(lines, line)) {
    const size_t slash = line.find('/'), colon = line.find(": ");
    if (line.rfind(kNotRun, 0) == 0) {
      facts.push_back({kNotRun, "", line});
    } else if (slash == std::string::npos || colon == std::string::npos ||
               slash > colon) {
      ADD_FAILURE() << "not a fact: " << line;
    } else {
      facts.push_back({line.substr(0, slash),
                       line.substr(slash + 1, colon - slash - 1),
                       line.substr(colon + 2)});
    }
  }
  return facts;
}

// Those that hold for a family and a set: looked for once.
template <class Row>
const std::vector<Row*>& RowsOf(
    const std::string& family, const std::string& set, std::vector<Row>* rows,
    std::map<std::string, std::vector<Row*>>* rows_of) {
  const auto [found, is_new] = rows_of->try_emplace(family + " " + set);
  for (size_t i = 0; is_new && i < rows->size(); ++i) {
    Row* row = &(*rows)[i];
    if (std::regex_match(family, row->family) &&
        std::regex_match(set, row->set)) {
      found->second.push_back(row);
    }
  }
  return found->second;
}

bool IsEmulated() {
  return Path("LKOS_TEST_LIBRARY").find(':') != std::string::npos;
}

template <class Row>
std::vector<const Row*> RowsIn(World world, const std::vector<Row>& rows,
                               const std::vector<Row>& under_the_emulation) {
  std::vector<const Row*> all;
  for (const Row& row : rows) all.push_back(&row);
  if (world == World::kLibrary && IsEmulated()) {
    for (const Row& row : under_the_emulation) all.push_back(&row);
  }
  return all;
}

}  // namespace

std::string Output(Preload preload, const char* program,
                   const std::string& arguments) {
  std::string command = "timeout 20 env ", output;
  if (preload == Preload::kLibrary) {
    command += "LD_PRELOAD=" + Path("LKOS_TEST_LIBRARY") + " ";
  }
  command += Path(program) + " " + arguments + " 2>&1";
  char piece[4096];
  size_t size;
  FILE* pipe = popen(command.c_str(), "r");
  while ((size = fread(piece, 1, sizeof(piece), pipe)) > 0) {
    output.append(piece, size);
  }
  const int status = pclose(pipe);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << command << "\nended with status " << status << " and said:\n"
      << output;
  return output;
}

std::vector<Fact> Facts(World world, const std::string& family,
                        const std::string& base) {
  static std::map<std::tuple<World, std::string, std::string>,
                  std::vector<Fact>>* seen =
      new std::map<std::tuple<World, std::string, std::string>,
                   std::vector<Fact>>;
  const auto key = std::make_tuple(world, family, base);
  if (seen->count(key) == 0) (*seen)[key] = Run(world, family, base);
  return (*seen)[key];
}

Table::Table(World world) {
  for (const Difference* row : RowsIn(world, kByDesign, kUnderTheEmulation)) {
    rows_.push_back({row, std::regex(row->family), std::regex(row->set),
                     std::regex(row->where), std::regex(row->card), false});
  }
}

std::string Table::Expected(const std::string& family, const Fact& card) {
  std::string words = card.words;
  for (Row* row : RowsOf(family, card.set, &rows_, &rows_of_)) {
    if (!std::regex_match(card.where, row->where)) continue;
    const std::string before = words;
    words = std::regex_replace(words, row->card, row->source->library);
    row->used = row->used || words != before;
  }
  return words;
}

std::vector<const Difference*> Table::InVain() const {
  std::vector<const Difference*> in_vain;
  for (const Row& row : rows_) {
    if (!row.used) in_vain.push_back(row.source);
  }
  return in_vain;
}

Limits::Limits(World world) {
  for (const Limit* row : RowsIn(world, kLimits, kLimitsUnderTheEmulation)) {
    rows_.push_back({row, std::regex(row->family), std::regex(row->set),
                     std::regex(row->where)});
  }
}

const Limit* Limits::Of(const std::string& family, const Fact& fact) {
  for (const Row* row : RowsOf(family, fact.set, &rows_, &rows_of_)) {
    if (std::regex_match(fact.where, row->where)) return row->source;
  }
  return nullptr;
}

int ExpectAsOnACard(World world, const std::string& family,
                    const std::string& base) {
  constexpr int kShown = 10;
  const auto card = Facts(World::kCard, family, base);
  const auto seen = Facts(world, family, base);
  Table table(world);
  Limits limits(world);
  int count = 0, wrong = 0;
  EXPECT_GT(card.size(), 0u);
  if (!card.empty() && card[0].set == kNotRun) {
    std::printf("%s\n", card[0].words.c_str());
    return 0;
  }
  EXPECT_EQ(card.size(), seen.size());
  for (size_t i = 0; i < std::min(card.size(), seen.size()); ++i) {
    const std::string name = card[i].set + "/" + card[i].where;
    EXPECT_EQ(seen[i].set + "/" + seen[i].where, name);
    if (limits.Of(family, card[i]) != nullptr) continue;
    ++count;
    const std::string expected = table.Expected(family, card[i]);
    if (seen[i].words == expected || ++wrong > kShown) continue;
    ADD_FAILURE() << family << " " << name << "\n  card:     " << card[i].words
                  << "\n  expected: " << expected
                  << "\n  seen:     " << seen[i].words;
  }
  EXPECT_EQ(wrong, 0) << "facts differ, of " << count;
  return count;
}

}  // namespace lkos
