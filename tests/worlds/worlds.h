// SPDX-License-Identifier: GPL-2.0-only
// Runs the program (program.h) in both worlds, and compares what it printed.
#ifndef LKOS_TESTS_WORLDS_WORLDS_H_
#define LKOS_TESTS_WORLDS_WORLDS_H_

#include <map>
#include <regex>
#include <string>
#include <vector>

namespace lkos {

enum class Preload { kNothing, kLibrary };

// Everything that a program writes; `program` is the variable of the test's
// environment that says where it is. The test fails if it does not end well, or
// not in time.
std::string Output(Preload preload, const char* program,
                   const std::string& arguments);

enum class World {
  kCard,     // a card that stamps (card.c), without the library
  kLibrary,  // loopback, with the library
  kKernel,   // loopback, without it
};

// A line that the program printed.
struct Fact {
  std::string set, where, words;
};

// All lines for a family and a base, which may have " veth" after it. The
// program runs once, whoever asks. One line is all where the machine lacks what
// it needs: its set is "not run".
std::vector<Fact> Facts(World world, const std::string& family,
                        const std::string& base);

// A row of the table: in these facts, what a card shows is shown otherwise.
struct Difference {
  const char *family, *set, *where;  // regular expressions, of the whole
  const char* card;                  // a regular expression, found anywhere
  const char* library;               // what stands in its place
  const char* differs_by_design;     // why
};

// Facts that cannot be made those of a card by what a library gets to know.
struct Limit {
  const char *family, *set, *where;  // regular expressions, of the whole
  const char* why;
};

extern const std::vector<Difference> kByDesign;
extern const std::vector<Limit> kLimits;

// What there is more of both under the emulation.
extern const std::vector<Difference> kUnderTheEmulation;
extern const std::vector<Limit> kLimitsUnderTheEmulation;

// What the program knows. The last base is all sets of the basic flags.
constexpr const char* kFamilies[] = {"udp4", "udp6", "tcp4", "tcp6", "unix"};
constexpr const char* kBases[] = {
    "none",        "hardware", "hardware_software",
    "all",         "software", "rx_hardware",
    "tx_hardware", "onload",   "grid",
};

// kByDesign, and under the emulation its own.
class Table {
 public:
  explicit Table(World world);

  // The card's words as the library is to show them.
  std::string Expected(const std::string& family, const Fact& card);

  // The rows that have changed no words so far.
  std::vector<const Difference*> InVain() const;

 private:
  struct Row {
    const Difference* source;
    std::regex family, set, where, card;
    bool used;
  };
  std::vector<Row> rows_;
  std::map<std::string, std::vector<Row*>> rows_of_;  // by family and set
};

// kLimits, and under the emulation its own.
class Limits {
 public:
  explicit Limits(World world);

  // The limit that it is a fact of; NULL if it is of none.
  const Limit* Of(const std::string& family, const Fact& fact);

 private:
  struct Row {
    const Limit* source;
    std::regex family, set, where;
  };
  std::vector<Row> rows_;
  std::map<std::string, std::vector<Row*>> rows_of_;  // by family and set
};

// Compares a world with the card's, but for the limits. The test fails with the
// first few facts that are not as the table says. return: how many were
// compared; 0 and a printed reason where the program was not run.
int ExpectAsOnACard(World world, const std::string& family,
                    const std::string& base);

}  // namespace lkos

#endif  // LKOS_TESTS_WORLDS_WORLDS_H_
