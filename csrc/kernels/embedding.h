// Kernel tables of the embedding family.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// out[i] = weight[index[i]]; weight (rows, size) with any strides, index contiguous int64 within range, out contiguous.
using EmbeddingKernel = void(StridedView out, StridedView weight, StridedView index);
extern KernelTable<EmbeddingKernel> embedding_kernel;

// out[index[i]] += grad[i] for all i in order, except where index[i] == padding; out (rows, size) starts as zeros. Each
// row is summed by one thread, so the result does not depend on the number of threads.
using EmbeddingBackwardKernel = void(StridedView out, StridedView grad, StridedView index, int64_t padding);
extern KernelTable<EmbeddingBackwardKernel> embedding_backward_kernel;

// Position of the first entry of a contiguous int64 tensor outside of [0, n); -1 if there is none.
using FirstOutsideKernel = void(StridedView index, int64_t n, int64_t* position);
extern KernelTable<FirstOutsideKernel> first_outside_kernel;

// Sums of rows, bag by bag. Item i is row index[i] times scale[i] (1 where scale has no data); bag b holds the items
// from bounds[b] up to bounds[b + 1], without those whose index is `padding`, and is divided by their number if `mean`.
struct Bags {
  StridedView index, bounds, scale;  // (n), int64; (bags + 1), int64; (n) of the weight's dtype; all contiguous
  int64_t padding;
  bool mean;
};
// out (bags, size), contiguous; weight (rows, size) with any strides.
using BagSumKernel = void(StridedView out, StridedView weight, Bags bags);
extern KernelTable<BagSumKernel> bag_sum_kernel;
// Its gradients: of the weight, (rows, size), and of scale, (n). grad is contiguous. Each row is summed by one thread.
using BagSumWeightKernel = void(StridedView out, StridedView grad, Bags bags);
extern KernelTable<BagSumWeightKernel> bag_sum_weight_kernel;
using BagSumScaleKernel = void(StridedView out, StridedView weight, StridedView grad, Bags bags);
extern KernelTable<BagSumScaleKernel> bag_sum_scale_kernel;
// The largest of each column in a bag, and which item it comes from: the first such one. 0 and -1 for an empty bag.
using BagMaxKernel = void(StridedView out, StridedView item, StridedView weight, Bags bags);
extern KernelTable<BagMaxKernel> bag_max_kernel;

}  // namespace weft
