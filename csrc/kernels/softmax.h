// Kernel tables of the softmax family. Views are contiguous and of one shape and dtype; dim is the one that is summed
// over.
#pragma once

#include "kernels/scalar/math.h"
#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// exp(x - max) / sum(exp(x - max)), or its logarithm.
using SoftmaxKernel = void(bool log, StridedView out, StridedView in, int dim);
extern KernelTable<SoftmaxKernel> softmax_kernel;

// y (g - sum(g y)), or for the logarithm g - exp(y) sum(g).
using SoftmaxBackwardKernel = void(bool log, StridedView out, StridedView grad, StridedView y, int dim);
extern KernelTable<SoftmaxBackwardKernel> softmax_backward_kernel;

// What the kernels of all devices share: how many lines lie before and within the dimension, and one element of the
// gradient, where `sum` is that of g y, or of g.
struct SoftmaxExtents {
  int64_t outer = 1, n = 1, inner = 1;
  WEFT_INLINE SoftmaxExtents(const StridedView& v, int dim) {
    for (int d = 0; d < v.ndim; d++) (d < dim ? outer : d == dim ? n : inner) *= v.shape[d];
  }
};
template <class C>
WEFT_INLINE C softmax_gradient(bool log, C g, C y, C sum) {
  return log ? g - scalar::exp(y) * sum : y * (g - sum);
}

}  // namespace weft
