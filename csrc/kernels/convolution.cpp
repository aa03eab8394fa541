#include "kernels/convolution.h"

namespace weft {

constinit KernelTable<ConvolutionKernel> convolution_kernel{"convolution"};
constinit KernelTable<ConvolutionThenKernel> convolution_then_kernel{"convolution with an epilogue"};
constinit KernelTable<ChannelSumsKernel> channel_sums_kernel{"channel_sums"};
constinit KernelTable<ConvolutionInputKernel> convolution_input_kernel{"convolution_input"};
constinit KernelTable<ConvolutionWeightKernel> convolution_weight_kernel{"convolution_weight"};

}  // namespace weft
