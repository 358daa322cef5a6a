// SPDX-License-Identifier: GPL-2.0-only
// The packet tap, on sockets of this machine in networks of their own: what it
// tells of packets is what another packet socket has seen.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/frames.h"
#include "tests/harness/stamping.h"

extern "C" {
#include "src/emulate/tap.h"
#include "tests/worlds/network.h"
}

namespace lkos {
namespace {

constexpr int kWaitMs = 60000;
constexpr uint64_t kSecond = 1000000000;

[[noreturn]] void Die(const char* what) {
  perror(what);
  _exit(2);
}

template <typename Result>
Result Must(Result result, const char* what) {
  if (result < 0) Die(what);
  return result;
}
#define MUST(call) Must(call, #call)

constexpr int kNotRun = 77;

[[noreturn]] void NotRun(const char* needs) {
  printf("not run: needs %s\n", needs);
  fflush(stdout);
  _exit(kNotRun);
}

// Runs it in a process of its own.
void InChild(const std::function<void()>& run) {
  fflush(stdout);
  const pid_t child = MUST(fork());
  if (child == 0) {
    run();
    fflush(stdout);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status;
  MUST(waitpid(child, &status, 0));
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotRun)
    GTEST_SKIP() << "not run: see above";
  EXPECT_EQ(status, 0);
}

void TurnOnLoopback() {
  ifreq lo = {};
  strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  const int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
  MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
  close(fd);
}

void InOwnNetwork(const std::function<void()>& run) {
  InChild([&] {
    if (unshare(CLONE_NEWNET) != 0) NotRun("a network namespace");
    TurnOnLoopback();
    run();
  });
}

// In a process that uses Onload.
void StartTap(unsigned int mebibytes) {
  lkos_tap_start(mebibytes);
  lkos_tap_want();
}

// ---- Another packet socket

struct Packet {
  uint64_t end, arrived;
};

using Packets = std::vector<Packet>;

// struct virtio_net_hdr, whose header is not for C++.
struct Segments {
  uint8_t flags, gso_type;
  uint16_t header_size, gso_size, checksum[2];
};

struct Less {
  bool operator()(const lkos_tcp_connection& a,
                  const lkos_tcp_connection& b) const {
    return memcmp(&a, &b, sizeof(a)) < 0;
  }
};

class Capture {
 public:
  Capture() : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) NotRun("CAP_NET_RAW");
    const int on = 1, room = 256 << 20;
    MUST(setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
    MUST(setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)));
    MUST(setsockopt(fd_, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)));
    sockaddr_ll all = {};
    all.sll_family = AF_PACKET;
    all.sll_protocol = htons(ETH_P_ALL);
    MUST(bind(fd_, reinterpret_cast<sockaddr*>(&all), sizeof(all)));
  }
  ~Capture() { close(fd_); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  void Update() {
    while (Receive()) {
    }
  }

  // The packets of a connection that it has seen until now.
  Packets Of(const lkos_tcp_connection& connection) {
    Update();
    const Stream& stream = streams_[connection];
    Packets packets;
    for (size_t i = 0; i < stream.owners.size(); ++i) {
      const Owner& owner = stream.owners[i];
      if (packets.empty() || owner.frame != stream.owners[i - 1].frame ||
          owner.part != stream.owners[i - 1].part)
        packets.push_back({0, owner.arrived});
      packets.back().end = i + 1;
    }
    return packets;
  }

  int merged() const { return merged_; }
  int again() const { return again_; }

 private:
  struct Owner {
    uint64_t arrived;  // 0: it has not come
    int frame, part;
  };
  struct Stream {
    uint32_t base;
    std::vector<Owner> owners;  // of each byte
  };

  bool Receive() {
    unsigned char data[256];
    alignas(cmsghdr) char control[64];
    Segments segments;
    sockaddr_ll link = {};
    iovec parts[] = {{&segments, sizeof(segments)}, {data, sizeof(data)}};
    msghdr msg = {};
    msg.msg_name = &link;
    msg.msg_namelen = sizeof(link);
    msg.msg_iov = parts;
    msg.msg_iovlen = 2;
    msg.msg_control = control;
    msg.msg_controllen = sizeof(control);
    if (recvmsg(fd_, &msg, MSG_DONTWAIT) < 0) return false;
    timespec stamp = {};
    if (msg.msg_controllen >= CMSG_LEN(sizeof(stamp)))
      memcpy(&stamp, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(stamp));
    if (link.sll_pkttype == PACKET_HOST)
      Add(data + (link.sll_hatype == ARPHRD_NONE ? 0 : ETH_HLEN),
          segments.gso_type == 0 ? 0 : segments.gso_size,
          static_cast<uint64_t>(stamp.tv_sec) * kSecond +
              static_cast<uint64_t>(stamp.tv_nsec));
    return true;
  }

  // Without options of IP, which nothing here sends.
  void Add(const unsigned char* ip, int segment_size, uint64_t arrived) {
    const bool v6 = ip[0] >> 4 == 6;
    if (ip[v6 ? 6 : 9] != 6) return;
    const unsigned char* const tcp = ip + (v6 ? 40 : 20);
    lkos_tcp_connection connection = {};
    for (int end = 0; end < 2; ++end) {
      uint8_t* const address = end == 0 ? connection.from : connection.to;
      if (v6) {
        memcpy(address, ip + 8 + 16 * end, 16);
      } else {
        address[10] = address[11] = 0xff;
        memcpy(address + 12, ip + 12 + 4 * end, 4);
      }
    }
    memcpy(&connection.from_port, tcp, 2);
    memcpy(&connection.to_port, tcp + 2, 2);
    uint32_t sequence;
    memcpy(&sequence, tcp + 4, 4);
    sequence = ntohl(sequence);
    Stream& stream = streams_[connection];
    if (tcp[13] & LKOS_TCP_SYN) {
      if (stream.base != sequence + 1) stream = {sequence + 1, {}};
      return;
    }
    const int total = ip[v6 ? 4 : 2] << 8 | ip[v6 ? 5 : 3];
    const int length = total - (v6 ? 0 : 20) - (tcp[12] >> 4) * 4;
    const size_t begin = sequence - stream.base;
    ++frames_;
    if (segment_size != 0 && length > segment_size) ++merged_;
    if (length > 0 && begin < stream.owners.size()) ++again_;
    for (int i = 0; i < length; ++i) {
      const size_t at = begin + static_cast<size_t>(i);
      if (at >= stream.owners.size()) stream.owners.resize(at + 1);
      if (stream.owners[at].arrived == 0)
        stream.owners[at] = {arrived, frames_,
                             segment_size != 0 ? i / segment_size : 0};
    }
  }

  const int fd_;
  int frames_ = 0, merged_ = 0, again_ = 0;
  std::map<lkos_tcp_connection, Stream, Less> streams_;
};

