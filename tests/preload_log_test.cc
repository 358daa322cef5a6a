// SPDX-License-Identifier: GPL-2.0-only
// LKOS_LOG_FD: what is logged, and that it never gets in the program's way.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

using Words = std::vector<std::string>;

constexpr int kNumber = 7;  // of the log, in the probe
const std::string kLoaded = "lk_onload_stub: loaded\n";

struct Logged {
  Ran ran;
  std::string log;
};

Command WithLog(With with, const Words& words, int ours) {
  Command command = Scenario(with, words);
  command.environment.push_back({"LKOS_LOG_FD", std::to_string(kNumber)});
  command.descriptors = {{ours, kNumber}};
  return command;
}

// Runs it with a file for its log.
Logged RunLogged(const Words& words) {
  Logged logged;
  const int file = memfd_create("log", MFD_CLOEXEC);
  logged.ran = RunCommand(WithLog(With::kLibrary, words, file));
  EXPECT_EQ(logged.ran.status, 0);
  EXPECT_EQ(logged.ran.err, "");
  char piece[4096];
  ssize_t got;
  lseek(file, 0, SEEK_SET);
  while ((got = read(file, piece, sizeof(piece))) > 0) {
    logged.log.append(piece, static_cast<size_t>(got));
  }
  close(file);
  return logged;
}

TEST(Log, SaysThatItIsLoadedAndNoMore) {
  const Logged logged = RunLogged({"quiet"});
  EXPECT_EQ(logged.log, kLoaded);
  EXPECT_EQ(logged.ran.out, "done=yes\n");
}

TEST(Log, SaysEachRewrittenRequest) {
  const Logged logged = RunLogged({"requests"});
  const std::string line = "lk_onload_stub: timestamps: descriptor 100: ";
  EXPECT_EQ(logged.log, kLoaded + line +
                            "0x44 requested, 0x5c for the kernel\n" + line +
                            "0x44 requested, 0x5c for the kernel\n" + line +
                            "0x41 requested, 0x53 for the kernel\n");
  EXPECT_TRUE(AreFacts(logged.ran.out, Facts(With::kNothing, {"requests"})));
}

TEST(Log, SaysTheFirstUseOfEachExtension) {
  const Logged logged = RunLogged({"extensions"});
  EXPECT_EQ(logged.log,
            kLoaded +
                "lk_onload_stub: onload_is_present: 0\n"
                "lk_onload_stub: onload_thread_get_spin: -ENOSYS\n"
                "lk_onload_stub: onload_stack_opt_get_int: -1, errno ENOSYS\n"
                "lk_onload_stub: onload_socket_nonaccel: socket()\n"
                "lk_onload_stub: onload_ordered_epoll_wait: epoll_wait(), "
                "events unordered\n");
  const std::string facts =
      "onload_is_present=0\nonload_thread_get_spin=-38\n"
      "onload_stack_opt_get_int=-1 ENOSYS\n"
      "onload_socket_nonaccel=-1 EAFNOSUPPORT\n"
      "onload_ordered_epoll_wait=-1 EBADF\n";
  EXPECT_EQ(logged.ran.out, facts + facts);
}

// Also shows that the constructor of harness/early.c comes before ours.
TEST(Log, StartsAfterAnEarlierConstructor) {
  Command command = Scenario(With::kLibraryEarly, {"quiet"});
  command.environment.push_back({"LKOS_LOG_FD", "1"});
  EXPECT_EQ(RunCommand(command).out, "done=yes\n" + kLoaded);
}

TEST(Log, GoesOnWhenItsNumberIsTaken) {
  const Logged logged = RunLogged({"taken", std::to_string(kNumber)});
  EXPECT_EQ(logged.ran.out, "landed=-1 EAGAIN\n");
  EXPECT_NE(logged.log, kLoaded);
}

TEST(Log, EndsWhenAllIsClosedAndNothingLandsInASocket) {
  for (const char* scenario : {"all_closed", "all_taken"}) {
    const Logged logged = RunLogged({scenario});
    EXPECT_EQ(logged.ran.out, "landed=-1 EAGAIN\n") << scenario;
    EXPECT_EQ(logged.log, kLoaded) << scenario;
  }
}

