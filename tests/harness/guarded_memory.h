// SPDX-License-Identifier: GPL-2.0-only
#ifndef TESTS_HARNESS_GUARDED_MEMORY_H_
#define TESTS_HARNESS_GUARDED_MEMORY_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// Two pages of memory between pages that cannot be touched: who reads or writes
// beyond them dies. Within them, Lend() surrounds what it lends with bytes that
// Intact() finds changed.
class GuardedMemory {
 public:
  GuardedMemory()
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
        mapped_(static_cast<unsigned char*>(mmap(nullptr, 4 * page_, PROT_NONE,
                                                 MAP_PRIVATE | MAP_ANONYMOUS,
                                                 -1, 0))) {
    if (mapped_ == MAP_FAILED ||
        mprotect(mapped_ + page_, 2 * page_, PROT_READ | PROT_WRITE) != 0) {
      abort();
    }
  }
  ~GuardedMemory() { munmap(mapped_, 4 * page_); }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // `size` bytes that end where the memory ends.
  unsigned char* LendAtEnd(size_t size) {
    return Lend(Begin() + Size() - size, size);
  }

  // `size` bytes that begin `offset` bytes after the memory begins, which is
  // page aligned.
  unsigned char* LendAtStart(size_t offset, size_t size) {
    return Lend(Begin() + offset, size);
  }

  // Are the bytes around what was lent last as they were?
  bool Intact() const {
    const unsigned char* const end = Begin() + Size();
    return IsGuard(Begin(), lent_) && IsGuard(lent_ + size_, end);
  }

  size_t Size() const { return 2 * page_; }

 private:
  static constexpr unsigned char kGuard = 0xa5;

  static bool IsGuard(const unsigned char* at, const unsigned char* end) {
    const auto size = static_cast<size_t>(end - at);
    return size == 0 || (*at == kGuard && memcmp(at, at + 1, size - 1) == 0);
  }

  unsigned char* Begin() const { return mapped_ + page_; }

  unsigned char* Lend(unsigned char* at, size_t size) {
    lent_ = at;
    size_ = size;
    memset(Begin(), kGuard, Size());
    return at;
  }

  const size_t page_;
  unsigned char* const mapped_;
  unsigned char* lent_ = nullptr;
  size_t size_ = 0;
};

#endif  // TESTS_HARNESS_GUARDED_MEMORY_H_