// ---- What the tap tells

struct Told {
  bool known;
  uint64_t begin, end;
  lkos_tcp_connection connection;
  Packets packets;  // until one is not known
};

Told Ask(int fd) {
  Told told = {};
  lkos_tap_view view;
  told.known = lkos_tap_look(fd, &view);
  if (told.known) {
    told.begin = view.unread.begin;
    told.end = view.unread.end;
    told.connection = view.connection;
    lkos_tcp_packet packet;
    for (uint64_t at = told.begin; lkos_tap_packet(&view, at, &packet);
         at = packet.end)
      told.packets.push_back({packet.end, packet.arrived});
  }
  return told;
}

// Of the packets of a connection, those that are queued.
Packets Unread(const Told& told, Capture* capture) {
  Packets packets = capture->Of(told.connection);
  packets.erase(std::remove_if(packets.begin(), packets.end(),
                               [&](const Packet& packet) {
                                 return packet.end <= told.begin ||
                                        packet.end > told.end;
                               }),
                packets.end());
  return packets;
}

// It knows all that is queued, and the other packet sockets saw the same. Where
// the kernel makes stamps for each of them anew, it hands a frame to the socket
// that was opened last first: so the tap's are between those of `older` and of
// `younger`.
void ExpectAsCaptured(int fd, Capture* older, Capture* younger = nullptr) {
  const Told told = Ask(fd);
  ASSERT_TRUE(told.known);
  const Packets expected = Unread(told, older);
  ASSERT_EQ(told.packets.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(told.packets[i].end, expected[i].end) << i;
    ASSERT_LE(told.packets[i].arrived, expected[i].arrived) << i;
  }
  if (younger != nullptr) {
    const Packets earlier = Unread(told, younger);
    ASSERT_EQ(earlier.size(), expected.size());
    for (size_t i = 0; i < earlier.size(); ++i)
      ASSERT_GE(told.packets[i].arrived, earlier[i].arrived) << i;
  }
  ASSERT_EQ(told.packets.empty() ? told.begin : told.packets.back().end,
            told.end);
}

// ---- Connections

int Queued(int fd, unsigned long request) {
  int bytes = 0;
  MUST(ioctl(fd, request, &bytes));
  return bytes;
}

// tcpi_data_segs_in, for which glibc's structure is too short.
int SegmentsIn(int fd) {
  uint32_t info[64];
  socklen_t size = sizeof(info);
  MUST(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size));
  return static_cast<int>(info[152 / 4]);
}

uint64_t Now() {
  timespec now;
  MUST(clock_gettime(CLOCK_REALTIME, &now));
  return static_cast<uint64_t>(now.tv_sec) * kSecond +
         static_cast<uint64_t>(now.tv_nsec);
}

void Wait(const std::function<bool()>& done) {
  for (int i = 0; i < kWaitMs && !done(); ++i) {
    if (i < 1000)
      sched_yield();
    else
      usleep(1000);
  }
  ASSERT_TRUE(done());
}

// Where both ends are, and what is between them.
struct Place {
  const char* name;
  bool veth;
  bool gro, tso;  // of the veth pair
  bool reflected;
};

struct Connection {
  int from, to;
  int sent = 0;
};

