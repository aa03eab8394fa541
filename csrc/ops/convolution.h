// Convolutions over one to three spatial dims, and their transposes.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace weft {

struct ConvOptions {
  Dims stride{1}, padding{0}, dilation{1}, output_padding{0};  // one entry for all spatial dims, or one for each
  int64_t groups = 1;
  std::string padding_mode;  // "": `padding` holds; else "same" or "valid"
};

// x (n, inputs, ...) or (inputs, ...), weight (outputs, inputs / groups, ...), bias (outputs,) or undefined.
// `name` ("conv2d") fixes the number of spatial dims and appears in errors.
Tensor convolution(const char* name, int spatial_dims, const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const ConvOptions& options);
// The gradient of a convolution by its input, as an op of its own; weight (inputs, outputs / groups, ...).
Tensor conv_transpose(const char* name, int spatial_dims, const Tensor& x, const Tensor& weight, const Tensor& bias,
                      const ConvOptions& options);

inline Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Dims& stride = {1},
                     const Dims& padding = {0}, const Dims& dilation = {1}, int64_t groups = 1) {
  return convolution("conv2d", 2, x, weight, bias, {stride, padding, dilation, {0}, groups, ""});
}

}  // namespace weft
