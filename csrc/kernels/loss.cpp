#include "kernels/loss.h"

namespace weft {

constinit KernelTable<CrossEntropyKernel> cross_entropy_kernel{"cross_entropy"};
constinit KernelTable<CrossEntropyBackwardKernel> cross_entropy_backward_kernel{"cross_entropy_backward"};
constinit KernelTable<FirstBadClassKernel> first_bad_class_kernel{"cross_entropy"};

}  // namespace weft
