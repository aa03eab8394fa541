// Kernel tables of the creation family; outputs are contiguous.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// out[i] = start + i * step; integer dtypes use the integers.
struct RangeRule {
  double start, step;
  int64_t first, stride;
  // The product alone may be out of range; it wraps around and back.
  WEFT_INLINE int64_t integer(int64_t i) const {
    return static_cast<int64_t>(static_cast<uint64_t>(first) +
                                static_cast<uint64_t>(i) * static_cast<uint64_t>(stride));
  }
};
using RangeKernel = void(StridedView out, RangeRule rule);
extern KernelTable<RangeKernel> range_kernel;

// out[i] for n evenly spaced numbers, counted from both ends so that both are met exactly.
using LinspaceKernel = void(StridedView out, double start, double end);
extern KernelTable<LinspaceKernel> linspace_kernel;

}  // namespace weft
