// BlockPool: large blocks cut from mapped memory. Best fit, lowest address first; a freed block merges with free
// neighbours, also across mappings that happen to touch. Not thread-safe: its owner holds a lock.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "memory/system_memory.h"

namespace weft {

class BlockPool {
 public:
  explicit BlockPool(SystemMemory& system);

  // A block of `size` bytes (a multiple of kPage) at a multiple of `alignment`, or nullptr when no free block fits.
  // `requested` and `tag` say what for.
  void* take(size_t size, size_t alignment, size_t requested, const char* tag);
  void give(void* data) noexcept;
  // Maps so many bytes more (a multiple of kPage) as a free block; false when the system refuses.
  bool grow(size_t nbytes);
  // Returns free memory to the system, the longest unused first, until at most `keep` bytes are free. Of a block that
  // touches a used one, only whole huge pages go. False: the system has not taken back all it was given.
  bool trim(size_t keep) noexcept;

  // Was `data` given by take() and not given back yet?
  bool holds(void* data) const {
    auto it = blocks_.find(static_cast<char*>(data));
    return it != blocks_.end() && !it->second.free;
  }
  // The start of the block given by take() that `data` points into; nullptr if there is none.
  void* block_of(void* data) const {
    auto it = blocks_.upper_bound(static_cast<char*>(data));
    if (it == blocks_.begin()) return nullptr;
    --it;
    return !it->second.free && data < it->first + it->second.size ? it->first : nullptr;
  }
  size_t reserved() const { return reserved_; }
  size_t free_bytes() const { return free_bytes_; }
  // Calls f(requested, tag) for each block in use.
  template <class F>
  void for_each_used(F f) const {
    for (const auto& [data, block] : blocks_)
      if (!block.free) f(block.requested, block.tag);
  }

 private:
  struct FreeKey {
    size_t size;
    char* data;
    auto operator<=>(const FreeKey&) const = default;
  };
  using FreeSet = std::set<FreeKey>;
  struct Block {
    size_t size = 0;
    size_t requested = 0;
    const char* tag = "";
    bool free = true;
    uint64_t freed_at = 0;   // orders free blocks by age; no two have the same
    FreeSet::node_type key;  // its entry of the free set while it is not there, so that freeing cannot fail
  };
  using Blocks = std::map<char*, Block>;

  void reserve_spares(size_t n);
  Blocks::iterator insert_block(char* data, size_t size) noexcept;
  void erase_block(Blocks::iterator it) noexcept;
  void insert_free(Blocks::iterator it) noexcept;
  void erase_free(Blocks::iterator it) noexcept;
  Blocks::iterator merge(Blocks::iterator it) noexcept;
  bool release(Blocks::iterator it) noexcept;

  SystemMemory& system_;
  Blocks blocks_;                          // all of them, by address
  FreeSet free_;                           // the free ones, by size
  std::vector<Blocks::node_type> spares_;  // nodes for the next blocks
  size_t reserved_ = 0;
  size_t free_bytes_ = 0;
  uint64_t clock_ = 0;
};

}  // namespace weft
