// ThreadCache: one thread's stock of small blocks, so that the usual allocation takes no lock.
#pragma once

#include <atomic>

#include "memory/caching_allocator.h"
#include "memory/poison.h"

namespace weft {

class ThreadCache {
 public:
  explicit ThreadCache(CachingAllocator& heap) : heap_(heap) {}
  ThreadCache(const ThreadCache&) = delete;
  ~ThreadCache() { flush(); }

  // 1 <= nbytes <= kSmallMax. Raises OutOfMemory.
  void* take(size_t nbytes) {
    int size_class = size_class_of(nbytes);
    Bin& bin = bins_[size_class];
    if (!bin.head) [[unlikely]]
      refill(size_class);
    void* block = bin.head;
    bin.head = *static_cast<void**>(block);
    bin.count--;
    bump(allocations_, 1);
    int64_t now = bump(unreported_, static_cast<int64_t>(nbytes));
    if (now > high_.load(std::memory_order_relaxed)) {
      high_.store(now, std::memory_order_relaxed);
      if (now > kReport) [[unlikely]]
        report();
    }
    poison(block, size_of_class(size_class));
    unpoison(block, nbytes);
    return block;
  }

  // The block may come from another thread's cache.
  void give(void* block, size_t nbytes) noexcept {
    int size_class = size_class_of(nbytes);
    Bin& bin = bins_[size_class];
    if (bin.count >= capacity_of(size_class)) [[unlikely]]
      drain(bin, bin.count / 2);
    poison(block, size_of_class(size_class));
    unpoison(block, sizeof(void*));
    *static_cast<void**>(block) = bin.head;
    bin.head = block;
    bin.count++;
    if (bump(unreported_, -static_cast<int64_t>(nbytes)) < -kReport) [[unlikely]]
      report();
  }

  // Returns every block and reports what is in use.
  void flush() noexcept;
  // Adds what this thread did since the last time to the allocator's usage. Only its own thread may call this.
  void report() noexcept;

  // What other threads may ask: bytes in use that were not reported, their peak, and allocations in all.
  int64_t unreported() const { return unreported_.load(std::memory_order_relaxed); }
  int64_t high() const { return high_.load(std::memory_order_relaxed); }
  int64_t allocations() const { return allocations_.load(std::memory_order_relaxed); }
  // Harmless when it races with the owner: only the peak becomes a little less exact.
  void reset_high() { high_.store(unreported(), std::memory_order_relaxed); }

  // At most 256 KiB of a class, but 4 blocks of any.
  static constexpr int capacity_of(int size_class) {
    size_t blocks = (size_t{256} << 10) / size_of_class(size_class);
    return blocks > 256 ? 256 : static_cast<int>(blocks);
  }

 private:
  static constexpr int64_t kReport = 16 << 10;
  struct Bin {
    void* head = nullptr;
    int count = 0;
  };

  // Only the owner writes; atomic so that others may read.
  static int64_t bump(std::atomic<int64_t>& value, int64_t delta) {
    int64_t now = value.load(std::memory_order_relaxed) + delta;
    value.store(now, std::memory_order_relaxed);
    return now;
  }
  void refill(int size_class);
  void drain(Bin& bin, int count) noexcept;

  Bin bins_[kNumSizeClasses];
  CachingAllocator& heap_;
  std::atomic<int64_t> unreported_{0};
  std::atomic<int64_t> high_{0};
  std::atomic<int64_t> allocations_{0};
};

}  // namespace weft
