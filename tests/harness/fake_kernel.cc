// SPDX-License-Identifier: GPL-2.0-only
#include "tests/harness/fake_kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

extern "C" {
#include "src/runtime/next.h"
}

namespace fake_kernel {
namespace {

constexpr int kTimestampingOld = 37;
constexpr int kTimestampingNew = 65;

struct Socket {
  uint64_t cookie = 0;
  int domain = 0, type = 0, protocol = 0;
  uint32_t value[2] = {0, 0};  // flags, and the clock to bind to
  bool is_new = false;         // set by the new number
};

std::mutex mutex;
std::map<int, std::shared_ptr<Socket>> descriptors;
uint64_t next_cookie = 1000;
int refusal = 0;
std::atomic<int> calls{0};

struct Visit {
  std::function<void()> before, after;
};
int visit_in = 0;  // calls until the visit; 0: none
Visit visit;

Socket* At(int fd) {
  const auto found = descriptors.find(fd);
  return found == descriptors.end() ? nullptr : found->second.get();
}

int Fail(int error) {
  errno = error;
  return -1;
}

int Get(int fd, int level, int optname, void* optval, socklen_t* optlen) {
  const std::lock_guard<std::mutex> lock(mutex);
  const Socket* socket = At(fd);
  uint64_t cookie;
  const void* from;
  size_t size = sizeof(int);

  if (socket == nullptr) return Fail(EBADF);
  if (socket->cookie == 0) return Fail(ENOTSOCK);
  if (level != SOL_SOCKET) return Fail(ENOPROTOOPT);
  static const uint32_t nothing[2] = {0, 0};
  switch (optname) {
    case SO_COOKIE:
      if (*optlen < sizeof(cookie)) return Fail(EINVAL);
      cookie = socket->cookie;
      from = &cookie;
      size = sizeof(cookie);
      break;
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

int Set(int fd, int level, int optname, const void* optval, socklen_t optlen) {
  const std::lock_guard<std::mutex> lock(mutex);
  Socket* socket = At(fd);

  if (socket == nullptr) return Fail(EBADF);
  if (socket->cookie == 0) return Fail(ENOTSOCK);
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

// Takes the visit, if it is due in this call.
Visit Due() {
  ++calls;
  const std::lock_guard<std::mutex> lock(mutex);
  if (visit_in == 0 || --visit_in > 0) return {};
  return std::exchange(visit, {});
}

template <typename Call>
int Visited(Call call) {
  const Visit due = Due();
  if (due.before) due.before();
  const int result = call();
  const int error = errno;
  if (due.after) due.after();
  errno = error;
  return result;
}

int GetSockOpt(int fd, int level, int optname, void* optval,
               socklen_t* optlen) {
  return Visited([&] { return Get(fd, level, optname, optval, optlen); });
}

int SetSockOpt(int fd, int level, int optname, const void* optval,
               socklen_t optlen) {
  return Visited([&] { return Set(fd, level, optname, optval, optlen); });
}

// What the kernel makes of protocol 0.
int UsualProtocol(int domain, int type) {
  if (domain != AF_INET && domain != AF_INET6) return 0;
  return type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
}

uint64_t OpenLocked(int fd, int domain, int type, int protocol) {
  std::shared_ptr<Socket>& at = descriptors[fd];
  if (!at || at.use_count() > 1) at = std::make_shared<Socket>();
  *at = Socket();
  at->cookie = next_cookie++;
  at->domain = domain;
  at->type = type;
  at->protocol = protocol != 0 ? protocol : UsualProtocol(domain, type);
  return at->cookie;
}

}  // namespace

void Install() {
  const std::lock_guard<std::mutex> lock(mutex);
  lkos_next.getsockopt = GetSockOpt;
  lkos_next.setsockopt = SetSockOpt;
  descriptors.clear();
  refusal = 0;
  calls = 0;
  visit_in = 0;
  visit = {};
}

uint64_t Open(int fd, int domain, int type, int protocol) {
  const std::lock_guard<std::mutex> lock(mutex);
  return OpenLocked(fd, domain, type, protocol);
}

void OpenFile(int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  descriptors[fd] = std::make_shared<Socket>();
}

void Close(int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  descriptors.erase(fd);
}

void Duplicate(int fd, int new_fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  descriptors[new_fd] = descriptors.at(fd);
}

uint64_t Accept(int listener, int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  const uint64_t cookie = OpenLocked(fd, AF_INET, SOCK_STREAM, 0);
  memcpy(At(fd)->value, At(listener)->value, sizeof(At(fd)->value));
  At(fd)->is_new = At(listener)->is_new;
  return cookie;
}

uint64_t CookieOf(int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  const Socket* socket = At(fd);
  return socket ? socket->cookie : 0;
}

uint32_t FlagsOf(int fd) {
  const std::lock_guard<std::mutex> lock(mutex);
  const Socket* socket = At(fd);
  return socket ? socket->value[0] : 0;
}

void SetFlags(int fd, uint32_t flags) {
  const std::lock_guard<std::mutex> lock(mutex);
  At(fd)->value[0] = flags;
}

void Refuse(int error) {
  const std::lock_guard<std::mutex> lock(mutex);
  refusal = error;
}

int Calls() { return calls; }

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
