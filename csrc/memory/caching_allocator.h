// CachingAllocator: an Allocator over SystemMemory that keeps what is freed for the next request. Small blocks come
// from slabs, larger ones from two pools (so that lasting small blocks do not break up the space of big ones), all
// behind one lock. HostAllocator puts per-thread caches before it.
#pragma once

#include <atomic>
#include <mutex>

#include "memory/allocator.h"
#include "memory/block_pool.h"
#include "memory/slab_heap.h"

namespace weft {

// Bytes in use and their peak. Threads add what they did in portions; `high` is the largest value on the way there.
class MemoryUsage {
 public:
  void add(int64_t delta, int64_t high) { raise_peak(in_use_.fetch_add(delta, std::memory_order_relaxed) + high); }
  void raise_peak(int64_t value) {
    int64_t peak = peak_.load(std::memory_order_relaxed);
    while (peak < value && !peak_.compare_exchange_weak(peak, value, std::memory_order_relaxed)) {
    }
  }
  void reset_peak() { peak_.store(in_use(), std::memory_order_relaxed); }
  int64_t in_use() const { return in_use_.load(std::memory_order_relaxed); }
  int64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  // Those of an allocator that has taken `misses` of its `allocations` blocks from the system.
  MemoryStats stats(size_t reserved, size_t limit, int64_t allocations, int64_t misses) const {
    return {in_use(),    static_cast<int64_t>(reserved),
            peak(),      static_cast<int64_t>(limit),
            allocations, allocations - misses};
  }

 private:
  std::atomic<int64_t> in_use_{0};
  std::atomic<int64_t> peak_{0};
};

class CachingAllocator : public Allocator {
 public:
  // At most cache_limit bytes are kept free; 0: a quarter of the system's memory.
  explicit CachingAllocator(SystemMemory& system, size_t cache_limit = 0);

  void* allocate(size_t nbytes) override;
  void deallocate(void* data, size_t nbytes) noexcept override;
  MemoryStats stats() const override;
  void reset_peak() override { usage_.reset_peak(); }
  void empty_cache() override;
  void set_limit(size_t nbytes) override;
  std::vector<MemoryHolder> holders() const override;

  // For caches in front of this allocator: up to `count` blocks of a size class, at least one, chained through their
  // first words. They are not counted as in use; whoever hands them out reports to usage().
  void* take_chain(int size_class, int count, int* taken);
  void give_chain(void* chain) noexcept;
  MemoryUsage& usage() { return usage_; }

 protected:
  // The error for a request that nothing could serve.
  [[noreturn]] void fail_out_of_memory(size_t nbytes) const;
  mutable std::mutex mutex_;

 private:
  BlockPool& pool_of(size_t size) { return size <= kMediumMax ? medium_ : large_; }
  void* take_small(int size_class);
  void* take_block(size_t size, size_t alignment, size_t requested, const char* tag);
  void give_small(void* data) noexcept;
  bool grow(BlockPool& pool, size_t size);
  bool may_map(size_t nbytes);
  size_t reserved() const { return medium_.reserved() + large_.reserved(); }
  void trim(size_t keep) noexcept;

  static constexpr size_t kMediumMax = size_t{1} << 20;
  static constexpr size_t kMediumGrowth = size_t{8} << 20;
  static constexpr size_t kLargeGrowth = size_t{32} << 20;

  SystemMemory& system_;
  BlockPool medium_;  // slabs, and blocks of up to kMediumMax
  BlockPool large_;
  SlabHeap slabs_;
  MemoryUsage usage_;
  size_t cache_limit_;
  size_t limit_;
  size_t checked_ = 0;  // bytes that may be mapped before the system's free memory is looked up again
  int64_t allocations_ = 0;
  int64_t misses_ = 0;
};

}  // namespace weft
