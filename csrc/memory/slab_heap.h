// SlabHeap: small blocks. A slab is an aligned piece of memory cut into blocks of one size class, so that a block's
// address alone leads to its slab. Not thread-safe: its owner holds a lock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/size_class.h"

namespace weft {

constexpr size_t kSlabBytes = size_t{512} << 10;

class SlabHeap {
 public:
  // A block of the class, or nullptr when there is no slab with a free one.
  void* take(int size_class) noexcept;
  // kSlabBytes of memory, aligned to kSlabBytes.
  void add_slab(int size_class, void* memory) noexcept;
  // Takes back a block. Returns its slab when that is now wholly free and no longer part of the heap, else nullptr.
  void* give(void* block) noexcept;

 private:
  // Lies in the first 64 bytes of the slab itself.
  struct Slab {
    Slab* previous;
    Slab* next;
    void* freed;      // blocks that came back, linked through their first word
    uint32_t used;    // blocks handed out
    uint32_t opened;  // blocks ever handed out: the rest has not been touched
    uint32_t capacity;
    int32_t size_class;
  };
  static_assert(sizeof(Slab) <= kAlignment);

  void link(Slab* slab) noexcept;
  void unlink(Slab* slab) noexcept;

  Slab* open_[kNumSizeClasses] = {};  // slabs with a free block
};

}  // namespace weft
