// DeviceAllocator: the caching allocator of a device that works beside the host. Memory freed on a stream is at once
// free for what that stream does next, because it does it later; each stream therefore has a pool of its own. A block
// that other streams used too (record_stream) becomes free when they are past their uses. Work that is being recorded
// as a graph allocates from a pool that belongs to the graph.
//
// Where it may have to wait for the device, other Python threads run: from before its mutex is taken until after it is
// given back (core/other_threads.h), so that no thread wants Python's global lock while it holds the mutex.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "memory/allocator.h"
#include "memory/block_pool.h"
#include "memory/caching_allocator.h"

namespace weft {

// The device as its allocator sees it. Tests have one that lives in host memory.
class DeviceMemory {
 public:
  using Stream = uintptr_t;
  using Event = uintptr_t;
  virtual ~DeviceMemory() = default;
  // Where a pool takes its memory from; pools grow best when each has address space of its own.
  virtual std::unique_ptr<SystemMemory> open_region() = 0;
  virtual size_t total() = 0;
  virtual size_t available() = 0;
  // The pool of the calling thread: its stream, or the graph it is recording (never equal to a stream).
  virtual uintptr_t current_pool() = 0;
  // The pool that work of the stream takes memory from.
  virtual uintptr_t pool_of(Stream stream) { return stream; }
  // An event after all that the stream was given so far; 0 while the stream is being recorded as a graph, when there is
  // no such thing.
  virtual Event record(Stream stream) = 0;
  // Is the stream past the event? If so, the event is gone.
  virtual bool passed(Event event) = 0;
  // Waits for all work of the device.
  virtual void synchronize() = 0;
  // False while this thread records a graph: then nothing may wait and memory cannot be returned.
  virtual bool may_wait() = 0;
};

class DeviceAllocator final : public Allocator {
 public:
  // `kind`: "memory of cuda:0", for messages.
  DeviceAllocator(DeviceMemory& device, std::string kind);
  ~DeviceAllocator() override;

  void* allocate(size_t nbytes) override;
  void deallocate(void* data, size_t nbytes) noexcept override;
  MemoryStats stats() const override;
  void reset_peak() override { usage_.reset_peak(); }
  // Waits for blocks that other streams still use. Raises RuntimeError if the device does not take memory back.
  void empty_cache() override;
  void set_limit(size_t nbytes) override;
  std::vector<MemoryHolder> holders() const override;

  // The block that `data` points into is used by work given to `stream` until now and until it is freed.
  void record_stream(void* data, DeviceMemory::Stream stream);
  // Nothing allocates from the pool any more; it goes when its last block is freed.
  void close_pool(uintptr_t pool);
  // The stream has done all its work and will be destroyed: nothing has to wait for it any more.
  void forget_stream(DeviceMemory::Stream stream);

 private:
  struct Pool;
  struct Pending {
    Pool* pool;
    void* data;
    size_t nbytes;
    std::vector<DeviceMemory::Stream> users{};  // whose mark could not be made yet
    std::vector<DeviceMemory::Event> events{};
  };

  Pool& pool_of(uintptr_t id);
  Pool* owner_of(void* data, size_t nbytes);
  // From what is free; then from new memory, for which it may wait.
  void* take_cached(Pool& pool, size_t nbytes, const char* tag);
  void* take_new(Pool& pool, size_t nbytes, const char* tag);
  bool grow(Pool& pool, size_t size);
  void mark(Pending& wait);
  void give(Pool& pool, void* data, size_t nbytes) noexcept;
  void collect();
  // Why memory was not taken back; empty if all is well.
  std::string trim();
  size_t reserved() const;
  void drop_unused_pools() noexcept;

  DeviceMemory& device_;
  std::string kind_;
  mutable std::mutex mutex_;
  std::unordered_map<uintptr_t, std::unique_ptr<Pool>> pools_;
  Pool* first_ = nullptr;  // of the first stream that allocated: the only one in most programs
  std::unordered_map<void*, std::vector<DeviceMemory::Stream>> shared_;
  std::vector<Pending> pending_;
  MemoryUsage usage_;
  size_t limit_;
  int64_t allocations_ = 0;
  int64_t misses_ = 0;
};

}  // namespace weft
