// Quotients by a number that is known before the kernel starts, after Granlund and Montgomery, "Division by invariant
// integers using multiplication" (1994). For dividends below 2^31. Kernels compiled at run time include this file.
#pragma once

#include <stdint.h>

namespace weft::cuda {

struct Divisor {
  uint32_t d = 1, factor = 0, shift = 0;
  Divisor() = default;
  explicit Divisor(uint32_t n) : d(n) {
    while ((uint64_t{1} << shift) < n) shift++;
    factor = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift) - n)) / n + 1);
  }
  __device__ __forceinline__ uint32_t divide(uint32_t n) const { return (__umulhi(n, factor) + n) >> shift; }
};

}  // namespace weft::cuda