TEST(Log, HasOneDescriptorThatExecCloses) {
  const Words words = {"descriptors", std::to_string(kNumber)};
  const std::string bare = Facts(With::kNothing, words);
  EXPECT_EQ(RunLogged(words).ran.out,
            bare + "descriptor=high, closed by exec\n");
  EXPECT_EQ(Facts(With::kLibrary, words), bare) << "without a log";
}

TEST(Log, RaisesNoSigpipe) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  close(ends[0]);
  for (const auto& [scenario, facts] :
       {std::pair{"broken_pipe", "signals=0\n"},
        std::pair{"broken_pipe_of_its_own", "waiting=1\nblocked=1\n"}}) {
    const Ran ran = RunCommand(WithLog(With::kLibrary, {scenario}, ends[1]));
    EXPECT_EQ(ran.status, 0) << scenario;
    EXPECT_EQ(ran.out, facts);
    EXPECT_EQ(ran.err, "");
  }
  close(ends[1]);
}

// In a program that is executed, the number may be a socket by then.
TEST(Log, IsNeverASocket) {
  int ends[2];
  char piece[64];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Ran ran = RunCommand(WithLog(With::kLibrary, {"requests"}, ends[0]));
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.err.find("LKOS_LOG_FD=7 is not open, or a socket"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(recv(ends[1], piece, sizeof(piece), MSG_DONTWAIT), -1);
  close(ends[0]);
  close(ends[1]);
}

// As for a service.
TEST(Log, MayBeStandardErrorThatIsASocket) {
  int ends[2];
  char piece[64];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  Command command = Scenario(With::kLibrary, {"quiet"});
  command.environment.push_back({"LKOS_LOG_FD", "2"});
  command.descriptors = {{ends[0], STDERR_FILENO}};
  EXPECT_EQ(RunCommand(command).status, 0);
  const ssize_t got = recv(ends[1], piece, sizeof(piece), MSG_DONTWAIT);
  EXPECT_EQ(std::string(piece, got < 0 ? 0 : static_cast<size_t>(got)),
            kLoaded);
  close(ends[0]);
  close(ends[1]);
}

TEST(Log, EndsNoProgramWhereTheFileMayNotGrow) {
  rlimit before;
  const int file = memfd_create("log", MFD_CLOEXEC);
  constexpr rlim_t kLongest = 1 << 24;  // a sanitizer's own file is shorter
  ASSERT_EQ(lseek(file, kLongest, SEEK_SET), off_t{kLongest});
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit = {kLongest, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const Ran ran = RunCommand(WithLog(With::kLibrary, {"requests"}, file));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(AreFacts(ran.out, Facts(With::kNothing, {"requests"})));
  close(file);
}

TEST(Log, IsNoPointOfCancellation) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  close(ends[0]);
  const Ran ran =
      RunCommand(WithLog(With::kLibrary, {"cancelled_before"}, ends[1]));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "setsockopt=returned\n");
  close(ends[1]);
}

TEST(Log, ComplainsWithoutASignalWhereNobodyReads) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  close(ends[0]);
  Command command = Scenario(With::kLibrary, {"quiet"});
  command.environment.push_back({"LKOS_LOG_FD", "none"});
  command.descriptors = {{ends[1], STDERR_FILENO}};
  const Ran ran = RunCommand(command);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "done=yes\n");
  close(ends[1]);
}

class BadLogFd : public testing::TestWithParam<std::string> {};

TEST_P(BadLogFd, IsReportedOnceAndTheProgramRuns) {
  Command command = Scenario(With::kLibrary, {"requests"});
  command.environment.push_back({"LKOS_LOG_FD", GetParam()});
  const Ran ran = RunCommand(command);
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(AreFacts(ran.out, Facts(With::kNothing, {"requests"})));
  const std::string start = "lk_onload_stub: LKOS_LOG_FD=" + GetParam() + " ";
  EXPECT_EQ(ran.err.substr(0, start.size()), start);
  EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << "one line: " << ran.err;
}

INSTANTIATE_TEST_SUITE_P(, BadLogFd,
                         testing::Values("", "stderr", "-1", "3x", " 2", "2 ",
                                         "+2", "0x2", "2147483648",
                                         "99999999999999999999", "999"));

TEST(Log, MayBeStderr) {
  Command command = Scenario(With::kLibrary, {"quiet"});
  command.environment.push_back({"LKOS_LOG_FD", "2"});
  EXPECT_EQ(RunCommand(command).err, kLoaded);
}

}  // namespace
}  // namespace lkos
