#include "kernels/softmax.h"

namespace weft {

constinit KernelTable<SoftmaxKernel> softmax_kernel{"softmax"};
constinit KernelTable<SoftmaxBackwardKernel> softmax_backward_kernel{"softmax_backward"};

}  // namespace weft
