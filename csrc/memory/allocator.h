// Allocator: where a device's memory comes from. Every Storage asks one; statistics and "who holds memory" live here.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/device.h"

namespace weft {

struct MemoryStats {
  int64_t allocated = 0;    // bytes in use by tensors
  int64_t reserved = 0;     // bytes taken from the system, in use or cached
  int64_t peak = 0;         // largest value of allocated since the start or reset_peak()
  int64_t limit = 0;        // reserved may not exceed this
  int64_t allocations = 0;  // calls of allocate() so far
  int64_t cache_hits = 0;   // of these, served without asking the system
};

// Memory in use by blocks that were asked for under one tag (the op that ran).
struct MemoryHolder {
  std::string tag;
  int64_t bytes = 0;
  int64_t blocks = 0;
};

class Allocator {
 public:
  virtual ~Allocator() = default;
  // At least nbytes, aligned to 64; nbytes 0 gives nullptr. Raises OutOfMemory that lists the largest holders.
  virtual void* allocate(size_t nbytes) = 0;
  // nbytes is what was asked for.
  virtual void deallocate(void* data, size_t nbytes) noexcept = 0;
  virtual MemoryStats stats() const = 0;
  virtual void reset_peak() = 0;
  // Returns cached blocks to the system.
  virtual void empty_cache() = 0;
  // At most this many bytes may be taken from the system; 0 means as many as it has.
  virtual void set_limit(size_t nbytes) = 0;
  // Largest first.
  virtual std::vector<MemoryHolder> holders() const = 0;
};

// The caching allocator of host memory, one for the process; never destroyed.
Allocator& host_allocator();

// What new blocks are labelled with; set by apply() to the running op. A string that lives for ever.
void set_allocation_tag(const char* tag);
const char* allocation_tag();
// While a layer is set on this thread, tags become "op in layer". Empty: none.
void set_allocation_layer(const std::string& path);

// While it is set, hears of memory that tensors and kernels take, and give back (bytes < 0). `what` is the same for
// both.
using MemoryHook = void (*)(const void* what, int64_t bytes, Device device);
extern std::atomic<MemoryHook> memory_hook;
inline void tell_memory_hook(const void* what, int64_t bytes, Device device) {
  if (MemoryHook hook = memory_hook.load(std::memory_order_relaxed)) [[unlikely]]
    hook(what, bytes, device);
}

// For tests: the next n allocations (of any allocator) succeed, the one after fails once; -1 switches it off.
void fail_after(int64_t n);

}  // namespace weft
