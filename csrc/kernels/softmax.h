// Kernel tables of the softmax family. Views are contiguous and of one shape and dtype; dim is the one that is summed
// over.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// exp(x - max) / sum(exp(x - max)), or its logarithm.
using SoftmaxKernel = void(bool log, StridedView out, StridedView in, int dim);
extern KernelTable<SoftmaxKernel> softmax_kernel;

// y (g - sum(g y)), or for the logarithm g - exp(y) sum(g).
using SoftmaxBackwardKernel = void(bool log, StridedView out, StridedView grad, StridedView y, int dim);
extern KernelTable<SoftmaxBackwardKernel> softmax_backward_kernel;

}  // namespace weft
