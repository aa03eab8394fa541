// FakeSystemMemory: a SystemMemory of any size that hands out address space it never fills, and checks what is
// returned.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <vector>

#include "memory/system_memory.h"

namespace weft {

class FakeSystemMemory : public SystemMemory {
 public:
  explicit FakeSystemMemory(size_t total) : total_(total), pages_(kSpace / kPage) {
    void* base =
        mmap(nullptr, kSpace + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    space_ = static_cast<char*>(base);
    base_ = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(base) + kHugePage - 1) / kHugePage * kHugePage);
  }
  ~FakeSystemMemory() override { munmap(space_, kSpace + kHugePage); }

  void* map(size_t nbytes) override {
    EXPECT_EQ(nbytes % kPage, 0u);
    map_calls++;
    if (refuse_maps || mapped_ + nbytes > total_) return nullptr;
    size_t want = nbytes / kPage, step = kHugePage / kPage;
    for (size_t first = 0; first + want <= pages_.size(); first += step) {
      size_t n = 0;
      while (n < want && !pages_[first + n]) n++;
      if (n < want) continue;
      mark(first, want, true);
      return base_ + first * kPage;
    }
    return nullptr;
  }

  size_t unmap(void* data, size_t nbytes) noexcept override {
    auto offset = static_cast<size_t>(static_cast<char*>(data) - base_);
    EXPECT_EQ(offset % kPage, 0u);
    EXPECT_EQ(nbytes % kPage, 0u);
    for (size_t i = 0; i < nbytes / kPage; i++)
      EXPECT_TRUE(pages_[offset / kPage + i]) << "unmapped what is not mapped";
    mark(offset / kPage, nbytes / kPage, false);
    madvise(data, nbytes, MADV_DONTNEED);
    return nbytes;
  }

  size_t total() override { return total_; }
  size_t available(size_t) override { return total_ - mapped_ - taken_by_others; }
  size_t mapped() const { return mapped_; }

  size_t taken_by_others = 0;
  bool refuse_maps = false;
  int map_calls = 0;

 private:
  static constexpr size_t kSpace = size_t{8} << 30;
  void mark(size_t first, size_t count, bool on) {
    for (size_t i = 0; i < count; i++) pages_[first + i] = on;
    mapped_ += on ? count * kPage : -count * kPage;
  }

  size_t total_;
  size_t mapped_ = 0;
  char* space_;
  char* base_;
  std::vector<bool> pages_;
};

}  // namespace weft
