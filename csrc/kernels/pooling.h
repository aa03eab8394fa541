// Kernel tables of the pooling family. Views are contiguous: planes (all dimensions but the last two or three) of rows
// and columns, or volumes of depth, rows and columns. Images (N, C, H, W) and volumes (N, C, D, H, W) may also have
// their channels innermost: all views or none, but for those of one pixel or one channel, which lie in both orders.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// How the windows of one axis of `inputs` elements lie. Adaptive ones share the axis evenly; the others have `kernel`
// places, `dilation` apart, and begin every `stride` elements, the first one `padding` before the axis.
struct PoolRule {
  int64_t inputs = 0, outputs = 0;
  bool adaptive = false;
  int64_t kernel = 1, stride = 1, padding = 0, dilation = 1;
  bool count_padding = true;
  int64_t divisor = 0;  // 0: the number of places

  bool operator==(const PoolRule&) const = default;

  // The places of output i that are inside: start, start + dilation, ... before end.
  WEFT_INLINE int64_t start(int64_t i) const {
    if (adaptive) return i * inputs / outputs;
    int64_t first = i * stride - padding;
    return first < 0 ? first + (-first + dilation - 1) / dilation * dilation : first;
  }
  WEFT_INLINE int64_t end(int64_t i) const {
    if (adaptive) return ((i + 1) * inputs + outputs - 1) / outputs;
    int64_t last = i * stride - padding + (kernel - 1) * dilation + 1;
    return last < inputs ? last : inputs;
  }
  // Where a window lies that begins there: the next place where it fits.
  WEFT_INLINE int64_t inside(int64_t first) const {
    const int64_t most = inputs - kernel;
    return first < 0 ? 0 : first < most ? first : most;
  }
  // What the mean of window i is divided by.
  WEFT_INLINE int64_t divisor_of(int64_t i) const {
    if (divisor) return divisor;
    if (adaptive || !count_padding) return end(i) - start(i);
    int64_t first = i * stride - padding, last = first + (kernel - 1) * dilation + 1;
    return (last < inputs + padding ? last : inputs + padding) - first;
  }
  // The outputs whose windows may hold element r: from first_output(r) to last_output(r).
  WEFT_INLINE int64_t first_output(int64_t r) const {
    if (adaptive) return r * outputs / inputs;
    int64_t reach = r + padding - (kernel - 1) * dilation;
    return reach <= 0 ? 0 : (reach + stride - 1) / stride;
  }
  WEFT_INLINE int64_t last_output(int64_t r) const {
    int64_t last = adaptive ? ((r + 1) * outputs + inputs - 1) / inputs - 1 : (r + padding) / stride;
    return last < outputs ? last : outputs - 1;
  }
};

// The same as tables.
struct PoolAxis {
  PoolRule rule;
  const int64_t* start;
  const int64_t* end;
  const int64_t* divisor;
};
struct PoolWindows {
  int dims;  // 2: images, whose depth is one place that no view has a dimension for; 3: volumes
  PoolAxis depth, rows, columns;
};

// The largest value of each window (NaN is larger than all) and its position in the plane or volume, of the first among
// equals.
using MaxPoolKernel = void(StridedView out, StridedView indices, StridedView in, PoolWindows windows);
extern KernelTable<MaxPoolKernel> max_pool_kernel;
// out, of the input's shape: gradients added up at the positions.
using MaxPoolBackwardKernel = void(StridedView out, StridedView grad, StridedView indices, PoolWindows windows);
extern KernelTable<MaxPoolBackwardKernel> max_pool_backward_kernel;

using AvgPoolKernel = void(StridedView out, StridedView in, PoolWindows windows);
extern KernelTable<AvgPoolKernel> avg_pool_kernel;
// out, of the input's shape: each gradient spread over its window.
extern KernelTable<AvgPoolKernel> avg_pool_backward_kernel;

// max_pool of windows of the size that `windows` say but with places of their own in every plane: starts has for each
// plane where the windows begin along depth, rows and columns, one behind the other. A place outside is moved inside.
using FractionalMaxPoolKernel = void(StridedView out, StridedView indices, StridedView in, StridedView starts,
                                     PoolWindows windows);
extern KernelTable<FractionalMaxPoolKernel> fractional_max_pool_kernel;

}  // namespace weft
