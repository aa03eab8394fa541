#include "memory/slab_heap.h"

#include <new>

namespace weft {

void* SlabHeap::take(int size_class) noexcept {
  Slab* slab = open_[size_class];
  if (!slab) return nullptr;
  void* block = slab->freed;
  if (block) {
    slab->freed = *static_cast<void**>(block);
  } else {
    block = reinterpret_cast<char*>(slab) + kAlignment + slab->opened++ * size_of_class(size_class);
  }
  if (++slab->used == slab->capacity) unlink(slab);
  return block;
}

void SlabHeap::add_slab(int size_class, void* memory) noexcept {
  auto* slab = new (memory) Slab{};
  slab->capacity = static_cast<uint32_t>((kSlabBytes - kAlignment) / size_of_class(size_class));
  slab->size_class = size_class;
  link(slab);
}

void* SlabHeap::give(void* block) noexcept {
  auto* slab = reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(block) / kSlabBytes * kSlabBytes);
  *static_cast<void**>(block) = slab->freed;
  slab->freed = block;
  if (slab->used == slab->capacity) link(slab);
  if (--slab->used > 0) return nullptr;
  unlink(slab);
  return slab;
}

void SlabHeap::link(Slab* slab) noexcept {
  Slab*& first = open_[slab->size_class];
  slab->previous = nullptr;
  slab->next = first;
  if (first) first->previous = slab;
  first = slab;
}

void SlabHeap::unlink(Slab* slab) noexcept {
  if (slab->next) slab->next->previous = slab->previous;
  (slab->previous ? slab->previous->next : open_[slab->size_class]) = slab->next;
}

}  // namespace weft
