// SPDX-License-Identifier: GPL-2.0-only
// Names of stacks under the emulation: what each call answers, and in which
// stack sockets then are. In a name, T, P and U stand for the numbers of the
// calling thread, process and user.
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

using Environment = std::vector<std::pair<std::string, std::string>>;

void ExpectUnder(const Environment& environment, const std::string& facts) {
  for (const With with : {With::kLibrary, With::kLibraryEarly}) {
    Command command = Scenario(with, {"environment"});
    for (const auto& variable : environment) {
      command.environment.push_back(variable);
    }
    const Ran ran = RunCommand(command);
    EXPECT_EQ(ran.err, "");
    EXPECT_TRUE(AreFacts(ran.out, facts));
  }
}

TEST(Presence, IsOne) { ExpectFacts({"presence"}, "onload_is_present()=1\n"); }

// ---- what is preloaded

std::string Emulation() {
  const std::string both = Preloaded();
  return both.substr(0, both.find(':'));
}

std::string Stub() {
  const std::string both = Preloaded();
  return both.substr(both.find(':') + 1);
}

Ran RunWith(const std::string& preload) {
  Command command = Scenario(With::kNothing, {"presence"});
  command.environment.push_back({"LD_PRELOAD", preload});
  return RunCommand(command);
}

TEST(Preload, WithoutTheStubBehindItIsComplainedOfOnceAndLeavesAllAsItIs) {
  for (const std::string& preload : {Emulation(), Stub() + ":" + Emulation()}) {
    const Ran ran = RunWith(preload);
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, "onload_is_present()=0\n");
    EXPECT_EQ(ran.err,
              "lk_onload_emulation: liblk_onload_stub.so is not loaded behind "
              "it, so nothing is emulated; use LD_PRELOAD=" +
                  Emulation() + ":" +
                  Emulation().substr(0, Emulation().rfind('/') + 1) +
                  "liblk_onload_stub.so\n");
  }
}

TEST(Preload, MayHaveAnotherLibraryBetweenTheTwoOrAround) {
  const std::string other = TestPath("LKOS_TEST_EARLY");
  for (const std::string& preload :
       {Emulation() + ":" + other + ":" + Stub(),
        other + ":" + Emulation() + ":" + Stub(),
        Emulation() + ":" + Stub() + ":" + other}) {
    const Ran ran = RunWith(preload);
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, "onload_is_present()=1\n");
    EXPECT_EQ(ran.err, "");
  }
}

TEST(SetStackname, RefusesInOnloadsOrderAndChangesNothing) {
  ExpectFacts(
      {"errors"},
      "onload_set_stackname(bad_who, ONLOAD_SCOPE_GLOBAL, \"foo\")=-1, EINVAL\n"
      "onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_NOCHANGE, "
      "\"foo\")=-1, EINVAL\n"
      "onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "
      "\"\\1foo\")=-1, EINVAL\n"
      "onload_set_stackname(ONLOAD_THIS_THREAD, bad_scope, "
      "\"0123456789abcdefg\")=-1, ENAMETOOLONG\n"
      "onload_set_stackname(ONLOAD_THIS_THREAD, bad_scope, "
      "\"0123456789abcdef\")=-1, EINVAL\n"
      "onload_set_stackname(ONLOAD_THIS_THREAD, bad_scope, NULL)=-1, EINVAL\n"
      "onload_set_stackname(ONLOAD_ALL_THREADS, ONLOAD_SCOPE_NOCHANGE, "
      "\"\\1\")=-1, EINVAL\n"
      "stack=\n"
      "onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_GLOBAL, "
      "\"0123456789abcdef\")=0\n"
      "stack=0123456789abcdef\n");
}

TEST(SetStackname, NamesSocketsOfTcpAndUdpWithTheScopesSuffix) {
  const std::vector<std::string> suffixes = {"-tT", "-pP", "-uU", ""};
  std::string expected;
  for (int who = 0; who < 2; ++who) {
    for (int scope = 1; scope < 5; ++scope) {
      for (const std::string& family : kInet) {
        expected += "who " + std::to_string(who) + ", scope " +
                    std::to_string(scope) + ", " + family + "=foo" +
                    suffixes[static_cast<size_t>(scope) - 1] + "\n";
      }
    }
  }
  ExpectFacts({"scopes"}, expected);
}

TEST(SetStackname, LeavesAllOtherDescriptorsPlain) {
  ExpectFacts({"other_kinds"},
              "unix=(plain)\npipe=(plain)\nepoll=(plain)\nfile=(plain)\n"
              "raw=(plain)\nclosed=(plain)\nnegative=(plain)\n");
}

TEST(SetStackname, WithNullMakesPlainSocketsOfThisThreadOrOfAll) {
  std::string expected;
  for (int who = 0; who < 2; ++who) {
    for (int scope = 1; scope < 5; ++scope) {
      expected +=
          "who " + std::to_string(who) + ", scope " + std::to_string(scope) +
          "=(plain)\nother thread=" + (who == 0 ? "foo" : "(plain)") + "\n";
    }
  }
  ExpectFacts({"plain"}, expected);
}

TEST(SetStackname, OfThisThreadAndOfAllThreadsReachTheThreadsThatTheyShould) {
  ExpectFacts({"who"},
              "this thread's=mine-tT\nother thread=\n"
              "all threads'=all-pP\nother thread=all-pP\n"
              "other thread=all-pP\n"  // a thread that was made later
              "all threads', by thread=each-tT\n"
              "other thread=each\n"  // it has set nothing itself
              "other thread=own-tT\n"
              "all threads', later=later\n"
              "other thread=own-tT\n");  // its own goes before
}

