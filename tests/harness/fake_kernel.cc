// SPDX-License-Identifier: GPL-2.0-only
#include "tests/harness/fake_kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

extern "C" {
#include "src/runtime/file.h"
#include "src/runtime/next.h"
}

namespace fake_kernel {
namespace {

constexpr int kTimestampingOld = 37;
constexpr int kTimestampingNew = 65;

struct Socket {
  bool is_socket = false;  // or another file
  ino_t inode = 0;
  timespec times[2] = {};  // of access and modification
  int domain = 0, type = 0, protocol = 0;
  uint32_t value[2] = {0, 0};  // flags, and the clock to bind to
  bool is_new = false;         // set by the new number
};

std::mutex mutex;
std::map<int, std::shared_ptr<Socket>> descriptors;
ino_t next_inode = 1000;
timespec times_of_closed[2];  // of the socket that was closed last
int refusal = 0;
bool times_are_refused = false;
bool new_reads = true;
std::atomic<int> calls{0};

struct Visit {
  std::function<void()> before, after;
};
int visit_in = 0;  // calls until the visit; 0: none
Visit visit;
std::function<void()> before_each;

Socket *At(int fd) {
  const auto found = descriptors.find(fd);
  return found == descriptors.end() ? nullptr : found->second.get();
}

int Fail(int error) {
  errno = error;
  return -1;
}

int Get(int fd, int level, int optname, void *optval, socklen_t *optlen) {
  const std::lock_guard<std::mutex> lock(mutex);
  const Socket *socket = At(fd);
  const void *from;
  size_t size = sizeof(int);

  if (socket == nullptr) return Fail(EBADF);
  if (!socket->is_socket) return Fail(ENOTSOCK);
  if (level != SOL_SOCKET) return Fail(ENOPROTOOPT);
  static const uint32_t nothing[2] = {0, 0};
  switch (optname) {
    case SO_TYPE:
      from = &socket->type;
      break;
    case SO_DOMAIN:
      from = &socket->domain;
      break;
    case SO_PROTOCOL:
      from = &socket->protocol;
      break;
    case kTimestampingOld:
    case kTimestampingNew:
      if (optname == kTimestampingNew && !new_reads) return Fail(ENOPROTOOPT);
      from = optname == kTimestampingOld || socket->is_new ? socket->value
                                                           : nothing;
      size = sizeof(socket->value);
      break;
    default:
      return Fail(ENOPROTOOPT);
  }
  *optlen = static_cast<socklen_t>(std::min<size_t>(*optlen, size));
  memcpy(optval, from, *optlen);
  return 0;
}

int Set(int fd, int level, int optname, const void *optval, socklen_t optlen) {
  const std::lock_guard<std::mutex> lock(mutex);
  Socket *socket = At(fd);

  if (socket == nullptr) return Fail(EBADF);
  if (!socket->is_socket) return Fail(ENOTSOCK);
  if (level != SOL_SOCKET ||
      (optname != kTimestampingOld && optname != kTimestampingNew)) {
    return Fail(ENOPROTOOPT);
  }
  if (optlen < sizeof(uint32_t)) return Fail(EINVAL);
  if (refusal != 0) return Fail(refusal);
  socket->value[1] = 0;
  memcpy(socket->value, optval,
         optlen == sizeof(socket->value) ? sizeof(socket->value)
                                         : sizeof(uint32_t));
  socket->is_new = optname == kTimestampingNew;
  return 0;
}

int Read(int fd, lkos_file *file) {
  const std::lock_guard<std::mutex> lock(mutex);
  const Socket *socket = At(fd);

  if (socket == nullptr) return Fail(EBADF);
  *file = {};
  file->st_ino = socket->inode;
  file->st_atim = socket->times[0];
  file->st_mtim = socket->times[1];
  return 0;
}

int SetTimes(int fd, const timespec (&times)[2]) {
  const std::lock_guard<std::mutex> lock(mutex);
  Socket *socket = At(fd);

  if (socket == nullptr) return Fail(EBADF);
  for (const timespec &time : times) {
    if (time.tv_nsec < 0 || time.tv_nsec > 999999999) return Fail(EINVAL);
  }
  if (times_are_refused) return Fail(EPERM);
  std::copy(std::begin(times), std::end(times), socket->times);
  return 0;
}

// Takes the visit, if it is due in this call.
Visit Due() {
  ++calls;
  const std::lock_guard<std::mutex> lock(mutex);
  if (visit_in == 0 || --visit_in > 0) return {};
  return std::exchange(visit, {});
}

// Out of its place while it runs: its own calls are not visited.
void VisitBeforeEach() {
  std::unique_lock<std::mutex> lock(mutex);
  if (!before_each) return;
  std::function<void()> running = std::exchange(before_each, nullptr);
  lock.unlock();
  running();
  lock.lock();
  before_each = std::move(running);
}

template <typename Call>
int Visited(Call call) {
  const Visit due = Due();
  VisitBeforeEach();
  if (due.before) due.before();
  const int result = call();
  const int error = errno;
  if (due.after) due.after();
  errno = error;
  return result;
}

int GetSockOpt(int fd, int level, int optname, void *optval,
               socklen_t *optlen) {
  return Visited([&] { return Get(fd, level, optname, optval, optlen); });
}

int SetSockOpt(int fd, int level, int optname, const void *optval,
               socklen_t optlen) {
  return Visited([&] { return Set(fd, level, optname, optval, optlen); });
}

int FileRead(int fd, lkos_file *file) {
  return Visited([&] { return Read(fd, file); });
}

int FileSetTimes(int fd, const timespec (&times)[2]) {
  return Visited([&] { return SetTimes(fd, times); });
}

// What the kernel makes of protocol 0.
int UsualProtocol(int domain, int type) {
  if (domain != AF_INET && domain != AF_INET6) return 0;
  return type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
}

// Before its number is another's, or nobody's.
void EndLocked(const std::shared_ptr<Socket> &socket) {
  if (socket && socket.use_count() == 1)
    std::copy(std::begin(socket->times), std::end(socket->times),
              times_of_closed);
}

Socket *OpenLocked(int fd, int domain, int type, int protocol) {
  std::shared_ptr<Socket> &at = descriptors[fd];
  EndLocked(at);
  if (!at || at.use_count() > 1) at = std::make_shared<Socket>();
  *at = Socket();
  at->is_socket = true;
  at->inode = next_inode++;
  std::copy(std::begin(times_of_closed), std::end(times_of_closed), at->times);
  at->domain = domain;
  at->type = type;
  at->protocol = protocol != 0 ? protocol : UsualProtocol(domain, type);
  return at.get();
}

}  // namespace

void Install() {
  const std::lock_guard<std::mutex> lock(mutex);
  lkos_next.getsockopt = GetSockOpt;
  lkos_next.setsockopt = SetSockOpt;
  descriptors.clear();
  refusal = 0;
  times_are_refused = false;
  new_reads = true;
  calls = 0;
  visit_in = 0;
  visit = {};
  before_each = nullptr;
}

void Open(int fd, int domain, int type, int protocol) {
  const std::lock_guard<std::mutex> lock(mutex);
  OpenLocked(fd, domain, type, protocol);
}

void OpenFile(int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  descriptors[fd] = std::make_shared<Socket>();
  descriptors[fd]->inode = next_inode++;
}

void Close(int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = descriptors.find(fd);
  if (found == descriptors.end()) return;
  EndLocked(found->second);
  descriptors.erase(found);
}

void Duplicate(int fd, int new_fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  const std::shared_ptr<Socket> socket = descriptors.at(fd);
  std::shared_ptr<Socket> &at = descriptors[new_fd];
  if (at != socket) EndLocked(at);
  at = socket;
}

void Accept(int listener, int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  Socket *accepted = OpenLocked(fd, AF_INET, SOCK_STREAM, 0);
  const Socket *from = At(listener);
  std::copy(std::begin(from->value), std::end(from->value), accepted->value);
  accepted->is_new = from->is_new;
}

uint32_t FlagsOf(int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  const Socket *socket = At(fd);
  return socket ? socket->value[0] : 0;
}

void SetFlags(int fd, uint32_t flags) {
  const std::lock_guard<std::mutex> lock(mutex);
  At(fd)->value[0] = flags;
}

int Refuse(int error) {
  const std::lock_guard<std::mutex> lock(mutex);
  return std::exchange(refusal, error);
}

void RefuseTimes(bool refused) {
  const std::lock_guard<std::mutex> lock(mutex);
  times_are_refused = refused;
}

void ReadByNew(bool reads) {
  const std::lock_guard<std::mutex> lock(mutex);
  new_reads = reads;
}

int Calls() { return calls; }

void BeforeEach(std::function<void()> every) {
  const std::lock_guard<std::mutex> lock(mutex);
  before_each = std::move(every);
}

void Inside(int nth, std::function<void()> before,
            std::function<void()> after) {
  const std::lock_guard<std::mutex> lock(mutex);
  visit_in = nth;
  visit = {std::move(before), std::move(after)};
}

bool WasInside() {
  const std::lock_guard<std::mutex> lock(mutex);
  return visit_in == 0;
}

}  // namespace fake_kernel

extern "C" bool lkos_file_read(int fd, lkos_file *file) {
  const int kept = errno;
  const bool is_open = fake_kernel::FileRead(fd, file) == 0;
  errno = kept;
  return is_open;
}

extern "C" bool lkos_file_set_times(int fd, const timespec times[2]) {
  const int kept = errno;
  const bool is_set = fake_kernel::FileSetTimes(fd, {times[0], times[1]}) == 0;
  errno = kept;
  return is_set;
}
