// SPDX-License-Identifier: GPL-2.0-only
#include "tests/harness/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <regex>
#include <sstream>
#include <thread>

namespace lkos {
namespace {

using Clock = std::chrono::steady_clock;

// What our own environment may have that a child must not inherit unasked.
const char* const kNotInherited[] = {"LD_PRELOAD=", "PROBE_", "LKOS_"};

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const Command& command) {
  std::vector<std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    bool inherited = true;
    for (const char* name : kNotInherited) {
      inherited = inherited && std::strncmp(*at, name, std::strlen(name)) != 0;
    }
    if (inherited) all.push_back(*at);
  }
  for (const auto& [name, value] : command.environment) {
    all.push_back(name + "=" + value);
  }
  return all;
}

// One of the child's output streams, as it comes.
struct Stream {
  int ends[2];
  std::string* text;

  void Open() {
    if (pipe2(ends, O_CLOEXEC) != 0) Die("pipe2");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }

  // Takes what there is. false: the end was reached.
  bool Read() {
    char piece[65536];
    ssize_t got;
    while ((got = read(ends[0], piece, sizeof(piece))) > 0) {
      text->append(piece, static_cast<size_t>(got));
    }
    return got < 0 && errno == EAGAIN;
  }
};

// In the child: nothing here allocates.
[[noreturn]] void Become(const Command& command, char** argv, char** envp,
                         const Stream& out, const Stream& err) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(out.ends[1], STDOUT_FILENO);
  dup2(err.ends[1], STDERR_FILENO);
  for (const auto& [ours, number] : command.descriptors) {
    if (dup2(ours, number) < 0) _exit(126);
  }
  execve(argv[0], argv, envp);
  _exit(127);
}

// Waits for the child's end, where a pipe ends, reading what it says. false: at
// the time limit.
bool Follow(int pipe_end, Stream* out, Stream* err) {
  const auto end = Clock::now() + std::chrono::seconds(kTimeLimitSeconds);
  pollfd waiting[] = {{pipe_end, POLLIN, 0},
                      {out->ends[0], POLLIN, 0},
                      {err->ends[0], POLLIN, 0}};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    if (left.count() <= 0 ||
        poll(waiting, 3, static_cast<int>(left.count())) <= 0) {
      return false;
    }
    if (!out->Read()) waiting[1].fd = -1;
    if (!err->Read()) waiting[2].fd = -1;
    if (waiting[0].revents != 0) return true;
  }
}

// valgrind's word on the library's question whether memory can be read, which
// --quiet does not spare us.
std::string WithoutNotes(const std::string& err) {
  static const std::regex note(
      "--\\d+-- sigprocmask: unknown 'how' field -1\n");
  return std::regex_replace(err, note, "");
}

}  // namespace

Ran RunCommand(const Command& command) {
  Ran ran = {};
  Stream out = {{-1, -1}, &ran.out}, err = {{-1, -1}, &ran.err};
  std::vector<std::string> words = command.words, all = Environment(command);
  const std::vector<char*> argv = Pointers(&words), envp = Pointers(&all);

  out.Open();
  err.Open();
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    Become(command, const_cast<char**>(argv.data()),
           const_cast<char**>(envp.data()), out, err);
  }
  setpgid(child, child);  // whoever is first
  close(out.ends[1]);
  close(err.ends[1]);
  int end[2];
  if (pipe2(end, O_CLOEXEC) != 0) Die("pipe2");
  std::thread waiter([child, &end] {  // before Linux 5.3 there is no pidfd_open
    siginfo_t how;
    waitid(P_PID, static_cast<id_t>(child), &how, WEXITED | WNOWAIT);
    close(end[1]);
  });
  const bool ended = Follow(end[0], &out, &err);
  kill(-child, SIGKILL);  // not reaped yet, so the group is still its own
  waiter.join();
  waitpid(child, &ran.status, 0);
  out.Read();
  err.Read();
  close(out.ends[0]);
  close(err.ends[0]);
  close(end[0]);
  ran.status =
      WIFEXITED(ran.status) ? WEXITSTATUS(ran.status) : -WTERMSIG(ran.status);
  ran.err = WithoutNotes(ran.err);
  if (!ended) {
    ADD_FAILURE() << words[0] << " ran longer than " << kTimeLimitSeconds
                  << " s and was killed; it had said:\n"
                  << ran.out << ran.err;
  }
  return ran;
}

namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) Die(name);
  return value;
}

std::string Absolute(const std::string& given) {
  char path[PATH_MAX];
  if (realpath(given.c_str(), path) == nullptr) Die(given.c_str());
  return path;
}

}  // namespace

std::string TestPath(const char* variable) {
  return Absolute(Variable(variable));
}

namespace {

// The words of LKOS_TEST_UNDER.
std::vector<std::string> Under() {
  const char* value = std::getenv("LKOS_TEST_UNDER");
  std::istringstream words(value == nullptr ? "" : value);
  return {std::istream_iterator<std::string>(words), {}};
}

}  // namespace

std::string Preloaded() {
  std::istringstream paths(Variable("LKOS_TEST_LIBRARY"));
  std::string all, path;
  while (std::getline(paths, path, ':')) {
    all += (all.empty() ? "" : ":") + Absolute(path);
  }
  return all;
}

Command Scenario(With with, const std::vector<std::string>& words) {
  Command command = {Under(), {}, {}};
  std::string preload = with == With::kNothing ? "" : Preloaded();
  // That other program would run the scenario in a constructor of its own.
  if (with == With::kLibraryEarly && command.words.empty()) {
    preload += ":" + TestPath("LKOS_TEST_EARLY");
    command.environment.push_back({"PROBE_EARLY", "1"});
  }
  if (!preload.empty()) command.environment.push_back({"LD_PRELOAD", preload});
  // libonload_ext.so.1 is where the loader finds it, as if it were installed.
  const std::string extension_library = TestPath("LKOS_TEST_EXT_1");
  command.environment.push_back(
      {"LD_LIBRARY_PATH",
       extension_library.substr(0, extension_library.rfind('/'))});
  command.words.push_back(TestPath("LKOS_TEST_PROBE"));
  command.words.insert(command.words.end(), words.begin(), words.end());
  return command;
}

std::string Facts(With with, const std::vector<std::string>& words) {
  const Ran ran = RunCommand(Scenario(with, words));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  return ran.out;
}

std::string Log(const std::vector<std::string>& words) {
  Command command = Scenario(With::kLibrary, words);
  command.environment.push_back({"LKOS_LOG_FD", "2"});
  return RunCommand(command).err;
}

bool IsNotRun(const std::string& facts) {
  return facts.rfind("not run: ", 0) == 0;
}

testing::AssertionResult AreFacts(const std::string& facts,
                                  const std::string& expected) {
  constexpr int kShown = 6;
  if (facts == expected) return testing::AssertionSuccess();
  std::istringstream left(expected), right(facts);
  std::ostringstream differing;
  int count = 0;
  while (left || right) {
    std::string wanted, got;
    std::getline(left, wanted);
    std::getline(right, got);
    if (wanted != got && ++count <= kShown) {
      differing << "- " << wanted << "\n+ " << got << "\n";
    }
  }
  return testing::AssertionFailure()
         << count << " lines differ (- expected, + got), the first of them:\n"
         << differing.str();
}

void ExpectFacts(const std::vector<std::string>& words,
                 const std::string& expected) {
  const std::string command = testing::PrintToString(words);
  EXPECT_TRUE(AreFacts(Facts(With::kLibrary, words), expected)) << command;
  if (!Under().empty()) return;  // it would be the same again
  EXPECT_TRUE(AreFacts(Facts(With::kLibraryEarly, words), expected))
      << command << " in an earlier constructor";
}

void ExpectSame(const std::vector<std::string>& words) {
  const std::string bare = Facts(With::kNothing, words);
  if (IsNotRun(bare)) GTEST_SKIP() << bare;
  ExpectFacts(words, bare);
}

std::string AsTestName(const std::string& text) {
  std::string name;
  bool starts = true;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += starts ? static_cast<char>(std::toupper(c)) : c;
    }
    starts = std::isalnum(static_cast<unsigned char>(c)) == 0;
  }
  return name;
}

}  // namespace lkos
