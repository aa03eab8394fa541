// Size classes of small blocks: steps of 64 bytes up to 1 KiB, then four per doubling up to 64 KiB (at most 25 %
// waste).
#pragma once

#include <cstddef>

namespace weft {

constexpr size_t kAlignment = 64;
constexpr size_t kSmallMax = size_t{64} << 10;
constexpr int kNumSizeClasses = 40;

// For 1 <= nbytes <= kSmallMax.
constexpr int size_class_of(size_t nbytes) {
  size_t last = nbytes - 1;
  if (nbytes <= 1024) return static_cast<int>(last >> 6);
  int shift = 63 - __builtin_clzll(last);
  return 16 + (shift - 10) * 4 + static_cast<int>(last >> (shift - 2) & 3);
}

constexpr size_t size_of_class(int size_class) {
  if (size_class < 16) return static_cast<size_t>(size_class + 1) * 64;
  int doubling = (size_class - 16) / 4;
  auto quarter = static_cast<size_t>((size_class - 16) % 4);
  return (size_t{1024} << doubling) + ((quarter + 1) << (doubling + 8));
}

static_assert(size_class_of(kSmallMax) == kNumSizeClasses - 1 && size_of_class(kNumSizeClasses - 1) == kSmallMax);

}  // namespace weft
