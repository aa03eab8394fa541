// Kernel tables of the pooling family. Views are contiguous: planes (all dimensions but the last two) of rows and
// columns.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// One axis: output i looks at the inputs start[i], start[i] + step, ... before end[i], all of them inside.
struct PoolAxis {
  const int64_t* start;
  const int64_t* end;
  int64_t step;
};
struct PoolWindows {
  PoolAxis rows, columns;
  // Means divide by rows_divisor[i] * columns_divisor[j].
  const int64_t* rows_divisor;
  const int64_t* columns_divisor;
};

// The largest value of each window (NaN is larger than all) and its position in the plane, of the first among equals.
using MaxPoolKernel = void(StridedView out, StridedView indices, StridedView in, PoolWindows windows);
extern KernelTable<MaxPoolKernel> max_pool_kernel;
// out, of the input's shape: gradients added up at the positions.
using MaxPoolBackwardKernel = void(StridedView out, StridedView grad, StridedView indices);
extern KernelTable<MaxPoolBackwardKernel> max_pool_backward_kernel;

using AvgPoolKernel = void(StridedView out, StridedView in, PoolWindows windows);
extern KernelTable<AvgPoolKernel> avg_pool_kernel;
// out, of the input's shape: each gradient spread over its window.
extern KernelTable<AvgPoolKernel> avg_pool_backward_kernel;

}  // namespace weft
