// SPDX-License-Identifier: GPL-2.0-only
// Onload's extensions, for a program that is linked with -lonload_ext. That
// each function answers as the spec says, and that no other name is exported,
// is tested in tests/abi.
#include <dlfcn.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

// ---- the program

void ExpectAnswers(With with, const std::string& scenario,
                   const std::string& expected) {
  const Ran ran = RunCommand(Scenario(with, {scenario}));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(AreFacts(ran.out, expected));
}

std::string Common(const std::string& get_option) {
  return "onload_is_present()=0\n"
         "onload_set_stackname(ONLOAD_THIS_THREAD, ONLOAD_SCOPE_THREAD, "
         "\"trading\")=0\n"
         "onload_stackname_save()=0\nonload_stackname_restore()=0\n"
         "onload_stack_opt_set_int(\"EF_POLL_USEC\", 100)=0\n"
         "onload_stack_opt_get_int(\"EF_POLL_USEC\", &option)=" +
         get_option +
         "\n"
         "onload_stack_opt_set_int(\"EF_RX_TIMESTAMPING\", 0)=0\n"
         "onload_stack_opt_set_int(\"EF_RX_TIMESTAMPING\", 3)=0\n"
         "onload_stack_opt_set_int(\"EF_RX_TIMESTAMPING\", -1)=0\n"
         "onload_stack_opt_reset()=0\n"
         "onload_thread_set_spin(ONLOAD_SPIN_ALL, 1)=0\n"
         "onload_thread_get_spin(&spin)=-38\n"
         "onload_fd_stat(fd, &stat)=0\n"
         "onload_fd_check_feature(fd, ONLOAD_FD_FEAT_MSG_WARM)=-38\n"
         "onload_move_fd(fd)=0\n"
         "option=77\nspin=77\nstat=untouched\n"
         "onload_socket_nonaccel(AF_INET, SOCK_STREAM, 0) > 0=1\n"
         "onload_socket_nonaccel(-1, SOCK_STREAM, 0)=-1, EAFNOSUPPORT\n"
         "onload_socket_unicast_nonaccel(AF_INET, SOCK_DGRAM, 0) > 0=1\n"
         "onload_socket_rx_nonaccel(AF_INET, SOCK_DGRAM, 0) > 0=1\n";
}

TEST(LinkedProgram, GetsItsAnswersFromTheStubOrTheLinkLibrary) {
  ExpectAnswers(With::kNothing, "common", Common("-38"));
  ExpectAnswers(With::kLibrary, "common", Common("-1, ENOSYS"));
  ExpectAnswers(With::kLibraryEarly, "common", Common("-1, ENOSYS"));
}

TEST(LinkedProgram, MayNameAnOptionByABadPointer) {
  for (With with : {With::kNothing, With::kLibrary, With::kLibraryEarly}) {
    ExpectAnswers(with, "bad_options",
                  "onload_stack_opt_set_int(\"\", 1)=0\n"
                  "onload_stack_opt_set_int(short_name, 1)=0\n"
                  "onload_stack_opt_set_int(NULL, 1)=0\n"
                  "onload_stack_opt_set_int((const char *)16, 1)=0\n");
  }
}

// The calls in the order of the scenario, as the two libraries answer them.
const char kOrderedCall[] = "onload_ordered_epoll_wait(";

std::string OrderedEpoll(const std::vector<std::string>& answers,
                         const std::string& first_entry,
                         const std::string& events) {
  const std::string call = kOrderedCall;
  return call + "epfd, events, ordered, ENTRIES, 0)=" + answers[0] + "\n" +
         "entry without events=untouched\n" + call +
         "epfd, events, ordered, ENTRIES, 0)=" + answers[1] + "\n" +
         "entry 0=" + first_entry +
         "\nentry 1=untouched\nentry 2=untouched\nentry 3=untouched\n" +
         "events=" + events + "\n" + call +
         "epfd, events, NULL, ENTRIES, 0)=" + answers[2] + "\n" + call +
         "epfd, events, ordered, 0, 0)=" + answers[3] + "\n" + call +
         "epfd, events, ordered, -1, 0)=" + answers[4] + "\n" + call +
         "epfd, NULL, ordered, ENTRIES, 0)=" + answers[5] + "\n" + call +
         "-1, events, ordered, ENTRIES, 0)=" + answers[6] + "\n" + call +
         "pair.far, events, ordered, ENTRIES, 0)=" + answers[7] + "\n";
}

TEST(LinkedProgram, WaitsInOrderAsEpollDoes) {
  ExpectAnswers(
      With::kNothing, "ordered_epoll",
      OrderedEpoll(std::vector<std::string>(8, "-38"), "untouched", "other"));
  const std::string stub =
      OrderedEpoll({"0", "1", "1", "-1, EINVAL", "-1, EINVAL", "-1, EFAULT",
                    "-1, EBADF", "-1, EINVAL"},
                   "zero", "as epoll_wait's");
  ExpectAnswers(With::kLibrary, "ordered_epoll", stub);
  ExpectAnswers(With::kLibraryEarly, "ordered_epoll", stub);
}

// ---- the version, which a static libonload_ext.a looks up before it calls

const unsigned* Version(const char* variable, const char* name) {
  void* library = dlopen(TestPath(variable).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) ADD_FAILURE() << dlerror();
  return static_cast<const unsigned*>(dlsym(library, name));
}

TEST(Version, IsNotInTheStubWhichOldProgramsWouldThenRefuse) {
  for (const char* name : {"onload_ext_version", "onload_lib_ext_version"}) {
    EXPECT_EQ(Version("LKOS_TEST_LIBRARY", name), nullptr) << name;
  }
}

TEST(Version, OfTheLinkLibraryBeginsWithTheNumberOfItsName) {
  const unsigned* one = Version("LKOS_TEST_EXT_1", "onload_ext_version");
  const unsigned* two = Version("LKOS_TEST_EXT_2", "onload_ext_version");
  ASSERT_TRUE(one != nullptr && two != nullptr);
  EXPECT_EQ(one[0], 1u);
  EXPECT_EQ(two[0], 2u);
}

}  // namespace
}  // namespace lkos
