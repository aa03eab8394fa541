#include <atomic>
#include <cstdlib>

#include "core/error.h"
#include "memory/allocator.h"

namespace weft {

namespace {

class HostAllocator : public Allocator {
 public:
  void* allocate(size_t nbytes) override {
    if (nbytes == 0) return nullptr;
    void* p = std::aligned_alloc(64, (nbytes + 63) / 64 * 64);
    check<ErrorKind::OutOfMemory>(p != nullptr, "out of memory: cannot allocate ", nbytes, " bytes");
    return p;
  }
  void deallocate(void* data, size_t) noexcept override { std::free(data); }
  MemoryStats stats() const override { return {}; }
  void reset_peak() override {}
  void empty_cache() override {}
  std::vector<MemoryHolder> holders() const override { return {}; }
};

thread_local const char* current_tag = "";

}  // namespace

Allocator& host_allocator() {
  static auto* allocator = new HostAllocator;
  return *allocator;
}

void set_allocation_tag(const char* tag) { current_tag = tag; }
const char* allocation_tag() { return current_tag; }
void fail_after(int64_t) {}

}  // namespace weft
