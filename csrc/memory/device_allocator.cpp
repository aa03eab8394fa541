#include "memory/device_allocator.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "core/error.h"
#include "core/other_threads.h"
#include "core/round_up.h"
#include "memory/out_of_memory.h"

namespace weft {

namespace {

constexpr size_t kUnit = 512;                    // sizes and addresses are multiples of this
constexpr size_t kListedMax = size_t{64} << 10;  // up to here freed blocks wait in a list of their size
constexpr size_t kMediumMax = size_t{1} << 20;
constexpr size_t kMediumGrowth = kHugePage;
constexpr size_t kLargeGrowth = size_t{20} << 20;

// For those who may not raise an error.
void say_once(const std::string& kind, const std::string& problem) noexcept {
  static std::atomic<bool> said{false};
  if (problem.empty() || said.exchange(true)) return;
  std::fprintf(stderr, "weft: %s could not be returned and is kept: %s\n", kind.c_str(), problem.c_str());
}

// Size classes of small blocks: four to each power of two, multiples of kUnit.
int class_of(size_t nbytes) {
  size_t units = (nbytes + kUnit - 1) / kUnit;
  if (units <= 4) return static_cast<int>(units) - 1;
  int power = std::bit_width(units - 1) - 1;  // 2^power < units <= 2^(power + 1)
  size_t quarter = size_t{1} << (power - 2);
  auto step = static_cast<int>((units - (size_t{1} << power) + quarter - 1) / quarter);
  return 4 * (power - 1) + step - 1;
}
size_t class_size(int c) {
  if (c < 4) return static_cast<size_t>(c + 1) * kUnit;
  int power = c / 4 + 1;
  return ((size_t{1} << power) + static_cast<size_t>(c % 4 + 1) * (size_t{1} << (power - 2))) * kUnit;
}
constexpr int kListClasses = 4 * (7 - 1);  // 64 KiB are 2^7 units

size_t block_size(size_t nbytes) {
  return nbytes <= kListedMax ? class_size(class_of(nbytes)) : round_up(nbytes, kUnit);
}

}  // namespace

struct DeviceAllocator::Pool {
  Pool(uintptr_t id_, DeviceMemory& device)
      : id(id_),
        recorded(!device.may_wait()),
        medium_region(device.open_region()),
        large_region(device.open_region()),
        medium(*medium_region),
        large(*large_region) {}

  BlockPool& blocks_for(size_t size) { return size <= kMediumMax ? medium : large; }
  // Gives the waiting small blocks back to the blocks they were cut from.
  void flush() noexcept {
    for (auto& list : waiting) {
      for (void* data : list) medium.give(data);
      list.clear();
    }
  }

  // Why memory was not taken back; empty if all is well.
  std::string trim() {
    flush();
    std::string problem;
    if (!large.trim(0)) problem = large_region->unmap_problem();
    if (!medium.trim(0)) problem = medium_region->unmap_problem();
    return problem;
  }

  // What a graph allocates from. What is free in it stays, because the graph will use it when it runs.
  bool keeps_pages() const { return recorded && !closed; }

