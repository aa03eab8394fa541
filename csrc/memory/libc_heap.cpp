#include "memory/libc_heap.h"

#include <cstdlib>
#include <cstring>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace weft {

namespace {

#ifdef __GLIBC__
bool chosen_by_user() {
  if (std::getenv("MALLOC_TRIM_THRESHOLD_") || std::getenv("MALLOC_MMAP_THRESHOLD_")) return true;
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  return tunables && std::strstr(tunables, "glibc.malloc.");
}

bool set_thresholds() {
  constexpr int kBlock = 32 << 20;
  return !chosen_by_user() && mallopt(M_MMAP_THRESHOLD, kBlock) == 1 && mallopt(M_TRIM_THRESHOLD, 2 * kBlock) == 1;
}
#else
bool set_thresholds() { return false; }
#endif

}  // namespace

bool keep_freed_heap() {
  static const bool set = set_thresholds();
  return set;
}

}  // namespace weft
