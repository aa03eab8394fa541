#include "kernels/pooling.h"

namespace weft {

constinit KernelTable<MaxPoolKernel> max_pool_kernel{"max_pool2d"};
constinit KernelTable<MaxPoolBackwardKernel> max_pool_backward_kernel{"max_pool2d_backward"};
constinit KernelTable<AvgPoolKernel> avg_pool_kernel{"avg_pool2d"};
constinit KernelTable<AvgPoolKernel> avg_pool_backward_kernel{"avg_pool2d_backward"};

}  // namespace weft
