#include "kernels/normalization.h"

namespace weft {

constinit KernelTable<ChannelMomentsKernel> channel_moments_kernel{"batch_norm"};
constinit KernelTable<ChannelNormKernel> channel_norm_kernel{"batch_norm"};
constinit KernelTable<BatchNormLineKernel> batch_norm_line_kernel{"batch_norm_line"};
constinit KernelTable<ChannelNormBackwardKernel> channel_norm_backward_kernel{"batch_norm_backward"};
constinit KernelTable<RowNormKernel> row_norm_kernel{"layer_norm"};
constinit KernelTable<RowNormBackwardKernel> row_norm_backward_kernel{"layer_norm_backward"};

}  // namespace weft
