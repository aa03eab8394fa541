#include "memory/caching_allocator.h"

#include <algorithm>

#include "core/round_up.h"
#include "memory/out_of_memory.h"
#include "memory/poison.h"

namespace weft {

namespace {

constexpr const char* kSlabTag = "tensors of at most 64 KiB";

}  // namespace

CachingAllocator::CachingAllocator(SystemMemory& system, size_t cache_limit)
    : system_(system),
      medium_(system),
      large_(system),
      cache_limit_(cache_limit ? cache_limit : system.total() / 4),
      limit_(system.total()) {}

void* CachingAllocator::allocate(size_t nbytes) {
  if (nbytes == 0) return nullptr;
  const char* tag = allocation_tag();
  void* data = nullptr;
  {
    std::lock_guard lock(mutex_);
    allocations_++;
    if (nbytes <= kSmallMax) {
      data = take_small(size_class_of(nbytes));
      if (data) unpoison(data, nbytes);
    } else if (nbytes <= limit_) {
      data = take_block(round_up(nbytes, kPage), kPage, nbytes, tag);
    }
  }
  if (!data) fail_out_of_memory(nbytes);
  usage_.add(static_cast<int64_t>(nbytes), static_cast<int64_t>(nbytes));
  return data;
}

void CachingAllocator::deallocate(void* data, size_t nbytes) noexcept {
  if (!data) return;
  usage_.add(-static_cast<int64_t>(nbytes), 0);
  std::lock_guard lock(mutex_);
  if (nbytes <= kSmallMax) {
    unpoison(data, sizeof(void*));  // the heap links free blocks through their first word
    give_small(data);
  } else {
    pool_of(round_up(nbytes, kPage)).give(data);
  }
  if (medium_.free_bytes() + large_.free_bytes() > cache_limit_) trim(cache_limit_);
}

void* CachingAllocator::take_chain(int size_class, int count, int* taken) {
  void* chain = nullptr;
  {
    std::lock_guard lock(mutex_);
    chain = take_small(size_class);
    if (chain) {
      *static_cast<void**>(chain) = nullptr;
      *taken = 1;
      // The rest only if it is at hand.
      for (void* block; *taken < count && (block = slabs_.take(size_class)); ++*taken) {
        *static_cast<void**>(block) = chain;
        chain = block;
      }
    }
  }
  if (!chain) fail_out_of_memory(size_of_class(size_class));
  return chain;
}

void CachingAllocator::give_chain(void* chain) noexcept {
  std::lock_guard lock(mutex_);
  while (chain) {
    void* next = *static_cast<void**>(chain);
    give_small(chain);
    chain = next;
  }
}

void* CachingAllocator::take_small(int size_class) {
  void* block = slabs_.take(size_class);
  if (block) return block;
  void* slab = take_block(kSlabBytes, kSlabBytes, kSlabBytes, kSlabTag);
  if (!slab) return nullptr;
  slabs_.add_slab(size_class, slab);
  return slabs_.take(size_class);
}

void CachingAllocator::give_small(void* data) noexcept {
  if (void* slab = slabs_.give(data)) medium_.give(slab);
}

void* CachingAllocator::take_block(size_t size, size_t alignment, size_t requested, const char* tag) {
  BlockPool& pool = pool_of(size);
  if (void* data = pool.take(size, alignment, requested, tag)) return data;
  misses_++;
  if (!grow(pool, size)) {
    trim(0);
    if (!grow(pool, size)) return nullptr;
  }
  return pool.take(size, alignment, requested, tag);
}

// Maps enough for a block of `size`, generously if the limits allow it.
bool CachingAllocator::grow(BlockPool& pool, size_t size) {
  size_t generous = &pool == &medium_ ? kMediumGrowth : std::max(kLargeGrowth, round_up(size, kHugePage));
  for (size_t nbytes : {generous, size}) {
    if (!may_map(nbytes) || !pool.grow(nbytes)) continue;
    checked_ -= std::min(checked_, nbytes);
    return true;
  }
  return false;
}

// The kernel grants more than it has and kills the process when that is used, so the limits are kept here.
bool CachingAllocator::may_map(size_t nbytes) {
  constexpr size_t kUnchecked = size_t{64} << 20;
  if (nbytes > limit_ || reserved() > limit_ - nbytes) return false;
  if (nbytes <= checked_) return true;
  size_t available = system_.available(reserved());
  size_t margin = std::min(kUnchecked, system_.total() / 64);
  if (available < margin || nbytes > available - margin) return false;
  checked_ = std::max(nbytes, std::min(kUnchecked, available - margin));
  return true;
}

void CachingAllocator::trim(size_t keep) noexcept {
  large_.trim(keep - std::min(keep, medium_.free_bytes()));
  medium_.trim(keep - std::min(keep, large_.free_bytes()));
}

void CachingAllocator::empty_cache() {
  std::lock_guard lock(mutex_);
  trim(0);
}

void CachingAllocator::set_limit(size_t nbytes) {
  std::lock_guard lock(mutex_);
  limit_ = nbytes ? std::min(nbytes, system_.total()) : system_.total();
  if (reserved() > limit_) trim(0);
}

MemoryStats CachingAllocator::stats() const {
  std::lock_guard lock(mutex_);
  return usage_.stats(reserved(), limit_, allocations_, misses_);
}

std::vector<MemoryHolder> CachingAllocator::holders() const {
  HolderList holders;
  int64_t in_slabs = stats().allocated;
  {
    std::lock_guard lock(mutex_);
    for (const BlockPool* pool : {&medium_, &large_}) {
      pool->for_each_used([&](size_t requested, const char* tag) {
        if (tag == kSlabTag) return;
        holders.add(tag, requested);
        in_slabs -= static_cast<int64_t>(requested);
      });
    }
  }
  std::vector<MemoryHolder> list = holders.sorted();
  MemoryHolder small{kSlabTag, in_slabs, 0};
  auto place = std::find_if(list.begin(), list.end(), [&](const MemoryHolder& h) { return h.bytes < small.bytes; });
  if (in_slabs > 0) list.insert(place, small);
  return list;
}

void CachingAllocator::fail_out_of_memory(size_t nbytes) const {
  weft::fail_out_of_memory(*this, "host memory", nbytes, system_.available(static_cast<size_t>(stats().reserved)),
                           "weft.memory.set_limit() sets the limit");
}

}  // namespace weft