class Connections {
 public:
  // Addresses: where to listen, and where to connect to when that is another.
  Connections(int family, size_t count, const char* reflected = nullptr)
      : family_(family) {
    sockaddr_storage address;
    network_enter(NEAR);
    const socklen_t size = reflected != nullptr
                               ? AddressOf(reflected, &address)
                               : network_address(NEAR, family, &address);
    listener_ = MUST(socket(family, SOCK_STREAM, 0));
    sockaddr_storage any = {};
    any.ss_family = static_cast<sa_family_t>(family);
    MUST(bind(
        listener_,
        reinterpret_cast<sockaddr*>(reflected != nullptr ? &any : &address),
        size));
    MUST(listen(listener_, 128));
    sockaddr_storage bound;
    socklen_t bound_size = sizeof(bound);
    MUST(getsockname(listener_, reinterpret_cast<sockaddr*>(&bound),
                     &bound_size));
    reinterpret_cast<sockaddr_in*>(&address)->sin_port =
        reinterpret_cast<sockaddr_in*>(&bound)->sin_port;
    for (size_t i = 0; i < count; ++i) {
      Connection made = {};
      network_enter(FAR);
      made.from = MUST(socket(family, SOCK_STREAM, 0));
      const int on = 1;
      MUST(setsockopt(made.from, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
      MUST(connect(made.from, reinterpret_cast<sockaddr*>(&address), size));
      made.to = MUST(accept(listener_, nullptr, nullptr));
      all_.push_back(made);
    }
    network_enter(NEAR);
  }
  ~Connections() {
    for (const Connection& connection : all_) {
      close(connection.from);
      close(connection.to);
    }
    close(listener_);
  }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  Connection& operator[](size_t i) { return all_[i]; }
  size_t size() const { return all_.size(); }

  void Send(size_t i, int bytes) {
    const std::vector<char> data(static_cast<size_t>(bytes), 'x');
    ASSERT_EQ(send(all_[i].from, data.data(), data.size(), 0), bytes);
    all_[i].sent += bytes;
  }

  // Until all that was sent and not read is queued.
  void WaitUntilQueued() {
    for (Connection& connection : all_) {
      Wait([&] { return Queued(connection.to, SIOCINQ) == connection.sent; });
    }
  }

  void ReadAll() {
    for (Connection& connection : all_) Read(&connection, connection.sent);
  }

  static void Read(Connection* connection, int bytes) {
    std::vector<char> data(static_cast<size_t>(bytes));
    ASSERT_EQ(recv(connection->to, data.data(), data.size(), MSG_WAITALL),
              bytes);
    connection->sent -= bytes;
  }

 private:
  socklen_t AddressOf(const char* text, sockaddr_storage* address) const {
    *address = {};
    address->ss_family = static_cast<sa_family_t>(family_);
    if (family_ == AF_INET6) {
      inet_pton(family_, text,
                &reinterpret_cast<sockaddr_in6*>(address)->sin6_addr);
      return sizeof(sockaddr_in6);
    }
    inet_pton(family_, text,
              &reinterpret_cast<sockaddr_in*>(address)->sin_addr);
    return sizeof(sockaddr_in);
  }

  const int family_;
  int listener_;
  std::vector<Connection> all_;
};

// A tunnel that sends back what goes through, as from the other address: what
// connects there is connected to this machine. It loses, repeats and reorders.
class Reflector {
 public:
  static constexpr const char* kAddresses[] = {"198.18.0.2", "2001:db8:1::2"};

  explicit Reflector(uint64_t seed) : random_(seed) {
    tunnel_ = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ifreq tunnel = {};
    tunnel.ifr_flags = IFF_TUN | IFF_NO_PI;
    strcpy(tunnel.ifr_name, "reflector");
    if (tunnel_ < 0 || ioctl(tunnel_, TUNSETIFF, &tunnel) != 0)
      NotRun("/dev/net/tun");
    if (system("ip address add 198.18.0.1/24 dev reflector && "
               "ip -6 address add 2001:db8:1::1/64 dev reflector nodad && "
               "ip link set reflector up") != 0)
      NotRun("ip, of iproute2");
    thread_ = std::thread([this] { Run(); });
  }
  ~Reflector() {
    ends_ = true;
    thread_.join();
    close(tunnel_);
  }
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  std::atomic<bool> mischief{false};

 private:
  // Both checksums are sums: they stay right.
  static void Turn(Bytes* packet) {
    const bool v6 = (*packet)[0] >> 4 == 6;
    const auto from = packet->begin() + (v6 ? 8 : 12);
    std::swap_ranges(from, from + (v6 ? 16 : 4), from + (v6 ? 16 : 4));
  }

  void Give(const Bytes& packet) {
    while (write(tunnel_, packet.data(), packet.size()) < 0 && errno == EAGAIN)
      usleep(10);
  }

  void Run() {
    Bytes held;  // until the next has passed
    while (!ends_) {
      pollfd arrival = {tunnel_, POLLIN, 0};
      if (poll(&arrival, 1, 5) == 0 && !held.empty()) {
        Give(held);
        held.clear();
      }
      Bytes packet(65536);
      const ssize_t size = read(tunnel_, packet.data(), packet.size());
      if (size < 40) continue;
      packet.resize(static_cast<size_t>(size));
      Turn(&packet);
      const uint64_t chance = mischief ? random_() % 100 : 100;
      if (chance < 5) continue;
      if (chance < 20 && held.empty()) {
        held = packet;
        continue;
      }
      Give(packet);
      if (chance < 30) Give(packet);
      if (!held.empty()) {
        Give(held);
        held.clear();
      }
    }
  }

  std::mt19937_64 random_;
  int tunnel_;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

void SetFeature(const char* device, uint32_t command, bool on) {
  ethtool_value value = {command, on ? 1u : 0u};
  ifreq request = {};
  strcpy(request.ifr_name, device);
  request.ifr_data = reinterpret_cast<char*>(&value);
  const int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
  MUST(ioctl(fd, SIOCETHTOOL, &request));
  close(fd);
}

void Build(const Place& place) {
  if (!place.veth) return;
  if (!network_open()) NotRun("network namespaces");
  network_enter(FAR);
  SetFeature("far", ETHTOOL_STSO, place.tso);
  SetFeature("far", ETHTOOL_SGSO, place.tso);
  network_enter(NEAR);
  SetFeature("near", ETHTOOL_SGRO, place.gro);
}

void KeepStampingOn() {
  if (keep_stamping_on(100) != 0) NotRun("stamps");
}

// A tap between two other packet sockets.
class Captures {
 public:
  explicit Captures(int family) {
    StartTap(4);
    close(MUST(socket(family, SOCK_STREAM, 0)));
    younger_ = std::make_unique<Capture>();
  }
  void Expect(int fd) { ExpectAsCaptured(fd, &older, younger_.get()); }

  Capture older;

 private:
  std::unique_ptr<Capture> younger_;
};

class EachPlace : public testing::TestWithParam<std::tuple<Place, int>> {
 protected:
  void Rounds(int rounds,
              const std::function<void(Connections*, Captures*)>& round) {
    const Place& place = std::get<0>(GetParam());
    const int family = std::get<1>(GetParam());
    InOwnNetwork([&] {
      Build(place);
      std::unique_ptr<Reflector> reflector;
      if (place.reflected) reflector = std::make_unique<Reflector>(1);
      KeepStampingOn();
      Captures captures(family);
      for (int i = 0; i < rounds && !HasFatalFailure(); ++i) {
        if (reflector) reflector->mischief = false;
        Connections connections(
            family, 100,
            reflector ? Reflector::kAddresses[family == AF_INET6] : nullptr);
        if (reflector) reflector->mischief = true;
        round(&connections, &captures);
        if (HasFatalFailure()) printf("in round %d\n", i);
      }
      printf(
          "%d rounds, %d frames of several segments, %d that came again or "
          "out of order\n",
          rounds, captures.older.merged(), captures.older.again());
    });
  }
};

TEST_P(EachPlace, SegmentsQueuedBeforeTheFirstReadAreAllKnown) {
  std::mt19937 random(1);
  Rounds(20, [&](Connections* connections, Captures* captures) {
    for (int i = 0; i < 600; ++i) {
      connections->Send(i % connections->size(),
                        1 + static_cast<int>(random() % 1400));
    }
    connections->WaitUntilQueued();
    for (size_t i = 0; i < connections->size(); ++i)
      captures->Expect((*connections)[i].to);
  });
}

TEST_P(EachPlace, LargeSendsAreTheirSegments) {
  std::mt19937 random(2);
  Rounds(2, [&](Connections* connections, Captures* captures) {
    for (size_t i = 0; i < 10; ++i)
      connections->Send(i, 30000 + static_cast<int>(random() % 20000));
    connections->WaitUntilQueued();
    for (size_t i = 0; i < 10; ++i) captures->Expect((*connections)[i].to);
  });
}

TEST_P(EachPlace, WhatIsLeftAfterAReadOfAnySizeIsKnown) {
  std::mt19937 random(3);
  Rounds(2, [&](Connections* connections, Captures* captures) {
    for (int round = 0; round < 10; ++round) {
      for (size_t i = 0; i < 20; ++i)
        connections->Send(i, 1 + static_cast<int>(random() % 3000));
      connections->WaitUntilQueued();
      for (size_t i = 0; i < 20; ++i) {
        Connection& connection = (*connections)[i];
        captures->Expect(connection.to);
        connections->Read(
            &connection, static_cast<int>(random() % static_cast<unsigned>(
                                                         connection.sent + 1)));
        captures->Expect(connection.to);
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(
    Tap, EachPlace,
    testing::Combine(
        testing::Values(Place{"Loopback", false, false, false, false},
                        Place{"Veth", true, false, false, false},
                        Place{"VethGro", true, true, false, false},
                        Place{"VethTso", true, false, true, false},
                        Place{"LossAndReordering", false, false, false, true}),
        testing::Values(AF_INET, AF_INET6)),
    [](const testing::TestParamInfo<EachPlace::ParamType>& parameters) {
      return std::string(std::get<0>(parameters.param).name) +
             (std::get<1>(parameters.param) == AF_INET6 ? "V6" : "V4");
    });

// ---- Where there is none, and where something is missing

int OpenDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

TEST(Tap, HasNoDescriptor) {
  InOwnNetwork([] {
    StartTap(4);
    const int before = OpenDescriptors();
    Connections connections(AF_INET, 1);
    connections.Send(0, 10);
    connections.WaitUntilQueued();
    EXPECT_TRUE(Ask(connections[0].to).known);
    EXPECT_EQ(OpenDescriptors(), before + 3);
  });
}

TEST(Tap, IsNotOpenedForOtherSockets) {
  InOwnNetwork([] {
    StartTap(4);
    close(socket(AF_INET, SOCK_DGRAM, 0));
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    EXPECT_TRUE(lkos_tap_is_missing());
    close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_FALSE(lkos_tap_is_missing());
  });
}

void ExpectNothingKnown() {
  Connections connections(AF_INET, 3);
  for (int i = 0; i < 10; ++i) {
    for (size_t each = 0; each < 3; ++each) connections.Send(each, 100);
    connections.WaitUntilQueued();
    for (size_t each = 0; each < 3; ++each)
      EXPECT_FALSE(Ask(connections[each].to).known);
  }
}

TEST(Tap, IsNotThereWhenSwitchedOff) {
  InOwnNetwork([] {
    StartTap(0);
    ExpectNothingKnown();
  });
}

TEST(Tap, IsNotThereWithoutTheCapability) {
  InOwnNetwork([] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2] = {};
    MUST(syscall(SYS_capset, &header, sets));
    StartTap(4);
    ExpectNothingKnown();
  });
}

// Until all of them are old enough to have been taken in.
void Settle() { usleep(2000); }

// Sends, waits and reads until it is known; then what comes is.
void ExpectKnownSoon(Connections* connections, size_t i, Capture* capture,
                     int messages) {
  Connection& connection = (*connections)[i];
  for (int sent = 0; sent < messages; ++sent) {
    connections->Send(i, 100 + sent);
    Wait([&] { return Queued(connection.to, SIOCINQ) == connection.sent; });
    Settle();
    Ask(connection.to);
    connections->Read(&connection, connection.sent);
  }
  for (const int bytes : {10, 20, 30}) connections->Send(i, bytes);
  Wait([&] { return Queued(connection.to, SIOCINQ) == connection.sent; });
  ExpectAsCaptured(connection.to, capture);
}

std::vector<uint64_t> EndsOf(const Told& told) {
  std::vector<uint64_t> ends;
  for (const Packet& packet : told.packets) ends.push_back(packet.end);
  return ends;
}

void ExpectThreePacketsAfter(uint64_t read, Connections* connections) {
  for (const int bytes : {10, 20, 30}) connections->Send(0, bytes);
  connections->WaitUntilQueued();
  EXPECT_EQ(EndsOf(Ask((*connections)[0].to)),
            (std::vector<uint64_t>{read + 10, read + 30, read + 60}));
}

void ExpectThreePackets(Connections* connections) {
  ExpectThreePacketsAfter(0, connections);
}

TEST(Tap, UnderstandsOptionsOfIp) {
  InOwnNetwork([] {
    StartTap(4);
    Connections connections(AF_INET, 1);
    const unsigned char options[] = {1, 1, 1, 1, 1, 1, 1, 0};
    MUST(setsockopt(connections[0].from, IPPROTO_IP, IP_OPTIONS, options,
                    sizeof(options)));
    ExpectThreePackets(&connections);
  });
}

TEST(Tap, UnderstandsExtensionHeadersOfIpv6) {
  InOwnNetwork([] {
    StartTap(4);
    Connections connections(AF_INET6, 1);
    const unsigned char options[8] = {0, 0, 1, 4};  // padding
    MUST(setsockopt(connections[0].from, IPPROTO_IPV6, IPV6_DSTOPTS, options,
                    sizeof(options)));
    ExpectThreePackets(&connections);
  });
}

TEST(Tap, IsOpenedLaterWhereThereWasNoDescriptorForIt) {
  InOwnNetwork([] {
    StartTap(4);
    rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    const int next = MUST(dup(0));
    close(next);
    const rlimit low = {static_cast<rlim_t>(next) + 1, limit.rlim_max};
    MUST(setrlimit(RLIMIT_NOFILE, &low));
    const int last = MUST(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(last, next);
    MUST(setrlimit(RLIMIT_NOFILE, &limit));
    Connections connections(AF_INET, 1);
    ExpectThreePackets(&connections);
    close(last);
  });
}

TEST(Tap, IsThereForFourNetworksAndNotForMore) {
  InOwnNetwork([] {
    StartTap(1);
    for (int network = 1; network <= 6; ++network) {
      Connections connections(AF_INET, 1);
      connections.Send(0, 10);
      connections.WaitUntilQueued();
      EXPECT_EQ(Ask(connections[0].to).known, network <= 4) << network;
      MUST(unshare(CLONE_NEWNET));
      TurnOnLoopback();
    }
  });
}

TEST(Tap, IsOpenedOnlyWhereItIsWanted) {
  InOwnNetwork([] {
    lkos_tap_start(4);
    close(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_FALSE(lkos_tap_is_missing());
    lkos_tap_want();
    EXPECT_TRUE(lkos_tap_is_missing());
    close(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_FALSE(lkos_tap_is_missing());
  });
}

TEST(Tap, IsOpenedByTheFirstQuestion) {
  InOwnNetwork([] {
    KeepStampingOn();
    Capture capture;
    lkos_tap_start(4);
    Connections connections(AF_INET, 1);
    EXPECT_FALSE(Ask(connections[0].to).known);
    ExpectKnownSoon(&connections, 0, &capture, 2);
    Connections after(AF_INET, 1);
    ExpectKnownSoon(&after, 0, &capture, 0);
  });
}

TEST(Tap, ConnectionsThatWereThereBeforeBecomeKnown) {
  InOwnNetwork([] {
    KeepStampingOn();
    Capture capture;
    Connections connections(AF_INET, 1);  // not started: not seen
    connections.Send(0, 500);
    connections.WaitUntilQueued();
    connections.ReadAll();
    StartTap(4);
    EXPECT_FALSE(Ask(connections[0].to).known);
    ExpectKnownSoon(&connections, 0, &capture, 2);
  });
}

TEST(Tap, AFullRingMakesAllUnknownForAWhile) {
  InOwnNetwork([] {
    KeepStampingOn();
    Capture capture;
    StartTap(1);
    Connections connections(AF_INET, 2);
    connections.Send(1, 10);
    for (int i = 0; i < 5000; ++i) {
      connections.Send(0, 10);
      connections.Read(&connections[0], 10);  // so that the next one may leave
    }
    connections.Send(0, 10);
    connections.WaitUntilQueued();
    EXPECT_FALSE(Ask(connections[0].to).known);
    EXPECT_FALSE(Ask(connections[1].to).known);
    connections.ReadAll();
    ExpectKnownSoon(&connections, 0, &capture, 1);
    ExpectKnownSoon(&connections, 1, &capture, 1);
  });
}

TEST(Tap, AForkedChildOpensItsOwn) {
  InOwnNetwork([] {
    KeepStampingOn();
    Capture capture;
    StartTap(4);
    Connections connections(AF_INET, 2);
    connections.Send(0, 77);
    connections.Send(1, 88);
    connections.WaitUntilQueued();
    capture.Update();  // what the child reads is not for us
    InChild([&] {
      EXPECT_TRUE(lkos_tap_is_missing());
      EXPECT_FALSE(Ask(connections[1].to).known);
      connections.Read(&connections[1], 88);
      ExpectKnownSoon(&connections, 1, &capture, 1);
      Connections own(AF_INET, 1);
      own.Send(0, 5);
      own.WaitUntilQueued();
      ExpectAsCaptured(own[0].to, &capture);
    });
    EXPECT_FALSE(lkos_tap_is_missing());
    ExpectAsCaptured(connections[0].to, &capture);
    // The child has read all but the last three messages.
    const Told told = Ask(connections[1].to);
    EXPECT_TRUE(told.known);
    EXPECT_EQ(told.packets.size(), 3u);
  });
}

// As where a signal handler forks during a call that receives, and the child
// goes on with it.
TEST(Tap, AForkedChildMayGoOnWithALookOfItsParents) {
  InOwnNetwork([] {
    StartTap(4);
    Connections connections(AF_INET, 1);
    connections.Send(0, 77);
    connections.WaitUntilQueued();
    lkos_tap_view view;
    ASSERT_TRUE(lkos_tap_look(connections[0].to, &view));
    EXPECT_NE(lkos_tap_arrival(&view, view.unread.begin), 0u);
    InChild([&] {
      lkos_tcp_packet packet;
      EXPECT_EQ(lkos_tap_arrival(&view, view.unread.begin), 0u);
      EXPECT_FALSE(lkos_tap_packet(&view, view.unread.begin, &packet));
    });
  });
}

TEST(Tap, IsForAllThreadsAtOnce) {
  InOwnNetwork([] {
    StartTap(4);
    close(MUST(socket(AF_INET, SOCK_STREAM, 0)));
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&right] {
        for (int round = 0; round < 20; ++round) {
          Connections connections(AF_INET, 1);
          for (const int bytes : {10, 20, 30}) connections.Send(0, bytes);
          connections.WaitUntilQueued();
          right += EndsOf(Ask(connections[0].to)) ==
                   std::vector<uint64_t>{10, 30, 60};
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 8 * 20);
  });
}

TEST(Tap, StreamsThatEndedAreKnownToTheirEnd) {
  InOwnNetwork([] {
    KeepStampingOn();
    Capture capture;
    StartTap(4);
    Connections connections(AF_INET, 1);
    connections.Send(0, 100);
    connections.Send(0, 50);
    shutdown(connections[0].from, SHUT_WR);
    connections.WaitUntilQueued();
    tcp_info info;
    socklen_t size = sizeof(info);
    Wait([&] {
      getsockopt(connections[0].to, IPPROTO_TCP, TCP_INFO, &info, &size);
      return info.tcpi_state == TCP_CLOSE_WAIT;
    });
    ExpectAsCaptured(connections[0].to, &capture);
    connections.Read(&connections[0], 120);
    ExpectAsCaptured(connections[0].to, &capture);
  });
}

TEST(Tap, UrgentDataHidesTheQueueUntilItIsRead) {
  InOwnNetwork([] {
    KeepStampingOn();
    Capture capture;
    StartTap(4);
    Connections connections(AF_INET, 1);
    Connection& connection = connections[0];
    connections.Send(0, 100);
    MUST(send(connection.from, "!", 1, MSG_OOB));
    connections.Send(0, 50);
    pollfd urgent = {connection.to, POLLPRI, 0};
    ASSERT_EQ(poll(&urgent, 1, kWaitMs), 1);
    EXPECT_FALSE(Ask(connection.to).known);
    char data[200];
    ASSERT_EQ(recv(connection.to, data, sizeof(data), 0), 100);
    EXPECT_FALSE(Ask(connection.to).known);
    ASSERT_EQ(recv(connection.to, data, 50, MSG_WAITALL), 50);
    EXPECT_TRUE(Ask(connection.to).known);
    connection.sent = 0;
    connections.Send(0, 30);
    connections.WaitUntilQueued();
    ExpectAsCaptured(connection.to, &capture);
  });
}

void WriteSetting(const char* path, const char* value) {
  const int fd = MUST(open(path, O_WRONLY));
  MUST(write(fd, value, strlen(value)));
  close(fd);
}

int Listener(sockaddr_in* address) {
  socklen_t size = sizeof(*address);
  *address = {};
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
  MUST(bind(fd, reinterpret_cast<sockaddr*>(address), size));
  MUST(listen(fd, 128));
  MUST(getsockname(fd, reinterpret_cast<sockaddr*>(address), &size));
  return fd;
}

// What is told of 50 bytes that are sent with the SYN, and 30 after that.
std::vector<uint64_t> EndsOfFastOpen(bool is_taken) {
  WriteSetting("/proc/sys/net/ipv4/tcp_fastopen", is_taken ? "0x207" : "0x5");
  sockaddr_in address;
  const int listener = Listener(&address);
  const int pending = 16, on = 1;
  if (is_taken)
    MUST(setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &pending,
                    sizeof(pending)));
  const int from = MUST(socket(AF_INET, SOCK_STREAM, 0));
  MUST(setsockopt(from, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
  const char data[50] = {};
  MUST(sendto(from, data, 50, MSG_FASTOPEN,
              reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  const int to = MUST(accept(listener, nullptr, nullptr));
  Wait([&] { return Queued(to, SIOCINQ) == 50; });
  MUST(send(from, data, 30, 0));
  Wait([&] { return Queued(to, SIOCINQ) == 80; });
  tcp_info info;
  socklen_t size = sizeof(info);
  MUST(getsockopt(to, IPPROTO_TCP, TCP_INFO, &info, &size));
  EXPECT_EQ((info.tcpi_options & TCPI_OPT_SYN_DATA) != 0, is_taken);
  const Told told = Ask(to);
  EXPECT_TRUE(told.known);
  return EndsOf(told);
}

TEST(Tap, KnowsDataOfASynThatIsTaken) {
  InOwnNetwork([] {
    StartTap(4);
    EXPECT_EQ(EndsOfFastOpen(true), (std::vector<uint64_t>{50, 80}));
  });
}

TEST(Tap, DoesNotKnowDataOfASynThatIsSentAgain) {
  InOwnNetwork([] {
    StartTap(4);
    EXPECT_EQ(EndsOfFastOpen(false), std::vector<uint64_t>());
  });
}

// A connection from this port, which is free again at once when it is ended.
int ConnectFrom(uint16_t port, const sockaddr_in& address) {
  const int on = 1;
  const linger reset = {1, 0};
  const int fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
  MUST(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
  MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
  MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
  sockaddr_in own = address;
  own.sin_port = htons(port);
  MUST(bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof(own)));
  MUST(connect(fd, reinterpret_cast<const sockaddr*>(&address),
               sizeof(address)));
  return fd;
}

TEST(Tap, KnowsEachOfSeveralConnectionsOfTheSamePorts) {
  InOwnNetwork([] {
    StartTap(4);
    sockaddr_in address;
    const int listener = Listener(&address);
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
      const int from = ConnectFrom(20000, address);
      const int to = MUST(accept(listener, nullptr, nullptr));
      std::vector<uint64_t> ends;
      const char data[300] = {};
      for (int sends = 0; sends < 5; ++sends) {
        const size_t bytes = 2 + random() % 299;
        ends.push_back((ends.empty() ? 0 : ends.back()) + bytes);
        MUST(send(from, data, bytes, 0));
      }
      Wait(
          [&] { return Queued(to, SIOCINQ) == static_cast<int>(ends.back()); });
      if (round % 3 != 0) {
        ASSERT_EQ(EndsOf(Ask(to)), ends) << round;
      }
      close(from);
      Wait([&] {
        pollfd ended = {to, 0, 0};
        return poll(&ended, 1, 0) == 1;
      });
      EXPECT_FALSE(Ask(to).known);
      close(to);
    }
  });
}

// One whose sequence number is in the window of a connection that is there: the
// kernel challenges it, and the connection goes on.
class StraySyn : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(WasAskedAbout, StraySyn, testing::Bool());

TEST_P(StraySyn, DoesNotMislead) {
  InOwnNetwork([] {
    StartTap(4);
    sockaddr_in address;
    const int listener = Listener(&address);
    const int from = ConnectFrom(20000, address);
    const int to = MUST(accept(listener, nullptr, nullptr));
    if (GetParam()) {
      ASSERT_TRUE(Ask(to).known);
    }
    // The sequence number that the next byte has.
    const int on = 1, off = 0;
    socklen_t size;
    const int send_queue = TCP_SEND_QUEUE;
    uint32_t next;
    MUST(setsockopt(from, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)));
    MUST(setsockopt(from, IPPROTO_TCP, TCP_REPAIR_QUEUE, &send_queue,
                    sizeof(send_queue)));
    size = sizeof(next);
    MUST(getsockopt(from, IPPROTO_TCP, TCP_QUEUE_SEQ, &next, &size));
    MUST(setsockopt(from, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off)));
    tcphdr syn = {};
    syn.source = htons(20000);
    syn.dest = address.sin_port;
    syn.seq = htonl(next + 50 - 1);
    syn.doff = 5;
    syn.syn = 1;
    syn.window = htons(1000);
    // The checksum over addresses, protocol and length, and the header.
    uint32_t sum = 2 * (0x7f00 + 0x0001) + 6 + sizeof(syn);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&syn);
    for (size_t i = 0; i < sizeof(syn); i += 2)
      sum += static_cast<uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    syn.check = htons(static_cast<uint16_t>(~sum));
    const int raw = MUST(socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
    sockaddr_in target = address;
    target.sin_port = 0;
    MUST(sendto(raw, &syn, sizeof(syn), 0, reinterpret_cast<sockaddr*>(&target),
                sizeof(target)));
    const char data[100] = {};
    MUST(send(from, data, 100, 0));
    MUST(send(from, data, 100, 0));
    Wait([&] { return Queued(to, SIOCINQ) == 200; });
    EXPECT_FALSE(Ask(to).known);
  });
}

// The first copies of both messages end at a filter of the socket's own; all is
// sent again before anybody asks.
TEST(Tap, DoesNotKnowWhatWasRefusedFirst) {
  InOwnNetwork([] {
    StartTap(4);
    Connections connections(AF_INET, 1);
    Connection& connection = connections[0];
    sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog program = {1, &nothing};
    const int off = 0;
    MUST(setsockopt(connection.to, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                    sizeof(program)));
    connections.Send(0, 100);
    connections.Send(0, 50);
    MUST(setsockopt(connection.to, SOL_SOCKET, SO_DETACH_FILTER, &off,
                    sizeof(off)));
    connections.WaitUntilQueued();
    usleep(2000);  // what is younger may be on its way, for all that is known
    const Told told = Ask(connection.to);
    EXPECT_TRUE(told.known);
    EXPECT_EQ(EndsOf(told), std::vector<uint64_t>());
    connections.Read(&connection, 150);
    ExpectThreePacketsAfter(150, &connections);
  });
}

// The first copies reach the socket, which counts them, and for which there is
// no memory; all is sent again before anybody asks.
TEST(Tap, DoesNotTellOfWhatThereWasNoMemoryFor) {
  InOwnNetwork([] {
    StartTap(4);
    Connections connections(AF_INET, 1);
    Connection& connection = connections[0];
    const int least = 1, much = 1 << 20;
    MUST(setsockopt(connection.to, SOL_SOCKET, SO_RCVBUF, &least,
                    sizeof(least)));
    for (int i = 0; i < 10; ++i) connections.Send(0, 2000);
    int taken = 0;
    Wait([&] {
      taken = Queued(connection.to, SIOCINQ);
      return SegmentsIn(connection.to) * 2000 > taken;
    });
    const uint64_t full = Now();
    MUST(setsockopt(connection.to, SOL_SOCKET, SO_RCVBUF, &much, sizeof(much)));
    connections.Read(&connection, taken);
    connections.WaitUntilQueued();
    const Told told = Ask(connection.to);
    EXPECT_TRUE(told.known);
    for (const Packet& packet : told.packets) EXPECT_GT(packet.arrived, full);
    connections.ReadAll();
    ExpectThreePacketsAfter(20000, &connections);
  });
}

TEST(Tap, KnowsConnectionsOfIpv4OnSocketsOfIpv6) {
  InOwnNetwork([] {
    StartTap(4);
    const int listener = MUST(socket(AF_INET6, SOCK_STREAM, 0));
    sockaddr_in6 any = {};
    any.sin6_family = AF_INET6;
    socklen_t size = sizeof(any);
    MUST(bind(listener, reinterpret_cast<sockaddr*>(&any), size));
    MUST(listen(listener, 1));
    MUST(getsockname(listener, reinterpret_cast<sockaddr*>(&any), &size));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = any.sin6_port;
    const int from = ConnectFrom(20000, address);
    const int to = MUST(accept(listener, nullptr, nullptr));
    const char data[100] = {};
    MUST(send(from, data, 60, 0));
    MUST(send(from, data, 40, 0));
    Wait([&] { return Queued(to, SIOCINQ) == 100; });
    EXPECT_EQ(EndsOf(Ask(to)), (std::vector<uint64_t>{60, 100}));
  });
}

TEST(Tap, KnowsStreamsThatBothEndsEndAtOnce) {
  InOwnNetwork([] {
    StartTap(4);
    for (int round = 0; round < 100; ++round) {
      Connections connections(AF_INET, 1);
      Connection& connection = connections[0];
      connections.Send(0, 60);
      connections.Send(0, 40);
      connections.WaitUntilQueued();
      std::thread other([&] { shutdown(connection.from, SHUT_WR); });
      shutdown(connection.to, SHUT_WR);
      const Told told = Ask(connection.to);
      other.join();
      // A socket that waits for stray segments only has no peer any more.
      if (told.known) {
        EXPECT_EQ(EndsOf(told), (std::vector<uint64_t>{60, 100}));
      }
    }
  });
}

}  // namespace
}  // namespace lkos
