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

}  // namespace weft
