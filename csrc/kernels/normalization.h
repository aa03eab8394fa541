// Kernel tables of the normalization family. Views are contiguous. Statistics have the dtype computed in: float64 for
// float64, else float32. Views of what is left out (weight, bias, ...) have no data.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// Batch norm: x is (N, C, ...), statistics and parameters have C elements. x, and what has its shape, may also have the
// channels innermost, all of them or none.
using ChannelMomentsKernel = void(StridedView mean, StridedView variance, StridedView x);
extern KernelTable<ChannelMomentsKernel> channel_moments_kernel;
// (x - mean) / sqrt(variance + eps) * weight + bias
struct ChannelNormInputs {
  StridedView x, mean, variance, weight, bias;
  double eps;
};
using ChannelNormKernel = void(StridedView y, ChannelNormInputs in);
extern KernelTable<ChannelNormKernel> channel_norm_kernel;
// (x - mean) / sqrt(variance + eps) * weight + bias as x a + b; in.x is not looked at. Only where elementwise kernels
// round as channel_norm_kernel does.
using BatchNormLineKernel = void(StridedView a, StridedView b, ChannelNormInputs in);
extern KernelTable<BatchNormLineKernel> batch_norm_line_kernel;
// With `training` the statistics depend on x.
using ChannelNormBackwardKernel = void(StridedView dx, StridedView dweight, StridedView dbias, StridedView grad,
                                       ChannelNormInputs in, bool training);
extern KernelTable<ChannelNormBackwardKernel> channel_norm_backward_kernel;

// Layer and group norm: x is rows of n elements, each normalised by itself. Element k of row r has the parameter number
// (r % groups) * (n / inner) + k / inner.
struct RowNormGeometry {
  int64_t rows, n, groups, inner;
};
using RowNormKernel = void(StridedView y, StridedView mean, StridedView rstd, StridedView x, StridedView weight,
                           StridedView bias, RowNormGeometry geometry, double eps);
extern KernelTable<RowNormKernel> row_norm_kernel;
struct RowNormBackwardInputs {
  StridedView grad, x, mean, rstd, weight;
};
using RowNormBackwardKernel = void(StridedView dx, StridedView dweight, StridedView dbias, RowNormBackwardInputs in,
                                   RowNormGeometry geometry);
extern KernelTable<RowNormBackwardKernel> row_norm_backward_kernel;

}  // namespace weft
