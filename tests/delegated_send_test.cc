// SPDX-License-Identifier: GPL-2.0-only
// What prepares a delegated send: its checks in their order, and the headers.
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>

#include "gtest/gtest.h"
#include "onload/extensions.h"

extern "C" {
#include "src/translate/delegated_send.h"
}

namespace {

struct Answer {
  lkos_delegated answer;
  lkos_windows_told told;
  uint32_t reserved;
};

Answer Ask(const lkos_sender& sender, int size, int room) {
  Answer got = {};
  got.answer =
      lkos_delegated_answer(&sender, size, room, &got.told, &got.reserved);
  return got;
}

lkos_sender Ready() {
  lkos_sender sender = {};
  sender.can_send = sender.ipv4 = true;
  sender.mss = 1448;
  sender.peer_window = 60000;
  sender.buffer_room = 50000;
  sender.congestion_window = 14480;
  sender.headers_length = 66;
  return sender;
}

// Each check, in Onload's order: a sender that fails it fails all that come
// after it, too.
TEST(Prepare, ChecksInOnloadsOrder) {
  lkos_sender sender = Ready();
  EXPECT_EQ(Ask(sender, 100, 66).answer, LKOS_DELEGATED_OK);
  sender.congestion_window = 1447;
  EXPECT_EQ(Ask(sender, 100, 66).answer, LKOS_DELEGATED_NOCWIN);
  EXPECT_EQ(Ask(sender, 100, 65).answer, LKOS_DELEGATED_SMALL_HEADER);
  sender.peer_window = 0;
  EXPECT_EQ(Ask(sender, 100, 65).answer, LKOS_DELEGATED_NOWIN);
  sender.unsent = 1;
  EXPECT_EQ(Ask(sender, 100, 65).answer, LKOS_DELEGATED_SENDQ_BUSY);
  sender.can_send = false;
  EXPECT_EQ(Ask(sender, 100, 65).answer, LKOS_DELEGATED_BAD_SOCKET);
}

TEST(Prepare, IsForConnectionsOfIpv4WhoseSendsNoCardStamps) {
  lkos_sender sender = Ready();
  sender.ipv4 = false;
  EXPECT_EQ(Ask(sender, 100, 66).answer, LKOS_DELEGATED_BAD_SOCKET);
  sender = Ready();
  sender.stamps = true;
  EXPECT_EQ(Ask(sender, 100, 66).answer, LKOS_DELEGATED_BAD_SOCKET);
}

TEST(Prepare, TellsTheSmallerWindowAndReservesNoMore) {
  lkos_sender sender = Ready();
  EXPECT_EQ(Ask(sender, 100000, 66).told.send, 50000);
  EXPECT_EQ(Ask(sender, 100000, 66).told.congestion, 14480);
  EXPECT_EQ(Ask(sender, 100000, 66).reserved, 50000u);
  EXPECT_EQ(Ask(sender, 49999, 66).reserved, 49999u);
  EXPECT_EQ(Ask(sender, 0, 66).reserved, 0u);
  EXPECT_EQ(Ask(sender, -1, 66).reserved, 0u);
  sender.peer_window = 40000;
  EXPECT_EQ(Ask(sender, 100000, 66).told.send, 40000);
  sender.peer_window = sender.buffer_room = INT64_MAX;
  EXPECT_EQ(Ask(sender, 100, 66).told.send, INT32_MAX);
  sender.congestion_window = INT64_MIN;
  EXPECT_EQ(Ask(sender, 100, 66).told.congestion, INT32_MIN);
  sender.buffer_room = -5;
  EXPECT_EQ(Ask(sender, 100, 66).told.send, 0);
}

TEST(Prepare, ReservesOnlyWhereItSucceeds) {
  for (int failing = 0; failing < 4; ++failing) {
    lkos_sender sender = Ready();
    sender.can_send = failing != 0;
    sender.unsent = failing == 1;
    sender.peer_window = failing == 2 ? 0 : 60000;
    const Answer got = Ask(sender, 100, failing == 3 ? 0 : 66);
    EXPECT_EQ(got.reserved, 0u) << failing;
    EXPECT_FALSE(lkos_delegated_is_possible(got.answer)) << failing;
  }
}

lkos_segment Segment(bool timestamps) {
  lkos_segment segment = {};
  segment.source = htonl(0x7f000001);
  segment.destination = htonl(0x0a000002);
  segment.source_port = htons(40000);
  segment.destination_port = htons(443);
  segment.sequence = 0xfffffff0;
  segment.acknowledgement = 0x01020304;
  segment.window = 502;
  segment.tos = 0x10;
  segment.ttl = 64;
  segment.payload = 1448;
  segment.timestamps = timestamps;
  segment.timestamp = 0xa1a2a3a4;
  return segment;
}

// As the C library's structs read them.
TEST(Headers, AreThoseOfAnIpv4SegmentOfTcp) {
  for (const bool timestamps : {false, true}) {
    const lkos_segment segment = Segment(timestamps);
    const int length = lkos_ip_tcp_headers_length(timestamps);
    unsigned char bytes[128];
    ether_header ethernet;
    iphdr ip;
    tcphdr tcp;
    memset(bytes, 0xa5, sizeof(bytes));
    lkos_headers_write(bytes, &segment);
    memcpy(&ethernet, bytes, sizeof(ethernet));
    memcpy(&ip, bytes + 14, sizeof(ip));
    memcpy(&tcp, bytes + 34, sizeof(tcp));
    EXPECT_EQ(length, timestamps ? 52 : 40);
    EXPECT_EQ(ntohs(ethernet.ether_type), ETHERTYPE_IP);
    EXPECT_EQ(ip.version, 4);
    EXPECT_EQ(ip.ihl, 5);
    EXPECT_EQ(ip.tos, 0x10);
    EXPECT_EQ(ntohs(ip.tot_len), length + 1448);
    EXPECT_EQ(ntohs(ip.frag_off), IP_DF);
    EXPECT_EQ(ip.ttl, 64);
    EXPECT_EQ(ip.protocol, 6);
    EXPECT_EQ(ip.check, 0);
    EXPECT_EQ(ip.saddr, segment.source);
    EXPECT_EQ(ip.daddr, segment.destination);
    EXPECT_EQ(ntohs(tcp.source), 40000);
    EXPECT_EQ(ntohs(tcp.dest), 443);
    EXPECT_EQ(ntohl(tcp.seq), 0xfffffff0);
    EXPECT_EQ(ntohl(tcp.ack_seq), 0x01020304u);
    EXPECT_EQ(tcp.doff, timestamps ? 8 : 5);
    EXPECT_EQ(bytes[34 + 13], 0x10);  // ACK alone
    EXPECT_EQ(ntohs(tcp.window), 502);
    EXPECT_EQ(tcp.check, 0);
    EXPECT_EQ(tcp.urg_ptr, 0);
    if (timestamps) {
      const unsigned char option[] = {1,    1,    8, 10, 0xa1, 0xa2,
                                      0xa3, 0xa4, 0, 0,  0,    0};
      EXPECT_EQ(memcmp(bytes + 54, option, sizeof(option)), 0);
    }
    EXPECT_EQ(bytes[14 + length], 0xa5);
    EXPECT_EQ(bytes[14 + length - 1], 0);
  }
}

// The two helpers that programs have from the header.
TEST(Headers, AreAsOnloadsHelpersNeedThem) {
  const lkos_segment segment = Segment(true);
  unsigned char bytes[66];
  onload_delegated_send send = {};
  uint32_t sequence;
  uint16_t length;
  lkos_headers_write(bytes, &segment);
  send.headers = bytes;
  send.send_wnd = send.cong_wnd = send.user_size = 1000;
  send.tcp_seq_offset = LKOS_TCP_SEQUENCE_AT;
  send.ip_len_offset = LKOS_IPV4_LENGTH_AT;
  send.ip_tcp_hdr_len = lkos_ip_tcp_headers_length(true);
  onload_delegated_send_tcp_update(&send, 100, 1);
  memcpy(&length, bytes + 16, sizeof(length));
  EXPECT_EQ(ntohs(length), 152);
  EXPECT_EQ(bytes[47], 0x18);  // ACK and PSH
  onload_delegated_send_tcp_update(&send, 7, 0);
  memcpy(&length, bytes + 16, sizeof(length));
  EXPECT_EQ(ntohs(length), 59);
  EXPECT_EQ(bytes[47], 0x10);
  onload_delegated_send_tcp_advance(&send, 100);
  memcpy(&sequence, bytes + 38, sizeof(sequence));
  EXPECT_EQ(ntohl(sequence), 0xfffffff0u + 100u);
  EXPECT_EQ(send.user_size, 900);
}

}  // namespace
