// Kernel tables of the attention family. Where a device has no kernel, or its kernel does not support the inputs,
// attention is a composite of products and a softmax. Views have the dims (batch, heads, length, size).
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

struct AttentionRule {
  bool causal;   // query i sees keys 0 to i
  double scale;  // of the scores
};

// Are the heads of one query adjacent in memory, not the queries of one head?
WEFT_INLINE bool heads_inside_length(const int64_t* shape, const int64_t* strides) {
  return shape[1] > 1 && shape[2] > 1 && strides[1] < strides[2];
}

// Can the other two kernels do this? Looks at dtypes, shapes, strides and alignment, not at values.
using AttentionSupportKernel = void(StridedView q, StridedView k, StridedView v, AttentionRule rule, bool* supported);
extern KernelTable<AttentionSupportKernel> attention_support_kernel;

// out = softmax(scale q k') v; stats (batch, heads, length, 1), float32, for float64 inputs float64: the logarithm
// of each row's sum of exp.
using AttentionKernel = void(StridedView out, StridedView stats, StridedView q, StridedView k, StridedView v,
                             AttentionRule rule);
extern KernelTable<AttentionKernel> attention_kernel;

struct AttentionBackwardViews {
  StridedView dq, dk, dv, grad, q, k, v, out, stats;
};
using AttentionBackwardKernel = void(const AttentionBackwardViews& views, AttentionRule rule);
extern KernelTable<AttentionBackwardKernel> attention_backward_kernel;

}  // namespace weft
