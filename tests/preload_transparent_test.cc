// SPDX-License-Identifier: GPL-2.0-only
// A program that uses nothing of Onload cannot tell that the library is there:
// results, errno and every byte that a call writes are the same, of bad calls
// too.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/run.h"
#include "tests/harness/stamps_test.h"  // keeps stamping on

namespace lkos {
namespace {

using Words = std::vector<std::string>;

class Call : public testing::TestWithParam<Words> {};

TEST_P(Call, IsTheSame) { ExpectSame(GetParam()); }

// Timestamps that are asked: none, software, hardware, and both, for what a
// call says; the stamps themselves are another test's.
INSTANTIATE_TEST_SUITE_P(Options, Call,
                         testing::Values(Words{"options", "udp4", "0"},
                                         Words{"options", "tcp6", "0x18"},
                                         Words{"options", "udp6", "0x45"},
                                         Words{"options", "tcp4", "0x7f"},
                                         Words{"options", "unix_stream",
                                               "0x45"},
                                         Words{"option_descriptors"}),
                         ParamName());

INSTANTIATE_TEST_SUITE_P(
    OnloadsOption, Call,
    testing::Values(Words{"option_of_onload", "udp4", "0"},
                    Words{"option_of_onload", "tcp6", "0x18"},
                    Words{"option_of_onload", "unix_stream", "0x45"}),
    ParamName());

INSTANTIATE_TEST_SUITE_P(
    Receive, Call,
    testing::Values(Words{"receive_flags", "udp4"},
                    Words{"receive_flags", "tcp6"},
                    Words{"receive_flags", "unix_stream"},
                    Words{"receive_flags", "netlink"},
                    Words{"receive_arguments", "udp4"},
                    Words{"receive_arguments", "tcp4"},
                    Words{"receive_arguments", "unix_seqpacket"},
                    Words{"receive_messages", "udp4", "0"},
                    Words{"receive_messages", "tcp4", "0"},
                    Words{"receive_messages", "udp6", "0x18"},
                    Words{"receive_messages", "unix_dgram", "0"},
                    Words{"receive_at_edges", "udp4"},
                    Words{"receive_at_edges", "tcp6"}, Words{"controls"}),
    ParamName());

INSTANTIATE_TEST_SUITE_P(
    Send, Call,
    testing::Values(Words{"send_flags", "udp4"}, Words{"send_flags", "tcp4"},
                    Words{"send_flags", "unix_dgram"},
                    Words{"send_flags", "netlink"},
                    Words{"send_arguments", "udp4"},
                    Words{"send_arguments", "tcp4"},
                    Words{"send_arguments", "unix_stream"},
                    Words{"send_messages", "udp4", "0"},
                    Words{"send_messages", "tcp4", "0x45"},
                    Words{"send_messages", "udp4", "0x45"},
                    Words{"send_messages", "udp6", "0x40"},
                    Words{"send_controls", "udp4", "0"},
                    Words{"send_controls", "udp4", "0x10"},
                    Words{"send_controls", "udp6", "0x40"},
                    Words{"send_controls", "tcp4", "0x45"}),
    ParamName());

INSTANTIATE_TEST_SUITE_P(Descriptors, Call,
                         testing::Values(Words{"duplicates"}, Words{"fcntls"},
                                         Words{"ranges"}, Words{"sockets"},
                                         Words{"accepts", "tcp4"},
                                         Words{"accepts", "tcp6"},
                                         Words{"process"}),
                         ParamName());

INSTANTIATE_TEST_SUITE_P(Watched, Call,
                         testing::Values(Words{"small_stack", "udp4", "0"},
                                         Words{"small_stack", "udp4", "0x18"},
                                         Words{"small_stack", "tcp4", "0x45"}),
                         ParamName());

// Not in an earlier constructor: what the process has come with is not known
// yet there.
TEST(Sandbox, ThatForbidsOurOwnCallsMeetsNone) {
  for (const char* family : {"udp4", "tcp6"}) {
    const Words words = {"sandboxed", family};
    EXPECT_TRUE(
        AreFacts(Facts(With::kLibrary, words), Facts(With::kNothing, words)));
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, Call,
                         testing::Values(Words{"cancellation"},
                                         Words{"interruption"}),
                         ParamName());

}  // namespace
}  // namespace lkos
