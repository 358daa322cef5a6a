// SPDX-License-Identifier: GPL-2.0-only
// Names of stacks: what may be set, which setting holds, and what suffixes say.
#include <errno.h>

#include <cstring>
#include <set>
#include <string>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/stack_names.h"
}

namespace {

const lkos_identity kIdentity = {/*thread=*/77, /*process=*/66, /*user=*/55};

lkos_naming Naming(unsigned who, unsigned scope, const char* name) {
  return lkos_naming_of(who, scope, name);
}

std::string Scoped(const lkos_naming& naming,
                   const lkos_identity& identity = kIdentity) {
  char name[LKOS_SCOPED_NAME_MOST + 1];
  std::memset(name, 'x', sizeof(name));
  lkos_stack_name(name, &naming, &identity);
  return name;
}

// ---- the suffix

TEST(Suffix, OfAThreadIsItsNumber) {
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_THREAD, "foo")), "foo-t77");
}

TEST(Suffix, OfAProcessIsItsNumber) {
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_PROCESS, "foo")), "foo-p66");
}

TEST(Suffix, OfAUserIsItsNumber) {
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_USER, "foo")), "foo-u55");
}

TEST(Suffix, IsNoneForGlobalAndForNoChange) {
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_GLOBAL, "foo")), "foo");
  EXPECT_EQ(Scoped(Naming(1, LKOS_SCOPE_NOCHANGE, "foo")), "foo");
}

TEST(Suffix, IsAllThatANameWithoutCharactersHas) {
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_THREAD, "")), "-t77");
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_GLOBAL, "")), "");
}

TEST(Suffix, FollowsSixteenCharactersAndIsCutAtTwentyFive) {
  const char* const name = "0123456789abcdef";
  const lkos_identity big = {4194304, 4194304, 4294967294};
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_THREAD, name), big),
            "0123456789abcdef-t4194304");
  EXPECT_EQ(Scoped(Naming(0, LKOS_SCOPE_USER, name), big),
            "0123456789abcdef-u4294967");
}

// ---- what may be set

TEST(Check, TakesEveryWhoAndScopeButNoChangeForOneThread) {
  for (unsigned who = 0; who < 2; ++who) {
    for (unsigned scope = 0; scope < 5; ++scope) {
      const bool wrong =
          who == LKOS_WHO_THIS_THREAD && scope == LKOS_SCOPE_NOCHANGE;
      for (const char* name : {"foo", "", static_cast<const char*>(nullptr)}) {
        EXPECT_EQ(lkos_naming_check(who, scope, name), wrong ? -EINVAL : 0);
      }
    }
  }
}

TEST(Check, RefusesAWhoOrScopeThatIsNone) {
  for (const unsigned bad : {5u, 255u, 256u, 0x80000000u, 0xffffffffu}) {
    EXPECT_EQ(lkos_naming_check(bad, LKOS_SCOPE_GLOBAL, "foo"), -EINVAL);
    EXPECT_EQ(lkos_naming_check(LKOS_WHO_THIS_THREAD, bad, "foo"), -EINVAL);
  }
  EXPECT_EQ(lkos_naming_check(2, LKOS_SCOPE_GLOBAL, "foo"), -EINVAL);
}

TEST(Check, RefusesMoreThanSixteenCharacters) {
  EXPECT_EQ(lkos_naming_check(0, LKOS_SCOPE_GLOBAL, "0123456789abcdef"), 0);
  EXPECT_EQ(lkos_naming_check(0, LKOS_SCOPE_GLOBAL, "0123456789abcdefg"),
            -ENAMETOOLONG);
}

TEST(Check, RefusesAFirstByteOfOne) {
  EXPECT_EQ(lkos_naming_check(0, LKOS_SCOPE_GLOBAL, "\1foo"), -EINVAL);
  EXPECT_EQ(lkos_naming_check(0, LKOS_SCOPE_GLOBAL, "f\1oo"), 0);
}

// Of two mistakes the first in this list is reported.
TEST(Check, IsInOnloadsOrder) {
  const char* const too_long = "0123456789abcdefg";
  EXPECT_EQ(lkos_naming_check(2, 9, too_long), -EINVAL) << "who first";
  EXPECT_EQ(lkos_naming_check(0, LKOS_SCOPE_NOCHANGE, too_long), -EINVAL);
  EXPECT_EQ(
      lkos_naming_check(0, LKOS_SCOPE_GLOBAL, "\1...............too long"),
      -EINVAL);
  EXPECT_EQ(lkos_naming_check(0, 9, too_long), -ENAMETOOLONG) << "scope last";
}

// ---- which holds

TEST(InForce, IsTheThreadsOwnIfItHasOne) {
  const lkos_naming own = Naming(0, LKOS_SCOPE_THREAD, "own");
  const lkos_naming all = Naming(1, LKOS_SCOPE_PROCESS, "all");
  EXPECT_EQ(Scoped(lkos_naming_in_force(&own, &all)), "own-t77");
}

TEST(InForce, IsTheProcessesForAThreadThatFollows) {
  const lkos_naming own = Naming(1, LKOS_SCOPE_NOCHANGE, "own");
  const lkos_naming all = Naming(1, LKOS_SCOPE_PROCESS, "all");
  EXPECT_EQ(Scoped(lkos_naming_in_force(&own, &all)), "all-p66");
}

TEST(InForce, NotAcceleratedIsFollowedToo) {
  const lkos_naming own = Naming(1, LKOS_SCOPE_GLOBAL, "");
  const lkos_naming all = Naming(1, LKOS_SCOPE_THREAD, nullptr);
  EXPECT_FALSE(lkos_naming_in_force(&own, &all).accelerated);
}

TEST(InForce, AProcessWideThreadScopeHasASuffixOnlyWhereTheThreadsOwnIsThat) {
  const lkos_naming all = Naming(1, LKOS_SCOPE_THREAD, "all");
  const std::pair<unsigned, const char*> expected[] = {
      {LKOS_SCOPE_THREAD, "all-t77"},
      {LKOS_SCOPE_GLOBAL, "all"},
      {LKOS_SCOPE_NOCHANGE, "all"},
      {LKOS_SCOPE_PROCESS, "all"},
  };
  for (const auto& [scope, name] : expected) {
    const lkos_naming own = Naming(1, scope, "own");
    EXPECT_EQ(Scoped(lkos_naming_in_force(&own, &all)), name) << scope;
  }
}

// ---- the number

TEST(Number, IsTheSameForTheSameNameAndAnotherForAnother) {
  std::set<int32_t> numbers;
  for (int i = 0; i < 10000; ++i) {
    const std::string name = "stack-p" + std::to_string(i);
    const int32_t number = lkos_stack_number(name.c_str(), 1);
    EXPECT_GE(number, 0);
    EXPECT_EQ(number, lkos_stack_number(name.c_str(), 2)) << "in any process";
    numbers.insert(number);
  }
  EXPECT_EQ(numbers.size(), 10000u);
}

TEST(Number, OfAStackWithoutANameIsItsProcesses) {
  EXPECT_NE(lkos_stack_number("", 1), lkos_stack_number("", 2));
  EXPECT_EQ(lkos_stack_number("", 7), lkos_stack_number("", 7));
}

}  // namespace
