// SPDX-License-Identifier: GPL-2.0-only
#ifndef TESTS_HARNESS_FAKE_KERNEL_H_
#define TESTS_HARNESS_FAKE_KERNEL_H_

#include <sys/socket.h>

#include <cstdint>
#include <functional>

// A kernel that has sockets, their descriptors, cookies, kinds and timestamping
// flags. It is the next getsockopt() and setsockopt(). Any thread may call it
// at any time.
namespace fake_kernel {

// Makes it the next symbol of both calls and closes what was open. Cookies are
// never given twice.
void Install();

// A new socket under this number, in place of what was there; so that it is
// there at once, and nothing is allocated if the number was ever used. return:
// its cookie.
uint64_t Open(int fd, int domain = AF_INET, int type = SOCK_DGRAM,
              int protocol = 0);

// A descriptor that is no socket.
void OpenFile(int fd);

void Close(int fd);
void Duplicate(int fd, int new_fd);

// An accepted socket has its listener's flags and a cookie of its own.
uint64_t Accept(int listener, int fd);

uint64_t CookieOf(int fd);  // 0: not open
uint32_t FlagsOf(int fd);   // what the kernel holds

// Past us, as another process or a system call by number.
void SetFlags(int fd, uint32_t flags);

// From now on setsockopt() fails with this errno; 0: it works.
void Refuse(int error);

// The calls that came in since Install(): getsockopt() and setsockopt() of
// sockets or not.
int Calls();

// Runs functions inside the `nth` call from now (1: the next one): before the
// kernel looks at the socket, and when it has done its work. Once; calls that
// they make themselves do not count.
void Inside(int nth, std::function<void()> before, std::function<void()> after);

// Did that call come?
bool WasInside();

}  // namespace fake_kernel

#endif  // TESTS_HARNESS_FAKE_KERNEL_H_