  uintptr_t id;
  bool recorded;
  std::unique_ptr<SystemMemory> medium_region, large_region;
  BlockPool medium, large;
  std::vector<void*> waiting[kListClasses];
  size_t cut[kListClasses] = {};  // blocks of each size that were cut so far
  int64_t in_use = 0;
  bool closed = false;
};

DeviceAllocator::DeviceAllocator(DeviceMemory& device, std::string kind)
    : device_(device), kind_(std::move(kind)), limit_(device.total()) {}
DeviceAllocator::~DeviceAllocator() = default;

DeviceAllocator::Pool& DeviceAllocator::pool_of(uintptr_t id) {
  if (first_ && first_->id == id) return *first_;
  std::unique_ptr<Pool>& pool = pools_[id];
  if (!pool) pool = std::make_unique<Pool>(id, device_);
  if (!first_) first_ = pool.get();
  return *pool;
}

DeviceAllocator::Pool* DeviceAllocator::owner_of(void* data, size_t nbytes) {
  if (pools_.size() == 1) return first_;
  for (auto& [id, pool] : pools_)
    if (pool->blocks_for(block_size(nbytes)).holds(data)) return pool.get();
  return nullptr;
}

void* DeviceAllocator::allocate(size_t nbytes) {
  if (nbytes == 0) return nullptr;
  void* data = nullptr;
  if (!allocation_must_fail()) {
    const uintptr_t id = device_.current_pool();
    const char* tag = allocation_tag();
    {
      std::lock_guard lock(mutex_);
      allocations_++;
      Pool& pool = pool_of(id);
      data = take_cached(pool, nbytes, tag);
      if (data) pool.in_use++;
    }
    if (!data) {
      OthersRun others;
      std::lock_guard lock(mutex_);
      Pool& pool = pool_of(id);
      if (nbytes <= limit_) data = take_new(pool, nbytes, tag);
      if (data) pool.in_use++;
    }
  }
  if (!data)
    fail_out_of_memory(*this, kind_, nbytes, device_.available(), "weft.cuda.set_memory_limit() sets the limit");
  usage_.add(static_cast<int64_t>(nbytes), static_cast<int64_t>(nbytes));
  return data;
}

void* DeviceAllocator::take_cached(Pool& pool, size_t nbytes, const char* tag) {
  size_t size = block_size(nbytes);
  if (nbytes <= kListedMax) {
    std::vector<void*>& waiting = pool.waiting[class_of(nbytes)];
    if (!waiting.empty()) {
      void* data = waiting.back();
      waiting.pop_back();
      return data;
    }
    // So that giving back, which may not fail, finds room for every block that is out.
    size_t& cut = pool.cut[class_of(nbytes)];
    if (++cut > waiting.capacity()) waiting.reserve(2 * cut + 16);
  }
  BlockPool& blocks = pool.blocks_for(size);
  if (void* data = blocks.take(size, kUnit, nbytes, tag)) return data;
  collect();
  return blocks.take(size, kUnit, nbytes, tag);
}

void* DeviceAllocator::take_new(Pool& pool, size_t nbytes, const char* tag) {
  size_t size = block_size(nbytes);
  BlockPool& blocks = pool.blocks_for(size);
  // Another thread may have freed or mapped what is needed.
  if (void* data = blocks.take(size, kUnit, nbytes, tag)) return data;
  misses_++;
  if (!grow(pool, size)) {
    if (!device_.may_wait()) return nullptr;
    // Every cache goes before the program is told that there is no memory.
    say_once(kind_, trim());
    if (!grow(pool, size)) {
      device_.synchronize();
      collect();
      if (void* data = blocks.take(size, kUnit, nbytes, tag)) return data;
      say_once(kind_, trim());
      if (!grow(pool, size)) return nullptr;
    }
  }
  return blocks.take(size, kUnit, nbytes, tag);
}

bool DeviceAllocator::grow(Pool& pool, size_t size) {
  BlockPool& blocks = pool.blocks_for(size);
  size_t generous = size <= kMediumMax ? kMediumGrowth : std::max(kLargeGrowth, round_up(size, kHugePage));
  for (size_t nbytes : {generous, round_up(size, kHugePage)})
    if (nbytes <= limit_ && reserved() <= limit_ - nbytes && blocks.grow(nbytes)) return true;
  return false;
}

void DeviceAllocator::deallocate(void* data, size_t nbytes) noexcept {
  if (!data) return;
  usage_.add(-static_cast<int64_t>(nbytes), 0);
  bool last = false;
  {
    std::lock_guard lock(mutex_);
    Pool* pool = owner_of(data, nbytes);
    if (!pool) return;
    auto users = shared_.empty() ? shared_.end() : shared_.find(data);
    if (users != shared_.end()) {
      try {
        pending_.push_back({pool, data, nbytes, std::move(users->second)});
        mark(pending_.back());
      } catch (...) {
        // Without a mark to wait for, the block is not used again.
      }
      shared_.erase(users);
      return;
    }
    give(*pool, data, nbytes);
    last = pool->closed && pool->in_use == 0;
  }
  if (last) drop_unused_pools();
}

// Makes the marks that a block waits for, where that is possible now.
void DeviceAllocator::mark(Pending& wait) {
  std::erase_if(wait.users, [&](DeviceMemory::Stream stream) {
    wait.events.reserve(wait.events.size() + 1);
    DeviceMemory::Event event = device_.record(stream);
    if (event) wait.events.push_back(event);
    return event != 0;
  });
}

void DeviceAllocator::give(Pool& pool, void* data, size_t nbytes) noexcept {
  if (nbytes <= kListedMax) {
    std::vector<void*>& waiting = pool.waiting[class_of(nbytes)];
    if (waiting.size() < waiting.capacity())
      waiting.push_back(data);
    else
      pool.medium.give(data);
  } else {
    pool.blocks_for(block_size(nbytes)).give(data);
  }
  pool.in_use--;
}

// The memory of closed pools goes with their last block.
void DeviceAllocator::drop_unused_pools() noexcept {
  OthersRun others;
  std::lock_guard lock(mutex_);
  std::vector<uintptr_t> unused;
  for (auto& [id, pool] : pools_)
    if (pool->closed && pool->in_use == 0) unused.push_back(id);
  for (uintptr_t id : unused) {
    Pool& pool = *pools_[id];
    say_once(kind_, pool.trim());
    if (pool.medium.reserved() + pool.large.reserved() > 0) continue;  // trim() tries again
    if (first_ == &pool) first_ = nullptr;
    pools_.erase(id);
    if (!first_ && !pools_.empty()) first_ = pools_.begin()->second.get();
  }
}

// Frees the blocks whose other users are past them.
void DeviceAllocator::collect() {
  std::erase_if(pending_, [&](Pending& wait) {
    if (!wait.users.empty()) mark(wait);
    std::erase_if(wait.events, [&](DeviceMemory::Event event) { return device_.passed(event); });
    if (!wait.events.empty() || !wait.users.empty()) return false;
    give(*wait.pool, wait.data, wait.nbytes);
    return true;
  });
}

std::string DeviceAllocator::trim() {
  std::string problem;
  for (auto& [id, pool] : pools_)
    if (!pool->keeps_pages())
      if (std::string own = pool->trim(); !own.empty()) problem = std::move(own);
  return problem;
}

void DeviceAllocator::empty_cache() {
  if (device_.may_wait()) device_.synchronize();
  std::string problem;
  {
    OthersRun others;
    std::lock_guard lock(mutex_);
    collect();
    problem = trim();
  }
  drop_unused_pools();
  check(problem.empty(), kind_, " could not be returned and is kept: ", problem);
}

void DeviceAllocator::set_limit(size_t nbytes) {
  std::string problem;
  {
    OthersRun others;
    std::lock_guard lock(mutex_);
    limit_ = nbytes ? std::min(nbytes, device_.total()) : device_.total();
    if (reserved() > limit_) problem = trim();
  }
  check(problem.empty(), kind_, " could not be returned and is kept: ", problem);
}

void DeviceAllocator::record_stream(void* data, DeviceMemory::Stream stream) {
  if (!data) return;
  std::lock_guard lock(mutex_);
  const uintptr_t own = device_.pool_of(stream);
  if (pools_.size() == 1 && first_->id == own) return;
  for (auto& [id, pool] : pools_) {
    void* block = pool->medium.block_of(data);
    if (!block) block = pool->large.block_of(data);
    if (!block) continue;
    if (id == own) return;
    std::vector<DeviceMemory::Stream>& users = shared_[block];
    if (std::find(users.begin(), users.end(), stream) == users.end()) users.push_back(stream);
    return;
  }
}

void DeviceAllocator::close_pool(uintptr_t id) {
  {
    std::lock_guard lock(mutex_);
    auto it = pools_.find(id);
    if (it == pools_.end()) return;
    it->second->closed = true;
    try {
      collect();  // blocks that it waits for may be the last of others that were closed before
    } catch (...) {
      // Destructors come here; the next one to collect meets the problem again.
    }
  }
  drop_unused_pools();
}

void DeviceAllocator::forget_stream(DeviceMemory::Stream stream) {
  {
    std::lock_guard lock(mutex_);
    for (Pending& wait : pending_) std::erase(wait.users, stream);
    for (auto& [block, users] : shared_) std::erase(users, stream);
    std::erase_if(shared_, [](const auto& entry) { return entry.second.empty(); });
  }
  close_pool(stream);
}

size_t DeviceAllocator::reserved() const {
  size_t sum = 0;
  for (const auto& [id, pool] : pools_) sum += pool->medium.reserved() + pool->large.reserved();
  return sum;
}

MemoryStats DeviceAllocator::stats() const {
  std::lock_guard lock(mutex_);
  return usage_.stats(reserved(), limit_, allocations_, misses_);
}

std::vector<MemoryHolder> DeviceAllocator::holders() const {
  constexpr const char* kSmallTag = "tensors of at most 64 KiB";
  HolderList holders;
  int64_t small = stats().allocated;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, pool] : pools_)
      for (const BlockPool* blocks : {&pool->medium, &pool->large})
        blocks->for_each_used([&](size_t requested, const char* tag) {
          if (requested <= kListedMax) return;
          holders.add(tag, requested);
          small -= static_cast<int64_t>(requested);
        });
  }
  if (small > 0) holders.add(kSmallTag, static_cast<size_t>(small));
  return holders.sorted();
}

}  // namespace weft
