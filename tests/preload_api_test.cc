// SPDX-License-Identifier: GPL-2.0-only
// Onload's extensions: a program that is linked with -lonload_ext, and every
// function of the spec, in each library that exports it.
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "generated/onload_api.h"
#include "gtest/gtest.h"
#include "tests/harness/run.h"

namespace lkos {
namespace {

// ---- the program

std::string DirectoryOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// libonload_ext.so.1 is where the loader finds it, as if it were installed.
Command Linked(With with, const std::string& scenario) {
  Command command = Scenario(with, {scenario});
  command.environment.push_back(
      {"LD_LIBRARY_PATH", DirectoryOf(TestPath("LKOS_TEST_EXT_1"))});
  return command;
}

void ExpectAnswers(With with, const std::string& scenario,
                   const std::string& expected) {
  const Ran ran = RunCommand(Linked(with, scenario));
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

// ---- every function

struct Library {
  const char *name, *variable;  // in the spec, and of the test's environment
};
const Library kLibraries[] = {
    {"liblk_onload_stub", "LKOS_TEST_LIBRARY"},
    {"libonload_ext", "LKOS_TEST_EXT_1"},
    {"libonload_ext", "LKOS_TEST_EXT_2"},
};

// As long as the test; not in the global scope, so that it stands in front of
// nothing here.
void* Open(const Library& library) {
  void* handle =
      dlopen(TestPath(library.variable).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) ADD_FAILURE() << dlerror();
  return handle;
}

struct Answer {
  enum { kReturns, kSetsErrno, kIsSocket, kHandwritten } kind;
  long value;
  int error;
};

#define LKOS_VALUE(n) \
  { Answer::kReturns, n, 0 }
#define LKOS_NEG_ERRNO(e) \
  { Answer::kReturns, -e, 0 }
#define LKOS_MINUS_ONE(e) \
  { Answer::kSetsErrno, -1, e }
#define LKOS_CALLS(f) \
  { Answer::kIsSocket, 0, 0 }
#define LKOS_HANDWRITTEN \
  { Answer::kHandwritten, 0, 0 }

constexpr int kUntouched = 4242;  // no errno
constexpr size_t kRoom = 4096;    // more than any type of the API is long

// What pointers point to: a string, for those who take it for one.
struct Room {
  char bytes[kRoom];
  Room() { std::memset(bytes, 'A', kRoom), bytes[kRoom - 1] = '\0'; }
  bool IsUntouched() const {
    return std::memcmp(bytes, Room().bytes, kRoom) == 0;
  }
};

struct Row {
  const char* name;
  Answer stub, ext;
  // Calls it; pointers are `room`, which may be null.
  std::function<long(void* function, char* room)> call;
};

#define LKOS_ARG_SCALAR(type) static_cast<type>(0)
#define LKOS_ARG_POINTER(type) reinterpret_cast<type>(room)
#define LKOS_API_ROW(name, type, types, args, stub, ext, group, since, until)  \
  {#name, stub, ext, [](void* function, [[maybe_unused]] char* room) {         \
     return static_cast<long>(reinterpret_cast<type(*) types>(function) args); \
   }},

const Row kRows[] = {
#include "generated/api_table.inc"
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Extension : public testing::TestWithParam<Row> {
 protected:
  void Expect(const Library& library, const Answer& answer, char* room) {
    void* function = dlsym(Open(library), GetParam().name);
    ASSERT_NE(function, nullptr) << library.name;
    if (answer.kind == Answer::kHandwritten) return;  // has a test of its own
    const int socket_here =
        answer.kind == Answer::kIsSocket ? socket(0, 0, 0) : 0;
    const int socket_error = errno;
    errno = kUntouched;
    const long value = GetParam().call(function, room);
    const int error = errno;
    switch (answer.kind) {
      case Answer::kIsSocket:
        EXPECT_EQ(value, socket_here) << library.name;
        EXPECT_EQ(error, socket_error) << library.name;
        break;
      case Answer::kSetsErrno:
        EXPECT_EQ(value, -1) << library.name;
        EXPECT_EQ(error, answer.error) << library.name;
        break;
      default:
        EXPECT_EQ(value, answer.value) << library.name;
        EXPECT_EQ(error, kUntouched) << library.name;
    }
  }
};

TEST_P(Extension, AnswersAsTheSpecSaysAndWritesNothing) {
  for (const Library& library : kLibraries) {
    const bool stub = library.name == std::string("liblk_onload_stub");
    Room room;
    Expect(library, stub ? GetParam().stub : GetParam().ext, room.bytes);
    EXPECT_TRUE(room.IsUntouched()) << library.name;
    Expect(library, stub ? GetParam().stub : GetParam().ext, nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(, Extension, testing::ValuesIn(kRows), ParamName());

// ---- what the libraries export

using Names = std::set<std::string>;

// The number of dynamic symbols, which only the hash table tells.
size_t CountSymbols(const uint32_t* gnu_hash) {
  const uint32_t buckets = gnu_hash[0], first = gnu_hash[1],
                 bloom = gnu_hash[2];
  const uint32_t* bucket = gnu_hash + 4 + bloom * sizeof(ElfW(Addr)) / 4;
  const uint32_t* chain = bucket + buckets;
  uint32_t last = *std::max_element(bucket, bucket + buckets);
  if (last < first) return first;
  while ((chain[last - first] & 1) == 0) ++last;
  return last + 1;
}

// Those that a loaded library defines for others.
Names Exports(const Library& library) {
  Names names;
  const link_map* map = nullptr;
  EXPECT_EQ(dlinfo(Open(library), RTLD_DI_LINKMAP, &map), 0);
  const ElfW(Sym)* symbols = nullptr;
  const char* strings = nullptr;
  const uint32_t* hash = nullptr;
  for (const ElfW(Dyn)* at = map->l_ld; at->d_tag != DT_NULL; ++at) {
    if (at->d_tag == DT_SYMTAB)
      symbols = reinterpret_cast<const ElfW(Sym)*>(at->d_un.d_ptr);
    if (at->d_tag == DT_STRTAB)
      strings = reinterpret_cast<const char*>(at->d_un.d_ptr);
    if (at->d_tag == DT_GNU_HASH)
      hash = reinterpret_cast<const uint32_t*>(at->d_un.d_ptr);
  }
  for (size_t i = 0; i < CountSymbols(hash); ++i) {
    if (symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_name != 0) {
      names.insert(strings + symbols[i].st_name);
    }
  }
  return names;
}

struct Export {
  std::string library;
  const char *name, *kind;
};

#define LKOS_EXPORT_ROW(library, name, kind) {#library, #name, kind},
const Export kExports[] = {
#include "generated/exports.inc"
};

TEST(Exports, AreThoseOfTheSpecAndNoOthers) {
  for (const Library& library : kLibraries) {
    Names expected;
    for (const Export& row : kExports) {
      if (row.library == library.name) expected.insert(row.name);
    }
    EXPECT_EQ(Exports(library), expected) << library.variable;
  }
}

TEST(Exports, OfTheStubLackTheVersionThatWouldMakeOldProgramsRefuseIt) {
  const Names names = Exports(kLibraries[0]);
  EXPECT_EQ(names.count("onload_ext_version"), 0u);
  EXPECT_EQ(names.count("onload_lib_ext_version"), 0u);
}

TEST(Exports, TellTheVersionOfTheLinkLibrary) {
  const auto major = [](const Library& library) {
    const void* version = dlsym(Open(library), "onload_ext_version");
    return version ? *static_cast<const unsigned*>(version) : 0;
  };
  EXPECT_EQ(major(kLibraries[1]), 1u);
  EXPECT_EQ(major(kLibraries[2]), 2u);
}

}  // namespace
}  // namespace lkos