TEST(SetStackname, WithNoChangeFollowsTheProcessAgain) {
  ExpectFacts({"nochange"},
              "own=mine-tT\nfollowed again=all-pP\nname ignored=all-pP\n"
              "onload_stackname_save()=0\nonload_stackname_restore()=0\n"
              "saved is the process-wide one=all-pP\n"
              "as it was when saved=all-pP\n");
}

TEST(SavedNames, AreRestoredTheNewestFirstThenRestoreFailsAndChangesNothing) {
  ExpectFacts({"saves"},
              "onload_stackname_restore()=-22\nrestored in turn=1000\n"
              "onload_stackname_restore()=-22\nleft as it was=n0\n");
}

TEST(SavedNames, OfAThreadThatFollowsAreRestoredForAllThreads) {
  ExpectFacts({"restores"},
              "onload_stackname_save()=0\nother thread=all-pP\n"
              "onload_stackname_restore()=0\nuntouched again=\n"
              "other thread=\n"
              "onload_stackname_save()=0\nonload_stackname_restore()=0\n"
              "null restored=(plain)\n");
}

TEST(Fork, GivesTheChildItsParentsNameAndItsOwnSuffix) {
  ExpectFacts({"forks"},
              "unnamed, in the child=\n"
              "scope 1, in the child=foo-tT\nscope 1, in the parent=foo-tT\n"
              "scope 2, in the child=foo-pP\nscope 2, in the parent=foo-pP\n"
              "scope 3, in the child=foo-uU\nscope 3, in the parent=foo-uU\n"
              "scope 4, in the child=foo\nscope 4, in the parent=foo\n");
}

TEST(Fork, KeepsWhatTheChildSetsAndRestoresFromTheParent) {
  ExpectFacts({"forks_apart"},
              "child=bar\nonload_stackname_restore()=0\n"
              "child, restored=before\nparent=foo\n"
              "onload_stackname_restore()=0\nparent, restored=before\n");
}

TEST(Fork, MayHaveHandlersThatCallTheEmulation) {
  for (const With with : {With::kLibrary, With::kLibraryEarly}) {
    const Ran ran = RunCommand(Scenario(with, {"forks_with_handlers"}));
    EXPECT_EQ(ran.err, "");
    EXPECT_TRUE(AreFacts(ran.out,
                         "after handlers, in the child=handlers\n"
                         "after handlers, in the parent=handlers\n"));
  }
}

TEST(SetUid, ChangesTheSuffixOfAUserScopeAndNoOther) {
  const std::string facts = Facts(With::kLibrary, {"users"});
  if (IsNotRun(facts)) GTEST_SKIP() << facts;
  EXPECT_TRUE(
      AreFacts(facts, "root=foo-uU, own\nnobody=foo-uU\nby process=foo-pP\n"));
}

TEST(Environment, NamesTheFirstStackOnceAtTheStart) {
  ExpectUnder({{"EF_NAME", "first"}},
              "start=first\nchanged later=first\nother thread=first\n"
              "set=set\nother thread=set\nnull=(plain)\n");
}

TEST(Environment, GivesSixteenBytesOfALongName) {
  ExpectUnder({{"EF_NAME", "0123456789abcdefgh"}},
              "start=0123456789abcdef\nchanged later=0123456789abcdef\n"
              "other thread=0123456789abcdef\n"
              "set=set\nother thread=set\nnull=(plain)\n");
}

TEST(Environment, GivesEachThreadAStackOfItsOwn) {
  ExpectUnder({{"EF_STACK_PER_THREAD", "1"}},
              "start=-tT\nchanged later=-tT\nother thread=-tT\n"
              "set=set\nother thread=set\nnull=(plain)\n");
  ExpectUnder({{"EF_STACK_PER_THREAD", "1"}, {"EF_NAME", "first"}},
              "start=first-tT\nchanged later=first-tT\nother thread=first-tT\n"
              "set=set\nother thread=set\nnull=(plain)\n");
}

TEST(Environment, AcceleratesNothingUntilANameIsSet) {
  ExpectUnder({{"EF_DONT_ACCELERATE", "1"}, {"EF_NAME", "first"}},
              "start=(plain)\nchanged later=(plain)\nother thread=(plain)\n"
              "set=set\nother thread=set\nnull=(plain)\n");
}

TEST(Sockets, StayInTheirStackAndAcceptedOnesAreInTheirListeners) {
  for (const char* family : {"tcp4", "tcp6"}) {
    ExpectFacts({"sockets_stay", family},
                "listener=listen\nunnamed=\nconnecting=later\n"
                "accepted=listen\naccepted by accept4=listen\n"
                "accepted without a name=\naccepted from plain=(plain)\n"
                "dup=(plain)\n");
  }
  for (const char* family : {"udp4", "udp6"}) {
    ExpectFacts({"sockets_stay", family},
                "listener=listen\nunnamed=\ndup=listen\n");
  }
}

TEST(Many, ThreadsHaveNamesOfTheirOwn) {
  ExpectFacts({"threads"}, "right=32000 of 32000\n");
}

TEST(Many, OpenSocketsAreAllKnown) {
  ExpectFacts({"sockets_many"}, "right=900 of 900\n");
}

}  // namespace
}  // namespace lkos
