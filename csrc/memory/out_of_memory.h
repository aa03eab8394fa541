// What every allocator shares when memory runs out: the message that says who holds it, and the switch for tests.
#pragma once

#include <atomic>

#include "memory/allocator.h"

namespace weft {

// "1.50 GiB"
std::string readable_size(size_t nbytes);

// `kind`: "host memory", "memory of cuda:0"; `left`: bytes the system could still give.
[[noreturn]] void fail_out_of_memory(const Allocator& allocator, const std::string& kind, size_t nbytes, size_t left,
                                     const char* advice);

// Is this the allocation that fail_after() wants to fail? Negative: the switch is off, at the cost of one comparison.
extern std::atomic<int64_t> allocations_before_failure;
inline bool allocation_must_fail() {
  if (allocations_before_failure.load(std::memory_order_relaxed) < 0) return false;
  return allocations_before_failure.fetch_sub(1, std::memory_order_relaxed) == 0;
}

// Sums up blocks by tag, largest first; "(no op)" for those without one.
class HolderList {
 public:
  void add(const char* tag, size_t nbytes);
  std::vector<MemoryHolder> sorted() const;

 private:
  std::vector<MemoryHolder> list_;
};

}  // namespace weft
