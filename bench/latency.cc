// SPDX-License-Identifier: GPL-2.0-only
// Time of socket calls on loopback. An ordinary program that knows libc only; latency.py runs it
// without and with a preloaded library and compares.
//
// The counter `ns_per_call` is the processor time of one socket call. Both ends of a connection are
// held by one thread and nothing waits, so it is the time that the call takes, less what other
// programs took meanwhile. With two threads each has its own connection.

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

constexpr size_t kLength = 32;  // bytes of a message
constexpr int kBurst = 64;      // messages sent, and then received while the clock runs
constexpr int kBursts = 500;    // where setting up is too long to be repeated
constexpr int kPassing = 320000;  // sockets that were made and closed before
constexpr int kOwnDescriptors = 64;  // that are not sockets of StampedStreamAmong

// All stamps of both kinds. The kernel is asked for the same without and with the library, so its
// own work is the same; what differs is that the library shows the stamp as a card's.
constexpr int kStamps = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
                        SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

long Check(long result, const char* what) {
  if (result < 0) {
    fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
    exit(1);
  }
  return result;
}

// Nanoseconds of processor time that this thread has used.
double Used() {
  timespec now;
  Check(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), "clock_gettime");
  return now.tv_sec * 1e9 + now.tv_nsec;
}

void Report(benchmark::State& state, double nanoseconds, double calls) {
  state.counters["ns_per_call"] =
      benchmark::Counter(nanoseconds / calls, benchmark::Counter::kAvgThreads);
}

int Bound(int type, sockaddr_in* address) {
  const int fd = Check(socket(AF_INET, type, 0), "socket");
  socklen_t size = sizeof(*address);
  *address = {};
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(bind(fd, reinterpret_cast<sockaddr*>(address), size), "bind");
  Check(getsockname(fd, reinterpret_cast<sockaddr*>(address), &size), "getsockname");
  return fd;
}

void Connect(int fd, const sockaddr_in& address) {
  Check(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "connect");
}

void Stamp(int fd) {
  Check(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &kStamps, sizeof(kStamps)),
        "setsockopt SO_TIMESTAMPING");
}

struct Connection {
  int ends[2];

  static Connection Udp() {
    sockaddr_in addresses[2];
    Connection made = {{Bound(SOCK_DGRAM, &addresses[0]), Bound(SOCK_DGRAM, &addresses[1])}};
    Connect(made.ends[0], addresses[1]);
    Connect(made.ends[1], addresses[0]);
    return made;
  }

  static Connection Tcp() {
    sockaddr_in address;
    const int on = 1;
    const int listener = Bound(SOCK_STREAM, &address);
    Check(listen(listener, 1), "listen");
    Connection made;
    made.ends[0] = Check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    Connect(made.ends[0], address);
    made.ends[1] = Check(accept(listener, nullptr, nullptr), "accept");
    close(listener);
    for (int end : made.ends)
      Check(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
    return made;
  }

  void Close() {
    for (int end : ends) close(end);
  }
};

void PingPong(benchmark::State& state, Connection connection) {
  char data[kLength] = {};
  const double start = Used();
  for (auto _ : state) {
    for (int from = 0; from < 2; ++from) {
      Check(send(connection.ends[from], data, sizeof(data), 0), "send");
      Check(recv(connection.ends[1 - from], data, sizeof(data), 0), "recv");
    }
  }
  Report(state, Used() - start, 4.0 * state.iterations());
  connection.Close();
}

void UdpPingPong(benchmark::State& state) { PingPong(state, Connection::Udp()); }

void TcpPingPong(benchmark::State& state) { PingPong(state, Connection::Tcp()); }

// What it takes to make one, and to forget it.
void NewTcpSocket(benchmark::State& state) {
  const double start = Used();
  for (auto _ : state) close(Check(socket(AF_INET, SOCK_STREAM, 0), "socket"));
  Report(state, Used() - start, 2.0 * state.iterations());
}

void Receive(int fd) {
  char data[kLength];
  alignas(cmsghdr) char control[256];
  iovec piece = {data, sizeof(data)};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  Check(recvmsg(fd, &message, 0), "recvmsg");
  benchmark::DoNotOptimize(message);
}

// A burst to all of `sockets` in turn, which are bound to `addresses`, past every library; then it
// is received, which is what is timed.
void Stream(benchmark::State& state, const std::vector<int>& sockets,
            const std::vector<sockaddr_in>& addresses) {
  const int sender = Check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  const char data[kLength] = {};
  double receiving = 0;
  for (auto _ : state) {
    for (int i = 0; i < kBurst; ++i)
      Check(syscall(SYS_sendto, sender, data, sizeof(data), 0, &addresses[i % addresses.size()],
                    sizeof(addresses[0])),
            "sendto");
    const double start = Used();
    for (int i = 0; i < kBurst; ++i) Receive(sockets[i % sockets.size()]);
    receiving += Used() - start;
  }
  Report(state, receiving, 1.0 * kBurst * state.iterations());
  close(sender);
}

void StampedStream(benchmark::State& state) {
  sockaddr_in address;
  const int fd = Bound(SOCK_DGRAM, &address);
  Stamp(fd);
  Stream(state, {fd}, {address});
  close(fd);
}

int StampedSocket() {
  const int fd = Check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  Stamp(fd);
  return fd;
}

// How many sockets one process may open. The limit is raised as far as it goes.
int Openable() {
  rlimit limit;
  Check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  const rlim_t enough = 1 << 17;
  const rlimit best = {enough, enough}, second = {limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < enough && setrlimit(RLIMIT_NOFILE, &best) != 0)
    Check(setrlimit(RLIMIT_NOFILE, &second), "setrlimit");
  Check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  return static_cast<int>(std::min(limit.rlim_cur, enough)) - kOwnDescriptors;
}

// Child processes that hold stamped sockets open, where one process may not open all.
class Holders {
 public:
  Holders() { Check(pipe(end_), "pipe"); }

