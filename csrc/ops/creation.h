// Creation ops: tensors from a shape and a rule.
#pragma once

#include "core/scalar.h"
#include "tensor/tensor.h"

namespace weft {

Tensor full(const Shape& shape, const Scalar& value, DType dtype, Device device);
Tensor zeros(const Shape& shape, DType dtype = DType::Float32, Device device = {});
Tensor ones(const Shape& shape, DType dtype = DType::Float32, Device device = {});
// Of x's shape, dtype and device.
Tensor full_like(const Tensor& x, const Scalar& value);
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);

}  // namespace weft
