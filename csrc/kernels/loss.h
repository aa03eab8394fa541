// Kernel tables of the loss family. Logits are contiguous (N, C, inner) with C the classes; targets contiguous int64 of
// N x inner elements; weight (C, contiguous, of the logits' dtype) may have no data.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

struct CrossEntropyRule {
  int64_t ignore_index;
  double smoothing;
};

// Per element: loss and log(sum(exp(logits))), float64; and the weight of the element's class (0 where ignored).
using CrossEntropyKernel = void(StridedView losses, StridedView log_sums, StridedView weights, StridedView logits,
                                StridedView target, StridedView weight, CrossEntropyRule rule);
extern KernelTable<CrossEntropyKernel> cross_entropy_kernel;

// grad holds d(total)/d(loss) per element, float64.
using CrossEntropyBackwardKernel = void(StridedView out, StridedView grad, StridedView logits, StridedView log_sums,
                                        StridedView target, StridedView weight, CrossEntropyRule rule);
extern KernelTable<CrossEntropyBackwardKernel> cross_entropy_backward_kernel;

// The position of the first target outside of [0, classes) that is not ignore_index; -1 when there is none.
using FirstBadClassKernel = void(StridedView target, int64_t classes, int64_t ignore_index, int64_t* position);
extern KernelTable<FirstBadClassKernel> first_bad_class_kernel;

}  // namespace weft
