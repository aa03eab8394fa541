// Kernel tables of the convolution family. All views have five dims: x (n, channels, d, h, w), w (outputs, inputs /
// groups, kd, kh, kw), y (n, outputs, d', h', w'); spatial dims that an op lacks have size 1.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

struct ConvGeometry {
  int64_t stride[3], padding[3],
      dilation[3];  // padding: before the first element; what follows is implied by the sizes
  int64_t groups;
};

// y = convolution of x with w, + bias (outputs,) unless bias.data is nullptr.
using ConvolutionKernel = void(StridedView y, StridedView x, StridedView w, StridedView bias,
                               const ConvGeometry& geometry);
extern KernelTable<ConvolutionKernel> convolution_kernel;

struct Epilogue;
// The same; calls the epilogue for parts of y while they are in the cache. y is contiguous or has its
// channels innermost.
using ConvolutionThenKernel = void(StridedView y, StridedView x, StridedView w, StridedView bias,
                                   const ConvGeometry& geometry, const Epilogue& epilogue);
extern KernelTable<ConvolutionThenKernel> convolution_then_kernel;

// gx = gradient by x.
using ConvolutionInputKernel = void(StridedView gx, StridedView gy, StridedView w, const ConvGeometry& geometry);
extern KernelTable<ConvolutionInputKernel> convolution_input_kernel;

// out (channels,): sums of x (n, channels, ...), which is contiguous or has its channels innermost: the gradient of a
// convolution's bias. Where there is no such kernel it is a reduction.
using ChannelSumsKernel = void(StridedView out, StridedView x);
extern KernelTable<ChannelSumsKernel> channel_sums_kernel;

// gw = gradient by w.
using ConvolutionWeightKernel = void(StridedView gw, StridedView gy, StridedView x, const ConvGeometry& geometry);
extern KernelTable<ConvolutionWeightKernel> convolution_weight_kernel;

// What a library of the device computes faster (oneDNN, cuDNN).
using LibraryConvolutionKernel = bool(const StridedView& y, const StridedView& x, const StridedView& w,
                                      const StridedView& bias, const ConvGeometry& geometry);
extern KernelTable<LibraryConvolutionKernel> library_convolution_kernel;
using LibraryConvolutionInputKernel = bool(const StridedView& gx, const StridedView& gy, const StridedView& w,
                                           const ConvGeometry& geometry);
extern KernelTable<LibraryConvolutionInputKernel> library_convolution_input_kernel;
using LibraryConvolutionWeightKernel = bool(const StridedView& gw, const StridedView& gy, const StridedView& x,
                                            const ConvGeometry& geometry);
extern KernelTable<LibraryConvolutionWeightKernel> library_convolution_weight_kernel;

}  // namespace weft
