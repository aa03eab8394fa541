#include "kernels/convolution.h"

namespace weft {

constinit KernelTable<ConvolutionKernel> convolution_kernel{"convolution"};
constinit KernelTable<ConvolutionInputKernel> convolution_input_kernel{"convolution_input"};
constinit KernelTable<ConvolutionWeightKernel> convolution_weight_kernel{"convolution_weight"};

}  // namespace weft
