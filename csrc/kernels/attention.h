// Kernel tables of the attention family: only devices with a library for it fill them; elsewhere attention is a
// composite of products and a softmax. Views have the dims (batch, heads, length, size).
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

struct AttentionRule {
  bool causal;   // query i sees keys 0 to i
  double scale;  // of the scores
};

// Can the other two kernels do this?
using AttentionSupportKernel = void(StridedView q, StridedView k, StridedView v, AttentionRule rule, bool* supported);
extern KernelTable<AttentionSupportKernel> attention_support_kernel;

// out = softmax(scale q k') v; stats (batch, heads, length, 1), float32: the logarithm of each row's sum of exp.
using AttentionKernel = void(StridedView out, StridedView stats, StridedView q, StridedView k, StridedView v,
                             AttentionRule rule);
extern KernelTable<AttentionKernel> attention_kernel;

struct AttentionBackwardViews {
  StridedView dq, dk, dv, grad, q, k, v, out, stats;
};
using AttentionBackwardKernel = void(const AttentionBackwardViews& views, AttentionRule rule);
extern KernelTable<AttentionBackwardKernel> attention_backward_kernel;

}  // namespace weft