  void Hold(int count) {
    int ready[2];
    char done;
    Check(pipe(ready), "pipe");
    children_.push_back(Check(fork(), "fork"));
    if (children_.back() == 0) {
      close(end_[1]);
      for (int i = 0; i < count; ++i) StampedSocket();
      Check(write(ready[1], "", 1), "write");
      Check(read(end_[0], &done, 1), "read");  // until the parent closes it
      _exit(0);
    }
    close(ready[1]);
    if (Check(read(ready[0], &done, 1), "read") == 0) exit(1);  // the child has said why
    close(ready[0]);
  }

  ~Holders() {
    for (int fd : end_) close(fd);
    for (pid_t child : children_) waitpid(child, nullptr, 0);
  }

 private:
  int end_[2];
  std::vector<pid_t> children_;
};

// The same beside many other stamped sockets, over sockets that lie far apart among them.
void StampedStreamAmong(benchmark::State& state) {
  const int total = static_cast<int>(state.range(0));
  const int here = std::min(total, Openable());
  const int step = std::max(here / kBurst, 1);
  Holders holders;
  std::vector<int> all, sockets;
  std::vector<sockaddr_in> addresses;
  for (int rest = total - here; rest > 0; rest -= here) holders.Hold(std::min(rest, here));
  for (int i = 0; i < here; ++i) {
    if (i % step == 0 && sockets.size() < kBurst) {
      addresses.emplace_back();
      sockets.push_back(Bound(SOCK_DGRAM, &addresses.back()));
      Stamp(sockets.back());
      all.push_back(sockets.back());
    } else {
      all.push_back(StampedSocket());
    }
  }
  Stream(state, sockets, addresses);
  for (int fd : all) close(fd);
}

// Makes one, asks for stamps and closes it: after many others, with a stamped socket open under a
// high descriptor number.
void NewStampedSocket(benchmark::State& state) {
  static bool passed = false;
  const int highest = static_cast<int>(state.range(0));
  Check(dup2(StampedSocket(), highest), "dup2");
  Stamp(highest);
  for (int i = 0; i < kPassing && !passed; ++i) close(StampedSocket());
  passed = true;
  const double start = Used();
  for (auto _ : state) close(StampedSocket());
  Report(state, Used() - start, 1.0 * state.iterations());
  close(highest);
}

void Register() {
  benchmark::RegisterBenchmark("UDP ping-pong", UdpPingPong)->Threads(1)->Threads(2);
  benchmark::RegisterBenchmark("TCP ping-pong", TcpPingPong)->Threads(1)->Threads(2);
  benchmark::RegisterBenchmark("new TCP socket", NewTcpSocket);
  benchmark::RegisterBenchmark("stamped stream", StampedStream)->Threads(1)->Threads(2);
  const int openable = Openable();
  for (int number : {100, openable}) {
    const std::string name = "new stamped socket, descriptors up to " + std::to_string(number);
    benchmark::RegisterBenchmark(name.c_str(), NewStampedSocket)->Arg(number);
  }
  for (int total : {10, 1000, 100000}) {
    std::string name = "stamped stream among " + std::to_string(total) + " open sockets";
    if (openable < total)
      name += ", " + std::to_string(openable) + " of them here (RLIMIT_NOFILE)";
    benchmark::RegisterBenchmark(name.c_str(), StampedStreamAmong)
        ->Arg(total)
        ->Iterations(kBursts);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
