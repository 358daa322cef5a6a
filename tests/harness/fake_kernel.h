// SPDX-License-Identifier: GPL-2.0-only
#ifndef TESTS_HARNESS_FAKE_KERNEL_H_
#define TESTS_HARNESS_FAKE_KERNEL_H_

#include <sys/socket.h>

#include <cstdint>
#include <functional>

// A kernel that has sockets, their descriptors, inodes, kinds and timestamping
// flags. It is the next getsockopt() and setsockopt(), and lkos_file_read() and
// lkos_file_set_times() of src/runtime/file.h. Any thread may call it at any
// time.
namespace fake_kernel {

// Makes it the next symbol of both calls and closes what was open. The number
// of an inode is never given twice.
void Install();

// A new socket under this number, in place of what was there; so that it is
// there at once, and nothing is allocated if the number was ever used. As on
// Linux, its inode has the times of an earlier socket, if one was closed.
void Open(int fd, int domain = AF_INET, int type = SOCK_DGRAM,
          int protocol = 0);

// A descriptor that is no socket.
void OpenFile(int fd);

void Close(int fd);
void Duplicate(int fd, int new_fd);

// An accepted socket has its listener's flags and an inode of its own, which
// has the times of an earlier socket.
void Accept(int listener, int fd);

uint32_t FlagsOf(int fd);  // what the kernel holds

// Past us, as another process or a system call by number.
void SetFlags(int fd, uint32_t flags);

// From now on setsockopt() fails with this errno; 0: it works. return: what was
// so until now.
int Refuse(int error);

// From now on an inode's times cannot be set, as of another user's file.
void RefuseTimes(bool refused);

// Whether the new option number reads flags, which it does not on Linux 5.10.
void ReadByNew(bool reads);

// The calls of all four that came in since Install(), of sockets or not.
int Calls();

// From now on `visit` runs at the start of each call, except those that it
// makes itself. nullptr: nothing does.
void BeforeEach(std::function<void()> visit);

// Runs functions inside the `nth` call from now (1: the next one): before the
// kernel looks at the socket, and when it has done its work. Once; calls that
// they make themselves do not count.
void Inside(int nth, std::function<void()> before, std::function<void()> after);

// Did that call come?
bool WasInside();

}  // namespace fake_kernel

#endif  // TESTS_HARNESS_FAKE_KERNEL_H_
