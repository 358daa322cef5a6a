// SPDX-License-Identifier: GPL-2.0-only
// Frames of TCP as a packet socket shows them, built from what they mean.
#ifndef TESTS_HARNESS_FRAMES_H_
#define TESTS_HARNESS_FRAMES_H_

#include <arpa/inet.h>
#include <linux/if_ether.h>

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

extern "C" {
#include "src/translate/tcp_frames.h"
}

namespace lkos
{

using Bytes = std::vector<uint8_t>;

inline void Put16(Bytes *bytes, unsigned value)
{
	bytes->push_back(static_cast<uint8_t>(value >> 8));
	bytes->push_back(static_cast<uint8_t>(value));
}

inline void Put32(Bytes *bytes, uint32_t value)
{
	Put16(bytes, value >> 16);
	Put16(bytes, value & 0xffff);
}

inline void Append(Bytes *bytes, const Bytes &more)
{
	bytes->insert(bytes->end(), more.begin(), more.end());
}

// An address of either IP, as lkos_tcp_connection has it.
struct Address {
	explicit Address(const char *text)
	{
		if (strchr(text, ':') != nullptr) {
			inet_pton(AF_INET6, text, bytes);
		} else {
			bytes[10] = bytes[11] = 0xff;
			inet_pton(AF_INET, text, bytes + 12);
		}
	}
	uint8_t bytes[16] = {};
};

struct Frame {
	bool v6 = false;
	const char *from = nullptr; // or addresses of the IP's documentation
	const char *to = nullptr;
	uint16_t from_port = 40000, to_port = 80;
	uint32_t sequence = 1000;
	uint8_t flags = 0x10; // ACK
	uint16_t urgent = 0;
	uint32_t length = 100;
	unsigned ip_options = 0;  // IPv4: words
	unsigned tcp_options = 0; // words
	uint16_t fragment = 0;    // IPv4: flags and offset
	// IPv6: kind and size in bytes of each extension header
	std::vector<std::pair<uint8_t, unsigned>> extensions;
	uint16_t v6_fragment = 0;      // of a fragment header
	uint8_t segments_left = 0;     // of a routing header
	std::vector<uint16_t> tags;    // VLANs that are left in the frame
	uint8_t protocol = 6;          // behind IP
	unsigned padding = 0;          // behind the frame
	unsigned captured_of_data = 8; // bytes
	uint8_t packet_type = 0;       // PACKET_HOST
	uint16_t segment_size = 0;
	uint32_t device = 3;
	uint64_t arrived = 1234567890;

	const char *From() const
	{
		return from != nullptr ? from : v6 ? "2001:db8::1" : "192.0.2.1";
	}
	const char *To() const
	{
		return to != nullptr ? to : v6 ? "2001:db8::2" : "192.0.2.2";
	}

	Bytes Tcp() const
	{
		Bytes tcp;
		Put16(&tcp, from_port);
		Put16(&tcp, to_port);
		Put32(&tcp, sequence);
		Put32(&tcp, 0x12345678); // acknowledged
		tcp.push_back(static_cast<uint8_t>((5 + tcp_options) << 4));
		tcp.push_back(flags);
		Put16(&tcp, 1024); // window
		Put16(&tcp, 0xbeef);
		Put16(&tcp, urgent);
		tcp.resize(tcp.size() + 4 * tcp_options, 1);
		return tcp;
	}

	Bytes V4(const Bytes &behind) const
	{
		Bytes ip;
		const size_t header = 20 + 4 * ip_options;
		ip.push_back(static_cast<uint8_t>(0x40 | (5 + ip_options)));
		ip.push_back(0);
		Put16(&ip, static_cast<unsigned>(header + behind.size() + length));
		Put16(&ip, 7);
		Put16(&ip, fragment);
		ip.push_back(64);
		ip.push_back(protocol);
		Put16(&ip, 0xbeef);
		const Address source(From()), target(To());
		ip.insert(ip.end(), source.bytes + 12, source.bytes + 16);
		ip.insert(ip.end(), target.bytes + 12, target.bytes + 16);
		ip.resize(header, 1);
		Append(&ip, behind);
		return ip;
	}

	Bytes V6(const Bytes &behind) const
	{
		Bytes ip, chain;
		for (size_t i = 0; i < extensions.size(); ++i) {
			const unsigned size = extensions[i].second;
			const uint8_t kind = extensions[i].first;
			Bytes header(size, 0);
			header[0] = i + 1 < extensions.size() ? extensions[i + 1].first
							      : protocol;
			header[1] = static_cast<uint8_t>(kind == 51 ? size / 4 - 2
								    : size / 8 - 1);
			if (kind == 43)
				header[3] = segments_left;
			if (kind == 44) {
				header[2] = static_cast<uint8_t>(v6_fragment >> 8);
				header[3] = static_cast<uint8_t>(v6_fragment);
			}
			Append(&chain, header);
		}
		Put32(&ip, 0x60000000);
		Put16(&ip, static_cast<unsigned>(chain.size() + behind.size() + length));
		ip.push_back(extensions.empty() ? protocol : extensions[0].first);
		ip.push_back(64);
		const Address source(From()), target(To());
		ip.insert(ip.end(), source.bytes, source.bytes + 16);
		ip.insert(ip.end(), target.bytes, target.bytes + 16);
		Append(&ip, chain);
		Append(&ip, behind);
		return ip;
	}

	// From the network header on, as much as was captured.
	Bytes Network() const
	{
		const uint16_t ip_protocol = v6 ? ETH_P_IPV6 : ETH_P_IP;
		Bytes bytes;
		for (size_t i = 0; i < tags.size(); ++i) {
			Put16(&bytes, 0x0123);
			Put16(&bytes, i + 1 < tags.size() ? tags[i + 1] : ip_protocol);
		}
		Append(&bytes, v6 ? V6(Tcp()) : V4(Tcp()));
		bytes.resize(bytes.size() + (length < captured_of_data ? length
								       : captured_of_data),
			     0x55);
		bytes.resize(bytes.size() + padding, 0);
		return bytes;
	}

	lkos_frame Around(const uint8_t *network, size_t size) const
	{
		lkos_frame frame = {};
		frame.network = network;
		frame.size = size;
		frame.protocol = !tags.empty() ? tags[0]
				 : v6          ? uint16_t{ETH_P_IPV6}
					       : uint16_t{ETH_P_IP};
		frame.segment_size = segment_size;
		frame.packet_type = packet_type;
		frame.device = device;
		frame.arrived = arrived;
		return frame;
	}

	lkos_tcp_connection Connection() const
	{
		lkos_tcp_connection connection = {};
		memcpy(connection.from, Address(From()).bytes, 16);
		memcpy(connection.to, Address(To()).bytes, 16);
		connection.from_port = htons(from_port);
		connection.to_port = htons(to_port);
		if (strncmp(From(), "fe80", 4) == 0)
			connection.scope = device;
		return connection;
	}

	// What it means.
	lkos_tcp_segment Segment() const
	{
		lkos_tcp_segment segment = {};
		segment.connection = Connection();
		segment.sequence = sequence + (flags & LKOS_TCP_SYN ? 1 : 0);
		segment.length = length;
		segment.segment_size = length > segment_size ? segment_size : 0;
		segment.urgent = flags & LKOS_TCP_URG ? urgent : 0;
		segment.flags = flags;
		segment.arrived = arrived;
		return segment;
	}
};

} // namespace lkos

#endif // TESTS_HARNESS_FRAMES_H_
