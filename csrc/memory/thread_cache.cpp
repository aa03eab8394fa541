#include "memory/thread_cache.h"

namespace weft {

void ThreadCache::refill(int size_class) {
  report();
  int batch = capacity_of(size_class) / 4;
  bins_[size_class].head = heap_.take_chain(size_class, batch > 0 ? batch : 1, &bins_[size_class].count);
}

void ThreadCache::drain(Bin& bin, int count) noexcept {
  if (count <= 0) return;
  void* chain = bin.head;
  void* last = chain;
  for (int i = 1; i < count; i++) last = *static_cast<void**>(last);
  bin.head = *static_cast<void**>(last);
  bin.count -= count;
  *static_cast<void**>(last) = nullptr;
  heap_.give_chain(chain);
}

void ThreadCache::flush() noexcept {
  for (Bin& bin : bins_) drain(bin, bin.count);
  report();
}

void ThreadCache::report() noexcept {
  heap_.usage().add(unreported(), high());
  unreported_.store(0, std::memory_order_relaxed);
  high_.store(0, std::memory_order_relaxed);
}

}  // namespace weft
